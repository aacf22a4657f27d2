/* SPDX-License-Identifier: Apache-2.0 */
/* Jump hosts: real ones, three sshd on loopback, and a target behind them. */
#ifndef KB_TEST_JUMP_NET_H
#define KB_TEST_JUMP_NET_H

#include "sshd.h"

#include <errno.h>

#include "transport/transport.h"

enum { A, B, T, SERVERS };	/* two jump hosts, and the target */

struct net {
	struct sshd sshd[SERVERS];
};

static inline void
let_in(const struct sshd *sshd, const struct sshd *owner_of_key)
{
	free(run("cat %s/key_ed25519.pub >>%s/authorized_keys", owner_of_key->folder, sshd->folder));
}

static inline int
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

static inline int
net_stop(void **state)
{
	struct net *net = *state;

	for (int i = 0; i < SERVERS; i++)
		sshd_stop(&net->sshd[i]);
	kbi_loop_free(net->sshd[A].loop);
	return 0;
}

static inline struct net *
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

static inline int
count_log(const struct net *net, int server, const char *words)
{
	char *text = run("grep -c '%s' %s/log", words, net->sshd[server].folder);
	int count = atoi(text);

	free(text);
	return count;
}

/* known_hosts with the keys of the servers; `wrong` shows the key of another. */
static inline const char *
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

static inline void
set_port(struct talk *talk, int port)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", port);
	kbi_map_set(&talk->settings, "port", text);
}

/* To the target, by way of the others. */
static inline struct talk
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
static inline const char *
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

/* It takes a connection from the kernel's queue, and nobody ever speaks. With full, not even that. */
static inline int
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

#endif
