/* SPDX-License-Identifier: Apache-2.0 */
/* Many who go through one jump host share one connection to it, and each is on its own there: in its time, when others are silent, die or are given
 * up, and in what it costs. */
#include "jump_net.h"
#include "long.h"
#include "peers.h"
#include "relay.h"

#include "transport/jump_parts.h"

#define DELAYED_ACK_MS 40	/* Linux, at least */

/* How many of those that came were not yet logged in, at most, as the target saw it. */
static int
most_at_once(const struct net *net)
{
	char *text = run("awk '/Connection from/ { if (++n > most) most = n } /Accepted publickey/ { n-- } "
			 "END { print most + 0 }' %s/log",
		net->sshd[T].folder);
	int most = atoi(text);

	free(text);
	return most;
}

static void
thirty_hosts_share_one_login_and_eight_log_in_at_once(void **state)
{
	enum { HOSTS = 30, PLACES = 8 };
	struct net *net = need_net(state);
	static struct talk talks[HOSTS];

	for (int i = 0; i < HOSTS; i++) {
		talks[i] = jump_talk(net, through(net, "A"));
		talk_start(&talks[i], "ssh", NULL, PATIENCE_MS);
	}
	for (int i = 0; i < HOSTS; i++)
		talk_must_be_ready(&talks[i]);
	for (int i = 0; i < HOSTS; i++)
		check_ask(&talks[i], "echo fact >&3", "fact\n", "", 0);
	assert_int_equal(count_log(net, A, "Connection from"), 1);
	assert_int_equal(count_log(net, A, "Accepted publickey"), 1);
	assert_int_equal(count_log(net, T, "Accepted publickey"), HOSTS);
	print_message("%d hosts: %d at once\n", HOSTS, most_at_once(net));
	assert_in_range(most_at_once(net), 2, PLACES);
	for (int i = 0; i < HOSTS; i++)
		talk_end(&talks[i]);
	turn_for(net->sshd[A].loop, 200);
	assert_null(*kbi_loop_jumps(net->sshd[A].loop));
}

/* Who has less time is gone earlier, whoever came first. */
static void
each_host_has_its_own_time_with_a_jump_host(void **state)
{
	enum { SHORT_MS = 500, LONG_MS = 2000 };
	struct net *net = need_net(state);
	int port, fd = listen_silently(&port, NULL);
	char silent[32];

	snprintf(silent, sizeof(silent), "127.0.0.1:%d", port);
	struct talk hasty = jump_talk(net, silent), patient = jump_talk(net, silent);
	int64_t start_ms = kbi_clock_ms();
	talk_start(&hasty, "ssh", NULL, SHORT_MS);
	talk_start(&patient, "ssh", NULL, LONG_MS);
	check_error(&hasty, KB_ETIMEOUT, "ssh.timeout");
	assert_in_range(kbi_clock_ms() - start_ms, SHORT_MS - 100, LONG_MS - 200);
	assert_false(patient.is_settled);
	check_error(&patient, KB_ETIMEOUT, "ssh.timeout");
	assert_in_range(kbi_clock_ms() - start_ms, LONG_MS - 100, LONG_MS + 2000);
	talk_end(&hasty);
	talk_end(&patient);
	close(fd);
}

static void
a_host_that_answers_nothing_holds_no_other_up(void **state)
{
	enum { HOSTS = 12, DEAD_MS = 60000 };
	struct net *net = need_net(state);
	int port, full[2], fd = listen_silently(&port, full);
	struct talk dead = jump_talk(net, through(net, "A"));
	static struct talk talks[HOSTS];

	set_port(&dead, port);
	int64_t start_ms = kbi_clock_ms();
	talk_start(&dead, "ssh", NULL, DEAD_MS);
	for (int i = 0; i < HOSTS; i++) {
		talks[i] = jump_talk(net, through(net, "A"));
		talk_start(&talks[i], "ssh", NULL, PATIENCE_MS);
	}
	for (int i = 0; i < HOSTS; i++)
		talk_must_be_ready(&talks[i]);
	assert_false(dead.is_settled);
	print_message("%d hosts beside a dead one: %d ms\n", HOSTS, (int)(kbi_clock_ms() - start_ms));
	assert_int_equal(count_log(net, A, "Accepted publickey"), 1);
	/* who gives up while it is asked for leaves the others alone too */
	talk_end(&dead);
	for (int i = 0; i < HOSTS; i++)
		check_ask(&talks[i], "echo fact >&3", "fact\n", "", 0);
	struct talk late = jump_talk(net, through(net, "A"));
	talk_start(&late, "ssh", NULL, PATIENCE_MS);
	talk_must_be_ready(&late);
	assert_int_equal(count_log(net, A, "Accepted publickey"), 1);
	talk_end(&late);
	for (int i = 0; i < HOSTS; i++)
		talk_end(&talks[i]);
	close(full[0]);
	close(full[1]);
	close(fd);
}

/* The processes of a server's connections, not the one that listens; OpenSSH 9.8 and later have two for each. */
static void
kill_connections(const struct sshd *sshd, int signal)
{
	char *text = run("for p in $(pgrep -P %d); do pgrep -P $p; echo $p; done", (int)sshd->pid), *next = text;
	int killed = 0;

	for (pid_t pid; (pid = (pid_t)strtol(next, &next, 10)) > 1; killed++)
		kill(pid, signal);
	assert_true(killed > 0);
	free(text);
}

static void
when_a_jump_host_dies_all_behind_it_are_told(void **state)
{
	enum { HOSTS = 5 };
	struct net *net = need_net(state);
	static struct talk talks[HOSTS];
	static struct reply replies_of[HOSTS];

	for (int i = 0; i < HOSTS; i++) {
		talks[i] = jump_talk(net, through(net, "A"));
		talk_start(&talks[i], "ssh", NULL, PATIENCE_MS);
		talk_must_be_ready(&talks[i]);
		assert_int_equal(send_script(&talks[i], &replies_of[i], "sleep 60", NULL, 0, PATIENCE_MS), KB_OK);
	}
	turn_for(net->sshd[A].loop, 200);
	kill_connections(&net->sshd[A], SIGKILL);
	for (int i = 0; i < HOSTS; i++) {
		wait_reply(&talks[i], &replies_of[i]);
		assert_int_equal(replies_of[i].status, KB_EUNREACHABLE);
		assert_true(replies_of[i].may_have_run);
		if (!strstr(replies_of[i].cause, "node-1: jump host 127.0.0.1: "))
			fail_msg("%s", replies_of[i].cause);
		reply_free(&replies_of[i]);
	}
	/* while its dead connection is still in use, the next one makes another */
	struct talk again = jump_talk(net, through(net, "A"));
	talk_start(&again, "ssh", NULL, PATIENCE_MS);
	talk_must_be_ready(&again);
	talk_end(&again);
	for (int i = 0; i < HOSTS; i++)
		talk_end(&talks[i]);
}

static void
when_a_host_dies_the_others_live(void **state)
{
	struct net *net = need_net(state);
	struct talk one = jump_talk(net, through(net, "A")), other = jump_talk(net, through(net, "A"));
	struct reply reply = {0};

	talk_start(&one, "ssh", NULL, PATIENCE_MS);
	talk_start(&other, "ssh", NULL, PATIENCE_MS);
	talk_must_be_ready(&one);
	talk_must_be_ready(&other);
	assert_int_equal(
		send_script(&one, &reply, "sleep 0.2; kill -9 $PPID; sleep 5", NULL, 0, PATIENCE_MS), KB_OK);
	wait_reply(&one, &reply);
	assert_int_equal(reply.status, KB_EUNREACHABLE);
	assert_null(strstr(reply.cause, "jump"));
	check_ask(&other, "echo fact >&3", "fact\n", "", 0);
	reply_free(&reply);
	talk_end(&one);
	check_ask(&other, "echo more >&3", "more\n", "", 0);
	talk_end(&other);
}

static void
much_goes_through_two_hops_for_several_at_once(void **state)
{
	enum { LARGE = 4 << 20, HOSTS = 3 };
	struct net *net = need_net(state);
	static struct talk talks[HOSTS];
	static struct reply echos[HOSTS];
	char *data = malloc(LARGE);

	assert_non_null(data);
	for (size_t i = 0; i < LARGE; i++)
		data[i] = (char)(i * 31 + i / 1021);
	for (int i = 0; i < HOSTS; i++) {
		talks[i] = jump_talk(net, through(net, "AB"));
		talk_start(&talks[i], "ssh", NULL, PATIENCE_MS);
		assert_int_equal(send_script(&talks[i], &echos[i], "cat >&3", data, LARGE, 4 * PATIENCE_MS), KB_OK);
	}
	for (int i = 0; i < HOSTS; i++) {
		wait_reply(&talks[i], &echos[i]);
		assert_int_equal(echos[i].status, KB_OK);
		assert_int_equal(echos[i].facts_bytes, LARGE);
		assert_memory_equal(echos[i].facts, data, LARGE);
		reply_free(&echos[i]);
		talk_end(&talks[i]);
	}
	free(data);
}

static void
an_embedder_may_drop_it_at_any_moment(void **state)
{
	struct net *net = need_net(state);
	int step = is_long_run() ? 1 : 5, dropped = 0;

	for (int turns = 0; turns < 400; turns += step) {
		struct talk talk = jump_talk(net, through(net, "A")), other = jump_talk(net, through(net, "A"));
		talk_start(&talk, "ssh", NULL, PATIENCE_MS);
		talk_start(&other, "ssh", NULL, PATIENCE_MS);
		for (int i = 0; i < turns && !talk.is_settled; i++) {
			is_readable(talk.loop, 1000);
			kbi_loop_dispatch(talk.loop);
		}
		bool was_settled = talk.is_settled;
		int64_t start_ms = kbi_clock_ms();
		kbi_session_free(talk.session);
		assert_true(kbi_clock_ms() - start_ms < 500);
		talk.session = NULL;
		talk_end(&talk);
		if (dropped++ % 3 == 0)
			talk_must_be_ready(&other);
		talk_end(&other);
		assert_null(*kbi_loop_jumps(net->sshd[A].loop));
		if (was_settled)
			break;
	}
}

/* A channel that nobody wants any more, to one that does not stop talking: what it says is of a channel that libssh2 must still know. */
static void
who_was_given_up_is_in_nobodys_way(void **state)
{
	struct net *net = need_net(state);
	struct peer talker = {.name = "talker", .first = "not ssh\r\n", .then = "more\r\n", .then_bytes = 6, .every_ms = 5};
	struct talk first = jump_talk(net, through(net, "A")), dropped = jump_talk(net, through(net, "A")), other = jump_talk(net, through(net, "A"));

	peer_start(&talker);
	talk_start(&first, "ssh", NULL, PATIENCE_MS);
	talk_must_be_ready(&first);
	set_port(&dropped, talker.port);
	talk_start(&dropped, "ssh", NULL, PATIENCE_MS);
	talk_start(&other, "ssh", NULL, PATIENCE_MS);	/* waits behind it */
	/* in vain, when it is asked for and given in one turn */
	for (int i = 0; i < 20 && !(*kbi_loop_jumps(dropped.loop))->asked; i++) {
		is_readable(dropped.loop, 50);
		kbi_loop_dispatch(dropped.loop);
	}
	talk_end(&dropped);
	talk_must_be_ready(&other);
	check_ask(&first, "echo fact >&3", "fact\n", "", 0);
	talk_end(&other);
	talk_end(&first);
	peer_stop(&talker);
}

/* The shortest of some times to hear of two things, one after the other. */
static int
time_pieces(const struct net *net, const char *jump)
{
	struct talk talk = jump_talk(net, jump);
	int least_ms = INT32_MAX;

	talk_start(&talk, "ssh", NULL, PATIENCE_MS);
	talk_must_be_ready(&talk);
	for (int i = 0; i < 10; i++) {
		int64_t start_ms = kbi_clock_ms();
		check_ask(&talk, "echo one; sleep 0.003; echo two", "", "one\ntwo\n", 0);
		int took_ms = (int)(kbi_clock_ms() - start_ms);
		least_ms = took_ms < least_ms ? took_ms : least_ms;
	}
	talk_end(&talk);
	return least_ms;
}

/* A second small packet of sshd waits for our acknowledgement on a connection without a command: it sets TCP_NODELAY when it starts one. */
static void
what_comes_in_pieces_waits_for_no_acknowledgement(void **state)
{
	struct net *net = need_net(state);
	int beside_ms = time_pieces(net, "none"), through_ms = time_pieces(net, through(net, "A"));

	print_message("pieces: %d ms, through a jump host %d ms\n", beside_ms, through_ms);
	assert_in_range(through_ms, 0, beside_ms + DELAYED_ACK_MS - 10);
}

/* Counted at the jump host: what goes on behind it is its own network. */
static void
round_trips_through_a_jump_host_are_counted(void **state)
{
	enum { DELAY_MS = 60, STEPS = 5, MOST = 16 };
	struct net *net = need_net(state);
	int least = 1000;

	for (int i = 0; i < 4 && least > MOST; i++) {
		struct relay *relay = relay_start(net->sshd[A].port, DELAY_MS, 0);
		struct reply reply = {0};
		char jump[64];
		snprintf(jump, sizeof(jump), "127.0.0.1:%d", relay->port);
		struct talk talk = jump_talk(net, jump);
		char *line = run("sed 's|^|[127.0.0.1]:%d |' %s/host_ed25519.pub >>%s/known_all", relay->port,
			net->sshd[A].folder, net->sshd[A].folder);
		free(line);
		talk_start(&talk, "ssh", NULL, PATIENCE_MS);
		assert_int_equal(send_script(&talk, &reply, "echo hello >&3", NULL, 0, PATIENCE_MS), KB_OK);
		wait_reply(&talk, &reply);
		assert_string_equal(reply.facts, "hello\n");
		int trips = 1 + atomic_load(&relay->depth), before = atomic_load(&relay->depth);
		for (int step = 0; step < STEPS; step++)
			check_ask(&talk, "echo x >&3", "x\n", "", 0);
		assert_int_equal(atomic_load(&relay->depth) - before, STEPS);
		least = trips < least ? trips : least;
		reply_free(&reply);
		talk_end(&talk);
		relay_stop(relay);
	}
	print_message("connect to first output through a jump host: %d round trips\n", least);
	assert_in_range(least, 1, MOST);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(thirty_hosts_share_one_login_and_eight_log_in_at_once),
		cmocka_unit_test(each_host_has_its_own_time_with_a_jump_host),
		cmocka_unit_test(a_host_that_answers_nothing_holds_no_other_up),
		cmocka_unit_test(when_a_jump_host_dies_all_behind_it_are_told),
		cmocka_unit_test(when_a_host_dies_the_others_live),
		cmocka_unit_test(much_goes_through_two_hops_for_several_at_once),
		cmocka_unit_test(an_embedder_may_drop_it_at_any_moment),
		cmocka_unit_test(who_was_given_up_is_in_nobodys_way),
		cmocka_unit_test(what_comes_in_pieces_waits_for_no_acknowledgement),
		cmocka_unit_test(round_trips_through_a_jump_host_are_counted),
	};

	return cmocka_run_group_tests_name("jump_shared", tests, net_start, net_stop);
}
