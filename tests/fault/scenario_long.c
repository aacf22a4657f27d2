/* SPDX-License-Identifier: Apache-2.0 */
/* A long step on this machine, which outlives the connection that began it: its line is there once, whatever failed, and a later run finds it. */
#include "fault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libkb.h>

#include "place.h"
#include "step.h"

#define TIMEOUT_MS 8000

static kb_status
judge_line(struct kbi_judge *j)
{
	return kbi_judge_say(j, kbi_judge_fact_is(j, "lines", "1") ? KB_PRESENT : KB_ABSENT, "its line");
}

static const struct kbi_param params[] = {{.name = "file"}, {0}};
static const struct kbi_output outputs[] = {{.name = "answer"}, {0}};

static const struct kbi_step_def line_def = {
	.name = "test.line", .params = params, .outputs = outputs, .flags = KBI_STEP_LONG, .timeout_ms = 60000, .judge = judge_line,
	.script =
		"probe() { fact lines \"$(cat \"$file\" 2>/dev/null | wc -l)\"; }\n"
		"apply() { echo doing; echo line >>\"$file\"; output answer 42; }\n",
};

static int
count_lines(const char *file)
{
	FILE *f = fopen(file, "r");
	int count = 0, c;

	while (f && (c = getc(f)) != EOF)
		count += c == '\n';
	if (f)
		fclose(f);
	return count;
}

/* To the end of the run, or of what can be waited for. */
static int
follow(kb_ctx *kb, kb_plan *plan)
{
	int status = KB_EPROTOCOL;
	kb_event *event;

	while (kb_plan_is_running(plan) == 1) {
		while ((event = kb_plan_next_event(plan))) {
			if (kb_event_kind(event) == KB_EVENT_PLAN_DONE)
				status = kb_event_status(event);
			kb_event_free(event);
		}
		int done = kb_plan_is_running(plan) == 1 ? kb_wait(kb, -1) : 0;
		if (done < 0)
			return done;
	}
	return status;
}

static kb_step *
make_step(kb_ctx *kb, const char *file)
{
	kb_step *step = kb_step_script(kb, "test.line", "true", "true");

	if (!step || kb_step_set(step, "file", file))
		fault_wrong("it works not even when nothing fails");
	step->def = &line_def;
	return step;
}

static int
run_plan(kb_ctx *kb, kb_host *host, kb_step *step, const char *file)
{
	bool was_there = count_lines(file) == 1;
	kb_plan *plan = kb_plan_new(kb);
	kb_task *task = plan ? kb_plan_add(plan, host, step) : NULL;
	int status = task && kb_plan_start(plan, KB_APPLY, TIMEOUT_MS) > 0 ? follow(kb, plan) : fault_code(kb);
	kb_bytes *answer = status == KB_OK ? kb_task_output(task, "answer") : NULL;

	if (status == KB_OK && count_lines(file) != 1)
		fault_wrong("KB_OK, and the line is there %d times", count_lines(file));
	if (answer && strcmp(kb_bytes_data(answer), "42") != 0)
		fault_wrong("KB_OK, and the answer is \"%s\"", (const char *)kb_bytes_data(answer));
	if (status == KB_OK && !answer && !was_there && !fault_has_struck())
		fault_wrong("KB_OK, and there is no answer");
	kb_bytes_free(answer);
	kb_plan_free(plan);
	return status;
}

static int
play(const struct scenario *scenario)
{
	char file[128];
	kb_ctx *kb = kb_new();
	kb_host *host = kb_host_new(kb, "here", "local:");

	(void)scenario;
	snprintf(file, sizeof(file), "%s/%ld", place_folder, (long)getpid());
	place_leave_machine();
	kb_host_set(host, "become", "none");
	kb_step *step = make_step(kb, file);
	fault_begin();
	int status = run_plan(kb, host, step, file);
	if (status && !fault_goes_on()) {
		int second = run_plan(kb, host, step, file);
		if (second)
			fault_wrong("the second time it ended with %s", kb_err_name(second));
	}
	kb_step_free(step);
	kb_host_free(host);
	kb_free(kb);
	if (count_lines(file) > 1)
		fault_wrong("the line is there %d times", count_lines(file));
	unlink(file);
	return status;
}

const struct scenario fault_long[] = {
	{"long.apply", place_make_folder, play, place_remove_folder, 0, 0},
	{0},
};
