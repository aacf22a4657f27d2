/* SPDX-License-Identifier: Apache-2.0 */
/* Many hosts, driven as an embedder would: the public interface alone. What it cost is read from the kernel. */
#ifndef KB_BENCH_DRIVE_H
#define KB_BENCH_DRIVE_H

#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include <libkb.h>

struct drive {
	const char *user, *identity, *known_hosts;
	size_t host_count, step_count;
	bool is_asking;			/* steps only ask, and each needs what the one before it answered; else each changes something */
	/* how it went */
	size_t changed, present, failed;
	kb_status status;
	char why[512];			/* of the first failure */
	double wall_s, cpu_s;
	long memory_kib;		/* the most that was resident, beyond what was before the first host was made */
};

static inline double
seconds(struct timeval at)
{
	return (double)at.tv_sec + (double)at.tv_usec / 1e6;
}

static inline double
cpu_s(void)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

static inline double
clock_s(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* A line of /proc/self/status, such as "VmHWM:" */
static inline long
status_kib(const char *name)
{
	char line[256];
	long kib = -1;
	FILE *f = fopen("/proc/self/status", "re");
	while (f && kib < 0 && fgets(line, sizeof(line), f))
		if (strncmp(line, name, strlen(name)) == 0)
			kib = strtol(line + strlen(name), NULL, 10);
	if (f)
		fclose(f);
	return kib;
}

static inline void
forget_peak(void)	/* proc(5), clear_refs: the highest resident size begins anew */
{
	FILE *f = fopen("/proc/self/clear_refs", "we");
	if (f) {
		fputs("5\n", f);
		fclose(f);
	}
}

/* Trivial, and dependent: each is asked, done, and asked again. Where it leaves its mark only this login can see it. */
static inline kb_step *
trivial_step(kb_ctx *kb, size_t number)
{
	char text[24];
	kb_step *step = kb_step_script(kb, "bench.step", "[ -e /run/bench-$number ]", ": >/run/bench-$number");
	snprintf(text, sizeof(text), "%zu", number);
	kb_step_set(step, "number", text);
	return step;
}

/* One command, and its answer is what the next one needs: nothing can be asked ahead */
static inline void
add_chain(kb_ctx *kb, kb_plan *plan, kb_host *host, size_t count)
{
	kb_task *before = NULL;
	kb_step *step = kb_step_script(kb, "bench.ask", "/bin/true && output next \"$previous+\"", NULL);
	for (size_t i = 0; i < count; i++) {
		if (!before)
			kb_step_set(step, "previous", "0");
		kb_task *task = kb_plan_add(plan, host, step);
		if (before)
			kb_plan_bind(plan, task, "previous", before, "next");
		before = task;
	}
	kb_step_free(step);
}

/* The same steps for every host: a plan's copies share what they have */
static inline void
add_changes(kb_plan *plan, kb_host *host, kb_step *const *steps, size_t count)
{
	for (size_t i = 0; i < count; i++)
		kb_plan_add(plan, host, steps[i]);
}

static inline kb_host *
drive_host(kb_ctx *kb, const struct drive *drive, size_t number, const char *address, int port)
{
	char name[32], text[300];
	snprintf(name, sizeof(name), "node-%zu", number);
	snprintf(text, sizeof(text), "ssh://%s@%s:%d", drive->user, address, port);
	kb_host *host = kb_host_new(kb, name, text);
	kb_host_set(host, "identity", drive->identity);
	kb_host_set(host, "known_hosts", drive->known_hosts);
	kb_host_set(host, "become", "none");
	kb_host_set(host, "connect_timeout_ms", "120000");
	return host;
}

static inline void
drive_hear(struct drive *drive, const kb_event *event)
{
	kb_status status = kb_event_status(event);
	if (status && !drive->why[0] && kb_event_kind(event) != KB_EVENT_HOST_CONNECTED) {
		kb_err *err = kb_event_error(event);
		snprintf(drive->why, sizeof(drive->why), "%s: %s: %s: %s", kb_event_host(event), kb_event_step(event), kb_event_text(event),
			 err ? kb_err_cause(err) : "");
		kb_err_free(err);
	}
	if (kb_event_kind(event) == KB_EVENT_STEP_DONE) {
		drive->changed += kb_event_is_changed(event) == 1;
		drive->present += kb_event_verdict(event) == KB_PRESENT;
		drive->failed += status != KB_OK;
	} else if (kb_event_kind(event) == KB_EVENT_PLAN_DONE) {
		drive->status = status;
	}
}

static inline void
drive_wait(struct drive *drive, kb_ctx *kb, kb_plan *plan)
{
	while (kb_plan_is_running(plan) == 1) {
		kb_event *event;
		while ((event = kb_plan_next_event(plan))) {
			drive_hear(drive, event);
			kb_event_free(event);
		}
		kb_wait(kb, -1);
	}
}

/* ports: one for each host, or one for all of them */
static inline void
drive_run(struct drive *drive, const char *address, const int *ports, size_t port_count)
{
	malloc_trim(0);
	forget_peak();
	long before_kib = status_kib("VmHWM:");
	double start_cpu_s = cpu_s(), start_s = clock_s();
	kb_ctx *kb = kb_new();
	kb_plan *plan = kb_plan_new(kb);
	kb_step **steps = calloc(drive->step_count + 1, sizeof(*steps));
	for (size_t i = 0; steps && i < drive->step_count; i++)
		steps[i] = trivial_step(kb, i);
	for (size_t i = 0; steps && i < drive->host_count; i++) {
		kb_host *host = drive_host(kb, drive, i, address, ports[port_count == 1 ? 0 : i]);
		if (drive->is_asking)
			add_chain(kb, plan, host, drive->step_count);
		else
			add_changes(plan, host, steps, drive->step_count);
		kb_host_free(host);
	}
	for (size_t i = 0; steps && i < drive->step_count; i++)
		kb_step_free(steps[i]);
	free(steps);
	drive->status = (kb_status)kb_plan_start(plan, KB_APPLY, 300000);
	drive_wait(drive, kb, plan);
	kb_plan_free(plan);
	kb_free(kb);
	drive->wall_s = clock_s() - start_s;
	drive->cpu_s = cpu_s() - start_cpu_s;
	drive->memory_kib = status_kib("VmHWM:") - before_kib;
}

#endif
