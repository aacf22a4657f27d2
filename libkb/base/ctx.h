/* SPDX-License-Identifier: Apache-2.0 */
/* A context: its lock, its last error, its loop, and what has to be done when its owner's thread comes by. */
#ifndef KBI_CTX_H
#define KBI_CTX_H

#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

#include <kb/loop.h>

#include "base/err.h"
#include "base/log.h"

#define KBI_CANCELS 64

struct kbi_loop;
struct kbi_fetcher;
struct kbi_keyring;
struct kbi_questions;
struct kb_plan;
struct kbi_secrets;

struct kb_ctx {
	atomic_int refs;			/* the caller's one, one for each child, one for each call inside */
	atomic_flag is_entered;			/* one thread at a time */
	pid_t owner_pid;			/* fork is noticed */
	struct kb_err error;
	struct kbi_loop *loop;
	struct kbi_fetcher *fetcher;
	struct kbi_keyring *keyring;
	struct kbi_questions *questions;
	struct kbi_secrets *secrets;		/* masked in all that is shown */
	struct kbi_log log;
	struct kb_plan *plans;			/* those that run or have events queued */
	size_t queued_events;			/* of all plans */
	int64_t last_run;
	uint32_t nonce;				/* tells this context's runs from another's, for the lock of a host */
	_Atomic(struct kb_plan *) dead;		/* freed by any thread, torn down by the owner: a stack */
	atomic_int reapers;			/* threads that are about to tear down what they freed: they may be inside for a moment */
	atomic_bool cancels_all;
	atomic_llong cancels[KBI_CANCELS];	/* runs to cancel, 0: a free place; written by kb_cancel() in a signal handler too */
};

/* Every public function that takes a context or its child begins with kbi_enter() and, if that was KB_OK, ends with kbi_leave().
 * KB_EBUSY when another thread is inside, KB_EINVAL when kb is NULL or this is a forked child. */
kb_status kbi_enter(struct kb_ctx *kb);
void kbi_leave(struct kb_ctx *kb);
void kbi_reap(struct kb_ctx *kb);	/* what was freed, by this thread, unless another is inside, which will. Nobody's call fails by it */
void kbi_ctx_ref(struct kb_ctx *kb);
void kbi_ctx_unref(struct kb_ctx *kb);	/* the last one tears down */

#endif
