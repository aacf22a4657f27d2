/* SPDX-License-Identifier: Apache-2.0 */
/* Small questions about text that the C library does not answer. */
#ifndef KBI_STR_H
#define KBI_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kbi_buf;

bool kbi_str_is(const char *a, const char *b);			/* equal; NULL equals only NULL */
bool kbi_str_is_set(const char *s);				/* not NULL and not "" */
bool kbi_str_starts(const char *s, const char *prefix);
bool kbi_str_ends(const char *s, const char *suffix);
/* As strdup() and strndup(), and a failure is counted (scarce.h). */
char *kbi_str_copy(const char *s);
char *kbi_str_copy_part(const char *s, size_t size_bytes);
bool kbi_str_matches(const char *s, const char *pattern);	/* shell pattern with * and ? only */
bool kbi_str_is_yes(const char *s);				/* "true" or "yes" (any case) or "1" */
bool kbi_str_to_int64(const char *s, int64_t min, int64_t max, int64_t *value);	/* decimal, the whole text */
bool kbi_str_is_name(const char *s);				/* DNS-1123 subdomain: what a Node may be called (RFC 1123) */
/* Takes one line, without its ending (LF or CRLF). Returns where the next begins, NULL when there was none to take:
 * while ((next = kbi_str_line(next, end, &line, &line_bytes))) ... A final newline begins no further line. */
const char *kbi_str_line(const char *text, const char *end, const char **line, size_t *line_bytes);
void kbi_str_escape(struct kbi_buf *out, const char *data, size_t size_bytes);	/* C escapes for control characters and bad UTF-8 */
void kbi_str_escape_lines(struct kbi_buf *out, const char *data, size_t size_bytes);	/* the same, but lines and tabs stay */
void kbi_str_hex(struct kbi_buf *out, const unsigned char *data, size_t size_bytes);
void kbi_str_base64(struct kbi_buf *out, const void *data, size_t size_bytes);
bool kbi_str_unbase64(struct kbi_buf *out, const char *text, size_t text_bytes);
void kbi_wipe(void *data, size_t size_bytes);			/* not optimised away */

#endif
