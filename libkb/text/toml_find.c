/* SPDX-License-Identifier: Apache-2.0 */
#include "text/toml_find.h"

#include <string.h>

#include "base/str.h"
#include "base/utf8.h"
#include "text/bound.h"

#define DEPTH_MAX 64
#define PATH_MAX_BYTES 4096	/* longer than any table is named, and short enough to compare with each key */

struct walk {
	struct kbi_toml_scan scan;
	const struct kbi_toml_target *target;
	struct kbi_toml_place *place;	/* NULL: nothing is looked for */
	struct kbi_buf path;		/* of the section, then of the key in it */
	size_t section_bytes;
	const char *line;		/* the expression's first byte behind its indentation */
	struct kbi_toml_range indent;	/* that indentation */
	size_t header_indent_bytes;
	bool has_section;		/* the table's own section was seen */
	int depth;
	int array_depth;		/* inside an array nothing has a path */
};

static bool
starts_with(const char *path, size_t path_bytes, const char *prefix, size_t prefix_bytes)
{
	return path_bytes >= prefix_bytes && memcmp(path, prefix, prefix_bytes) == 0;
}

static bool
path_is(const struct walk *w, const char *path, size_t path_bytes)
{
	return w->path.size_bytes == path_bytes
		&& starts_with(kbi_buf_text(&w->path), path_bytes, path, path_bytes);
}

/* Is what stands here above the target, or at it? */
static bool
is_above(const struct walk *w, size_t target_bytes)
{
	return starts_with(w->target->path.data, target_bytes, kbi_buf_text(&w->path), w->path.size_bytes);
}

static bool
is_below(const struct walk *w, size_t target_bytes)
{
	return starts_with(kbi_buf_text(&w->path), w->path.size_bytes, w->target->path.data, target_bytes);
}

static kb_status skip_value(struct walk *w);

/* A key whose value is read: is it the target, or does it decide where the target can be? */
static kb_status
note_pair(struct walk *w, const char *key, const char *begin)
{
	size_t target_bytes = w->target->path.size_bytes, table_bytes = w->target->table_bytes;
	bool is_inline = *begin == '{';

	if (path_is(w, w->target->path.data, target_bytes)) {
		if (w->place->value.begin)
			return kbi_toml_fail(&w->scan, key, "the key is set twice");
		if (is_inline)	/* an empty one too, as those with keys */
			return kbi_toml_fail(&w->scan, key, "the key is a table here");
		w->place->value = (struct kbi_toml_range){begin, w->scan.at};
	} else if (is_below(w, target_bytes)) {
		return kbi_toml_fail(&w->scan, key, "the key is a table here");
	} else if (is_above(w, table_bytes) && !is_inline) {
		return kbi_toml_fail(&w->scan, key, "the table is a plain value here");
	}
	return KB_OK;
}

/* A line of a section: it may be where the next key of the table goes. */
static void
note_line(struct walk *w, const char *next)
{
	struct kbi_toml_place *place = w->place;
	size_t table_bytes = w->target->table_bytes;

	if ((size_t)(w->indent.end - w->indent.begin) > w->header_indent_bytes && w->section_bytes)
		place->indents_keys = true;
	if (w->section_bytes == table_bytes && is_below(w, table_bytes)) {
		place->section_end = next;
		place->indent = w->indent;
		place->is_indent_of_header = false;
	} else if (w->section_bytes < table_bytes && is_below(w, table_bytes) && w->path.size_bytes > table_bytes) {
		place->dotted_end = next;
		place->dotted_bytes = w->section_bytes;
		place->dotted_indent = w->indent;
	}
}

/* KEY = VALUE, in a section or in an inline table. */
static kb_status
take_pair(struct walk *w)
{
	size_t above_bytes = w->path.size_bytes;
	const char *key = w->scan.at;

	kb_status status = kbi_toml_key(&w->scan, &w->path);
	if (status)
		return status;
	if (!kbi_toml_take(&w->scan, '='))
		return kbi_toml_fail(&w->scan, w->scan.at, "no = behind a key");
	kbi_toml_skip_blanks(&w->scan);
	const char *begin = w->scan.at;
	status = skip_value(w);
	if (!status && w->place && !w->array_depth)
		status = note_pair(w, key, begin);
	if (status || w->depth)	/* a line of a section still needs its path, in note_line() */
		kbi_buf_truncate(&w->path, above_bytes);
	return status;
}

static void
note_brace(struct walk *w, const char *open, const char *last)
{
	if (!w->place || w->array_depth || !w->path.size_bytes || !is_above(w, w->target->table_bytes))
		return;
	if (w->place->brace.begin && w->place->brace_bytes >= w->path.size_bytes)
		return;	/* one further in was noted already */
	w->place->brace = (struct kbi_toml_range){open + 1, w->scan.at - 1};
	w->place->brace_last = last;
	w->place->brace_bytes = w->path.size_bytes;
}

/* { a = 1, b.c = 2 }: on one line, without a comma at its end. */
static kb_status
skip_inline_table(struct walk *w)
{
	const char *open = w->scan.at++, *last = NULL;

	kbi_toml_skip_blanks(&w->scan);
	if (!kbi_toml_take(&w->scan, '}')) {
		do {
			kb_status status = take_pair(w);
			if (status)
				return status;
			last = w->scan.at;
			kbi_toml_skip_blanks(&w->scan);
		} while (kbi_toml_take(&w->scan, ','));
		if (!kbi_toml_take(&w->scan, '}'))
			return kbi_toml_fail(&w->scan, w->scan.at, "an inline table that does not end");
	}
	note_brace(w, open, last);
	return KB_OK;
}

static kb_status
skip_array(struct walk *w)
{
	w->array_depth++;
	w->scan.at++;
	kbi_toml_skip_lines(&w->scan);
	while (!kbi_toml_is(&w->scan, ']')) {
		kb_status status = skip_value(w);
		if (status)
			return status;
		kbi_toml_skip_lines(&w->scan);
		if (!kbi_toml_take(&w->scan, ',') && !kbi_toml_is(&w->scan, ']'))
			return kbi_toml_fail(&w->scan, w->scan.at, "an array that does not end");
		kbi_toml_skip_lines(&w->scan);
	}
	w->scan.at++;
	w->array_depth--;
	return KB_OK;
}

static kb_status
skip_value(struct walk *w)
{
	char c = w->scan.at < w->scan.end ? *w->scan.at : '\0';

	if (c == '"' || c == '\'')
		return kbi_toml_string_value(&w->scan, NULL);
	if (c != '[' && c != '{')
		return kbi_toml_bare_value(&w->scan);
	if (w->depth == DEPTH_MAX)
		return kbi_toml_fail(&w->scan, w->scan.at, "nested too deeply");
	w->depth++;
	kb_status status = c == '[' ? skip_array(w) : skip_inline_table(w);
	w->depth--;
	return status;
}

kb_status
kbi_toml_skip_value(struct kbi_toml_scan *scan)
{
	struct walk w = {.scan = *scan, .path = KBI_BUF(PATH_MAX_BYTES), .array_depth = 1};
	kb_status status = skip_value(&w);

	scan->at = w.scan.at;
	kbi_buf_free(&w.path);
	return status;
}

static kb_status
note_header(struct walk *w, bool is_array, const char *next)
{
	size_t target_bytes = w->target->path.size_bytes, table_bytes = w->target->table_bytes;

	if (is_array && is_above(w, table_bytes))
		return kbi_toml_fail(&w->scan, w->line, "the table is an array of tables here");
	if (is_below(w, target_bytes))
		return kbi_toml_fail(&w->scan, w->line, "the key is a table here");
	if (!path_is(w, w->target->path.data, table_bytes))
		return KB_OK;
	if (w->has_section)
		return kbi_toml_fail(&w->scan, w->line, "the table is there twice");
	w->has_section = true;
	w->place->section_end = next;
	w->place->indent = w->indent;
	w->place->is_indent_of_header = true;
	return KB_OK;
}

/* [table] or [[table]] */
static kb_status
take_header(struct walk *w)
{
	w->scan.at++;
	bool is_array = kbi_toml_take(&w->scan, '[');
	kbi_buf_truncate(&w->path, 0);
	kb_status status = kbi_toml_key(&w->scan, &w->path);
	if (status)
		return status;
	if (!kbi_toml_take(&w->scan, ']') || (is_array && !kbi_toml_take(&w->scan, ']')))
		return kbi_toml_fail(&w->scan, w->scan.at, "a table's name that does not end");
	status = kbi_toml_end_line(&w->scan);
	w->section_bytes = w->path.size_bytes;
	w->header_indent_bytes = (size_t)(w->indent.end - w->indent.begin);
	return status ? status : note_header(w, is_array, w->scan.at);
}

static kb_status
take_line(struct walk *w)
{
	w->indent.begin = w->scan.at;
	kbi_toml_skip_blanks(&w->scan);
	w->indent.end = w->line = w->scan.at;
	if (kbi_toml_is(&w->scan, '['))
		return take_header(w);
	bool is_empty = w->scan.at == w->scan.end || kbi_toml_is(&w->scan, '#') || kbi_toml_is(&w->scan, '\n')
		|| kbi_toml_is(&w->scan, '\r');
	kb_status status = is_empty ? KB_OK : take_pair(w);
	if (!status)
		status = kbi_toml_end_line(&w->scan);
	if (!status && !is_empty)
		note_line(w, w->scan.at);
	kbi_buf_truncate(&w->path, w->section_bytes);
	return status;
}

/* Where a key of the root goes when there is none: behind the comments that open the file, before the first table. */
static const char *
root_begin(const struct kbi_toml_scan *scan)
{
	const char *at = scan->at, *line, *next;
	size_t line_bytes;

	while ((next = kbi_str_line(at, scan->end, &line, &line_bytes)) && line_bytes && *line == '#')
		at = next;
	return at;
}

kb_status
kbi_toml_find(const void *data, size_t size_bytes, const struct kbi_toml_target *target,
	struct kbi_toml_place *place, struct kb_err *err)
{
	struct walk w = {.target = target, .place = place, .path = KBI_BUF(PATH_MAX_BYTES)};

	*place = (struct kbi_toml_place){0};
	kb_status status = kbi_toml_begin(&w.scan, "toml", data, size_bytes, err);
	if (status)
		return status;
	if (size_bytes >= 3 && memcmp(w.scan.data, "\xef\xbb\xbf", 3) == 0)
		w.scan.at += 3;		/* a document may begin so; a name or a value may not */
	const char *newline = memchr(w.scan.data, '\n', size_bytes);
	place->has_crlf = newline && newline > w.scan.data && newline[-1] == '\r';
	if (!target->table_bytes) {
		w.has_section = true;
		place->section_end = root_begin(&w.scan);
		place->indent = (struct kbi_toml_range){place->section_end, place->section_end};
	}
	while (!status && w.scan.at < w.scan.end)
		status = take_line(&w);
	kbi_buf_free(&w.path);
	return status;
}

static kb_status
read_table(struct kbi_toml_target *target, const char *table, struct kb_err *err)
{
	struct kbi_toml_scan scan;
	kb_status status = kbi_toml_begin(&scan, "toml: table name", table, strlen(table), err);

	if (status || !*table)
		return status;
	status = kbi_toml_key(&scan, &target->path);
	if (!status && scan.at < scan.end)
		return kbi_toml_fail(&scan, scan.at, "more than a dotted name");
	return status;
}

kb_status
kbi_toml_target(struct kbi_toml_target *target, const char *table, const char *key, struct kb_err *err)
{
	*target = (struct kbi_toml_target){.path = KBI_BUF(PATH_MAX_BYTES)};
	if (!table || !key)
		return kbi_fail(err, KB_EINVAL, "toml: %s: NULL", table ? "key" : "table");
	kb_status status = read_table(target, table, err);
	if (status)
		return status;
	if (!kbi_utf8_is(key, strlen(key)))	/* it could be written only as another one, and would not be found again */
		return kbi_fail(err, KB_EINVAL, "toml: key: not UTF-8");
	target->table_bytes = target->path.size_bytes;
	kbi_buf_add(&target->path, key);
	kbi_buf_add_char(&target->path, '\0');
	return kbi_bound_out("toml: table and key", &target->path, err);
}

void
kbi_toml_target_free(struct kbi_toml_target *target)
{
	kbi_buf_free(&target->path);
}
