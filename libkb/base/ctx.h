/* SPDX-License-Identifier: Apache-2.0 */
/* The part of a context that even pure functions see: its lock and its last error. The loop hangs its own part on `loop`. */
#ifndef KBI_CTX_H
#define KBI_CTX_H

#include <stdatomic.h>
#include <sys/types.h>

#include "base/err.h"

struct kbi_loop;

struct kb_ctx {
	atomic_int refs;		/* the caller's one, and one for each child */
	atomic_flag entered;		/* one thread at a time */
	struct kb_err error;
	struct kbi_loop *loop;
	pid_t owner_pid;		/* fork noticed */
};

/* Every public function that takes a context begins with kbi_enter() and ends with kbi_leave(). KB_EBUSY when another thread is inside,
 * KB_EINVAL when kb is NULL: then there is nothing to leave. The error detail is kept until the next failure. */
kb_status kbi_enter(struct kb_ctx *kb);
void kbi_leave(struct kb_ctx *kb);
void kbi_ctx_ref(struct kb_ctx *kb);
void kbi_ctx_unref(struct kb_ctx *kb);	/* the last one tears down */

#endif
