/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <time.h>

/* A claim may call the library ten times; sanitizers and counting of branches cost up to twenty times the plain run. The library's own
 * bound is 100 ms a call, and the unit tests hold it to that. */
#if defined(__SANITIZE_ADDRESS__)
#define BOUND_MS 20000
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define BOUND_MS 20000
#endif
#endif
#ifndef BOUND_MS
#define BOUND_MS 1000
#endif
#define LARGE_BYTES ((size_t)1 << 20)
#define LARGE_ONE_IN 2048

kb_ctx *
fuzz_ctx(void)
{
	static kb_ctx *kb;

	if (!kb)
		kb = kb_new();
	FUZZ_CHECK(kb);
	return kb;
}

unsigned
fuzz_byte(const char **data, size_t *size_bytes)
{
	if (!*size_bytes)
		return 0;
	--*size_bytes;
	return (unsigned char)*(*data)++;
}

char *
fuzz_take(const char **data, size_t *size_bytes, size_t *part_bytes)
{
	const char *end = memmem(*data, *size_bytes, "\n%%\n", 4);
	size_t length = end ? (size_t)(end - *data) + 1 : *size_bytes;
	char *part = malloc(length + 1);

	FUZZ_CHECK(part);
	memcpy(part, *data, length);
	part[length] = '\0';
	if (part_bytes)
		*part_bytes = length;
	*data += end ? length + 3 : length;
	*size_bytes -= end ? length + 3 : length;
	return part;
}

struct fuzz_common
fuzz_common(const char *a, size_t a_bytes, const char *b, size_t b_bytes)
{
	struct fuzz_common common = {0};
	size_t most = a_bytes < b_bytes ? a_bytes : b_bytes;

	while (common.front < most && a[common.front] == b[common.front])
		common.front++;
	while (common.back < most - common.front && a[a_bytes - 1 - common.back] == b[b_bytes - 1 - common.back])
		common.back++;
	return common;
}

bool
fuzz_bytes_are(const kb_bytes *bytes, const char *data, size_t size_bytes)
{
	return bytes && kb_bytes_size(bytes) == size_bytes && (!size_bytes || memcmp(kb_bytes_data(bytes), data, size_bytes) == 0);
}

void
fuzz_check_same(const struct kbi_buf *a, const struct kbi_buf *b)
{
	if (a->size_bytes != b->size_bytes || memcmp(kbi_buf_text(a), kbi_buf_text(b), a->size_bytes) != 0) {
		fprintf(stderr, "--- first\n%s\n--- second\n%s\n", kbi_buf_text(a), kbi_buf_text(b));
		abort();
	}
}

void
fuzz_check_maps(const struct kbi_map *a, const struct kbi_map *b)
{
	FUZZ_CHECK(a->count == b->count);
	for (size_t i = 0; i < a->count; i++) {
		const struct kbi_entry *x = &a->entries[i], *y = &b->entries[i];
		FUZZ_CHECK(strcmp(x->name, y->name) == 0);
		FUZZ_CHECK(x->size_bytes == y->size_bytes && memcmp(x->value, y->value, x->size_bytes) == 0);
	}
}

/* Time of this thread alone: others may have the machine. */
static int64_t
cpu_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
fuzz_in_time(const char *data, size_t size_bytes)
{
	int64_t began_ms = cpu_ms();

	fuzz(data, size_bytes);
	int64_t took_ms = cpu_ms() - began_ms;
	if (took_ms > BOUND_MS) {
		fprintf(stderr, "%zu bytes took %lld ms\n", size_bytes, (long long)took_ms);
		abort();
	}
}

/* FNV-1a: which inputs are asked again in large depends on them alone, so that a finding can be repeated. */
static bool
is_asked_in_large(const uint8_t *data, size_t size_bytes)
{
	uint64_t hash = 14695981039346656037U;

	for (size_t i = 0; i < size_bytes; i++)
		hash = (hash ^ data[i]) * 1099511628211U;
	return size_bytes > 1 && (hash >> 20) % LARGE_ONE_IN == 0;
}

/* The second half over and over: its first half often is what makes the rest be read at all. */
static void
fuzz_in_large(const char *data, size_t size_bytes)
{
	size_t tail = size_bytes - size_bytes / 2, large = size_bytes;
	char *copy = malloc(LARGE_BYTES + 1);

	FUZZ_CHECK(copy);
	memcpy(copy, data, size_bytes);
	for (; large + tail <= LARGE_BYTES; large += tail)
		memcpy(copy + large, data + size_bytes - tail, tail);
	copy[large] = '\0';
	fuzz_in_time(copy, large);
	free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
	char *copy = malloc(size_bytes + 1);

	FUZZ_CHECK(copy);
	if (size_bytes)
		memcpy(copy, data, size_bytes);
	copy[size_bytes] = '\0';
	fuzz_in_time(copy, size_bytes);
	if (size_bytes <= LARGE_BYTES && is_asked_in_large(data, size_bytes))
		fuzz_in_large(copy, size_bytes);
	free(copy);
	return 0;
}
