/* SPDX-License-Identifier: Apache-2.0 */
/* The files that a description names and the library itself reads. */
#include "cluster.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

static kb_status
fail_errno(struct kb_err *err, const char *what, int number)
{
	char buf[128];

	return kbi_fail(err, number == ENOMEM ? KB_ENOMEM : KB_EIO, "%s: %s", what, strerror_r(number, buf, sizeof(buf)));
}

static kb_status
read_all(int fd, const char *what, struct kbi_buf *out, struct kb_err *err)
{
	char piece[16384];

	for (;;) {
		ssize_t got = read(fd, piece, sizeof(piece));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail_errno(err, what, errno);
		if (got == 0)
			break;
		kbi_buf_add_bytes(out, piece, (size_t)got);
		if (kbi_buf_failed(out) == KB_ETOOBIG)
			return kbi_fail(err, KB_ETOOBIG, "%s: larger than %zu bytes", what, out->max_bytes);
	}
	if (out->secret)
		kbi_wipe(piece, sizeof(piece));
	return kbi_buf_failed(out) ? kbi_fail_memory(err) : KB_OK;
}

kb_status
kbi_file_read(const char *path, const char *what, struct kbi_buf *out, struct kb_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return fail_errno(err, what, errno);
	kb_status status = read_all(fd, what, out, err);
	close(fd);
	return status;
}

/* The home of the user that runs the program, as OpenSSH takes it: from the password database, since sudo leaves HOME as it likes. */
static char *
home_path(const char *rest)
{
	struct passwd entry, *found = NULL;
	char text[4096];
	struct kbi_buf path = KBI_BUF(KBI_SIZE_TEXT);

	if (getpwuid_r(getuid(), &entry, text, sizeof(text), &found) || !found)
		return NULL;
	kbi_buf_add_format(&path, "%s/%s", entry.pw_dir, rest);
	return kbi_buf_take(&path);
}

char *
kbi_file_absolute(const char *path)
{
	struct kbi_buf whole = KBI_BUF(KBI_SIZE_TEXT);

	if (kbi_str_starts(path, "~/"))
		return home_path(path + 2);
	if (*path == '/')
		return strdup(path);
	char *here = getcwd(NULL, 0);
	if (!here)
		return NULL;
	kbi_buf_add_format(&whole, "%s/%s", here, path);
	free(here);
	return kbi_buf_take(&whole);
}

static kb_status
check_private(int fd, const char *path, struct kb_err *err)
{
	struct stat stat;

	if (fstat(fd, &stat))
		return fail_errno(err, path, errno);
	if ((stat.st_mode & (S_IRWXG | S_IRWXO)) == 0 || !S_ISREG(stat.st_mode))
		return KB_OK;
	kbi_fail(err, KB_EINVAL, "%s: others can read it (mode %04o)", path, (unsigned)stat.st_mode & 07777);
	kbi_err_id(err, "cluster.secret-file-open");
	kbi_err_fix(err, "chmod 600 %s", path);
	return KB_EINVAL;
}

kb_status
kbi_file_secret(const char *path, struct kbi_buf *secret, struct kb_err *err)
{
	char *home = kbi_str_starts(path, "~/") ? home_path(path + 2) : NULL;
	int fd = open(home ? home : path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	free(home);
	if (fd < 0)
		return fail_errno(err, path, errno);
	secret->secret = true;
	kb_status status = check_private(fd, path, err);
	if (!status)
		status = read_all(fd, path, secret, err);
	close(fd);
	if (status)
		return status;
	kbi_buf_truncate(secret, strcspn(kbi_buf_text(secret), "\r\n"));
	if (!secret->size_bytes)
		return kbi_fail(err, KB_EINVAL, "%s: its first line is empty", path);
	return KB_OK;
}
