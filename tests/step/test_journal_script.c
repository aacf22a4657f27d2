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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_runs_while_somebody_holds_its_file),
		cmocka_unit_test(a_journal_that_goes_while_it_is_looked_at_is_over),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
