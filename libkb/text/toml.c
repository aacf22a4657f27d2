/* SPDX-License-Identifier: Apache-2.0 */
#include "text/toml.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "text/bound.h"
#include "text/toml_find.h"
#include "text/yaml.h"

/* One edit: the document, with `text` in the place of a range of it. */
static void
splice(struct kbi_buf *out, const char *data, size_t size_bytes, struct kbi_toml_range range,
	const struct kbi_buf *text)
{
	kbi_buf_add_bytes(out, data, (size_t)(range.begin - data));
	kbi_buf_add_bytes(out, kbi_buf_text(text), text->size_bytes);
	kbi_buf_add_bytes(out, range.end, (size_t)(data + size_bytes - range.end));
}

/* JSON's escapes are all TOML's too. */
void
kbi_toml_string(struct kbi_buf *out, const char *text)
{
	kbi_json_string(out, text);
}

static void
add_parts(struct kbi_buf *out, const char *parts, const char *end)
{
	for (const char *part = parts; part < end; part += strlen(part) + 1) {
		if (part != parts)
			kbi_buf_add_char(out, '.');
		kbi_toml_add_key(out, part);
	}
}

/* KEY = VALUE, the key as it reads from a table that stands for the first `above_bytes` of its path. */
static void
add_pair(struct kbi_buf *out, const struct kbi_toml_target *target, size_t above_bytes, const char *value)
{
	add_parts(out, target->path.data + above_bytes, target->path.data + target->path.size_bytes);
	kbi_buf_add_format(out, " = %s", value);
}

/* A line of its own at `at`, which is where a line begins, or the end of a file without a final newline. */
static void
begin_line(struct kbi_buf *text, const char *data, const char *at, const char *newline)
{
	if (at > data && at[-1] != '\n' && !(at - data == 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0))
		kbi_buf_add(text, newline);
}

static const char *
newline_of(const struct kbi_toml_place *place)
{
	return place->has_crlf ? "\r\n" : "\n";
}

static const char *
add_to_brace(struct kbi_buf *text, const struct kbi_toml_target *target, const struct kbi_toml_place *place,
	const char *value)
{
	kbi_buf_add(text, place->brace_last ? ", " : " ");
	add_pair(text, target, place->brace_bytes, value);
	if (!place->brace_last && place->brace.begin == place->brace.end)
		kbi_buf_add_char(text, ' ');
	return place->brace_last ? place->brace_last : place->brace.begin;
}

static const char *
add_to_dotted(struct kbi_buf *text, const char *data, const struct kbi_toml_target *target,
	const struct kbi_toml_place *place, const char *value)
{
	begin_line(text, data, place->dotted_end, newline_of(place));
	kbi_buf_add_bytes(text, place->dotted_indent.begin,
		(size_t)(place->dotted_indent.end - place->dotted_indent.begin));
	add_pair(text, target, place->dotted_bytes, value);
	kbi_buf_add(text, newline_of(place));
	return place->dotted_end;
}

static const char *
add_to_section(struct kbi_buf *text, const char *data, const struct kbi_toml_target *target,
	const struct kbi_toml_place *place, const char *value)
{
	begin_line(text, data, place->section_end, newline_of(place));
	kbi_buf_add_bytes(text, place->indent.begin, (size_t)(place->indent.end - place->indent.begin));
	if (place->is_indent_of_header && place->indents_keys)
		kbi_buf_add(text, "  ");
	add_pair(text, target, target->table_bytes, value);
	kbi_buf_add(text, newline_of(place));
	return place->section_end;
}

static const char *
add_section(struct kbi_buf *text, const char *data, size_t size_bytes, const struct kbi_toml_target *target,
	const struct kbi_toml_place *place, const char *value)
{
	const char *newline = newline_of(place);

	begin_line(text, data, data + size_bytes, newline);
	if (size_bytes)
		kbi_buf_add(text, newline);
	kbi_buf_add_char(text, '[');
	add_parts(text, target->path.data, target->path.data + target->table_bytes);
	kbi_buf_add_format(text, "]%s%s", newline, place->indents_keys ? "  " : "");
	add_pair(text, target, target->table_bytes, value);
	kbi_buf_add(text, newline);
	return data + size_bytes;
}

/* A table is made in one way only, so where it was made is where its new key goes (toml.io/en/v1.0.0#table). */
static struct kbi_toml_range
plan_edit(struct kbi_buf *text, const char *data, size_t size_bytes, const struct kbi_toml_target *target,
	const struct kbi_toml_place *place, const char *value)
{
	const char *at;

	if (place->value.begin) {
		kbi_buf_add(text, value);
		return place->value;
	}
	if (place->brace.begin)
		at = add_to_brace(text, target, place, value);
	else if (place->section_end)
		at = add_to_section(text, data, target, place, value);
	else if (place->dotted_end)
		at = add_to_dotted(text, data, target, place, value);
	else
		at = add_section(text, data, size_bytes, target, place, value);
	return (struct kbi_toml_range){at, at};
}

static kb_status
check_value(const char *value, struct kb_err *err)
{
	struct kbi_toml_scan scan;

	if (!value)
		return kbi_fail(err, KB_EINVAL, "toml: value: NULL");
	kb_status status = kbi_toml_begin(&scan, "toml: value", value, strlen(value), err);
	if (!status)
		status = kbi_toml_skip_value(&scan);
	if (!status && scan.at < scan.end)
		return kbi_toml_fail(&scan, scan.at, "more than one value");
	return status;
}

static kb_status
find(const void *data, size_t size_bytes, const char *table, const char *key,
	struct kbi_toml_target *target, struct kbi_toml_place *place, struct kb_err *err)
{
	kb_status status = kbi_toml_target(target, table, key, err);

	return status ? status : kbi_toml_find(data, size_bytes, target, place, err);
}

kb_status
kbi_toml_set(const void *data, size_t size_bytes, const char *table, const char *key, const char *value,
	struct kbi_buf *out, struct kb_err *err)
{
	struct kbi_buf text = KBI_BUF(KBI_SIZE_TEXT);
	struct kbi_toml_target target = {.path = KBI_BUF(0)};
	struct kbi_toml_place place;
	const char *bytes = data ? data : "";

	kb_status status = kbi_bound_in("toml", data, size_bytes, KBI_SIZE_TEXT, err);
	if (!status)
		status = check_value(value, err);
	if (!status)
		status = find(bytes, size_bytes, table, key, &target, &place, err);
	if (!status) {
		struct kbi_toml_range range = plan_edit(&text, bytes, size_bytes, &target, &place, value);
		splice(out, bytes, size_bytes, range, &text);
		status = kbi_bound_out("toml", kbi_buf_failed(&text) ? &text : out, err);
	}
	kbi_toml_target_free(&target);
	kbi_buf_free(&text);
	return status;
}

kb_status
kbi_toml_get(const void *data, size_t size_bytes, const char *table, const char *key, struct kbi_buf *out,
	bool *is_there, struct kb_err *err)
{
	struct kbi_toml_target target = {.path = KBI_BUF(0)};
	struct kbi_toml_place place;
	kb_status status = kbi_bound_in("toml", data, size_bytes, KBI_SIZE_TEXT, err);

	if (!status)
		status = find(data ? data : "", size_bytes, table, key, &target, &place, err);

	*is_there = !status && place.value.begin;
	if (*is_there)
		kbi_buf_add_bytes(out, place.value.begin, (size_t)(place.value.end - place.value.begin));
	kbi_toml_target_free(&target);
	return status ? status : kbi_bound_out("toml", out, err);
}

kb_status
kbi_toml_unstring(const char *raw, struct kbi_buf *out, struct kb_err *err)
{
	struct kbi_toml_scan scan;
	kb_status status = kbi_toml_begin(&scan, "toml: value", raw, raw ? strlen(raw) : 0, err);

	if (status)
		return status;
	if (!kbi_toml_is(&scan, '"') && !kbi_toml_is(&scan, '\''))
		return kbi_toml_fail(&scan, scan.at, "not a string");
	status = kbi_toml_string_value(&scan, out);
	if (!status && scan.at < scan.end)
		return kbi_toml_fail(&scan, scan.at, "more than one value");
	return status ? status : kbi_bound_out("toml", out, err);
}
