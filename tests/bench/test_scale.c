/* SPDX-License-Identifier: Apache-2.0 */
/* What many hosts cost the controller in processor time and memory, and what waiting costs it. The hosts are logins of one sshd on this
 * machine, each with a /run of its own; sshd takes ten times what the controller does, so the time on the clock says nothing. */
#include "drive.h"
#include "long.h"
#include "sshd.h"

#define HOSTS (is_long_run() ? 1000 : 200)
#define STEPS 20
#define ATTEMPTS 3			/* a machine that others load makes caches cold: the least counts */
#define CPU_MS 3.0
#define MEMORY_KIB 100.0

/* A known_hosts file as long as that of somebody who has so many hosts; ours is its last line */
static const char *
long_known_hosts(const struct sshd *sshd)
{
	char *key = run("cut -d' ' -f1,2 %s/host_ed25519.pub", sshd->folder);
	FILE *f = fopen(in_folder(sshd, "known_many"), "we");

	assert_non_null(f);
	key[strcspn(key, "\n")] = '\0';
	for (int i = 0; i < HOSTS; i++)
		fprintf(f, "host-%d.example,10.1.%d.%d %s\n", i, i / 256, i % 256, key);
	fprintf(f, "[127.0.0.1]:%d %s\n", sshd->port, key);
	fclose(f);
	free(key);
	return in_folder(sshd, "known_many");
}

static struct drive
drive_hosts(const struct sshd *sshd, size_t host_count)
{
	struct drive drive = {.user = "kb-alone", .identity = in_folder(sshd, "key_ed25519"), .known_hosts = long_known_hosts(sshd),
		.host_count = host_count, .step_count = STEPS};

	drive_run(&drive, "127.0.0.1", &sshd->port, 1);
	if (drive.status || drive.changed != host_count * STEPS)
		fail_msg("%zu of %zu steps changed something: %s", drive.changed, host_count * STEPS, drive.why);
	return drive;
}

static struct sshd *
need_hosts(void **state)
{
	struct sshd *sshd = need_sshd(state);

	if (geteuid() != 0) {
		print_message("skipped: hosts of their own need root\n");
		skip();
	}
	return sshd;
}

static void
a_host_costs_little_time_and_memory(void **state)
{
	struct sshd *sshd = need_hosts(state);
	double cpu_ms = 0, memory_kib = 0;

	drive_hosts(sshd, 1);		/* what the first one alone costs: libraries, their tables */
	for (int i = 0; i < ATTEMPTS && (i == 0 || cpu_ms > CPU_MS); i++) {
		struct drive drive = drive_hosts(sshd, HOSTS);
		double ms = drive.cpu_s * 1000 / HOSTS, kib = (double)drive.memory_kib / HOSTS;
		cpu_ms = i == 0 || ms < cpu_ms ? ms : cpu_ms;
		memory_kib = kib > memory_kib ? kib : memory_kib;
	}
	print_message("%d hosts, %d steps each: %.2f ms of processor time and %.1f KiB a host\n", HOSTS, STEPS, cpu_ms, memory_kib);
	assert_true(cpu_ms > 0 && memory_kib > 0);
	if (cpu_ms > CPU_MS)
		fail_msg("more than %.1f ms of processor time a host", CPU_MS);
	if (memory_kib > MEMORY_KIB)
		fail_msg("more than %.0f KiB a host", MEMORY_KIB);
}

/* Thirty hosts that are busy for ten seconds, or wait for a lock, or for somebody's answer: nothing to do for us */
static void
waiting_costs_next_to_nothing(void **state)
{
	enum { WAITING = 30, SECONDS = 10 };
	struct sshd *sshd = need_hosts(state);
	struct drive drive = {.user = "kb-alone", .identity = in_folder(sshd, "key_ed25519"), .known_hosts = long_known_hosts(sshd)};
	char text[16];
	kb_ctx *kb = kb_new();
	kb_plan *plan = kb_plan_new(kb);
	kb_step *step = kb_step_script(kb, "bench.sleep", "[ -e /run/slept ]", "sleep $seconds; : >/run/slept");

	snprintf(text, sizeof(text), "%d", SECONDS + 3);
	kb_step_set(step, "seconds", text);
	for (size_t i = 0; i < WAITING; i++) {
		kb_host *host = drive_host(kb, &drive, i, "127.0.0.1", sshd->port);
		assert_non_null(kb_plan_add(plan, host, step));
		kb_host_free(host);
	}
	kb_step_free(step);
	assert_true(kb_plan_start(plan, KB_APPLY, 120000) > 0);
	for (size_t started = 0; started < WAITING;) {
		kb_event *event = kb_plan_next_event(plan);
		started += kb_event_kind(event) == KB_EVENT_STEP_STARTED;
		kb_event_free(event);
		if (!event)
			assert_int_equal(kb_wait(kb, PATIENCE_MS), 1);
	}
	double start_s = clock_s(), start_cpu_s = cpu_s();
	while (clock_s() < start_s + SECONDS) {
		kb_wait(kb, (int64_t)((start_s + SECONDS - clock_s()) * 1000) + 1);
		assert_null(kb_plan_next_event(plan));
	}
	double cpu_ms = (cpu_s() - start_cpu_s) * 1000;
	print_message("%d s of waiting for %d hosts: %.2f ms of processor time\n", SECONDS, WAITING, cpu_ms);
	assert_true(cpu_ms < 5);
	drive_wait(&drive, kb, plan);
	assert_int_equal(drive.status, KB_OK);
	assert_int_equal(drive.changed, WAITING);
	kb_plan_free(plan);
	kb_free(kb);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_host_costs_little_time_and_memory),
		cmocka_unit_test(waiting_costs_next_to_nothing),
	};

	return cmocka_run_group_tests_name("scale", tests, sshd_group, sshd_ungroup);
}
