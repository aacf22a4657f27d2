/* SPDX-License-Identifier: Apache-2.0 */
/* A step on this machine: looked at, applied, and a plan whose events are taken and printed as JSON. */
#include "fault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libkb.h>

#include "followed.h"
#include "place.h"

#define TIMEOUT_MS 4000

struct made {
	kb_ctx *kb;
	kb_host *host;
	kb_step *step;
};

static bool
make(struct made *made, const char *file)
{
	*made = (struct made){.kb = kb_new()};
	if (!made->kb)
		return false;
	made->host = kb_host_new(made->kb, "here", "local:");
	made->step = kb_step_script(made->kb, "test.file", "fact output.size 7; [ -s \"$file\" ]", "echo doing; echo whole >\"$file\"");
	return made->host && made->step && !kb_host_set(made->host, "become", "none") && !kb_step_set(made->step, "file", file);
}

static void
let_go(struct made *made)
{
	kb_step_free(made->step);
	kb_host_free(made->host);
	kb_free(made->kb);
}

static bool
is_there(const char *file)
{
	struct stat st;

	return stat(file, &st) == 0 && st.st_size == 6;
}

/* The kind of run is `which`: a check changes nothing, and an apply that says KB_OK has changed it. */
static int
judge(struct made *made, kb_result *result, int mode, const char *file, bool was_there, bool is_second)
{
	if (!result)
		return fault_code(made->kb);
	int status = kb_result_status(result), verdict = kb_result_verdict(result);
	if (mode == KB_CHECK && is_there(file) != was_there)
		fault_wrong("a check has written");
	/* A step that was lost sight of may have gone on: then the one that was waiting for it finds it done. */
	was_there = was_there || (is_second && verdict == KB_PRESENT && is_there(file));
	if (status == KB_OK && verdict != (was_there ? KB_PRESENT : KB_ABSENT))
		fault_wrong("KB_OK, and the verdict is \"%s\"", kb_verdict_name(verdict));
	if (status == KB_OK && mode == KB_APPLY && !is_there(file))
		fault_wrong("KB_OK, and the file is not there");
	if (status == KB_OK && kb_result_is_changed(result) != !was_there)
		fault_wrong("KB_OK, and changed is %d", kb_result_is_changed(result));
	kb_err *err = status ? kb_result_error(result) : NULL;
	if (status && !fault_goes_on() && kb_err_code(err) != status)
		fault_wrong("the status is %s, its error %s", kb_err_name(status), kb_err_name(kb_err_code(err)));
	kb_err_free(err);
	return status;
}

static int
run(struct made *made, int mode, const char *file, bool is_second)
{
	bool was_there = is_there(file);
	kb_result *result = (mode == KB_CHECK ? kb_check : kb_run)(made->host, made->step, TIMEOUT_MS);
	int status = judge(made, result, mode, file, was_there, is_second);

	kb_result_free(result);
	return status;
}

static void
name_file(char *file, size_t room)
{
	snprintf(file, room, "%s/%ld", place_folder, (long)getpid());
}

static int
play_step(const struct scenario *scenario)
{
	struct made made;
	char file[128];
	int status;

	name_file(file, sizeof(file));
	place_leave_machine();
	fault_begin();
	if (!make(&made, file))
		status = made.kb ? fault_code(made.kb) : NO_HANDLE;
	else
		status = run(&made, scenario->which, file, false);
	if (status && made.step && made.host && !fault_goes_on()) {	/* what was not set may be set again */
		kb_host_set(made.host, "become", "none");
		kb_step_set(made.step, "file", file);
		int second = run(&made, scenario->which, file, true);
		if (second)
			fault_wrong("the second time it ended with %s", kb_err_name(second));
	}
	let_go(&made);
	unlink(file);
	return status;
}

/* -- events */

struct heard {
	int started, done, ended, status;
	bool has_json;
};

static void
hear(void *owner, kb_event *event)
{
	struct heard *heard = owner;
	kb_bytes *json = kb_event_json(event);
	int kind = kb_event_kind(event);

	if (json && !strstr(kb_bytes_data(json), kb_event_kind_name(kind)))
		fault_wrong("an event's JSON is %s", (const char *)kb_bytes_data(json));
	heard->has_json = heard->has_json && json;
	kb_bytes_free(json);
	heard->started += kind == KB_EVENT_PLAN_STARTED;
	heard->done += kind == KB_EVENT_STEP_DONE;
	if (kind == KB_EVENT_PLAN_DONE) {
		heard->ended++;
		heard->status = kb_event_status(event);
	}
	kb_event_free(event);
}

/* To the end of the run, or of what can be waited for. */
static int
run_plan(struct made *made, const char *file)
{
	struct heard heard = {.has_json = true};
	kb_plan *plan = kb_plan_new(made->kb);
	kb_task *first = plan ? kb_plan_add(plan, made->host, made->step) : NULL, *second = first ? kb_plan_add(plan, made->host, made->step) : NULL;

	if (!second || kb_plan_start(plan, KB_APPLY, TIMEOUT_MS) <= 0) {
		kb_plan_free(plan);
		return fault_code(made->kb);
	}
	int status = follow_plan(made->kb, plan, hear, &heard);
	kb_plan_free(plan);
	if (status)
		return status;
	if (heard.ended != 1)
		fault_wrong("the run has ended, and %d events said so", heard.ended);
	if (heard.done != 2)
		fault_wrong("two steps have ended, and %d events said so", heard.done);
	if (heard.status == KB_OK && (!is_there(file) || heard.started != 1))
		fault_wrong("KB_OK, and the file is %s, the start was told %d times", is_there(file) ? "there" : "not there", heard.started);
	if (heard.status == KB_OK && !heard.has_json)
		return KB_ENOMEM;	/* what the caller would say */
	return heard.status;
}

static int
play_plan(const struct scenario *scenario)
{
	struct made made;
	char file[128];
	int status;

	(void)scenario;
	name_file(file, sizeof(file));
	place_leave_machine();
	if (!make(&made, file))
		fault_wrong("it works not even when nothing fails");
	fault_begin();
	status = run_plan(&made, file);
	if (status && !fault_goes_on()) {
		int second = run_plan(&made, file);
		if (second)
			fault_wrong("the second time it ended with %s", kb_err_name(second));
	}
	let_go(&made);
	unlink(file);
	return status;
}

const struct scenario fault_local[] = {
	{"local.check", place_make_folder, play_step, place_remove_folder, KB_CHECK, 0},
	{"local.apply", place_make_folder, play_step, place_remove_folder, KB_APPLY, 0},
	{"local.events", place_make_folder, play_plan, place_remove_folder, 0, 0},
	{0},
};
