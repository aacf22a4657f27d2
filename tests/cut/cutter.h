/* SPDX-License-Identifier: Apache-2.0 */
/* A TCP relay on loopback that counts the packets of its first connection, both directions together, and cuts it at one of them. Later
 * connections pass. What one read() gives is a packet: both ends write each of theirs at once. */
#ifndef KB_TEST_CUTTER_H
#define KB_TEST_CUTTER_H

#include "hosts.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>

#define CUTTER_LINKS 8

enum cut { CUT_NEVER, CUT_RESET, CUT_SILENCE };

struct cutter_link {
	int client, server;	/* -1: none */
	bool is_silent;
};

struct cutter {
	int listener, port, to_port;
	enum cut how;
	int at;			/* from 0 */
	bool is_half_given;	/* half of the packet at which it is cut still passes */
	int mute;		/* so many connections behind the first get no answer */
	const char *began;	/* the first is cut when this file is there; NULL: it is not */
	atomic_int packets;	/* of the first connection */
	atomic_bool is_over;
	struct cutter_link links[CUTTER_LINKS];
	int count;
	pthread_t thread;
};

static inline void
cutter_close(struct cutter_link *link, bool reset)
{
	const struct linger now = { .l_onoff = 1, .l_linger = 0 };
	int fds[2] = { link->client, link->server };
	for (int i = 0; i < 2 && link->client >= 0; i++) {
		if (reset)
			setsockopt(fds[i], SOL_SOCKET, SO_LINGER, &now, sizeof(now));
		close(fds[i]);
	}
	link->client = link->server = -1;
}

static inline bool
cutter_give(int to, const char *data, ssize_t size_bytes)
{
	for (ssize_t at = 0; at < size_bytes;) {
		ssize_t n = send(to, data + at, (size_t)(size_bytes - at), MSG_NOSIGNAL);
		if (n <= 0)
			return false;
		at += n;
	}
	return true;
}

static inline void
cutter_pass(struct cutter *cutter, struct cutter_link *link, int from, int to)
{
	char data[65536];
	ssize_t n = recv(from, data, sizeof(data), MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		cutter_close(link, n < 0);
		return;
	}
	bool is_cut = link == &cutter->links[0] && cutter->how != CUT_NEVER && atomic_load(&cutter->packets) == cutter->at;
	if (link == &cutter->links[0])
		atomic_fetch_add(&cutter->packets, 1);
	if (is_cut)
		n = cutter->is_half_given ? n / 2 : 0;
	if (!cutter_give(to, data, n) || (is_cut && cutter->how == CUT_RESET))
		cutter_close(link, true);
	link->is_silent = is_cut;
}

static inline void
cutter_accept(struct cutter *cutter)
{
	const int on = 1;
	struct sockaddr_in to;
	int client = accept4(cutter->listener, NULL, NULL, SOCK_CLOEXEC);
	if (client < 0 || cutter->count == CUTTER_LINKS) {
		close(client);
		return;
	}
	int server = loopback(SOCK_STREAM, &to, cutter->to_port);
	if (connect(server, (struct sockaddr *)&to, sizeof(to)) != 0)
		abort();
	setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	bool is_mute = cutter->count > 0 && cutter->count <= cutter->mute;
	cutter->links[cutter->count++] = (struct cutter_link){ .client = client, .server = server, .is_silent = is_mute };
}

static inline void *
cutter_run(void *owner)
{
	struct cutter *cutter = owner;
	while (!atomic_load(&cutter->is_over)) {
		struct pollfd fds[2 * CUTTER_LINKS + 1] = { { cutter->listener, POLLIN, 0 } };
		for (int i = 0; i < cutter->count; i++) {
			struct cutter_link *link = &cutter->links[i];
			fds[1 + 2 * i] = (struct pollfd){ link->is_silent ? -1 : link->client, POLLIN, 0 };
			fds[2 + 2 * i] = (struct pollfd){ link->is_silent ? -1 : link->server, POLLIN, 0 };
		}
		int count = cutter->count;
		if (cutter->began && count && cutter->links[0].client >= 0 && access(cutter->began, F_OK) == 0)
			cutter_close(&cutter->links[0], true);
		poll(fds, (nfds_t)(2 * count + 1), 50);
		for (int i = 0; i < count; i++) {
			struct cutter_link *link = &cutter->links[i];
			if (fds[1 + 2 * i].revents && link->client >= 0 && !link->is_silent)
				cutter_pass(cutter, link, link->client, link->server);
			if (fds[2 + 2 * i].revents && link->client >= 0 && !link->is_silent)
				cutter_pass(cutter, link, link->server, link->client);
		}
		if (fds[0].revents)
			cutter_accept(cutter);
	}
	return NULL;
}

static inline void
cutter_start(struct cutter *cutter, int to_port, enum cut how, int at, bool is_half_given)
{
	struct sockaddr_in address;
	socklen_t size = sizeof(address);
	*cutter = (struct cutter){ .to_port = to_port, .how = how, .at = at, .is_half_given = is_half_given };
	cutter->listener = loopback(SOCK_STREAM, &address, 0);
	if (bind(cutter->listener, (struct sockaddr *)&address, size) || listen(cutter->listener, 8) ||
	    getsockname(cutter->listener, (struct sockaddr *)&address, &size))
		abort();
	cutter->port = ntohs(address.sin_port);
	if (pthread_create(&cutter->thread, NULL, cutter_run, cutter))
		abort();
}

static inline void
cutter_stop(struct cutter *cutter)
{
	atomic_store(&cutter->is_over, true);
	pthread_join(cutter->thread, NULL);
	for (int i = 0; i < cutter->count; i++)
		cutter_close(&cutter->links[i], true);
	close(cutter->listener);
}

#endif
