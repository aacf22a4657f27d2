/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/scarce.h"
#include "base/secrets.h"
#include "base/str.h"

#define TEXT_MAX_BYTES 4096
#define EVIDENCE_MAX 200

const char *
kb_err_name(kb_status code)
{
	static const char *const names[] = {
		"KB_OK", "KB_EINVAL", "KB_ETOOBIG", "KB_ENOMEM", "KB_EIO", "KB_EUNREACHABLE", "KB_ETRUST",
		"KB_EAUTH", "KB_EPRIVILEGE", "KB_EPROTOCOL", "KB_ETIMEOUT", "KB_ECANCELED", "KB_EBUSY", "KB_ELOCKED",
		"KB_ECONFLICT", "KB_ESTEP", "KB_EVERIFY", "KB_EINTEGRITY", "KB_EUNSUPPORTED",
	};

	if (code > 0 || code <= -(int)(sizeof(names) / sizeof(names[0])))
		return "KB_E?";
	return names[-code];
}

/* A text without control characters, of at most TEXT_MAX_BYTES: what is longer ends in "...". NULL when there is no memory. */
static char *
clean(const char *text, size_t size_bytes)
{
	struct kbi_buf out = KBI_BUF(TEXT_MAX_BYTES * 6);	/* the longest escape of one byte has 6 */
	bool is_cut = size_bytes > TEXT_MAX_BYTES;

	kbi_str_escape(&out, text, is_cut ? TEXT_MAX_BYTES : size_bytes);
	if (out.size_bytes > TEXT_MAX_BYTES || is_cut) {
		size_t cut = out.size_bytes < TEXT_MAX_BYTES - 3 ? out.size_bytes : TEXT_MAX_BYTES - 3;
		while (cut && (out.data[cut] & 0xc0) == 0x80)	/* never inside a character */
			cut--;
		kbi_buf_truncate(&out, cut);
		kbi_buf_add(&out, "...");
	}
	return kbi_buf_take(&out);
}

static char *
clean_vformat(const char *format, va_list args)
{
	struct kbi_buf text = KBI_BUF(KBI_SIZE_TEXT);

	kbi_buf_add_vformat(&text, format, args);
	char *result = kbi_buf_failed(&text) ? NULL : clean(kbi_buf_text(&text), text.size_bytes);
	kbi_buf_free(&text);
	return result;
}

static char *
clean_text(const char *text)
{
	return text ? clean(text, strlen(text)) : NULL;
}

/* The new text is made before the old one is freed: an error may be wrapped in its own cause. */
static void
replace(char **field, char *text)
{
	free(*field);
	*field = text;
}

void
kbi_err_mask(struct kb_err *err, struct kbi_secrets *secrets)
{
	kbi_secrets_mask_string(secrets, &err->cause);
	kbi_secrets_mask_string(secrets, &err->fix);
	for (size_t i = 0; i < err->evidence_count; i++)
		kbi_secrets_mask_string(secrets, &err->evidence[i]);
}

void
kbi_err_clear(struct kb_err *err)
{
	if (!err)
		return;
	free(err->id);
	free(err->host);
	free(err->step);
	free(err->cause);
	free(err->fix);
	for (size_t i = 0; i < err->evidence_count; i++)
		free(err->evidence[i]);
	free(err->evidence);
	*err = (struct kb_err){0};
}

kb_status
kbi_vfail(struct kb_err *err, kb_status code, const char *format, va_list args)
{
	if (!err)
		return code;
	char *cause = clean_vformat(format, args);
	kbi_err_clear(err);
	err->code = code;
	err->cause = cause;
	return code;
}

kb_status
kbi_fail(struct kb_err *err, kb_status code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	kbi_vfail(err, code, format, args);
	va_end(args);
	return code;
}

kb_status
kbi_fail_memory(struct kb_err *err)
{
	kbi_scarce();
	return kbi_fail(err, KB_ENOMEM, "out of memory");
}

kb_status
kbi_code_of(int error)
{
	return error == ENOMEM ? KB_ENOMEM : KB_EIO;
}

void
kbi_err_id(struct kb_err *err, const char *id)
{
	if (err)
		replace(&err->id, clean_text(id));
}

void
kbi_err_fix(struct kb_err *err, const char *format, ...)
{
	va_list args;

	if (!err)
		return;
	va_start(args, format);
	replace(&err->fix, clean_vformat(format, args));
	va_end(args);
}

void
kbi_err_where(struct kb_err *err, const char *host, const char *step)
{
	if (!err)
		return;
	if (!err->host)
		err->host = clean_text(host);
	if (!err->step)
		err->step = clean_text(step);
}

static void
add_evidence(struct kb_err *err, char *line)
{
	if (!line)
		return;
	char **more = err->evidence_count < EVIDENCE_MAX
		? realloc(err->evidence, (err->evidence_count + 1) * sizeof(*more)) : NULL;
	if (!more) {
		free(line);
		return;
	}
	err->evidence = more;
	err->evidence[err->evidence_count++] = line;
}

void
kbi_err_evidence(struct kb_err *err, const char *format, ...)
{
	va_list args;

	if (!err)
		return;
	va_start(args, format);
	add_evidence(err, clean_vformat(format, args));
	va_end(args);
}

/* Where the last max_lines lines of the text begin; a final newline begins no line. */
static const char *
last_lines(const char *text, const char *end, size_t max_lines)
{
	const char *at = end > text && end[-1] == '\n' ? end - 1 : end;

	for (size_t lines = 0; at > text; at--)
		if (at[-1] == '\n' && ++lines >= max_lines)
			break;
	return at;
}

void
kbi_err_evidence_lines(struct kb_err *err, const char *text, size_t max_lines)
{
	const char *line;
	size_t line_bytes;

	if (!err || !text || !max_lines)
		return;
	const char *end = text + strlen(text), *next = last_lines(text, end, max_lines);
	while ((next = kbi_str_line(next, end, &line, &line_bytes)))
		add_evidence(err, clean(line, line_bytes));
}

void
kbi_err_copy(struct kb_err *to, const struct kb_err *from)
{
	if (!to || !from || to == from)
		return;
	kbi_err_clear(to);
	to->code = from->code;
	to->id = clean_text(from->id);
	to->host = clean_text(from->host);
	to->step = clean_text(from->step);
	to->cause = clean_text(from->cause);
	to->fix = clean_text(from->fix);
	for (size_t i = 0; i < from->evidence_count; i++)
		add_evidence(to, clean_text(from->evidence[i]));
}

static const char *
text_or_empty(const char *text)
{
	return text ? text : "";
}

kb_status
kb_err_code(const kb_err *err)
{
	return err ? err->code : KB_OK;
}

const char *
kb_err_id(const kb_err *err)
{
	return text_or_empty(err ? err->id : NULL);
}

const char *
kb_err_host(const kb_err *err)
{
	return text_or_empty(err ? err->host : NULL);
}

const char *
kb_err_step(const kb_err *err)
{
	return text_or_empty(err ? err->step : NULL);
}

const char *
kb_err_cause(const kb_err *err)
{
	return text_or_empty(err ? err->cause : NULL);
}

const char *
kb_err_fix(const kb_err *err)
{
	return text_or_empty(err ? err->fix : NULL);
}

size_t
kb_err_evidence_count(const kb_err *err)
{
	return err ? err->evidence_count : 0;
}

const char *
kb_err_evidence(const kb_err *err, size_t index)
{
	return err && index < err->evidence_count ? err->evidence[index] : NULL;
}

void
kb_err_free(kb_err *err)
{
	kbi_err_clear(err);
	free(err);
}
