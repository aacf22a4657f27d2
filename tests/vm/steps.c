/* SPDX-License-Identifier: Apache-2.0 */
/* Runs steps on one host, in the order given, and says of each how it was and what was done:
 *
 *     steps check|apply URI IDENTITY KNOWN_HOSTS STEP [NAME=VALUE...] [STEP...]
 *
 *     swap.off: differs changed
 *
 * Exit status 0: all ended well; 1: one did not, and the reason is on standard error; 2: the words make no sense.
 */
#include <stdio.h>
#include <string.h>

#include <libkb.h>

static const int64_t run_ms = 900000;

static void
complain(kb_err *err)
{
	fprintf(stderr, "%s %s: %s\n", kb_err_name(kb_err_code(err)), kb_err_id(err), kb_err_cause(err));
	for (size_t i = 0; i < kb_err_evidence_count(err); i++)
		fprintf(stderr, "  %s\n", kb_err_evidence(err, i));
	kb_err_free(err);
}

static kb_status
set(kb_step *step, char *word)
{
	char *value = strchr(word, '=');

	*value++ = '\0';
	return kb_step_param_is_list(kb_step_name(step), word) == 1 ? kb_step_add(step, word, value) : kb_step_set(step, word, value);
}

/* A word with "=" is a parameter of the step before it. */
static kb_status
add_steps(kb_ctx *kb, kb_plan *plan, kb_host *host, char **words)
{
	while (*words) {
		kb_step *step = kb_step_new(kb, *words++);
		kb_status status = step ? KB_OK : KB_EINVAL;
		while (!status && *words && strchr(*words, '='))
			status = set(step, *words++);
		if (!status && !kb_plan_add(plan, host, step))
			status = KB_EINVAL;
		kb_step_free(step);
		if (status)
			return status;
	}
	return KB_OK;
}

static void
show(const kb_event *event)
{
	switch (kb_event_kind(event)) {
	case KB_EVENT_NOTE:
		printf("note %s: %s\n", kb_event_id(event), kb_event_text(event));
		break;
	case KB_EVENT_STEP_DONE:
		printf("%s: %s %s\n%s", kb_event_step(event), kb_verdict_name(kb_event_verdict(event)),
			kb_event_is_skipped(event) ? "skipped" : kb_event_is_changed(event) ? "changed" : "not changed", kb_event_diff(event));
		if (kb_event_status(event))
			fprintf(stderr, "%s", kb_event_log(event));
		break;
	case KB_EVENT_PLAN_DONE:
		if (kb_event_status(event))
			complain(kb_event_error(event));
		break;
	default:
		break;
	}
}

static int
run(kb_ctx *kb, kb_plan *plan, int mode)
{
	kb_status status = KB_OK;

	if (kb_plan_start(plan, mode, run_ms) < 0)
		return 2;
	while (kb_plan_is_running(plan) == 1) {
		kb_event *event;
		while ((event = kb_plan_next_event(plan))) {
			if (kb_event_status(event))
				status = kb_event_status(event);
			show(event);
			kb_event_free(event);
		}
		kb_wait(kb, -1);
	}
	return status ? 1 : 0;
}

int
main(int argc, char **argv)
{
	if (argc < 6 || (strcmp(argv[1], "check") != 0 && strcmp(argv[1], "apply") != 0)) {
		fputs("usage: steps check|apply URI IDENTITY KNOWN_HOSTS STEP [NAME=VALUE...] [STEP...]\n", stderr);
		return 2;
	}
	kb_ctx *kb = kb_new();
	kb_host *host = kb_host_new(kb, "vm", argv[2]);
	kb_plan *plan = kb_plan_new(kb);
	int code = 2;

	if (!kb_host_set(host, "identity", argv[3]) && !kb_host_set(host, "known_hosts", argv[4]) && !add_steps(kb, plan, host, argv + 5))
		code = run(kb, plan, strcmp(argv[1], "apply") == 0 ? KB_APPLY : KB_CHECK);
	if (code == 2)
		complain(kb_error(kb));
	kb_plan_free(plan);
	kb_host_free(host);
	kb_free(kb);
	return code;
}
