/* SPDX-License-Identifier: Apache-2.0 */
/* What journal.sh says of the journals of a host while others write them, in the shells that may be a host's /bin/sh. */
#include "shells.h"

/* Runs the scripts and then `text`, in which "$d" is where journals are; stdout and stderr together are `wanted`. */
static void
check(const char *text, const char *wanted)
{
	for (size_t i = 0; i < COUNT(shells); i++) {
		struct kbi_buf script = KBI_BUF(MIB), out = KBI_BUF(MIB);
		if (!is_there(shells[i]))
			continue;
		kbi_buf_add_format(&script, "%s\n%s\n%s\n%s\nd=$(mktemp -d)\nkb_journal=$d\nexec 2>&1\n%s\nrm -rf \"$d\"\n", kbi_script_prelude,
			kbi_script_supervise, kbi_script_host_lock, kbi_script_journal, text);
		int status = run_script(shells[i], &script, NULL, NULL, true, &out);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
		if (strcmp(kbi_buf_text(&out), wanted) != 0)
			fail_msg("%s: %s\nsaid \"%s\"", shells[i], text, kbi_buf_text(&out));
		kbi_buf_free(&script);
		kbi_buf_free(&out);
	}
}

#define MADE "mkdir \"$d/one\"; echo step=test.one >\"$d/one/entry\"; : >\"$d/one/alive\"\n"
#define SAY "if kb_is_alive one; then echo alive; else echo over; fi; kb_running\n"

static void
it_runs_while_somebody_holds_its_file(void **state)
{
	(void)state;
	check(SAY, "over\n");
	check(MADE SAY, "over\n");
	check(MADE "exec 6>\"$d/one/alive\"; flock 6\n" SAY "exec 6>&-\n" SAY, "alive\ntest.one\nover\n");
}

/* The holder clears its journal away just as somebody else looks: that is no answer of a lock's, no word of it is printed, and nothing is made again */
static void
a_journal_that_goes_while_it_is_looked_at_is_over(void **state)
{
	(void)state;
	check(MADE "flock() { rm -rf \"$d/one\"; command flock \"$@\"; }\n" SAY "ls \"$d\"\n", "over\n");
	check(MADE "flock() { rm -f \"$d/one/alive\"; command flock \"$@\"; }\n" SAY "ls \"$d/one\"\n", "over\nentry\n");
}

/* kb_more is called for each half second that it runs on. */
#define FOLLOW(more) "n=0\nkb_more() { n=$((n + 1)); if [ $n -ge 20 ]; then echo endless; exit 9; fi; " more "; }\n(kb_follow_step one 0) 2>/dev/null\necho \"status $?\"\n"
#define UNHEARD "error.code=CONFLICT\nerror.id=step.unheard\nerror.text=another controller cleared its journal away\nstatus 1\n"

static void
a_step_is_followed_to_its_end(void **state)
{
	(void)state;
	check(MADE "kb_run=$d; echo x=y >\"$d/one.facts\"; echo 3 >\"$d/one/status\"\n" FOLLOW(":"), "x=y\nstatus 3\n");
	check(MADE "kb_run=$d; echo x=y >\"$d/one.facts\"; exec 6>\"$d/one/alive\"; flock 6\n"	/* what it left behind keeps its output open */
	      FOLLOW("[ $n -lt 2 ] || echo 0 >\"$d/one/status\""), "x=y\nstatus 0\n");
	check(MADE FOLLOW(":"), "error.code=STEP\nerror.id=step.killed\nerror.text=it was killed there\nstatus 1\n");
}

static void
a_step_whose_journal_another_controller_cleared_away_was_not_killed(void **state)
{
	(void)state;
	check(FOLLOW(":") "ls \"$d\"\n", UNHEARD);
	check(MADE "exec 6>\"$d/one/alive\"; flock 6\n" FOLLOW("rm -rf \"$d/one\"") "ls \"$d\"\n", UNHEARD);
	check(MADE "echo 0 >\"$d/one/status\"\n" FOLLOW("rm -rf \"$d/one\"") "ls \"$d\"\n", UNHEARD);
	check(MADE FOLLOW("rm \"$d/one/alive\"") "ls \"$d/one\"\n", UNHEARD "entry\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_runs_while_somebody_holds_its_file),
		cmocka_unit_test(a_journal_that_goes_while_it_is_looked_at_is_over),
		cmocka_unit_test(a_step_is_followed_to_its_end),
		cmocka_unit_test(a_step_whose_journal_another_controller_cleared_away_was_not_killed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
