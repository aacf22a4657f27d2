/* SPDX-License-Identifier: Apache-2.0 */
/* TOML 1.0 edited in place: one key is set, every other byte stays. A table is named as in TOML, parts with dots quoted:
 * plugins."io.containerd.grpc.v1.cri".containerd; "" is the root. Values are raw TOML: true, 3, "text", ["a"]. */
#ifndef KBI_TOML_H
#define KBI_TOML_H

#include <stdbool.h>

#include "base/err.h"

struct kbi_buf;

kb_status kbi_toml_set(const void *data, size_t size_bytes, const char *table, const char *key, const char *value,
	struct kbi_buf *out, struct kb_err *err);
/* The raw value, comments inside an array included. *is_there says whether there is one; KB_OK either way. */
kb_status kbi_toml_get(const void *data, size_t size_bytes, const char *table, const char *key, struct kbi_buf *out, bool *is_there,
	struct kb_err *err);
/* Takes a string out of an array of strings; no such item, key or table: nothing changes. */
kb_status kbi_toml_remove_item(const void *data, size_t size_bytes, const char *table, const char *key, const char *item,
	struct kbi_buf *out, struct kb_err *err);
void kbi_toml_string(struct kbi_buf *out, const char *text);			/* "..." with escapes */
kb_status kbi_toml_unstring(const char *raw, struct kbi_buf *out, struct kb_err *err);	/* of a raw string value its text */

#endif
