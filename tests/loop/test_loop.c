/* SPDX-License-Identifier: Apache-2.0 */
/* The event loop as its owners and its embedder see it. */
#include "turn.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>

struct end {
	struct kbi_loop *loop;
	struct kbi_watch watch;
	struct end *victim;	/* removed when this one is ready */
	int calls;
	unsigned what;
	bool keeps;		/* leaves its byte where it is */
};

static void
end_ready(void *owner, unsigned what)
{
	struct end *end = owner;
	char byte;

	end->calls++;
	end->what = what;
	if (end->victim)
		kbi_loop_watch(end->loop, &end->victim->watch, 0);
	if (!end->keeps && read(end->watch.fd, &byte, 1) < 0)
		return;
}

static void
make_end(struct kbi_loop *loop, struct end *end, int *other)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
	*end = (struct end){.loop = loop, .watch = {.fd = pair[0], .ready = end_ready}};
	end->watch.owner = end;
	*other = pair[1];
	assert_int_equal(kbi_loop_watch(loop, &end->watch, KBI_IN), KB_OK);
}

static void
drop_end(struct end *end, int other)
{
	kbi_loop_watch(end->loop, &end->watch, 0);
	close(end->watch.fd);
	close(other);
}

static void
its_descriptor_nests_in_another_loop(void **state)
{
	struct kbi_loop *loop = *state;
	struct epoll_event event = {.events = EPOLLIN}, seen;
	struct end end;
	int other, outer = epoll_create1(EPOLL_CLOEXEC), fd = kbi_loop_fd(loop);

	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_int_equal(epoll_ctl(outer, EPOLL_CTL_ADD, fd, &event), 0);
	assert_int_equal(epoll_wait(outer, &seen, 1, 0), 0);
	make_end(loop, &end, &other);
	assert_int_equal(write(other, "x", 1), 1);
	for (int i = 0; i < 3; i++)
		/* level-triggered: until it is dispatched */
		assert_int_equal(epoll_wait(outer, &seen, 1, 0), 1);
	assert_int_equal(kbi_loop_dispatch(loop), KB_OK);
	assert_int_equal(end.calls, 1);
	assert_int_equal(end.what, KBI_IN);
	assert_int_equal(epoll_wait(outer, &seen, 1, 0), 0);
	drop_end(&end, other);
	close(outer);
}

static void
a_hang_up_shows_as_both(void **state)
{
	struct kbi_loop *loop = *state;
	struct end end;
	int other;

	make_end(loop, &end, &other);
	shutdown(other, SHUT_RDWR);
	assert_int_equal(kbi_loop_dispatch(loop), KB_OK);
	assert_int_equal(end.what, KBI_IN | KBI_OUT);
	drop_end(&end, other);
}

static void
a_watch_removed_during_dispatch_is_not_called(void **state)
{
	struct kbi_loop *loop = *state;
	struct end a, b;
	int other_a, other_b;

	make_end(loop, &a, &other_a);
	make_end(loop, &b, &other_b);
	a.victim = &b;
	b.victim = &a;
	assert_int_equal(write(other_a, "x", 1) + write(other_b, "x", 1), 2);
	assert_int_equal(kbi_loop_dispatch(loop), KB_OK);
	assert_int_equal(a.calls + b.calls, 1);		/* whichever came first removed the other */
	assert_int_equal(kbi_loop_dispatch(loop), KB_OK);
	assert_int_equal(a.calls + b.calls, 1);
	drop_end(&a, other_a);
	drop_end(&b, other_b);
}

static void
what_is_always_ready_starves_nobody(void **state)
{
	struct kbi_loop *loop = *state;
	enum { MANY = 200 };
	static struct end ends[MANY];
	static int others[MANY];
	struct end quiet;
	int other, calls = 0;

	for (int i = 0; i < MANY; i++) {
		make_end(loop, &ends[i], &others[i]);
		ends[i].keeps = true;
		assert_int_equal(write(others[i], "x", 1), 1);
	}
	make_end(loop, &quiet, &other);
	assert_int_equal(write(other, "x", 1), 1);
	for (int i = 0; i < 8 && !quiet.calls; i++)
		assert_int_equal(kbi_loop_dispatch(loop), KB_OK);
	assert_int_equal(quiet.calls, 1);
	for (int i = 0; i < MANY; i++) {
		calls += ends[i].calls > 0;
		drop_end(&ends[i], others[i]);
	}
	assert_int_equal(calls, MANY);
	drop_end(&quiet, other);
}

struct alarm {
	struct kbi_loop *loop;
	struct kbi_timer timer;
	struct kbi_timer *stops;
	int64_t again_ms;	/* sets itself again for then; 0: no */
	int calls;
	int *order;
	int nth;
	bool has_fired;
};

static void
alarm_due(void *owner)
{
	struct alarm *alarm = owner;

	alarm->calls++;
	alarm->has_fired = true;
	if (alarm->order)
		alarm->nth = (*alarm->order)++;
	if (alarm->stops)
		kbi_loop_timer(alarm->loop, alarm->stops, KBI_NEVER);
	if (alarm->again_ms)
		kbi_loop_timer(alarm->loop, &alarm->timer, alarm->again_ms);
}

static void
make_alarm(struct kbi_loop *loop, struct alarm *alarm, int *order)
{
	*alarm = (struct alarm){.loop = loop, .timer = {.due = alarm_due}, .order = order};
	alarm->timer.owner = alarm;
}

static void
timers_fire_in_their_order_and_not_early(void **state)
{
	struct kbi_loop *loop = *state;
	struct alarm alarms[3];
	static const int delay_ms[3] = {60, 20, 40}, want[3] = {2, 0, 1};
	int order = 0;
	int64_t start_ms = kbi_clock_ms();

	for (int i = 0; i < 3; i++) {
		make_alarm(loop, &alarms[i], &order);
		kbi_loop_timer(loop, &alarms[i].timer, start_ms + delay_ms[i]);
	}
	assert_false(is_readable(loop, 0));
	assert_true(turn_until(loop, &alarms[0].has_fired, 5000));
	assert_true(kbi_clock_ms() >= start_ms + 60);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(alarms[i].calls, 1);
		assert_int_equal(alarms[i].nth, want[i]);
	}
	assert_false(is_readable(loop, 30));
}

static void
a_timer_stopped_by_another_that_is_due_with_it_does_not_fire(void **state)
{
	struct kbi_loop *loop = *state;
	struct alarm a, b;

	make_alarm(loop, &a, NULL);
	make_alarm(loop, &b, NULL);
	a.stops = &b.timer;
	kbi_loop_timer(loop, &a.timer, 1);
	kbi_loop_timer(loop, &b.timer, 1);
	turn_for(loop, 20);
	assert_int_equal(a.calls, 1);
	assert_int_equal(b.calls, 0);
}

static void
a_timer_that_is_always_due_fires_once_a_dispatch(void **state)
{
	struct kbi_loop *loop = *state;
	struct alarm a;

	make_alarm(loop, &a, NULL);
	a.again_ms = 1;
	kbi_loop_timer(loop, &a.timer, 1);
	for (int i = 1; i <= 5; i++) {
		assert_true(is_readable(loop, 1000));
		assert_int_equal(kbi_loop_dispatch(loop), KB_OK);
		assert_int_equal(a.calls, i);
	}
	kbi_loop_timer(loop, &a.timer, KBI_NEVER);
	kbi_loop_dispatch(loop);
	assert_false(is_readable(loop, 20));
}

static void
a_thousand_timers_cost_little(void **state)
{
	struct kbi_loop *loop = *state;
	enum { MANY = 1000, ROUNDS = 50 };
	struct alarm *alarms = calloc(MANY, sizeof(*alarms));
	int64_t now_ms = kbi_clock_ms();
	clock_t start = clock();

	for (int round = 0; round < ROUNDS; round++)
		for (int i = 0; i < MANY; i++) {
			if (!round)
				make_alarm(loop, &alarms[i], NULL);
			kbi_loop_timer(loop, &alarms[i].timer, now_ms + 60000 + round);
		}
	assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 1.0);
	for (int i = 0; i < MANY; i++)
		kbi_loop_timer(loop, &alarms[i].timer, KBI_NEVER);
	free(alarms);
}

static void
note(void *owner)
{
	*(bool *)owner = true;
}

static void *
wake_from_thread(void *owner)
{
	kbi_loop_wake(owner);
	return NULL;
}

static void
a_wake_from_another_thread_is_heard(void **state)
{
	struct kbi_loop *loop = *state;
	bool is_woken = false;
	pthread_t thread;

	kbi_loop_set_wake(loop, note, &is_woken);
	assert_false(is_readable(loop, 0));
	assert_int_equal(pthread_create(&thread, NULL, wake_from_thread, loop), 0);
	assert_true(turn_until(loop, &is_woken, 5000));
	pthread_join(thread, NULL);
	assert_false(is_readable(loop, 0));
	kbi_loop_set_wake(loop, NULL, NULL);
}

static void
held_ready_stays_readable(void **state)
{
	struct kbi_loop *loop = *state;

	kbi_loop_hold_ready(loop, true);
	kbi_loop_hold_ready(loop, true);
	for (int i = 0; i < 3; i++) {
		assert_true(is_readable(loop, 0));
		assert_int_equal(kbi_loop_dispatch(loop), KB_OK);
	}
	kbi_loop_hold_ready(loop, false);
	assert_false(is_readable(loop, 0));
}

struct task {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool is_started, may_end, has_masked, was_cancelled;
	int freed;
	bool is_done;
	struct task *got;
};

static void
task_work(void *data, const atomic_bool *is_cancelled)
{
	struct task *task = data;
	sigset_t mask;

	pthread_sigmask(SIG_BLOCK, NULL, &mask);
	pthread_mutex_lock(&task->lock);
	task->has_masked = sigismember(&mask, SIGTERM) == 1 && sigismember(&mask, SIGUSR1) == 1;
	task->is_started = true;
	pthread_cond_broadcast(&task->changed);
	while (!task->may_end)
		pthread_cond_wait(&task->changed, &task->lock);
	task->was_cancelled = atomic_load(is_cancelled);
	pthread_mutex_unlock(&task->lock);
}

static void
task_done(void *owner, void *data)
{
	struct task *task = owner;

	task->is_done = true;
	task->got = data;
}

static void
task_free(void *data)
{
	struct task *task = data;

	pthread_mutex_lock(&task->lock);
	task->freed++;
	pthread_cond_broadcast(&task->changed);
	pthread_mutex_unlock(&task->lock);
}

static struct kbi_job_handle *
start_task(struct kbi_loop *loop, struct task *task)
{
	struct kbi_job job = {task_work, task_done, task_free, task, task};

	*task = (struct task){.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
	struct kbi_job_handle *handle = kbi_loop_job(loop, &job);
	assert_non_null(handle);
	pthread_mutex_lock(&task->lock);
	while (!task->is_started)
		pthread_cond_wait(&task->changed, &task->lock);
	pthread_mutex_unlock(&task->lock);
	return handle;
}

static void
let_end(struct task *task)
{
	pthread_mutex_lock(&task->lock);
	task->may_end = true;
	pthread_cond_broadcast(&task->changed);
	pthread_mutex_unlock(&task->lock);
}

static void
wait_freed(struct task *task)
{
	pthread_mutex_lock(&task->lock);
	while (!task->freed)
		pthread_cond_wait(&task->changed, &task->lock);
	pthread_mutex_unlock(&task->lock);
}

static void
a_job_runs_beside_and_ends_in_the_loop(void **state)
{
	struct kbi_loop *loop = *state;
	struct task task;

	start_task(loop, &task);
	turn_for(loop, 20);
	assert_false(task.is_done);
	let_end(&task);
	assert_true(turn_until(loop, &task.is_done, 5000));
	assert_ptr_equal(task.got, &task);
	assert_true(task.has_masked);
	assert_false(task.was_cancelled);
	assert_int_equal(task.freed, 0);	/* done() owns it */
}

static void
a_cancelled_job_is_freed_and_not_done(void **state)
{
	struct kbi_loop *loop = *state;
	struct task task;

	kbi_job_cancel(start_task(loop, &task));
	let_end(&task);
	wait_freed(&task);
	turn_for(loop, 20);
	assert_false(task.is_done);
	assert_true(task.was_cancelled);
	assert_int_equal(task.freed, 1);
}

static void
a_job_that_has_ended_can_still_be_cancelled(void **state)
{
	struct kbi_loop *loop = *state;
	struct task task;

	struct kbi_job_handle *handle = start_task(loop, &task);
	let_end(&task);
	assert_true(is_readable(loop, 5000));
	kbi_job_cancel(handle);
	assert_int_equal(task.freed, 1);
	turn_for(loop, 20);
	assert_false(task.is_done);
}

static void
a_job_outlives_its_loop(void **state)
{
	struct kbi_loop *loop = kbi_loop_new();
	struct task task;

	(void)state;
	start_task(loop, &task);
	int64_t start_ms = kbi_clock_ms();
	kbi_loop_free(loop);
	assert_true(kbi_clock_ms() - start_ms < 500);	/* nobody waits for the thread */
	let_end(&task);
	wait_freed(&task);
	assert_false(task.is_done);
	assert_true(task.was_cancelled);
}

struct count {
	int done;
	bool is_all;
};

static void
no_work(void *data, const atomic_bool *is_cancelled)
{
	(void)data;
	(void)is_cancelled;
}

static void
count_done(void *owner, void *data)
{
	struct count *count = owner;

	free(data);
	count->is_all = ++count->done == 500;
}

static void
more_jobs_than_threads_all_end(void **state)
{
	struct kbi_loop *loop = *state;
	struct count count = {0};

	for (int i = 0; i < 500; i++) {
		struct kbi_job job = {no_work, count_done, free, &count, malloc(1)};
		assert_non_null(kbi_loop_job(loop, &job));
	}
	assert_true(turn_until(loop, &count.is_all, PATIENCE_MS));
	assert_int_equal(count.done, 500);
}

static void
closed_standard_streams_are_not_taken(void **state)
{
	int saved = fcntl(0, F_DUPFD_CLOEXEC, 10);

	(void)state;
	close(0);
	struct kbi_loop *loop = kbi_loop_new();
	assert_non_null(loop);
	assert_int_equal(fcntl(0, F_GETFD), -1);
	kbi_loop_free(loop);
	assert_int_equal(dup2(saved, 0), 0);
	close(saved);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(its_descriptor_nests_in_another_loop),
		cmocka_unit_test(a_hang_up_shows_as_both),
		cmocka_unit_test(a_watch_removed_during_dispatch_is_not_called),
		cmocka_unit_test(what_is_always_ready_starves_nobody),
		cmocka_unit_test(timers_fire_in_their_order_and_not_early),
		cmocka_unit_test(a_timer_stopped_by_another_that_is_due_with_it_does_not_fire),
		cmocka_unit_test(a_timer_that_is_always_due_fires_once_a_dispatch),
		cmocka_unit_test(a_thousand_timers_cost_little),
		cmocka_unit_test(a_wake_from_another_thread_is_heard),
		cmocka_unit_test(held_ready_stays_readable),
		cmocka_unit_test(a_job_runs_beside_and_ends_in_the_loop),
		cmocka_unit_test(a_cancelled_job_is_freed_and_not_done),
		cmocka_unit_test(a_job_that_has_ended_can_still_be_cancelled),
		cmocka_unit_test(a_job_outlives_its_loop),
		cmocka_unit_test(more_jobs_than_threads_all_end),
		cmocka_unit_test(closed_standard_streams_are_not_taken),
	};

	return cmocka_run_group_tests_name("loop", tests, make_loop, free_loop);
}
