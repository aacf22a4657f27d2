/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/scarce.h"
#include "base/str.h"

#define ROOM_FIRST 2

/* What a map's entries lie in. Copies of a map share it until one of them is changed, also across threads. */
struct block {
	atomic_size_t refs;
	struct kbi_entry entries[];
};

static struct block *
block_of(const struct kbi_map *map)
{
	return map->entries ? (struct block *)((char *)map->entries - offsetof(struct block, entries)) : NULL;
}

static char *
copy_bytes(const void *data, size_t size_bytes)
{
	char *copy = size_bytes < SIZE_MAX ? malloc(size_bytes + 1) : NULL;

	if (!copy)
		return NULL;
	if (size_bytes)
		memcpy(copy, data, size_bytes);
	copy[size_bytes] = '\0';
	return copy;
}

static void
free_entry(struct kbi_entry *entry)
{
	if (entry->value)	/* what a host printed may hold a secret that nobody marked */
		kbi_wipe(entry->value, entry->size_bytes);
	free(entry->value);
	free(entry->name);
}

static kb_status
out_of_memory(struct kbi_map *map)
{
	map->has_failed = true;
	kbi_scarce();
	return KB_ENOMEM;
}

static void
free_entries(struct kbi_entry *entries, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free_entry(&entries[i]);
}

static bool
copy_entry(struct kbi_entry *to, const struct kbi_entry *from)
{
	*to = (struct kbi_entry){.size_bytes = from->size_bytes, .secret = from->secret};
	to->name = copy_bytes(from->name, strlen(from->name));
	to->value = copy_bytes(from->value, from->size_bytes);
	if (to->name && to->value)
		return true;
	free_entry(to);
	return false;
}

/* Before a map is changed: entries of its own, and room for one more. */
static bool
make_own(struct kbi_map *map, size_t room)
{
	struct block *old = block_of(map), *block = malloc(sizeof(*block) + room * sizeof(*block->entries));
	size_t count = 0;

	if (!block)
		return false;
	atomic_init(&block->refs, 1);
	while (count < map->count && copy_entry(&block->entries[count], &map->entries[count]))
		count++;
	if (count < map->count) {
		free_entries(block->entries, count);
		free(block);
		return false;
	}
	struct kbi_map shared = {.entries = old ? old->entries : NULL, .count = map->count};
	map->entries = block->entries;
	map->room = room;
	kbi_map_free(&shared);
	return true;
}

static bool
make_room(struct kbi_map *map)
{
	struct block *block = block_of(map);
	size_t room = map->count < map->room ? map->room : map->room ? map->room * 2 : ROOM_FIRST;

	if (!block || atomic_load(&block->refs) > 1)
		return make_own(map, room);
	if (room == map->room)
		return true;
	block = realloc(block, sizeof(*block) + room * sizeof(*block->entries));
	if (!block)
		return false;
	map->entries = block->entries;
	map->room = room;
	return true;
}

static kb_status
append(struct kbi_map *map, const char *name, const void *data, size_t size_bytes, bool secret)
{
	struct kbi_entry entry = {.size_bytes = size_bytes, .secret = secret};

	if (!name || (!data && size_bytes))
		return KB_EINVAL;
	entry.name = copy_bytes(name, strlen(name));
	entry.value = copy_bytes(data, size_bytes);
	if (!entry.name || !entry.value || !make_room(map)) {
		free_entry(&entry);
		return out_of_memory(map);
	}
	map->entries[map->count++] = entry;
	return KB_OK;
}

/* Removes the entries of this name from index `from` on. */
static void
remove_from(struct kbi_map *map, const char *name, size_t from)
{
	size_t to = from;

	for (size_t i = from; i < map->count; i++) {
		if (kbi_str_is(map->entries[i].name, name))
			free_entry(&map->entries[i]);
		else
			map->entries[to++] = map->entries[i];
	}
	map->count = to;
}

static size_t
index_of(const struct kbi_map *map, const char *name)
{
	size_t i = 0;

	while (i < map->count && !kbi_str_is(map->entries[i].name, name))
		i++;
	return i;
}

/* The new value is copied before the old ones go, so a map may be set from itself. It takes the place of the first old one. */
static kb_status
replace(struct kbi_map *map, const char *name, const void *data, size_t size_bytes, bool secret)
{
	kb_status status = append(map, name, data, size_bytes, secret);

	if (status)
		return status;
	size_t last = map->count - 1, place = index_of(map, name);
	if (place == last)
		return KB_OK;
	struct kbi_entry entry = map->entries[last];
	map->entries[last] = map->entries[place];
	map->entries[place] = entry;
	remove_from(map, entry.name, place + 1);
	return KB_OK;
}

kb_status
kbi_map_set_bytes(struct kbi_map *map, const char *name, const void *data, size_t size_bytes)
{
	return replace(map, name, data, size_bytes, false);
}

kb_status
kbi_map_set_secret(struct kbi_map *map, const char *name, const void *data, size_t size_bytes)
{
	return replace(map, name, data, size_bytes, true);
}

kb_status
kbi_map_set(struct kbi_map *map, const char *name, const char *value)
{
	return value ? replace(map, name, value, strlen(value), false) : KB_EINVAL;
}

kb_status
kbi_map_add_bytes(struct kbi_map *map, const char *name, const void *data, size_t size_bytes)
{
	return append(map, name, data, size_bytes, false);
}

kb_status
kbi_map_add(struct kbi_map *map, const char *name, const char *value)
{
	return value ? append(map, name, value, strlen(value), false) : KB_EINVAL;
}

kb_status
kbi_map_remove(struct kbi_map *map, const char *name)
{
	if (!name)
		return KB_EINVAL;
	if (!kbi_map_has(map, name))
		return KB_OK;
	if (!make_room(map))
		return out_of_memory(map);
	remove_from(map, name, 0);
	return KB_OK;
}

kb_status
kbi_map_copy(struct kbi_map *to, const struct kbi_map *from)
{
	size_t count = from->count;	/* a map may be copied into itself */
	struct block *block = block_of(from);

	if (block && count && !to->entries) {
		atomic_fetch_add(&block->refs, 1);
		to->entries = block->entries;
		to->count = count;
		to->room = from->room;
		return KB_OK;
	}
	for (size_t i = 0; i < count; i++) {
		const struct kbi_entry *entry = &from->entries[i];
		kb_status status = append(to, entry->name, entry->value, entry->size_bytes, entry->secret);
		if (status)
			return status;
	}
	return KB_OK;
}

const struct kbi_entry *
kbi_map_next(const struct kbi_map *map, const char *name, const struct kbi_entry *after)
{
	for (size_t i = after ? (size_t)(after - map->entries) + 1 : 0; i < map->count; i++)
		if (kbi_str_is(map->entries[i].name, name))
			return &map->entries[i];
	return NULL;
}

const struct kbi_entry *
kbi_map_find(const struct kbi_map *map, const char *name)
{
	return kbi_map_next(map, name, NULL);
}

const char *
kbi_map_get_or(const struct kbi_map *map, const char *name, const char *fallback)
{
	const struct kbi_entry *entry = kbi_map_find(map, name);

	return entry ? entry->value : fallback;
}

const char *
kbi_map_get(const struct kbi_map *map, const char *name)
{
	return kbi_map_get_or(map, name, NULL);
}

bool
kbi_map_has(const struct kbi_map *map, const char *name)
{
	return kbi_map_find(map, name);
}

bool
kbi_map_holds(const struct kbi_map *map, const char *name, const char *value)
{
	const struct kbi_entry *e = NULL;

	while ((e = kbi_map_next(map, name, e)))
		if (kbi_str_is(e->value, value))
			return true;
	return false;
}

size_t
kbi_map_count(const struct kbi_map *map, const char *name)
{
	size_t count = 0;

	for (const struct kbi_entry *e = kbi_map_find(map, name); e; e = kbi_map_next(map, name, e))
		count++;
	return count;
}

void
kbi_map_free(struct kbi_map *map)
{
	struct block *block = block_of(map);

	if (block && atomic_fetch_sub(&block->refs, 1) == 1) {
		free_entries(block->entries, map->count);
		free(block);
	}
	*map = (struct kbi_map){0};
}
