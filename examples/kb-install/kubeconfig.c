/* SPDX-License-Identifier: Apache-2.0 */
#include "kubeconfig.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIZE_MAX_BYTES ((size_t)1 << 20)

static int
fail(const char *path, const char *what)
{
	fprintf(stderr, "kb-install: %s: %s\n", path, what);
	return EXIT_FAILED;
}

/* The file, with a NUL behind it; NULL with errno when it can't be read. */
static char *
read_file(const char *path, size_t *size_bytes, mode_t *mode)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat stat;
	ssize_t got = -1;

	if (fd < 0)
		return NULL;
	char *data = fstat(fd, &stat) == 0 && S_ISREG(stat.st_mode) && (size_t)stat.st_size <= SIZE_MAX_BYTES
		? calloc(1, (size_t)stat.st_size + 1) : NULL;
	if (data)
		got = read(fd, data, (size_t)stat.st_size);
	int number = data ? errno : EFBIG;
	close(fd);
	if (got < 0) {
		free(data);
		errno = number;
		return NULL;
	}
	*size_bytes = (size_t)got;
	*mode = stat.st_mode & 07777;
	return data;
}

/* The value of the first `server:` in a kubeconfig, whose length is set; NULL when there is none. */
static const char *
server_of(const char *text, size_t *length)
{
	const char *at = strstr(text, "server: ");

	if (!at)
		return NULL;
	at += strlen("server: ");
	*length = strcspn(at, " \r\n");
	return at;
}

static bool
is_same_server(const char *a, const char *b)
{
	size_t a_length, b_length;
	const char *one = server_of(a, &a_length), *two = server_of(b, &b_length);

	return one && two && a_length == b_length && memcmp(one, two, a_length) == 0;
}

static bool
write_all(int fd, const char *data, size_t size_bytes)
{
	while (size_bytes) {
		ssize_t put = write(fd, data, size_bytes);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return false;
		data += put;
		size_bytes -= (size_t)put;
	}
	return fsync(fd) == 0;
}

static int
replace_file(const char *path, const char *data, size_t size_bytes)
{
	size_t room = strlen(path) + sizeof(".XXXXXX");
	char *part = malloc(room);

	if (!part)
		return fail(path, "out of memory");
	snprintf(part, room, "%s.XXXXXX", path);
	int fd = mkstemp(part);		/* 0600 */
	bool is_good = fd >= 0 && write_all(fd, data, size_bytes);
	int number = errno;
	if (fd >= 0 && close(fd))
		is_good = false;
	if (is_good && rename(part, path)) {
		number = errno;
		is_good = false;
	}
	if (!is_good && fd >= 0)
		unlink(part);
	free(part);
	return is_good ? EXIT_DONE : fail(path, strerror(number));
}

static int
save(const char *path, const char *data, size_t size_bytes, bool is_quiet)
{
	size_t old_bytes = 0;
	mode_t mode = 0;
	char *old = read_file(path, &old_bytes, &mode);

	if (!old && errno != ENOENT)
		return fail(path, strerror(errno));
	bool is_same = old && old_bytes == size_bytes && memcmp(old, data, size_bytes) == 0;
	bool is_other = old && old_bytes && !is_same_server(old, data);
	free(old);
	if (is_other)
		return fail(path, "it names another API server than this cluster's, and was left alone (--kubeconfig FILE chooses another file)");
	if (is_same && (mode & 077) == 0)
		return EXIT_DONE;
	int status = replace_file(path, data, size_bytes);
	if (status == EXIT_DONE && !is_quiet)
		printf("kubeconfig written to %s\n", path);
	return status;
}

static kb_bytes *
find_output(const kb_plan *plan)
{
	for (size_t i = 0; i < kb_plan_task_count(plan); i++) {
		kb_task *task = kb_plan_task(plan, i);
		if (strcmp(kb_task_step(task), "kubeconfig.install") == 0)
			return kb_task_output(task, "kubeconfig");
	}
	return NULL;
}

/* Beside the description unless it was said otherwise. The caller frees it. */
static char *
choose_path(const struct args *args)
{
	const char *slash = strrchr(args->cluster, '/');
	int folder = slash ? (int)(slash - args->cluster) + 1 : 0;
	size_t room = (size_t)folder + sizeof("kubeconfig");

	if (args->kubeconfig)
		return strdup(args->kubeconfig);
	char *path = malloc(room);
	if (path)
		snprintf(path, room, "%.*skubeconfig", folder, args->cluster);
	return path;
}

int
kubeconfig_save(const kb_plan *plan, const struct args *args)
{
	kb_bytes *bytes = find_output(plan);

	if (!bytes)		/* the step was left out */
		return EXIT_DONE;
	char *path = choose_path(args);
	int status = path ? save(path, kb_bytes_data(bytes), kb_bytes_size(bytes), args->is_json) : fail("kubeconfig", "out of memory");
	free(path);
	kb_bytes_free(bytes);
	return status;
}
