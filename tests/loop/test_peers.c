/* SPDX-License-Identifier: Apache-2.0 */
/* Every call returns within its deadline and two seconds, whatever the peer does: silent, slow, endless, no SSH at all, or a real sshd
 * stopped in each phase. All peers of a table at once. */
#include "sshd.h"

#include <libkb.h>

#include "fetch.h"
#include "memcheck.h"
#include "peers.h"

#define DEADLINE_MS 2500
#define GRACE_MS (is_memcheck() ? 20000 : 2000)
#define PEERS_MAX 24

#define VERSION "SSH-2.0-OpenSSH_9.2p1\r\n"
/* SSH_MSG_IGNORE as it is before there are keys: length, padding, type, no data, padding (RFC 4253, section 6) */
#define IGNORE "\0\0\0\x0c\x06\x02\0\0\0\0\0\0\0\0\0\0"

static kb_host *
host_of(kb_ctx *kb, const struct sshd *sshd, const struct peer *peer)
{
	char uri[64];

	snprintf(uri, sizeof(uri), "ssh://127.0.0.1:%d", peer->port);
	kb_host *host = kb_host_new(kb, peer->name, uri);
	assert_non_null(host);
	char *lines = run("sed 's|^|[127.0.0.1]:%d |' %s/host_ed25519.pub >>%s/peers", peer->port, sshd->folder, sshd->folder);
	free(lines);
	assert_int_equal(kb_host_set(host, "user", sshd->user), KB_OK);
	assert_int_equal(kb_host_set(host, "become", "none"), KB_OK);
	assert_int_equal(kb_host_set(host, "identity", in_folder(sshd, "key_ed25519")), KB_OK);
	assert_int_equal(kb_host_set(host, "known_hosts", in_folder(sshd, "peers")), KB_OK);
	return host;
}

struct seen {
	size_t failed, connected, ended;
};

/* All hosts in one run. */
static struct seen
run_all(kb_ctx *kb, kb_plan *plan, size_t count)
{
	int64_t start_ms = kbi_clock_ms();
	struct seen seen = {0};

	assert_true(kb_plan_start(plan, KB_CHECK, DEADLINE_MS) > 0);
	while (kb_plan_is_running(plan) == 1) {
		kb_event *event;
		while ((event = kb_plan_next_event(plan))) {
			bool is_done = kb_event_kind(event) == KB_EVENT_STEP_DONE;
			if (is_done && kb_event_status(event) == KB_OK)
				print_message("%s: KB_OK\n", kb_event_host(event));
			seen.failed += is_done && kb_event_status(event) != KB_OK;
			seen.connected += kb_event_kind(event) == KB_EVENT_HOST_CONNECTED;
			seen.ended += kb_event_kind(event) == KB_EVENT_PLAN_DONE;
			kb_event_free(event);
		}
		if (kb_plan_is_running(plan) == 1)
			assert_true(kb_wait(kb, 100) >= 0);
	}
	int64_t took_ms = kbi_clock_ms() - start_ms;
	if (took_ms > DEADLINE_MS + GRACE_MS)
		fail_msg("%zu hosts with a deadline of %d ms took %lld ms", count, DEADLINE_MS, (long long)took_ms);
	assert_int_equal(seen.ended, 1);
	assert_int_equal(seen.failed, count);
	return seen;
}

/* How many of them let us in. */
static size_t
check_peers(const struct sshd *sshd, struct peer *peers, size_t count, const char *connect_timeout_ms)
{
	kb_ctx *kb = kb_new();
	kb_plan *plan = kb_plan_new(kb);

	for (size_t i = 0; i < count; i++) {
		peer_start(&peers[i]);
		kb_host *host = host_of(kb, sshd, &peers[i]);
		assert_int_equal(kb_host_set(host, "connect_timeout_ms", connect_timeout_ms), KB_OK);
		kb_step *step = kb_step_script(kb, "test.probe", peers[i].probe ? peers[i].probe : "exit 0", NULL);
		assert_non_null(kb_plan_add(plan, host, step));
		kb_step_free(step);
		kb_host_free(host);
	}
	struct seen seen = run_all(kb, plan, count);
	int64_t start_ms = kbi_clock_ms();
	kb_plan_free(plan);
	kb_free(kb);
	assert_true(kbi_clock_ms() - start_ms < GRACE_MS);
	for (size_t i = 0; i < count; i++)
		peer_stop(&peers[i]);
	return seen.connected;
}

static void
no_ssh_peer_holds_a_run_up(void **state)
{
	struct sshd *sshd = need_sshd(state);
	struct peer peers[] = {
		{.name = "silent", .first = ""},
		{.name = "accepts-none", .accepts_none = true},
		{.name = "closes", .closes = true},
		{.name = "resets", .resets = true},
		{.name = "slow-version", .then = VERSION, .every_ms = 1000},
		{.name = "slow-keys", .first = VERSION, .then = IGNORE, .then_bytes = sizeof(IGNORE) - 1, .every_ms = 1000},
		{.name = "endless-lines", .then = "a line of a banner\r\n"},
		{.name = "endless-line", .then = "a banner without an end "},
		{.name = "endless-packets", .first = VERSION, .then = IGNORE, .then_bytes = sizeof(IGNORE) - 1},
		{.name = "endless-bytes", .first = VERSION, .then = "\x7f\xff\xff\xff garbage"},
		{.name = "silent-keys", .first = VERSION},
		{.name = "closes-keys", .first = VERSION, .closes = true},
		{.name = "http", .first = "HTTP/1.1 400 Bad Request\r\n\r\n", .closes = true},
		{.name = "tls-alert", .first = "\x15\x03\x01", .closes = true},
	};

	check_peers(sshd, peers, COUNT(peers), "30000");
}

static void
a_host_has_its_own_deadline_to_connect(void **state)
{
	struct sshd *sshd = need_sshd(state);
	struct peer peers[] = {{.name = "silent", .first = ""}, {.name = "slow", .then = VERSION, .every_ms = 1000}, {.name = "keys", .first = VERSION}};
	int64_t start_ms = kbi_clock_ms();

	check_peers(sshd, peers, COUNT(peers), "300");
	assert_true(kbi_clock_ms() - start_ms < 300 + GRACE_MS + 1000);	/* peers take a moment to start and to end */
}

static void
make_tls_files(const struct sshd *sshd)
{
	free(run("cd %s && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout tls.key -out tls.pem -days 2 -subj /CN=localhost "
		 "-addext subjectAltName=IP:127.0.0.1 2>/dev/null", sshd->folder));
}

/* A real one, which waits for a ClientHello. */
static void
a_tls_server_holds_no_run_up(void **state)
{
	struct sshd *sshd = need_sshd(state);
	struct peer peer = {.name = "tls"};
	char port[16];

	make_tls_files(sshd);
	int fd = listen_somewhere(&peer.port, 1);
	close(fd);
	snprintf(port, sizeof(port), "%d", peer.port);
	char command[512];
	snprintf(command, sizeof(command), "exec openssl s_server -quiet -accept 127.0.0.1:%s -cert %s/tls.pem -key %s/tls.key </dev/null >/dev/null 2>&1", port,
		sshd->folder, sshd->folder);
	int null[2];
	make_pair(null);
	pid_t pid = start_server(command, null[1]);
	for (int i = 0; i < 100 && !answers(peer.port); i++)
		usleep(50000);
	kb_ctx *kb = kb_new();
	kb_host *host = host_of(kb, sshd, &peer);
	kb_step *step = kb_step_script(kb, "test.probe", "exit 0", NULL);
	int64_t start_ms = kbi_clock_ms();
	kb_result *result = kb_check(host, step, DEADLINE_MS);
	assert_true(kbi_clock_ms() - start_ms < DEADLINE_MS + GRACE_MS);
	assert_int_not_equal(kb_result_status(result), KB_OK);
	kb_result_free(result);
	kb_step_free(step);
	kb_host_free(host);
	kb_free(kb);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(null[0]);
	close(null[1]);
}

/* sshd for one connection (-i). As root it wants its empty folder below /run, which a namespace of its own gives it; what this machine's root has
 * in its rc files is not for it either. */
static const char *
sshd_command(const struct sshd *sshd)
{
	static char command[1024];
	const char *own = geteuid() == 0 ? "exec unshare -m --propagation private sh -c 'mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /root && mkdir -m 755 /run/sshd && exec /usr/sbin/sshd -i -f %s/sshd_config -E %s/peers.log'"
					 : "exec /usr/sbin/sshd -i -f %s/sshd_config -E %s/peers.log";

	snprintf(command, sizeof(command), own, sshd->folder, sshd->folder);
	return command;
}

/* After each piece of its words: before its version, in the key exchange, in the login, in the session. */
static void
an_sshd_stopped_in_any_phase_holds_no_run_up(void **state)
{
	struct sshd *sshd = need_sshd(state);
	struct peer peers[PEERS_MAX] = {{0}};
	static char names[PEERS_MAX][32];
	size_t count = 0;

	for (; count < 12; count++) {
		snprintf(names[count], sizeof(names[count]), "after-%zu", count);
		peers[count] = (struct peer){.name = names[count], .command = sshd_command(sshd), .stops_after = (int)count, .probe = "sleep 60"};
	}
	peers[count++] = (struct peer){.name = "in-session", .command = sshd_command(sshd), .stops_after = -1, .probe = "sleep 60"};
	size_t connected = check_peers(sshd, peers, count, "30000");
	assert_in_range(connected, 1, count - 4);	/* or they were not stopped where they should */
}

static void
what_a_script_prints_holds_no_run_up(void **state)
{
	struct sshd *sshd = need_sshd(state);
	static const char *const probes[] = {"yes", "yes >&3", "cat /dev/zero >&3", "while :; do printf x; sleep 1; done", "while :; do printf x >&3; sleep 1; done",
		"exec sleep 60", "kill -STOP $$; sleep 60"};

	struct peer peers[COUNT(probes)];
	static char names[COUNT(probes)][32];
	for (size_t i = 0; i < COUNT(probes); i++) {
		snprintf(names[i], sizeof(names[i]), "prints-%zu", i);
		peers[i] = (struct peer){.name = names[i], .command = sshd_command(sshd), .stops_after = 1 << 30, .probe = probes[i]};
	}
	assert_int_equal(check_peers(sshd, peers, COUNT(peers), "30000"), COUNT(peers));
}

/* -- downloads */

struct download {
	struct peer *peer;
	const char *scheme;
	pthread_t thread;
	int status;
	int64_t took_ms;
};

static void *
download(void *owner)
{
	static const char sum[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	struct download *d = owner;
	struct kbi_fetcher *fetcher = kbi_fetcher_new();
	struct kbi_buf out = KBI_BUF(1 << 20);
	struct kb_err err = {0};
	char url[64];

	snprintf(url, sizeof(url), "%s://127.0.0.1:%d/", d->scheme, d->peer->port);
	const struct kbi_fetch what = {.url = url, .sha256 = sum, .max_bytes = 1 << 20, .timeout_ms = DEADLINE_MS};
	int64_t start_ms = kbi_clock_ms();
	d->status = kbi_fetch(fetcher, &what, &out, &err);
	d->took_ms = kbi_clock_ms() - start_ms;
	kbi_err_clear(&err);
	kbi_buf_free(&out);
	kbi_fetcher_unref(fetcher);
	return NULL;
}

static void
no_peer_holds_a_download_up(void **state)
{
	static struct peer peers[] = {
		{.name = "silent", .first = ""},
		{.name = "accepts-none", .accepts_none = true},
		{.name = "closes", .closes = true},
		{.name = "slow-head", .then = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", .every_ms = 1000},
		{.name = "slow-body", .first = "HTTP/1.1 200 OK\r\n\r\n", .then = "x", .every_ms = 1000},
		{.name = "silent-body", .first = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"},
		{.name = "endless-head", .first = "HTTP/1.1 200 OK\r\n", .then = "X-Header: more of it\r\n"},
		{.name = "endless-body", .first = "HTTP/1.1 200 OK\r\n\r\n", .then = "more and more of it "},
		{.name = "endless-continue", .then = "HTTP/1.1 100 Continue\r\n\r\n"},
		{.name = "ssh", .first = VERSION},
	};
	static struct download downloads[2 * COUNT(peers)];

	(void)state;
	for (size_t i = 0; i < COUNT(peers); i++)
		peer_start(&peers[i]);
	for (size_t i = 0; i < COUNT(downloads); i++) {
		downloads[i] = (struct download){.peer = &peers[i / 2], .scheme = i % 2 ? "https" : "http"};
		assert_int_equal(pthread_create(&downloads[i].thread, NULL, download, &downloads[i]), 0);
	}
	for (size_t i = 0; i < COUNT(downloads); i++)
		pthread_join(downloads[i].thread, NULL);
	for (size_t i = 0; i < COUNT(peers); i++)
		peer_stop(&peers[i]);
	for (size_t i = 0; i < COUNT(downloads); i++) {
		if (downloads[i].status == KB_OK || downloads[i].took_ms > DEADLINE_MS + GRACE_MS)
			fail_msg("%s by %s: %s after %lld ms", downloads[i].peer->name, downloads[i].scheme, kb_err_name(downloads[i].status),
				(long long)downloads[i].took_ms);
	}
}

static int
start(void **state)
{
	return adopt_orphans() || sshd_group(state);
}

static int
stop(void **state)
{
	int status = sshd_ungroup(state);
	stop_orphans();
	return status;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_ssh_peer_holds_a_run_up),
		cmocka_unit_test(a_host_has_its_own_deadline_to_connect),
		cmocka_unit_test(a_tls_server_holds_no_run_up),
		cmocka_unit_test(an_sshd_stopped_in_any_phase_holds_no_run_up),
		cmocka_unit_test(what_a_script_prints_holds_no_run_up),
		cmocka_unit_test(no_peer_holds_a_download_up),
	};

	return cmocka_run_group_tests_name("peers", tests, start, stop);
}
