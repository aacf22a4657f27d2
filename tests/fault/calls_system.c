/* SPDX-License-Identifier: Apache-2.0 */
/* The C library and the kernel. */
#include "calls.h"

#include <fcntl.h>
#include <glob.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NO_MEMORY FAIL(ENOMEM, NULL)

MAKES(void *, malloc, (size_t size), (size), CAN_MEMORY, NO_MEMORY)
MAKES(void *, calloc, (size_t count, size_t size), (count, size), CAN_MEMORY, NO_MEMORY)
MAKES(char *, strdup, (const char *text), (text), CAN_MEMORY, NO_MEMORY)
MAKES(char *, strndup, (const char *text, size_t size), (text, size), CAN_MEMORY, NO_MEMORY)
FREES(free, void *)

void *fault_realloc(void *old, size_t size);
void *
fault_realloc(void *old, size_t size)
{
	if (fault_now("realloc", CAN_MEMORY))
		return NO_MEMORY;
	fault_drop(old);	/* before it may be another's */
	return fault_hold(realloc(old, size), "realloc");
}

void *fault_reallocarray(void *old, size_t count, size_t size);
void *
fault_reallocarray(void *old, size_t count, size_t size)
{
	if (fault_now("reallocarray", CAN_MEMORY))
		return NO_MEMORY;
	fault_drop(old);
	return fault_hold(reallocarray(old, count, size), "reallocarray");
}

FALLIBLE(int, vsnprintf, (char *out, size_t size, const char *format, va_list args), (out, size, format, args), CAN_MEMORY, FAIL(ENOMEM, -1))

/* -- files and descriptors */

int fault_open(const char *path, int flags, ...);
int
fault_open(const char *path, int flags, ...)
{
	va_list args;

	va_start(args, flags);
	mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);
	if (fault_now("open", CAN_IO))
		return FAIL(EMFILE, -1);
	return open(path, flags, mode);
}

int fault_fcntl(int fd, int what, ...);
int
fault_fcntl(int fd, int what, ...)
{
	va_list args;

	va_start(args, what);
	int value = va_arg(args, int);
	va_end(args);
	if (fault_now("fcntl", CAN_IO))
		return FAIL(EMFILE, -1);
	return fcntl(fd, what, value);
}

int fault_close(int fd);
int
fault_close(int fd)
{
	bool fails = fault_now("close", 0);
	int status = close(fd);		/* Linux closes it, whatever close() says */

	return fails ? FAIL(EIO, -1) : status;
}

/* What is counted up in an eventfd cannot fail but by the counter's end (eventfd(2)), and libkb relies on it. */
static bool
is_eventfd(int fd)
{
	char path[64], target[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ssize_t length = readlink(path, target, sizeof(target) - 1);
	return length > 0 && memmem(target, (size_t)length, "[eventfd]", strlen("[eventfd]"));
}

ssize_t fault_write(int fd, const void *data, size_t size);
ssize_t
fault_write(int fd, const void *data, size_t size)
{
	if (!is_eventfd(fd) && fault_now("write", CAN_IO))
		return FAIL(ENOSPC, -1);
	return write(fd, data, size);
}

ssize_t fault_read(int fd, void *data, size_t size);
ssize_t
fault_read(int fd, void *data, size_t size)
{
	if (!is_eventfd(fd) && fault_now("read", CAN_IO | CAN_PEER))
		return FAIL(EIO, -1);
	return read(fd, data, size);
}

FALLIBLE(ssize_t, pread, (int fd, void *data, size_t size, off_t at), (fd, data, size, at), CAN_IO, FAIL(EIO, -1))
FALLIBLE(int, fstat, (int fd, struct stat *st), (fd, st), CAN_IO, FAIL(EIO, -1))
FALLIBLE(int, mkdir, (const char *path, mode_t mode), (path, mode), CAN_IO, FAIL(ENOSPC, -1))
FALLIBLE(int, access, (const char *path, int mode), (path, mode), CAN_IO | CAN(KB_EAUTH), FAIL(EIO, -1))
FALLIBLE(char *, getcwd, (char *out, size_t size), (out, size), CAN_IO | CAN_MEMORY, FAIL(ENOMEM, NULL))
FALLIBLE(int, pipe2, (int fds[2], int flags), (fds, flags), CAN_IO, FAIL(EMFILE, -1))
FALLIBLE(int, eventfd, (unsigned value, int flags), (value, flags), CAN_IO, FAIL(EMFILE, -1))
FALLIBLE(int, timerfd_create, (int clock, int flags), (clock, flags), CAN_IO, FAIL(EMFILE, -1))
FALLIBLE(int, epoll_create1, (int flags), (flags), CAN_IO, FAIL(EMFILE, -1))
FALLIBLE(int, epoll_wait, (int fd, struct epoll_event *events, int max, int wait_ms), (fd, events, max, wait_ms), CAN_IO, FAIL(EINTR, -1))
FALLIBLE(int, poll, (struct pollfd *fds, nfds_t count, int wait_ms), (fds, count, wait_ms), CAN_IO | CAN_MEMORY, FAIL(ENOMEM, -1))

int fault_epoll_ctl(int fd, int what, int which, struct epoll_event *event);
int
fault_epoll_ctl(int fd, int what, int which, struct epoll_event *event)
{
	if (what == EPOLL_CTL_ADD && fault_now("epoll_ctl", CAN_MEMORY | CAN_IO))	/* to change or remove needs no memory */
		return FAIL(ENOSPC, -1);
	return epoll_ctl(fd, what, which, event);
}

FALLIBLE(int, glob, (const char *pattern, int flags, int (*failed)(const char *path, int error), glob_t *found), (pattern, flags, failed, found), CAN_MEMORY, GLOB_NOSPACE)

MAKES(FILE *, fopen, (const char *path, const char *mode), (path, mode), CAN_IO, FAIL(EMFILE, NULL))

static FILE *unread;		/* whose last fread() failed here */

size_t fault_fread(void *data, size_t size, size_t count, FILE *file);
size_t
fault_fread(void *data, size_t size, size_t count, FILE *file)
{
	bool fails = fault_now("fread", CAN_IO);

	unread = fails ? file : NULL;
	return fails ? FAIL(EIO, (size_t)0) : fread(data, size, count, file);
}

int fault_ferror(FILE *file);
int
fault_ferror(FILE *file)
{
	return unread == file || ferror(file);
}

int fault_fclose(FILE *file);
int
fault_fclose(FILE *file)
{
	bool fails = fault_now("fclose", 0);

	fault_drop(file);
	return fclose(file) || fails ? FAIL(EIO, EOF) : 0;	/* it is gone, whatever fclose() says */
}

/* -- the network */

FALLIBLE(int, socket, (int family, int type, int protocol), (family, type, protocol), CAN_IO | CAN(KB_EUNREACHABLE), FAIL(EMFILE, -1))
FALLIBLE(int, socketpair, (int family, int type, int protocol, int fds[2]), (family, type, protocol, fds), CAN_IO, FAIL(EMFILE, -1))
FALLIBLE(int, connect, (int fd, const struct sockaddr *address, socklen_t size), (fd, address, size), CAN_PEER, FAIL(ENETUNREACH, -1))
FALLIBLE(int, getsockopt, (int fd, int level, int name, void *value, socklen_t *size), (fd, level, name, value, size), CAN_PEER | CAN_MEMORY, FAIL(ENOMEM, -1))
FALLIBLE(int, setsockopt, (int fd, int level, int name, const void *value, socklen_t size), (fd, level, name, value, size), 0, FAIL(ENOMEM, -1))
FALLIBLE(int, getpeername, (int fd, struct sockaddr *address, socklen_t *size), (fd, address, size), CAN_PEER, FAIL(ENOBUFS, -1))
FALLIBLE(ssize_t, recv, (int fd, void *data, size_t size, int flags), (fd, data, size, flags), CAN_PEER, FAIL(ECONNRESET, -1))
FALLIBLE(ssize_t, send, (int fd, const void *data, size_t size, int flags), (fd, data, size, flags), CAN_PEER, FAIL(EPIPE, -1))
FALLIBLE(int, shutdown, (int fd, int how), (fd, how), CAN_PEER, FAIL(ENOTCONN, -1))
FALLIBLE(int, getnameinfo, (const struct sockaddr *address, socklen_t size, char *host, socklen_t host_size, char *service, socklen_t service_size, int flags), (address, size, host, host_size, service, service_size, flags), 0, EAI_MEMORY)
FALLIBLE(int, gethostname, (char *name, size_t size), (name, size), 0, FAIL(EPERM, -1))

int fault_getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **found);
int
fault_getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **found)
{
	if (fault_now("getaddrinfo", CAN_MEMORY))
		return EAI_MEMORY;
	int failed = getaddrinfo(name, service, hints, found);
	if (!failed)
		fault_hold(*found, "getaddrinfo");
	return failed;
}
FREES(freeaddrinfo, struct addrinfo *)

int fault_getifaddrs(struct ifaddrs **found);
int
fault_getifaddrs(struct ifaddrs **found)
{
	if (fault_now("getifaddrs", CAN_IO | CAN_MEMORY))
		return FAIL(ENOMEM, -1);
	int failed = getifaddrs(found);
	if (!failed)
		fault_hold(*found, "getifaddrs");
	return failed;
}
FREES(freeifaddrs, struct ifaddrs *)

/* -- processes, threads, time */

FALLIBLE(int, getpwuid_r, (uid_t uid, struct passwd *entry, char *text, size_t size, struct passwd **found), (uid, entry, text, size, found), CAN_IO | CAN(KB_EAUTH) | CAN(KB_ETRUST), (*found = NULL, EIO))
FALLIBLE(ssize_t, getrandom, (void *data, size_t size, unsigned flags), (data, size, flags), CAN_IO, FAIL(EAGAIN, -1))
FALLIBLE(int, posix_spawn, (pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attr, char *const argv[], char *const envp[]), (pid, path, actions, attr, argv, envp), CAN_IO, EAGAIN)
FALLIBLE(int, posix_spawn_file_actions_init, (posix_spawn_file_actions_t *actions), (actions), CAN_MEMORY, ENOMEM)
FALLIBLE(int, posix_spawn_file_actions_adddup2, (posix_spawn_file_actions_t *actions, int fd, int to), (actions, fd, to), CAN_MEMORY, ENOMEM)
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
FALLIBLE(int, posix_spawn_file_actions_addclosefrom_np, (posix_spawn_file_actions_t *actions, int from), (actions, from), CAN_MEMORY, ENOMEM)
#endif
FALLIBLE(int, posix_spawnattr_init, (posix_spawnattr_t *attr), (attr), CAN_MEMORY, ENOMEM)
FALLIBLE(int, posix_spawnattr_setflags, (posix_spawnattr_t *attr, short flags), (attr, flags), CAN_IO, EINVAL)
FALLIBLE(int, posix_spawnattr_setsigdefault, (posix_spawnattr_t *attr, const sigset_t *signals), (attr, signals), CAN_IO, EINVAL)
FALLIBLE(int, posix_spawnattr_setsigmask, (posix_spawnattr_t *attr, const sigset_t *signals), (attr, signals), CAN_IO, EINVAL)
FALLIBLE(int, pthread_create, (pthread_t *thread, const pthread_attr_t *attr, void *(*work)(void *), void *data), (thread, attr, work, data), CAN_MEMORY, EAGAIN)
FALLIBLE(int, pthread_attr_init, (pthread_attr_t *attr), (attr), CAN_MEMORY, ENOMEM)
FALLIBLE(int, pthread_attr_setstacksize, (pthread_attr_t *attr, size_t size), (attr, size), CAN_MEMORY, EINVAL)
FALLIBLE(int, pthread_mutex_init, (pthread_mutex_t *mutex, const pthread_mutexattr_t *attr), (mutex, attr), CAN_MEMORY, ENOMEM)
FALLIBLE(int, pthread_cond_init, (pthread_cond_t *cond, const pthread_condattr_t *attr), (cond, attr), CAN_MEMORY, ENOMEM)
FALLIBLE(int, pthread_condattr_init, (pthread_condattr_t *attr), (attr), CAN_MEMORY, ENOMEM)
FALLIBLE(int, nanosleep, (const struct timespec *time, struct timespec *left), (time, left), 0, FAIL(EINTR, -1))

pid_t fault_waitpid(pid_t pid, int *status, int flags);
pid_t
fault_waitpid(pid_t pid, int *status, int flags)
{
	bool fails = fault_now("waitpid", 0);
	pid_t done = waitpid(pid, status, flags);

	return fails && done ? FAIL(ECHILD, -1) : done;		/* as when the program around us has taken it */
}

long fault_syscall(long number, long a, long b);	/* pidfd_open() is all that libkb asks for by number */
long
fault_syscall(long number, long a, long b)
{
	return fault_now("syscall", 0) ? FAIL(ENOSYS, -1) : syscall(number, a, b);
}
