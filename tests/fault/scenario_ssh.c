/* SPDX-License-Identifier: Apache-2.0 */
/* A real sshd on loopback: a login with a key and one probe; and hosts whose key is not the one that is known, to which no login may
 * ever go, whatever fails. */
#include "probed.h"

#include "sshd.h"

static struct sshd sshd;

enum { RIGHT, CHANGED, UNKNOWN, REVOKED, HASHED_REVOKED, PINNED };

static void
write_files(void)
{
	char text[16384];
	char *key = run("cat %s/key_ed25519.pub | tr -d '\\n'", sshd.folder), *own = run("cut -d ' ' -f 1,2 %s/host_ed25519.pub | tr -d '\\n'", sshd.folder);
	const char *name = name_of(&sshd, "127.0.0.1");

	write_known(&sshd, "right", name, "ed25519");
	snprintf(text, sizeof(text), "%s %s\n", name, key);
	write_file(in_folder(&sshd, "changed"), text, strlen(text), 0600);
	write_file(in_folder(&sshd, "unknown"), "other.example ssh-ed25519 AAAA\n", 31, 0600);
	snprintf(text, sizeof(text), "@revoked %s %s\n%s %s\n", name, own, name, own);
	write_file(in_folder(&sshd, "revoked"), text, strlen(text), 0600);
	snprintf(text, sizeof(text), "@revoked %s %s\n", name, own);
	write_file(in_folder(&sshd, "hashed"), text, strlen(text), 0600);
	free(run("ssh-keygen -q -H -f %s/hashed 2>&1; echo '%s %s' >>%s/hashed", sshd.folder, name, own, sshd.folder));
	free(key);
	free(own);
}

static void
begin(void)
{
	sshd.user = getpwuid(geteuid())->pw_name;
	sshd_start(&sshd, "");
	write_files();
}

/* The one thing that matters, as the server saw it. */
static void
end_refused(void)
{
	char *seen = run("grep -c 'userauth-request' %s/log", sshd.folder);

	if (atoi(seen) != 0) {
		printf("a login went to a host that is not the right one: see userauth-request in the log of sshd\n");
		exit(1);
	}
	free(seen);
	sshd_stop(&sshd);
}

static void
end(void)
{
	sshd_stop(&sshd);
}

static bool
set_host(struct made *made, int which)
{
	static const char *const files[] = {"right", "changed", "unknown", "revoked", "hashed", "right"};
	const char *const settings[][2] = {
		{"user", sshd.user}, {"identity", in_folder(&sshd, "key_ed25519")}, {"known_hosts", in_folder(&sshd, files[which])}, {"become", "none"},
		{"host_key", which == PINNED ? "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" : NULL},
	};

	for (size_t i = 0; i < COUNT(settings); i++)
		if (settings[i][1] && kb_host_set(made->host, settings[i][0], settings[i][1]))
			return false;
	return true;
}

static bool
make(struct made *made, int which)
{
	char uri[64];

	snprintf(uri, sizeof(uri), "ssh://127.0.0.1:%d", sshd.port);
	return make_probed(made, uri) && set_host(made, which);
}

/* From here on the host is asked again: with the right key it answers, with a wrong one it is not trusted. */
static void
must_go_on(struct made *made, const struct scenario *scenario)
{
	set_host(made, scenario->which);
	int status = probe(made), wanted = scenario->which == RIGHT ? KB_OK : KB_ETRUST;

	if (status != wanted)
		fault_wrong("the second time it ended with %s", kb_err_name(status));
}

static int
play(const struct scenario *scenario)
{
	struct made made;
	int status;

	fault_begin();
	if (!make(&made, scenario->which))
		status = made.kb ? fault_code(made.kb) : NO_HANDLE;
	else
		status = probe(&made);
	if (scenario->which != RIGHT && status == KB_ETRUST)
		status = KB_OK;		/* the right result */
	else if (scenario->which != RIGHT && status == KB_OK)
		fault_wrong("a host with the wrong key was asked");
	if (status && made.step && made.host && !fault_goes_on())
		must_go_on(&made, scenario);
	free_made(&made);
	return status;
}

const struct scenario fault_ssh[] = {
	{"ssh.login", begin, play, end, RIGHT, 0},
	{"trust.changed", begin, play, end_refused, CHANGED, 0},
	{"trust.unknown", begin, play, end_refused, UNKNOWN, 0},
	{"trust.revoked", begin, play, end_refused, REVOKED, 0},
	{"trust.hashed-revoked", begin, play, end_refused, HASHED_REVOKED, 0},
	{"trust.pinned", begin, play, end_refused, PINNED, 0},
	{0},
};
