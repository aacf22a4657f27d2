/* SPDX-License-Identifier: Apache-2.0 */
#include "text/manifest.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "text/bound.h"

#define VALUE_MAX_BYTES 4096

struct kbi_manifest_edit {
	size_t begin;
	size_t end;
	char *text;
	size_t text_bytes;
};

kb_status
kbi_manifest_read(struct kbi_manifest *m, const char *name, const void *data, size_t size_bytes,
	struct kb_err *err)
{
	*m = (struct kbi_manifest){.data = data ? data : "", .size_bytes = size_bytes, .err = err};
	kb_status status = kbi_bound_in(name, data, size_bytes, KBI_SIZE_MANIFEST, err);

	return status ? status : kbi_yaml_read(&m->yaml, name, data, size_bytes, KBI_SIZE_MANIFEST, err);
}

void
kbi_manifest_free(struct kbi_manifest *m)
{
	for (size_t i = 0; i < m->count; i++)
		free(m->edits[i].text);
	free(m->edits);
	kbi_yaml_free(&m->yaml);
	*m = (struct kbi_manifest){0};
}

kb_status
kbi_manifest_edit(struct kbi_manifest *m, size_t begin, size_t end, const struct kbi_buf *text)
{
	kb_status status = kbi_bound_out("manifest: value", text, m->err);

	if (status)
		return status;
	if (m->count == m->room) {
		size_t room = m->room ? m->room * 2 : 8;
		struct kbi_manifest_edit *more = realloc(m->edits, room * sizeof(*more));
		if (!more)
			return kbi_fail_memory(m->err);
		m->edits = more;
		m->room = room;
	}
	char *copy = malloc(text->size_bytes + 1);
	if (!copy)
		return kbi_fail_memory(m->err);
	memcpy(copy, kbi_buf_text(text), text->size_bytes + 1);
	m->edits[m->count++] = (struct kbi_manifest_edit){begin, end, copy, text->size_bytes};
	return KB_OK;
}

static int
compare_edits(const void *a, const void *b)
{
	const struct kbi_manifest_edit *one = a, *two = b;

	return (one->begin > two->begin) - (one->begin < two->begin);
}

kb_status
kbi_manifest_write(struct kbi_manifest *m, struct kbi_buf *out)
{
	size_t at = 0;

	if (m->count)
		qsort(m->edits, m->count, sizeof(*m->edits), compare_edits);
	for (size_t i = 0; i < m->count; i++) {
		const struct kbi_manifest_edit *edit = &m->edits[i];
		if (edit->begin < at)
			return kbi_yaml_fail(&m->yaml, NULL, m->err, KB_EINVAL, "two edits of the same bytes");
		kbi_buf_add_bytes(out, m->data + at, edit->begin - at);
		kbi_buf_add_bytes(out, edit->text, edit->text_bytes);
		at = edit->end;
	}
	kbi_buf_add_bytes(out, m->data + at, m->size_bytes - at);
	return kbi_bound_out("manifest", out, m->err);
}

const char *
kbi_manifest_newline(const struct kbi_manifest *m)
{
	const char *newline = m->size_bytes ? memchr(m->data, '\n', m->size_bytes) : NULL;

	return newline && newline > m->data && newline[-1] == '\r' ? "\r\n" : "\n";
}

size_t
kbi_manifest_line_end(const struct kbi_manifest *m, size_t offset)
{
	const char *newline = NULL;

	if (offset < m->size_bytes)
		newline = memchr(m->data + offset, '\n', m->size_bytes - offset);
	return newline ? (size_t)(newline - m->data) + 1 : m->size_bytes;
}

/* What YAML reads as a number or a boolean when it has no quotes, and is meant so. */
static bool
is_plain_word(const char *value)
{
	int64_t number;
	const char *digits = value + (*value == '-');

	if (kbi_str_is(value, "true") || kbi_str_is(value, "false"))
		return true;
	return (*digits != '0' || !digits[1]) && kbi_str_to_int64(value, INT64_MIN, INT64_MAX, &number);
}

/* An IPv4 network needs no quotes: no reader takes it for anything else, and the manifests have none. */
static bool
is_ipv4_network(const char *value)
{
	return value[strspn(value, "0123456789./")] == '\0' && strchr(value, '/') && *value != '/';
}

static void
add_value(struct kbi_buf *text, const char *value, int style)
{
	static const char harmless[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789./:_-";

	if (style == KBI_YAML_SINGLE && value[strspn(value, harmless)] == '\0')
		kbi_buf_add_format(text, "'%s'", value);
	else if (style != KBI_YAML_PLAIN)
		kbi_json_string(text, value);
	else if (is_plain_word(value) || is_ipv4_network(value))
		kbi_buf_add(text, value);
	else
		kbi_yaml_scalar(text, value);
}

/* "{key}" and "? key" are keys too, of nothing: what is written behind them would be of the key. */
static bool
lacks_colon(const struct kbi_manifest *m, const struct kbi_yaml_node *node)
{
	size_t at = node->key ? node->key->end : 0;

	while (at < node->begin && strchr(" \t\r\n", m->data[at]))
		at++;
	return node->key && node->begin == node->end && (at >= node->begin || m->data[at] != ':');
}

kb_status
kbi_manifest_replace(struct kbi_manifest *m, const struct kbi_yaml_node *scalar, const char *value)
{
	struct kbi_buf text = KBI_BUF(VALUE_MAX_BYTES);

	if (scalar->kind != KBI_YAML_SCALAR || scalar->style == KBI_YAML_BLOCK)
		return kbi_yaml_fail(&m->yaml, scalar, m->err, KB_EINVAL, "not a value of one line");
	if (lacks_colon(m, scalar))
		return kbi_yaml_fail(&m->yaml, scalar->key, m->err, KB_EINVAL, "a key without a colon");
	if (scalar->begin == scalar->end)	/* "key:" and nothing behind it */
		kbi_buf_add_char(&text, ' ');
	add_value(&text, value, scalar->style);
	kb_status status = kbi_manifest_edit(m, scalar->begin, scalar->end, &text);
	kbi_buf_free(&text);
	return status;
}

/* The next part of a path; *path is what follows it. */
static size_t
part_of(const char **path)
{
	size_t length = strcspn(*path, ".");

	*path += length + ((*path)[length] == '.');
	return length;
}

/* key: {rest: {of: path: value}} on one line, for a place inside braces. */
static void
add_flow(struct kbi_buf *text, const char *path, const char *value)
{
	size_t braces = 0;

	while (*path) {
		const char *name = path;
		size_t length = part_of(&path);
		kbi_buf_add_format(text, "%.*s: %s", (int)length, name, *path ? "{" : "");
		braces += *path != '\0';
	}
	add_value(text, value, KBI_YAML_PLAIN);
	while (braces--)
		kbi_buf_add_char(text, '}');
}

/* Lines of their own, each part of the path two columns further in. */
static void
add_block(struct kbi_buf *text, const char *path, const char *value, size_t indent, const char *newline)
{
	while (*path) {
		const char *name = path;
		size_t length = part_of(&path);
		kbi_buf_add_format(text, "%*s%.*s:%s", (int)indent, "", (int)length, name, *path ? newline : " ");
		indent += 2;
	}
	add_value(text, value, KBI_YAML_PLAIN);
	kbi_buf_add(text, newline);
}

static kb_status
insert_flow(struct kbi_manifest *m, const struct kbi_yaml_node *map, const char *path, const char *value)
{
	struct kbi_buf text = KBI_BUF(VALUE_MAX_BYTES);
	size_t at = map->last ? map->last->end : map->begin + 1;

	if (map->last)
		kbi_buf_add(&text, ", ");
	add_flow(&text, path, value);
	kb_status status = kbi_manifest_edit(m, at, at, &text);
	kbi_buf_free(&text);
	return status;
}

/* Behind the last line of what ends at `end`, which may be the last of the stream and lack its newline. */
static kb_status
insert_lines(struct kbi_manifest *m, size_t end, size_t indent, const char *path, const char *value)
{
	struct kbi_buf text = KBI_BUF(VALUE_MAX_BYTES);
	const char *newline = kbi_manifest_newline(m);
	size_t at = end && m->data[end - 1] == '\n' ? end : kbi_manifest_line_end(m, end);	/* a block scalar ends behind its newline */

	if (at && m->data[at - 1] != '\n')
		kbi_buf_add(&text, newline);
	add_block(&text, path, value, indent, newline);
	kb_status status = kbi_manifest_edit(m, at, at, &text);
	kbi_buf_free(&text);
	return status;
}

static kb_status
insert(struct kbi_manifest *m, const struct kbi_yaml_node *map, const char *path, const char *value)
{
	if (kbi_yaml_is_null(map) && lacks_colon(m, map))
		return kbi_yaml_fail(&m->yaml, map->key, m->err, KB_EINVAL, "a key without a colon");
	if (kbi_yaml_is_null(map) && map->key && map->begin == map->end)
		return insert_lines(m, map->key->end, map->key->column - 1 + 2, path, value);
	if (!kbi_yaml_is_map(map))
		return kbi_yaml_fail(&m->yaml, map, m->err, KB_EINVAL, "not a mapping");
	if (map->is_flow)
		return insert_flow(m, map, path, value);
	return insert_lines(m, map->end, map->first->key->column - 1, path, value);
}

kb_status
kbi_manifest_set(struct kbi_manifest *m, const struct kbi_yaml_node *map, const char *path, const char *value)
{
	static const char name_letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
	const struct kbi_yaml_node *node = map;
	const char *rest = path;
	char name[128];

	while (node && *rest) {
		const char *before = rest;
		size_t length = part_of(&rest);
		if (!length || length >= sizeof(name) || strspn(before, name_letters) < length)
			return kbi_yaml_fail(&m->yaml, NULL, m->err, KB_EINVAL,
				"path \"%.200s\": not names with dots between them", path);
		memcpy(name, before, length);
		name[length] = '\0';
		const struct kbi_yaml_node *next = kbi_yaml_get(node, name);
		if (!next)
			return insert(m, node, before, value);
		node = next;
	}
	return kbi_manifest_replace(m, node, value);
}
