/* SPDX-License-Identifier: Apache-2.0 */
/* Every way in, and every way in which there is none: login shells, rc files, sudo. Each with a real user of
 * a real sshd. */
#include "sshd.h"

#define PASSWORD "correct-horse"

static struct sshd *
need_users(void **state)
{
	struct sshd *sshd = need_sshd(state);

	if (geteuid() != 0) {
		print_message("skipped: only root can make users\n");
		skip();
	}
	if (access("/usr/bin/sudo", X_OK) != 0) {
		print_message("skipped: sudo is not installed\n");
		skip();
	}
	return sshd;
}

static struct talk
login(const struct sshd *sshd, const char *user, const char *password)
{
	struct talk talk = ssh_talk(sshd, user);

	if (password)
		kbi_map_set_secret(&talk.settings, "sudo_password", password, strlen(password));
	return talk;
}

/* Whoever logs in: the shell behind is the same. */
static void
check_root(const struct sshd *sshd, const char *user, const char *password)
{
	static const char script[] =
		"echo \"$(id -u) $prelude $LC_ALL ${LANG-none} ${HISTFILE-none} $(umask) $(pwd) $0\" >&3\n"
		"echo log; tty >&2; exit 3\n";
	struct talk talk = login(sshd, user, password);

	print_message("%s\n", user);
	talk_start(&talk, "ssh", "prelude=there", PATIENCE_MS);
	talk_must_be_ready(&talk);
	check_ask(&talk, script, "0 there C none none 0022 / /bin/sh\n", "log\nnot a tty\n", 3);
	struct reply reply = {0};
	assert_int_equal(send_script(&talk, &reply, "cat >&3", "input\0bytes", 11, PATIENCE_MS), KB_OK);
	wait_reply(&talk, &reply);
	assert_int_equal(reply.facts_bytes, 11);
	assert_memory_equal(reply.facts, "input\0bytes", 11);
	reply_free(&reply);
	talk_end(&talk);
}

static void
check_refused(const struct sshd *sshd, const char *user, const char *password, int64_t timeout_ms,
	kb_status code, const char *id, const char *evidence)
{
	struct talk talk = login(sshd, user, password);
	int64_t start_ms = kbi_clock_ms();

	print_message("%s\n", user);
	talk_start(&talk, "ssh", NULL, timeout_ms);
	check_error(&talk, code, id);
	assert_true(kbi_clock_ms() - start_ms < timeout_ms + 2000);
	if (evidence)
		assert_true(has_evidence(talk_error(&talk), evidence));
	if (password)
		assert_false(has_evidence(talk_error(&talk), password));
	talk_end(&talk);
}

static void
root_needs_no_sudo(void **state)
{
	check_root(need_users(state), "root", NULL);
}

static void
every_login_shell_leads_to_the_same_shell(void **state)
{
	struct sshd *sshd = need_users(state);
	static const char *const shells[] = {"bash", "dash", "zsh", "fish", "tcsh"};

	for (size_t i = 0; i < COUNT(shells); i++) {
		char *there = run("command -v %s", shells[i]), user[32];
		snprintf(user, sizeof(user), "kb-%s", shells[i]);
		if (*there)
			check_root(sshd, user, NULL);
		else
			print_message("skipped: %s is not installed\n", shells[i]);
		free(there);
	}
}

/* With a password at hand and no need for it, it is never sent. */
static void
every_login_shell_takes_the_longer_command_too(void **state)
{
	struct sshd *sshd = need_users(state);
	static const char *const shells[] = {"bash", "dash", "zsh", "fish", "tcsh"};

	for (size_t i = 0; i < COUNT(shells); i++) {
		char *there = run("command -v %s", shells[i]), user[32];
		snprintf(user, sizeof(user), "kb-%s", shells[i]);
		if (*there)
			check_root(sshd, user, "never-sent");
		free(there);
	}
}

static void
sudo_takes_the_password_once(void **state)
{
	struct sshd *sshd = need_users(state);

	check_root(sshd, "kb-password", PASSWORD);
	check_root(sshd, "kb-tracedpw", PASSWORD);	/* traces its commands, the prompt's text among them */
}

static void
a_pseudo_terminal_of_sudo_does_no_harm(void **state)
{
	struct sshd *sshd = need_users(state);
	struct talk talk = login(sshd, "kb-pty", NULL);

	talk_start(&talk, "ssh", NULL, PATIENCE_MS);
	talk_must_be_ready(&talk);
	check_ask(&talk, "printf 'a\\nb\\n' >&3; echo log", "a\nb\n", "log\n", 0);
	talk_end(&talk);
}

static void
sudo_with_a_password_and_a_pseudo_terminal_or_without_a_memory(void **state)
{
	struct sshd *sshd = need_users(state);

	check_root(sshd, "kb-zero", PASSWORD);
	struct talk talk = login(sshd, "kb-ptypw", PASSWORD);
	talk_start(&talk, "ssh", NULL, PATIENCE_MS);
	talk_must_be_ready(&talk);
	check_ask(&talk, "printf 'a\\nb\\n' >&3; echo log", "a\nb\n", "log\n", 0);
	talk_end(&talk);
}

static void
noise_of_rc_files_is_not_taken_for_an_answer(void **state)
{
	struct sshd *sshd = need_users(state);

	check_root(sshd, "kb-noisy", NULL);
	check_root(sshd, "kb-noisy", "never-sent");
	check_root(sshd, "kb-traced", NULL);
	check_root(sshd, "kb-reads", NULL);
}

static void
rc_files_that_leave_no_shell_are_named(void **state)
{
	struct sshd *sshd = need_users(state);

	check_refused(sshd, "kb-exits", NULL, PATIENCE_MS, KB_EPROTOCOL, "login.ended", "going away");
	check_refused(sshd, "kb-eats", NULL, 1500, KB_ETIMEOUT, "login.no-answer", NULL);
	check_refused(sshd, "kb-eats", PASSWORD, 1500, KB_ETIMEOUT, "login.no-answer", NULL);
}

static void
rc_files_of_other_shells_print_read_or_exit(void **state)
{
	struct sshd *sshd = need_users(state);
	static const char *const shells[] = {"zsh", "fish", "tcsh"};
	char user[32];

	for (size_t i = 0; i < COUNT(shells); i++) {
		char *there = run("command -v %s", shells[i]);
		bool is_there = *there;
		free(there);
		if (!is_there) {
			print_message("skipped: %s is not installed\n", shells[i]);
			continue;
		}
		snprintf(user, sizeof(user), "kb-%s-noisy", shells[i]);
		check_root(sshd, user, NULL);
		check_root(sshd, user, "never-sent");
		snprintf(user, sizeof(user), "kb-%s-reads", shells[i]);
		check_root(sshd, user, NULL);
		if (strcmp(shells[i], "zsh") != 0) {	/* there it ends the rc file alone */
			snprintf(user, sizeof(user), "kb-%s-exits", shells[i]);
			check_root(sshd, user, NULL);
			continue;
		}
		snprintf(user, sizeof(user), "kb-%s-exits", shells[i]);
		check_refused(sshd, user, NULL, PATIENCE_MS, KB_EPROTOCOL, "login.ended", "going away");
	}
}

static void
logins_without_a_usable_shell_are_named(void **state)
{
	struct sshd *sshd = need_users(state);

	check_refused(sshd, "kb-nologin", NULL, PATIENCE_MS, KB_EPRIVILEGE, "login.no-shell", "not available");
	check_refused(
		sshd, "kb-rbash", NULL, PATIENCE_MS, KB_EPRIVILEGE, "login.restricted-shell", "restricted");
	check_refused(sshd, "kb-false", NULL, PATIENCE_MS, KB_EPROTOCOL, "login.ended", NULL);
}

static void
what_sudo_refuses_is_told_apart(void **state)
{
	struct sshd *sshd = need_users(state);

	check_refused(sshd, "kb-password", NULL, PATIENCE_MS, KB_EPRIVILEGE, "privilege.password-required",
		"a password is required");
	check_refused(
		sshd, "kb-stranger", NULL, PATIENCE_MS, KB_EPRIVILEGE, "privilege.password-required", NULL);
	check_refused(sshd, "kb-stranger", PASSWORD, PATIENCE_MS, KB_EPRIVILEGE, "privilege.not-allowed",
		"not in the sudoers file");
	check_refused(sshd, "kb-other", NULL, PATIENCE_MS, KB_EPRIVILEGE, "privilege.password-required", NULL);
	check_refused(sshd, "kb-other", PASSWORD, PATIENCE_MS, KB_EPRIVILEGE, "privilege.not-allowed",
		"not allowed to execute");
	check_refused(sshd, "kb-tty", NULL, PATIENCE_MS, KB_EPRIVILEGE, "privilege.requiretty",
		"you must have a tty");
	check_refused(sshd, "kb-ttypw", PASSWORD, PATIENCE_MS, KB_EPRIVILEGE, "privilege.requiretty",
		"you must have a tty");
}

/* One wrong password is one try: what follows it must never be given as the next. */
static void
a_wrong_sudo_password_is_one_try(void **state)
{
	struct sshd *sshd = need_users(state);

	check_refused(sshd, "kb-password", "wrong-horse", PATIENCE_MS, KB_EPRIVILEGE,
		"privilege.password-wrong", "try again");
}

/* sudo would have the password changed, and asks for it again to that end: it gets it once, and nothing more. That is
 * told when sudo says so, and not when the time is up. */
static void
expired_passwords_and_accounts_are_named(void **state)
{
	struct sshd *sshd = need_users(state);

	int64_t start_ms = kbi_clock_ms();
	check_refused(sshd, "kb-old", PASSWORD, 20000, KB_EPRIVILEGE, "privilege.account-expired", "expired");
	assert_true(kbi_clock_ms() - start_ms < 15000);
	check_root(sshd, "kb-oldfree", NULL);	/* sudo asks for none, and looks at none */
	check_refused(sshd, "kb-gone", PASSWORD, PATIENCE_MS, KB_EAUTH, "auth.refused", NULL);
}

static void
sshd_that_wants_a_new_password_is_named(void **state)
{
	struct sshd pam = *need_users(state);

	sshd_start(&pam, "UsePAM yes\n");
	check_refused(&pam, "kb-oldfree", NULL, PATIENCE_MS, KB_EPRIVILEGE, "login.password-expired", "expired");
	sshd_stop(&pam);
}

static void
another_prompt_in_sudos_place_hears_nothing(void **state)
{
	struct sshd *sshd = need_users(state);

	check_refused(sshd, "kb-asked", PASSWORD, PATIENCE_MS, KB_EPROTOCOL, "login.ended", "Verification code");
	assert_int_equal(access(in_folder(sshd, "home/kb-asked/stolen"), F_OK), -1);
}

/* A login that asks for a password in sudo's place hears nothing. */
static void
only_sudos_own_prompt_is_answered(void **state)
{
	struct sshd *sshd = need_users(state);
	struct talk talk = login(sshd, "kb-liar", PASSWORD);

	talk_start(&talk, "ssh", NULL, PATIENCE_MS);
	talk_must_be_ready(&talk);	/* the liar gave up, and then came sudo */
	talk_end(&talk);
	assert_int_equal(access(in_folder(sshd, "home/kb-liar/stolen"), F_OK), -1);
}

static void
a_user_that_stays_is_only_taken_when_asked_for(void **state)
{
	struct sshd *sshd = need_users(state);
	struct talk talk = login(sshd, "kb-bash", NULL);

	kbi_map_set(&talk.settings, "become", "none");
	talk_start(&talk, "ssh", NULL, PATIENCE_MS);
	talk_must_be_ready(&talk);
	check_ask(&talk, "id -un >&3", "kb-bash\n", "", 0);
	talk_end(&talk);
}

static void
the_password_is_in_no_argument_and_no_environment(void **state)
{
	struct sshd *sshd = need_users(state);
	struct talk talk = login(sshd, "kb-password", PASSWORD);

	talk_start(&talk, "ssh", NULL, PATIENCE_MS);
	talk_must_be_ready(&talk);
	check_ask(&talk,
		"cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n' | grep -c "
		"'correct-hors[e]' >&3",
		"0\n", "", 1);
	talk_end(&talk);
	char *log = run("grep -c " PASSWORD " %s/log", sshd->folder);
	assert_string_equal(log, "0\n");
	free(log);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(root_needs_no_sudo),
		cmocka_unit_test(every_login_shell_leads_to_the_same_shell),
		cmocka_unit_test(every_login_shell_takes_the_longer_command_too),
		cmocka_unit_test(sudo_takes_the_password_once),
		cmocka_unit_test(a_pseudo_terminal_of_sudo_does_no_harm),
		cmocka_unit_test(sudo_with_a_password_and_a_pseudo_terminal_or_without_a_memory),
		cmocka_unit_test(noise_of_rc_files_is_not_taken_for_an_answer),
		cmocka_unit_test(rc_files_that_leave_no_shell_are_named),
		cmocka_unit_test(rc_files_of_other_shells_print_read_or_exit),
		cmocka_unit_test(logins_without_a_usable_shell_are_named),
		cmocka_unit_test(what_sudo_refuses_is_told_apart),
		cmocka_unit_test(a_wrong_sudo_password_is_one_try),
		cmocka_unit_test(expired_passwords_and_accounts_are_named),
		cmocka_unit_test(sshd_that_wants_a_new_password_is_named),
		cmocka_unit_test(another_prompt_in_sudos_place_hears_nothing),
		cmocka_unit_test(only_sudos_own_prompt_is_answered),
		cmocka_unit_test(a_user_that_stays_is_only_taken_when_asked_for),
		cmocka_unit_test(the_password_is_in_no_argument_and_no_environment),
	};

	return cmocka_run_group_tests_name("login", tests, sshd_group, sshd_ungroup);
}
