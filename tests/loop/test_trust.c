/* SPDX-License-Identifier: Apache-2.0 */
/* Whom the ssh transport trusts, against a real sshd: every kind of host key trouble, and what is written down. */
#include "sshd.h"

static int
count_logins(const struct sshd *sshd)
{
	char *text = run(
		"grep -cE 'userauth-request|userauth_request|Postponed|Failed|Accepted|service_req' %s/log",
		sshd->folder);
	int count = atoi(text);

	free(text);
	return count;
}

/* Whatever is wrong with the host key, nothing of a login may have left us. */
static void
check_distrust(struct sshd *sshd, struct talk *talk, const char *id, const char *evidence)
{
	turn_for(sshd->loop, 100);
	free(run(": >%s/log", sshd->folder));
	talk_start(talk, "ssh", NULL, PATIENCE_MS);
	check_error(talk, KB_ETRUST, id);
	if (evidence && !has_evidence(talk_error(talk), evidence))
		fail_msg("no evidence with \"%s\" in: %s", evidence, kb_err_evidence(talk_error(talk), 0));
	assert_true(has_evidence(talk_error(talk), "SHA256:"));
	talk_end(talk);
	turn_for(sshd->loop, 100);
	char *came = run("grep -c 'Connection from' %s/log", sshd->folder);
	assert_string_equal(came, "1\n");
	assert_int_equal(count_logins(sshd), 0);
	free(came);
}

static void
an_unknown_host_is_refused_before_any_login(void **state)
{
	struct sshd *sshd = need_sshd(state);
	struct talk talk = ssh_talk(sshd, sshd->user);

	write_file(in_folder(sshd, "empty"), "", 0, 0600);
	kbi_map_set(&talk.settings, "known_hosts", in_folder(sshd, "empty"));
	check_distrust(sshd, &talk, "host-key.unknown", "has no ");
	talk = ssh_talk(sshd, sshd->user);
	kbi_map_set(&talk.settings, "known_hosts", in_folder(sshd, "missing"));
	check_distrust(sshd, &talk, "host-key.unknown", "has no ");
	assert_int_equal(access(in_folder(sshd, "missing"), F_OK), -1);
	talk = ssh_talk(sshd, sshd->user);
	write_known(sshd, "elsewhere", "other.example,127.0.0.1", NULL);	/* of port 22 */
	kbi_map_set(&talk.settings, "known_hosts", in_folder(sshd, "elsewhere"));
	check_distrust(sshd, &talk, "host-key.unknown", "has no ");
}

static void
a_changed_host_key_is_refused_before_any_login(void **state)
{
	struct sshd *sshd = need_sshd(state);
	struct talk talk = ssh_talk(sshd, sshd->user);
	char *lines = run("echo '# moved'; sed 's|^|%s |' %s/key_ed25519.pub", name_of(sshd, "127.0.0.1"),
		sshd->folder);
	char line[256];

	write_file(in_folder(sshd, "changed"), lines, strlen(lines), 0600);
	kbi_map_set(&talk.settings, "known_hosts", in_folder(sshd, "changed"));
	snprintf(line, sizeof(line), "%s:2 knows ssh-ed25519 SHA256:", in_folder(sshd, "changed"));
	check_distrust(sshd, &talk, "host-key.changed", line);
	free(lines);
}

static void
a_revoked_host_key_is_refused_even_where_it_is_known(void **state)
{
	struct sshd *sshd = need_sshd(state);
	struct talk talk = ssh_talk(sshd, sshd->user);
	char *lines = run("sed 's|^|%s |' %s/host_*.pub; sed 's|^|@revoked * |' %s/host_*.pub",
		name_of(sshd, "127.0.0.1"), sshd->folder, sshd->folder);

	write_file(in_folder(sshd, "revoked"), lines, strlen(lines), 0600);
	kbi_map_set(&talk.settings, "known_hosts", in_folder(sshd, "revoked"));
	check_distrust(sshd, &talk, "host-key.revoked", "revokes it");
	free(lines);
}

/* The line of the authority, and those of the host's plain keys, which ssh_talk() wrote, where they are asked for. */
static void
write_authority(const struct sshd *sshd, bool has_plain)
{
	char *lines = run("sed 's|^|@cert-authority * |' %s/authority.pub%s%s%s", sshd->folder, has_plain ? "; cat " : "",
		has_plain ? sshd->folder : "", has_plain ? "/known_hosts" : "");

	write_file(in_folder(sshd, "known_authority"), lines, strlen(lines), 0600);
	free(lines);
}

/* sshd has a certificate, as ssh itself shows: it trusts by the authority alone. We know no certificates and say so. */
static void
a_certified_host_is_trusted_by_its_plain_key_or_refused_by_name(void **state)
{
	struct sshd *sshd = need_sshd(state);
	struct talk talk = ssh_talk(sshd, sshd->user);

	write_authority(sshd, false);
	char *said = run("ssh -F none -o BatchMode=yes -o StrictHostKeyChecking=yes -o GlobalKnownHostsFile=none "
			 "-o UserKnownHostsFile=%s/known_authority -i %s/key_ed25519 -p %d 127.0.0.1 echo in 2>&1",
		sshd->folder, sshd->folder, sshd->port);
	assert_string_equal(said, "in\n");
	free(said);
	kbi_map_set(&talk.settings, "known_hosts", in_folder(sshd, "known_authority"));
	kbi_map_set(&talk.settings, "accept_new", "yes");	/* which is not for those who have an authority */
	check_distrust(sshd, &talk, "host-key.cert-authority", "known_authority:1 is a @cert-authority line");
	write_authority(sshd, true);
	talk = ssh_talk(sshd, sshd->user);
	kbi_map_set(&talk.settings, "become", "none");
	kbi_map_set(&talk.settings, "known_hosts", in_folder(sshd, "known_authority"));
	talk_start(&talk, "ssh", NULL, PATIENCE_MS);
	talk_must_be_ready(&talk);
	talk_end(&talk);
}

static void
the_type_that_is_known_is_the_one_that_is_asked_for(void **state)
{
	struct sshd *sshd = need_sshd(state);
	static const char *const types[] = {"ed25519", "ecdsa"};

	for (size_t i = 0; i < COUNT(types); i++) {
		struct talk talk = ssh_talk(sshd, sshd->user);
		write_known(sshd, "one_type", name_of(sshd, "127.0.0.1"), types[i]);
		kbi_map_set(&talk.settings, "become", "none");
		kbi_map_set(&talk.settings, "known_hosts", in_folder(sshd, "one_type"));
		talk_start(&talk, "ssh", NULL, PATIENCE_MS);
		talk_must_be_ready(&talk);
		talk_end(&talk);
	}
}

/* libssh2 1.10 cannot check RSA host keys of today's servers: that is an error which says so, and never trust
 * in another key. */
static void
a_host_known_by_rsa_alone_works_or_is_refused_by_name(void **state)
{
	struct sshd *sshd = need_sshd(state);
	struct talk talk = ssh_talk(sshd, sshd->user);
	char *version = run("pkg-config --modversion libssh2 2>/dev/null || echo unknown");
	bool is_old = strncmp(version, "1.10", 4) == 0 || strncmp(version, "1.9", 3) == 0;

	write_known(sshd, "rsa_only", name_of(sshd, "127.0.0.1"), "rsa");
	kbi_map_set(&talk.settings, "become", "none");
	kbi_map_set(&talk.settings, "accept_new", "yes");
	kbi_map_set(&talk.settings, "known_hosts", in_folder(sshd, "rsa_only"));
	if (is_old) {
		check_distrust(sshd, &talk, "host-key.unknown", "other types of keys for this host: ssh-rsa");
	} else {
		talk_start(&talk, "ssh", NULL, PATIENCE_MS);
		talk_must_be_ready(&talk);
		talk_end(&talk);
	}
	free(version);
}

static void
a_pinned_key_is_trusted_and_nothing_else(void **state)
{
	struct sshd *sshd = need_sshd(state);
	char *pin = run("ssh-keygen -lf %s/host_ed25519.pub | cut -d ' ' -f 2 | tr -d '\\n'", sshd->folder);
	struct talk talk = ssh_talk(sshd, sshd->user);

	kbi_map_set(&talk.settings, "become", "none");
	kbi_map_set(&talk.settings, "known_hosts", "/nowhere");
	kbi_map_set(&talk.settings, "host_key", pin);
	talk_start(&talk, "ssh", NULL, PATIENCE_MS);
	talk_must_be_ready(&talk);
	talk_end(&talk);
	talk = ssh_talk(sshd, sshd->user);	/* whose known_hosts has the host's key */
	pin[10] = pin[10] == 'a' ? 'b' : 'a';
	kbi_map_set(&talk.settings, "host_key", pin);
	check_distrust(sshd, &talk, "host-key.pin-differs", pin);
	static const char *const bad[] = {"SHA256:short", "MD5:00:11", "ssh-ed25519 AAAA",
		"SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA!", "no"};
	for (size_t i = 0; i < COUNT(bad); i++) {
		talk = ssh_talk(sshd, sshd->user);
		kbi_map_set(&talk.settings, "host_key", bad[i]);
		talk_start(&talk, "ssh", NULL, PATIENCE_MS);
		assert_null(talk.session);
		assert_int_equal(talk.err.code, KB_EINVAL);
		talk_end(&talk);
	}
	free(pin);
}

/* A file of one line: NAMES KEYFILE, where %s is the name of the server; NULL: no file. */
static void
write_line(const struct sshd *sshd, const char *file, const char *what)
{
	char text[256];

	unlink(in_folder(sshd, file));
	if (!what)
		return;
	const char *key = strrchr(what, ' ') + 1;
	bool is_ours = what[0] == '%';
	snprintf(text, sizeof(text), "%.*s", (int)(key - what - 1), what);
	char *line = run("sed 's|^|%s |' %s/%s.pub", is_ours ? name_of(sshd, "127.0.0.1") : text, sshd->folder, key);
	write_file(in_folder(sshd, file), line, strlen(line), 0600);
	free(line);
}

static void
several_files_are_one(void **state)
{
	struct sshd *sshd = need_sshd(state);
	static const struct {
		const char *first, *second;	/* what is written before the host's key; NULL: no such file */
		const char *id, *where;		/* NULL: trusted */
	} cases[] = {
		{NULL, "%s host_ed25519", NULL, NULL},
		{"other.example host_ed25519", "%s host_ed25519", NULL, NULL},
		{"%s host_ed25519", NULL, NULL, NULL},
		{"%s key_ed25519", "%s host_ed25519", NULL, NULL},	/* a host may have several keys */
		{"%s host_ed25519", "@revoked * host_ed25519", "host-key.revoked", "known_second:1 revokes it"},
		{"other.example host_ed25519", "%s key_ed25519", "host-key.changed", "known_second:1 knows"},
		{"other.example host_ed25519", NULL, "host-key.unknown", "known_second has no ssh-ed25519 key"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct talk talk = ssh_talk(sshd, sshd->user);
		char both[600];
		write_line(sshd, "known_first", cases[i].first);
		write_line(sshd, "known_second", cases[i].second);
		snprintf(both, sizeof(both), "%s:%s", in_folder(sshd, "known_first"), in_folder(sshd, "known_second"));
		kbi_map_set(&talk.settings, "become", "none");
		kbi_map_set(&talk.settings, "known_hosts", both);
		if (cases[i].id) {
			check_distrust(sshd, &talk, cases[i].id, cases[i].where);
			continue;
		}
		talk_start(&talk, "ssh", NULL, PATIENCE_MS);
		talk_must_be_ready(&talk);
		talk_end(&talk);
	}
}

static void
a_new_host_is_one_line_more_and_no_other_byte_changes(void **state)
{
	static const char old[] = "# mine\r\n\n|1|odd|line\nother.example ssh-ed25519 AAAA", second[] = "# another\n";
	struct sshd *sshd = need_sshd(state);
	struct talk talk = ssh_talk(sshd, sshd->user);
	char both[600], *line = run("cut -d ' ' -f 1,2 %s/host_ed25519.pub", sshd->folder), *is;

	write_file(in_folder(sshd, "known_first"), old, strlen(old), 0644);
	write_file(in_folder(sshd, "known_second"), second, strlen(second), 0644);
	snprintf(both, sizeof(both), "%s:%s", in_folder(sshd, "known_first"), in_folder(sshd, "known_second"));
	kbi_map_set(&talk.settings, "known_hosts", both);
	check_distrust(sshd, &talk, "host-key.unknown", NULL);
	is = read_all(in_folder(sshd, "known_first"));
	assert_string_equal(is, old);		/* nobody asked */
	free(is);
	talk = ssh_talk(sshd, sshd->user);
	kbi_map_set(&talk.settings, "become", "none");
	kbi_map_set(&talk.settings, "known_hosts", both);
	kbi_map_set(&talk.settings, "accept_new", "yes");
	talk_start(&talk, "ssh", NULL, PATIENCE_MS);
	talk_must_be_ready(&talk);
	talk_end(&talk);
	char wanted[1024];
	snprintf(wanted, sizeof(wanted), "%s\n%s %s", old, name_of(sshd, "127.0.0.1"), line);
	is = read_all(in_folder(sshd, "known_first"));
	assert_string_equal(is, wanted);
	free(is);
	is = read_all(in_folder(sshd, "known_second"));
	assert_string_equal(is, second);
	free(is);
	free(line);
}

/* As somebody who may read known_hosts and not write it; the key is given as data, since that one may not read it. */
static void
known_hosts_that_cannot_be_written_is_an_error_and_no_login(void **state)
{
	struct sshd *sshd = need_sshd(state);
	struct talk talk = ssh_talk(sshd, sshd->user);
	char *key = read_all(in_folder(sshd, "key_ed25519"));
	uid_t me = geteuid();

	write_file(in_folder(sshd, "read_only"), "# mine", 6, 0444);
	kbi_map_set(&talk.settings, "known_hosts", in_folder(sshd, "read_only"));
	kbi_map_set(&talk.settings, "accept_new", "yes");
	kbi_map_remove(&talk.settings, "identity");
	kbi_map_set_secret(&talk.settings, "identity_data", key, strlen(key));
	free(run(": >%s/log", sshd->folder));
	if (me == 0)
		assert_int_equal(seteuid(65534), 0);
	talk_start(&talk, "ssh", NULL, PATIENCE_MS);
	bool is_settled = turn_until(sshd->loop, &talk.is_settled, PATIENCE_MS);
	assert_int_equal(seteuid(me), 0);
	assert_true(is_settled);
	check_error(&talk, KB_EIO, "host-key.file");
	assert_non_null(strstr(kb_err_cause(talk_error(&talk)), "read_only: Permission denied"));
	talk_end(&talk);
	assert_int_equal(count_logins(sshd), 0);
	char *is = read_all(in_folder(sshd, "read_only"));
	assert_string_equal(is, "# mine");
	free(is);
	free(key);
}

static void
a_new_host_is_accepted_only_when_asked_and_then_known(void **state)
{
	struct sshd *sshd = need_sshd(state);

	/* without a newline at its end */
	write_file(in_folder(sshd, "grows"), "other.example ssh-ed25519 AAAA", 30, 0644);
	for (int round = 0; round < 2; round++) {
		struct talk talk = ssh_talk(sshd, sshd->user);
		kbi_map_set(&talk.settings, "become", "none");
		kbi_map_set(&talk.settings, "accept_new", round ? "no" : "yes");
		kbi_map_set(&talk.settings, "known_hosts", in_folder(sshd, "grows"));
		talk_start(&talk, "ssh", NULL, PATIENCE_MS);
		talk_must_be_ready(&talk);
		talk_end(&talk);
	}
	char *lines = run("cat %s/grows | wc -l; ssh-keygen -F '%s' -f %s/grows | grep -c ssh-ed25519; stat "
			  "-c %%a %s/grows",
		sshd->folder, name_of(sshd, "127.0.0.1"), sshd->folder, sshd->folder);
	assert_string_equal(lines, "2\n1\n644\n");
	free(lines);
	struct talk talk = ssh_talk(sshd, sshd->user);
	kbi_map_set(&talk.settings, "become", "none");
	kbi_map_set(&talk.settings, "accept_new", "yes");
	kbi_map_set(&talk.settings, "known_hosts", in_folder(sshd, "made/known_hosts"));
	talk_start(&talk, "ssh", NULL, PATIENCE_MS);
	talk_must_be_ready(&talk);
	char *modes = run("stat -c %%a %s/made %s/made/known_hosts", sshd->folder, sshd->folder);
	assert_string_equal(modes, "700\n600\n");
	free(modes);
	talk_end(&talk);
	/* accept_new is for new hosts: not for one whose key has changed */
	talk = ssh_talk(sshd, sshd->user);
	char *changed = run("sed 's|^|%s |' %s/key_ed25519.pub", name_of(sshd, "127.0.0.1"), sshd->folder);
	write_file(in_folder(sshd, "changed"), changed, strlen(changed), 0600);
	kbi_map_set(&talk.settings, "accept_new", "yes");
	kbi_map_set(&talk.settings, "known_hosts", in_folder(sshd, "changed"));
	check_distrust(sshd, &talk, "host-key.changed", NULL);
	free(changed);
}

static void
known_hosts_that_cannot_be_read_is_an_error_and_never_trust(void **state)
{
	struct sshd *sshd = need_sshd(state);
	static const struct {
		const char *make;
		kb_status code;
	} files[] = {
		{"mkdir %s/odd", KB_EINVAL},
		{"mkfifo %s/odd", KB_EINVAL},
		{"ln -s odd %s/odd", KB_EIO},
		{"truncate -s 1G %s/odd", KB_ETOOBIG},
		{"ln -s /dev/zero %s/odd", KB_EINVAL},
	};

	for (size_t i = 0; i < COUNT(files); i++) {
		struct talk talk = ssh_talk(sshd, sshd->user);
		free(run(files[i].make, sshd->folder));
		kbi_map_set(&talk.settings, "accept_new", "yes");
		kbi_map_set(&talk.settings, "known_hosts", in_folder(sshd, "odd"));
		talk_start(&talk, "ssh", NULL, PATIENCE_MS);
		assert_null(talk.session);
		assert_int_equal(talk.err.code, files[i].code);
		assert_string_equal(kb_err_id(&talk.err), "host-key.file");
		talk_end(&talk);
		free(run("rm -rf %s/odd", sshd->folder));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_unknown_host_is_refused_before_any_login),
		cmocka_unit_test(a_changed_host_key_is_refused_before_any_login),
		cmocka_unit_test(a_revoked_host_key_is_refused_even_where_it_is_known),
		cmocka_unit_test(a_certified_host_is_trusted_by_its_plain_key_or_refused_by_name),
		cmocka_unit_test(the_type_that_is_known_is_the_one_that_is_asked_for),
		cmocka_unit_test(a_host_known_by_rsa_alone_works_or_is_refused_by_name),
		cmocka_unit_test(a_pinned_key_is_trusted_and_nothing_else),
		cmocka_unit_test(several_files_are_one),
		cmocka_unit_test(a_new_host_is_one_line_more_and_no_other_byte_changes),
		cmocka_unit_test(known_hosts_that_cannot_be_written_is_an_error_and_no_login),
		cmocka_unit_test(a_new_host_is_accepted_only_when_asked_and_then_known),
		cmocka_unit_test(known_hosts_that_cannot_be_read_is_an_error_and_never_trust),
	};

	return cmocka_run_group_tests_name("trust", tests, sshd_group, sshd_ungroup);
}
