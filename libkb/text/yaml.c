/* SPDX-License-Identifier: Apache-2.0 */
/* The reader: libyaml's events into a tree. Events, not libyaml's own documents, since those resolve aliases and know no depth. */
#include "text/yaml.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/buf.h"
#include "base/str.h"
#include "base/utf8.h"

#define KEY_MAX_BYTES 1000	/* libyaml reads no simple key of more than 1024 characters, so what we write must be shorter */
#define NODES_FREE 4096		/* any input may have this many nodes, and one more for every BYTES_PER_NODE */
#define BYTES_PER_NODE 4
#define DIRECTIVES_MAX 16	/* libyaml compares each %TAG with all before it */
#define CHARACTERS_PER_MARK 256

struct reader {
	struct kbi_yaml *yaml;
	struct kb_err *err;
	yaml_parser_t parser;
	const char *data;		/* behind a byte order mark */
	size_t size_bytes;
	size_t skipped_bytes;		/* that mark */
	uint32_t *marks;		/* byte offset of every 256th character; NULL when each character is one byte */
	size_t nodes_left;
	struct kbi_yaml_node *open[KBI_YAML_DEPTH_MAX];
	struct kbi_yaml_node *key[KBI_YAML_DEPTH_MAX];	/* read, and still without its value */
	size_t depth;
};

/* libyaml counts characters; editors of the text need bytes. */
static uint32_t
byte_offset(const struct reader *r, size_t character)
{
	size_t at = character;

	if (r->marks) {
		at = r->marks[character / CHARACTERS_PER_MARK];
		for (size_t left = character % CHARACTERS_PER_MARK; left && at < r->size_bytes; left--)
			do
				at++;
			while (at < r->size_bytes && (r->data[at] & 0xc0) == 0x80);
	}
	return (uint32_t)(r->skipped_bytes + (at < r->size_bytes ? at : r->size_bytes));
}

static kb_status
count_characters(struct reader *r)
{
	size_t characters = 0;

	for (size_t i = 0; i < r->size_bytes; i++)
		characters += (r->data[i] & 0xc0) != 0x80;
	if (characters == r->size_bytes)
		return KB_OK;
	r->marks = calloc(characters / CHARACTERS_PER_MARK + 2, sizeof(*r->marks));
	if (!r->marks)
		return kbi_fail_memory(r->err);
	size_t character = 0;
	for (size_t i = 0; i < r->size_bytes; i++)
		if ((r->data[i] & 0xc0) != 0x80 && character++ % CHARACTERS_PER_MARK == 0)
			r->marks[(character - 1) / CHARACTERS_PER_MARK] = (uint32_t)i;
	if (characters % CHARACTERS_PER_MARK == 0)
		r->marks[characters / CHARACTERS_PER_MARK] = (uint32_t)r->size_bytes;
	return KB_OK;
}

static kb_status
fail_at(struct reader *r, yaml_mark_t mark, kb_status code, const char *what)
{
	return kbi_fail(r->err, code, "%s:%zu:%zu: %s", r->yaml->name, mark.line + 1, mark.column + 1, what);
}

static kb_status
fail_at_byte(struct reader *r, size_t offset, const char *what)
{
	yaml_mark_t mark = {0};

	for (size_t i = 0; i < offset && i < r->size_bytes; i++) {
		if (r->data[i] == '\n') {
			mark.line++;
			mark.column = 0;
		} else if ((r->data[i] & 0xc0) != 0x80) {
			mark.column++;
		}
	}
	return fail_at(r, mark, KB_EINVAL, what);
}

static kb_status
fail_parser(struct reader *r)
{
	const char *problem = r->parser.problem ? r->parser.problem : "cannot be read";

	if (r->parser.error == YAML_MEMORY_ERROR)
		return kbi_fail_memory(r->err);
	if (r->parser.error == YAML_READER_ERROR)
		return fail_at_byte(r, r->parser.problem_offset, problem);
	return fail_at(r, r->parser.problem_mark, KB_EINVAL, problem);
}

/* What libyaml would take long over, or read as another encoding, is refused before it sees it. */
static kb_status
check_text(struct reader *r)
{
	const char *end = r->data + r->size_bytes, *next = r->data, *line;
	size_t line_bytes, directives = 0;
	uint32_t code_point;

	for (size_t at = 0; at < r->size_bytes;) {
		size_t length = kbi_utf8_next(r->data + at, r->size_bytes - at, &code_point);
		if (!length)
			return fail_at_byte(r, at, "not UTF-8 text");
		at += length;
	}
	while ((next = kbi_str_line(next, end, &line, &line_bytes)))
		if (line_bytes && *line == '%' && ++directives > DIRECTIVES_MAX)
			return fail_at_byte(r, (size_t)(line - r->data), "too many directives");
	return KB_OK;
}

static kb_status
check_key(struct reader *r, const struct kbi_yaml_node *node, const yaml_event_t *event)
{
	if (node->kind != KBI_YAML_SCALAR)
		return fail_at(r, event->start_mark, KB_EINVAL, "a key must be a scalar");
	if (node->style == KBI_YAML_PLAIN && kbi_str_is(node->text, "<<"))
		return fail_at(r, event->start_mark, KB_EINVAL, "merge keys are not supported");
	if (node->style == KBI_YAML_PLAIN && !node->text_bytes)
		return fail_at(r, event->start_mark, KB_EINVAL, "a key is empty");
	if (node->text_bytes > KEY_MAX_BYTES)
		return fail_at(r, event->start_mark, KB_EINVAL, "a key is too long");
	return KB_OK;
}

/* Puts a node where the stream stands: as a document, an item, a key, or the value of the key before it. */
static kb_status
attach(struct reader *r, struct kbi_yaml_node *node, const yaml_event_t *event)
{
	if (!r->depth) {
		bool is_empty = node->kind == KBI_YAML_SCALAR && node->style == KBI_YAML_PLAIN && !node->text_bytes;
		if (!is_empty)
			kbi_yaml_add_document(r->yaml, node);
		return KB_OK;
	}
	struct kbi_yaml_node *parent = r->open[r->depth - 1], **key = &r->key[r->depth - 1];
	if (parent->kind == KBI_YAML_MAP && !*key) {
		*key = node;
		return check_key(r, node, event);
	}
	node->key = *key;
	*key = NULL;
	kbi_yaml_append(parent, node);
	return KB_OK;
}

/* A node for an event that begins one; what no node of ours can hold is refused here. */
static kb_status
new_node(struct reader *r, enum kbi_yaml_kind kind, const yaml_event_t *event, const void *anchor,
	const void *tag, struct kbi_yaml_node **node)
{
	if (anchor)
		return fail_at(r, event->start_mark, KB_EINVAL, "anchors are not supported");
	if (tag)
		return fail_at(r, event->start_mark, KB_EINVAL, "tags are not supported");
	if (!r->nodes_left)
		return fail_at(r, event->start_mark, KB_ETOOBIG, "too many values");
	r->nodes_left--;
	*node = kbi_yaml_new_node(r->yaml, kind);
	if (!*node)
		return kbi_fail_memory(r->err);
	(*node)->line = (uint32_t)event->start_mark.line + 1;
	(*node)->column = (uint32_t)event->start_mark.column + 1;
	(*node)->begin = byte_offset(r, event->start_mark.index);
	(*node)->end = byte_offset(r, event->end_mark.index);
	return KB_OK;
}

static kb_status
on_scalar(struct reader *r, const yaml_event_t *event)
{
	static const uint8_t styles[] = {
		[YAML_PLAIN_SCALAR_STYLE] = KBI_YAML_PLAIN, [YAML_SINGLE_QUOTED_SCALAR_STYLE] = KBI_YAML_SINGLE,
		[YAML_DOUBLE_QUOTED_SCALAR_STYLE] = KBI_YAML_DOUBLE, [YAML_LITERAL_SCALAR_STYLE] = KBI_YAML_BLOCK,
		[YAML_FOLDED_SCALAR_STYLE] = KBI_YAML_BLOCK,
	};
	const char *text = (const char *)event->data.scalar.value;
	size_t text_bytes = event->data.scalar.length;
	struct kbi_yaml_node *node;

	kb_status status = new_node(r, KBI_YAML_SCALAR, event, event->data.scalar.anchor,
		event->data.scalar.tag, &node);
	if (status)
		return status;
	if (memchr(text, '\0', text_bytes))	/* "\0" can be written in YAML, and would end the string for every user of it */
		return fail_at(r, event->start_mark, KB_EINVAL, "a text holds a NUL");
	node->style = styles[event->data.scalar.style];
	node->text_bytes = (uint32_t)text_bytes;
	node->text = kbi_yaml_keep(r->yaml, text, text_bytes);
	if (!node->text)
		return kbi_fail_memory(r->err);
	return attach(r, node, event);
}

static kb_status
open_node(struct reader *r, struct kbi_yaml_node *node, const yaml_event_t *event)
{
	kb_status status = attach(r, node, event);

	if (status)
		return status;
	r->key[r->depth] = NULL;
	r->open[r->depth++] = node;
	return KB_OK;
}

static kb_status
on_start(struct reader *r, const yaml_event_t *event)
{
	bool is_map = event->type == YAML_MAPPING_START_EVENT;
	struct kbi_yaml_node *node;
	kb_status status;

	if (r->depth == KBI_YAML_DEPTH_MAX)
		return fail_at(r, event->start_mark, KB_EINVAL, "nested too deeply");
	if (is_map)
		status = new_node(r, KBI_YAML_MAP, event, event->data.mapping_start.anchor,
			event->data.mapping_start.tag, &node);
	else
		status = new_node(r, KBI_YAML_LIST, event, event->data.sequence_start.anchor,
			event->data.sequence_start.tag, &node);
	if (status)
		return status;
	node->is_flow = is_map ? event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE
		: event->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
	return open_node(r, node, event);
}

/* By sorting, so that a map of 100,000 keys costs no more than it must. */
static kb_status
check_duplicates(struct reader *r, const struct kbi_yaml_node *map)
{
	const struct kbi_yaml_node *twice = NULL;

	if (map->count < 2)
		return KB_OK;
	struct kbi_yaml_node **members = kbi_yaml_sorted(map);
	if (!members)
		return kbi_fail_memory(r->err);
	for (size_t i = 1; i < map->count; i++)
		if (kbi_str_is(members[i - 1]->key->text, members[i]->key->text)
			&& (!twice || members[i]->key->begin < twice->begin))
			twice = members[i]->key;
	free(members);
	if (!twice)
		return KB_OK;
	return kbi_yaml_fail(r->yaml, twice, r->err, KB_EINVAL, "key \"%.200s\" is there twice", twice->text);
}

static kb_status
on_end(struct reader *r, const yaml_event_t *event)
{
	struct kbi_yaml_node *node = r->open[--r->depth];

	if (node->is_flow)
		node->end = byte_offset(r, event->end_mark.index);
	else if (node->last)
		node->end = node->last->end;	/* libyaml ends a block where the next token begins, behind comments */
	return node->kind == KBI_YAML_MAP ? check_duplicates(r, node) : KB_OK;
}

static kb_status
on_event(struct reader *r, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return on_scalar(r, event);
	case YAML_MAPPING_START_EVENT:
	case YAML_SEQUENCE_START_EVENT:
		return on_start(r, event);
	case YAML_MAPPING_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
		return on_end(r, event);
	case YAML_ALIAS_EVENT:
		return fail_at(r, event->start_mark, KB_EINVAL, "aliases are not supported");
	default:
		return KB_OK;
	}
}

static kb_status
read_events(struct reader *r)
{
	yaml_event_t event;
	kb_status status = KB_OK;

	for (bool is_last = false; !status && !is_last;) {
		if (!yaml_parser_parse(&r->parser, &event))
			return fail_parser(r);
		is_last = event.type == YAML_STREAM_END_EVENT;
		status = on_event(r, &event);
		yaml_event_delete(&event);
	}
	return status;
}

static kb_status
read_text(struct reader *r)
{
	kb_status status = check_text(r);

	if (!status)
		status = count_characters(r);
	if (status)
		return status;
	if (!yaml_parser_initialize(&r->parser))
		return kbi_fail_memory(r->err);
	yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);	/* or it would guess UTF-16 from the first bytes */
	yaml_parser_set_input_string(&r->parser, (const unsigned char *)r->data, r->size_bytes);
	status = read_events(r);
	yaml_parser_delete(&r->parser);
	return status;
}

kb_status
kbi_yaml_read(struct kbi_yaml *yaml, const char *name, const void *data, size_t size_bytes,
	size_t max_bytes, struct kb_err *err)
{
	static const char byte_order_mark[] = "\xef\xbb\xbf";

	*yaml = (struct kbi_yaml){0};
	if (size_bytes > max_bytes || size_bytes > UINT32_MAX)
		return kbi_fail(err, KB_ETOOBIG, "%s: %zu bytes: over the limit of %zu", name, size_bytes, max_bytes);
	yaml->name = kbi_yaml_keep(yaml, name, strlen(name));
	if (!yaml->name)
		return kbi_fail_memory(err);
	struct reader r = {.yaml = yaml, .err = err, .data = data ? data : "", .size_bytes = data ? size_bytes : 0};
	if (r.size_bytes >= 3 && memcmp(r.data, byte_order_mark, 3) == 0)
		r.skipped_bytes = 3;
	r.data += r.skipped_bytes;
	r.size_bytes -= r.skipped_bytes;
	r.nodes_left = NODES_FREE + r.size_bytes / BYTES_PER_NODE;
	kb_status status = read_text(&r);
	free(r.marks);
	if (status)
		kbi_yaml_free(yaml);
	return status;
}
