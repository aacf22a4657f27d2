/* SPDX-License-Identifier: Apache-2.0 */
/* Items of an array of strings. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "text/bound.h"
#include "text/toml.h"
#include "text/toml_find.h"

struct item {
	const char *begin;
	const char *end;
	const char *comma;	/* the one behind it, or NULL */
	bool is_gone;
	bool is_comma_gone;
};

struct items {
	struct item *items;
	size_t count;
	size_t room;
};

static struct item *
add_item(struct items *list)
{
	if (list->count == list->room) {
		size_t room = list->room ? list->room * 2 : 16;
		struct item *more = realloc(list->items, room * sizeof(*more));
		if (!more)
			return NULL;
		list->items = more;
		list->room = room;
	}
	list->items[list->count] = (struct item){0};
	return &list->items[list->count++];
}

/* Reads one item; of a string it says whether it is the one to go. */
static kb_status
read_item(struct kbi_toml_scan *scan, const char *text, struct item *item)
{
	struct kbi_buf decoded = KBI_BUF(KBI_SIZE_TEXT);
	bool is_string = kbi_toml_is(scan, '"') || kbi_toml_is(scan, '\'');

	item->begin = scan->at;
	kb_status status = is_string ? kbi_toml_string_value(scan, &decoded) : kbi_toml_skip_value(scan);
	item->end = scan->at;
	item->is_gone = is_string && decoded.size_bytes == strlen(text) && kbi_str_is(kbi_buf_text(&decoded), text);
	kbi_buf_free(&decoded);
	kbi_toml_skip_lines(scan);
	if (!status && kbi_toml_is(scan, ','))
		item->comma = scan->at++;
	return status;
}

/* The array was read once already, so its grammar is known to be right. */
static kb_status
read_items(struct kbi_toml_scan *scan, const char *text, struct items *list)
{
	scan->at++;
	kbi_toml_skip_lines(scan);
	while (scan->at < scan->end && *scan->at != ']') {
		struct item *item = add_item(list);
		if (!item)
			return kbi_fail_memory(scan->err);
		kb_status status = read_item(scan, text, item);
		if (status)
			return status;
		kbi_toml_skip_lines(scan);
	}
	return KB_OK;
}

/* When the last item goes and had no comma behind it, the comma of the one that is last then goes too. */
static void
drop_last_comma(struct items *list)
{
	size_t i = list->count;

	if (!i || !list->items[i - 1].is_gone || list->items[i - 1].comma)
		return;
	while (i && list->items[i - 1].is_gone)
		i--;
	if (i)
		list->items[i - 1].is_comma_gone = true;
}

/* What goes with an item: its comma and the blanks behind, and its whole line when it had one alone. */
static struct kbi_toml_range
range_of(const struct item *item, const char *array)
{
	struct kbi_toml_range range = {item->begin, item->end};
	const char *line = item->begin;

	while (line > array && (line[-1] == ' ' || line[-1] == '\t'))
		line--;
	if (item->comma) {
		range.end = item->comma + 1;
		range.end += strspn(range.end, " \t");
	} else {
		range.begin = line;
	}
	const char *newline = *range.end == '\r' ? range.end + 1 : range.end;
	if (line > array && line[-1] == '\n' && *newline == '\n')
		range = (struct kbi_toml_range){line, newline + 1};
	return range;
}

static void
write_rest(struct kbi_buf *out, const char *data, const char *array, const char *end, const struct items *list)
{
	const char *cursor = data;

	for (size_t i = 0; i < list->count; i++) {
		const struct item *item = &list->items[i];
		struct kbi_toml_range range = {item->comma, item->comma ? item->comma + 1 : NULL};
		if (item->is_gone)
			range = range_of(item, array);
		else if (!item->is_comma_gone || !item->comma)
			continue;
		if (range.begin > cursor)	/* the blanks before it may have gone with the item before it */
			kbi_buf_add_bytes(out, cursor, (size_t)(range.begin - cursor));
		cursor = range.end;
	}
	kbi_buf_add_bytes(out, cursor, (size_t)(end - cursor));
}

static kb_status
remove_from(const char *data, size_t size_bytes, const char *array, const char *text, struct kbi_buf *out,
	struct kb_err *err)
{
	struct kbi_toml_scan scan;
	struct items list = {0};

	kb_status status = kbi_toml_begin(&scan, "toml", data, size_bytes, err);
	if (status)
		return status;
	scan.at = array;
	status = *array == '[' ? read_items(&scan, text, &list) : kbi_toml_fail(&scan, array, "not an array");
	if (!status) {
		drop_last_comma(&list);
		write_rest(out, data, array, data + size_bytes, &list);
		status = kbi_bound_out("toml", out, err);
	}
	free(list.items);
	return status;
}

kb_status
kbi_toml_remove_item(const void *data, size_t size_bytes, const char *table, const char *key,
	const char *item, struct kbi_buf *out, struct kb_err *err)
{
	struct kbi_toml_target target = {.path = KBI_BUF(0)};
	struct kbi_toml_place place;
	const char *bytes = data ? data : "";

	kb_status status = kbi_bound_in("toml", data, size_bytes, KBI_SIZE_TEXT, err);
	if (!status)
		status = item ? kbi_toml_target(&target, table, key, err)
			: kbi_fail(err, KB_EINVAL, "toml: item: NULL");
	if (!status)
		status = kbi_toml_find(bytes, size_bytes, &target, &place, err);
	if (!status && place.value.begin)
		status = remove_from(bytes, size_bytes, place.value.begin, item, out, err);
	else if (!status)
		kbi_buf_add_bytes(out, bytes, size_bytes);
	kbi_toml_target_free(&target);
	return status ? status : kbi_bound_out("toml", out, err);
}
