/* SPDX-License-Identifier: Apache-2.0 */
/* Long steps, which outlive the connection that began them: followed, attached to, told of, and run once. */
#include "engine.h"
#include "long.h"
#include "step.h"

#include <signal.h>
#include <sys/stat.h>

/* What the tests' steps do is their parameter "do"; their probe notes which shell the connection has */
static kb_status
judge_line(struct kbi_judge *j)
{
	return kbi_judge_say(j, kbi_judge_fact_is(j, "lines", "1") ? KB_PRESENT : KB_ABSENT, "its line");
}

static const struct kbi_param params[] = { { .name = "folder" }, { .name = "do" }, { 0 } };
static const struct kbi_output outputs[] = { { .name = "answer" }, { 0 } };

static const struct kbi_step_def line_def = {
	.name = "test.line", .params = params, .outputs = outputs, .flags = KBI_STEP_LONG, .timeout_ms = 1800000, .judge = judge_line,
	.script =
		"probe() { echo $$ >\"$folder/shell\"; fact lines \"$(cat \"$folder/lines\" 2>/dev/null | wc -l)\"; }\n"
		"cut() { kill -9 \"$(cat \"$folder/shell\")\"; }\n"
		"add() { echo line >>\"$folder/lines\"; output answer 42; }\n"
		"apply() { echo $$ >>\"$folder/begun\"; eval \"$do\"; }\n",
};

static kb_status
make_input(struct kbi_prepare *p)
{
	return kbi_map_set(p->made, "input", "what it reads\n");
}

static const struct kbi_step_def reading_def = {
	.name = "test.reading", .params = params, .flags = KBI_STEP_LONG, .timeout_ms = 60000, .judge = judge_line, .prepare = make_input,
	.script =
		"probe() { fact lines \"$(cat \"$folder/lines\" 2>/dev/null | wc -l)\"; }\n"
		"apply() { cat >\"$folder/lines\"; }\n",
};

static kb_plan *
line_plan(struct fixture *f, const char *action)
{
	kb_plan *plan = kb_plan_new(f->kb);
	kb_step *step = kb_step_script(f->kb, "test.line", "true", "true");
	assert_int_equal(kb_step_set(step, "folder", f->folder), KB_OK);
	assert_int_equal(kb_step_set(step, "do", action), KB_OK);
	step->def = &line_def;
	assert_non_null(kb_plan_add(plan, f->here, step));
	kb_step_free(step);
	return plan;
}

struct seen {
	char output[8192], notes[2000], log[8192], cause[500], journal[100];
	int losts, outputs;
};

static void
append(char *all, size_t size, const char *text)
{
	size_t n = strlen(all);
	snprintf(all + n, size - n, "%s", text);
}

static void
see(kb_event *event, void *data)
{
	struct seen *seen = data;
	int kind = kb_event_kind(event);
	if (kind == KB_EVENT_STEP_OUTPUT) {
		append(seen->output, sizeof(seen->output), kb_event_text(event));
		seen->outputs++;
	}
	if (kind == KB_EVENT_NOTE) {
		append(seen->notes, sizeof(seen->notes), kb_event_id(event));
		append(seen->notes, sizeof(seen->notes), ";");
	}
	if (kind == KB_EVENT_HOST_LOST)
		seen->losts++;
	if (kb_event_journal(event)[0])
		snprintf(seen->journal, sizeof(seen->journal), "%s", kb_event_journal(event));
	if (kind == KB_EVENT_STEP_DONE) {
		append(seen->log, sizeof(seen->log), kb_event_log(event));
		append(seen->cause, sizeof(seen->cause), kb_event_text(event));
	}
}

static const char *
journal_folder(const char *name)	/* on this machine */
{
	static char path[500];
	if (geteuid() == 0)
		snprintf(path, sizeof(path), "/var/lib/libkb/journal/%s", name);
	else
		snprintf(path, sizeof(path), "%s/.local/state/libkb/journal/%s", getenv("HOME"), name);
	return path;
}

static void
check_nothing_is_left(void)
{
	assert_int_not_equal(access(journal_folder(""), F_OK), 0);
}

static kb_status
run_line(struct fixture *f, const char *action, struct seen *seen)
{
	kb_plan *plan = line_plan(f, action);
	memset(seen, 0, sizeof(*seen));
	kb_status status = run_plan(f->kb, plan, KB_APPLY, 60000, see, seen);
	kb_bytes *answer = kb_task_output(kb_plan_task(plan, 0), "answer");
	if (status == KB_OK) {
		assert_non_null(answer);
		assert_string_equal(kb_bytes_data(answer), "42");
	}
	kb_bytes_free(answer);
	kb_plan_free(plan);
	return status;
}

static size_t
lines_of(const char *text)
{
	size_t n = 0;
	while ((text = strchr(text, '\n'))) {
		n++;
		text++;
	}
	return n;
}

static void
its_output_comes_while_it_runs_and_nothing_of_it_is_left(void **state)
{
	struct fixture *f = *state;
	struct seen seen;
	assert_int_equal(run_line(f, "echo one; sleep 1; echo two; sleep 1; echo three; add", &seen), KB_OK);
	assert_string_equal(seen.output, "one\ntwo\nthree\n");
	assert_in_range(seen.outputs, 2, 6);	/* not all at the end */
	assert_true(seen.journal[0]);
	assert_string_equal(read_file(f, "lines"), "line\n");
	check_nothing_is_left();
}

static void
a_long_step_reads_its_input(void **state)
{
	struct fixture *f = *state;
	kb_plan *plan = kb_plan_new(f->kb);
	kb_step *step = kb_step_script(f->kb, "test.reading", "true", "true");
	assert_int_equal(kb_step_set(step, "folder", f->folder), KB_OK);
	step->def = &reading_def;
	assert_non_null(kb_plan_add(plan, f->here, step));
	kb_step_free(step);
	assert_int_equal(run_plan(f->kb, plan, KB_APPLY, 60000, NULL, NULL), KB_OK);
	assert_string_equal(read_file(f, "lines"), "what it reads\n");
	kb_plan_free(plan);
	check_nothing_is_left();
}

static void
what_its_apply_notes_is_told(void **state)
{
	struct fixture *f = *state;
	struct seen seen;
	assert_int_equal(run_line(f, "note info test.noted 'by an apply'; add", &seen), KB_OK);
	assert_string_equal(seen.notes, "test.noted;");
}

static void
a_lost_connection_attaches_again_without_a_hole_or_a_word_twice(void **state)
{
	struct fixture *f = *state;
	struct seen seen;
	assert_int_equal(run_line(f, "for i in $(seq 40); do echo $i; [ $i != 10 ] || cut; sleep 0.1; done; add", &seen), KB_OK);
	assert_int_equal(seen.losts, 1);
	char want[200] = "";
	for (int i = 1; i <= 40; i++) {
		char number[8];
		snprintf(number, sizeof(number), "%d\n", i);
		append(want, sizeof(want), number);
	}
	assert_string_equal(seen.output, want);
	assert_string_equal(read_file(f, "lines"), "line\n");
	assert_int_equal(lines_of(read_file(f, "begun")), 1);
	check_nothing_is_left();
}

static void
what_ended_while_nobody_listened_is_read_once(void **state)
{
	struct fixture *f = *state;
	struct seen seen;
	assert_int_equal(run_line(f, "echo before; add; cut; echo after", &seen), KB_OK);
	assert_int_equal(seen.losts, 1);
	assert_string_equal(seen.output, "before\nafter\n");
	assert_int_equal(lines_of(read_file(f, "begun")), 1);
	check_nothing_is_left();
}

static void
a_failure_keeps_what_was_said_on_both_connections(void **state)
{
	struct fixture *f = *state;
	struct seen seen;
	assert_int_equal(run_line(f, "echo before; sleep 0.6; cut; sleep 0.1; echo after; exit 9", &seen), KB_ESTEP);
	assert_string_equal(seen.log, "before\nafter\n");
	assert_non_null(strstr(seen.cause, "ended with status 9"));
	assert_int_equal(lines_of(read_file(f, "begun")), 1);
	check_nothing_is_left();
}

/* All of its processes, with what keeps its journal: it is known to be gone, and not how far it came */
static void
a_killed_step_is_a_named_error_and_the_next_run_succeeds(void **state)
{
	struct fixture *f = *state;
	struct seen seen;
	assert_int_equal(run_line(f, "echo going; sleep 0.5; kill -9 -$$", &seen), KB_ESTEP);
	assert_non_null(strstr(seen.cause, "it was killed there"));
	assert_int_equal(run_line(f, "sh -c 'kill -9 $PPID'", &seen), KB_ESTEP);
	assert_non_null(strstr(seen.cause, "ended with status 137"));
	assert_int_equal(run_line(f, "cut; sleep 1; kill -9 -$$", &seen), KB_ESTEP);
	assert_non_null(strstr(seen.cause, "it was killed there"));
	assert_int_equal(run_line(f, "add", &seen), KB_OK);
	assert_string_equal(read_file(f, "lines"), "line\n");
	check_nothing_is_left();
}

/* Its supervisor alone is killed: it goes on, is followed to its end, and its result is there */
static void
what_loses_its_supervisor_is_still_followed(void **state)
{
	struct fixture *f = *state;
	struct seen seen;
	/* which has begun to keep the output: that is begun after the step */
	assert_int_equal(run_line(f, "echo one; until [ -s \"$kb_dir\"/log.* ]; do sleep 0.05; done; kill -9 $$; sleep 1; echo two; add", &seen), KB_OK);
	assert_string_equal(seen.output, "one\ntwo\n");
	check_nothing_is_left();
}

static void
what_another_left_behind_is_told_and_cleared_away(void **state)
{
	static const struct {
		const char *boot, *status, *id;
	} kinds[] = {
		{ "another-boot", NULL, "step.rebooted" },
		{ NULL, NULL, "step.killed" },
		{ NULL, "0", "step.ended-unheard" },
		{ "another-boot", "1", "step.ended-unheard" },
	};
	struct fixture *f = *state;
	struct seen seen;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		char command[2000];
		snprintf(command, sizeof(command), "umask 077; mkdir -p %s && cd %s && printf 'step=kubeadm.init\\nboot=%%s\\nwho=somebody\\n' \"%s\" >entry && : >alive",
			 journal_folder("left-1"), journal_folder("left-1"), kinds[i].boot ? kinds[i].boot : "$(cat /proc/sys/kernel/random/boot_id)");
		assert_int_equal(system(command), 0);
		snprintf(command, sizeof(command), "echo %s >%s/status", kinds[i].status ? kinds[i].status : "", journal_folder("left-1"));
		if (kinds[i].status)
			assert_int_equal(system(command), 0);
		kb_plan *plan = line_plan(f, "add");
		memset(&seen, 0, sizeof(seen));
		run_plan(f->kb, plan, KB_CHECK, 60000, see, &seen);	/* which tells, and touches nothing */
		if (!strstr(seen.notes, kinds[i].id))
			fail_msg("%s was not told: %s", kinds[i].id, seen.notes);
		assert_int_equal(access(journal_folder("left-1"), F_OK), 0);
		memset(&seen, 0, sizeof(seen));
		assert_int_equal(run_plan(f->kb, plan, KB_APPLY, 60000, see, &seen), KB_OK);
		assert_non_null(strstr(seen.notes, kinds[i].id));
		kb_plan_free(plan);
		check_nothing_is_left();
	}
	assert_string_equal(read_file(f, "lines"), "line\n");
}

static void
check_while(struct fixture *f, const char *holder, const char *notes)
{
	struct seen seen = { .losts = 0 };
	if (geteuid() != 0)
		skip();		/* the lock is another file then */
	assert_int_equal(system(holder), 0);
	usleep(100000);
	kb_plan *plan = line_plan(f, "add");
	assert_int_equal(run_plan(f->kb, plan, KB_CHECK, 60000, see, &seen), KB_OK);
	assert_string_equal(seen.notes, notes);
	kb_plan_free(plan);
}

/* A check comes while the shell of a run that is over, which has no name any more, has yet to end */
static void
the_last_breath_of_a_shell_is_no_other_controller(void **state)
{
	check_while(*state, "(exec 9</root; flock 9; exec sleep 0.3) &", "");
}

/* One that stays is */
static void
who_holds_the_lock_is_told_by_a_check(void **state)
{
	check_while(*state, "(exec 9</root; flock 9; exec sleep 60) & echo $! >/run/holder", "host.busy;");
	assert_int_equal(system("kill $(cat /run/holder) && flock /root true"), 0);
}

static int64_t
kept_bytes(void)
{
	char command[600], text[64] = "0";
	snprintf(command, sizeof(command), "du -sb %s 2>/dev/null | cut -f1", journal_folder(""));
	FILE *p = popen(command, "r");
	assert_non_null(p);
	if (!fgets(text, sizeof(text), p))
		text[0] = '\0';
	pclose(p);
	return atoll(text);
}

struct flood {
	int64_t most_bytes;
	char tail[8192];
	int count;
};

static void
see_flood(kb_event *event, void *data)
{
	struct flood *flood = data;
	if (kb_event_kind(event) == KB_EVENT_STEP_DONE)
		append(flood->tail, sizeof(flood->tail), kb_event_log(event) + (strlen(kb_event_log(event)) > 100 ? strlen(kb_event_log(event)) - 100 : 0));
	if (flood->count++ % 100)
		return;
	int64_t bytes = kept_bytes();
	flood->most_bytes = bytes > flood->most_bytes ? bytes : flood->most_bytes;
}

/* What it prints without end does not fill the disk, and the last words are kept */
static void
a_flood_is_bounded_and_its_end_is_kept(void **state)
{
	struct fixture *f = *state;
	struct flood flood = { 0 };
	char action[100];
	snprintf(action, sizeof(action), "yes flood | head -c %lld; echo last words; exit 1", is_long_run() ? 10000000000LL : 200000000LL);
	kb_plan *plan = line_plan(f, action);
	assert_int_equal(run_plan(f->kb, plan, KB_APPLY, 1800000, see_flood, &flood), KB_ESTEP);
	assert_non_null(strstr(flood.tail, "last words"));
	assert_in_range(flood.most_bytes, 1 << 20, 24 << 20);
	kb_plan_free(plan);
	check_nothing_is_left();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(its_output_comes_while_it_runs_and_nothing_of_it_is_left, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_long_step_reads_its_input, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_its_apply_notes_is_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_lost_connection_attaches_again_without_a_hole_or_a_word_twice, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_ended_while_nobody_listened_is_read_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_failure_keeps_what_was_said_on_both_connections, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_killed_step_is_a_named_error_and_the_next_run_succeeds, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_loses_its_supervisor_is_still_followed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_another_left_behind_is_told_and_cleared_away, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_last_breath_of_a_shell_is_no_other_controller, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_holds_the_lock_is_told_by_a_check, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_flood_is_bounded_and_its_end_is_kept, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
