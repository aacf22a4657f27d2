/* SPDX-License-Identifier: Apache-2.0 */
/* A YAML stream edited in place: values are found in the tree, and only their bytes change. Edits are collected and written at once. */
#ifndef KBI_MANIFEST_H
#define KBI_MANIFEST_H

#include "base/buf.h"
#include "text/yaml.h"

struct kbi_manifest_edit;

struct kbi_manifest {
	const char *data;
	size_t size_bytes;
	struct kbi_yaml yaml;
	struct kbi_manifest_edit *edits;
	size_t count;
	size_t room;
	struct kb_err *err;
};

kb_status kbi_manifest_read(struct kbi_manifest *m, const char *name, const void *data, size_t size_bytes, struct kb_err *err);
void kbi_manifest_free(struct kbi_manifest *m);
kb_status kbi_manifest_write(struct kbi_manifest *m, struct kbi_buf *out);	/* every byte that no edit touched as it was */

/* A scalar's bytes; it keeps its quotes. Integers, true and false are written as such when it has none. */
kb_status kbi_manifest_replace(struct kbi_manifest *m, const struct kbi_yaml_node *scalar, const char *value);
/* Replaces the scalar at a path below a map, or inserts it, and the maps on the way, with the indentation that stands there. */
kb_status kbi_manifest_set(struct kbi_manifest *m, const struct kbi_yaml_node *map, const char *path, const char *value);
/* The raw edit: text for the bytes from begin to end. Edits may come in any order and may not overlap. */
kb_status kbi_manifest_edit(struct kbi_manifest *m, size_t begin, size_t end, const struct kbi_buf *text);

size_t kbi_manifest_line_end(const struct kbi_manifest *m, size_t offset);	/* behind the newline of the line that offset is in */
const char *kbi_manifest_newline(const struct kbi_manifest *m);		/* of the stream: LF or CRLF */

#endif
