/* SPDX-License-Identifier: Apache-2.0 */
/* What these tests share: cmocka in the right order, a loop that is turned until something is true, scratch
 * folders. */
#ifndef KB_TEST_TURN_H
#define KB_TEST_TURN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "loop.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PATIENCE_MS 30000

static inline int
make_loop(void **state)
{
	*state = kbi_loop_new();
	return !*state;
}

static inline int
free_loop(void **state)
{
	kbi_loop_free(*state);
	return 0;
}

static inline bool
is_readable(struct kbi_loop *loop, int timeout_ms)
{
	struct pollfd fd = {.fd = kbi_loop_fd(loop), .events = POLLIN};

	return poll(&fd, 1, timeout_ms) == 1;
}

/* Turns the loop until *flag, as an embedder would. False when the time is up. */
static inline bool
turn_until(struct kbi_loop *loop, const bool *flag, int64_t timeout_ms)
{
	int64_t deadline_ms = kbi_clock_ms() + timeout_ms;

	while (!*flag && kbi_clock_ms() < deadline_ms) {
		is_readable(loop, (int)(deadline_ms - kbi_clock_ms()));
		assert_int_equal(kbi_loop_dispatch(loop), KB_OK);
	}
	return *flag;
}

static inline void
turn_for(struct kbi_loop *loop, int64_t time_ms)
{
	bool never = false;

	turn_until(loop, &never, time_ms);
}

static inline char *
make_folder(void)
{
	char *path = strdup("/tmp/kb-test-XXXXXX");

	assert_non_null(path);
	assert_non_null(mkdtemp(path));
	return path;
}

static inline int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void
remove_folder(char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(path);
}

static inline void
write_file(const char *path, const void *data, size_t size_bytes, mode_t mode)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, size_bytes, f), size_bytes);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
}

/* Runs a command line of the test's own making; returns what it printed, to be freed. */
static inline char *
run(const char *format, ...)
{
	char command[4096], *text = NULL;
	size_t size_bytes = 0, room = 0;
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	FILE *f = popen(command, "r");
	assert_non_null(f);
	do {
		if (size_bytes + 4097 > room) {
			room = room * 2 + 8192;
			text = realloc(text, room);
			assert_non_null(text);
		}
		size_bytes += fread(text + size_bytes, 1, room - size_bytes - 1, f);
	} while (!feof(f));
	text[size_bytes] = '\0';
	pclose(f);
	return text;
}

#endif
