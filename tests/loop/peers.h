/* SPDX-License-Identifier: Apache-2.0 */
/* Peers that behave badly, each on a port of its own, each in a thread that ends with it. */
#ifndef KB_TEST_PEERS_H
#define KB_TEST_PEERS_H

#include "turn.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

extern char **environ;

struct peer {
	const char *name;
	const char *first;		/* said at once */
	const char *then;		/* and after that: what is repeated */
	size_t then_bytes;
	int every_ms;			/* 0: as fast as it is taken; below 0: said byte by byte, one each so long */
	bool accepts_none, closes, resets;
	const char *command;		/* a real server on the other end, for /bin/sh; gets the connection as its standard input and output */
	const char *probe;		/* what it is asked; NULL: exit 0 */
	int stops_after;		/* so many pieces of its words: it is stopped (SIGSTOP); -1: when it has been silent for a while */

	int listener, port;
	atomic_bool is_over;
	pthread_t thread;
};

static inline int
listen_somewhere(int *port, int backlog)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (bind(fd, (struct sockaddr *)&address, size) || listen(fd, backlog) || getsockname(fd, (struct sockaddr *)&address, &size))
		abort();
	*port = ntohs(address.sin_port);
	return fd;
}

/* Both ends of a connection; sshd wants to know who its peer is. */
static inline void
make_pair(int pair[2])
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int port, listener = listen_somewhere(&port, 1);

	address.sin_port = htons((uint16_t)port);
	pair[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(pair[0], (struct sockaddr *)&address, sizeof(address)))
		abort();
	pair[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	close(listener);
}

static inline pid_t
start_server(const char *command, int fd)
{
	char sh[] = "/bin/sh", c[] = "-c", *argv[] = {sh, c, (char *)(uintptr_t)command, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	pid_t pid = -1;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fd, 0);
	posix_spawn_file_actions_adddup2(&actions, fd, 1);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);	/* who runs the test waits until nobody holds its output */
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP);
	if (posix_spawn(&pid, sh, &actions, &attr, argv, environ))
		abort();
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	return pid;
}

static inline void stop_children(pid_t pid, int signal);

/* Whoever it has made, too: sshd serves in processes of its own. Each is stopped before its children are listed: who runs makes more of
 * them, and who is dead has none, though they live. */
static inline void
stop_all(pid_t pid, int signal)
{
	kill(pid, SIGSTOP);
	stop_children(pid, signal);
	kill(pid, signal);
}

static inline void
stop_children(pid_t pid, int signal)
{
	char path[64], line[1024] = "";

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
	FILE *file = fopen(path, "r");
	if (file && !fgets(line, sizeof(line), file))
		line[0] = '\0';
	if (file)
		fclose(file);
	for (char *at = line, *word; (word = strsep(&at, " "));)
		if (atoi(word) > 1)
			stop_all(atoi(word), signal);
}

/* An sshd that hears a goodbye ends before it is stopped, and what it served lives on, stopped by itself or asleep: such orphans become ours,
 * and end with the tests. */
static inline int
adopt_orphans(void)
{
	return prctl(PR_SET_CHILD_SUBREAPER, 1);
}

static inline void
stop_orphans(void)
{
	stop_children(getpid(), SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
}

static inline bool
carry(int from, int to)
{
	char data[16384];
	ssize_t count = recv(from, data, sizeof(data), 0);

	return count > 0 && send(to, data, (size_t)count, MSG_NOSIGNAL) == count;
}

static inline void
relay_to_server(struct peer *peer, int client)
{
	int pair[2], pieces = 0;

	make_pair(pair);
	pid_t pid = start_server(peer->command, pair[1]);
	close(pair[1]);
	bool is_stopped = false;
	for (int quiet_ms = 0; !atomic_load(&peer->is_over); quiet_ms += 20) {
		struct pollfd fds[2] = {{client, POLLIN, 0}, {pair[0], POLLIN, 0}};
		if (!is_stopped && (peer->stops_after < 0 ? pieces > 6 && quiet_ms > 600 : pieces >= peer->stops_after)) {
			stop_all(pid, SIGSTOP);
			is_stopped = true;
		}
		if (poll(fds, 2, 20) <= 0)
			continue;
		quiet_ms = 0;
		pieces += fds[1].revents != 0;
		if ((fds[0].revents && !carry(client, pair[0])) || (fds[1].revents && !carry(pair[0], client)))
			break;
	}
	stop_all(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(pair[0]);
}

static inline bool
say(int fd, const char *data, size_t size)
{
	return !size || send(fd, data, size, MSG_NOSIGNAL) == (ssize_t)size;
}

static inline void
speak(struct peer *peer, int fd)
{
	const struct linger hard = {1, 0};
	size_t at = 0;

	if (peer->first && !say(fd, peer->first, strlen(peer->first)))
		return;
	if (peer->resets)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	if (peer->closes || peer->resets)
		return;
	while (!atomic_load(&peer->is_over)) {
		size_t count = peer->every_ms ? peer->then_bytes > 0 : peer->then_bytes;
		if (!say(fd, peer->then + at, count))
			return;
		at = peer->then_bytes && peer->every_ms ? (at + 1) % peer->then_bytes : 0;
		for (int ms = 0; ms < (peer->then_bytes ? peer->every_ms : 20) && !atomic_load(&peer->is_over); ms += 20)
			usleep(20000);
	}
}

static inline void *
play_peer(void *owner)
{
	struct peer *peer = owner;

	while (!atomic_load(&peer->is_over)) {
		struct pollfd ready = {peer->listener, POLLIN, 0};
		const struct timeval patience = {1, 0};
		if (poll(&ready, 1, 50) <= 0 || peer->accepts_none)
			continue;
		int fd = accept4(peer->listener, NULL, NULL, SOCK_CLOEXEC);
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
		if (peer->command)
			relay_to_server(peer, fd);
		else
			speak(peer, fd);
		close(fd);
	}
	return NULL;
}

static inline void
peer_start(struct peer *peer)
{
	peer->listener = listen_somewhere(&peer->port, peer->accepts_none ? 0 : 8);
	if (peer->then && !peer->then_bytes)
		peer->then_bytes = strlen(peer->then);
	atomic_store(&peer->is_over, false);
	if (pthread_create(&peer->thread, NULL, play_peer, peer))
		abort();
}

static inline void
peer_stop(struct peer *peer)
{
	atomic_store(&peer->is_over, true);
	pthread_join(peer->thread, NULL);
	close(peer->listener);
}

#endif
