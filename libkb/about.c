/* SPDX-License-Identifier: Apache-2.0 */
#include "about.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/scarce.h"
#include "base/secrets.h"
#include "base/str.h"
#include "transport/recording.h"

#define LONG_VALUE ((size_t)300)	/* a longer one is told by its digest */

static uint64_t
digest(uint64_t so_far, const void *data, size_t size_bytes)	/* FNV-1a: tells versions apart, and protects nothing */
{
	const unsigned char *bytes = data;

	for (size_t i = 0; i < size_bytes; i++)
		so_far = (so_far ^ bytes[i]) * UINT64_C(1099511628211);
	return so_far;
}

static uint64_t
digest_text(uint64_t so_far, const char *text)
{
	return text ? digest(so_far, text, strlen(text) + 1) : digest(so_far, "", 1);
}

#define DIGEST_BEGIN UINT64_C(14695981039346656037)

static void
add_value(struct kbi_buf *line, const struct kbi_map *named, const struct kbi_buf *value)
{
	struct kbi_buf escaped = KBI_BUF(4 * KBI_SIZE_TEXT);

	kbi_recording_escape(&escaped, kbi_buf_text(value), value->size_bytes);
	kbi_recording_name(line, named, kbi_buf_text(&escaped), escaped.size_bytes);
	kbi_buf_free(&escaped);
}

static char *
arg_line(const struct kbi_about_known *known, const struct kbi_entry *e)
{
	struct kbi_buf line = KBI_BUF(KBI_SIZE_TEXT), value = KBI_BUF(2 * KBI_SIZE_TEXT);

	value.secret = true;
	if (e->secret) {
		kbi_buf_add_format(&line, "secret %s\n", e->name);
	} else {
		kbi_secrets_blank(known->secrets, e->value, e->size_bytes, &value);
		kbi_recording_blank(&value);
		kbi_buf_add_format(&line, "arg %s=", e->name);
		if (value.size_bytes <= LONG_VALUE)
			add_value(&line, known->named, &value);
		else
			kbi_buf_add_format(&line, "(%zu bytes, %016" PRIx64 ")", value.size_bytes,
				digest(DIGEST_BEGIN, value.data, value.size_bytes));
		kbi_buf_add_char(&line, '\n');
	}
	char *text = kbi_buf_take(&line);
	kbi_buf_free(&line);
	kbi_buf_free(&value);
	return text;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool
is_told(const struct kbi_step_def *def, const char *name, bool is_apply)
{
	const struct kbi_param *param = kbi_step_def_param(def, name);

	return !param || (!(param->flags & KBI_LOCAL) && (is_apply || !(param->flags & KBI_FOR_APPLY)));
}

/* Sorted: in which order a caller sets them does not matter. The values of a list keep theirs. */
static void
add_args(struct kbi_buf *out, const struct kbi_about_known *known, const struct kbi_script_call *call, bool is_apply)
{
	size_t count = 0;
	char **lines = calloc(call->args->count + 1, sizeof(*lines));

	for (size_t i = 0; lines && i < call->args->count; i++) {
		const struct kbi_entry *e = &call->args->entries[i];
		if (is_told(call->step->def, e->name, is_apply) && !(lines[count++] = arg_line(known, e)))
			out->failed = KB_ENOMEM;
	}
	if (!lines)
		out->failed = KB_ENOMEM;
	if (!out->failed)
		qsort(lines, count, sizeof(*lines), by_text);
	for (size_t i = 0; i < count; i++) {
		kbi_buf_add(out, lines[i]);
		free(lines[i]);
	}
	free(lines);
}

static uint64_t
digest_map(uint64_t so_far, const struct kbi_map *map)
{
	for (size_t i = 0; map && i < map->count; i++) {
		so_far = digest_text(so_far, map->entries[i].name);
		if (!map->entries[i].secret)
			so_far = digest(so_far, map->entries[i].value, map->entries[i].size_bytes);
	}
	return so_far;
}

void
kbi_about_step(struct kbi_buf *out, const struct kbi_about_known *known, const struct kbi_script_call *call, const char *verb)
{
	bool is_apply = !kbi_str_is(verb, "probe");
	const struct kb_step *step = call->step;
	unsigned before = kbi_scarce_count();
	uint64_t text = digest_text(digest_text(DIGEST_BEGIN, step->def->script), step->def->library);

	kbi_buf_add_format(out, "%s %s\n", verb, step->name);
	add_args(out, known, call, is_apply);
	if (kbi_step_is_own(step))
		text = digest_text(digest_text(text, step->probe), step->apply);
	kbi_buf_add_format(out, "text %016" PRIx64 "\n", text);
	if (is_apply)
		kbi_buf_add_format(out, "want %016" PRIx64 "\n", digest_map(digest_map(DIGEST_BEGIN, call->wants), call->made));
	if (kbi_scarce_count() != before)	/* cut, it may be another question */
		out->failed = KB_ENOMEM;
}
