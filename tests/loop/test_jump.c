/* SPDX-License-Identifier: Apache-2.0 */
/* Jump hosts: real ones, three sshd on loopback. Each hop is trusted as strictly as the host behind it, all
 * hosts share one connection to it, and who fails is named. */
#include "long.h"
#include "peers.h"
#include "relay.h"
#include "sshd.h"

#include <errno.h>

#include "transport/jump_parts.h"
#include "transport/transport.h"

#define DELAYED_ACK_MS 40	/* Linux, at least */

enum { A, B, T, SERVERS };	/* two jump hosts, and the target */

struct net {
	struct sshd sshd[SERVERS];
};

static void
let_in(const struct sshd *sshd, const struct sshd *owner_of_key)
{
	free(run("cat %s/key_ed25519.pub >>%s/authorized_keys", owner_of_key->folder, sshd->folder));
}

static int
net_start(void **state)
{
	static struct net net;

	*state = &net;
	for (int i = 0; i < SERVERS; i++)
		net.sshd[i].loop = i ? net.sshd[0].loop : kbi_loop_new();
	net.sshd[A].user = getpwuid(geteuid())->pw_name;
	if (access("/usr/sbin/sshd", X_OK) != 0 || geteuid() != 0 || system("unshare -m true 2>/dev/null") != 0)
		net.sshd[A].missing = "it takes sshd, root and mount namespaces";
	for (int i = 0; i < SERVERS && !net.sshd[A].missing; i++) {
		sshd_start(&net.sshd[i], "Match User kb-other\nAllowTcpForwarding no\n");
		let_in(&net.sshd[i], &net.sshd[A]);
	}
	return 0;
}

static int
net_stop(void **state)
{
	struct net *net = *state;

	for (int i = 0; i < SERVERS; i++)
		sshd_stop(&net->sshd[i]);
	kbi_loop_free(net->sshd[A].loop);
	return 0;
}

static struct net *
need_net(void **state)
{
	struct net *net = *state;

	if (net->sshd[A].missing) {
		print_message("skipped: %s\n", net->sshd[A].missing);
		skip();
	}
	turn_for(net->sshd[A].loop, 100);	/* what the test before closed is closed on the servers too */
	for (int i = 0; i < SERVERS; i++)
		free(run(": >%s/log", net->sshd[i].folder));
	return net;
}

static int
count_log(const struct net *net, int server, const char *words)
{
	char *text = run("grep -c '%s' %s/log", words, net->sshd[server].folder);
	int count = atoi(text);

	free(text);
	return count;
}

/* known_hosts with the keys of the servers; `wrong` shows the key of another. */
static const char *
write_all_known(const struct net *net, const char *file, int wrong)
{
	struct kbi_buf text = KBI_BUF(KBI_SIZE_TEXT);
	const char *path = in_folder(&net->sshd[A], file);

	for (int i = 0; i < SERVERS; i++) {
		const struct sshd *shown = &net->sshd[i == wrong ? (i + 1) % SERVERS : i];
		char *lines = run("sed 's|^|[127.0.0.1]:%d |' %s/host_ed25519.pub", net->sshd[i].port, shown->folder);
		kbi_buf_add(&text, lines);
		free(lines);
	}
	write_file(path, kbi_buf_text(&text), text.size_bytes, 0600);
	kbi_buf_free(&text);
	return path;
}

static void
set_port(struct talk *talk, int port)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", port);
	kbi_map_set(&talk->settings, "port", text);
}

/* To the target, by way of the others. */
static struct talk
jump_talk(const struct net *net, const char *jump)
{
	struct talk talk = ssh_talk(&net->sshd[A], net->sshd[A].user);

	set_port(&talk, net->sshd[T].port);
	kbi_map_set(&talk.settings, "known_hosts", write_all_known(net, "known_all", -1));
	kbi_map_set(&talk.settings, "become", "none");
	kbi_map_set(&talk.settings, "jump", jump);
	return talk;
}

/* "127.0.0.1:PORT,127.0.0.1:PORT": one of a few buffers. */
static const char *
through(const struct net *net, const char *servers)
{
	static char texts[4][256];
	static unsigned next;
	char *text = texts[next++ % COUNT(texts)];
	size_t used = 0;

	for (; *servers; servers++)
		used += (size_t)snprintf(text + used, sizeof(texts[0]) - used, "%s127.0.0.1:%d", used ? "," : "",
			net->sshd[*servers - 'A'].port);
	return text;
}

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

/* It takes a connection from the kernel's queue, and nobody ever speaks. With full, not even that. */
static int
listen_silently(int *port, int full[2])
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(fd, full ? 0 : 16), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	*port = ntohs(address.sin_port);
	for (int i = 0; full && i < 2; i++) {
		full[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		assert_true(connect(full[i], (struct sockaddr *)&address, sizeof(address)) == 0 || errno == EINPROGRESS);
	}
	return fd;
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
		cmocka_unit_test(one_two_and_three_hops_reach_the_host),
		cmocka_unit_test(jump_hosts_are_written_as_ssh_has_them),
		cmocka_unit_test(thirty_hosts_share_one_login_and_eight_log_in_at_once),
		cmocka_unit_test(each_hop_is_trusted_as_strictly_as_the_host),
		cmocka_unit_test(a_pin_and_a_password_are_of_the_host_alone),
		cmocka_unit_test(a_jump_host_may_have_settings_of_its_own),
		cmocka_unit_test(ssh_config_says_the_whole_way),
		cmocka_unit_test(a_jump_host_that_forbids_it_is_named),
		cmocka_unit_test(a_host_that_the_jump_host_cannot_reach_is_named),
		cmocka_unit_test(a_silent_hop_ends_with_the_deadline),
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

	return cmocka_run_group_tests_name("jump", tests, net_start, net_stop);
}
