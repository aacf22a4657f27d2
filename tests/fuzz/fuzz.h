/* SPDX-License-Identifier: Apache-2.0 */
/* What harnesses share. One is fuzz_NOUN.c with fuzz(); its seeds are the files of corpus/NOUN. It claims what must hold for any input,
 * not only that nothing crashes. Each input has a bound of time; some, chosen by their bytes, are doubled up to 1 MiB and asked again. */
#ifndef KB_TEST_FUZZ_H
#define KB_TEST_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <kb/error.h>
#include <kb/loop.h>
#include <kb/text.h>

#include "base/buf.h"
#include "base/map.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

/* The harness. data has a NUL behind it that is not counted. */
void fuzz(const char *data, size_t size_bytes);

/* A claim that does not hold ends the program, as a crash does. */
#define FUZZ_CHECK(claim)                                                                                          \
	do {                                                                                                       \
		if (!(claim)) {                                                                                    \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #claim);                  \
			abort();                                                                                   \
		}                                                                                                  \
	} while (0)

kb_ctx *fuzz_ctx(void);			/* one for all inputs */
unsigned fuzz_byte(const char **data, size_t *size_bytes);	/* takes the first one; 0 when there is none */

/* An input of several texts: each ends at a line "%%". Takes the next one, ended by a NUL: freed by the caller. What is behind a NUL of its
 * own is lost to those who read it as a string. The last part may be empty. */
char *fuzz_take(const char **data, size_t *size_bytes, size_t *part_bytes);

/* How much of two texts is the same from the front, and then from the back, the front left out. */
struct fuzz_common {
	size_t front;
	size_t back;
};

struct fuzz_common fuzz_common(const char *a, size_t a_bytes, const char *b, size_t b_bytes);
bool fuzz_bytes_are(const kb_bytes *bytes, const char *data, size_t size_bytes);
void fuzz_check_same(const struct kbi_buf *a, const struct kbi_buf *b);
void fuzz_check_maps(const struct kbi_map *a, const struct kbi_map *b);

#endif
