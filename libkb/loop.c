/* SPDX-License-Identifier: Apache-2.0 */
#include "loop.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "jobs.h"

#define BATCH 64
#define PASSES 4	/* in one dispatch */

struct kbi_loop {
	int epoll_fd;
	int timer_fd;
	int wake_fd;			/* counts up when there is a wake or a finished job */
	int hold_fd;			/* readable while the owner has events queued */
	bool is_held;
	bool is_dispatching;
	atomic_bool is_woken;
	void (*woken)(void *owner);
	void *woken_owner;
	struct kbi_jobs *jobs;
	struct kbi_jump *jumps;
	struct kbi_gate *gates;
	struct kbi_timer timers;	/* a ring with this head, soonest first */
	struct kbi_timer at_once;	/* those due at once, in the order in which they were set */
	/* those being called now: one that is set again waits for the next dispatch */
	struct kbi_timer firing;
	int64_t armed_ms;		/* when timer_fd goes off; it may be too early, never too late */
	struct epoll_event batch[BATCH];
	int batch_at, batch_count;
};

static kb_status
add_own_fd(struct kbi_loop *loop, int fd, int *own)
{
	/* the address tells it from a watch */
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = own};

	*own = kbi_fd_lift(fd);
	if (*own < 0 || epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, *own, &event) < 0)
		return KB_EIO;
	return KB_OK;
}

static kb_status
open_fds(struct kbi_loop *loop)
{
	loop->epoll_fd = kbi_fd_lift(epoll_create1(EPOLL_CLOEXEC));
	if (loop->epoll_fd < 0 || fcntl(loop->epoll_fd, F_SETFL, O_NONBLOCK) < 0)
		return KB_EIO;
	if (add_own_fd(loop, timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), &loop->timer_fd)
	    || add_own_fd(loop, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), &loop->wake_fd)
	    || add_own_fd(loop, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), &loop->hold_fd))
		return KB_EIO;
	loop->jobs = kbi_jobs_new(loop->wake_fd);
	return loop->jobs ? KB_OK : KB_ENOMEM;
}

struct kbi_loop *
kbi_loop_new(void)
{
	struct kbi_loop *loop = calloc(1, sizeof(*loop));

	if (!loop)
		return NULL;
	loop->epoll_fd = loop->timer_fd = loop->wake_fd = loop->hold_fd = -1;
	loop->timers.prev = loop->timers.next = &loop->timers;
	loop->at_once.prev = loop->at_once.next = &loop->at_once;
	loop->firing.prev = loop->firing.next = &loop->firing;
	loop->armed_ms = KBI_NEVER;
	if (open_fds(loop)) {
		kbi_loop_free(loop);
		return NULL;
	}
	return loop;
}

void
kbi_loop_free(struct kbi_loop *loop)
{
	if (!loop)
		return;
	kbi_jobs_free(loop->jobs);
	kbi_fd_close(&loop->hold_fd);
	kbi_fd_close(&loop->wake_fd);
	kbi_fd_close(&loop->timer_fd);
	kbi_fd_close(&loop->epoll_fd);
	free(loop);
}

int
kbi_loop_fd(const struct kbi_loop *loop)
{
	return loop->epoll_fd;
}

/* Events of this watch that epoll has already handed out must not reach it any more. */
static void
forget_in_batch(struct kbi_loop *loop, const struct kbi_watch *watch)
{
	for (int i = loop->batch_at; i < loop->batch_count; i++)
		if (loop->batch[i].data.ptr == watch)
			loop->batch[i].data.ptr = NULL;
}

kb_status
kbi_loop_watch(struct kbi_loop *loop, struct kbi_watch *watch, unsigned interest)
{
	struct epoll_event event = {
		.events = (interest & KBI_IN ? EPOLLIN : 0u) | (interest & KBI_OUT ? EPOLLOUT : 0u),
		.data.ptr = watch,
	};

	if (interest == watch->interest)
		return KB_OK;
	int what = !interest ? EPOLL_CTL_DEL : watch->interest ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
	if (!interest)
		forget_in_batch(loop, watch);
	watch->interest = interest;
	if (epoll_ctl(loop->epoll_fd, what, watch->fd, &event) == 0 || !interest)
		return KB_OK;
	if (what == EPOLL_CTL_ADD)
		watch->interest = 0;
	return errno == ENOMEM || errno == ENOSPC ? KB_ENOMEM : KB_EIO;
}

static void
arm(struct kbi_loop *loop, int64_t due_ms)
{
	int64_t at_ms = due_ms > 0 ? due_ms : 1;	/* 0 would disarm it */
	struct itimerspec spec = {0};

	loop->armed_ms = due_ms;
	if (due_ms != KBI_NEVER) {
		spec.it_value.tv_sec = at_ms / 1000;
		spec.it_value.tv_nsec = at_ms % 1000 * 1000000;
	}
	timerfd_settime(loop->timer_fd, TFD_TIMER_ABSTIME, &spec, NULL);
}

static void
unlink_timer(struct kbi_timer *timer)
{
	if (!timer->next)
		return;
	timer->prev->next = timer->next;
	timer->next->prev = timer->prev;
	timer->prev = timer->next = NULL;
}

static void
link_before(struct kbi_timer *timer, struct kbi_timer *next)
{
	timer->next = next;
	timer->prev = next->prev;
	timer->prev->next = timer;
	next->prev = timer;
}

void
kbi_loop_timer(struct kbi_loop *loop, struct kbi_timer *timer, int64_t due_ms)
{
	unlink_timer(timer);
	timer->due_ms = due_ms;
	if (due_ms == KBI_NEVER)
		return;
	/* a new deadline is mostly later than those that are set, or has no business among them */
	struct kbi_timer *last = loop->timers.prev;
	while (due_ms > 0 && last != &loop->timers && last->due_ms > due_ms)
		last = last->prev;
	link_before(timer, due_ms > 0 ? last->next : &loop->at_once);
	if (due_ms < loop->armed_ms && !loop->is_dispatching)	/* what dispatches arms it once, at its end */
		arm(loop, due_ms);
}

static bool
is_empty(const struct kbi_timer *ring)
{
	return ring->next == ring;
}

static int64_t
next_due_ms(const struct kbi_loop *loop)
{
	if (!is_empty(&loop->at_once))
		return 0;
	return is_empty(&loop->timers) ? KBI_NEVER : loop->timers.next->due_ms;
}

static void
fire_timers(struct kbi_loop *loop)
{
	int64_t now_ms = kbi_clock_ms();

	while (!is_empty(&loop->at_once)) {
		struct kbi_timer *timer = loop->at_once.next;
		unlink_timer(timer);
		link_before(timer, &loop->firing);
	}
	while (!is_empty(&loop->timers) && loop->timers.next->due_ms <= now_ms) {
		struct kbi_timer *timer = loop->timers.next;
		unlink_timer(timer);
		link_before(timer, &loop->firing);
	}
	while (!is_empty(&loop->firing)) {
		struct kbi_timer *timer = loop->firing.next;
		unlink_timer(timer);
		timer->due_ms = KBI_NEVER;
		timer->due(timer->owner);
	}
}

/* Once at the end, and only when it would go off too late, or has: setting it costs more than most of what is done here. */
static void
arm_next(struct kbi_loop *loop)
{
	int64_t next_ms = next_due_ms(loop);

	if (loop->armed_ms <= kbi_clock_ms() || next_ms < loop->armed_ms)
		arm(loop, next_ms);
}

static void
take_wake(struct kbi_loop *loop)
{
	uint64_t count;

	if (read(loop->wake_fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		return;
	kbi_jobs_deliver(loop->jobs);
	if (atomic_exchange(&loop->is_woken, false) && loop->woken)
		loop->woken(loop->woken_owner);
}

static void
handle(struct kbi_loop *loop, const struct epoll_event *event)
{
	struct kbi_watch *watch = event->data.ptr;
	unsigned what = (event->events & (EPOLLIN | EPOLLHUP | EPOLLERR) ? KBI_IN : 0u)
		| (event->events & (EPOLLOUT | EPOLLHUP | EPOLLERR) ? KBI_OUT : 0u);

	if (!watch || event->data.ptr == &loop->timer_fd || event->data.ptr == &loop->hold_fd)
		return;		/* timers are looked at anyway, and what is held is the owner's */
	if (event->data.ptr == &loop->wake_fd)
		take_wake(loop);
	else
		watch->ready(watch->owner, what);
}

/* One batch: epoll hands out what is ready in turns, so a descriptor that is always ready holds nobody up, timers neither. */
static kb_status
pass(struct kbi_loop *loop)
{
	int count = epoll_wait(loop->epoll_fd, loop->batch, BATCH, 0);

	if (count < 0 && errno != EINTR)
		return KB_EIO;
	loop->batch_count = count > 0 ? count : 0;
	for (loop->batch_at = 0; loop->batch_at < loop->batch_count; loop->batch_at++)
		handle(loop, &loop->batch[loop->batch_at]);
	loop->batch_count = loop->batch_at = 0;
	fire_timers(loop);
	return KB_OK;
}

/* What is due at once mostly comes of what was just done: it is done here, without a way around by the timer. */
kb_status
kbi_loop_dispatch(struct kbi_loop *loop)
{
	if (loop->is_dispatching)
		return KB_EBUSY;
	loop->is_dispatching = true;
	kb_status failed = pass(loop);
	for (int i = 1; !failed && i < PASSES && !is_empty(&loop->at_once); i++)
		failed = pass(loop);
	arm_next(loop);
	loop->is_dispatching = false;
	return failed;
}

struct kbi_jump **
kbi_loop_jumps(struct kbi_loop *loop)
{
	return &loop->jumps;
}

struct kbi_gate **
kbi_loop_gates(struct kbi_loop *loop)
{
	return &loop->gates;
}

struct kbi_job_handle *
kbi_loop_job(struct kbi_loop *loop, const struct kbi_job *job)
{
	return kbi_jobs_start(loop->jobs, job);
}

void
kbi_loop_wake(struct kbi_loop *loop)
{
	int saved = errno;
	uint64_t one = 1;

	atomic_store(&loop->is_woken, true);
	if (write(loop->wake_fd, &one, sizeof(one)) < 0) {
		/* only EAGAIN, when it counts to its end: then it is readable, which is all we want */
	}
	errno = saved;
}

void
kbi_loop_set_wake(struct kbi_loop *loop, void (*woken)(void *owner), void *owner)
{
	loop->woken = woken;
	loop->woken_owner = owner;
}

void
kbi_loop_hold_ready(struct kbi_loop *loop, bool is_ready)
{
	uint64_t count = 1;

	if (is_ready == loop->is_held)
		return;
	loop->is_held = is_ready;
	ssize_t done = is_ready ? write(loop->hold_fd, &count, sizeof(count))
				: read(loop->hold_fd, &count, sizeof(count));
	(void)done;	/* one of 1 on a counter of 0, or of the 1 that is there: neither can fail */
}
