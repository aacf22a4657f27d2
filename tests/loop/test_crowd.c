/* SPDX-License-Identifier: Apache-2.0 */
/* Many logins to one server that bears few at a time, and logins that are refused: sshd's own log says how often
 * it was asked. */
#include "sshd.h"

#include <errno.h>

#include <libkb.h>

#include "transport/gate.h"

/* -- the gate alone */

static void
count_call(void *owner)
{
	++*(int *)owner;
}

static void
a_gate_is_open_until_somebody_is_turned_away(void **state)
{
	struct kbi_loop *loop = kbi_loop_new();
	struct kbi_gate_pass passes[8] = {0};
	int calls = 0;
	int64_t due_ms, opens_ms = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(passes); i++) {
		passes[i].may_enter = count_call;
		passes[i].owner = &calls;
		assert_true(kbi_gate_approach(loop, "h", 22, &passes[i]));
		assert_true(kbi_gate_enter(&passes[i], 1000, &due_ms));
	}
	for (size_t i = 0; i < 4; i++)	/* one crowd, one pause */
		opens_ms = kbi_gate_leave(&passes[i], KBI_GATE_TURNED_AWAY, 1000 + (int64_t)i);
	assert_true(opens_ms >= 1250 && opens_ms < 1500);
	assert_false(kbi_gate_enter(&passes[0], opens_ms - 1, &due_ms));
	assert_int_equal(due_ms, opens_ms);
	/* four are still in, and now one at a time is the most */
	assert_false(kbi_gate_enter(&passes[0], opens_ms, &due_ms));
	assert_true(due_ms == KBI_NEVER);
	for (size_t i = 4; i < COUNT(passes); i++)
		kbi_gate_leave(&passes[i], KBI_GATE_GAVE_UP, opens_ms);
	assert_true(calls > 0);
	assert_true(kbi_gate_enter(&passes[0], opens_ms, &due_ms));
	assert_false(kbi_gate_enter(&passes[1], opens_ms, &due_ms));
	kbi_gate_leave(&passes[0], KBI_GATE_LOGGED_IN, opens_ms);	/* it bears one, so two may be tried */
	assert_true(kbi_gate_enter(&passes[1], opens_ms, &due_ms));
	assert_true(kbi_gate_enter(&passes[2], opens_ms, &due_ms));
	assert_false(kbi_gate_enter(&passes[3], opens_ms, &due_ms));
	for (size_t i = 1; i < 4; i++)
		kbi_gate_leave(&passes[i], KBI_GATE_GAVE_UP, opens_ms);
	assert_null(*kbi_loop_gates(loop));
	kbi_loop_free(loop);
}

static void
pauses_grow_while_nobody_gets_in_and_bans_are_longer(void **state)
{
	struct kbi_loop *loop = kbi_loop_new();
	int calls = 0;
	struct kbi_gate_pass pass = {.may_enter = count_call, .owner = &calls};
	int64_t now_ms = 1000, due_ms, least_ms = 250;

	(void)state;
	assert_true(kbi_gate_approach(loop, "h", 22, &pass));
	for (int i = 0; i < 12; i++) {
		assert_true(kbi_gate_enter(&pass, now_ms, &due_ms));
		int64_t opens_ms = kbi_gate_leave(&pass, KBI_GATE_TURNED_AWAY, now_ms);
		assert_true(opens_ms >= now_ms + least_ms && opens_ms < now_ms + 2 * least_ms);
		now_ms = opens_ms;
		least_ms = least_ms < 8000 ? 2 * least_ms : least_ms;
	}
	kbi_gate_leave(&pass, KBI_GATE_GAVE_UP, now_ms);
	assert_true(kbi_gate_approach(loop, "h", 22, &pass));
	assert_true(kbi_gate_enter(&pass, now_ms, &due_ms));
	int64_t opens_ms = kbi_gate_leave(&pass, KBI_GATE_BANNED, now_ms);	/* could be a crowd */
	assert_true(opens_ms >= now_ms + 250 && opens_ms < now_ms + 500);
	assert_true(kbi_gate_enter(&pass, opens_ms, &due_ms));
	assert_true(kbi_gate_leave(&pass, KBI_GATE_BANNED, opens_ms) >= opens_ms + 4000);
	kbi_gate_leave(&pass, KBI_GATE_GAVE_UP, now_ms);
	kbi_loop_free(loop);
}

static void
each_server_has_its_own_gate(void **state)
{
	struct kbi_loop *loop = kbi_loop_new();
	struct kbi_gate_pass passes[3] = {0};
	static const struct {
		const char *address;
		int port;
	} servers[] = {{"h", 22}, {"h", 2222}, {"g", 22}};
	int calls = 0;
	int64_t due_ms;

	(void)state;
	for (size_t i = 0; i < COUNT(passes); i++) {
		passes[i] = (struct kbi_gate_pass){.may_enter = count_call, .owner = &calls};
		assert_true(kbi_gate_approach(loop, servers[i].address, servers[i].port, &passes[i]));
	}
	assert_true(kbi_gate_enter(&passes[0], 1000, &due_ms));
	kbi_gate_leave(&passes[0], KBI_GATE_TURNED_AWAY, 1000);
	assert_false(kbi_gate_enter(&passes[0], 1001, &due_ms));
	assert_true(kbi_gate_enter(&passes[1], 1001, &due_ms));
	assert_true(kbi_gate_enter(&passes[2], 1001, &due_ms));
	for (size_t i = 0; i < COUNT(passes); i++)
		kbi_gate_leave(&passes[i], KBI_GATE_GAVE_UP, 1001);
	kbi_loop_free(loop);
}

/* -- a real sshd */

static int
count_lines(const struct sshd *sshd, const char *pattern)
{
	char *text = run("grep -cE '%s' %s/log", pattern, sshd->folder);
	int count = atoi(text);

	free(text);
	return count;
}

static struct sshd
narrow_start(void **state, const char *config)
{
	struct sshd narrow = *need_sshd(state);

	narrow.folder = NULL;
	sshd_start(&narrow, config);
	usleep(500000);		/* its child for the one who asked whether it is there has ended */
	free(run(": >%s/log", narrow.folder));
	return narrow;
}

#define CROWD 20

static void
twenty_logins_at_once_pass_a_server_that_bears_two(void **state)
{
	struct sshd narrow = narrow_start(state, "MaxStartups 2:100:3\n");
	int64_t start_ms = kbi_clock_ms();
	struct talk talks[CROWD];

	for (size_t i = 0; i < CROWD; i++) {
		talks[i] = ssh_talk(&narrow, narrow.user);
		kbi_map_set(&talks[i].settings, "become", "none");
		talk_start(&talks[i], "ssh", NULL, 4 * PATIENCE_MS);
	}
	for (size_t i = 0; i < CROWD; i++)
		turn_until(narrow.loop, &talks[i].is_settled, 4 * PATIENCE_MS);
	for (size_t i = 0; i < CROWD; i++)
		talk_must_be_ready(&talks[i]);
	assert_true(kbi_clock_ms() - start_ms < PATIENCE_MS);
	int taken = count_lines(&narrow, "^Connection from "), dropped = count_lines(&narrow, "^drop connection");
	print_message("%d logins: %d connections taken, %d turned away\n", CROWD, taken, dropped);
	assert_true(taken >= CROWD);
	assert_true(dropped > 0);	/* or it showed nothing */
	assert_true(taken + dropped <= 3 * CROWD);
	for (size_t i = 0; i < CROWD; i++)
		talk_end(&talks[i]);
	sshd_stop(&narrow);
}

/* Takes connections and drops them at once, as sshd does with what is too much. */
static int
listen_on(int *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(fd, 64), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	*port = ntohs(address.sin_port);
	return fd;
}

static int
turn_away_until_settled(struct sshd *sshd, struct talk *talks, size_t count, int fd, const char *words)
{
	int connections = 0, one;
	size_t settled = 0;

	for (int64_t end_ms = kbi_clock_ms() + PATIENCE_MS; settled < count && kbi_clock_ms() < end_ms;) {
		turn_for(sshd->loop, 5);
		while ((one = accept(fd, NULL, NULL)) >= 0) {
			connections++;
			send(one, words, strlen(words), MSG_NOSIGNAL);
			shutdown(one, SHUT_WR);
			usleep(1000);
			close(one);
		}
		settled = 0;
		for (size_t i = 0; i < count; i++)
			settled += talks[i].is_settled;
	}
	return connections;
}

static void
a_server_that_takes_nobody_is_not_hammered(void **state)
{
	struct sshd *sshd = need_sshd(state);
	static const char *const words[] = {"Exceeded MaxStartups\r\n", "Not allowed at this time\r\n", ""};

	for (size_t w = 0; w < COUNT(words); w++) {
		struct talk talks[CROWD];
		int port, fd = listen_on(&port);
		char text[16];
		snprintf(text, sizeof(text), "%d", port);
		for (size_t i = 0; i < CROWD; i++) {
			talks[i] = ssh_talk(sshd, sshd->user);
			kbi_map_set(&talks[i].settings, "port", text);
			talk_start(&talks[i], "ssh", NULL, 2000);
		}
		int connections = turn_away_until_settled(sshd, talks, CROWD, fd, words[w]);
		print_message("%d logins, all turned away: %d connections\n", CROWD, connections);
		/* each came once; afterwards one at a time, after 250, 500 and 1000 ms at least */
		assert_true(connections >= CROWD && connections <= CROWD + 3);
		for (size_t i = 0; i < CROWD; i++) {
			const struct kb_err *err = talk_error(&talks[i]);
			assert_int_equal(err->code, KB_EUNREACHABLE);
			assert_true(strcmp(kb_err_id(err), "connect.turned-away") == 0
				|| strcmp(kb_err_id(err), "connection.closed") == 0
				|| strcmp(kb_err_id(err), "connection.lost") == 0);
			talk_end(&talks[i]);
		}
		close(fd);
	}
}

/* A whole run, through the public calls: five tasks of a host whose password is wrong. */
static int
run_with_a_wrong_password(const struct sshd *sshd)
{
	kb_ctx *kb = kb_new();
	char uri[64];
	int refused = 0;

	snprintf(uri, sizeof(uri), "ssh://kb-bash@127.0.0.1:%d", sshd->port);
	kb_host *host = kb_host_new(kb, "node-1", uri);
	write_known(sshd, "known_hosts", name_of(sshd, "127.0.0.1"), NULL);
	assert_int_equal(kb_host_set(host, "known_hosts", in_folder(sshd, "known_hosts")), KB_OK);
	assert_int_equal(kb_host_set_secret(host, "password", "wrong-horse", 11), KB_OK);
	kb_plan *plan = kb_plan_new(kb);
	kb_step *step = kb_step_script(kb, "test.nothing", "exit 0", "exit 0");
	for (int i = 0; i < 5; i++)
		assert_non_null(kb_plan_add(plan, host, step));
	assert_true(kb_plan_start(plan, KB_APPLY, 30000) > 0);
	for (kb_event *event; kb_wait(kb, 30000) > 0;)
		while ((event = kb_plan_next_event(plan))) {
			refused += kb_event_kind(event) == KB_EVENT_STEP_DONE && kb_event_status(event) == KB_EAUTH;
			kb_event_free(event);
		}
	kb_step_free(step);
	kb_plan_free(plan);
	kb_host_free(host);
	kb_free(kb);
	return refused;
}

static void
a_refused_password_is_one_failed_login_of_a_run(void **state)
{
	struct sshd narrow = narrow_start(state, "");

	if (geteuid() != 0) {
		print_message("skipped: only root can give users passwords\n");
		sshd_stop(&narrow);
		skip();
	}
	assert_true(run_with_a_wrong_password(&narrow) > 0);
	usleep(200000);
	assert_int_equal(count_lines(&narrow, "^Connection from "), 1);
	assert_int_equal(count_lines(&narrow, "^Failed password"), 1);
	sshd_stop(&narrow);
}

/* -- an sshd that bans addresses (OpenSSH 9.8 and later) */

static void
need_penalties(void **state)
{
	const struct sshd *sshd = need_sshd(state);
	char *said = run("/usr/sbin/sshd -t -f %s/sshd_config -o PerSourcePenalties=no 2>&1 | grep -i 'bad configuration'",
		sshd->folder);
	bool is_there = !*said;

	free(said);
	if (is_there && geteuid() == 0)
		return;
	print_message("skipped: %s\n", is_there ? "only root can give users passwords"
		: "this sshd has no PerSourcePenalties (OpenSSH 9.8)");
	skip();
}

static void
login_by_key(struct sshd *sshd)
{
	struct talk talk = ssh_talk(sshd, sshd->user);

	kbi_map_set(&talk.settings, "become", "none");
	talk_start(&talk, "ssh", NULL, 2 * PATIENCE_MS);
	turn_until(sshd->loop, &talk.is_settled, 2 * PATIENCE_MS);
	talk_must_be_ready(&talk);
	talk_end(&talk);
}

static void
many_hosts_at_an_sshd_that_bans_are_no_ban(void **state)
{
	need_penalties(state);
	struct sshd strict = narrow_start(state, "PerSourcePenalties yes\n");
	struct talk talks[CROWD];

	for (size_t i = 0; i < CROWD; i++) {
		talks[i] = ssh_talk(&strict, strict.user);
		kbi_map_set(&talks[i].settings, "become", "none");
		talk_start(&talks[i], "ssh", NULL, 2 * PATIENCE_MS);
	}
	for (size_t i = 0; i < CROWD; i++)
		turn_until(strict.loop, &talks[i].is_settled, 2 * PATIENCE_MS);
	for (size_t i = 0; i < CROWD; i++)
		talk_must_be_ready(&talks[i]);
	for (size_t i = 0; i < CROWD; i++)
		talk_end(&talks[i]);
	assert_true(run_with_a_wrong_password(&strict) > 0);
	login_by_key(&strict);
	assert_int_equal(count_lines(&strict, "^Failed password"), 1);
	assert_int_equal(count_lines(&strict, "^Connection from "), CROWD + 2);
	assert_int_equal(count_lines(&strict, "^drop connection"), 0);
	sshd_stop(&strict);
}

/* One refused login is enough for a ban here: who comes next waits for its end, and does not knock all the time. */
static void
a_ban_is_waited_for(void **state)
{
	need_penalties(state);
	struct sshd strict = narrow_start(state, "PerSourcePenalties authfail:8s noauth:1s min:3s max:30s\n");

	assert_true(run_with_a_wrong_password(&strict) > 0);
	assert_int_equal(count_lines(&strict, "^Connection from "), 1);
	usleep(500000);		/* until sshd has been told by its child */
	login_by_key(&strict);
	int dropped = count_lines(&strict, "^drop connection.*penalty");
	print_message("banned: turned away %d times\n", dropped);
	assert_in_range(dropped, 1, 4);
	assert_int_equal(count_lines(&strict, "^Connection from "), 2);
	sshd_stop(&strict);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_gate_is_open_until_somebody_is_turned_away),
		cmocka_unit_test(pauses_grow_while_nobody_gets_in_and_bans_are_longer),
		cmocka_unit_test(each_server_has_its_own_gate),
		cmocka_unit_test(twenty_logins_at_once_pass_a_server_that_bears_two),
		cmocka_unit_test(a_server_that_takes_nobody_is_not_hammered),
		cmocka_unit_test(a_refused_password_is_one_failed_login_of_a_run),
		cmocka_unit_test(many_hosts_at_an_sshd_that_bans_are_no_ban),
		cmocka_unit_test(a_ban_is_waited_for),
	};

	return cmocka_run_group_tests_name("crowd", tests, sshd_group, sshd_ungroup);
}
