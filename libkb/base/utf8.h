/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8, one character at a time. */
#ifndef KBI_UTF8_H
#define KBI_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The bytes of the character that begins at data, 1 to 4, and its code point; 0 when it is not UTF-8 (RFC 3629: shortest form, no surrogates). */
size_t kbi_utf8_next(const char *data, size_t size_bytes, uint32_t *code_point);
bool kbi_utf8_is(const char *data, size_t size_bytes);
bool kbi_utf8_is_print(uint32_t code_point);	/* neither a control character nor one that reorders or breaks the line */

#endif
