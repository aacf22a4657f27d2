/* SPDX-License-Identifier: Apache-2.0 */
#include "facts.h"

#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"

static bool
is_name_char(char c)
{
	return isalnum((unsigned char)c) || strchr("._-/@", c);
}

/* The lines that follow the first one of a text, without their '>'; *at is moved behind them. */
static void
add_lines(struct kbi_buf *value, const char **at, const char *end)
{
	const char *line;
	size_t len;
	while (*at && *at < end && **at == '>') {
		*at = kbi_str_line(*at, end, &line, &len);
		if (memchr(line, '\0', len))
			value->failed = KB_EPROTOCOL;
		kbi_buf_add_char(value, '\n');
		kbi_buf_add_bytes(value, line + 1, len - 1);
	}
}

static kb_status
add_fact(struct kbi_map *facts, const char *line, size_t len, const char **at, const char *end)
{
	size_t name_len = 0;
	while (name_len < len && line[name_len] && is_name_char(line[name_len]))
		name_len++;
	if (name_len == 0 || name_len > 200 || name_len == len || !strchr("=:>", line[name_len]))
		return KB_EPROTOCOL;
	if (memchr(line, '\0', len))	/* a shell prints none, and half a value is another one */
		return KB_EPROTOCOL;
	char name[201];
	memcpy(name, line, name_len);
	name[name_len] = '\0';
	struct kbi_buf value = KBI_BUF(KBI_SIZE_LARGE);
	value.secret = true;
	if (line[name_len] != ':')
		kbi_buf_add_bytes(&value, line + name_len + 1, len - name_len - 1);
	else if (!kbi_str_unbase64(&value, line + name_len + 1, len - name_len - 1))
		value.failed = KB_EPROTOCOL;
	if (line[name_len] == '>')
		add_lines(&value, at, end);
	kb_status status = kbi_buf_failed(&value);
	if (!status)
		status = kbi_map_add_bytes(facts, name, kbi_buf_text(&value), value.size_bytes);
	kbi_buf_free(&value);
	return status;
}

kb_status
kbi_facts_parse(const char *text, size_t size_bytes, struct kbi_map *facts)
{
	const char *end = text + size_bytes, *line;
	size_t len;
	while (text && text < end) {
		text = kbi_str_line(text, end, &line, &len);
		kb_status status = len ? add_fact(facts, line, len, &text, end) : KB_OK;
		if (status)
			return status;
	}
	return KB_OK;
}

static const struct {
	const char *word;
	kb_status code;
} codes[] = {
	{ "INVAL", KB_EINVAL }, { "LOCKED", KB_ELOCKED }, { "CONFLICT", KB_ECONFLICT }, { "STEP", KB_ESTEP },
	{ "TIMEOUT", KB_ETIMEOUT }, { "UNREACHABLE", KB_EUNREACHABLE }, { "INTEGRITY", KB_EINTEGRITY },
	{ "UNSUPPORTED", KB_EUNSUPPORTED },
};

kb_status
kbi_facts_error(const struct kbi_map *facts, const char *host, const char *step, struct kb_err *err)
{
	const char *word = kbi_map_get(facts, "error.code");
	if (!word)
		return KB_OK;
	kb_status code = KB_ESTEP;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (kbi_str_is(codes[i].word, word))
			code = codes[i].code;
	kbi_fail(err, code, "%s: %s: %s", host, step, kbi_map_get_or(facts, "error.text", "failed"));
	kbi_err_id(err, kbi_map_get_or(facts, "error.id", ""));
	const struct kbi_entry *e = NULL;
	while ((e = kbi_map_next(facts, "error.evidence", e)))
		kbi_err_evidence_lines(err, e->value, 50);
	return code;
}
