/* SPDX-License-Identifier: Apache-2.0 */
/* Names to bytes, in the order they came. A name may have several values (a list); set replaces them all, add appends one. */
#ifndef KBI_MAP_H
#define KBI_MAP_H

#include <stdbool.h>
#include <stddef.h>

#include <kb/common.h>

struct kbi_entry {
	char *name;
	char *value;		/* NUL-terminated, and may hold NULs before that */
	size_t size_bytes;
	bool secret;
};

struct kbi_map {
	struct kbi_entry *entries;
	size_t count;
	size_t room;
	bool has_failed;	/* no memory at some point */
};

kb_status kbi_map_set(struct kbi_map *map, const char *name, const char *value);
kb_status kbi_map_set_bytes(struct kbi_map *map, const char *name, const void *data, size_t size_bytes);
kb_status kbi_map_set_secret(struct kbi_map *map, const char *name, const void *data, size_t size_bytes);
kb_status kbi_map_add(struct kbi_map *map, const char *name, const char *value);
kb_status kbi_map_add_bytes(struct kbi_map *map, const char *name, const void *data, size_t size_bytes);
kb_status kbi_map_remove(struct kbi_map *map, const char *name);
/* Adds all of from; secrets stay secrets. An empty map shares what from has until one of them is changed: no copy is made, and none takes memory. */
kb_status kbi_map_copy(struct kbi_map *to, const struct kbi_map *from);
const char *kbi_map_get(const struct kbi_map *map, const char *name);		/* first value, or NULL */
const char *kbi_map_get_or(const struct kbi_map *map, const char *name, const char *fallback);
const struct kbi_entry *kbi_map_find(const struct kbi_map *map, const char *name);
const struct kbi_entry *kbi_map_next(const struct kbi_map *map, const char *name, const struct kbi_entry *after);
bool kbi_map_has(const struct kbi_map *map, const char *name);
bool kbi_map_holds(const struct kbi_map *map, const char *name, const char *value);	/* this one, among those of that name */
size_t kbi_map_count(const struct kbi_map *map, const char *name);		/* how many values this name has */
void kbi_map_free(struct kbi_map *map);					/* wipes all values; may be used again */

#endif
