/* SPDX-License-Identifier: Apache-2.0 */
/* A real sshd for a group of tests: started once, stopped with all its children, never on an address but
 * loopback. */
#ifndef KB_TEST_SSHD_H
#define KB_TEST_SSHD_H

#include "port.h"
#include "talk.h"

#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* libssh2 1.10 forgets some 60 bytes of a key exchange that is broken off (its src/kex.c frees them only at
 * the end of one). */
const char *__lsan_default_suppressions(void);
const char *
__lsan_default_suppressions(void)
{
	return "leak:libssh2.so";
}

const char *__lsan_default_options(void);
const char *
__lsan_default_options(void)
{
	return "print_suppressions=0";
}

struct sshd {
	struct kbi_loop *loop;
	char *folder;
	int port;
	pid_t pid;
	const char *user;	/* who runs the tests */
	const char *missing;	/* why there is none */
};

static inline bool
answers(int port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((uint16_t)port),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool is = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;

	close(fd);
	return is;
}

/* A path in the folder; one of a few buffers, so that some can be used at once. */
static inline const char *
in_folder(const struct sshd *sshd, const char *name)
{
	static char paths[8][256];
	static unsigned next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof(paths[0]), "%.64s/%.128s", sshd->folder, name);
	return path;
}

static inline char *
read_all(const char *path)
{
	return run("cat %s 2>/dev/null", path);
}

static inline void
sshd_start(struct sshd *sshd, const char *more)
{
	char port[16];

	sshd->folder = make_folder();
	sshd->port = free_port();
	snprintf(port, sizeof(port), "%d", sshd->port);
	write_file(in_folder(sshd, "sshd_config.more"), more, strlen(more), 0644);
	sshd->pid = fork();
	if (sshd->pid == 0) {
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);	/* a test that is killed leaves nothing running */
		int nowhere = open("/dev/null", O_RDWR);	/* who runs the test waits until nobody holds its output */
		dup2(nowhere, STDOUT_FILENO);
		dup2(nowhere, STDERR_FILENO);
		execl("/bin/sh", "sh", TEST_SSHD, sshd->folder, port, (char *)NULL);
		_exit(127);
	}
	for (int i = 0; i < 300 && !answers(sshd->port); i++) {
		if (waitpid(sshd->pid, NULL, WNOHANG) > 0)
			fail_msg("sshd did not start; see %s/log", sshd->folder);
		usleep(50000);
	}
}

static inline void
sshd_stop(struct sshd *sshd)
{
	if (sshd->pid > 0) {
		kill(sshd->pid, SIGTERM);
		waitpid(sshd->pid, NULL, 0);
		kill(-sshd->pid, SIGKILL);
	}
	if (sshd->folder)
		remove_folder(sshd->folder);
	sshd->folder = NULL;
}

static inline int
sshd_group(void **state)
{
	static struct sshd sshd;

	*state = &sshd;
	sshd.loop = kbi_loop_new();
	sshd.user = getpwuid(geteuid())->pw_name;
	if (access("/usr/sbin/sshd", X_OK) != 0)
		sshd.missing = "sshd is not installed (Debian: openssh-server)";
	else if (geteuid() == 0 && system("unshare -m true 2>/dev/null") != 0)
		sshd.missing = "no mount namespaces here";
	else
		sshd_start(&sshd, "");
	return 0;
}

static inline int
sshd_ungroup(void **state)
{
	struct sshd *sshd = *state;

	sshd_stop(sshd);
	kbi_loop_free(sshd->loop);
	return 0;
}

/* Begins each test: skips it, by name and reason, where there is no sshd. */
static inline struct sshd *
need_sshd(void **state)
{
	struct sshd *sshd = *state;

	if (sshd->missing) {
		print_message("skipped: %s\n", sshd->missing);
		skip();
	}
	return sshd;
}

/* known_hosts with the key of that type for that name; NULL is every type. */
static inline void
write_known(const struct sshd *sshd, const char *file, const char *name, const char *type)
{
	char *lines = type ? run("sed 's|^|%s |' %s/host_%s.pub", name, sshd->folder, type)
			   : run("sed 's|^|%s |' %s/host_*.pub", name, sshd->folder);

	write_file(in_folder(sshd, file), lines, strlen(lines), 0600);
	free(lines);
}

static inline const char *
name_of(const struct sshd *sshd, const char *address)
{
	static char name[128];

	snprintf(name, sizeof(name), "[%s]:%d", address, sshd->port);
	return name;
}

/* A talk that would work: each test changes one thing. */
static inline struct talk
ssh_talk(const struct sshd *sshd, const char *user)
{
	struct talk talk = {.loop = sshd->loop};
	char port[16];

	snprintf(port, sizeof(port), "%d", sshd->port);
	kbi_map_set(&talk.settings, "address", "127.0.0.1");
	kbi_map_set(&talk.settings, "port", port);
	kbi_map_set(&talk.settings, "user", user);
	kbi_map_set(&talk.settings, "identity", in_folder(sshd, "key_ed25519"));
	write_known(sshd, "known_hosts", name_of(sshd, "127.0.0.1"), NULL);
	kbi_map_set(&talk.settings, "known_hosts", in_folder(sshd, "known_hosts"));
	return talk;
}

static inline const struct kb_err *
talk_error(struct talk *talk)
{
	if (talk_is_ready(talk))
		fail_msg("it is ready");
	return talk->session ? kbi_session_err(talk->session) : &talk->err;
}

static inline bool
has_evidence(const struct kb_err *err, const char *text)
{
	for (size_t i = 0; i < kb_err_evidence_count(err); i++)
		if (strstr(kb_err_evidence(err, i), text))
			return true;
	return false;
}

static inline void
check_error(struct talk *talk, kb_status code, const char *id)
{
	const struct kb_err *err = talk_error(talk);

	if (err->code == code && strcmp(kb_err_id(err), id) == 0) {
		assert_string_equal(kb_err_host(err), "node-1");
		assert_null(strchr(kb_err_cause(err), '\n'));
		return;
	}
	for (size_t i = 0; i < kb_err_evidence_count(err); i++)
		print_message("evidence: %s\n", kb_err_evidence(err, i));
	fail_msg("%s %s, wanted %s %s: %s", kb_err_name(err->code), kb_err_id(err), kb_err_name(code), id,
		kb_err_cause(err));
}

#endif
