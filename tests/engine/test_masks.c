/* SPDX-License-Identifier: Apache-2.0 */
/* A secret that a script prints itself is shown by nothing: not the output while it runs, the log, the evidence, the difference, the JSON. */
#include "engine.h"

#define MARKER "kb-canary-5150"
#define MARKER_BASE64 "a2ItY2FuYXJ5LTUxNTA"

struct seen {
	int events;
	int masks;
	int outputs;
};

static void
check_text(struct seen *seen, const char *text)
{
	assert_non_null(text);
	if (strstr(text, MARKER) || strstr(text, MARKER_BASE64))
		fail_msg("shown: %s", text);
	seen->masks += strstr(text, "***") != NULL;
}

static void
see(kb_event *event, void *data)
{
	struct seen *seen = data;
	kb_bytes *json = kb_event_json(event);
	seen->events++;
	seen->outputs += kb_event_kind(event) == KB_EVENT_STEP_OUTPUT;
	check_text(seen, kb_bytes_data(json));
	check_text(seen, kb_event_text(event));
	check_text(seen, kb_event_log(event));
	kb_bytes_free(json);
}

static kb_step *
leaky_step(kb_ctx *kb, const char *apply)
{
	kb_step *step = kb_step_script(kb, "leaky", "printf '%s' \"$password\" >&2; [ -e \"$file\" ]", apply);
	assert_non_null(step);
	assert_int_equal(kb_step_set(step, "file", "/nonexistent/file"), KB_OK);
	assert_int_equal(kb_step_set_secret(step, "password", MARKER, strlen(MARKER)), KB_OK);
	return step;
}

static struct seen
run_leaky(struct fixture *f, const char *apply)
{
	struct seen seen = { 0 };
	kb_step *step = leaky_step(f->kb, apply);
	kb_plan *plan = kb_plan_new(f->kb);
	assert_non_null(kb_plan_add(plan, f->here, step));
	kb_step_free(step);
	assert_int_not_equal(run_plan(f->kb, plan, KB_APPLY, 20000, see, &seen), KB_OK);
	kb_plan_free(plan);
	return seen;
}

static void
a_script_that_prints_its_own_secret_shows_nothing(void **state)
{
	struct seen seen = run_leaky(*state, "echo \"password: $password\"; printf '%s' \"x$password\" | base64; exit 3");
	assert_true(seen.outputs >= 1);
	assert_true(seen.masks >= 3);
}

static void
one_that_prints_it_in_two_halves_shows_nothing(void **state)
{
	struct seen seen = run_leaky(*state, "printf '%s' \"${password%-*}\"; sleep 0.3; printf -- '-%s\\n' \"${password##*-}\"; exit 3");
	assert_true(seen.outputs >= 1);
	assert_true(seen.masks >= 2);
}

static void
an_error_of_its_own_words_shows_nothing(void **state)
{
	struct seen seen = run_leaky(*state, "clue \"tried $password\"; die STEP own.failed \"$password was refused\"");
	assert_true(seen.masks >= 1);
}

static void
what_was_forgotten_is_masked_no_more(void **state)
{
	struct fixture *f = *state;
	kb_step *step = leaky_step(f->kb, "true");
	assert_int_equal(kb_step_set_secret(step, "password", NULL, 0), KB_OK);
	assert_int_equal(kb_step_set(step, "word", MARKER), KB_OK);
	kb_step *other = kb_step_script(f->kb, "other", "exit 1", "echo \"$word\" >&2; exit 3");
	assert_int_equal(kb_step_set(other, "word", MARKER), KB_OK);
	kb_result *result = kb_run(f->here, other, 20000);
	assert_non_null(strstr(kb_result_log(result), MARKER));
	kb_result_free(result);
	kb_step_free(other);
	kb_step_free(step);
}

static void
the_contexts_own_error_shows_nothing(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(kb_host_set_secret(f->here, "password", MARKER, strlen(MARKER)), KB_OK);
	assert_int_equal(kb_host_set(f->here, "port", MARKER), KB_EINVAL);
	kb_err *err = kb_error(f->kb);
	assert_null(strstr(kb_err_cause(err), MARKER));
	assert_non_null(strstr(kb_err_cause(err), "***"));
	kb_err_free(err);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_script_that_prints_its_own_secret_shows_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_that_prints_it_in_two_halves_shows_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_error_of_its_own_words_shows_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_was_forgotten_is_masked_no_more, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_contexts_own_error_shows_nothing, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
