/* SPDX-License-Identifier: Apache-2.0 */
/* YAML and JSON (which is YAML) as a small tree that remembers where each node stood. Bounded: any input up to its limit is read or
 * refused in time and memory that grow with its size alone. Refused, each with line and column: anchors and aliases, tags, merge
 * keys, duplicate keys, keys that are not scalars, nesting deeper than KBI_YAML_DEPTH_MAX, and what is not UTF-8. */
#ifndef KBI_YAML_H
#define KBI_YAML_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct kbi_buf;

#define KBI_YAML_DEPTH_MAX 64

enum kbi_yaml_kind {
	KBI_YAML_SCALAR,
	KBI_YAML_LIST,
	KBI_YAML_MAP
};

/* Text is kept as it was written, so `no`, `1.10` and `0x10` stay what they are: whether a plain scalar is a number is the reader's to say. */
enum kbi_yaml_style {
	KBI_YAML_PLAIN,
	KBI_YAML_SINGLE,	/* 'quoted' */
	KBI_YAML_DOUBLE,	/* "quoted" */
	KBI_YAML_BLOCK		/* | or > */
};

struct kbi_yaml_node {
	struct kbi_yaml_node *key;	/* of a member of a map: its name, a scalar; else NULL */
	struct kbi_yaml_node *next;	/* sibling in the same list or map, or the next document */
	struct kbi_yaml_node *first;	/* of a list or map */
	struct kbi_yaml_node *last;
	const char *text;		/* of a scalar, NUL-terminated; "" otherwise */
	uint32_t text_bytes;
	uint32_t count;			/* members of a list or map */
	uint32_t line;			/* from 1; 0 for a node that was not read */
	uint32_t column;		/* from 1, in characters */
	uint32_t begin;			/* byte offset of its first byte in the input (quotes included) */
	uint32_t end;			/* byte offset behind its last byte */
	uint8_t kind;			/* enum kbi_yaml_kind */
	uint8_t style;			/* enum kbi_yaml_style */
	bool is_flow;			/* [a, b] or {a: b} */
};

struct kbi_yaml {
	struct kbi_yaml_node *first;	/* document; empty ones are left out */
	struct kbi_yaml_node *last;
	size_t count;
	char *name;			/* of the input, for messages */
	struct kbi_yaml_chunk *chunks;	/* where nodes and texts live */
};

/* Reads a stream of documents. `name` says in messages what it is: a file's name, or "options". max_bytes bounds the input. On failure
 * nothing is left to free. The tree keeps nothing of data. */
kb_status kbi_yaml_read(struct kbi_yaml *yaml, const char *name, const void *data, size_t size_bytes, size_t max_bytes,
	struct kb_err *err);
void kbi_yaml_free(struct kbi_yaml *yaml);	/* wipes; may be used again */

/* Fails as "NAME:LINE:COLUMN: ..." for a node (NULL: "NAME: ..."). */
kb_status kbi_yaml_fail(const struct kbi_yaml *yaml, const struct kbi_yaml_node *node, struct kb_err *err, kb_status code,
	const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Questions. Each takes NULL for "nothing there" and passes it on. */
struct kbi_yaml_node *kbi_yaml_get(const struct kbi_yaml_node *map, const char *key);	/* NULL when it is no map or has no such key */
struct kbi_yaml_node *kbi_yaml_at(const struct kbi_yaml_node *list, size_t index);
struct kbi_yaml_node *kbi_yaml_path(const struct kbi_yaml_node *node, const char *path);	/* "spec.pools[0].cidr": keys without dots */
const char *kbi_yaml_text(const struct kbi_yaml_node *scalar);			/* NULL when it is no scalar */
bool kbi_yaml_is_null(const struct kbi_yaml_node *node);	/* NULL, empty, or plain ~ or null */
bool kbi_yaml_is_map(const struct kbi_yaml_node *node);
bool kbi_yaml_is_list(const struct kbi_yaml_node *node);
bool kbi_yaml_is_scalar(const struct kbi_yaml_node *node);

/* Making. NULL when there is no memory; what is NULL going in is NULL coming out, so that a chain is asked once. */
struct kbi_yaml_node *kbi_yaml_new_map(struct kbi_yaml *yaml);
struct kbi_yaml_node *kbi_yaml_new_list(struct kbi_yaml *yaml);
struct kbi_yaml_node *kbi_yaml_new_string(struct kbi_yaml *yaml, const char *text);	/* quoted when it has to be */
struct kbi_yaml_node *kbi_yaml_new_plain(struct kbi_yaml *yaml, const char *text);	/* a number, true, false, null: never quoted */
/* Returns the node that is in the map now, which is not `value` when the key was there already. */
struct kbi_yaml_node *kbi_yaml_set(struct kbi_yaml *yaml, struct kbi_yaml_node *map, const char *key, struct kbi_yaml_node *value);
struct kbi_yaml_node *kbi_yaml_add(struct kbi_yaml_node *list, struct kbi_yaml_node *item);
struct kbi_yaml_node *kbi_yaml_add_document(struct kbi_yaml *yaml, struct kbi_yaml_node *root);

/* Deep: maps member by member, everything else of `from` replaces. Nodes of `from` are copied. */
kb_status kbi_yaml_merge(struct kbi_yaml *yaml, struct kbi_yaml_node *into, const struct kbi_yaml_node *from, struct kb_err *err);
struct kbi_yaml_node *kbi_yaml_copy(struct kbi_yaml *yaml, const struct kbi_yaml_node *from);

/* Writing: block style, two spaces, documents parted by "---". */
void kbi_yaml_write(struct kbi_buf *out, const struct kbi_yaml *yaml);
void kbi_yaml_write_node(struct kbi_buf *out, const struct kbi_yaml_node *node);
void kbi_yaml_scalar(struct kbi_buf *out, const char *text);	/* a string that any YAML reader takes for this string */
void kbi_json_string(struct kbi_buf *out, const char *text);	/* "..." with quotes; also a YAML scalar; bad UTF-8 becomes U+FFFD */
void kbi_json_string_bytes(struct kbi_buf *out, const void *data, size_t size_bytes);

/* Inside: the parts of the reader that the tree's files share. */
struct kbi_yaml_node *kbi_yaml_new_node(struct kbi_yaml *yaml, enum kbi_yaml_kind kind);
char *kbi_yaml_keep(struct kbi_yaml *yaml, const void *data, size_t size_bytes);	/* a copy with a NUL behind it */
void kbi_yaml_append(struct kbi_yaml_node *parent, struct kbi_yaml_node *child);
struct kbi_yaml_node **kbi_yaml_sorted(const struct kbi_yaml_node *map);	/* members by key, then by place; free() it */

#endif
