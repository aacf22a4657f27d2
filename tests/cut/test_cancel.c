/* SPDX-License-Identifier: Apache-2.0 */
/* A run on several hosts is cancelled at many moments: it ends at the next dispatch, says for each host what is left there, and what it says is
 * true. The run after it finds everything as it was left, and does the rest, once. */
#include "hosts.h"
#include "line.h"
#include "long.h"

#define HOSTS 4
#define TASKS 3			/* on each of them */

static const char script[] =
	LINE_PROBE
	"apply() { sleep 0.1; echo line >>\"$file\"; }\n";
static const struct kbi_step_def defs[] = { LINE_STEP("test.short", 0), LINE_STEP("test.long", KBI_STEP_LONG) };

struct fixture {
	struct hosts *hosts;
	kb_ctx *kb;
	kb_host *at[HOSTS];
	int count;
};

struct fate {
	char id[40], journal[80];
	int notes;
};

static const char *
file_of(const struct fixture *f, int host, int task)
{
	static char path[128];
	snprintf(path, sizeof(path), "%s/cancel.%d.%d", f->hosts->folder, host, task);
	return path;
}

static int
lines_on(const struct fixture *f, int host)
{
	int lines = 0, c;
	for (int task = 0; task < TASKS; task++) {
		FILE *file = fopen(file_of(f, host, task), "r");
		while (file && (c = getc(file)) != EOF)
			lines += c == '\n';
		if (file)
			fclose(file);
	}
	return lines;
}

static void
set_up(struct fixture *f, void **state)
{
	*f = (struct fixture){ .hosts = need_hosts(state), .kb = kb_new() };
	f->count = f->hosts->count < HOSTS ? f->hosts->count : HOSTS;
	for (int i = 0; i < f->count; i++)
		assert_non_null(f->at[i] = host_at(f->hosts, f->kb, f->hosts->ports[i]));
}

static void
tear_down(struct fixture *f)
{
	for (int i = 0; i < f->count; i++)
		kb_host_free(f->at[i]);
	kb_free(f->kb);
}

static kb_plan *
plan_of(struct fixture *f)	/* short and long in turns, not the same first */
{
	kb_plan *plan = kb_plan_new(f->kb);
	for (int host = 0; host < f->count; host++)
		for (int task = 0; task < TASKS; task++) {
			kb_step *step = kb_step_script(f->kb, "test.line", "true", "true");
			unlink(file_of(f, host, task));
			kb_step_set(step, "file", file_of(f, host, task));
			step->def = &defs[(host + task) % 2];
			assert_non_null(kb_plan_add(plan, f->at[host], step));
			kb_step_free(step);
		}
	return plan;
}

/* Takes all events that are there. Returns whether the last one was */
static bool
take_events(struct fixture *f, kb_plan *plan, struct fate fates[HOSTS], kb_status *status)
{
	bool is_over = false;
	kb_event *event;
	while ((event = kb_plan_next_event(plan))) {
		is_over |= kb_event_kind(event) == KB_EVENT_PLAN_DONE;
		if (kb_event_kind(event) == KB_EVENT_PLAN_DONE)
			*status = kb_event_status(event);
		for (int i = 0; fates && i < f->count; i++) {
			if (kb_event_kind(event) != KB_EVENT_NOTE || strcmp(kb_event_host(event), kb_host_name(f->at[i])) != 0 || strncmp(kb_event_id(event), "host.", 5) != 0)
				continue;
			fates[i].notes++;
			snprintf(fates[i].id, sizeof(fates[i].id), "%s", kb_event_id(event));
			snprintf(fates[i].journal, sizeof(fates[i].journal), "%s", kb_event_journal(event));
		}
		kb_event_free(event);
	}
	return is_over;
}

static void
check_fates(struct fixture *f, const struct fate fates[HOSTS])
{
	int before[HOSTS];
	for (int i = 0; i < f->count; i++)
		before[i] = lines_on(f, i);
	usleep(300000);
	for (int i = 0; i < f->count; i++) {
		int lines = lines_on(f, i);
		bool may_go_on = strcmp(fates[i].id, "host.still-running") == 0;
		assert_int_equal(fates[i].notes, 1);
		if (!may_go_on)
			assert_int_equal(lines, before[i]);
		if (strcmp(fates[i].id, "host.not-started") == 0)
			assert_int_equal(lines, 0);
		if (strcmp(fates[i].id, "host.ended") == 0)
			assert_int_equal(lines, TASKS);
		assert_true(may_go_on || !fates[i].journal[0]);
	}
}

static kb_status
finish(struct fixture *f, kb_plan *plan)
{
	kb_status status = KB_EINVAL;
	assert_true(kb_plan_start(plan, KB_APPLY, PATIENCE_MS) > 0);
	while (!take_events(f, plan, NULL, &status))
		assert_true(kb_wait(f->kb, PATIENCE_MS) >= 0);
	return status;
}

/* False when the run ended before there was anything to cancel */
static bool
cancel_at(struct fixture *f, int dispatches, int kinds[4])
{
	static const char *const ids[] = { "host.ended", "host.not-started", "host.stopped", "host.still-running" };
	struct fate fates[HOSTS] = { 0 };
	kb_status status = KB_EINVAL;
	kb_plan *plan = plan_of(f);
	int64_t run = kb_plan_start(plan, KB_APPLY, PATIENCE_MS);
	bool is_over = false;
	for (int i = 0; i < dispatches && !is_over; i++) {
		kb_wait(f->kb, PATIENCE_MS);
		is_over = take_events(f, plan, NULL, &status);
	}
	if (!is_over) {
		assert_int_equal(kb_cancel(f->kb, run), KB_OK);
		assert_int_equal(kb_dispatch(f->kb), KB_OK);
		assert_true(take_events(f, plan, fates, &status));	/* at once */
		assert_int_equal(status, KB_ECANCELED);
		check_fates(f, fates);
	}
	for (int i = 0; i < f->count; i++)
		for (int kind = 0; kind < 4; kind++)
			kinds[kind] += strcmp(fates[i].id, ids[kind]) == 0;
	assert_int_equal(finish(f, plan), KB_OK);
	for (int i = 0; i < f->count; i++)
		assert_int_equal(lines_on(f, i), TASKS);
	kb_plan_free(plan);
	return !is_over;
}

static void
cancelled_at_any_moment_it_says_what_is_left_on_each_host(void **state)
{
	struct fixture f;
	int step = is_long_run() ? 1 : 9, kinds[4] = { 0 }, moments = 0;
	set_up(&f, state);
	while (cancel_at(&f, moments * step, kinds))
		moments++;
	print_message("%d moments; hosts that had ended %d, not started %d, stopped %d, still running %d\n", moments, kinds[0], kinds[1], kinds[2], kinds[3]);
	assert_true(moments > 3 && kinds[1] && kinds[3]);
	tear_down(&f);
}

struct later {
	char all[4000], journal[80];
};

static void
run_until(struct fixture *f, kb_plan *plan, int kind_to_cancel_at, struct later *later)
{
	bool is_over = false;
	int64_t run = kb_plan_start(plan, KB_APPLY, PATIENCE_MS);
	while (!is_over && kb_wait(f->kb, PATIENCE_MS) >= 0)
		for (kb_event *event; (event = kb_plan_next_event(plan)); kb_event_free(event)) {
			size_t n = strlen(later->all);
			snprintf(later->all + n, sizeof(later->all) - n, "%s %s %s;", kb_event_kind_name(kb_event_kind(event)), kb_event_id(event), kb_event_text(event));
			if (strcmp(kb_event_id(event), "host.still-running") == 0)
				snprintf(later->journal, sizeof(later->journal), "%s", kb_event_journal(event));
			is_over |= kb_event_kind(event) == KB_EVENT_PLAN_DONE;
			if (kb_event_kind(event) == kind_to_cancel_at)
				kb_cancel(f->kb, run);
		}
}

static void
a_later_run_waits_for_what_still_runs_and_tells_how_it_ended(void **state)
{
	static const struct kbi_step_def slow = { .name = "test.long", .params = params, .flags = KBI_STEP_LONG, .timeout_ms = PATIENCE_MS, .judge = judge_line,
		.script = "probe() { fact found \"$(grep -c . \"$file\" 2>/dev/null || true)\"; }\napply() { echo begun; sleep 2; echo line >>\"$file\"; }\n" };
	struct fixture f;
	struct later first = { 0 }, second = { 0 };
	set_up(&f, state);
	kb_plan *plan = kb_plan_new(f.kb);
	kb_step *step = kb_step_script(f.kb, "test.line", "true", "true");
	for (int i = 0; i < TASKS; i++)
		unlink(file_of(&f, 0, i));
	kb_step_set(step, "file", file_of(&f, 0, 0));
	step->def = &slow;
	kb_plan_add(plan, f.at[0], step);
	run_until(&f, plan, KB_EVENT_STEP_OUTPUT, &first);
	assert_true(first.journal[0]);
	assert_int_equal(lines_on(&f, 0), 0);
	run_until(&f, plan, -1, &second);
	assert_int_equal(lines_on(&f, 0), 1);
	assert_non_null(strstr(second.all, "note host.waiting waiting for test.line, started by "));
	assert_non_null(strstr(second.all, "note step.ended-unheard test.line of "));
	assert_non_null(strstr(second.all, "step-done  "));
	assert_null(strstr(second.all, "step-started"));
	kb_plan_free(plan);
	kb_step_free(step);
	tear_down(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cancelled_at_any_moment_it_says_what_is_left_on_each_host),
		cmocka_unit_test(a_later_run_waits_for_what_still_runs_and_tells_how_it_ended),
	};
	return cmocka_run_group_tests_name("cancel", tests, hosts_start, hosts_stop);
}
