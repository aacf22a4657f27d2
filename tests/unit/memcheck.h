/* SPDX-License-Identifier: Apache-2.0 */
/* Is this valgrind's memcheck? tests/valgrind/run.sh says so. All is fifty times as slow there, and one thread runs at a time. */
#ifndef KB_TEST_MEMCHECK_H
#define KB_TEST_MEMCHECK_H

#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>

static inline bool
is_memcheck(void)
{
	return getenv("KB_MEMCHECK") != NULL;
}

/* The exit status of a forked child; -1: it was killed. Memcheck ends it with 99 for what only threads hold that stayed with the parent. */
static inline int
child_status(int status)
{
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	return is_memcheck() && code == 99 ? 0 : code;
}

#endif
