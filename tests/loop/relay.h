/* SPDX-License-Identifier: Apache-2.0 */
/* A TCP relay on loopback that delays both directions and counts round trips. What the client sends is one
 * deeper than the deepest that it has heard; what the server sends is as deep as the deepest that it has
 * heard: the depth is the length of the chain of words and answers. */
#ifndef KB_TEST_RELAY_H
#define KB_TEST_RELAY_H

#include "turn.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#define RELAY_PIECES 256

struct relay_piece {
	char data[16384];
	size_t size_bytes;
	int64_t due_ms;
	int depth;
};

struct relay_way {
	int from, to;
	struct relay_piece pieces[RELAY_PIECES];	/* a ring */
	unsigned first, count;
	int heard;			/* how deep what was given is */
	bool has_ended;
};

struct relay {
	int listener, port, to_port;
	int64_t delay_ms;			/* of each direction */
	size_t piece_bytes;			/* taken at once; 0: what fits */
	atomic_bool is_over;
	/* of the client's deepest words: round trips so far, without the TCP handshake */
	atomic_int depth;
	atomic_size_t bytes_up, bytes_down;
	atomic_size_t changes_at;		/* the byte down with this number is changed on its way; 0: none */
	struct relay_way up, down;
	pthread_t thread;
};

static inline void
relay_take(struct relay *relay, struct relay_way *way)
{
	struct relay_piece *piece = &way->pieces[(way->first + way->count) % RELAY_PIECES];
	size_t most = relay->piece_bytes ? relay->piece_bytes : sizeof(piece->data);
	ssize_t count = read(way->from, piece->data, most);

	if (count <= 0) {
		way->has_ended = true;
		return;
	}
	piece->size_bytes = (size_t)count;
	piece->due_ms = kbi_clock_ms() + relay->delay_ms;
	way->count++;
	piece->depth = way == &relay->up ? relay->down.heard + 1 : relay->up.heard;
	if (way == &relay->down) {
		size_t before = atomic_fetch_add(&relay->bytes_down, (size_t)count), at = atomic_load(&relay->changes_at);
		if (at > before && at <= before + (size_t)count)
			piece->data[at - before - 1] ^= 4;
		return;
	}
	atomic_fetch_add(&relay->bytes_up, (size_t)count);
	if (piece->depth > atomic_load(&relay->depth))
		atomic_store(&relay->depth, piece->depth);
}

static inline void
relay_give(struct relay_way *way)
{
	while (way->count && way->pieces[way->first].due_ms <= kbi_clock_ms()) {
		struct relay_piece *piece = &way->pieces[way->first];
		for (size_t at = 0; at < piece->size_bytes;) {
			ssize_t count = send(way->to, piece->data + at, piece->size_bytes - at, MSG_NOSIGNAL);
			if (count <= 0)
				return;
			at += (size_t)count;
		}
		way->first = (way->first + 1) % RELAY_PIECES;
		way->count--;
		way->heard = piece->depth > way->heard ? piece->depth : way->heard;
	}
}

static inline void
relay_carry(struct relay *relay)
{
	while (!atomic_load(&relay->is_over)) {
		struct pollfd fds[2] = {
			{relay->up.from, relay->up.has_ended || relay->up.count == RELAY_PIECES ? 0 : POLLIN,
				0},
			{relay->down.from,
				relay->down.has_ended || relay->down.count == RELAY_PIECES ? 0 : POLLIN, 0},
		};
		poll(fds, 2, 1);
		if (fds[0].revents && !relay->up.has_ended)
			relay_take(relay, &relay->up);
		if (fds[1].revents && !relay->down.has_ended)
			relay_take(relay, &relay->down);
		relay_give(&relay->up);
		relay_give(&relay->down);
		if (relay->up.has_ended && !relay->up.count)
			return;
	}
}

static inline void *
relay_run(void *owner)
{
	struct relay *relay = owner;
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((uint16_t)relay->to_port),
	};
	const int on = 1;

	int client = accept(relay->listener, NULL, NULL);
	if (client < 0)
		return NULL;
	/* what remains of the TCP handshake when the server accepts */
	usleep((useconds_t)relay->delay_ms * 3000);
	int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(server, (struct sockaddr *)&to, sizeof(to)) == 0) {
		relay->up.from = relay->down.to = client;
		relay->up.to = relay->down.from = server;
		/* what the client sent at once would have come with the end of the handshake */
		relay_take(relay, &relay->up);
		relay->up.pieces[0].due_ms = 0;
		relay_carry(relay);
	}
	close(server);
	close(client);
	return NULL;
}

/* piece_bytes other than 0 also keeps the receive buffer small, so that the client meets a full socket. */
static inline struct relay *
relay_start(int to_port, int64_t delay_ms, size_t piece_bytes)
{
	const int small = 4096;
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	struct relay *relay = calloc(1, sizeof(*relay));

	assert_non_null(relay);
	relay->to_port = to_port;
	relay->delay_ms = delay_ms;
	relay->piece_bytes = piece_bytes;
	relay->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (piece_bytes)
		setsockopt(relay->listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	assert_int_equal(bind(relay->listener, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(relay->listener, 1), 0);
	assert_int_equal(getsockname(relay->listener, (struct sockaddr *)&address, &size), 0);
	relay->port = ntohs(address.sin_port);
	assert_int_equal(pthread_create(&relay->thread, NULL, relay_run, relay), 0);
	return relay;
}

static inline void
relay_stop(struct relay *relay)
{
	atomic_store(&relay->is_over, true);
	shutdown(relay->listener, SHUT_RDWR);
	pthread_join(relay->thread, NULL);
	close(relay->listener);
	free(relay);
}

#endif
