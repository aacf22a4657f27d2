/* SPDX-License-Identifier: Apache-2.0 */
/* What was recorded of this machine plays as it was: the same events, but for their times. */
#include "replay.h"

#define MARKER "kb-canary-9119"
#define MARKER_BASE64 "a2ItY2FuYXJ5LTkxMTk"

/* Steps that print, fail, give facts of every form, take a secret, and change something. */
static kb_plan *
make_plan(struct fixture *f, kb_host *host)
{
	kb_plan *plan = kb_plan_new(f->kb);
	kb_step *file = kb_step_script(f->kb, "test.file",
		"printf 'noise of a probe\\n'; [ \"$(cat \"$file\" 2>/dev/null)\" = \"$text\" ]",
		"echo begin; printf 'no end of line' >&2; sleep 0.2; echo; echo \"$password and more\"; printf '%s\\n' \"$text\" >\"$file\"; "
		"output both \"two\nlines of $password\"");
	char path[100];
	snprintf(path, sizeof(path), "%s/made", f->folder);
	kb_step_set(file, "file", path);
	kb_step_set(file, "text", "it's \"a\" \\text\\, äöü");
	assert_int_equal(kb_step_set_secret(file, "password", MARKER, strlen(MARKER)), KB_OK);
	assert_non_null(kb_plan_add(plan, host, file));
	kb_step_free(file);
	add_script(f, plan, host, "test.note", "note warning test.odd 'something odd'; true", NULL);
	add_script(f, plan, host, "test.fails", "exit 1", "printf '\\001\\377 bad bytes\\n'; clue \"tried $password\"; exit 7");
	add_script(f, plan, host, "test.never", "exit 1", "exit 0");
	return plan;
}

static void
check_same(const struct kbi_buf *recorded, const struct kbi_buf *played)
{
	const char *a = kbi_buf_text(recorded), *b = kbi_buf_text(played);
	while (*a && strcspn(a, "\n") == strcspn(b, "\n") && strncmp(a, b, strcspn(a, "\n")) == 0) {
		a += strcspn(a, "\n") + 1;
		b += strcspn(b, "\n") + 1;
	}
	if (*a || *b)
		fail_msg("recorded: %.*s\n  played: %.*s", (int)strcspn(a, "\n"), a, (int)strcspn(b, "\n"), b);
}

static void
what_was_recorded_plays_as_it_was(void **state)
{
	struct fixture *f = *state;
	kb_host *here = kb_host_new(f->kb, "here", "local:");
	assert_int_equal(kb_host_set(here, "become", "none"), KB_OK);
	assert_int_equal(kb_host_set(here, "record", f->file), KB_OK);
	kb_plan *plan = make_plan(f, here);
	assert_int_equal(play(f, plan, KB_APPLY), KB_ESTEP);
	struct kbi_buf recorded = f->events;
	f->events = KBI_BUF((size_t)64 << 20);
	kb_plan_free(plan);
	kb_host_free(here);

	struct kbi_buf text = read_whole(f->file);
	assert_null(strstr(kbi_buf_text(&text), MARKER));
	assert_null(strstr(kbi_buf_text(&text), MARKER_BASE64));
	assert_non_null(strstr(kbi_buf_text(&text), "*** and more"));
	kbi_buf_free(&text);
	struct stat about;
	assert_int_equal(stat(f->file, &about), 0);
	assert_int_equal(about.st_mode & 0777, 0600);

	kb_free(f->kb);
	f->kb = kb_new();	/* so that runs have the same numbers */
	for (int i = 0; i < 3; i++) {
		here = new_host(f, "here", f->file);
		kb_host_set(here, "become", "none");
		plan = make_plan(f, here);
		assert_int_equal(play(f, plan, KB_APPLY), KB_ESTEP);
		kb_plan_free(plan);
		kb_host_free(here);
		check_same(&recorded, &f->events);
		kb_free(f->kb);
		f->kb = kb_new();
	}
	kbi_buf_free(&recorded);
}

static void
a_file_that_cannot_be_written_is_an_error(void **state)
{
	struct fixture *f = *state;
	kb_host *here = kb_host_new(f->kb, "here", "local:");
	kb_host_set(here, "become", "none");
	kb_host_set(here, "record", "/nonexistent/folder/file");
	kb_plan *plan = kb_plan_new(f->kb);
	add_script(f, plan, here, "test.true", "true", NULL);
	assert_int_equal(play(f, plan, KB_CHECK), KB_EIO);
	assert_told(f, "record: /nonexistent/folder/file: No such file");
	kb_plan_free(plan);
	kb_host_free(here);
}

/* The entries of the log, taken: a line for each, its text behind it. */
static void
take_log(struct fixture *f, struct kbi_buf *out)
{
	kb_log_entry *entry;
	while ((entry = kb_log_next(f->kb))) {
		kbi_buf_add_format(out, "<%s %s> %s\n", kb_log_level_name(kb_log_entry_level(entry)), kb_log_entry_host(entry), kb_log_entry_text(entry));
		kb_log_entry_free(entry);
	}
}

static void
check_in_order(const struct kbi_buf *log, const char *const *words, size_t count)
{
	const char *at = kbi_buf_text(log);
	for (size_t i = 0; i < count; i++) {
		at = strstr(at, words[i]);
		if (!at)
			fail_msg("not told there: %s\nbut: %s", words[i], kbi_buf_text(log));
	}
}

static void
the_log_traces_every_round_trip_without_secrets(void **state)
{
	struct fixture *f = *state;
	static const char *const words[] = {"<info > plan-started", "<debug here> waits for the shell", "<trace here> sends ",
		"<trace here> script:\n", "<debug here> the shell is there, as user ", "<trace here> answer ", "<info here> step-started test.file",
		"exit status 0", "<trace here> log:\n", "*** and more", "<error here> step-done test.fails", "<error > plan-done"};
	struct kbi_buf log = KBI_BUF((size_t)64 << 20);
	assert_int_equal(kb_log_set_level(f->kb, KB_LOG_TRACE), KB_OK);
	kb_host *here = kb_host_new(f->kb, "here", "local:");
	assert_int_equal(kb_host_set(here, "become", "none"), KB_OK);
	kb_plan *plan = make_plan(f, here);
	assert_int_equal(play(f, plan, KB_APPLY), KB_ESTEP);
	take_log(f, &log);
	check_in_order(&log, words, sizeof(words) / sizeof(*words));
	assert_null(strstr(kbi_buf_text(&log), MARKER));
	assert_null(strstr(kbi_buf_text(&log), MARKER_BASE64));
	assert_int_equal(kb_log_dropped(f->kb), 0);

	kbi_buf_truncate(&log, 0);
	assert_int_equal(kb_log_set_level(f->kb, KB_LOG_INFO), KB_OK);
	assert_int_equal(play(f, plan, KB_APPLY), KB_ESTEP);
	take_log(f, &log);
	assert_non_null(strstr(kbi_buf_text(&log), "step-started"));
	assert_null(strstr(kbi_buf_text(&log), "<trace"));
	assert_null(strstr(kbi_buf_text(&log), "<debug"));
	kb_plan_free(plan);
	kb_host_free(here);
	kbi_buf_free(&log);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_recorded_plays_as_it_was, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_file_that_cannot_be_written_is_an_error, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_log_traces_every_round_trip_without_secrets, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
