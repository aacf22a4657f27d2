/* SPDX-License-Identifier: Apache-2.0 */
/* Other ways in, to real sshds on loopback: by a key that an agent holds, named by its file or its fingerprint, by what ssh_config says,
 * through a jump host; and jump hosts, and hosts behind one, whose key is not the one that is known, to which no login may ever go, whatever
 * fails. */
#include "probed.h"

/* sshd.h is in scenario_ssh.c too, where what it says to the leak checker stands */
#define __lsan_default_suppressions way_suppressions
#define __lsan_default_options way_options
#include "sshd.h"

enum { AGENT, FINGERPRINT, CONFIG, JUMP, JUMP_CHANGED, BEHIND_CHANGED };

static struct sshd sshd, jump;
static pid_t agent;
static char *fingerprint;	/* of the key that it holds */

/* The keys of the key's owner, or of somebody else, are known for that server. */
static void
append_known(const struct sshd *of, const char *file, bool is_right)
{
	free(run("sed 's|^|[127.0.0.1]:%d |' %s/%s_ed25519.pub >>%s/%s", of->port, of->folder, is_right ? "host" : "key", sshd.folder, file));
}

static void
write_files(void)
{
	char text[1024];

	append_known(&sshd, "right", true);
	append_known(&sshd, "jump-changed", true);
	append_known(&sshd, "behind-changed", false);
	snprintf(text, sizeof(text), "Host node\nHostName 127.0.0.1\nPort %d\nUser %s\nIdentityFile %s/key_ed25519\nUserKnownHostsFile %s/right\n",
		sshd.port, sshd.user, sshd.folder, sshd.folder);
	write_file(in_folder(&sshd, "config"), text, strlen(text), 0600);
}

static void
begin(void)
{
	sshd.user = getpwuid(geteuid())->pw_name;
	sshd_start(&sshd, "");
	write_files();
}

static void
begin_jump(void)
{
	begin();
	sshd_start(&jump, "");
	append_known(&jump, "right", true);
	append_known(&jump, "jump-changed", false);
	append_known(&jump, "behind-changed", true);
	free(run("cat %s/key_ed25519.pub >>%s/authorized_keys", sshd.folder, jump.folder));
}

/* A copy of the program without its set-group-id bit, for which the kernel would forget that it is to die with us. */
static void
begin_agent(void)
{
	begin();
	free(run("cp /usr/bin/ssh-agent %s/ssh-agent", sshd.folder));
	agent = fork();
	if (agent == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(open("/dev/null", O_RDWR), STDOUT_FILENO);
		dup2(STDOUT_FILENO, STDERR_FILENO);
		execl(in_folder(&sshd, "ssh-agent"), "ssh-agent", "-D", "-a", in_folder(&sshd, "agent"), (char *)NULL);
		_exit(127);
	}
	for (int i = 0; i < 200 && access(in_folder(&sshd, "agent"), F_OK) != 0; i++)
		usleep(20000);
	free(run("cd %s && SSH_AUTH_SOCK=agent ssh-add -q key_ed25519 2>&1 && mv key_ed25519 away", sshd.folder));
	fingerprint = run("ssh-keygen -lf %s/key_ed25519.pub | cut -d ' ' -f 2 | tr -d '\\n'", sshd.folder);
}

static void
end(void)
{
	if (agent > 0) {
		kill(agent, SIGTERM);
		waitpid(agent, NULL, 0);
	}
	agent = 0;
	free(fingerprint);
	fingerprint = NULL;
	sshd_stop(&sshd);
	if (jump.folder)
		sshd_stop(&jump);
}

static int
count_logins(const struct sshd *at)
{
	char *seen = run("grep -c 'userauth-request' %s/log", at->folder);
	int count = atoi(seen);

	free(seen);
	return count;
}

/* The one thing that matters, as the servers saw it. */
static void
end_refused(void)
{
	if (count_logins(&sshd) != 0) {
		printf("a login went to a host that is not the right one: see userauth-request in the log of sshd\n");
		exit(1);
	}
	end();
}

static void
end_jump_refused(void)
{
	if (count_logins(&jump) != 0) {
		printf("a login went to a jump host that is not the right one: see userauth-request in the log of sshd\n");
		exit(1);
	}
	end_refused();
}

struct setting {
	const char *key, *value;
};

static bool
set_all(struct made *made, const struct setting *settings, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (kb_host_set(made->host, settings[i].key, settings[i].value))
			return false;
	return true;
}

static bool
set_host(struct made *made, int which)
{
	char through[64];
	snprintf(through, sizeof(through), "127.0.0.1:%d", jump.port);
	const char *known = which == JUMP_CHANGED ? "jump-changed" : which == BEHIND_CHANGED ? "behind-changed" : "right";
	const struct setting by_agent[] = {{"become", "none"}, {"user", sshd.user}, {"identity", which == AGENT ? in_folder(&sshd, "key_ed25519.pub") : fingerprint},
		{"known_hosts", in_folder(&sshd, known)}, {"agent", in_folder(&sshd, "agent")}};
	const struct setting by_config[] = {{"become", "none"}, {"ssh_config", in_folder(&sshd, "config")}};
	const struct setting by_jump[] = {{"become", "none"}, {"user", sshd.user}, {"identity", in_folder(&sshd, "key_ed25519")},
		{"known_hosts", in_folder(&sshd, known)}, {"jump", through}};

	if (which == CONFIG)
		return set_all(made, by_config, COUNT(by_config));
	return which <= FINGERPRINT ? set_all(made, by_agent, COUNT(by_agent)) : set_all(made, by_jump, COUNT(by_jump));
}

static bool
make(struct made *made, int which)
{
	char uri[64] = "ssh://node";

	if (which != CONFIG)
		snprintf(uri, sizeof(uri), "ssh://127.0.0.1:%d", sshd.port);
	return make_probed(made, uri) && set_host(made, which);
}

/* An agent that was asked for and cannot be reached fails the login, and is named; but when all fails from there on, there is no memory for a name.
 * Nothing else may be told as if it were the login. */
static bool
is_of_agent(const struct made *made)
{
	return made->error_id[0] ? strncmp(made->error_id, "agent.", strlen("agent.")) == 0 : fault_goes_on();
}

static int
play(const struct scenario *scenario)
{
	struct made made;
	int which = scenario->which, wanted = which >= JUMP_CHANGED ? KB_ETRUST : KB_OK;

	fault_begin();
	int status = make(&made, which) ? probe(&made) : made.kb ? fault_code(made.kb) : NO_HANDLE;
	if (status == KB_OK && wanted)
		fault_wrong("a host was asked over a wrong key");
	if (status == wanted || (which <= FINGERPRINT && status == KB_EAUTH && is_of_agent(&made)))
		status = KB_OK;		/* the right result */
	if (status && made.step && made.host && !fault_goes_on()) {
		set_host(&made, which);
		int second = probe(&made);
		if (second != wanted)
			fault_wrong("the second time it ended with %s", kb_err_name(second));
	}
	free_made(&made);
	return status;
}

const struct scenario fault_way[] = {
	{"way.agent", begin_agent, play, end, AGENT, 0},
	{"way.fingerprint", begin_agent, play, end, FINGERPRINT, 0},
	{"way.config", begin, play, end, CONFIG, 0},
	{"way.jump", begin_jump, play, end, JUMP, 0},
	{"way.jump-changed", begin_jump, play, end_jump_refused, JUMP_CHANGED, 0},
	{"way.behind-changed", begin_jump, play, end_refused, BEHIND_CHANGED, 0},
	{0},
};
