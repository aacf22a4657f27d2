/* SPDX-License-Identifier: Apache-2.0 */
#include "base/secrets.h"

#include <ctype.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret_forms.h"
#include "base/str.h"

#define KEY_BYTES 4		/* patterns are found by their first bytes */
#define BUCKETS 1024
#define CUT_BYTES ((size_t)4000)	/* texts of errors are cut a little above this */

struct pattern {
	struct pattern *next;	/* in its bucket */
	struct pattern *of_same;	/* secret */
	size_t size_bytes;
	char data[];
};

struct secret {
	struct secret *next;
	size_t refs;
	struct kbi_buf value;
	bool is_document;
	struct pattern *patterns;
};

struct kbi_secrets {
	pthread_mutex_t lock;
	struct secret *values[BUCKETS];
	struct pattern *patterns[BUCKETS];
	struct pattern *shorts;		/* shorter than KEY_BYTES */
	size_t longest;
	bool is_empty;
};

struct kbi_secrets *
kbi_secrets_new(void)
{
	struct kbi_secrets *secrets = calloc(1, sizeof(*secrets));

	if (!secrets)
		return NULL;
	if (pthread_mutex_init(&secrets->lock, NULL)) {
		free(secrets);
		return NULL;
	}
	secrets->is_empty = true;
	return secrets;
}

static size_t
hash(const char *data, size_t size_bytes)	/* FNV-1a */
{
	uint32_t h = 2166136261U;

	for (size_t i = 0; i < size_bytes; i++)
		h = (h ^ (unsigned char)data[i]) * 16777619U;
	return (h ^ (h >> 16)) % BUCKETS;
}

static struct pattern **
chain_of(struct kbi_secrets *secrets, const char *data, size_t size_bytes)
{
	return size_bytes < KEY_BYTES ? &secrets->shorts : &secrets->patterns[hash(data, KEY_BYTES)];
}

struct adding {
	struct kbi_secrets *secrets;
	struct secret *secret;
	bool has_failed;
};

static void
add_pattern(void *owner, const char *data, size_t size_bytes)
{
	struct adding *adding = owner;
	struct pattern *p = malloc(sizeof(*p) + size_bytes);

	if (!p) {
		adding->has_failed = true;
		return;
	}
	struct pattern **chain = chain_of(adding->secrets, data, size_bytes);
	memcpy(p->data, data, size_bytes);
	p->size_bytes = size_bytes;
	p->next = *chain;
	*chain = p;
	p->of_same = adding->secret->patterns;
	adding->secret->patterns = p;
	if (size_bytes > adding->secrets->longest)
		adding->secrets->longest = size_bytes;
}

static void
free_secret(struct kbi_secrets *secrets, struct secret *secret)
{
	struct pattern *p;

	while ((p = secret->patterns)) {
		struct pattern **at = chain_of(secrets, p->data, p->size_bytes);
		while (*at != p)
			at = &(*at)->next;
		*at = p->next;
		secret->patterns = p->of_same;
		kbi_wipe(p->data, p->size_bytes);
		free(p);
	}
	kbi_buf_free(&secret->value);
	free(secret);
}

/* Where it is linked in, or would be. */
static struct secret **
find(struct kbi_secrets *secrets, const void *data, size_t size_bytes)
{
	struct secret **at = &secrets->values[hash(data, size_bytes)];

	while (*at && ((*at)->value.size_bytes != size_bytes || memcmp((*at)->value.data, data, size_bytes) != 0))
		at = &(*at)->next;
	return at;
}

static kb_status
add_new(struct kbi_secrets *secrets, struct secret **at, const void *data, size_t size_bytes, bool is_document)
{
	struct secret *secret = calloc(1, sizeof(*secret));
	struct adding adding = {.secrets = secrets, .secret = secret};

	if (!secret)
		return KB_ENOMEM;
	secret->refs = 1;
	secret->is_document = is_document;
	secret->value = KBI_BUF(size_bytes);
	secret->value.secret = true;
	kbi_buf_add_bytes(&secret->value, data, size_bytes);
	if (!kbi_buf_failed(&secret->value))
		adding.has_failed = kbi_secret_forms(data, size_bytes, is_document, add_pattern, &adding) || adding.has_failed;
	if (kbi_buf_failed(&secret->value) || adding.has_failed) {
		free_secret(secrets, secret);
		return KB_ENOMEM;
	}
	secret->next = *at;
	*at = secret;
	secrets->is_empty = false;
	return KB_OK;
}

static kb_status
add(struct kbi_secrets *secrets, const void *data, size_t size_bytes, bool is_document)
{
	kb_status status = KB_OK;

	if (!secrets || !data || !size_bytes)
		return KB_OK;
	pthread_mutex_lock(&secrets->lock);
	struct secret **at = find(secrets, data, size_bytes);
	if (*at)
		(*at)->refs++;
	else
		status = add_new(secrets, at, data, size_bytes, is_document);
	pthread_mutex_unlock(&secrets->lock);
	return status;
}

kb_status
kbi_secrets_add(struct kbi_secrets *secrets, const void *data, size_t size_bytes)
{
	return add(secrets, data, size_bytes, false);
}

kb_status
kbi_secrets_add_document(struct kbi_secrets *secrets, const void *data, size_t size_bytes)
{
	return add(secrets, data, size_bytes, data && size_bytes && memchr(data, '\n', size_bytes));
}

void
kbi_secrets_drop(struct kbi_secrets *secrets, const void *data, size_t size_bytes)
{
	if (!secrets || !data || !size_bytes)
		return;
	pthread_mutex_lock(&secrets->lock);
	struct secret **at = find(secrets, data, size_bytes), *secret = *at;
	if (secret && --secret->refs == 0) {
		*at = secret->next;
		free_secret(secrets, secret);
	}
	pthread_mutex_unlock(&secrets->lock);
}

kb_status
kbi_secrets_add_map(struct kbi_secrets *secrets, const struct kbi_map *map)
{
	kb_status status = KB_OK;

	for (size_t i = 0; i < map->count && !status; i++)
		if (map->entries[i].secret)
			status = kbi_secrets_add(secrets, map->entries[i].value, map->entries[i].size_bytes);
	return status;
}

void
kbi_secrets_drop_map(struct kbi_secrets *secrets, const struct kbi_map *map)
{
	for (size_t i = 0; i < map->count; i++)
		if (map->entries[i].secret)
			kbi_secrets_drop(secrets, map->entries[i].value, map->entries[i].size_bytes);
}

void
kbi_secrets_free(struct kbi_secrets *secrets)
{
	if (!secrets)
		return;
	for (size_t i = 0; i < BUCKETS; i++) {
		struct secret *secret;
		while ((secret = secrets->values[i])) {
			secrets->values[i] = secret->next;
			free_secret(secrets, secret);
		}
	}
	pthread_mutex_destroy(&secrets->lock);
	free(secrets);
}

/* -- masking. The lock is held. */

static bool
is_word_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static size_t
match_short(const struct kbi_secrets *secrets, const char *data, size_t size_bytes, size_t at)
{
	size_t best = 0;

	if (at > 0 && is_word_char(data[at - 1]))
		return 0;
	for (const struct pattern *p = secrets->shorts; p; p = p->next) {
		bool fits = p->size_bytes <= size_bytes - at && memcmp(p->data, data + at, p->size_bytes) == 0;
		size_t end = at + p->size_bytes;
		if (fits && (end == size_bytes || !is_word_char(data[end])) && p->size_bytes > best)
			best = p->size_bytes;
	}
	return best;
}

/* How long the longest secret is that stands there, 0 when none does. */
static size_t
match(const struct kbi_secrets *secrets, const char *data, size_t size_bytes, size_t at)
{
	size_t best = secrets->shorts ? match_short(secrets, data, size_bytes, at) : 0;

	if (size_bytes - at < KEY_BYTES)
		return best;
	for (const struct pattern *p = secrets->patterns[hash(data + at, KEY_BYTES)]; p; p = p->next)
		if (p->size_bytes > best && p->size_bytes <= size_bytes - at && memcmp(p->data, data + at, p->size_bytes) == 0)
			best = p->size_bytes;
	return best;
}

static void
add_mask(struct kbi_buf *out, const char *data, size_t size_bytes, bool is_blank)
{
	if (!is_blank)
		kbi_buf_add(out, KBI_MASK);
	for (size_t i = 0; is_blank && i < size_bytes; i++)
		kbi_buf_add_char(out, isalnum((unsigned char)data[i]) ? '0' : data[i]);
}

/* Takes what begins before ready_bytes. Returns how much that was: a secret that begins there is taken whole. */
static size_t
mask_until(const struct kbi_secrets *secrets, const char *data, size_t size_bytes, size_t ready_bytes, bool is_blank,
	struct kbi_buf *out)
{
	size_t plain = 0, at = 0;

	while (at < ready_bytes) {
		size_t count = match(secrets, data, size_bytes, at);
		if (!count) {
			at++;
			continue;
		}
		kbi_buf_add_bytes(out, data + plain, at - plain);
		add_mask(out, data + at, count, is_blank);
		plain = at += count;
	}
	kbi_buf_add_bytes(out, data + plain, at - plain);
	return at;
}

static bool
mask(const struct kbi_secrets *secrets, const char *data, size_t size_bytes, struct kbi_buf *out)
{
	size_t before = out->size_bytes;

	mask_until(secrets, data, size_bytes, size_bytes, false, out);
	return out->size_bytes - before != size_bytes || memcmp(out->data + before, data, size_bytes) != 0;
}

static bool
begins_one(const struct pattern *chain, const char *data, size_t size_bytes)
{
	for (const struct pattern *p = chain; p; p = p->next)
		if (p->size_bytes > size_bytes && memcmp(p->data, data, size_bytes) == 0)
			return true;
	return false;
}

static bool
may_begin(const struct kbi_secrets *secrets, const char *data, size_t size_bytes)
{
	if (size_bytes >= KEY_BYTES)
		return begins_one(secrets->patterns[hash(data, KEY_BYTES)], data, size_bytes);
	for (size_t i = 0; i < BUCKETS; i++)
		if (begins_one(secrets->patterns[i], data, size_bytes))
			return true;
	return false;
}

/* How many of the last bytes may be the beginning of a secret. A short one needs to see what is behind it. */
static size_t
open_end(const struct kbi_secrets *secrets, const char *data, size_t size_bytes)
{
	size_t most = secrets->longest < size_bytes ? secrets->longest : size_bytes;

	for (size_t count = most; count > 0; count--)
		if (may_begin(secrets, data + size_bytes - count, count))
			return count;
	if (!secrets->shorts)
		return 0;
	size_t word = 0;
	while (word < KEY_BYTES && word < size_bytes && is_word_char(data[size_bytes - 1 - word]))
		word++;
	return word < KEY_BYTES ? word : 0;
}

bool
kbi_secrets_mask(struct kbi_secrets *secrets, const char *data, size_t size_bytes, struct kbi_buf *out)
{
	bool has_masked = false;

	if (!secrets || secrets->is_empty || !size_bytes) {
		kbi_buf_add_bytes(out, data, size_bytes);
		return false;
	}
	pthread_mutex_lock(&secrets->lock);
	has_masked = mask(secrets, data, size_bytes, out);
	pthread_mutex_unlock(&secrets->lock);
	return has_masked;
}

void
kbi_secrets_blank(struct kbi_secrets *secrets, const char *data, size_t size_bytes, struct kbi_buf *out)
{
	if (!secrets || secrets->is_empty) {
		kbi_buf_add_bytes(out, data, size_bytes);
		return;
	}
	pthread_mutex_lock(&secrets->lock);
	mask_until(secrets, data, size_bytes, size_bytes, true, out);
	pthread_mutex_unlock(&secrets->lock);
}

void
kbi_secrets_mask_string(struct kbi_secrets *secrets, char **text)
{
	if (!secrets || secrets->is_empty || !kbi_str_is_set(*text))
		return;
	size_t size_bytes = strlen(*text), cut = 0;
	struct kbi_buf out = KBI_BUF(2 * size_bytes + KBI_SIZE_TEXT);

	pthread_mutex_lock(&secrets->lock);
	if (size_bytes >= CUT_BYTES)
		cut = open_end(secrets, *text, size_bytes);
	bool has_masked = mask(secrets, *text, size_bytes - cut, &out);
	pthread_mutex_unlock(&secrets->lock);
	if (cut)
		kbi_buf_add(&out, KBI_MASK);
	if (has_masked || cut) {
		kbi_wipe(*text, size_bytes);
		char *masked = kbi_buf_take(&out);
		if (masked) {
			free(*text);
			*text = masked;
		}
	}
	kbi_buf_free(&out);
}

/* Everything up to where a secret may begin that is not there yet. A secret that is wholly there and could go on as a longer
 * one waits too. */
void
kbi_mask_stream_add(struct kbi_mask_stream *stream, struct kbi_secrets *secrets, const char *data, size_t size_bytes,
	struct kbi_buf *out)
{
	if (!stream->held.size_bytes && (!secrets || secrets->is_empty)) {
		kbi_buf_add_bytes(out, data, size_bytes);
		return;
	}
	kbi_buf_add_bytes(&stream->held, data, size_bytes);
	const char *text = kbi_buf_text(&stream->held);
	size_t all = stream->held.size_bytes;
	pthread_mutex_lock(&secrets->lock);
	size_t taken = mask_until(secrets, text, all, all - open_end(secrets, text, all), false, out);
	pthread_mutex_unlock(&secrets->lock);
	kbi_buf_drop_front(&stream->held, taken);
}

void
kbi_mask_stream_end(struct kbi_mask_stream *stream, struct kbi_secrets *secrets, struct kbi_buf *out)
{
	if (stream->held.size_bytes)
		kbi_secrets_mask(secrets, stream->held.data, stream->held.size_bytes, out);
	kbi_buf_free(&stream->held);
	*stream = KBI_MASK_STREAM;
}
