/* SPDX-License-Identifier: Apache-2.0 */
/* A long run (tests/run.sh --long) tells each test so in KB_LONG: the same code with larger numbers. */
#ifndef KB_TEST_LONG_H
#define KB_TEST_LONG_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static inline bool
is_long_run(void)
{
	const char *word = getenv("KB_LONG");
	return word && *word && strcmp(word, "0") != 0 && strcmp(word, "OFF") != 0;
}

#endif
