/* SPDX-License-Identifier: Apache-2.0 */
/* The way through jump hosts: each hop is trusted as strictly as the host behind it, has settings of its own, and who fails is named. What those
 * have in common who go through the same one is in test_jump_shared.c. */
#include "jump_net.h"

static void
check_through(struct net *net, const char *servers)
{
	struct talk talk = jump_talk(net, through(net, servers));

	talk_start(&talk, "ssh", NULL, PATIENCE_MS);
	talk_must_be_ready(&talk);
	check_ask(&talk, "echo fact >&3; echo log; exit 5", "fact\n", "log\n", 5);
	talk_end(&talk);
}

static void
one_two_and_three_hops_reach_the_host(void **state)
{
	struct net *net = need_net(state);

	check_through(net, "A");
	assert_int_equal(count_log(net, A, "Accepted publickey"), 1);
	assert_int_equal(count_log(net, A, "request_direct_tcpip: originator"), 1);
	assert_int_equal(count_log(net, B, "Accepted publickey"), 0);
	assert_int_equal(count_log(net, T, "Accepted publickey"), 1);
	check_through(net, "AB");
	assert_int_equal(count_log(net, A, "Accepted publickey"), 2);
	assert_int_equal(count_log(net, B, "Accepted publickey"), 1);
	assert_int_equal(count_log(net, T, "Accepted publickey"), 2);
	check_through(net, "ABA");
	assert_int_equal(count_log(net, A, "Accepted publickey"), 4);
	assert_int_equal(count_log(net, B, "Accepted publickey"), 2);
	assert_int_equal(count_log(net, T, "Accepted publickey"), 3);
}

static void
jump_hosts_are_written_as_ssh_has_them(void **state)
{
	struct net *net = need_net(state);
	static const char *const forms[] = {"%s@127.0.0.1:%d", "ssh://%s@127.0.0.1:%d", "ssh://%s@127.0.0.1:%d/",
		"%s@[127.0.0.1]:%d"};
	static const char *const bad[] = {"", ",", "a,,b", "a:0", "a:65536", "a:b", "@a", "a@", "-a", "a b", "http://a",
		"a/b", "[::1", "[::1]x", "a,b,"};
	char jump[128];

	for (size_t i = 0; i < COUNT(forms); i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(jump, sizeof(jump), forms[i], net->sshd[A].user, net->sshd[A].port);
#pragma GCC diagnostic pop
		struct talk talk = jump_talk(net, jump);
		talk_start(&talk, "ssh", NULL, PATIENCE_MS);
		talk_must_be_ready(&talk);
		talk_end(&talk);
	}
	assert_int_equal(count_log(net, A, "Accepted publickey"), COUNT(forms));
	for (size_t i = 1; i < COUNT(bad); i++) {
		struct talk talk = jump_talk(net, bad[i]);
		talk_start(&talk, "ssh", NULL, PATIENCE_MS);
		if (talk.session)
			fail_msg("\"%s\" is taken", bad[i]);
		assert_int_equal(talk.err.code, KB_EINVAL);
		talk_end(&talk);
	}
}

static void
check_no_login(const struct net *net, int server)
{
	assert_int_equal(count_log(net, server, "userauth-request\\|userauth_request\\|Failed\\|Accepted"), 0);
}

static void
each_hop_is_trusted_as_strictly_as_the_host(void **state)
{
	struct net *net = need_net(state);
	struct talk talk = jump_talk(net, through(net, "AB"));

	kbi_map_set(&talk.settings, "accept_new", "yes");	/* which is not for keys that changed */
	kbi_map_set(&talk.settings, "known_hosts", write_all_known(net, "known_wrong", A));
	talk_start(&talk, "ssh", NULL, PATIENCE_MS);
	check_error(&talk, KB_ETRUST, "host-key.changed");
	assert_non_null(strstr(kb_err_cause(talk_error(&talk)), "node-1: jump host 127.0.0.1: jump host 127.0.0.1: "));
	talk_end(&talk);
	check_no_login(net, A);
	talk = jump_talk(net, through(net, "AB"));
	kbi_map_set(&talk.settings, "known_hosts", write_all_known(net, "known_wrong", B));
	talk_start(&talk, "ssh", NULL, PATIENCE_MS);
	check_error(&talk, KB_ETRUST, "host-key.changed");
	assert_non_null(strstr(kb_err_cause(talk_error(&talk)), "node-1: jump host 127.0.0.1: its host key has changed"));
	talk_end(&talk);
	check_no_login(net, B);
	talk = jump_talk(net, through(net, "AB"));
	kbi_map_set(&talk.settings, "known_hosts", write_all_known(net, "known_wrong", T));
	talk_start(&talk, "ssh", NULL, PATIENCE_MS);
	check_error(&talk, KB_ETRUST, "host-key.changed");
	assert_non_null(strstr(kb_err_cause(talk_error(&talk)), "node-1: its host key has changed"));
	talk_end(&talk);
	check_no_login(net, T);
	talk = jump_talk(net, through(net, "A"));
	write_file(in_folder(&net->sshd[A], "empty"), "", 0, 0600);
	kbi_map_set(&talk.settings, "known_hosts", in_folder(&net->sshd[A], "empty"));
	talk_start(&talk, "ssh", NULL, PATIENCE_MS);
	check_error(&talk, KB_ETRUST, "host-key.unknown");
	talk_end(&talk);
}

static void
a_pin_and_a_password_are_of_the_host_alone(void **state)
{
	struct net *net = need_net(state);
	struct talk talk = jump_talk(net, through(net, "A"));
	char *pin = run("ssh-keygen -lf %s/host_ed25519.pub | cut -d ' ' -f 2 | tr -d '\\n'", net->sshd[T].folder);

	kbi_map_set(&talk.settings, "host_key", pin);
	talk_start(&talk, "ssh", NULL, PATIENCE_MS);
	talk_must_be_ready(&talk);
	talk_end(&talk);
	free(pin);
	/* the password is not tried at the jump host, where it would be the right one */
	free(run("rm -f %s/key_stray* && ssh-keygen -q -t ed25519 -N '' -f %s/key_stray", net->sshd[A].folder,
		net->sshd[A].folder));
	talk = jump_talk(net, through(net, "A"));
	kbi_map_set(&talk.settings, "user", "kb-bash");
	kbi_map_set(&talk.settings, "identity", in_folder(&net->sshd[A], "key_stray"));
	kbi_map_set_secret(&talk.settings, "password", "correct-horse", 13);
	talk_start(&talk, "ssh", NULL, PATIENCE_MS);
	check_error(&talk, KB_EAUTH, "auth.refused");
	assert_non_null(strstr(kb_err_cause(talk_error(&talk)), "node-1: jump host 127.0.0.1: the login of kb-bash"));
	talk_end(&talk);
	turn_for(net->sshd[A].loop, 100);
	assert_int_equal(count_log(net, A, "Failed password\\|Accepted password"), 0);
}

/* A hop with settings of its own: another user, another key, another pin. */
static void
a_jump_host_may_have_settings_of_its_own(void **state)
{
	struct net *net = need_net(state);
	struct talk own = ssh_talk(&net->sshd[B], "kb-dash"), talk = jump_talk(net, "none");
	char *pin = run("ssh-keygen -lf %s/host_ed25519.pub | cut -d ' ' -f 2 | tr -d '\\n'", net->sshd[B].folder);
	const struct kbi_hop hop = {"bastion", &own.settings, NULL};
	struct kbi_session_want want = {.loop = talk.loop, .host = "node-1", .scheme = "ssh", .settings = &talk.settings,
		.jump = &hop, .deadline_ms = kbi_clock_ms() + PATIENCE_MS, .changed = talk_changed, .owner = &talk};

	kbi_map_set(&own.settings, "host_key", pin);
	kbi_map_set(&own.settings, "identity", in_folder(&net->sshd[B], "key_ecdsa"));
	talk.session = kbi_session_new(&want, &talk.err);
	talk_must_be_ready(&talk);
	assert_int_equal(count_log(net, B, "Accepted publickey for kb-dash"), 1);
	assert_int_equal(count_log(net, T, "Accepted publickey for kb-dash"), 0);
	talk_end(&talk);
	kbi_map_free(&own.settings);
	free(pin);
}

/* As ssh would: names, ports, users, keys and the way are all of the file, those of the jump host too. */
static void
ssh_config_says_the_whole_way(void **state)
{
	struct net *net = need_net(state);
	struct talk talk = {.loop = net->sshd[A].loop};
	const char *path = in_folder(&net->sshd[A], "config"), *known = write_all_known(net, "known_all", -1);
	char text[2048];

	snprintf(text, sizeof(text),
		"Host gate\n Port %d\n User kb-dash\nHost target\n Port %d\n User %s\n ProxyJump gate\n"
		"Host *\n HostName 127.0.0.1\n IdentityFile %s/key_ed25519\n UserKnownHostsFile %s\n",
		net->sshd[A].port, net->sshd[T].port, net->sshd[A].user, net->sshd[A].folder, known);
	write_file(path, text, strlen(text), 0600);
	kbi_map_set(&talk.settings, "address", "target");
	kbi_map_set(&talk.settings, "ssh_config", path);
	talk_start(&talk, "ssh", NULL, PATIENCE_MS);
	talk_must_be_ready(&talk);
	check_ask(&talk, "id -u >&3", "0\n", "", 0);
	assert_int_equal(count_log(net, A, "Accepted publickey for kb-dash"), 1);
	assert_int_equal(count_log(net, T, "Accepted publickey for root"), 1);
	talk_end(&talk);
}

static void
a_jump_host_that_forbids_it_is_named(void **state)
{
	struct net *net = need_net(state);
	char jump[64];

	snprintf(jump, sizeof(jump), "kb-other@%s", through(net, "A"));
	struct talk talk = jump_talk(net, jump);
	talk_start(&talk, "ssh", NULL, PATIENCE_MS);
	check_error(&talk, KB_EUNSUPPORTED, "jump.forbidden");
	assert_non_null(strstr(kb_err_cause(talk_error(&talk)), "node-1: jump host 127.0.0.1: does not allow"));
	assert_true(has_evidence(talk_error(&talk), "administratively prohibited"));
	talk_end(&talk);
}

static void
a_host_that_the_jump_host_cannot_reach_is_named(void **state)
{
	struct net *net = need_net(state);
	struct talk talk = jump_talk(net, through(net, "A"));

	set_port(&talk, free_port());
	talk_start(&talk, "ssh", NULL, PATIENCE_MS);
	check_error(&talk, KB_EUNREACHABLE, "jump.connect");
	talk_end(&talk);
	char jump[64];
	snprintf(jump, sizeof(jump), "127.0.0.1:%d", free_port());
	talk = jump_talk(net, jump);
	talk_start(&talk, "ssh", NULL, PATIENCE_MS);
	check_error(&talk, KB_EUNREACHABLE, "connect.refused");
	assert_non_null(strstr(kb_err_cause(talk_error(&talk)), "node-1: jump host 127.0.0.1: no connection to"));
	talk_end(&talk);
}

static void
a_silent_hop_ends_with_the_deadline(void **state)
{
	enum { DEADLINE_MS = 1000 };
	struct net *net = need_net(state);
	int port, fd = listen_silently(&port, NULL);
	char silent[32];

	snprintf(silent, sizeof(silent), "127.0.0.1:%d", port);
	struct talk talks[3];
	int64_t start_ms = kbi_clock_ms();
	for (int at = 0; at < 3; at++) {	/* the first hop, the second, the target */
		char jump[128];
		snprintf(jump, sizeof(jump), "%s%s%s", at == 0 ? silent : through(net, "A"), at == 1 ? "," : "",
			at == 1 ? silent : "");
		talks[at] = jump_talk(net, jump);
		if (at == 2)
			set_port(&talks[at], port);
		talk_start(&talks[at], "ssh", NULL, DEADLINE_MS);
	}
	snprintf(silent, sizeof(silent), "port %d: ", port);
	for (int at = 0; at < 3; at++) {
		check_error(&talks[at], KB_ETIMEOUT, "ssh.timeout");
		assert_in_range(kbi_clock_ms() - start_ms, DEADLINE_MS - 100, DEADLINE_MS + 2000);
		const char *cause = kb_err_cause(talk_error(&talks[at])), *where = strstr(cause, silent);
		if (!where || !strstr(where, "the SSH handshake was not finished") || !strstr(cause, "jump host") != (at == 2))
			fail_msg("%s", cause);
		talk_end(&talks[at]);
	}
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_two_and_three_hops_reach_the_host),
		cmocka_unit_test(jump_hosts_are_written_as_ssh_has_them),
		cmocka_unit_test(each_hop_is_trusted_as_strictly_as_the_host),
		cmocka_unit_test(a_pin_and_a_password_are_of_the_host_alone),
		cmocka_unit_test(a_jump_host_may_have_settings_of_its_own),
		cmocka_unit_test(ssh_config_says_the_whole_way),
		cmocka_unit_test(a_jump_host_that_forbids_it_is_named),
		cmocka_unit_test(a_host_that_the_jump_host_cannot_reach_is_named),
		cmocka_unit_test(a_silent_hop_ends_with_the_deadline),
	};

	return cmocka_run_group_tests_name("jump", tests, net_start, net_stop);
}
