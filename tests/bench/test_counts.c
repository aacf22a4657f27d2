/* SPDX-License-Identifier: Apache-2.0 */
/* What a run costs in round trips and bytes, by the public interface alone: a relay between us and a real sshd counts. The handshake of TCP,
 * which it cannot see, is one more; "connect to first output" is in loop.test_round_trips. */
#include "relay.h"
#include "sshd.h"

#include <limits.h>

#include <libkb.h>

#define DELAY_MS 40
#define FIRST_OUTPUT 8			/* what a connection may cost, TCP included */
#define ATTEMPTS 4			/* a server that is slow to speak looks as if it had waited for our next words: the least counts */

struct count {
	int round_trips;
	size_t bytes_up, changed, unknown;
};

typedef void add_fn(kb_ctx *kb, kb_plan *plan, kb_host *host, size_t number);

static kb_host *
host_behind(kb_ctx *kb, const struct sshd *sshd, const struct relay *relay)
{
	char text[128];

	snprintf(text, sizeof(text), "[127.0.0.1]:%d", relay->port);
	write_known(sshd, "known_relay", text, NULL);
	snprintf(text, sizeof(text), "ssh://kb-alone@127.0.0.1:%d", relay->port);
	kb_host *host = kb_host_new(kb, "node-1", text);
	kb_host_set(host, "identity", in_folder(sshd, "key_ed25519"));
	kb_host_set(host, "known_hosts", in_folder(sshd, "known_relay"));
	kb_host_set(host, "become", "none");
	return host;
}

static void
hear(struct count *count, kb_event *event)
{
	if (kb_event_kind(event) == KB_EVENT_STEP_DONE) {
		count->changed += kb_event_is_changed(event) == 1;
		count->unknown += kb_event_verdict(event) == KB_UNKNOWN;
	}
	if (kb_event_status(event))
		print_message("%s: %s\n", kb_event_step(event), kb_event_text(event));
	kb_event_free(event);
}

/* One run of the plan that `add` makes */
static struct count
run_once(const struct sshd *sshd, add_fn *add, size_t number, int mode)
{
	struct relay *relay = relay_start(sshd->port, DELAY_MS, 0);
	struct count count = {0};
	kb_ctx *kb = kb_new();
	kb_plan *plan = kb_plan_new(kb);
	kb_host *host = host_behind(kb, sshd, relay);

	add(kb, plan, host, number);
	assert_true(kb_plan_start(plan, mode, PATIENCE_MS) > 0);
	while (kb_plan_is_running(plan) == 1) {
		kb_event *event = kb_plan_next_event(plan);
		if (event)
			hear(&count, event);
		else
			kb_wait(kb, -1);
	}
	count.round_trips = 1 + atomic_load(&relay->depth);
	count.bytes_up = atomic_load(&relay->bytes_up);
	kb_host_free(host);
	kb_plan_free(plan);
	kb_free(kb);
	relay_stop(relay);
	return count;
}

/* The least of a few runs, or the first within the bound */
static struct count
run_counted(void **state, add_fn *add, size_t number, int mode, int bound)
{
	struct sshd *sshd = need_sshd(state);
	if (geteuid() != 0) {
		print_message("skipped: hosts of their own need root\n");
		skip();
	}
	struct count least = run_once(sshd, add, number, mode);
	for (int i = 1; i < ATTEMPTS && least.round_trips > bound; i++) {
		struct count again = run_once(sshd, add, number, mode);
		least = again.round_trips < least.round_trips ? again : least;
	}
	return least;
}

static const char probe[] = "[ -e /run/bench-$number ]";
static const char apply[] = ": >/run/bench-$number";

static void
add_changing(kb_ctx *kb, kb_plan *plan, kb_host *host, size_t number)
{
	for (size_t i = 0; i < number; i++) {
		char text[24];
		snprintf(text, sizeof(text), "%zu", i);
		kb_step *step = kb_step_script(kb, "bench.step", probe, apply);
		kb_step_set(step, "number", text);
		assert_non_null(kb_plan_add(plan, host, step));
		kb_step_free(step);
	}
}

static void
a_dependent_changing_step_is_one_round_trip(void **state)
{
	enum { STEPS = 20 };
	int more = INT_MAX;

	/* A connection that went faster than the other one is no measure for it: then both are made anew */
	for (int i = 0; i < ATTEMPTS && more > STEPS; i++) {
		/* the first of them is asked before it is done, the others while the one before them is done */
		int connection = run_counted(state, add_changing, 1, KB_APPLY, FIRST_OUTPUT + 2).round_trips;
		struct count count = run_counted(state, add_changing, 1 + STEPS, KB_APPLY, connection + STEPS);
		more = count.round_trips - connection;
		print_message("one step: %d round trips; %d more: %d\n", connection, STEPS, more);
		assert_int_equal(count.changed, 1 + STEPS);
	}
	/* less only by what a slow server added to the connection of the first */
	assert_in_range(more, STEPS - 2, STEPS);
}

/* Beside their scripts: every byte that the connection carries up for them but the text of their probe and apply, so the frames, the parameters and
 * what SSH puts around them. Each is asked ahead, asked again behind the one before it, done, and asked again: four frames with their parameters, in
 * one packet a round trip. What a frame alone costs is in loop.test_round_trips. */
static void
a_changing_step_sends_little_besides_its_text(void **state)
{
	enum { STEPS = 20, MOST = 4096 };
	size_t one = run_counted(state, add_changing, 1, KB_APPLY, INT_MAX).bytes_up;
	size_t all = run_counted(state, add_changing, 1 + STEPS, KB_APPLY, INT_MAX).bytes_up;

	/* the text is the same for all, and went there with the first */
	print_message("%d changing steps more: %zu bytes up\n", STEPS, all - one);
	assert_in_range(all - one, 1, MOST);
}

/* What is asked of each host of a cluster before kubeadm; on a machine that is no node all of it is answered, and nothing is touched. */
static void
add_preparation(kb_ctx *kb, kb_plan *plan, kb_host *host, size_t number)
{
	static const char *const steps[] = {
		"host.facts", "hosts.entries", "swap.off", "kernel.modules", "kernel.sysctl", "containerd.install", "apt.repo", "packages.install",
		"packages.hold", "kubeadm.images",
	};
	static const char *const versioned[] = {"containerd.install", "apt.repo", "packages.install", "kubeadm.images"};

	(void)number;
	for (size_t i = 0; i < COUNT(steps); i++) {
		kb_step *step = kb_step_new(kb, steps[i]);
		for (size_t j = 0; j < COUNT(versioned); j++)
			if (strcmp(steps[i], versioned[j]) == 0)
				assert_int_equal(kb_step_set(step, "kubernetes-version", "1.34.4"), KB_OK);
		assert_non_null(kb_plan_add(plan, host, step));
		kb_step_free(step);
	}
}

static void
all_preparation_of_a_host_is_asked_in_two_round_trips(void **state)
{
	enum { BOUND = FIRST_OUTPUT + 2 };
	struct count count = run_counted(state, add_preparation, 0, KB_CHECK, BOUND);

	print_message("all preparation asked: %d round trips, %zu bytes up\n", count.round_trips, count.bytes_up);
	assert_in_range(count.round_trips, 1, BOUND);
}

static void
add_files(kb_ctx *kb, kb_plan *plan, kb_host *host, size_t number)
{
	kb_step *step = kb_step_script(kb, "bench.files",
		"i=0; printf '%s\\n' \"$texts\" | while read -r text; do i=$((i + 1)); [ \"$(cat /run/file-$i 2>/dev/null)\" = \"$text\" ] || exit 1; done",
		"i=0; printf '%s\\n' \"$texts\" | while read -r text; do i=$((i + 1)); echo \"$text\" >/run/file-$i; done");
	char text[1024];

	for (size_t i = 0; i < number; i++) {
		memset(text, 'a' + (int)i, sizeof(text) - 1);
		text[sizeof(text) - 1] = '\0';
		assert_int_equal(kb_step_add(step, "texts", text), KB_OK);
	}
	assert_non_null(kb_plan_add(plan, host, step));
	kb_step_free(step);
}

static void
ten_small_files_are_two_round_trips(void **state)
{
	enum { FILES = 10 };
	struct count count = run_counted(state, add_files, FILES, KB_APPLY, FIRST_OUTPUT + 2);

	print_message("%d files of 1 KiB, all changed: %d round trips with the connection\n", FILES, count.round_trips);
	assert_int_equal(count.changed, 1);
	assert_true(count.bytes_up > FILES * 1023);
	assert_in_range(count.round_trips, 1, FIRST_OUTPUT + 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_dependent_changing_step_is_one_round_trip),
		cmocka_unit_test(a_changing_step_sends_little_besides_its_text),
		cmocka_unit_test(all_preparation_of_a_host_is_asked_in_two_round_trips),
		cmocka_unit_test(ten_small_files_are_two_round_trips),
	};

	return cmocka_run_group_tests_name("counts", tests, sshd_group, sshd_ungroup);
}
