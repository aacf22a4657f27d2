/* SPDX-License-Identifier: Apache-2.0 */
/* A few real sshds on loopback, each of them a host of its own to the library. */
#ifndef KB_TEST_HOSTS_H
#define KB_TEST_HOSTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libkb.h>

#include "port.h"

#define HOSTS_MAX 8

struct hosts {
	char folder[64];
	int ports[HOSTS_MAX];
	int count;
	pid_t pid;
	const char *missing;	/* why there are none */
};

static inline int
loopback(int type, struct sockaddr_in *address, int port)
{
	*address = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)port) };
	return socket(AF_INET, type | SOCK_CLOEXEC, 0);
}

static inline void
wait_for_port(int port)
{
	struct sockaddr_in address;
	for (int i = 0; i < 600; i++) {
		int fd = loopback(SOCK_STREAM, &address, port);
		int status = connect(fd, (struct sockaddr *)&address, sizeof(address));
		close(fd);
		if (status == 0)
			return;
		usleep(50000);
	}
	fail_msg("no sshd answers on port %d", port);
}

static inline void
hosts_exec(struct hosts *hosts)
{
	char ports[HOSTS_MAX][16], *argv[HOSTS_MAX + 4] = { "sh", TEST_HOSTS, hosts->folder };
	for (int i = 0; i < hosts->count; i++) {
		snprintf(ports[i], sizeof(ports[i]), "%d", hosts->ports[i]);
		argv[3 + i] = ports[i];
	}
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);	/* a test that is killed leaves nothing running */
	execv("/bin/sh", argv);
	_exit(127);
}

static inline int
hosts_start(void **state)
{
	static struct hosts hosts;
	*state = &hosts;
	if (access("/usr/sbin/sshd", X_OK) != 0)
		hosts.missing = "sshd is not installed (Debian: openssh-server)";
	else if (geteuid() == 0 && system("unshare -m true 2>/dev/null") != 0)
		hosts.missing = "no mount namespaces here";
	if (hosts.missing)
		return 0;
	memcpy(hosts.folder, "/tmp/kb-hosts-XXXXXX", 21);
	if (!mkdtemp(hosts.folder))
		return -1;
	hosts.count = geteuid() == 0 ? HOSTS_MAX : 1;
	for (int i = 0; i < hosts.count; i++)
		hosts.ports[i] = free_port();
	hosts.pid = fork();
	if (hosts.pid == 0)
		hosts_exec(&hosts);
	for (int i = 0; i < hosts.count; i++)
		wait_for_port(hosts.ports[i]);
	return 0;
}

static inline int
hosts_stop(void **state)
{
	struct hosts *hosts = *state;
	char command[128];
	if (hosts->missing)
		return 0;
	kill(-hosts->pid, SIGTERM);
	kill(-hosts->pid, SIGKILL);
	waitpid(hosts->pid, NULL, 0);
	snprintf(command, sizeof(command), "rm -rf -- %s", hosts->folder);
	return system(command);
}

/* Begins each test: skips it, by name and reason, where there are none */
static inline struct hosts *
need_hosts(void **state)
{
	struct hosts *hosts = *state;
	if (hosts->missing) {
		print_message("skipped: %s\n", hosts->missing);
		skip();
	}
	return hosts;
}

/* A host behind that port, which may be a relay's. NULL: no memory */
static inline kb_host *
host_at(const struct hosts *hosts, kb_ctx *kb, int port)
{
	char url[128], name[32], path[128], known[256], line[512] = "";
	snprintf(url, sizeof(url), "ssh://%s@127.0.0.1:%d", getpwuid(geteuid())->pw_name, port);
	snprintf(name, sizeof(name), "far-%d", port);
	kb_host *host = kb_host_new(kb, name, url);
	snprintf(path, sizeof(path), "%s/host.pub", hosts->folder);
	FILE *f = fopen(path, "r");
	if (!f || !fgets(line, sizeof(line), f))
		return NULL;
	fclose(f);
	snprintf(known, sizeof(known), "%s/known.%d.%ld", hosts->folder, port, (long)getpid());
	f = fopen(known, "w");
	fprintf(f, "[127.0.0.1]:%d %s", port, line);
	fclose(f);
	snprintf(path, sizeof(path), "%s/key", hosts->folder);
	if (kb_host_set(host, "identity", path) || kb_host_set(host, "known_hosts", known) || kb_host_set(host, "become", "none"))
		return NULL;
	return host;
}

#endif
