/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "transport/known_hosts.h"

static kb_status
fail_file(struct kb_err *err, kb_status code, const char *path, const char *how)
{
	kbi_fail(err, code, "%s: %s", path, how);
	kbi_err_id(err, "host-key.file");
	return code;
}

static kb_status
check_file(int fd, const char *path, struct stat *st, struct kb_err *err)
{
	if (fstat(fd, st) < 0)
		return fail_file(err, KB_EIO, path, strerror(errno));
	if (!S_ISREG(st->st_mode))
		return fail_file(err, KB_EINVAL, path,
			S_ISDIR(st->st_mode) ? "a folder, where known_hosts is wanted" : "not a plain file");
	if (st->st_size > (off_t)KBI_KNOWN_HOSTS_MAX)
		return fail_file(err, KB_ETOOBIG, path, "larger than any known_hosts");
	return KB_OK;
}

static kb_status
read_all(int fd, const char *path, struct kbi_buf *text, struct kb_err *err)
{
	struct stat st;
	char part[16384];
	ssize_t count;

	kb_status failed = check_file(fd, path, &st, err);
	while (!failed && (count = read(fd, part, sizeof(part))) != 0) {
		if (count < 0 && errno != EINTR)
			return fail_file(err, KB_EIO, path, strerror(errno));
		if (count > 0)
			kbi_buf_add_bytes(text, part, (size_t)count);
		if (kbi_buf_failed(text))	/* it grows while it is read */
			return fail_file(err, kbi_buf_failed(text), path, "larger than any known_hosts");
	}
	return failed;
}

kb_status
kbi_known_hosts_read(const char *path, struct kbi_buf *text, struct kb_err *err)
{
	/* a FIFO must not hold us up */
	int fd = kbi_fd_lift(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));

	if (fd < 0 && errno == ENOENT)
		return KB_OK;
	if (fd < 0)
		return fail_file(err, KB_EIO, path, strerror(errno));
	kb_status failed = read_all(fd, path, text, err);
	kbi_fd_close(&fd);
	return failed;
}

static size_t
count_lines(const struct kbi_buf *text, size_t from)
{
	const char *at = kbi_buf_text(text) + from, *end = kbi_buf_text(text) + text->size_bytes, *line;
	size_t lines = 0, line_bytes;

	while ((at = kbi_str_line(at, end, &line, &line_bytes)))
		lines++;
	return lines;
}

kb_status
kbi_known_files_add(struct kbi_known_files *files, const char *path, struct kb_err *err)
{
	struct kbi_known_file *file = &files->files[files->count];
	size_t from = files->text.size_bytes;

	if (files->count == KBI_KNOWN_FILES_MAX)
		return fail_file(err, KB_EINVAL, path, "more known_hosts files than any ssh would read");
	*file = (struct kbi_known_file){strdup(path), files->lines};
	if (!file->path)
		return kbi_fail_memory(err);
	files->count++;
	files->text.max_bytes = KBI_KNOWN_HOSTS_MAX;
	kb_status failed = kbi_known_hosts_read(path, &files->text, err);
	if (failed)
		return failed;
	/* its last line must not run into the first one of the next file */
	if (files->text.size_bytes > from && files->text.data[files->text.size_bytes - 1] != '\n')
		kbi_buf_add_char(&files->text, '\n');
	files->lines += count_lines(&files->text, from);
	return kbi_buf_failed(&files->text) ? kbi_fail_memory(err) : KB_OK;
}

const char *
kbi_known_files_where(const struct kbi_known_files *files, size_t *line)
{
	size_t at = files->count;

	while (at > 1 && files->files[at - 1].lines_before >= *line)
		at--;
	if (!at)
		return "";
	*line -= files->files[at - 1].lines_before;
	return files->files[at - 1].path;
}

void
kbi_known_files_free(struct kbi_known_files *files)
{
	for (size_t i = 0; i < files->count; i++)
		free(files->files[i].path);
	kbi_buf_free(&files->text);
	*files = (struct kbi_known_files){0};
}

static void
make_folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash && slash > path ? strndup(path, (size_t)(slash - path)) : NULL;

	if (folder)
		mkdir(folder, 0700);	/* what goes wrong shows when the file is opened */
	free(folder);
}

static bool
lacks_newline(int fd, off_t size_bytes)
{
	char last = '\n';

	return size_bytes > 0 && pread(fd, &last, 1, size_bytes - 1) == 1 && last != '\n';
}

static kb_status
write_line(int fd, const char *path, struct kbi_buf *line, struct kb_err *err)
{
	struct stat st;
	kb_status failed = check_file(fd, path, &st, err);

	if (failed)
		return failed;
	const char *data = kbi_buf_text(line);	/* begins with a newline, for a file that does not end in one */
	size_t skip = lacks_newline(fd, st.st_size) ? 0 : 1;
	ssize_t written = write(fd, data + skip, line->size_bytes - skip);
	if (written == (ssize_t)(line->size_bytes - skip))
		return KB_OK;
	return fail_file(err, KB_EIO, path, written < 0 ? strerror(errno) : "no room for a line");
}

kb_status
kbi_known_hosts_add(const char *path, const char *name, const void *key, size_t key_bytes, struct kb_err *err)
{
	struct kbi_buf line = KBI_BUF(KBI_SIZE_TEXT);
	char type[KBI_FINGERPRINT_BYTES];

	make_folder_of(path);
	int fd = kbi_fd_lift(open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600));
	if (fd < 0)
		return fail_file(err, KB_EIO, path, strerror(errno));
	kbi_buf_add_format(&line, "\n%s %s ", name, kbi_key_type_name(key, key_bytes, type));
	kbi_str_base64(&line, key, key_bytes);
	kbi_buf_add_char(&line, '\n');
	kb_status failed = kbi_buf_failed(&line) ? kbi_fail_memory(err) : write_line(fd, path, &line, err);
	kbi_buf_free(&line);
	kbi_fd_close(&fd);
	return failed;
}
