/* SPDX-License-Identifier: Apache-2.0 */
/* The machine of the caller: a shell in a session of its own, on the other end of a socket and two pipes. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "transport/transport.h"

extern char **environ;

enum { STDIN, OUT, ERR, STREAMS };

struct local {
	struct kbi_transport base;
	struct kbi_loop *loop;
	pid_t pid;
	bool is_reaped;
	struct kbi_watch streams[STREAMS];
	/* a pidfd: daemons that the shell leaves behind may keep its pipes open */
	struct kbi_watch exited;
};

struct ends {
	int ours[STREAMS];
	int theirs[STREAMS];
};

static void
close_all(int fds[STREAMS])
{
	for (int i = 0; i < STREAMS; i++)
		kbi_fd_close(&fds[i]);
}

/* What we write to is a socket, since only those can be written to without SIGPIPE and without a signal
 * handler. */
static int
open_pair(struct ends *ends, int stream)
{
	int pair[2];

	if (stream == STDIN ? socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) : pipe2(pair, O_CLOEXEC))
		return -1;
	ends->ours[stream] = kbi_fd_lift(pair[0]);
	ends->theirs[stream] = kbi_fd_lift(pair[1]);
	if (ends->ours[stream] < 0 || ends->theirs[stream] < 0)
		return -1;
	return fcntl(ends->ours[stream], F_SETFL, O_NONBLOCK);
}

static int
open_ends(struct ends *ends)
{
	*ends = (struct ends){{-1, -1, -1}, {-1, -1, -1}};
	for (int i = 0; i < STREAMS; i++) {
		if (open_pair(ends, i) < 0) {
			int saved = errno;
			close_all(ends->ours);
			close_all(ends->theirs);
			return saved;
		}
	}
	return 0;
}

static int
set_actions(posix_spawn_file_actions_t *actions, const int theirs[STREAMS])
{
	int failed = 0;

	for (int i = 0; i < STREAMS && !failed; i++)
		failed = posix_spawn_file_actions_adddup2(actions, theirs[i], i);
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
	return failed ? failed : posix_spawn_file_actions_addclosefrom_np(actions, STREAMS);
#else
	/* those of the program that are not close-on-exec */
	for (int fd = STREAMS; fd < 1024 && !failed; fd++)
		failed = posix_spawn_file_actions_addclose(actions, fd);
	return failed;
#endif
}

/* Whatever the program around us ignores or blocks, the shell starts as a login would start it. */
static int
set_attributes(posix_spawnattr_t *attr)
{
	sigset_t all, none;

	sigfillset(&all);
	sigdelset(&all, SIGKILL);
	sigdelset(&all, SIGSTOP);
	sigemptyset(&none);
	int failed = posix_spawnattr_setsigdefault(attr, &all);
	if (!failed)
		failed = posix_spawnattr_setsigmask(attr, &none);
	if (!failed)
		failed = posix_spawnattr_setflags(
			attr, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID);
	return failed;
}

static int
spawn(pid_t *pid, const char *command, const int theirs[STREAMS])
{
	char sh[] = "/bin/sh", c[] = "-c", *text = strdup(command);
	char *argv[] = {sh, c, text, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;

	if (!text || posix_spawn_file_actions_init(&actions)) {
		free(text);
		return ENOMEM;
	}
	int failed = posix_spawnattr_init(&attr);
	if (!failed) {
		failed = set_actions(&actions, theirs);
		if (!failed)
			failed = set_attributes(&attr);
		if (!failed)
			failed = posix_spawn(pid, sh, &actions, &attr, argv, environ);
		posix_spawnattr_destroy(&attr);
	}
	posix_spawn_file_actions_destroy(&actions);
	free(text);
	return failed;
}

static void
tell(void *owner)
{
	struct local *l = owner;

	l->base.changed(l->base.owner);
}

static void
stream_ready(void *owner, unsigned what)
{
	struct local *l = owner;

	(void)what;
	if (l->streams[STDIN].interest)		/* asked for again by the next write that does not fit */
		kbi_loop_watch(l->loop, &l->streams[STDIN], 0);
	tell(l);
}

static void
child_exited(void *owner, unsigned what)
{
	struct local *l = owner;

	(void)what;
	kbi_loop_watch(l->loop, &l->exited, 0);
	l->is_reaped = waitpid(l->pid, NULL, WNOHANG) != 0;	/* an error is: somebody else took it */
	tell(l);
}

static kb_status
watch_all(struct local *l)
{
	for (int i = OUT; i <= ERR; i++)
		if (kbi_loop_watch(l->loop, &l->streams[i], KBI_IN))
			return KB_EIO;
	l->exited.fd = kbi_fd_lift((int)syscall(SYS_pidfd_open, l->pid, 0));
	if (l->exited.fd >= 0)	/* without it the streams' end has to do */
		return kbi_loop_watch(l->loop, &l->exited, KBI_IN);
	return KB_OK;
}

static void local_free(struct kbi_transport *t);

static struct kbi_transport *
local_open(const struct kbi_transport_want *want, struct kb_err *err)
{
	struct ends ends;
	struct local *l = calloc(1, sizeof(*l));

	if (!l) {
		kbi_fail_memory(err);
		return NULL;
	}
	int failed = open_ends(&ends);
	if (!failed) {
		failed = spawn(&l->pid, want->command, ends.theirs);
		close_all(ends.theirs);
	}
	if (failed) {
		close_all(ends.ours);
		free(l);
		kbi_fail(err, kbi_code_of(failed), "%s: /bin/sh: cannot be started: %s", want->host, strerror(failed));
		return NULL;
	}
	l->base = (struct kbi_transport){
		.ops = &kbi_transport_local, .state = KBI_OPEN, .changed = want->changed, .owner = want->owner};
	l->loop = want->loop;
	for (int i = 0; i < STREAMS; i++)
		l->streams[i] = (struct kbi_watch){ends.ours[i], 0, stream_ready, l};
	l->exited = (struct kbi_watch){-1, 0, child_exited, l};
	if (watch_all(l)) {
		local_free(&l->base);
		kbi_fail(err, KB_EIO, "%s: /bin/sh: its streams cannot be watched", want->host);
		return NULL;
	}
	return &l->base;
}

static void
end_stream(struct local *l, int stream)
{
	kbi_loop_watch(l->loop, &l->streams[stream], 0);
	kbi_fd_close(&l->streams[stream].fd);
}

/* Not the shell's end, but ours: nothing can be said about what it does. */
static ssize_t
lose(struct local *l, const char *what, int error)
{
	kb_status code = kbi_code_of(error);

	if (l->base.state != KBI_LOST)
		kbi_fail(&l->base.err, code, "/bin/sh: its %s: %s", what, strerror(error));
	l->base.state = KBI_LOST;
	return code;
}

static ssize_t
local_read(struct kbi_transport *t, enum kbi_stream stream, void *data, size_t size_bytes)
{
	struct local *l = (struct local *)t;
	int which = stream == KBI_STDOUT ? OUT : ERR;
	ssize_t count;

	if (l->streams[which].fd < 0)
		return 0;
	do
		count = read(l->streams[which].fd, data, size_bytes);
	while (count < 0 && errno == EINTR);
	if (count > 0)
		return count;
	if (count < 0 && errno == EAGAIN && !l->is_reaped)
		return KBI_AGAIN;
	if (count < 0 && errno != EAGAIN)
		return lose(l, "output cannot be read", errno);
	end_stream(l, which);
	return 0;
}

static ssize_t
local_write(struct kbi_transport *t, const void *data, size_t size_bytes)
{
	struct local *l = (struct local *)t;
	struct kbi_watch *watch = &l->streams[STDIN];
	ssize_t count;

	if (watch->fd < 0)
		return (ssize_t)size_bytes;
	do
		count = send(watch->fd, data, size_bytes, MSG_NOSIGNAL);
	while (count < 0 && errno == EINTR);
	if (count >= 0)
		return count;
	if (errno == EAGAIN)
		return kbi_loop_watch(l->loop, watch, KBI_OUT) ? lose(l, "input cannot be watched", errno) : KBI_AGAIN;
	kbi_loop_watch(l->loop, watch, 0);
	kbi_fd_close(&watch->fd);
	/* the shell has ended: what it says on its other streams, and their end, tell more than EPIPE */
	return (ssize_t)size_bytes;
}

struct dead {
	pid_t pid;
};

static void
wait_for(void *data, const atomic_bool *is_cancelled)
{
	struct dead *dead = data;

	(void)is_cancelled;	/* the shell ends by itself: its stdin is closed */
	while (waitpid(dead->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static void
forget(void *owner, void *data)
{
	(void)owner;
	free(data);
}

/* The shell ends when what it runs has ended. No zombie may stay, nobody may wait, and SIGCHLD is the
 * program's: a thread takes it. */
static void
reap(struct local *l)
{
	struct dead *dead = NULL;

	if (l->is_reaped || !l->pid || waitpid(l->pid, NULL, WNOHANG) != 0)
		return;
	dead = malloc(sizeof(*dead));
	if (!dead)
		return;
	dead->pid = l->pid;
	struct kbi_job job = {.work = wait_for, .done = forget, .free_data = free, .data = dead};
	if (!kbi_loop_job(l->loop, &job))
		free(dead);
}

static void
local_free(struct kbi_transport *t)
{
	struct local *l = (struct local *)t;

	if (!l)
		return;
	for (int i = 0; i < STREAMS; i++)
		end_stream(l, i);
	kbi_loop_watch(l->loop, &l->exited, 0);
	kbi_fd_close(&l->exited.fd);
	reap(l);
	kbi_err_clear(&t->err);
	free(l);
}

const struct kbi_transport_ops kbi_transport_local = {
	.scheme = "local", .open = local_open, .read = local_read, .write = local_write, .free = local_free,
};
