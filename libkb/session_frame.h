/* SPDX-License-Identifier: Apache-2.0 */
/* Answers out of a stream of bytes. A mark is a line of its own that begins with the session's nonce: "NONCE
 * NUMBER STATUS". What stands before it is data, byte for byte; the newline that begins the mark is the
 * mark's. No descriptor, no clock. */
#ifndef KBI_SESSION_FRAME_H
#define KBI_SESSION_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

#define KBI_NONCE_BYTES 34		/* "kb" and 32 hexadecimal digits */

struct kbi_nonce {
	char text[KBI_NONCE_BYTES + 1];
};

kb_status kbi_nonce_make(struct kbi_nonce *nonce);	/* KB_EIO when the system has no random bytes for us */

struct kbi_frames {
	struct kbi_nonce nonce;
	struct kbi_buf held;	/* what came and was not handed out yet */
	size_t taken_bytes;	/* of held, from its front */
};

enum kbi_frame_kind {
	KBI_FRAME_NONE,		/* nothing more before the next bytes come */
	KBI_FRAME_DATA,
	KBI_FRAME_READY,	/* a script waits for its input */
	KBI_FRAME_END,		/* a script ended */
	KBI_FRAME_BAD		/* a nonce with something that is not ours behind it, or no memory */
};

struct kbi_frame {
	enum kbi_frame_kind kind;
	const char *data;	/* of KBI_FRAME_DATA, until the next call */
	size_t size_bytes;
	uint64_t number;	/* of a mark */
	int64_t status;
};

#define KBI_FRAMES_MAX ((size_t)1 << 20)

#define KBI_FRAMES(nonce_)                                                                                   \
	((struct kbi_frames){.nonce = (nonce_), .held = {.max_bytes = KBI_FRAMES_MAX, .secret = true}})

kb_status kbi_frames_add(struct kbi_frames *frames, const void *data, size_t size_bytes);
struct kbi_frame kbi_frames_next(struct kbi_frames *frames);
void kbi_frames_free(struct kbi_frames *frames);

#endif
