/* SPDX-License-Identifier: Apache-2.0 */
/* What unit tests share: cmocka in the right order, files of tests/data, bounds of time and memory. */
#ifndef KB_TEST_UNIT_H
#define KB_TEST_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include <cmocka.h>

#include <kb/error.h>
#include <kb/loop.h>

#include "base/buf.h"
#include "memcheck.h"

#define MIB ((size_t)1 << 20)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#if defined(__SANITIZE_ADDRESS__)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IS_SANITIZED 1
#endif
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED 0
#endif

/* The bound of every text function is 100 ms for 1 MiB; sanitizers cost up to ten times that. Memcheck costs fifty times that, and gets a
 * sixteenth of the text. */
#define LARGE (is_memcheck() ? MIB / 16 : MIB)
#define BOUND_MS (IS_SANITIZED || is_memcheck() ? 2000.0 : 100.0)
#define BOUND_BYTES (64 * MIB)

/* Group setup: one context for all tests of a file. */
static inline int
unit_make_context(void **state)
{
	*state = kb_new();
	return !*state;
}

static inline int
unit_free_context(void **state)
{
	kb_free(*state);
	return 0;
}

static inline void
unit_check_cause(kb_ctx *kb, const char *cause)
{
	kb_err *err = kb_error(kb);

	assert_non_null(err);
	assert_string_equal(kb_err_cause(err), cause);
	kb_err_free(err);
}

/* Takes bytes that must be this text, and frees them. */
static inline void
unit_check_bytes(kb_bytes *bytes, const char *want)
{
	assert_non_null(bytes);
	assert_string_equal((const char *)kb_bytes_data(bytes), want);
	assert_int_equal(kb_bytes_size(bytes), strlen(want));
	kb_bytes_free(bytes);
}

struct unit_file {
	char *data;
	size_t size_bytes;
};

/* A file of tests/data. The test fails when it is not there. */
static inline struct unit_file
unit_read(const char *path)
{
	struct unit_file file = {0};
	char full[512];

	snprintf(full, sizeof(full), "%s/%s", TEST_DATA, path);
	FILE *f = fopen(full, "rb");
	if (!f)
		fail_msg("%s cannot be opened", full);
	fseek(f, 0, SEEK_END);
	file.size_bytes = (size_t)ftell(f);
	rewind(f);
	file.data = malloc(file.size_bytes + 1);
	assert_non_null(file.data);
	assert_int_equal(fread(file.data, 1, file.size_bytes, f), file.size_bytes);
	file.data[file.size_bytes] = '\0';
	fclose(f);
	return file;
}

/* A text that repeats a unit until it has size_bytes. */
static inline char *
unit_repeat(const char *unit, size_t size_bytes)
{
	size_t length = strlen(unit);
	char *text = malloc(size_bytes + 1);

	assert_non_null(text);
	for (size_t i = 0; i < size_bytes; i++)
		text[i] = unit[i % length];
	text[size_bytes] = '\0';
	return text;
}

static inline double
unit_cpu_ms(void)
{
	return (double)clock() * 1000.0 / CLOCKS_PER_SEC;
}

/* How long a fixed piece of work takes: memory taken, filled and given back, as a parser does. */
static inline double
unit_reference_ms(void)
{
	enum { COUNT_OF_BLOCKS = 200000 };
	char **blocks = malloc(COUNT_OF_BLOCKS * sizeof(char *));
	double before = unit_cpu_ms();

	assert_non_null(blocks);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < COUNT_OF_BLOCKS; i++) {
			blocks[i] = malloc((size_t)(16 + i % 64));
			assert_non_null(blocks[i]);
			memset(blocks[i], i, (size_t)(16 + i % 64));
		}
		for (int i = 0; i < COUNT_OF_BLOCKS; i++)
			free(blocks[i]);
	}
	double ms = unit_cpu_ms() - before;
	free(blocks);
	return ms;
}

/* Is this within `factor` times the bound? The bound is for a machine of 2020 with nothing else to do, where the reference work takes
 * 12 ms: a slower or busier one is given as much more as it needs for that. */
static inline int
unit_is_in_time(double ms, double factor)
{
	double slowest = 12.0;

	if (ms <= factor * BOUND_MS)
		return 1;
	for (int i = 0; i < 5; i++) {
		double now = unit_reference_ms();
		slowest = now > slowest ? now : slowest;
	}
	return ms <= factor * BOUND_MS * slowest / 12.0;
}

/* Bounds the memory that may be had from here on; unit_unbound() lifts it. Sanitizers map terabytes, so they go without, as memcheck does. */
static inline struct rlimit
unit_bound_memory(size_t more_bytes)
{
	struct rlimit old, limit;
	size_t pages = 0;

	getrlimit(RLIMIT_AS, &old);
	FILE *f = fopen("/proc/self/statm", "r");
	if (!f || fscanf(f, "%zu", &pages) != 1)
		fail_msg("/proc/self/statm cannot be read");
	fclose(f);
	limit = old;
	limit.rlim_cur = pages * 4096 + more_bytes;
	if (!IS_SANITIZED && !is_memcheck())
		setrlimit(RLIMIT_AS, &limit);
	return old;
}

static inline void
unit_unbound_memory(struct rlimit old)
{
	setrlimit(RLIMIT_AS, &old);
}

#endif
