/* SPDX-License-Identifier: Apache-2.0 */
/* Plans on one host: order, bound outputs, selection, failure, cancelling, and what events say. */
#include "engine.h"

struct seen {
	char order[1024];	/* "name:verdict " of each step that ended; "-" before a skipped one */
	char json[65536];
	int notes;
};

static void
see(kb_event *event, void *data)
{
	struct seen *seen = data;
	kb_bytes *json = kb_event_json(event);
	strncat(seen->json, kb_bytes_data(json), sizeof(seen->json) - strlen(seen->json) - 2);
	strcat(seen->json, "\n");
	kb_bytes_free(json);
	if (kb_event_kind(event) == KB_EVENT_NOTE)
		seen->notes++;
	if (kb_event_kind(event) != KB_EVENT_STEP_DONE)
		return;
	size_t used = strlen(seen->order);
	snprintf(seen->order + used, sizeof(seen->order) - used, "%s%s:%s ", kb_event_is_skipped(event) ? "-" : "",
		 kb_event_step(event), kb_verdict_name(kb_event_verdict(event)));
}

static kb_task *
add(struct fixture *f, kb_plan *plan, const char *name, const char *probe, const char *apply)
{
	kb_step *step = kb_step_script(f->kb, name, probe, apply);
	kb_task *task = kb_plan_add(plan, f->here, step);
	assert_non_null(task);
	kb_step_free(step);
	return task;
}

static void
tasks_of_a_host_run_in_the_order_added(void **state)
{
	struct fixture *f = *state;
	struct seen seen = { 0 };
	char make[128], ask[128];
	kb_plan *plan = kb_plan_new(f->kb);
	snprintf(ask, sizeof(ask), "[ -e %s/x ]", f->folder);
	snprintf(make, sizeof(make), "touch %s/x", f->folder);
	add(f, plan, "one", "true", NULL);
	add(f, plan, "two", ask, make);
	add(f, plan, "three", ask, "false");	/* present, because two was applied after it was first asked */
	assert_int_equal(run_plan(f->kb, plan, KB_APPLY, 20000, see, &seen), KB_OK);
	assert_string_equal(seen.order, "one:present two:absent three:present ");
	kb_plan_free(plan);
}

/* What the second host's task asks is known from the start: it need not wait for the first host's, which here waits for that very question */
static void
a_task_behind_one_of_another_host_is_asked_ahead_of_its_turn(void **state)
{
	struct fixture *f = *state;
	struct seen seen = { 0 };
	char wait[256], ask[128];
	kb_plan *plan = kb_plan_new(f->kb);
	kb_host *there = kb_host_new(f->kb, "there", "local:");
	snprintf(wait, sizeof(wait), "n=0; until [ -e %s/asked ]; do n=$((n + 1)); [ $n -lt 100 ] || exit 1; sleep 0.1; done", f->folder);
	snprintf(ask, sizeof(ask), "touch %s/asked", f->folder);
	assert_int_equal(kb_host_set(there, "become", "none"), KB_OK);
	kb_task *first = add(f, plan, "first", wait, "false");
	kb_step *look = kb_step_script(f->kb, "look", "true", NULL), *second = kb_step_script(f->kb, "second", ask, "false");
	kb_task *behind = kb_plan_add(plan, there, look) ? kb_plan_add(plan, there, second) : NULL;
	assert_int_equal(kb_plan_after(plan, behind, first), KB_OK);
	assert_int_equal(run_plan(f->kb, plan, KB_CHECK, 30000, see, &seen), KB_OK);
	assert_string_equal(seen.order, "look:present first:present second:present ");
	kb_step_free(look);
	kb_step_free(second);
	kb_host_free(there);
	kb_plan_free(plan);
}

static void
a_dry_run_says_what_is_now_and_touches_nothing(void **state)
{
	struct fixture *f = *state;
	struct seen seen = { 0 };
	char make[128], ask[128];
	kb_plan *plan = kb_plan_new(f->kb);
	snprintf(ask, sizeof(ask), "[ -e %s/x ]", f->folder);
	snprintf(make, sizeof(make), "touch %s/x", f->folder);
	add(f, plan, "two", ask, make);
	add(f, plan, "needs-two", "[ -e /nowhere ] || exit 9", "true");	/* unknown, but that may be because two is not done */
	assert_int_equal(run_plan(f->kb, plan, KB_CHECK, 20000, see, &seen), KB_OK);
	assert_string_equal(seen.order, "two:absent needs-two:unknown ");
	char path[128];
	snprintf(path, sizeof(path), "%s/x", f->folder);
	assert_int_not_equal(access(path, F_OK), 0);
	kb_plan_free(plan);
}

static void
a_failure_takes_with_it_what_comes_after(void **state)
{
	struct fixture *f = *state;
	struct seen seen = { 0 };
	kb_plan *plan = kb_plan_new(f->kb);
	add(f, plan, "good", "true", NULL);
	add(f, plan, "bad", "exit 1", "exit 1");
	add(f, plan, "later", "true", NULL);
	assert_int_equal(run_plan(f->kb, plan, KB_APPLY, 20000, see, &seen), KB_ESTEP);
	assert_string_equal(seen.order, "good:present bad:absent -later: ");
	assert_non_null(strstr(seen.json, "because bad on here did not end well"));
	kb_plan_free(plan);
}

static void
an_output_becomes_a_parameter(void **state)
{
	struct fixture *f = *state;
	kb_plan *plan = kb_plan_new(f->kb);
	kb_task *from = add(f, plan, "from", "output word \"it's\"", NULL);
	kb_task *to = add(f, plan, "to", "[ \"$word\" = \"it's\" ]", NULL);
	assert_int_equal(kb_plan_bind(plan, to, "word", from, "word"), KB_OK);
	assert_int_equal(run_plan(f->kb, plan, KB_APPLY, 20000, NULL, NULL), KB_OK);
	kb_bytes *word = kb_task_output(from, "word");
	assert_string_equal(kb_bytes_data(word), "it's");
	kb_bytes_free(word);
	kb_plan_free(plan);
}

static void
circles_are_refused(void **state)
{
	struct fixture *f = *state;
	kb_plan *plan = kb_plan_new(f->kb), *other = kb_plan_new(f->kb);
	kb_task *a = add(f, plan, "a", "true", NULL), *b = add(f, plan, "b", "true", NULL), *c = add(f, other, "c", "true", NULL);
	assert_int_equal(kb_plan_after(plan, a, b), KB_EINVAL);		/* b is behind a on the same host */
	assert_int_equal(kb_plan_after(plan, a, a), KB_EINVAL);
	assert_int_equal(kb_plan_after(plan, a, c), KB_EINVAL);
	assert_int_equal(kb_plan_after(plan, b, a), KB_OK);
	assert_int_equal(kb_plan_bind(plan, a, "x", b, "y"), KB_EINVAL);
	kb_plan_free(plan);
	kb_plan_free(other);
}

static void
patterns_choose_what_runs(void **state)
{
	struct fixture *f = *state;
	struct seen seen = { 0 };
	kb_plan *plan = kb_plan_new(f->kb);
	add(f, plan, "calico.install", "true", NULL);
	add(f, plan, "calico.other", "true", NULL);
	add(f, plan, "bad", "exit 1", "exit 1");
	assert_int_equal(kb_plan_only(plan, "calico.*"), KB_OK);
	assert_int_equal(kb_plan_skip(plan, "*.other"), KB_OK);
	assert_int_equal(kb_plan_only(plan, "nothing"), KB_EINVAL);
	assert_int_equal(run_plan(f->kb, plan, KB_APPLY, 20000, see, &seen), KB_OK);
	assert_string_equal(seen.order, "calico.install:present ");
	kb_plan_free(plan);
}

static void
a_cancelled_run_ends_at_once_and_once(void **state)
{
	struct fixture *f = *state;
	struct seen seen = { 0 };
	kb_plan *plan = kb_plan_new(f->kb);
	add(f, plan, "slow", "exit 1", "sleep 3");
	add(f, plan, "later", "true", NULL);
	int64_t run = kb_plan_start(plan, KB_APPLY, -1);
	assert_true(run > 0);
	assert_int_equal(kb_plan_start(plan, KB_APPLY, -1), KB_EBUSY);
	kb_status status = KB_OK;
	bool is_cancelled = false;
	while (kb_plan_is_running(plan) == 1) {
		kb_event *event;
		while ((event = kb_plan_next_event(plan))) {
			see(event, &seen);
			if (kb_event_kind(event) == KB_EVENT_STEP_STARTED && !is_cancelled) {
				assert_int_equal(kb_cancel(f->kb, run), KB_OK);
				is_cancelled = true;
			}
			if (kb_event_kind(event) == KB_EVENT_PLAN_DONE) {
				status = kb_event_status(event);
				assert_true(kb_event_duration_ms(event) < 2500);
			}
			kb_event_free(event);
		}
		if (kb_plan_is_running(plan) == 1)
			kb_wait(f->kb, 5000);
	}
	assert_int_equal(status, KB_ECANCELED);
	assert_string_equal(seen.order, "slow:absent -later: ");
	assert_non_null(strstr(seen.json, "may still be running"));
	assert_non_null(strstr(seen.json, "not started"));
	kb_plan_free(plan);
}

static void
a_plan_may_be_freed_while_it_runs_and_before_its_context(void **state)
{
	struct fixture *f = *state;
	kb_plan *plan = kb_plan_new(f->kb);
	add(f, plan, "slow", "sleep 1", NULL);
	assert_true(kb_plan_start(plan, KB_APPLY, -1) > 0);
	kb_wait(f->kb, 100);
	kb_plan_free(plan);
	kb_plan *second = kb_plan_new(f->kb);
	add(f, second, "quick", "true", NULL);
	assert_int_equal(run_plan(f->kb, second, KB_CHECK, 20000, NULL, NULL), KB_OK);
	kb_plan_free(second);
}

static void
a_plan_can_be_started_again(void **state)
{
	struct fixture *f = *state;
	struct seen first = { 0 }, second = { 0 };
	kb_plan *plan = kb_plan_new(f->kb);
	kb_step *step = file_step(f, "a", "b");
	assert_non_null(kb_plan_add(plan, f->here, step));
	kb_step_free(step);
	assert_int_equal(run_plan(f->kb, plan, KB_APPLY, 20000, see, &first), KB_OK);
	assert_int_equal(run_plan(f->kb, plan, KB_APPLY, 20000, see, &second), KB_OK);
	assert_string_equal(first.order, "test.file:absent ");
	assert_string_equal(second.order, "test.file:present ");
	kb_plan_free(plan);
}

static void
a_second_plan_waits_for_the_first_on_the_same_host(void **state)
{
	struct fixture *f = *state;
	char add_line[160], ask[160];
	snprintf(add_line, sizeof(add_line), "sleep 1; echo line >>%s/lines", f->folder);
	snprintf(ask, sizeof(ask), "[ -e %s/lines ]", f->folder);
	kb_plan *one = kb_plan_new(f->kb), *two = kb_plan_new(f->kb);
	add(f, one, "line", ask, add_line);
	add(f, two, "line", ask, add_line);
	assert_true(kb_plan_start(one, KB_APPLY, 20000) > 0);
	assert_true(kb_plan_start(two, KB_APPLY, 20000) > 0);
	struct seen seen = { 0 };
	bool was_told_in_time = false;
	while (kb_plan_is_running(one) == 1 || kb_plan_is_running(two) == 1) {
		kb_event *event;
		while ((event = kb_plan_next_event(one)) || (event = kb_plan_next_event(two))) {
			see(event, &seen);
			was_told_in_time |= strcmp(kb_event_id(event), "host.waiting") == 0 && read_file(f, "lines")[0] == '\0';
			kb_event_free(event);
		}
		kb_wait(f->kb, 1000);
	}
	assert_true(was_told_in_time);
	assert_string_equal(read_file(f, "lines"), "line\n");	/* exactly once */
	kb_plan_free(one);
	kb_plan_free(two);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(tasks_of_a_host_run_in_the_order_added, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_task_behind_one_of_another_host_is_asked_ahead_of_its_turn, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_dry_run_says_what_is_now_and_touches_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_failure_takes_with_it_what_comes_after, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_output_becomes_a_parameter, set_up, tear_down),
		cmocka_unit_test_setup_teardown(circles_are_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(patterns_choose_what_runs, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_cancelled_run_ends_at_once_and_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_plan_may_be_freed_while_it_runs_and_before_its_context, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_plan_can_be_started_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_second_plan_waits_for_the_first_on_the_same_host, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
