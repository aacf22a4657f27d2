/* SPDX-License-Identifier: Apache-2.0 */
/* The threads behind kbi_loop_job(). They outlive the loop that started them, if they must, and touch nothing
 * of it. */
#ifndef KBI_JOBS_H
#define KBI_JOBS_H

#include "loop.h"

#define KBI_JOBS_THREADS_MAX 32		/* more jobs wait for one of these to end */

struct kbi_jobs;

struct kbi_jobs *kbi_jobs_new(int wake_fd);	/* counts up wake_fd (a copy of it) when a job ends */
/* never waits: what still runs is cancelled, and cleans up after itself */
void kbi_jobs_free(struct kbi_jobs *jobs);
struct kbi_job_handle *kbi_jobs_start(struct kbi_jobs *jobs, const struct kbi_job *job);
void kbi_jobs_deliver(struct kbi_jobs *jobs);	/* calls done() of those that ended */

#endif
