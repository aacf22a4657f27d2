/* SPDX-License-Identifier: Apache-2.0 */
/* The tree: memory, questions, making, merging. Recursion is as deep as a tree may be, KBI_YAML_DEPTH_MAX. */
#include "text/yaml.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"

#define CHUNK_BYTES ((size_t)32 << 10)

/* Nodes and texts live and die together, so they come from chunks that are freed as one. */
struct kbi_yaml_chunk {
	struct kbi_yaml_chunk *next;
	size_t room_bytes;
	size_t used_bytes;
	alignas(max_align_t) char data[];
};

static struct kbi_yaml_chunk *
new_chunk(struct kbi_yaml *yaml, size_t least_bytes)
{
	size_t room_bytes = least_bytes > CHUNK_BYTES / 4 ? least_bytes : CHUNK_BYTES;
	struct kbi_yaml_chunk *chunk = malloc(sizeof(*chunk) + room_bytes);

	if (!chunk)
		return NULL;
	chunk->room_bytes = room_bytes;
	chunk->used_bytes = 0;
	if (yaml->chunks && room_bytes != CHUNK_BYTES) {	/* a large text gets a chunk of its own, behind the one in use */
		chunk->next = yaml->chunks->next;
		yaml->chunks->next = chunk;
	} else {
		chunk->next = yaml->chunks;
		yaml->chunks = chunk;
	}
	return chunk;
}

static void *
allocate(struct kbi_yaml *yaml, size_t size_bytes, size_t alignment)
{
	struct kbi_yaml_chunk *chunk = yaml->chunks;
	size_t at = chunk ? (chunk->used_bytes + alignment - 1) / alignment * alignment : 0;

	if (!chunk || at > chunk->room_bytes || size_bytes > chunk->room_bytes - at) {
		chunk = new_chunk(yaml, size_bytes);
		at = 0;
	}
	if (!chunk)
		return NULL;
	chunk->used_bytes = at + size_bytes;
	return chunk->data + at;
}

char *
kbi_yaml_keep(struct kbi_yaml *yaml, const void *data, size_t size_bytes)
{
	char *copy = allocate(yaml, size_bytes + 1, 1);

	if (!copy)
		return NULL;
	if (size_bytes)
		memcpy(copy, data, size_bytes);
	copy[size_bytes] = '\0';
	return copy;
}

struct kbi_yaml_node *
kbi_yaml_new_node(struct kbi_yaml *yaml, enum kbi_yaml_kind kind)
{
	struct kbi_yaml_node *node = allocate(yaml, sizeof(*node), alignof(struct kbi_yaml_node));

	if (node)
		*node = (struct kbi_yaml_node){.kind = (uint8_t)kind, .text = ""};
	return node;
}

void
kbi_yaml_free(struct kbi_yaml *yaml)
{
	for (struct kbi_yaml_chunk *chunk = yaml->chunks, *next; chunk; chunk = next) {
		next = chunk->next;
		kbi_wipe(chunk->data, chunk->used_bytes);	/* a tree may hold a token, and cannot know */
		free(chunk);
	}
	*yaml = (struct kbi_yaml){0};
}

kb_status
kbi_yaml_fail(const struct kbi_yaml *yaml, const struct kbi_yaml_node *node, struct kb_err *err, kb_status code,
	const char *format, ...)
{
	struct kbi_buf what = KBI_BUF(KBI_SIZE_TEXT);
	const char *name = yaml->name ? yaml->name : "yaml";
	va_list args;

	va_start(args, format);
	kbi_buf_add_vformat(&what, format, args);
	va_end(args);
	if (node && node->line)
		kbi_fail(err, code, "%s:%u:%u: %s", name, node->line, node->column, kbi_buf_text(&what));
	else
		kbi_fail(err, code, "%s: %s", name, kbi_buf_text(&what));
	kbi_buf_free(&what);
	return code;
}

bool
kbi_yaml_is_map(const struct kbi_yaml_node *node)
{
	return node && node->kind == KBI_YAML_MAP;
}

bool
kbi_yaml_is_list(const struct kbi_yaml_node *node)
{
	return node && node->kind == KBI_YAML_LIST;
}

bool
kbi_yaml_is_scalar(const struct kbi_yaml_node *node)
{
	return node && node->kind == KBI_YAML_SCALAR;
}

bool
kbi_yaml_is_null(const struct kbi_yaml_node *node)
{
	static const char *const words[] = {"", "~", "null", "Null", "NULL"};

	if (!node)
		return true;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (node->kind == KBI_YAML_SCALAR && node->style == KBI_YAML_PLAIN && kbi_str_is(node->text, words[i]))
			return true;
	return false;
}

const char *
kbi_yaml_text(const struct kbi_yaml_node *scalar)
{
	return kbi_yaml_is_scalar(scalar) ? scalar->text : NULL;
}

static struct kbi_yaml_node *
get_bytes(const struct kbi_yaml_node *map, const char *key, size_t key_bytes)
{
	if (!kbi_yaml_is_map(map))
		return NULL;
	for (struct kbi_yaml_node *node = map->first; node; node = node->next)
		if (node->key->text_bytes == key_bytes && memcmp(node->key->text, key, key_bytes) == 0)
			return node;
	return NULL;
}

struct kbi_yaml_node *
kbi_yaml_get(const struct kbi_yaml_node *map, const char *key)
{
	return get_bytes(map, key, strlen(key));
}

struct kbi_yaml_node *
kbi_yaml_at(const struct kbi_yaml_node *list, size_t index)
{
	struct kbi_yaml_node *node = kbi_yaml_is_list(list) ? list->first : NULL;

	for (; node && index; index--)
		node = node->next;
	return node;
}

struct kbi_yaml_node *
kbi_yaml_path(const struct kbi_yaml_node *node, const char *path)
{
	struct kbi_yaml_node *found = NULL;

	while (*path) {
		size_t length = strcspn(path, ".[");
		found = *path == '[' ? kbi_yaml_at(node, strtoul(path + 1, NULL, 10)) : get_bytes(node, path, length);
		path += *path == '[' ? strcspn(path, "]") + 1 : length;
		path += *path == '.';
		node = found;
	}
	return found;
}

void
kbi_yaml_append(struct kbi_yaml_node *parent, struct kbi_yaml_node *child)
{
	child->next = NULL;
	if (parent->last)
		parent->last->next = child;
	else
		parent->first = child;
	parent->last = child;
	parent->count++;
}

struct kbi_yaml_node *
kbi_yaml_new_map(struct kbi_yaml *yaml)
{
	return kbi_yaml_new_node(yaml, KBI_YAML_MAP);
}

struct kbi_yaml_node *
kbi_yaml_new_list(struct kbi_yaml *yaml)
{
	return kbi_yaml_new_node(yaml, KBI_YAML_LIST);
}

struct kbi_yaml_node *
kbi_yaml_new_plain(struct kbi_yaml *yaml, const char *text)
{
	struct kbi_yaml_node *node = text ? kbi_yaml_new_node(yaml, KBI_YAML_SCALAR) : NULL;
	char *copy = node ? kbi_yaml_keep(yaml, text, strlen(text)) : NULL;

	if (!copy)
		return NULL;
	node->text = copy;
	node->text_bytes = (uint32_t)strlen(text);
	return node;
}

struct kbi_yaml_node *
kbi_yaml_new_string(struct kbi_yaml *yaml, const char *text)
{
	struct kbi_yaml_node *node = kbi_yaml_new_plain(yaml, text);

	if (node)
		node->style = KBI_YAML_DOUBLE;
	return node;
}

struct kbi_yaml_node *
kbi_yaml_set(struct kbi_yaml *yaml, struct kbi_yaml_node *map, const char *key, struct kbi_yaml_node *value)
{
	if (!map || !value)
		return NULL;
	struct kbi_yaml_node *old = kbi_yaml_get(map, key);
	value->key = old ? old->key : kbi_yaml_new_string(yaml, key);
	if (!value->key)
		return NULL;
	if (!old) {
		kbi_yaml_append(map, value);
		return value;
	}
	value->next = old->next;	/* takes over the place: what points to `old` stays right */
	*old = *value;
	return old;
}

struct kbi_yaml_node *
kbi_yaml_add(struct kbi_yaml_node *list, struct kbi_yaml_node *item)
{
	if (!list || !item)
		return NULL;
	kbi_yaml_append(list, item);
	return item;
}

struct kbi_yaml_node *
kbi_yaml_add_document(struct kbi_yaml *yaml, struct kbi_yaml_node *root)
{
	if (!root)
		return NULL;
	root->next = NULL;
	if (yaml->last)
		yaml->last->next = root;
	else
		yaml->first = root;
	yaml->last = root;
	yaml->count++;
	return root;
}

static struct kbi_yaml_node *
copy_scalar(struct kbi_yaml *yaml, const struct kbi_yaml_node *from)
{
	struct kbi_yaml_node *node = kbi_yaml_new_plain(yaml, from->text);

	if (node)
		node->style = from->style;
	return node;
}

struct kbi_yaml_node *
kbi_yaml_copy(struct kbi_yaml *yaml, const struct kbi_yaml_node *from)
{
	if (!from || from->kind == KBI_YAML_SCALAR)
		return from ? copy_scalar(yaml, from) : NULL;
	struct kbi_yaml_node *node = kbi_yaml_new_node(yaml, from->kind);
	for (const struct kbi_yaml_node *child = from->first; node && child; child = child->next) {
		struct kbi_yaml_node *copy = kbi_yaml_copy(yaml, child);
		if (!copy)
			return NULL;
		if (child->key && !(copy->key = copy_scalar(yaml, child->key)))
			return NULL;
		kbi_yaml_append(node, copy);
	}
	return node;
}

static int
compare_members(const void *a, const void *b)
{
	const struct kbi_yaml_node *one = (*(struct kbi_yaml_node *const *)a)->key,
		*two = (*(struct kbi_yaml_node *const *)b)->key;
	int order = strcmp(one->text, two->text);

	return order ? order : (one->begin > two->begin) - (one->begin < two->begin);
}

struct kbi_yaml_node **
kbi_yaml_sorted(const struct kbi_yaml_node *map)
{
	struct kbi_yaml_node **members = calloc((size_t)map->count + 1, sizeof(struct kbi_yaml_node *));
	size_t count = 0;

	if (!members)
		return NULL;
	for (struct kbi_yaml_node *node = map->first; node; node = node->next)
		members[count++] = node;
	qsort(members, count, sizeof(*members), compare_members);
	return members;
}

static struct kbi_yaml_node *
find_sorted(struct kbi_yaml_node *const *members, size_t count, const char *key)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(key, members[middle]->key->text);
		if (!order)
			return members[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

static bool
merge_member(struct kbi_yaml *yaml, struct kbi_yaml_node *into, struct kbi_yaml_node *old,
	const struct kbi_yaml_node *member)
{
	struct kbi_yaml_node *copy = kbi_yaml_copy(yaml, member);

	if (!copy)
		return false;
	copy->key = old ? old->key : copy_scalar(yaml, member->key);
	if (!copy->key)
		return false;
	if (old) {
		copy->next = old->next;
		*old = *copy;
	} else {
		kbi_yaml_append(into, copy);
	}
	return true;
}

kb_status
kbi_yaml_merge(struct kbi_yaml *yaml, struct kbi_yaml_node *into, const struct kbi_yaml_node *from,
	struct kb_err *err)
{
	size_t count = into->count;
	struct kbi_yaml_node **members = kbi_yaml_sorted(into);
	kb_status status = members ? KB_OK : kbi_fail_memory(err);

	for (const struct kbi_yaml_node *member = from->first; member && !status; member = member->next) {
		struct kbi_yaml_node *old = find_sorted(members, count, member->key->text);
		if (kbi_yaml_is_map(old) && kbi_yaml_is_map(member))
			status = kbi_yaml_merge(yaml, old, member, err);
		else if (!merge_member(yaml, into, old, member))
			status = kbi_fail_memory(err);
	}
	free(members);
	return status;
}
