/* SPDX-License-Identifier: Apache-2.0 */
/* Plans of odd shapes: each of them ends, and ends right. Two names of this machine serve as two hosts where
 * nothing is applied, since then nobody takes its lock. */
#include "engine.h"

#include <pthread.h>
#include <stdatomic.h>

#include "step.h"

static kb_task *
add_on(struct fixture *f, kb_plan *plan, kb_host *host, const char *name, const char *probe, const char *apply)
{
	kb_step *step = kb_step_script(f->kb, name, probe, apply);
	kb_task *task = kb_plan_add(plan, host, step);
	assert_non_null(task);
	kb_step_free(step);
	return task;
}

static kb_host *
second_host(struct fixture *f)
{
	kb_host *there = kb_host_new(f->kb, "there", "local:");
	assert_int_equal(kb_host_set(there, "become", "none"), KB_OK);
	return there;
}

static void
a_barrier_before_everything_holds_up_nothing(void **state)
{
	struct fixture *f = *state;
	kb_plan *plan = kb_plan_new(f->kb);
	assert_int_equal(kb_plan_barrier(plan), KB_OK);
	add_on(f, plan, f->here, "only", "true", NULL);
	assert_int_equal(run_plan(f->kb, plan, KB_CHECK, 5000, NULL, NULL), KB_OK);
	kb_plan_free(plan);
}

/* Who could say whether the token is needed stands behind the barrier that waits for it */
static void
what_is_on_demand_and_before_a_barrier_is_run(void **state)
{
	struct fixture *f = *state;
	kb_host *there = second_host(f);
	kb_plan *plan = kb_plan_new(f->kb);
	kb_task *token = add_on(f, plan, f->here, "token", "output word it", NULL);
	assert_int_equal(kb_task_set_on_demand(token), KB_OK);
	assert_int_equal(kb_plan_barrier(plan), KB_OK);
	kb_task *join = add_on(f, plan, there, "join", "[ \"$word\" = it ]", NULL);
	assert_int_equal(kb_plan_bind(plan, join, "word", token, "word"), KB_OK);
	assert_int_equal(run_plan(f->kb, plan, KB_CHECK, 5000, NULL, NULL), KB_OK);
	kb_plan_free(plan);
	kb_host_free(there);
}

/* Who could say stands behind a task that stands behind both */
static void
two_on_demand_whose_asker_stands_behind_them_still_end(void **state)
{
	struct fixture *f = *state;
	kb_host *there = second_host(f);
	kb_plan *plan = kb_plan_new(f->kb);
	kb_task *second = add_on(f, plan, f->here, "second", "output word b", NULL);
	kb_task *first = add_on(f, plan, f->here, "first", "output word a", NULL);
	kb_task *asks_first = add_on(f, plan, there, "asks-first", "exit 1", "true");
	kb_task *after = add_on(f, plan, f->here, "after-both", "true", NULL);
	kb_task *asks_second = add_on(f, plan, there, "asks-second", "exit 1", "true");
	kb_task_set_on_demand(first);
	kb_task_set_on_demand(second);
	assert_int_equal(kb_plan_bind(plan, asks_first, "word", first, "word"), KB_OK);
	assert_int_equal(kb_plan_bind(plan, asks_second, "word", second, "word"), KB_OK);
	assert_int_equal(kb_plan_after(plan, asks_second, after), KB_OK);
	assert_int_equal(run_plan(f->kb, plan, KB_CHECK, 5000, NULL, NULL), KB_OK);
	kb_plan_free(plan);
	kb_host_free(there);
}

static void
see_text(kb_event *event, void *data)
{
	char *all = data;
	if (kb_event_kind(event) == KB_EVENT_STEP_DONE)
		snprintf(all + strlen(all), 2000 - strlen(all), "%s=%s/%d;", kb_event_step(event), kb_event_text(event), kb_event_status(event));
}

/* What was left out is asked for its output, and what that one is bound to as well, in whatever order they were added */
static void
a_chain_of_bound_tasks_is_asked_whatever_its_order(void **state)
{
	struct fixture *f = *state;
	kb_host *there = second_host(f);
	kb_plan *plan = kb_plan_new(f->kb);
	kb_task *last = add_on(f, plan, there, "last", "[ \"$word\" = it ]", NULL);
	kb_task *mid = add_on(f, plan, f->here, "mid", "output word \"$from\"", NULL);
	kb_host *third = kb_host_new(f->kb, "third", "local:");
	kb_host_set(third, "become", "none");
	kb_task *root = add_on(f, plan, third, "root", "output word it", NULL);
	assert_int_equal(kb_plan_bind(plan, last, "word", mid, "word"), KB_OK);
	assert_int_equal(kb_plan_bind(plan, mid, "from", root, "word"), KB_OK);
	assert_int_equal(kb_plan_only(plan, "last"), KB_OK);
	char all[2000] = "";
	assert_int_equal(run_plan(f->kb, plan, KB_CHECK, 5000, see_text, all), KB_OK);
	kb_plan_free(plan);
	kb_host_free(there);
	kb_host_free(third);
}

static void
a_second_run_knows_no_output_of_the_first(void **state)
{
	struct fixture *f = *state;
	char probe[200], path[128];
	kb_plan *plan = kb_plan_new(f->kb);
	snprintf(path, sizeof(path), "%s/gone", f->folder);
	snprintf(probe, sizeof(probe), "[ -e %s ] || output word old", path);
	kb_task *from = add_on(f, plan, f->here, "from", probe, NULL);
	assert_int_equal(run_plan(f->kb, plan, KB_CHECK, 5000, NULL, NULL), KB_OK);
	kb_bytes *word = kb_task_output(from, "word");
	assert_non_null(word);
	kb_bytes_free(word);
	fclose(fopen(path, "w"));
	run_plan(f->kb, plan, KB_CHECK, 5000, NULL, NULL);
	word = kb_task_output(from, "word");
	assert_null(word);
	kb_plan_free(plan);
}

/* The controller's shell dies, what it applied goes on and holds the lock: that is waited for, by the same run too */
static void
a_step_left_running_by_a_lost_connection_is_waited_for(void **state)
{
	struct fixture *f = *state;
	char probe[200], apply[300], all[2000] = "";
	kb_plan *plan = kb_plan_new(f->kb);
	snprintf(probe, sizeof(probe), "[ -e %s/done ]", f->folder);
	snprintf(apply, sizeof(apply), "trap '' HUP PIPE TERM; kill -9 $$; sleep 3; echo x >>%s/done", f->folder);
	add_on(f, plan, f->here, "cut", probe, apply);
	assert_int_equal(run_plan(f->kb, plan, KB_APPLY, 30000, see_text, all), KB_OK);
	assert_string_equal(read_file(f, "done"), "x\n");
	kb_plan_free(plan);
}

static void
a_secret_is_bytes_and_no_string(void **state)
{
	struct fixture *f = *state;
	kb_step *step = kb_step_new(f->kb, "calico.remove");
	char *secret = malloc(2);
	assert_non_null(step);
	memcpy(secret, "ye", 2);
	assert_int_equal(kb_step_set_secret(step, "skip-unreachable", secret, 2), KB_EINVAL);
	free(secret);
	kb_step_free(step);
}

/* Cancelled between an apply that is through and the look at what it left: it was not "not started" */
static void
what_was_applied_and_then_cancelled_says_so(void **state)
{
	struct fixture *f = *state;
	char probe[200], apply[200], all[2000] = "";
	kb_plan *plan = kb_plan_new(f->kb);
	snprintf(probe, sizeof(probe), "[ -e %s/x ] || exit 1; sleep 3", f->folder);
	snprintf(apply, sizeof(apply), "touch %s/x", f->folder);
	add_on(f, plan, f->here, "quick", probe, apply);
	assert_int_equal(run_plan(f->kb, plan, KB_APPLY, 1500, see_text, all), KB_ETIMEOUT);
	assert_string_equal(read_file(f, "x"), "");
	assert_non_null(strstr(all, "applied, but not looked at afterwards"));
	kb_plan_free(plan);
}

/* Cancelled while a connection that was lost in the middle of it is made again: it was not "not started" either */
static void
what_was_lost_sight_of_and_then_cancelled_says_so(void **state)
{
	struct fixture *f = *state;
	char apply[300], all[2000] = "";
	kb_plan *plan = kb_plan_new(f->kb);
	snprintf(apply, sizeof(apply), "trap '' HUP PIPE TERM; kill -9 $$; sleep 3; echo x >>%s/done", f->folder);
	add_on(f, plan, f->here, "cut", "false", apply);
	assert_int_equal(run_plan(f->kb, plan, KB_APPLY, 2000, see_text, all), KB_ETIMEOUT);
	assert_null(strstr(all, "not started"));
	assert_non_null(strstr(all, "the connection was lost while it ran"));
	kb_plan_free(plan);
	sleep(2);		/* until it has ended */
}

static void
what_was_applied_and_is_still_different_has_changed_something(void **state)
{
	struct fixture *f = *state;
	kb_step *step = kb_step_script(f->kb, "vain", "false", "true");
	kb_result *result = kb_run(f->here, step, 10000);
	assert_int_equal(kb_result_status(result), KB_EVERIFY);
	assert_int_equal(kb_result_is_changed(result), 1);
	kb_result_free(result);
	kb_step_free(step);
}

/* A host may say anything: a terminal gets none of it as it is */
static void
see_notes(kb_event *event, void *owner)
{
	char *all = owner;
	if (kb_event_kind(event) == KB_EVENT_NOTE)
		snprintf(all + strlen(all), 500, "[%s: %s]", kb_event_id(event), kb_event_text(event));
}

static void
what_a_host_notes_is_escaped(void **state)
{
	struct fixture *f = *state;
	char all[2000] = "";
	kb_plan *plan = kb_plan_new(f->kb);
	add_on(f, plan, f->here, "odd", "note warning \"$(printf 'odd\\033id')\" \"$(printf 'a\\033[2Kb\\377c\\nd')\"", NULL);
	assert_int_equal(run_plan(f->kb, plan, KB_CHECK, 10000, see_notes, all), KB_OK);
	assert_string_equal(all, "[odd\\x1bid: a\\x1b[2Kb\\xffc\\nd]");
	kb_plan_free(plan);
}

struct freeing {
	kb_plan **plans;
	int count;
	atomic_bool is_over;
};

static void *
free_plans(void *owner)
{
	struct freeing *freeing = owner;
	for (int i = 0; i < freeing->count; i++) {
		kb_plan_free(freeing->plans[i]);
		usleep(100);
	}
	atomic_store(&freeing->is_over, true);
	return NULL;
}

/* Any thread may free a plan at any time (a garbage collector's): no call of the one that uses the context fails by it */
static void
plans_that_others_free_make_no_call_fail(void **state)
{
	enum { PLANS = 200, TASKS = 6000 };
	struct fixture *f = *state;
	static kb_plan *plans[PLANS];
	struct freeing freeing = { .plans = plans, .count = PLANS };
	kb_step *step = kb_step_script(f->kb, "look", "exit 0", NULL);
	pthread_t thread;
	int calls = 0, busy = 0;
	for (int i = 0; i < PLANS; i++) {
		plans[i] = kb_plan_new(f->kb);
		for (int task = 0; task < TASKS; task++)
			kb_plan_add(plans[i], f->here, step);
	}
	assert_int_equal(pthread_create(&thread, NULL, free_plans, &freeing), 0);
	while (!atomic_load(&freeing.is_over)) {
		busy += kb_dispatch(f->kb) == KB_EBUSY;
		calls++;
		usleep(20);	/* as a program that waits in its own loop */
	}
	pthread_join(thread, NULL);
	if (busy)
		fail_msg("%d of %d calls found the context busy", busy, calls);
	kb_step_free(step);
}

/* -- steps of a test's own making, as the library's are */

static kb_status
judge_ok(struct kbi_judge *j)
{
	return kbi_judge_say(j, kbi_judge_fact_is(j, "ok", "yes") ? KB_PRESENT : KB_ABSENT, "as it said");
}

static kb_status
prepare_slowly(struct kbi_prepare *p)
{
	(void)p;
	sleep(1);
	return KB_OK;
}

/* Facts of a probe that failed are not complete, whatever the judge would make of them */
static void
a_probe_that_fails_after_an_apply_proves_nothing(void **state)
{
	struct fixture *f = *state;
	static const struct kbi_step_def def = { .name = "own", .timeout_ms = 10000, .judge = judge_ok,
		.script = "probe() { [ ! -e \"$file\" ] || { fact ok yes; return 7; }; }\napply() { : >\"$file\"; }\n" };
	char path[128], all[2000] = "";
	kb_plan *plan = kb_plan_new(f->kb);
	kb_step *step = kb_step_script(f->kb, "half", "true", "true");
	snprintf(path, sizeof(path), "%s/x", f->folder);
	assert_int_equal(kb_step_set(step, "file", path), KB_OK);
	step->def = &def;
	assert_non_null(kb_plan_add(plan, f->here, step));
	assert_int_equal(run_plan(f->kb, plan, KB_APPLY, 10000, see_text, all), KB_EPROTOCOL);
	assert_non_null(strstr(all, "its probe ended with status 7"));
	kb_step_free(step);
	kb_plan_free(plan);
}

/* Skipped in the middle of its preparing: what was being prepared must not bring it back, or the barrier would wait for it */
static void
what_was_skipped_while_it_prepared_stays_so(void **state)
{
	struct fixture *f = *state;
	static const struct kbi_step_def def = { .name = "own", .flags = KBI_STEP_PREPARE_FIRST, .timeout_ms = 10000, .judge = judge_ok,
		.prepare = prepare_slowly, .script = "probe() { :; }\napply() { :; }\n" };
	kb_host *there = second_host(f), *third = kb_host_new(f->kb, "third", "local:");
	kb_host_set(third, "become", "none");
	kb_plan *plan = kb_plan_new(f->kb);
	kb_step *step = kb_step_script(f->kb, "prepared", "true", "true");
	step->def = &def;
	kb_task *token = add_on(f, plan, f->here, "token", "sleep 0.5; exit 9", NULL);
	kb_task *asks = add_on(f, plan, there, "asks", "exit 1", "true");
	kb_task *prepared = kb_plan_add(plan, third, step);
	add_on(f, plan, there, "slow", "sleep 3", NULL);
	assert_int_equal(kb_task_set_on_demand(token), KB_OK);
	assert_int_equal(kb_plan_bind(plan, asks, "word", token, "word"), KB_OK);
	assert_int_equal(kb_plan_bind(plan, prepared, "word", token, "word"), KB_OK);
	assert_int_equal(kb_plan_barrier(plan), KB_OK);
	add_on(f, plan, f->here, "last", "true", NULL);
	assert_int_equal(run_plan(f->kb, plan, KB_CHECK, 8000, NULL, NULL), KB_EPROTOCOL);
	kb_step_free(step);
	kb_plan_free(plan);
	kb_host_free(there);
	kb_host_free(third);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_barrier_before_everything_holds_up_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_on_demand_and_before_a_barrier_is_run, set_up, tear_down),
		cmocka_unit_test_setup_teardown(two_on_demand_whose_asker_stands_behind_them_still_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_chain_of_bound_tasks_is_asked_whatever_its_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_second_run_knows_no_output_of_the_first, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_step_left_running_by_a_lost_connection_is_waited_for, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_secret_is_bytes_and_no_string, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_was_applied_and_then_cancelled_says_so, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_was_lost_sight_of_and_then_cancelled_says_so, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_was_applied_and_is_still_different_has_changed_something, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_a_host_notes_is_escaped, set_up, tear_down),
		cmocka_unit_test_setup_teardown(plans_that_others_free_make_no_call_fail, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_probe_that_fails_after_an_apply_proves_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_was_skipped_while_it_prepared_stays_so, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
