/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"

/* a resolver's plug-ins and TLS want more than the 128 KiB of some C libraries */
#define STACK_BYTES ((size_t)1 << 20)

struct kbi_job_handle {
	struct kbi_job job;
	struct kbi_jobs *jobs;
	atomic_bool is_cancelled;
	struct kbi_job_handle *next;
};

struct list {
	struct kbi_job_handle *first;
	struct kbi_job_handle **end;
};

struct kbi_jobs {
	pthread_mutex_t lock;		/* guards all below */
	int wake_fd;
	int refs;			/* the loop's, and one of each thread */
	int threads;
	bool is_closed;			/* the loop is gone */
	struct list waiting, running, ended;
};

static void
append(struct list *list, struct kbi_job_handle *job)
{
	job->next = NULL;
	*list->end = job;
	list->end = &job->next;
}

static struct kbi_job_handle *
take_first(struct list *list)
{
	struct kbi_job_handle *job = list->first;

	if (!job)
		return NULL;
	list->first = job->next;
	if (!list->first)
		list->end = &list->first;
	return job;
}

static bool
remove_from(struct list *list, const struct kbi_job_handle *job)
{
	for (struct kbi_job_handle **at = &list->first; *at; at = &(*at)->next) {
		if (*at != job)
			continue;
		*at = job->next;
		if (!*at)
			list->end = at;
		return true;
	}
	return false;
}

static void
drop(struct kbi_job_handle *job)
{
	if (job->job.free_data)
		job->job.free_data(job->job.data);
	free(job);
}

static void
drop_all(struct list *list)
{
	struct kbi_job_handle *job;

	while ((job = take_first(list)))
		drop(job);
}

/* Called with the lock held; lets go of it. */
static void
unref_and_unlock(struct kbi_jobs *jobs)
{
	bool is_last = --jobs->refs == 0;

	pthread_mutex_unlock(&jobs->lock);
	if (!is_last)
		return;
	kbi_fd_close(&jobs->wake_fd);
	pthread_mutex_destroy(&jobs->lock);
	free(jobs);
}

struct kbi_jobs *
kbi_jobs_new(int wake_fd)
{
	struct kbi_jobs *jobs = calloc(1, sizeof(*jobs));

	if (!jobs)
		return NULL;
	jobs->waiting.end = &jobs->waiting.first;
	jobs->running.end = &jobs->running.first;
	jobs->ended.end = &jobs->ended.first;
	jobs->refs = 1;
	jobs->wake_fd = fcntl(wake_fd, F_DUPFD_CLOEXEC, 3);
	if (jobs->wake_fd < 0 || pthread_mutex_init(&jobs->lock, NULL)) {
		kbi_fd_close(&jobs->wake_fd);
		free(jobs);
		return NULL;
	}
	return jobs;
}

/* The job that ended goes to the loop, or away when nobody wants it any more. Called with the lock held. */
static void
finish(struct kbi_jobs *jobs, struct kbi_job_handle *job)
{
	uint64_t one = 1;

	remove_from(&jobs->running, job);
	if (jobs->is_closed || atomic_load(&job->is_cancelled)) {
		pthread_mutex_unlock(&jobs->lock);
		drop(job);	/* free_data() is the owner's code: not under our lock */
		pthread_mutex_lock(&jobs->lock);
		return;
	}
	append(&jobs->ended, job);
	ssize_t written = write(jobs->wake_fd, &one, sizeof(one));
	(void)written;	/* fails only when the counter is at its end, and then it is readable */
}

static void *
work(void *owner)
{
	struct kbi_jobs *jobs = owner;
	struct kbi_job_handle *job;

	pthread_mutex_lock(&jobs->lock);
	while ((job = take_first(&jobs->waiting))) {
		append(&jobs->running, job);
		pthread_mutex_unlock(&jobs->lock);
		job->job.work(job->job.data, &job->is_cancelled);
		pthread_mutex_lock(&jobs->lock);
		finish(jobs, job);
	}
	jobs->threads--;
	unref_and_unlock(jobs);
	return NULL;
}

/* A thread of ours must never be the one that takes a signal of the program. */
static int
start_thread(struct kbi_jobs *jobs)
{
	pthread_attr_t attr;
	pthread_t thread;
	sigset_t all, before;

	if (pthread_attr_init(&attr))
		return -1;
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int failed = pthread_create(&thread, &attr, work, jobs);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return failed ? -1 : 0;
}

struct kbi_job_handle *
kbi_jobs_start(struct kbi_jobs *jobs, const struct kbi_job *job)
{
	struct kbi_job_handle *handle = calloc(1, sizeof(*handle));

	if (!handle)
		return NULL;
	handle->job = *job;
	handle->jobs = jobs;
	pthread_mutex_lock(&jobs->lock);
	append(&jobs->waiting, handle);
	if (jobs->threads < KBI_JOBS_THREADS_MAX) {
		jobs->threads++;
		jobs->refs++;
		if (start_thread(jobs)) {
			jobs->refs--;
			jobs->threads--;
		}
	}
	bool is_stuck = !jobs->threads;	/* none to take it */
	if (is_stuck)
		remove_from(&jobs->waiting, handle);
	pthread_mutex_unlock(&jobs->lock);
	if (is_stuck) {
		free(handle);	/* what it was to own stays with the caller */
		return NULL;
	}
	return handle;
}

void
kbi_jobs_deliver(struct kbi_jobs *jobs)
{
	struct kbi_job_handle *job;

	for (;;) {
		pthread_mutex_lock(&jobs->lock);
		job = take_first(&jobs->ended);
		pthread_mutex_unlock(&jobs->lock);
		if (!job)
			return;
		struct kbi_job done = job->job;
		free(job);
		done.done(done.owner, done.data);
	}
}

void
kbi_job_cancel(struct kbi_job_handle *handle)
{
	if (!handle)
		return;
	struct kbi_jobs *jobs = handle->jobs;
	pthread_mutex_lock(&jobs->lock);
	bool is_ours = remove_from(&jobs->waiting, handle) || remove_from(&jobs->ended, handle);
	if (!is_ours)
		atomic_store(&handle->is_cancelled, true);	/* its thread drops it */
	pthread_mutex_unlock(&jobs->lock);
	if (is_ours)
		drop(handle);
}

void
kbi_jobs_free(struct kbi_jobs *jobs)
{
	if (!jobs)
		return;
	pthread_mutex_lock(&jobs->lock);
	struct list dropped = {.end = &dropped.first};
	struct kbi_job_handle *job;
	jobs->is_closed = true;
	while ((job = take_first(&jobs->waiting)) || (job = take_first(&jobs->ended)))
		append(&dropped, job);
	for (job = jobs->running.first; job; job = job->next)
		atomic_store(&job->is_cancelled, true);
	unref_and_unlock(jobs);
	drop_all(&dropped);
}
