/* SPDX-License-Identifier: Apache-2.0 */
/* One step on one host: asked, judged, applied, verified. */
#include "engine.h"

#include <fcntl.h>
#include <sys/file.h>

static void
a_step_is_applied_once_and_then_is_present(void **state)
{
	struct fixture *f = *state;
	kb_step *step = file_step(f, "a", "hello");
	kb_result *r = kb_run(f->here, step, 20000);
	assert_non_null(r);
	assert_int_equal(kb_result_status(r), KB_OK);
	assert_int_equal(kb_result_verdict(r), KB_ABSENT);
	assert_int_equal(kb_result_is_changed(r), 1);
	assert_string_equal(read_file(f, "a"), "hello\n");
	kb_result_free(r);

	r = kb_run(f->here, step, 20000);
	assert_int_equal(kb_result_status(r), KB_OK);
	assert_int_equal(kb_result_verdict(r), KB_PRESENT);
	assert_int_equal(kb_result_is_changed(r), 0);
	assert_string_equal(read_file(f, "a.log"), "applied\n");	/* once */
	kb_result_free(r);
	kb_step_free(step);
}

static void
a_check_touches_nothing(void **state)
{
	struct fixture *f = *state;
	kb_step *step = file_step(f, "a", "hello");
	kb_result *r = kb_check(f->here, step, 20000);
	assert_int_equal(kb_result_status(r), KB_OK);
	assert_int_equal(kb_result_verdict(r), KB_ABSENT);
	assert_int_equal(kb_result_is_changed(r), 1);		/* would */
	assert_string_equal(read_file(f, "a"), "");
	kb_result_free(r);
	kb_step_free(step);
}

static void
expect(struct fixture *f, const char *probe, const char *apply, kb_status status, int verdict, const char *in_cause)
{
	kb_step *step = kb_step_script(f->kb, "test.step", probe, apply);
	kb_result *r = kb_run(f->here, step, 20000);
	assert_non_null(r);
	assert_int_equal(kb_result_status(r), status);
	assert_int_equal(kb_result_verdict(r), verdict);
	kb_err *err = kb_result_error(r);
	assert_int_equal(kb_err_code(err), status);
	if (in_cause) {
		assert_non_null(strstr(kb_err_cause(err), in_cause));
		assert_string_equal(kb_err_host(err), "here");
		assert_string_equal(kb_err_step(err), "test.step");
	}
	kb_err_free(err);
	kb_result_free(r);
	kb_step_free(step);
}

static void
an_answer_that_did_not_come_is_never_a_write(void **state)
{
	struct fixture *f = *state;
	char touch[128];
	snprintf(touch, sizeof(touch), "touch %s/written", f->folder);
	expect(f, "exit 2", touch, KB_EPROTOCOL, KB_UNKNOWN, "ended with 2");
	expect(f, "kill -9 $$", touch, KB_EUNREACHABLE, KB_UNKNOWN, NULL);
	expect(f, "echo broken >&3; exit 1", touch, KB_EPROTOCOL, KB_UNKNOWN, NULL);
	expect(f, "if", touch, KB_EPROTOCOL, KB_UNKNOWN, NULL);
	assert_int_not_equal(access(read_file(f, "written"), F_OK), 0);
	char path[128];
	snprintf(path, sizeof(path), "%s/written", f->folder);
	assert_int_not_equal(access(path, F_OK), 0);
}

static void
an_apply_that_fails_says_how(void **state)
{
	struct fixture *f = *state;
	expect(f, "exit 1", "echo because of this; exit 7", KB_ESTEP, KB_ABSENT, "ended with status 7");
	expect(f, "exit 1", "die CONFLICT test.foreign 'not ours'", KB_ECONFLICT, KB_ABSENT, "not ours");
	expect(f, "exit 1", "true", KB_EVERIFY, KB_ABSENT, "still absent");
	expect(f, "exit 1", NULL, KB_EVERIFY, KB_ABSENT, "absent");	/* it only asks */
}

static void
what_an_apply_printed_is_kept_and_escaped(void **state)
{
	struct fixture *f = *state;
	kb_step *step = kb_step_script(f->kb, "test.step", "exit 1", "printf 'one\\n\\033[2Jtwo\\n'; exit 1");
	kb_result *r = kb_run(f->here, step, 20000);
	assert_non_null(strstr(kb_result_log(r), "one\n"));
	assert_non_null(strstr(kb_result_log(r), "two"));
	assert_null(strchr(kb_result_log(r), '\033'));
	kb_result_free(r);
	kb_step_free(step);
}

static void
parameters_are_data(void **state)
{
	static const char *const hostile[] = { "it's", "$(touch x)", "`id`", "a\nb", "\\", "*", "-n", " lead", "trail ", "%s", "\"", "é\t" };
	struct fixture *f = *state;
	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		kb_step *step = file_step(f, "p", hostile[i]);
		kb_result *r = kb_run(f->here, step, 20000);
		char want[64];
		snprintf(want, sizeof(want), "%s\n", hostile[i]);
		assert_int_equal(kb_result_status(r), KB_OK);
		assert_string_equal(read_file(f, "p"), want);
		kb_result_free(r);
		kb_step_free(step);
	}
}

static void
an_output_of_a_script_is_given(void **state)
{
	struct fixture *f = *state;
	kb_step *step = kb_step_script(f->kb, "test.step", "output answer 42", NULL);
	kb_result *r = kb_run(f->here, step, 20000);
	kb_bytes *answer = kb_result_output(r, "answer");
	assert_string_equal(kb_bytes_data(answer), "42");
	assert_null(kb_result_output(r, "question"));
	kb_bytes_free(answer);
	kb_result_free(r);
	kb_step_free(step);
}

static void
a_step_that_only_asks_says_what_is_absent(void **state)
{
	struct fixture *f = *state;
	kb_step *step = kb_step_script(f->kb, "test.step", "exit 1", NULL);
	kb_result *r = kb_check(f->here, step, 20000);
	assert_int_equal(kb_result_status(r), KB_OK);
	assert_int_equal(kb_result_verdict(r), KB_ABSENT);
	assert_int_equal(kb_result_is_changed(r), 0);
	kb_result_free(r);
	r = kb_run(f->here, step, 20000);
	assert_int_equal(kb_result_status(r), KB_EVERIFY);
	assert_int_equal(kb_result_verdict(r), KB_ABSENT);
	assert_int_equal(kb_result_is_changed(r), 0);
	kb_result_free(r);
	kb_step_free(step);
}

static void
a_step_that_does_not_end_is_left_at_its_deadline(void **state)
{
	struct fixture *f = *state;
	/* what is left behind holds this machine's lock for as long as it sleeps: not much longer than the test needs */
	kb_step *step = kb_step_script(f->kb, "test.step", "sleep 3", NULL);
	kb_result *r = kb_run(f->here, step, 700);
	assert_int_equal(kb_result_status(r), KB_ETIMEOUT);
	kb_err *err = kb_result_error(r);
	assert_int_equal(kb_err_code(err), KB_ETIMEOUT);
	kb_err_free(err);
	assert_true(kb_result_duration_ms(r) < 2700);
	kb_result_free(r);
	kb_step_free(step);
}

/* Its probe ends its shell as it likes: by an exit, in a trap of its own, as another program */
static void
a_probe_may_end_in_any_way(void **state)
{
	struct fixture *f = *state;
	expect(f, "exit 0", NULL, KB_OK, KB_PRESENT, NULL);
	expect(f, "set -e; true", NULL, KB_OK, KB_PRESENT, NULL);
	expect(f, "trap 'exit 0' EXIT; exit 1", NULL, KB_OK, KB_PRESENT, NULL);
	expect(f, "trap - EXIT; true", NULL, KB_OK, KB_PRESENT, NULL);
	expect(f, "exec test -d /", NULL, KB_OK, KB_PRESENT, NULL);
	expect(f, "exec test -f /", NULL, KB_EVERIFY, KB_ABSENT, NULL);
	expect(f, "exit 7", NULL, KB_EPROTOCOL, KB_UNKNOWN, "its probe ended with 7");
	expect(f, "kill -9 $$", NULL, KB_EUNREACHABLE, KB_UNKNOWN, NULL);
}

static void
who_only_asks_waits_for_nobody(void **state)
{
	struct fixture *f = *state;
	int lock = open("/root", O_RDONLY | O_CLOEXEC);
	assert_true(geteuid() != 0 || flock(lock, LOCK_EX | LOCK_NB) == 0);	/* another controller is at work */
	expect(f, "true", NULL, KB_OK, KB_PRESENT, NULL);
	if (geteuid() == 0) {
		kb_step *step = file_step(f, "a", "hello");
		kb_result *r = kb_run(f->here, step, 1500);
		assert_int_equal(kb_result_status(r), KB_ETIMEOUT);
		assert_string_equal(read_file(f, "a"), "");
		kb_result_free(r);
		kb_step_free(step);
	}
	close(lock);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_step_is_applied_once_and_then_is_present, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_check_touches_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_answer_that_did_not_come_is_never_a_write, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_apply_that_fails_says_how, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_an_apply_printed_is_kept_and_escaped, set_up, tear_down),
		cmocka_unit_test_setup_teardown(parameters_are_data, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_output_of_a_script_is_given, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_step_that_only_asks_says_what_is_absent, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_probe_may_end_in_any_way, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_only_asks_waits_for_nobody, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_step_that_does_not_end_is_left_at_its_deadline, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
