/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSH's ssh-agent, at FOLDER/agent of a test's sshd. It ends with the test. */
#ifndef KB_TEST_AGENT_PROCESS_H
#define KB_TEST_AGENT_PROCESS_H

#include "sshd.h"

static inline pid_t
agent_start(const struct sshd *sshd)
{
	if (access("/usr/bin/ssh-agent", X_OK) != 0) {
		print_message("skipped: ssh-agent is not installed (Debian: openssh-client)\n");
		skip();
	}
	unlink(in_folder(sshd, "agent"));
	/* a copy, without the set-group-id bit, for which the kernel would forget that it is to die with us */
	free(run("cp /usr/bin/ssh-agent %s/ssh-agent", sshd->folder));
	pid_t pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(open("/dev/null", O_RDWR), STDOUT_FILENO);
		dup2(STDOUT_FILENO, STDERR_FILENO);	/* which whoever runs the test waits to see closed */
		setenv("SSH_ASKPASS", "/bin/false", 1);	/* whoever is asked says no */
		setenv("SSH_ASKPASS_REQUIRE", "force", 1);
		execl(in_folder(sshd, "ssh-agent"), "ssh-agent", "-D", "-a", in_folder(sshd, "agent"), (char *)NULL);
		_exit(127);
	}
	for (int i = 0; i < 200 && access(in_folder(sshd, "agent"), F_OK) != 0; i++)
		usleep(20000);
	return pid;
}

static inline void
agent_stop(pid_t pid)
{
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
}

#endif
