/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file loop.h
 * The context, and the event loop that its caller owns.
 *
 * Nothing ever calls back. A program either waits with the blocking calls (kb_run(), kb_wait()), or puts kb_fd() into its own loop, calls
 * kb_dispatch() when that descriptor is readable, and takes the events out. Both may be mixed.
 *
 * Threads: a context, and all that was made from it, is used by one thread at a time; a second thread that enters gets KB_EBUSY. Exempt, and
 * allowed from any thread at any time: every *_free function and kb_cancel(). Two contexts share nothing.
 *
 * The library sets no signal handler, writes nothing to stdout or stderr, changes no directory, locale, umask or environment, and leaves
 * its own descriptors close-on-exec. A context does not survive fork(): in the child every call on it is KB_EINVAL.
 *
 * Processes: a host "local:" has a shell that is a child of the calling process. The library waits for it by its id, and never sends a signal
 * to that id. A program that takes every child's status (waitpid(-1, ...), or SIGCHLD ignored) may take that one, too: no run is harmed by it.
 * But the kernel may then give the id to the program's next child before the library has looked, and it is that child's status that the library
 * takes (wait(2)). A program with children of its own and hosts "local:" waits for its own by their ids.
 */
#ifndef KB_LOOP_H
#define KB_LOOP_H

#include <kb/common.h>

KB_BEGIN_DECLS

/**
 * Makes a context.
 * Returns: a context to be freed by kb_free(); NULL when memory or descriptors are out.
 * Since: 0.1
 */
KB_API kb_ctx *kb_new(void);

/**
 * Lets go of a context. What was made from it stays valid until it is freed too; what still runs is cancelled then.
 * Allowed from any thread. NULL is nothing.
 * Since: 0.1
 */
KB_API void kb_free(kb_ctx *kb);

/**
 * The one descriptor of this context: readable while anything is queued or due. For poll(), epoll or any other loop; level-triggered,
 * non-blocking, the same for the life of the context. Only kb_dispatch() may read from it.
 * Returns: the descriptor, owned by the context; or KB_EINVAL.
 * Since: 0.1
 */
KB_API int kb_fd(kb_ctx *kb);

/**
 * Does what can be done now, without waiting.
 * Returns: KB_OK. Failures of runs are events, not results of this call.
 * Errors: KB_EINVAL, KB_EBUSY, KB_ENOMEM.
 * Since: 0.1
 */
KB_API kb_status kb_dispatch(kb_ctx *kb);

/**
 * Waits until there is something to do, and does it: poll() on kb_fd(), then kb_dispatch().
 * @param timeout_ms  how long to wait at most, in milliseconds; 0 does not wait, a negative value waits without end. When no plan runs and
 * no event is queued it does not wait either, so a loop that took the last event ends.
 * Returns: 1 when something was done, 0 when the time passed, a signal came first, or nothing runs.
 * Errors: KB_EINVAL, KB_EBUSY, KB_EIO.
 * Since: 0.1
 */
KB_API int kb_wait(kb_ctx *kb, int64_t timeout_ms);

/**
 * Cancels a run, or all of them. Returns at once; what became of each host arrives as events, and the run's last event says KB_ECANCELED.
 * For each host there is one note that tells what that leaves there, by its kb_event_id(): "host.ended" (its steps had all ended), "host.not-started" (nothing was begun), "host.stopped"
 * (nothing of the run is left running), or "host.still-running": the step of that event goes on until it ends by itself, and holds the host's lock as long; when kb_event_journal() is set,
 * that is its journal. A later run waits for it, tells how it ended, and then asks what is true. A run whose time is up ends in the same way, with KB_ETIMEOUT.
 * Async-signal-safe, and allowed from any thread while the context is not freed.
 * @param run  what kb_plan_start() returned; 0 is every run of this context
 * Returns: KB_OK, also when there is no such run (any more).
 * Errors: KB_EINVAL; KB_EBUSY (64 other runs are being cancelled, and kb_dispatch() was not called since).
 * Since: 0.1
 */
KB_API kb_status kb_cancel(kb_ctx *kb, int64_t run);

KB_END_DECLS

#endif
