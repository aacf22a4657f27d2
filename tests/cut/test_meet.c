/* SPDX-License-Identifier: Apache-2.0 */
/* Two controllers, two processes, on one host at the same time, again and again: one of them waits, and is told for whom; both succeed, what was
 * to be done is done once, and never do both apply at a time. */
#include "hosts.h"
#include "line.h"
#include "long.h"
#include "memcheck.h"

#include <sys/mman.h>

/* Short and long in turns. What it finds at its end tells whether it was alone. */
static const char script[] =
	LINE_PROBE
	"apply() { mkdir \"$file.busy\" || echo two >>\"$file.broken\"; sleep 0.1; echo line >>\"$file\"; rmdir \"$file.busy\"; }\n";
static const struct kbi_step_def defs[] = { LINE_STEP("test.line", 0), LINE_STEP("test.line", KBI_STEP_LONG) };

struct ends {			/* shared by all processes */
	int changed, present, failed, waited, told;
};

static void
look_at(struct ends *ends, kb_event *event)
{
	char other[64];
	if (kb_event_kind(event) == KB_EVENT_NOTE && strcmp(kb_event_id(event), "host.waiting") == 0) {
		/* who that is: the other of the two, never we ourselves */
		snprintf(other, sizeof(other), "(process %ld,", (long)getpid());
		__atomic_add_fetch(&ends->waited, 1, __ATOMIC_SEQ_CST);
		if (strstr(kb_event_text(event), "started by ") && !strstr(kb_event_text(event), other))
			__atomic_add_fetch(&ends->told, 1, __ATOMIC_SEQ_CST);
		else
			print_message("told: %s\n", kb_event_text(event));
	}
	if (kb_event_kind(event) != KB_EVENT_STEP_DONE)
		return;
	int *end = kb_event_status(event) ? &ends->failed : kb_event_is_changed(event) ? &ends->changed : &ends->present;
	__atomic_add_fetch(end, 1, __ATOMIC_SEQ_CST);
	if (kb_event_status(event))
		print_message("%s\n", kb_event_text(event));
}

static void
control(struct hosts *hosts, int number, int round, struct ends *ends)
{
	char file[128];
	snprintf(file, sizeof(file), "%s/meet.%d", hosts->folder, number);
	kb_ctx *kb = kb_new();
	kb_host *host = host_at(hosts, kb, hosts->ports[number]);
	kb_step *step = kb_step_script(kb, "test.line", "true", "true");
	kb_step_set(step, "file", file);
	step->def = &defs[round % 2];
	kb_plan *plan = kb_plan_new(kb);
	kb_plan_add(plan, host, step);
	kb_plan_start(plan, KB_APPLY, PATIENCE_MS);
	do {
		kb_event *event;
		while ((event = kb_plan_next_event(plan))) {
			look_at(ends, event);
			kb_event_free(event);
		}
	} while (kb_plan_is_running(plan) == 1 && kb_wait(kb, PATIENCE_MS) >= 0);
	kb_plan_free(plan);
	kb_step_free(step);
	kb_host_free(host);
	kb_free(kb);
}

static bool
meet(struct hosts *hosts, int number, int round, struct ends *ends)
{
	char file[128], broken[140];
	pid_t pids[2];
	snprintf(file, sizeof(file), "%s/meet.%d", hosts->folder, number);
	snprintf(broken, sizeof(broken), "%s.broken", file);
	unlink(file);
	for (int i = 0; i < 2; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			control(hosts, number, round, ends);
			_exit(0);
		}
	}
	for (int i = 0; i < 2; i++)
		waitpid(pids[i], NULL, 0);
	char text[64] = "";
	FILE *f = fopen(file, "r");
	size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;
	if (f)
		fclose(f);
	return n == 5 && strcmp(text, "line\n") == 0 && access(broken, F_OK) != 0;
}

static void
two_controllers_leave_no_broken_state(void **state)
{
	struct hosts *hosts = need_hosts(state);
	int rounds = is_memcheck() ? 8 : is_long_run() ? 1000 : 100, pairs = hosts->count < 4 ? hosts->count : 4, wrong = 0;
	struct ends *ends = mmap(NULL, sizeof(*ends), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pids[4];
	assert_true(ends != MAP_FAILED);
	fflush(NULL);
	for (int p = 0; p < pairs; p++) {
		pids[p] = fork();
		if (pids[p] != 0)
			continue;
		bool is_right = true;
		for (int round = p; round < rounds; round += pairs)
			is_right &= meet(hosts, p, round / pairs, ends);
		_exit(!is_right);
	}
	for (int p = 0; p < pairs; p++) {
		int status = -1;
		waitpid(pids[p], &status, 0);
		wrong += child_status(status) != 0;
	}
	print_message("%d rounds: %d changed, %d found it done, %d failed; %d waited, %d of them were told for whom\n", rounds, ends->changed,
		      ends->present, ends->failed, ends->waited, ends->told);
	assert_int_equal(wrong, 0);
	assert_int_equal(ends->changed, rounds);	/* one of the two */
	assert_int_equal(ends->present, rounds);
	assert_int_equal(ends->failed, 0);
	assert_in_range(ends->waited, 1, rounds);
	assert_int_equal(ends->told, ends->waited);
	munmap(ends, sizeof(*ends));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_controllers_leave_no_broken_state),
	};
	return cmocka_run_group_tests_name("meet", tests, hosts_start, hosts_stop);
}
