/* SPDX-License-Identifier: Apache-2.0 */
/* What a connection and its steps cost in round trips and bytes, counted by a relay between us and a real
 * sshd. */
#include "relay.h"
#include "sshd.h"

#define DELAY_MS 15
#define CONNECT_DELAY_MS 80	/* more than a server takes to start a process, even a busy one */
#define CONNECT_MAX 8	/* the floor of libssh2 is 8 until a command runs, one less by the channel that is asked for ahead, and its first output is one more */

static struct talk
talk_through(const struct sshd *sshd, const struct relay *relay)
{
	struct talk talk = ssh_talk(sshd, sshd->user);
	char name[64], port[16];

	snprintf(name, sizeof(name), "[127.0.0.1]:%d", relay->port);
	snprintf(port, sizeof(port), "%d", relay->port);
	write_known(sshd, "known_relay", name, NULL);
	kbi_map_set(&talk.settings, "port", port);
	kbi_map_set(&talk.settings, "known_hosts", in_folder(sshd, "known_relay"));
	kbi_map_set(&talk.settings, "become", "none");
	return talk;
}

static int
count_to_first_output(const struct sshd *sshd)
{
	struct relay *relay = relay_start(sshd->port, CONNECT_DELAY_MS, 0);
	struct talk talk = talk_through(sshd, relay);
	struct reply reply = {0};

	talk_start(&talk, "ssh", "greeting=hello", PATIENCE_MS);
	assert_int_equal(send_script(&talk, &reply, "echo $greeting >&3", NULL, 0, PATIENCE_MS), KB_OK);
	wait_reply(&talk, &reply);
	/* the first is the TCP handshake, which the relay cannot see */
	int trips = 1 + atomic_load(&relay->depth);
	assert_string_equal(reply.facts, "hello\n");
	reply_free(&reply);
	talk_end(&talk);
	relay_stop(relay);
	return trips;
}

/* A server that is slow to speak looks, from the relay, as if it had waited for our next words: so the least
 * of a few counts. */
static void
the_first_output_comes_within_eight_round_trips(void **state)
{
	struct sshd *sshd = need_sshd(state);
	int least = count_to_first_output(sshd);

	for (int i = 0; i < 4 && least > CONNECT_MAX; i++) {
		int trips = count_to_first_output(sshd);
		least = trips < least ? trips : least;
	}
	print_message("connect to first output: %d round trips\n", least);
	assert_in_range(least, 1, CONNECT_MAX);
}

static void
a_dependent_step_is_one_round_trip_and_a_batch_is_one(void **state)
{
	enum { STEPS = 10 };
	struct sshd *sshd = need_sshd(state);
	struct relay *relay = relay_start(sshd->port, DELAY_MS, 0);
	struct talk talk = talk_through(sshd, relay);
	static struct reply many[STEPS];

	talk_start(&talk, "ssh", NULL, PATIENCE_MS);
	talk_must_be_ready(&talk);
	int before = atomic_load(&relay->depth);
	for (int i = 0; i < STEPS; i++)
		check_ask(&talk, "echo x >&3", "x\n", "", 0);
	int dependent = atomic_load(&relay->depth) - before;
	before += dependent;
	for (int i = 0; i < STEPS; i++)
		assert_int_equal(send_script(&talk, &many[i], "echo x >&3", NULL, 0, PATIENCE_MS), KB_OK);
	wait_reply(&talk, &many[STEPS - 1]);
	int batch = atomic_load(&relay->depth) - before;
	print_message("%d dependent steps: %d round trips; %d at once: %d\n", STEPS, dependent, STEPS, batch);
	assert_int_equal(dependent, STEPS);
	assert_int_equal(batch, 1);
	for (int i = 0; i < STEPS; i++)
		reply_free(&many[i]);
	talk_end(&talk);
	relay_stop(relay);
}

static void
trivial_steps_send_little_beside_their_scripts(void **state)
{
	enum { STEPS = 20, MOST = 2048 };	/* of 4096 that changing steps may take, of which each is four frames: bench.test_counts */
	static const char script[] = "true";
	struct sshd *sshd = need_sshd(state);
	struct relay *relay = relay_start(sshd->port, 0, 0);
	struct talk talk = talk_through(sshd, relay);

	talk_start(&talk, "ssh", NULL, PATIENCE_MS);
	talk_must_be_ready(&talk);
	size_t before = atomic_load(&relay->bytes_up);
	for (int i = 0; i < STEPS; i++)
		check_ask(&talk, script, "", "", 0);
	size_t sent = atomic_load(&relay->bytes_up) - before - STEPS * strlen(script);
	print_message("%d trivial steps: %zu bytes up beside their scripts\n", STEPS, sent);
	assert_in_range(sent, 1, MOST);
	talk_end(&talk);
	relay_stop(relay);
}

/* Makes the transport's own socket as small as the kernel allows: by default it would hold all that sshd's
 * window lets us send. */
static void
shrink_socket_to(int port)
{
	const int small = 1;
	int found = 0;

	for (int fd = 3; fd < 256; fd++) {
		struct sockaddr_in peer;
		socklen_t size = sizeof(peer);
		if (getpeername(fd, (struct sockaddr *)&peer, &size) == 0 && peer.sin_family == AF_INET
			&& ntohs(peer.sin_port) == port)
			found += setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)) == 0;
	}
	assert_int_equal(found, 1);
}

/* A narrow line: our packets are taken in pieces, while the answer to them is already coming in. */
static void
a_full_socket_loses_and_mixes_up_nothing(void **state)
{
	enum { LARGE = 2 << 20 };
	struct sshd *sshd = need_sshd(state);
	struct relay *relay = relay_start(sshd->port, 0, 1500);
	struct talk talk = talk_through(sshd, relay);
	struct reply echo = {0}, behind = {0};
	char *data = malloc(LARGE);

	assert_non_null(data);
	for (size_t i = 0; i < LARGE; i++)
		data[i] = (char)(i * 131 + i / 4093);
	talk_start(&talk, "ssh", NULL, PATIENCE_MS);
	talk_must_be_ready(&talk);
	shrink_socket_to(relay->port);
	assert_int_equal(send_script(&talk, &echo, "tee /dev/fd/2 >&3", data, LARGE, 4 * PATIENCE_MS), KB_OK);
	assert_int_equal(send_script(&talk, &behind, "echo fine >&3", NULL, 0, PATIENCE_MS), KB_OK);
	wait_reply(&talk, &behind);
	assert_int_equal(echo.status, KB_OK);
	assert_int_equal(echo.facts_bytes, LARGE);
	assert_memory_equal(echo.facts, data, LARGE);
	assert_string_equal(behind.facts, "fine\n");
	reply_free(&echo);
	reply_free(&behind);
	free(data);
	talk_end(&talk);
	relay_stop(relay);
}

/* libssh2 says it once, to whoever calls: to a write too, and goes on. What was to be written then is not: the shell would read the rest as if
 * nothing had been in between. Where the length of a packet was changed it may also wait for the rest of that, until the request's time is over. */
static void
what_was_changed_on_the_way_ends_the_connection(void **state)
{
	enum { LARGE = 1 << 20, TIMES = 8, SPACE = 60000, TIME_MS = 10000 };
	struct sshd *sshd = need_sshd(state);
	char *data = calloc(1, LARGE);

	assert_non_null(data);
	for (size_t i = 0; i < TIMES; i++) {
		struct relay *relay = relay_start(sshd->port, 0, 1500);
		struct talk talk = talk_through(sshd, relay);
		struct reply echo = {0};
		talk_start(&talk, "ssh", NULL, PATIENCE_MS);
		talk_must_be_ready(&talk);
		shrink_socket_to(relay->port);
		atomic_store(&relay->changes_at, atomic_load(&relay->bytes_down) + (i + 1) * SPACE);
		assert_int_equal(send_script(&talk, &echo, "tee /dev/fd/2 >&3", data, LARGE, TIME_MS), KB_OK);
		wait_reply(&talk, &echo);
		bool went_on = echo.status == KB_OK || echo.facts_bytes > (i + 1) * SPACE;
		if (went_on || (echo.status != KB_EPROTOCOL && echo.status != KB_EUNREACHABLE && echo.status != KB_ETIMEOUT))
			fail_msg("change %zu: %s, and %zu bytes came back", i, kb_err_name(echo.status), echo.facts_bytes);
		reply_free(&echo);
		talk_end(&talk);
		relay_stop(relay);
	}
	free(data);
}

static void
single_bytes_are_enough(void **state)
{
	struct sshd *sshd = need_sshd(state);
	struct relay *relay = relay_start(sshd->port, 0, 1);
	struct talk talk = talk_through(sshd, relay);

	talk_start(&talk, "ssh", NULL, PATIENCE_MS);
	talk_must_be_ready(&talk);
	check_ask(&talk, "echo byte by byte >&3; exit 2", "byte by byte\n", "", 2);
	talk_end(&talk);
	relay_stop(relay);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_output_comes_within_eight_round_trips),
		cmocka_unit_test(a_dependent_step_is_one_round_trip_and_a_batch_is_one),
		cmocka_unit_test(trivial_steps_send_little_beside_their_scripts),
		cmocka_unit_test(a_full_socket_loses_and_mixes_up_nothing),
		cmocka_unit_test(what_was_changed_on_the_way_ends_the_connection),
		cmocka_unit_test(single_bytes_are_enough),
	};

	return cmocka_run_group_tests_name("round_trips", tests, sshd_group, sshd_ungroup);
}
