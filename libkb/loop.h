/* SPDX-License-Identifier: Apache-2.0 */
/* The event loop: descriptors, timers, and work on helper threads. loop.c is the only file that knows epoll. */
#ifndef KBI_LOOP_H
#define KBI_LOOP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct kbi_loop;

enum { KBI_IN = 1, KBI_OUT = 2 };	/* a hang-up or error shows as both */

struct kbi_watch {			/* lives in its owner; remove it before the owner goes */
	int fd;
	unsigned interest;		/* what it is registered for now; kbi_loop_watch() sets it */
	void (*ready)(void *owner, unsigned what);
	void *owner;
};

struct kbi_timer {			/* one shot; lives in its owner; stop it before the owner goes */
	int64_t due_ms;			/* monotonic; KBI_NEVER: not set */
	void (*due)(void *owner);
	void *owner;
	struct kbi_timer *prev, *next;
};

/* Work that may block (a name look-up, a download), on a detached thread with all signals blocked. `work` touches only what `data` owns;
 * `done` is called in the loop's thread. If the loop goes first, or the job is cancelled, done is never called and `free_data` cleans up. */
struct kbi_job {
	void (*work)(void *data, const atomic_bool *is_cancelled);
	void (*done)(void *owner, void *data);	/* owns data from here */
	void (*free_data)(void *data);
	void *owner;
	void *data;
};
struct kbi_job_handle;

struct kbi_jump;
struct kbi_gate;

struct kbi_loop *kbi_loop_new(void);
void kbi_loop_free(struct kbi_loop *loop);
int kbi_loop_fd(const struct kbi_loop *loop);
kb_status kbi_loop_dispatch(struct kbi_loop *loop);		/* everything that is ready or due; never waits */
kb_status kbi_loop_watch(struct kbi_loop *loop, struct kbi_watch *watch, unsigned interest);	/* 0 removes it */
void kbi_loop_timer(struct kbi_loop *loop, struct kbi_timer *timer, int64_t due_ms);		/* KBI_NEVER stops it */
struct kbi_job_handle *kbi_loop_job(struct kbi_loop *loop, const struct kbi_job *job);		/* NULL: no thread, no memory */
void kbi_job_cancel(struct kbi_job_handle *handle);		/* done will not be called any more */
void kbi_loop_wake(struct kbi_loop *loop);			/* async-signal-safe, any thread: makes the descriptor readable */
void kbi_loop_set_wake(struct kbi_loop *loop, void (*woken)(void *owner), void *owner);
void kbi_loop_hold_ready(struct kbi_loop *loop, bool is_ready);	/* keeps the descriptor readable while the owner has events queued */

struct kbi_jump **kbi_loop_jumps(struct kbi_loop *loop);	/* a place for transport/jump.c: the jump hosts that are shared */
struct kbi_gate **kbi_loop_gates(struct kbi_loop *loop);	/* a place for transport/gate.c: the servers that are logged in to */

#endif
