/* SPDX-License-Identifier: Apache-2.0 */
/* The ssh transport against a real sshd: every kind of key, much at once, and peers that are no SSH server at
 * all. Whom it trusts is in test_trust.c. */
#include "sshd.h"

#include <pthread.h>

static void
check_login_by(void **state, const char *key)
{
	struct sshd *sshd = need_sshd(state);
	struct talk talk = ssh_talk(sshd, sshd->user);

	kbi_map_set(&talk.settings, "become", "none");
	kbi_map_set(&talk.settings, "identity", in_folder(sshd, key));
	talk_start(&talk, "ssh", NULL, PATIENCE_MS);
	talk_must_be_ready(&talk);
	check_ask(&talk, "echo fact >&3; echo log; exit 5", "fact\n", "log\n", 5);
	talk_end(&talk);
}

static void
an_ed25519_key_logs_in(void **state)
{
	check_login_by(state, "key_ed25519");
}

static void
an_ecdsa_key_logs_in(void **state)
{
	check_login_by(state, "key_ecdsa");
}

static void
an_rsa_key_logs_in(void **state)
{
	check_login_by(state, "key_rsa");
}

static void
keys_in_pem_log_in(void **state)
{
	struct sshd *sshd = need_sshd(state);

	free(run("cd %s && for t in rsa ecdsa; do cp key_$t pem_$t && ssh-keygen -q -p -m PEM -P '' -N '' -f "
		 "pem_$t; done >/dev/null 2>&1",
		sshd->folder));
	free(run("cd %s && openssl pkey -in pem_rsa -aes256 -passout pass:horse -out pem_locked 2>/dev/null "
		 "&& chmod 600 pem_locked",
		sshd->folder));
	check_login_by(state, "pem_rsa");
	check_login_by(state, "pem_ecdsa");
	struct talk talk = ssh_talk(sshd, sshd->user);
	kbi_map_set(&talk.settings, "become", "none");
	kbi_map_set(&talk.settings, "identity", in_folder(sshd, "pem_locked"));
	kbi_map_set_secret(&talk.settings, "passphrase", "horse", 5);
	talk_start(&talk, "ssh", NULL, PATIENCE_MS);
	talk_must_be_ready(&talk);
	talk_end(&talk);
}

static void
a_key_given_as_data_logs_in(void **state)
{
	struct sshd *sshd = need_sshd(state);
	struct talk talk = ssh_talk(sshd, sshd->user);
	char *key = read_all(in_folder(sshd, "key_rsa"));

	kbi_map_set(&talk.settings, "become", "none");
	kbi_map_set(&talk.settings, "identity", "/nowhere");
	kbi_map_set_secret(&talk.settings, "identity_data", key, strlen(key));
	talk_start(&talk, "ssh", NULL, PATIENCE_MS);
	talk_must_be_ready(&talk);
	free(key);
	talk_end(&talk);
}

static void
a_password_logs_in_and_a_wrong_one_does_not(void **state)
{
	struct sshd *sshd = need_sshd(state);

	if (geteuid() != 0) {
		print_message("skipped: only root can give users passwords\n");
		skip();
	}
	static const struct {
		const char *password;
		bool is_right;
	} tries[] = {{"correct-horse", true}, {"wrong-horse", false}};
	for (size_t i = 0; i < COUNT(tries); i++) {
		struct talk talk = ssh_talk(sshd, "kb-bash");
		kbi_map_remove(&talk.settings, "identity");
		kbi_map_set_secret(&talk.settings, "password", tries[i].password, strlen(tries[i].password));
		talk_start(&talk, "ssh", NULL, PATIENCE_MS);
		if (tries[i].is_right) {
			talk_must_be_ready(&talk);
		} else {
			check_error(&talk, KB_EAUTH, "auth.refused");
			assert_true(has_evidence(talk_error(&talk), "the password"));
			assert_false(has_evidence(talk_error(&talk), "horse"));
		}
		talk_end(&talk);
	}
}

static void
a_refused_key_is_one_login_and_says_what_the_host_takes(void **state)
{
	struct sshd *sshd = need_sshd(state);
	struct talk talk = ssh_talk(sshd, sshd->user);

	free(run("cd %s && rm -f key_new key_new.pub && ssh-keygen -q -t ed25519 -N '' -f key_new && : >log",
		sshd->folder));
	kbi_map_set(&talk.settings, "identity", in_folder(sshd, "key_new"));
	talk_start(&talk, "ssh", NULL, PATIENCE_MS);
	check_error(&talk, KB_EAUTH, "auth.refused");
	assert_true(has_evidence(talk_error(&talk), "key_new (ssh-ed25519)"));
	assert_true(has_evidence(talk_error(&talk), "the host takes: publickey,password"));
	turn_for(sshd->loop, 200);
	char *logins = run("grep -c 'Connection from' %s/log; grep -c 'Failed publickey' %s/log",
		sshd->folder, sshd->folder);
	assert_string_equal(logins, "1\n1\n");
	free(logins);
	talk_end(&talk);
}

static int
count_logins(const struct sshd *sshd)
{
	char *text = run("grep -c 'Connection from' %s/log", sshd->folder);
	int count = atoi(text);

	free(text);
	return count;
}

/* The channel is asked for behind a signature that is the last way to log in. Where that was not enough, it never comes. */
static void
a_key_that_is_not_enough_is_told_at_once(void **state)
{
	struct sshd *sshd = need_sshd(state);

	if (geteuid() != 0) {
		print_message("skipped: only root can make users\n");
		skip();
	}
	struct talk talk = ssh_talk(sshd, "kb-both");
	int before = count_logins(sshd);
	kbi_map_set(&talk.settings, "become", "none");
	talk_start(&talk, "ssh", NULL, PATIENCE_MS);
	check_error(&talk, KB_EAUTH, "auth.refused");
	assert_true(has_evidence(talk_error(&talk), "refused: "));
	assert_true(has_evidence(talk_error(&talk), "the host takes: password"));
	turn_for(sshd->loop, 200);
	assert_int_equal(count_logins(sshd), before + 1);
	talk_end(&talk);
}

static void
a_key_and_a_password_together_log_in(void **state)
{
	struct sshd *sshd = need_sshd(state);

	if (geteuid() != 0) {
		print_message("skipped: only root can give users passwords\n");
		skip();
	}
	struct talk talk = ssh_talk(sshd, "kb-both");
	kbi_map_set(&talk.settings, "become", "none");
	kbi_map_set_secret(&talk.settings, "password", "correct-horse", strlen("correct-horse"));
	talk_start(&talk, "ssh", NULL, PATIENCE_MS);
	talk_must_be_ready(&talk);
	check_ask(&talk, "echo fact >&3", "fact\n", "", 0);
	talk_end(&talk);
}

static void
a_second_key_logs_in_where_the_first_is_unknown(void **state)
{
	struct sshd *sshd = need_sshd(state);
	struct talk talk = ssh_talk(sshd, sshd->user);

	free(run("cd %s && rm -f key_new key_new.pub && ssh-keygen -q -t ed25519 -N '' -f key_new", sshd->folder));
	kbi_map_set(&talk.settings, "become", "none");
	kbi_map_set(&talk.settings, "identity", in_folder(sshd, "key_new"));
	kbi_map_add(&talk.settings, "identity", in_folder(sshd, "key_rsa"));
	talk_start(&talk, "ssh", NULL, PATIENCE_MS);
	talk_must_be_ready(&talk);
	check_ask(&talk, "echo fact >&3", "fact\n", "", 0);
	talk_end(&talk);
}

static void
ipv6_and_names_work(void **state)
{
	struct sshd *sshd = need_sshd(state);
	static const char *const addresses[] = {"::1", "localhost", "LocalHost"};

	for (size_t i = 0; i < COUNT(addresses); i++) {
		struct talk talk = ssh_talk(sshd, sshd->user);
		write_known(sshd, "known_6", name_of(sshd, i ? "localhost" : "::1"), NULL);
		kbi_map_set(&talk.settings, "address", addresses[i]);
		kbi_map_set(&talk.settings, "become", "none");
		kbi_map_set(&talk.settings, "known_hosts", in_folder(sshd, "known_6"));
		talk_start(&talk, "ssh", NULL, PATIENCE_MS);
		talk_must_be_ready(&talk);
		talk_end(&talk);
	}
}

static void
large_answers_and_large_input_pass(void **state)
{
	enum { LARGE = 8 << 20 };
	struct sshd *sshd = need_sshd(state);
	struct talk talk = ssh_talk(sshd, sshd->user);
	struct reply reply = {0}, echo = {0};
	char *data = malloc(LARGE);

	assert_non_null(data);
	for (size_t i = 0; i < LARGE; i++)
		data[i] = (char)(i * 31 + i / 1021);
	kbi_map_set(&talk.settings, "become", "none");
	talk_start(&talk, "ssh", NULL, PATIENCE_MS);
	assert_int_equal(send_script(&talk, &reply, "sha256sum >&3", data, LARGE, PATIENCE_MS), KB_OK);
	assert_int_equal(send_script(&talk, &echo, "cat >&3; head -c 500000 /dev/zero | tr '\\0' x", data,
				 LARGE, PATIENCE_MS),
		KB_OK);
	wait_reply(&talk, &echo);
	assert_int_equal(reply.status, KB_OK);
	assert_int_equal(echo.status, KB_OK);
	assert_int_equal(echo.facts_bytes, LARGE);
	assert_memory_equal(echo.facts, data, LARGE);
	assert_int_equal(echo.log_bytes, KBI_LOG_MAX);
	assert_int_equal(echo.live.size_bytes, 500000);
	reply_free(&reply);
	reply_free(&echo);
	free(data);
	talk_end(&talk);
}

static void
many_requests_at_once_are_one_round_trip(void **state)
{
	enum { MANY = 100 };
	struct sshd *sshd = need_sshd(state);
	struct talk talk = ssh_talk(sshd, sshd->user);
	static struct reply many[MANY];
	char script[64], want[64];

	kbi_map_set(&talk.settings, "become", "none");
	talk_start(&talk, "ssh", "greeting=hello", PATIENCE_MS);
	for (int i = 0; i < MANY; i++) {
		snprintf(script, sizeof(script), "echo $greeting %d >&3; echo log %d; exit %d", i, i, i % 200);
		assert_int_equal(send_script(&talk, &many[i], script, NULL, 0, PATIENCE_MS), KB_OK);
	}
	wait_reply(&talk, &many[MANY - 1]);
	/* the first lines, the prelude and all of them went out together */
	assert_int_equal(kbi_session_round_trips(talk.session), 1);
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(many[i].exit_status, i % 200);
		snprintf(want, sizeof(want), "hello %d\n", i);
		assert_string_equal(many[i].facts, want);
		reply_free(&many[i]);
	}
	talk_end(&talk);
}

static void
a_killed_sshd_session_is_a_lost_connection(void **state)
{
	struct sshd *sshd = need_sshd(state);
	struct talk talk = ssh_talk(sshd, sshd->user);
	struct reply reply = {0};

	kbi_map_set(&talk.settings, "become", "none");
	talk_start(&talk, "ssh", NULL, PATIENCE_MS);
	talk_must_be_ready(&talk);
	/* its shell's parent is the sshd of this connection */
	assert_int_equal(
		send_script(&talk, &reply, "printf half >&3; echo said; sleep 0.2; kill -9 $PPID; sleep 5",
			NULL, 0, PATIENCE_MS),
		KB_OK);
	wait_reply(&talk, &reply);
	assert_int_equal(reply.status, KB_EUNREACHABLE);
	assert_true(reply.may_have_run);
	assert_memory_equal(reply.log, "said", 4);	/* its last newline could have begun a mark */
	reply_free(&reply);
	talk_end(&talk);
}

static void
a_stopped_sshd_is_a_timeout(void **state)
{
	struct sshd *sshd = need_sshd(state);
	struct talk talk = ssh_talk(sshd, sshd->user);
	struct reply reply = {0}, pid = {0};

	kbi_map_set(&talk.settings, "become", "none");
	talk_start(&talk, "ssh", NULL, PATIENCE_MS);
	assert_int_equal(send_script(&talk, &pid, "echo $PPID >&3", NULL, 0, PATIENCE_MS), KB_OK);
	wait_reply(&talk, &pid);
	pid_t peer = atoi(pid.facts);
	assert_true(peer > 1);
	assert_int_equal(kill(peer, SIGSTOP), 0);
	int64_t start_ms = kbi_clock_ms();
	assert_int_equal(send_script(&talk, &reply, "true", NULL, 0, 500), KB_OK);
	wait_reply(&talk, &reply);
	assert_int_equal(reply.status, KB_ETIMEOUT);
	assert_true(kbi_clock_ms() - start_ms < 2500);
	talk_end(&talk);
	kill(peer, SIGCONT);
	reply_free(&reply);
	reply_free(&pid);
}

struct peer {
	int fd;
	int port;
	const char *says;
	size_t says_bytes;
	bool is_endless, is_slow, resets, closes;
	atomic_bool is_over;
	pthread_t thread;
};

static void
speak(struct peer *peer, int fd)
{
	const struct linger hard = {1, 0};

	do {
		for (size_t at = 0; at < peer->says_bytes && !atomic_load(&peer->is_over);
			at += peer->is_slow ? 1 : peer->says_bytes) {
			if (send(fd, peer->says + at, peer->is_slow ? 1 : peer->says_bytes, MSG_NOSIGNAL) < 0)
				return;
			usleep(peer->is_slow ? 50000 : 0);
		}
	} while (peer->is_endless && !atomic_load(&peer->is_over));
	if (peer->resets) {
		usleep(100000);		/* not before the other side has seen that it is connected */
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	}
	if (peer->closes)
		shutdown(fd, SHUT_WR);	/* to close a socket with unread bytes would be a reset */
	char unread[1024];
	while (!peer->resets && !atomic_load(&peer->is_over)
		&& (!peer->closes || recv(fd, unread, sizeof(unread), MSG_DONTWAIT) != 0))
		usleep(20000);
}

static void *
play(void *owner)
{
	struct peer *peer = owner;
	int fd;

	while ((fd = accept(peer->fd, NULL, NULL)) >= 0) {	/* whoever was turned away comes again */
		speak(peer, fd);
		close(fd);
	}
	return NULL;
}

static void
peer_start(struct peer *peer)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);

	peer->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(peer->fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(peer->fd, 1), 0);
	assert_int_equal(getsockname(peer->fd, (struct sockaddr *)&address, &size), 0);
	peer->port = ntohs(address.sin_port);
	if (!peer->says_bytes)
		peer->says_bytes = strlen(peer->says);
	assert_int_equal(pthread_create(&peer->thread, NULL, play, peer), 0);
}

static void
peer_stop(struct peer *peer)
{
	atomic_store(&peer->is_over, true);
	shutdown(peer->fd, SHUT_RDWR);
	pthread_join(peer->thread, NULL);
	close(peer->fd);
}

static void
peers_that_are_no_ssh_server_are_named_and_bounded(void **state)
{
	struct sshd *sshd = need_sshd(state);
	static const struct {
		struct peer peer;
		kb_status code;
		const char *id, *evidence;
	} cases[] = {
		{{.says = ""}, KB_ETIMEOUT, "ssh.timeout", NULL}, /* says nothing */
		{{.says = "", .closes = true}, KB_EUNREACHABLE, "connection.closed", NULL},
		{{.says = "", .resets = true}, KB_EUNREACHABLE, "connection.lost", NULL},
		{{.says = "HTTP/1.1 400 Bad Request\r\n\r\n", .closes = true}, KB_EPROTOCOL, "ssh.not-ssh",
			"HTTP/1.1 400 Bad Request\\r\\n"},
		{{.says = "\x15\x03\x01\x00\x02\x02\x46", .says_bytes = 7, .closes = true}, KB_EPROTOCOL,
			"ssh.not-ssh", "\\x15\\x03"},
		{{.says = "Exceeded MaxStartups\r\n", .closes = true}, KB_EUNREACHABLE, "connect.turned-away",
			"MaxStartups"},
		{{.says = "one more line of banner\r\n", .is_endless = true}, KB_EPROTOCOL, "ssh.not-ssh",
			"one more line"},
		{{.says = "SSH-2.0-slow_but_not_wrong\r\n", .is_slow = true}, KB_ETIMEOUT, "ssh.timeout",
			NULL},
		{{.says = "SSH-2.0-x\r\n\xff\xff\xff\xff\xff\xff\xff\xff garbage garbage garbage garbage",
			 .closes = true},
			0, NULL, NULL},
		{{.says = "SSH-2.0-x\r\n", .closes = true}, 0, NULL, NULL},
		{{.says = "SSH-2.0-x\r\n\0\0\0\x0c\x0a\x14\0\0\0\0\0\0\0\0\0\0",
			 .says_bytes = 27,
			 .is_endless = true},
			0, NULL, NULL},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct peer peer = {.says = cases[i].peer.says,
			.says_bytes = cases[i].peer.says_bytes,
			.is_endless = cases[i].peer.is_endless,
			.is_slow = cases[i].peer.is_slow,
			.resets = cases[i].peer.resets,
			.closes = cases[i].peer.closes};
		struct talk talk = ssh_talk(sshd, sshd->user);
		char port[16];
		peer_start(&peer);
		snprintf(port, sizeof(port), "%d", peer.port);
		kbi_map_set(&talk.settings, "port", port);
		int64_t start_ms = kbi_clock_ms();
		talk_start(&talk, "ssh", NULL, 700);
		if (cases[i].id)
			check_error(&talk, cases[i].code, cases[i].id);
		else
			assert_int_not_equal(talk_error(&talk)->code, KB_OK);
		assert_true(kbi_clock_ms() - start_ms < 2700);
		if (cases[i].evidence)
			assert_true(has_evidence(talk_error(&talk), cases[i].evidence));
		talk_end(&talk);
		peer_stop(&peer);
	}
}

static void
a_closed_port_and_an_unknown_name_are_told_apart(void **state)
{
	struct sshd *sshd = need_sshd(state);
	struct talk talk = ssh_talk(sshd, sshd->user);
	char port[16];

	snprintf(port, sizeof(port), "%d", free_port());
	kbi_map_set(&talk.settings, "port", port);
	talk_start(&talk, "ssh", NULL, 5000);
	check_error(&talk, KB_EUNREACHABLE, "connect.refused");
	talk_end(&talk);
	talk = ssh_talk(sshd, sshd->user);
	kbi_map_set(&talk.settings, "address", "no-such-host.invalid");
	talk_start(&talk, "ssh", NULL, 5000);
	const struct kb_err *err = talk_error(&talk);
	/* as the resolver of the machine has it */
	assert_true(err->code == KB_EUNREACHABLE || err->code == KB_ETIMEOUT);
	talk_end(&talk);
}

static void
an_embedder_may_drop_it_at_any_moment(void **state)
{
	struct sshd *sshd = need_sshd(state);

	for (int turns = 0; turns < 60; turns++) {
		struct talk talk = ssh_talk(sshd, sshd->user);
		kbi_map_set(&talk.settings, "become", "none");
		talk_start(&talk, "ssh", NULL, PATIENCE_MS);
		for (int i = 0; i < turns && !talk.is_settled; i++) {
			is_readable(sshd->loop, 1000);
			kbi_loop_dispatch(sshd->loop);
		}
		int64_t start_ms = kbi_clock_ms();
		kbi_session_free(talk.session);
		assert_true(kbi_clock_ms() - start_ms < 200);
		talk.session = NULL;
		bool was_settled = talk.is_settled;
		talk_end(&talk);
		if (was_settled)
			break;
	}
}

/* Not by a child of popen(): that one may look before its parent has closed the other end of their pipe. */
static int
count_descriptors(void)
{
	int count = 0;

	for (int fd = 0; fd < 1024; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static void
descriptors_are_close_on_exec_and_none_stays(void **state)
{
	struct sshd *sshd = need_sshd(state);
	int before = count_descriptors();
	struct talk talk = ssh_talk(sshd, sshd->user);
	bool was_open[256];

	for (int fd = 0; fd < (int)COUNT(was_open); fd++)
		was_open[fd] = fcntl(fd, F_GETFD) >= 0;
	kbi_map_set(&talk.settings, "become", "none");
	talk_start(&talk, "ssh", NULL, PATIENCE_MS);
	talk_must_be_ready(&talk);
	for (int fd = 3; fd < (int)COUNT(was_open); fd++)
		if (!was_open[fd] && fcntl(fd, F_GETFD) >= 0 && !(fcntl(fd, F_GETFD) & FD_CLOEXEC))
			fail_msg("descriptor %d is not close-on-exec", fd);
	talk_end(&talk);
	assert_int_equal(count_descriptors(), before);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		/* first, while no look-up of another test is still on its way in a thread of its own */
		cmocka_unit_test(descriptors_are_close_on_exec_and_none_stays),
		cmocka_unit_test(an_ed25519_key_logs_in),
		cmocka_unit_test(an_ecdsa_key_logs_in),
		cmocka_unit_test(an_rsa_key_logs_in),
		cmocka_unit_test(keys_in_pem_log_in),
		cmocka_unit_test(a_key_given_as_data_logs_in),
		cmocka_unit_test(a_password_logs_in_and_a_wrong_one_does_not),
		cmocka_unit_test(a_refused_key_is_one_login_and_says_what_the_host_takes),
		cmocka_unit_test(a_key_that_is_not_enough_is_told_at_once),
		cmocka_unit_test(a_key_and_a_password_together_log_in),
		cmocka_unit_test(a_second_key_logs_in_where_the_first_is_unknown),
		cmocka_unit_test(ipv6_and_names_work),
		cmocka_unit_test(large_answers_and_large_input_pass),
		cmocka_unit_test(many_requests_at_once_are_one_round_trip),
		cmocka_unit_test(a_killed_sshd_session_is_a_lost_connection),
		cmocka_unit_test(a_stopped_sshd_is_a_timeout),
		cmocka_unit_test(peers_that_are_no_ssh_server_are_named_and_bounded),
		cmocka_unit_test(a_closed_port_and_an_unknown_name_are_told_apart),
		cmocka_unit_test(an_embedder_may_drop_it_at_any_moment),
	};

	return cmocka_run_group_tests_name("ssh", tests, sshd_group, sshd_ungroup);
}
