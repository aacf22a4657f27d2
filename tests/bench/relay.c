/* SPDX-License-Identifier: Apache-2.0 */
/* relay DELAY_MS ADDRESS:PORT COUNT: a TCP relay with COUNT ports of 127.0.0.1, each of which leads to the same place, DELAY_MS of one way
 * further off. Prints the ports on one line; when its stdin ends, what it carried: connections, bytes, and the longest chain of words and
 * answers of each connection (its round trips), the handshake of TCP included. It keeps order and delay, and models no loss and no window. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define PIECE 32768
#define HELD_MAX (4 << 20)	/* bytes on the way in one direction: more than a window of sshd */
#define EVENTS 256

struct piece {
	struct piece *next;
	int64_t due_us;
	int depth;
	size_t size, sent;
	char data[];
};

struct way {
	struct end *from, *to;
	struct piece *first, **last;
	size_t held;
	int heard;		/* how deep what was given is */
	bool has_ended, is_closed;
};

struct end {			/* of a connection; or a listener, when it has none */
	int fd;
	uint32_t events;
	struct connection *connection;
};

struct connection {
	struct connection *next;
	struct end client, server;
	struct way up, down;
	int64_t accepted_us;
	int depth;
	size_t bytes_up, bytes_down;
	bool is_connected, is_over;
};

static int64_t delay_us;
static struct sockaddr_in there;
static struct connection *connections;
static int epoll;

static int64_t
now_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static void
watch(struct end *end, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = end};
	if (end->events == events)
		return;
	if (epoll_ctl(epoll, end->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, end->fd, &event))
		die("relay: epoll_ctl");
	end->events = events;
}

static void
end_connection(struct connection *c)
{
	close(c->client.fd);
	if (c->server.fd >= 0)
		close(c->server.fd);
	c->is_over = true;
}

static void
take(struct connection *c, struct way *way)
{
	struct piece *piece = malloc(sizeof(*piece) + PIECE);
	ssize_t count = piece ? read(way->from->fd, piece->data, PIECE) : -1;
	if (count <= 0) {
		free(piece);
		way->has_ended = count == 0 || errno != EAGAIN;
		return;
	}
	bool is_up = way == &c->up;
	int64_t first_us = c->accepted_us + 3 * delay_us;	/* nothing reaches a server before the handshake is over */
	*piece = (struct piece){.due_us = now_us() + delay_us, .size = (size_t)count, .depth = is_up ? c->down.heard + 1 : c->up.heard};
	if (is_up && piece->due_us < first_us)
		piece->due_us = first_us;
	*way->last = piece;
	way->last = &piece->next;
	way->held += piece->size;
	*(is_up ? &c->bytes_up : &c->bytes_down) += piece->size;
	if (is_up && piece->depth > c->depth)
		c->depth = piece->depth;
}

static bool
give_one(struct way *way)	/* true: it is gone */
{
	struct piece *piece = way->first;
	ssize_t count = send(way->to->fd, piece->data + piece->sent, piece->size - piece->sent, MSG_NOSIGNAL);
	if (count < 0 && errno != EAGAIN)
		way->has_ended = way->is_closed = true;
	if (count <= 0)
		return false;
	piece->sent += (size_t)count;
	if (piece->sent < piece->size)
		return false;
	way->heard = piece->depth > way->heard ? piece->depth : way->heard;
	way->held -= piece->size;
	way->first = piece->next;
	if (!way->first)
		way->last = &way->first;
	free(piece);
	return true;
}

static void
give(struct way *way, int64_t now)
{
	while (!way->is_closed && way->first && way->first->due_us <= now && give_one(way))
		;
	if (way->has_ended && !way->first && !way->is_closed) {
		shutdown(way->to->fd, SHUT_WR);
		way->is_closed = true;
	}
}

static void
connect_server(struct connection *c)
{
	const int on = 1;
	c->server.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->server.fd < 0)
		die("relay: socket");
	setsockopt(c->server.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(c->server.fd, (struct sockaddr *)&there, sizeof(there))) {	/* loopback: at once */
		end_connection(c);
		return;
	}
	fcntl(c->server.fd, F_SETFL, O_NONBLOCK);
	c->is_connected = true;
}

static uint32_t
wanted(const struct way *in, const struct way *out, int64_t now)	/* of the end that "in" comes from and "out" goes to */
{
	uint32_t events = !in->has_ended && in->held < HELD_MAX ? EPOLLIN : 0;
	return events | (out->first && out->first->due_us <= now ? EPOLLOUT : 0);	/* due and still here: its socket is full */
}

static int64_t
turn(struct connection *c, int64_t now)	/* returns when to look again */
{
	int64_t next = INT64_MAX, connect_us = c->accepted_us + 3 * delay_us;
	if (!c->is_connected && connect_us <= now)
		connect_server(c);
	if (c->is_connected) {
		give(&c->up, now);
		give(&c->down, now);
		watch(&c->server, wanted(&c->down, &c->up, now));
	} else {
		next = connect_us;
	}
	if (!c->is_over)
		watch(&c->client, wanted(&c->up, &c->down, now));
	if (c->up.is_closed && c->down.is_closed)
		end_connection(c);
	if (c->up.first && c->up.first->due_us > now && c->up.first->due_us < next)
		next = c->up.first->due_us;
	if (c->down.first && c->down.first->due_us > now && c->down.first->due_us < next)
		next = c->down.first->due_us;
	return next;
}

static void
welcome(struct end *listener)
{
	const int on = 1;
	int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct connection *c = fd >= 0 ? calloc(1, sizeof(*c)) : NULL;
	if (!c)
		return;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	*c = (struct connection){.next = connections, .client = {.fd = fd, .connection = c}, .server = {.fd = -1, .connection = c},
		.accepted_us = now_us()};
	c->up = (struct way){.from = &c->client, .to = &c->server, .last = &c->up.first};
	c->down = (struct way){.from = &c->server, .to = &c->client, .last = &c->down.first};
	connections = c;
}

static int
listen_port(struct end *listener)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	listener->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (listener->fd < 0 || bind(listener->fd, (struct sockaddr *)&address, size) || listen(listener->fd, 64) ||
	    getsockname(listener->fd, (struct sockaddr *)&address, &size))
		die("relay: listen");
	watch(listener, EPOLLIN);
	return ntohs(address.sin_port);
}

static void
report(void)
{
	size_t count = 0, up = 0, down = 0;
	int deepest = 0, depths = 0;
	for (struct connection *c = connections; c; c = c->next) {
		count++;
		up += c->bytes_up;
		down += c->bytes_down;
		depths += c->depth + 1;
		deepest = c->depth + 1 > deepest ? c->depth + 1 : deepest;
	}
	printf("{\"connections\": %zu, \"bytes_up\": %zu, \"bytes_down\": %zu, \"round_trips\": %d, \"most_round_trips\": %d}\n", count, up, down, depths,
	       deepest);
}

static bool
wait_and_take(int64_t next)	/* false: our stdin has ended */
{
	struct epoll_event events[EVENTS];
	int64_t left = next == INT64_MAX ? 1000000 : next - now_us();
	struct timespec most = {.tv_sec = left > 0 ? left / 1000000 : 0, .tv_nsec = left > 0 ? left % 1000000 * 1000 : 0};
	int count = epoll_pwait2(epoll, events, EVENTS, &most, NULL);
	for (int i = 0; i < count; i++) {
		struct end *end = events[i].data.ptr;
		struct connection *c = end ? end->connection : NULL;
		if (!end)
			return false;
		if (!c)
			welcome(end);
		else if (!c->is_over && (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
			take(c, end == &c->client ? &c->up : &c->down);
	}
	return true;
}

int
main(int argc, char **argv)
{
	char *colon = argc == 4 ? strrchr(argv[2], ':') : NULL;
	struct rlimit files;
	if (!colon)
		return 2;
	*colon = '\0';
	delay_us = (int64_t)(strtod(argv[1], NULL) * 1000);
	there = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(colon + 1))};
	if (inet_pton(AF_INET, argv[2], &there.sin_addr) != 1)
		return 2;
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	epoll = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event input = {.events = EPOLLIN};
	epoll_ctl(epoll, EPOLL_CTL_ADD, STDIN_FILENO, &input);
	size_t count = strtoul(argv[3], NULL, 10);
	struct end *listeners = calloc(count, sizeof(*listeners));
	if (!listeners)
		die("relay");
	for (size_t i = 0; i < count; i++)
		printf("%d%c", listen_port(&listeners[i]), i + 1 < count ? ' ' : '\n');
	fflush(stdout);
	for (int64_t next = INT64_MAX; wait_and_take(next);) {
		int64_t now = now_us();
		next = INT64_MAX;
		for (struct connection *c = connections; c; c = c->next) {
			int64_t again = c->is_over ? INT64_MAX : turn(c, now);
			next = again < next ? again : next;
		}
	}
	report();
	return 0;
}
