/* SPDX-License-Identifier: Apache-2.0 */
/* A program of its own that brings a cluster up: installer CLUSTER.yaml [plan]. What it prints and when it gives up is its own affair. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <libkb.h>

static kb_ctx *context;

static void
interrupted(int signal)
{
	(void)signal;
	kb_cancel(context, 0);		/* may be called in a signal handler: the end arrives as an event */
}

static void
show(const kb_event *event)
{
	const char *mark = kb_event_status(event) != KB_OK ? "FAILED" : kb_event_is_changed(event) == 1 ? "changed" : "ok";

	if (kb_event_kind(event) == KB_EVENT_NOTE)
		printf("  %s: %s\n", kb_event_host(event), kb_event_text(event));
	if (kb_event_kind(event) != KB_EVENT_STEP_DONE || kb_event_is_skipped(event) == 1)
		return;
	printf("%-7s %-24s %-24s %s\n", mark, kb_event_host(event), kb_event_step(event), kb_event_text(event));
}

/* Returns what it failed with, or NULL. */
static kb_err *
follow(kb_plan *plan)
{
	kb_err *failed = NULL;
	kb_event *event;

	while (kb_plan_is_running(plan) == 1) {
		while ((event = kb_plan_next_event(plan))) {
			show(event);
			if (kb_event_kind(event) == KB_EVENT_PLAN_DONE)
				failed = kb_event_error(event);
			kb_event_free(event);
		}
		fflush(stdout);
		kb_wait(context, -1);
	}
	return failed;
}

int
main(int argc, char **argv)
{
	if (argc < 2 || argc > 3 || (argc == 3 && strcmp(argv[2], "plan") != 0)) {
		fputs("usage: installer CLUSTER.yaml [plan]\n", stderr);
		return 2;
	}
	context = kb_new();
	signal(SIGINT, interrupted);

	kb_cluster *cluster = kb_cluster_load(context, argv[1]);
	kb_plan *plan = kb_cluster_up(cluster);		/* NULL in, NULL out */
	int is_started = plan && kb_plan_start(plan, argc == 3 ? KB_CHECK : KB_APPLY, -1) > 0;
	kb_err *err = is_started ? follow(plan) : kb_error(context);

	if (err)
		fprintf(stderr, "installer: %s\n", kb_err_cause(err));
	if (kb_err_fix(err)[0])
		fprintf(stderr, "installer: what would mend it: %s\n", kb_err_fix(err));
	int code = err ? 1 : 0;
	kb_err_free(err);
	kb_plan_free(plan);
	kb_cluster_free(cluster);
	kb_free(context);
	return code;
}
