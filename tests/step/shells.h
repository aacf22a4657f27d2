/* SPDX-License-Identifier: Apache-2.0 */
/* Scripts of libkb, run alone by each of the shells that may be a host's /bin/sh. */
#ifndef SHELLS_H
#define SHELLS_H

#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

#include "base/str.h"
#include "steps/scripts.h"

static const char *const shells[] = { "dash", "bash", "busybox" };

static inline bool
is_there(const char *shell)
{
	char path[100];

	snprintf(path, sizeof(path), "/bin/%s", shell);
	return access(path, X_OK) == 0;
}

/* Its facts (descriptor 3) go to out, and with_stdout what it prints, too. first and second are its $1 and $2; NULL: none. Returns the wait status. */
static inline int
run_script(const char *shell, const struct kbi_buf *script, const char *first, const char *second, bool with_stdout, struct kbi_buf *out)
{
	int fds[2], status;
	char piece[4096];
	ssize_t got;

	assert_int_equal(kbi_buf_failed(script), KB_OK);
	assert_int_equal(pipe(fds), 0);
	pid_t pid = fork();
	if (pid == 0) {
		if (with_stdout)
			dup2(fds[1], 1);
		dup2(fds[1], 3);
		if (kbi_str_is(shell, "busybox"))
			execlp(shell, shell, "sh", "-c", kbi_buf_text(script), "sh", first, second, (char *)NULL);
		else
			execlp(shell, shell, "-c", kbi_buf_text(script), "sh", first, second, (char *)NULL);
		_exit(127);
	}
	close(fds[1]);
	while ((got = read(fds[0], piece, sizeof(piece))) > 0)
		kbi_buf_add_bytes(out, piece, (size_t)got);
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

#endif
