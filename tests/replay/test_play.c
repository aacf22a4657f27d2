/* SPDX-License-Identifier: Apache-2.0 */
/* How recorded answers are found, and that what has none is never a success. */
#include "replay.h"

#include "transport/recording.h"

/* A host on which a file is made: before and after. */
#define HEAD "host h\nlogin\nuser 0\nlock take\nexit 0\n"
#define MAKES                                                                                              \
	HEAD "probe test.file\narg file=/x\nfact kb.status=1\nfact probe.ended=yes\nexit 0\n"                                     \
	     "apply test.file\narg file=/x\nlog\n:made\nexit 0\n"                                           \
	     "probe test.file\narg file=/x\nfact kb.status=0\nfact probe.ended=yes\nexit 0\n"

static kb_status
run_file(struct fixture *f, kb_host *host, const char *file, int mode)
{
	kb_plan *plan = kb_plan_new(f->kb);
	kb_step *step = kb_step_script(f->kb, "test.file", "[ -e \"$file\" ]", ": >\"$file\"");
	kb_step_set(step, "file", file);
	assert_non_null(kb_plan_add(plan, host, step));
	kb_status status = play(f, plan, mode);
	kb_step_free(step);
	kb_plan_free(plan);
	return status;
}

static void
after_an_apply_the_later_facts_are_given(void **state)
{
	struct fixture *f = *state;
	write_recording(f, MAKES);
	kb_host *host = new_host(f, "h", f->file);
	assert_int_equal(run_file(f, host, "/x", KB_CHECK), KB_OK);
	assert_told(f, "\"verdict\":\"absent\"");
	assert_int_equal(run_file(f, host, "/x", KB_APPLY), KB_OK);
	assert_told(f, "\"text\":\"made\"");
	assert_told(f, "\"changed\":true");
	assert_int_equal(run_file(f, host, "/x", KB_APPLY), KB_OK);
	assert_told(f, "\"verdict\":\"present\"");
	kb_host_free(host);
}

static void
a_new_host_begins_at_the_beginning(void **state)
{
	struct fixture *f = *state;
	write_recording(f, MAKES);
	for (int i = 0; i < 2; i++) {
		kb_host *host = new_host(f, "h", f->file);
		assert_int_equal(run_file(f, host, "/x", KB_APPLY), KB_OK);
		assert_told(f, "\"text\":\"made\"");
		kb_host_free(host);
	}
}

static void
later_sessions_get_what_later_sessions_got(void **state)
{
	struct fixture *f = *state;
	write_recording(f, HEAD "probe test.file\narg file=/x\nfact kb.status=1\nfact probe.ended=yes\nexit 0\n"
		"login\nuser 0\nlock look\nexit 0\nprobe test.file\narg file=/x\nfact kb.status=9\nfact probe.ended=yes\nexit 0\n"
		"login\nuser 0\nprobe test.file\narg file=/x\nfact kb.status=0\nfact probe.ended=yes\nexit 0\n");
	kb_host *host = new_host(f, "h", f->file);
	assert_int_equal(run_file(f, host, "/x", KB_CHECK), KB_OK);
	assert_told(f, "\"verdict\":\"absent\"");
	assert_int_equal(run_file(f, host, "/x", KB_CHECK), KB_EPROTOCOL);
	assert_told(f, "ended with 9");
	for (int i = 0; i < 2; i++) {	/* and the last of them from then on */
		assert_int_equal(run_file(f, host, "/x", KB_CHECK), KB_OK);
		assert_told(f, "\"verdict\":\"present\"");
	}
	kb_host_free(host);
}

static void
other_parameters_are_no_success_and_are_named(void **state)
{
	struct fixture *f = *state;
	write_recording(f, MAKES);
	kb_host *host = new_host(f, "h", f->file);
	assert_int_equal(run_file(f, host, "/y", KB_CHECK), KB_EUNSUPPORTED);
	assert_told(f, "replay: h: nothing recorded for the probe of test.file with these parameters");
	assert_told(f, "asked: arg file=/y");
	assert_told(f, "recorded: arg file=/x");
	assert_told(f, "replay.not-recorded");
	assert_int_equal(run_file(f, host, "/y", KB_APPLY), KB_EUNSUPPORTED);
	kb_host_free(host);
}

static void
another_step_is_no_success_and_its_nearest_is_named(void **state)
{
	struct fixture *f = *state;
	write_recording(f, MAKES);
	kb_host *host = new_host(f, "h", f->file);
	kb_plan *plan = kb_plan_new(f->kb);
	add_script(f, plan, host, "test.fila", "true", NULL);
	assert_int_equal(play(f, plan, KB_CHECK), KB_EUNSUPPORTED);
	assert_told(f, "nothing recorded for the probe of test.fila");
	assert_told(f, "the nearest that is recorded: probe test.file");
	kb_plan_free(plan);
	kb_host_free(host);
}

/* A dry run forgives what cannot be judged yet. What was not recorded is not that. */
static void
behind_a_change_it_is_no_success_either(void **state)
{
	struct fixture *f = *state;
	write_recording(f, HEAD "lock look\nexit 0\nprobe a\nfact kb.status=1\nfact probe.ended=yes\nexit 0\n");
	kb_host *host = new_host(f, "h", f->file);
	kb_plan *plan = kb_plan_new(f->kb);
	add_script(f, plan, host, "a", "false", "true");
	add_script(f, plan, host, "b", "false", "true");
	assert_int_equal(play(f, plan, KB_CHECK), KB_EUNSUPPORTED);
	kb_plan_free(plan);
	kb_host_free(host);
}

#define ASKED(name, status) "probe " name "\nfact kb.status=" status "\nfact probe.ended=yes\nexit 0\n"
#define DONE(name) "apply " name "\nlog\n:" name " was done\nexit 0\n"

/* Steps that do not wait for each other are applied in another order in each run. */
static void
independent_steps_play_in_any_order(void **state)
{
	struct fixture *f = *state;
	static const char *const orders[][4] = {{"a", "b", "c"}, {"c", "b", "a"}, {"b", "a", "c"}, {"c", "a", "b"}, {"b"}, {"c", "b"}};
	write_recording(f, HEAD ASKED("a", "1") ASKED("b", "1") ASKED("c", "1") DONE("a") ASKED("a", "0") ASKED("b", "1")
		DONE("b") ASKED("b", "0") ASKED("c", "1") DONE("c") ASKED("c", "0"));
	for (size_t i = 0; i < sizeof(orders) / sizeof(*orders); i++) {
		kb_host *host = new_host(f, "h", f->file);
		kb_plan *plan = kb_plan_new(f->kb);
		for (size_t k = 0; orders[i][k]; k++)
			add_script(f, plan, host, orders[i][k], "false", "true");
		assert_int_equal(play(f, plan, KB_APPLY), KB_OK);
		for (size_t k = 0; orders[i][k]; k++) {
			char told[40];
			snprintf(told, sizeof(told), "\"text\":\"%s was done\"", orders[i][k]);
			assert_told(f, told);
		}
		assert_int_equal(play(f, plan, KB_APPLY), KB_OK);
		assert_null(strstr(kbi_buf_text(&f->events), "was done"));
		kb_plan_free(plan);
		kb_host_free(host);
	}
}

/* What another step changed is seen when that step was applied, and not before. */
static void
an_answer_that_needs_another_step_is_not_given_before_it(void **state)
{
	struct fixture *f = *state;
	write_recording(f, HEAD ASKED("made", "1") ASKED("seen", "1") DONE("made") ASKED("made", "0") ASKED("seen", "0"));
	kb_host *host = new_host(f, "h", f->file);
	kb_plan *plan = kb_plan_new(f->kb);
	add_script(f, plan, host, "seen", "false", NULL);
	assert_int_equal(play(f, plan, KB_APPLY), KB_EVERIFY);
	kb_plan_free(plan);
	plan = kb_plan_new(f->kb);
	add_script(f, plan, host, "made", "false", "true");
	add_script(f, plan, host, "seen", "false", NULL);
	assert_int_equal(play(f, plan, KB_APPLY), KB_OK);
	kb_plan_free(plan);
	kb_host_free(host);
}

static void
the_second_time_gets_the_second_answer_and_the_third_none(void **state)
{
	struct fixture *f = *state;
	write_recording(f, HEAD ASKED("a", "1") "apply a\nlog\n:once\nexit 3\n" ASKED("a", "1") "apply a\nlog\n:twice\nexit 0\n" ASKED("a", "1"));
	kb_host *host = new_host(f, "h", f->file);
	kb_plan *plan = kb_plan_new(f->kb);
	add_script(f, plan, host, "a", "false", "true");
	assert_int_equal(play(f, plan, KB_APPLY), KB_ESTEP);
	assert_told(f, "\"text\":\"once\"");
	assert_int_equal(play(f, plan, KB_APPLY), KB_EVERIFY);
	assert_told(f, "\"text\":\"twice\"");
	assert_int_equal(play(f, plan, KB_APPLY), KB_EUNSUPPORTED);
	assert_told(f, "replay: h: nothing recorded for the apply of a once more: it was applied 2 times");
	kb_plan_free(plan);
	kb_host_free(host);
}

static void
nothing_is_verified_that_was_not_asked_again(void **state)
{
	struct fixture *f = *state;
	write_recording(f, HEAD ASKED("a", "1") DONE("a"));
	kb_host *host = new_host(f, "h", f->file);
	kb_plan *plan = kb_plan_new(f->kb);
	add_script(f, plan, host, "a", "false", "true");
	assert_int_equal(play(f, plan, KB_APPLY), KB_EUNSUPPORTED);
	assert_told(f, "nothing recorded for the probe of a after 1 applies of it");
	kb_plan_free(plan);
	kb_host_free(host);
}

#define FOR_TOKENS "arg ttl=30m\narg usages=authentication\narg usages=signing\n"
#define ASKED_FOR_TOKENS "probe token.create\n" FOR_TOKENS
#define TOKENS(lines) ASKED_FOR_TOKENS lines "fact tokens.status=0\nfact probe.ended=yes\nexit 0\n"

/* A token is another one in each run: its public part is played as the one of this run, in facts, files, logs and parameters. */
static void
what_the_controller_makes_anew_is_played_as_it_makes_it(void **state)
{
	struct fixture *f = *state;
	char ids[2][16];
	write_recording(f, HEAD TOKENS("fact tokens=\n") "apply token.create\n" FOR_TOKENS "log\n:made \\{token-id}, and \\{nothing}\nexit 0\n"
		TOKENS("file tokens\n|secret/bootstrap-token-aaaaaa\n:secret/bootstrap-token-\\{token-id}\n")
		"probe token.delete\narg token-id=\\{token-id}\nfact secret=secret/bootstrap-token-\\{token-id}\nfact secret.status=0\nfact probe.ended=yes\nexit 0\n"
		"apply token.delete\narg token-id=\\{token-id}\nexit 0\n"
		"probe token.delete\narg token-id=\\{token-id}\nfact secret=\nfact secret.status=0\nfact probe.ended=yes\nexit 0\n");
	for (int i = 0; i < 2; i++) {
		kb_host *host = new_host(f, "h", f->file);
		kb_plan *plan = kb_plan_new(f->kb);
		kb_step *create = kb_step_new(f->kb, "token.create"), *delete = kb_step_new(f->kb, "token.delete");
		kb_task *made = kb_plan_add(plan, host, create), *gone = kb_plan_add(plan, host, delete);
		assert_int_equal(kb_plan_bind(plan, gone, "token-id", made, "token-id"), KB_OK);
		assert_int_equal(play(f, plan, KB_APPLY), KB_OK);
		kb_bytes *id = kb_task_output(made, "token-id");
		snprintf(ids[i], sizeof(ids[i]), "%s", (const char *)kb_bytes_data(id));
		assert_int_equal(strlen(ids[i]), 6);
		char told[60];
		snprintf(told, sizeof(told), "\"text\":\"made %s, and {nothing}\"", ids[i]);
		assert_told(f, told);
		kb_bytes_free(id);
		kb_step_free(create);
		kb_step_free(delete);
		kb_plan_free(plan);
		kb_host_free(host);
	}
	assert_string_not_equal(ids[0], ids[1]);
}

static void
a_value_is_named_where_it_is_a_word(void **state)
{
	(void)state;
	struct kbi_map named = {0};
	struct kbi_buf out = KBI_BUF(KBI_SIZE_TEXT), data = KBI_BUF(KBI_SIZE_TEXT), played = KBI_BUF(KBI_SIZE_TEXT);
	const char *text = "400zmi token-400zmi, 400zmi9 x400zmi 400zmi.400zmi \\\\{token-id}400zmi";
	kbi_map_set(&named, "token-id", "400zmi");
	kbi_recording_name(&out, &named, text, strlen(text));
	assert_string_equal(kbi_buf_text(&out),
		"\\{token-id} token-\\{token-id}, 400zmi9 x400zmi \\{token-id}.\\{token-id} \\\\{token-id}\\{token-id}");
	assert_true(kbi_recording_unescape(&data, out.data, out.size_bytes));
	kbi_map_set(&named, "token-id", "abcdef");
	kbi_recording_unname(&played, &named, data.data, data.size_bytes);
	assert_string_equal(kbi_buf_text(&played), "abcdef token-abcdef, 400zmi9 x400zmi abcdef.abcdef \\{token-id}abcdef");
	kbi_buf_free(&out);
	kbi_buf_free(&data);
	kbi_buf_free(&played);
	kbi_map_free(&named);
}

static void
an_edited_script_still_plays_and_is_told(void **state)
{
	struct fixture *f = *state;
	write_recording(f, HEAD "probe a\ntext 0000000000000000\nfact kb.status=0\nfact probe.ended=yes\nexit 0\n");
	kb_host *host = new_host(f, "h", f->file);
	kb_plan *plan = kb_plan_new(f->kb);
	add_script(f, plan, host, "a", "false", "true");
	assert_int_equal(play(f, plan, KB_APPLY), KB_OK);
	assert_told(f, "replay.changed");
	kb_plan_free(plan);
	kb_host_free(host);
}

static void
a_lost_connection_is_made_again(void **state)
{
	struct fixture *f = *state;
	write_recording(f, HEAD "probe a\nfact kb.status=1\nfact probe.ended=yes\nexit 0\n"
		"apply a\nlog\n:half\ncause the peer went away\nevidence last words\nlost KB_EUNREACHABLE session.ended\n"
		"login\nuser 0\nlock take\nlog\n|waiting for a, started by this\nexit 0\nprobe a\nfact kb.status=0\nfact probe.ended=yes\nexit 0\n");
	kb_host *host = new_host(f, "h", f->file);
	kb_plan *plan = kb_plan_new(f->kb);
	add_script(f, plan, host, "a", "false", "true");
	assert_int_equal(play(f, plan, KB_APPLY), KB_OK);
	assert_told(f, "\"event\":\"host-lost\"");
	assert_told(f, "h: the peer went away");
	assert_told(f, "connected again");
	assert_told(f, "host.waiting");
	assert_told(f, "\"changed\":true");
	kb_plan_free(plan);
	kb_host_free(host);
}

static void
a_login_that_failed_fails(void **state)
{
	struct fixture *f = *state;
	write_recording(f, "login\ncause the login of admin was refused\nlost KB_EAUTH auth.refused\n");
	kb_host *host = new_host(f, "h", f->file);
	assert_int_equal(run_file(f, host, "/x", KB_CHECK), KB_EAUTH);
	assert_told(f, "h: the login of admin was refused");
	kb_host_free(host);
}

static void
who_held_the_host_still_holds_it(void **state)
{
	struct fixture *f = *state;
	write_recording(f, "login\nuser 0\nlock take\nfact error.code=LOCKED\nfact error.id=host.locked\n"
		"fact error.text=held by another controller\nexit 1\nprobe test.file\narg file=/x\nfact kb.status=0\nfact probe.ended=yes\nexit 0\n");
	kb_host *host = new_host(f, "h", f->file);
	assert_int_equal(run_file(f, host, "/x", KB_APPLY), KB_ELOCKED);
	kb_host_free(host);
}

static void
a_shell_that_is_not_roots_is_none(void **state)
{
	struct fixture *f = *state;
	write_recording(f, "login\nerr\n|sudo: what\nuser 1000\n");
	kb_host *host = new_host(f, "h", f->file);
	assert_int_equal(run_file(f, host, "/x", KB_CHECK), KB_EPRIVILEGE);
	assert_int_equal(kb_host_set(host, "become", "none"), KB_OK);
	assert_int_equal(run_file(f, host, "/x", KB_CHECK), KB_EUNSUPPORTED);	/* now the lock is missing, and the probe */
	kb_host_free(host);
}

static void
bad_files_are_refused_with_their_line(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *text, *cause;
	} bad[] = {
		{"login\nuser 0\nnonsense\n", ":4: no such line"}, {"fact a=b\n", ":2: stands in no entry"},
		{"login\n", ":2: the last entry has no end"}, {"login\nlogin\n", ":3: the entry before it has no end"},
		{"probe\n", ":2: what is asked is missing"}, {"probe a\nexit x\n", ":3: not a number that it can be"},
		{"probe a\nexit 256\n", ":3: not a number that it can be"}, {"probe a\n|x\n", ":3: not a line of a block"},
		{"probe a\nlog\n|\\q\n", ":4: not a line of a block"}, {"probe a\nlog\n*99999999999999999999 x\n", ":4: not a line of a block"},
		{"probe a\nuser 0\n", ":3: only a login has one"}, {"login\nexit 0\n", ":3: a login ends with user"},
		{"probe a\nlost NO\n", ":3: not a code"}, {"probe a\nwire x\n", ":3: neither out nor err"},
		{"probe a\nfact \\xg0\n", ":3: not an escape"}, {"probe a\nfact \\{token-id\n", ":3: not an escape"}, {"probe a\ndata x\n", ":3: needs a name and base64"},
	};
	char uri[160];
	snprintf(uri, sizeof(uri), "replay:%s", f->file);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		write_recording(f, bad[i].text);
		assert_null(kb_host_new(f->kb, "h", uri));
		kb_err *err = kb_error(f->kb);
		assert_int_equal(kb_err_code(err), KB_EINVAL);
		if (!strstr(kb_err_cause(err), bad[i].cause))
			fail_msg("%s: %s", bad[i].text, kb_err_cause(err));
		kb_err_free(err);
	}
	assert_null(kb_host_new(f->kb, "h", "replay:/nonexistent"));
	assert_null(kb_host_new(f->kb, "h", "replay:"));
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(after_an_apply_the_later_facts_are_given), T(a_new_host_begins_at_the_beginning),
		T(later_sessions_get_what_later_sessions_got), T(other_parameters_are_no_success_and_are_named),
		T(another_step_is_no_success_and_its_nearest_is_named), T(behind_a_change_it_is_no_success_either),
		T(independent_steps_play_in_any_order),
		T(an_answer_that_needs_another_step_is_not_given_before_it), T(the_second_time_gets_the_second_answer_and_the_third_none),
		T(nothing_is_verified_that_was_not_asked_again), T(what_the_controller_makes_anew_is_played_as_it_makes_it),
		cmocka_unit_test(a_value_is_named_where_it_is_a_word), T(an_edited_script_still_plays_and_is_told), T(a_lost_connection_is_made_again),
		T(a_login_that_failed_fails), T(who_held_the_host_still_holds_it), T(a_shell_that_is_not_roots_is_none),
		T(bad_files_are_refused_with_their_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
