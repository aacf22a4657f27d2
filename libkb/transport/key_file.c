/* SPDX-License-Identifier: Apache-2.0 */
/* The file of a private key: opened, looked at, read. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "transport/key_parts.h"

static const struct open_error {
	int number;
	const char *id;
} open_errors[] = {{ENOENT, "key.missing"}, {ENOTDIR, "key.missing"}, {ENXIO, "key.not-a-file"}};

static kb_status
refuse_to_open(const char *path, int number, struct kb_err *err)
{
	const char *id = "key.unreadable";

	for (size_t i = 0; i < sizeof(open_errors) / sizeof(open_errors[0]); i++)
		if (open_errors[i].number == number)
			id = open_errors[i].id;
	return kbi_key_fail(err, KB_EIO, id, "%s: %s", path, strerror(number));
}

static kb_status
check_file(int fd, const char *path, struct stat *st, struct kb_err *err)
{
	if (fstat(fd, st) < 0)
		return refuse_to_open(path, errno, err);
	if (!S_ISREG(st->st_mode))
		return kbi_key_fail(err, KB_EINVAL, "key.not-a-file", "%s: %s, where a private key is wanted", path,
			S_ISDIR(st->st_mode) ? "a folder" : "not a plain file");
	return st->st_size > (off_t)KBI_KEY_MAX ? kbi_key_refuse_size(path, (long long)st->st_size, err) : KB_OK;
}

int
kbi_key_open(const char *path, struct stat *st, struct kb_err *err)
{
	int fd = kbi_fd_lift(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));

	if (fd < 0)
		refuse_to_open(path, errno, err);
	else if (check_file(fd, path, st, err))
		kbi_fd_close(&fd);
	return fd;
}

/* As sshkey_perm_ok() of OpenSSH: whoever else can read it can log in. Another owner's file is that owner's care. */
kb_status
kbi_key_check_mode(const char *path, const struct stat *st, struct kb_err *err)
{
	if (st->st_uid != getuid() || !(st->st_mode & 077))
		return KB_OK;
	kbi_key_fail(err, KB_EINVAL, "key.mode", "%s: its mode is %04o: others may read this private key", path,
		(unsigned)(st->st_mode & 07777));
	kbi_err_fix(err, "chmod 600 %s", path);
	return KB_EINVAL;
}

kb_status
kbi_key_read(int fd, const char *path, struct kbi_buf *data, struct kb_err *err)
{
	char part[4096];
	ssize_t count;

	while ((count = read(fd, part, sizeof(part))) != 0) {
		if (count < 0 && errno != EINTR)
			return refuse_to_open(path, errno, err);
		if (count > 0)
			kbi_buf_add_bytes(data, part, (size_t)count);
	}
	kbi_wipe(part, sizeof(part));
	kb_status failed = kbi_buf_failed(data);
	if (failed == KB_ETOOBIG)	/* it grew while it was read */
		return kbi_key_refuse_size(path, (long long)KBI_KEY_MAX + 1, err);
	return failed ? kbi_fail_memory(err) : KB_OK;
}

static kb_status
parse_file(struct kbi_key *key, int fd, const char *path, const struct stat *st, const struct kbi_key_way *way,
	struct kb_err *err)
{
	struct kbi_buf data = {.max_bytes = KBI_KEY_MAX, .secret = true};
	kb_status failed = kbi_key_read(fd, path, &data, err);

	if (!failed)
		failed = kbi_key_parse(key, path, kbi_buf_text(&data), data.size_bytes, way, err);
	kbi_buf_free(&data);
	bool is_key = !failed || failed == KB_EAUTH;	/* a public key is called one, whatever its mode */
	if (is_key && kbi_key_check_mode(path, st, err)) {
		kbi_key_free(key);
		failed = KB_EINVAL;
	}
	return failed;
}

kb_status
kbi_key_load(struct kbi_key *key, const char *path, const struct kbi_key_way *way, struct kb_err *err)
{
	struct stat st;
	int fd = kbi_key_open(path, &st, err);

	*key = (struct kbi_key){0};
	if (fd < 0)
		return err->code;
	kb_status failed = parse_file(key, fd, path, &st, way, err);
	kbi_fd_close(&fd);
	return failed;
}
