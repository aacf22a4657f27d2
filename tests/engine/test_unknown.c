/* SPDX-License-Identifier: Apache-2.0 */
/* "Unknown" never becomes a write or a success: whatever a probe does instead of answering, before an apply and after it. */
#include "engine.h"
#include "step.h"

#define DEADLINE_MS 1500

/* Its shell can be reached from its scripts: so each of them does what a broken host, login or network would do */
static const struct {
	const char *kind, *probe;
} broken[] = {
	{ "no answer, and the connection ends", "kill -9 $$" },
	{ "half an answer", "printf 'fou' >&3; kill -9 $$" },
	{ "half a fact", "printf 'found' >&3" },
	{ "half of its base64", "printf 'found:MQ\\n' >&3" },
	{ "a fact, and then the connection ends", "fact found 1; kill -9 $$" },
	{ "a fact, and a failure", "fact found 1; return 3" },
	{ "garbage", "head -c 1000 /dev/urandom >&3" },
	{ "garbage with a fact in it", "fact found 1; printf '\\377\\000\\n' >&3" },
	{ "the answer of another request", "fact found 1; kbs_mark 999 0 >&3" },
	{ "output over its bound", "yes found=1 | head -c 20000000 >&3" },
	{ "an exit status without output", "exit 0" },
	{ "facts, and an end before the last of them", "fact found 1; exit 0" },
	{ "a syntax error", "if" },
	{ "out of its shell's commands", "PATH=/nowhere; fact found \"$(cat /etc/hostname)\"; nothing_like_this" },
	{ "facts to the wrong descriptor", "echo found=1" },
	{ "no answer", "sleep 2" },	/* the last: it holds the lock for longer than its run */
};

static kb_status
judge_found(struct kbi_judge *j)
{
	const char *found = kbi_judge_fact(j, "found");
	if (strcmp(found, "1") != 0 && strcmp(found, "0") != 0)
		return kbi_judge_say(j, KB_UNKNOWN, "nothing is known");
	return kbi_judge_say(j, found[0] == '1' ? KB_PRESENT : KB_ABSENT, "as it said");
}

static const struct kbi_param params[] = { { .name = "folder" }, { .name = "broken" }, { 0 } };

/* From the first on, or only once something was applied */
static const struct kbi_step_def defs[] = {
	{ .name = "broken", .params = params, .timeout_ms = 60000, .judge = judge_found,
	  .script = "probe() { eval \"$broken\"; }\napply() { echo x >>\"$folder/written\"; }\n" },
	{ .name = "broken", .params = params, .timeout_ms = 60000, .judge = judge_found,
	  .script = "probe() { if [ ! -e \"$folder/written\" ]; then fact found 0; else eval \"$broken\"; fi; }\napply() { echo x >>\"$folder/written\"; }\n" },
};

struct end {
	kb_status status;
	int changed, verdict;
};

static void
see_end(kb_event *event, void *data)
{
	struct end *end = data;
	if (kb_event_kind(event) == KB_EVENT_STEP_DONE)
		*end = (struct end){ kb_event_status(event), kb_event_is_changed(event), kb_event_verdict(event) };
}

static struct end
run_broken(struct fixture *f, const struct kbi_step_def *def, const char *probe)
{
	struct end end = { 0 };
	kb_plan *plan = kb_plan_new(f->kb);
	kb_step *step = kb_step_script(f->kb, "broken", "true", "true");
	kb_step_set(step, "folder", f->folder);
	kb_step_set(step, "broken", probe);
	step->def = def;
	assert_non_null(kb_plan_add(plan, f->here, step));
	kb_status status = run_plan(f->kb, plan, KB_APPLY, DEADLINE_MS, see_end, &end);
	if (end.status && !status)
		end.status = KB_OK;	/* the run must not be a success either */
	kb_step_free(step);
	kb_plan_free(plan);
	return end;
}

static void
what_is_not_an_answer_is_never_a_write(void **state)
{
	struct fixture *f = *state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		struct end end = run_broken(f, &defs[0], broken[i].probe);
		if (end.status == KB_OK || end.changed || end.verdict == KB_PRESENT || end.verdict == KB_ABSENT || read_file(f, "written")[0])
			fail_msg("%s: %s, verdict %s%s", broken[i].kind, kb_err_name(end.status), kb_verdict_name(end.verdict), read_file(f, "written")[0] ? ", written" : "");
	}
}

static void
what_is_not_an_answer_is_never_a_success(void **state)
{
	struct fixture *f = *state;
	char path[128];
	sleep(2);	/* what was left behind above has the lock */
	snprintf(path, sizeof(path), "%s/written", f->folder);
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		struct end end = run_broken(f, &defs[1], broken[i].probe);
		if (end.status == KB_OK || strcmp(read_file(f, "written"), "x\n") != 0)
			fail_msg("%s: %s, written: %s", broken[i].kind, kb_err_name(end.status), read_file(f, "written"));
		unlink(path);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_not_an_answer_is_never_a_write, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_not_an_answer_is_never_a_success, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
