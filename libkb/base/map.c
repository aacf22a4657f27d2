/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define ROOM_FIRST 8

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
	return KB_ENOMEM;
}

static bool
make_room(struct kbi_map *map)
{
	if (map->count < map->room)
		return true;
	size_t room = map->room ? map->room * 2 : ROOM_FIRST;
	struct kbi_entry *entries = realloc(map->entries, room * sizeof(*entries));
	if (!entries)
		return false;
	map->entries = entries;
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
	remove_from(map, name, 0);
	return KB_OK;
}

kb_status
kbi_map_copy(struct kbi_map *to, const struct kbi_map *from)
{
	size_t count = from->count;	/* a map may be copied into itself */

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
	for (size_t i = 0; i < map->count; i++)
		free_entry(&map->entries[i]);
	free(map->entries);
	*map = (struct kbi_map){0};
}
