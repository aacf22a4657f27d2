/* SPDX-License-Identifier: Apache-2.0 */
/* A growing buffer with a ceiling. Append freely, ask once: it remembers its first failure. */
#ifndef KBI_BUF_H
#define KBI_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <kb/common.h>

#define KBI_SIZE_TEXT ((size_t)1 << 20)		/* any text that we parse or render: 1 MiB */
#define KBI_SIZE_LARGE ((size_t)64 << 20)	/* downloads */

struct kbi_buf {
	char *data;		/* NUL-terminated whenever it is not NULL */
	size_t size_bytes;	/* without that NUL */
	size_t room_bytes;
	size_t max_bytes;	/* the ceiling */
	kb_status failed;	/* KB_OK, KB_ENOMEM or KB_ETOOBIG */
	bool secret;		/* wiped when it grows and when it is freed */
};

#define KBI_BUF(max) ((struct kbi_buf){.max_bytes = (max)})

void kbi_buf_add(struct kbi_buf *buf, const char *text);
void kbi_buf_add_bytes(struct kbi_buf *buf, const void *data, size_t size_bytes);
void kbi_buf_add_char(struct kbi_buf *buf, char c);
void kbi_buf_add_format(struct kbi_buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void kbi_buf_add_vformat(struct kbi_buf *buf, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
void kbi_buf_drop_front(struct kbi_buf *buf, size_t size_bytes);	/* forgets the first bytes */
void kbi_buf_truncate(struct kbi_buf *buf, size_t size_bytes);
void kbi_buf_fit(struct kbi_buf *buf);				/* gives back the room that it does not need; not for secrets */
void kbi_buf_free(struct kbi_buf *buf);				/* wipes what is secret; may be used again */
kb_status kbi_buf_failed(const struct kbi_buf *buf);
const char *kbi_buf_text(const struct kbi_buf *buf);			/* "" when empty, never NULL */
char *kbi_buf_take(struct kbi_buf *buf);				/* the text, owned by the caller; NULL when it failed */
kb_bytes *kbi_buf_take_bytes(struct kbi_buf *buf);			/* as kb_bytes; NULL when it failed */

#endif
