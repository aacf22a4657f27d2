/* SPDX-License-Identifier: Apache-2.0 */
/* Keyboard-interactive logins: prompts of every shape against a server that is not OpenSSH (asyncssh), and those
 * of PAM behind a real sshd. */
#include "sshd.h"

#define PASSWORD "correct-horse"

static struct peer {
	pid_t pid;
	char port[16];
} peer;

static bool
has_asyncssh(void)
{
	char *there = run("/usr/bin/python3 -W ignore -c 'import asyncssh; print(1)' 2>/dev/null");
	bool is = *there == '1';

	free(there);
	return is;
}

static struct sshd *
need_peer(void **state)
{
	struct sshd *sshd = need_sshd(state);

	if (!peer.pid && !has_asyncssh()) {
		print_message("skipped: no asyncssh (Debian: python3-asyncssh)\n");
		skip();
	}
	if (peer.pid)
		return sshd;
	peer.pid = fork();
	if (peer.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl("/usr/bin/python3", "python3", TEST_PROMPTS, sshd->folder, (char *)NULL);
		_exit(127);
	}
	for (int i = 0; i < 600 && access(in_folder(sshd, "prompts.port"), F_OK) != 0; i++)
		usleep(50000);
	char *port = read_all(in_folder(sshd, "prompts.port"));
	assert_true(atoi(port) > 0);
	snprintf(peer.port, sizeof(peer.port), "%d", atoi(port));
	free(port);
	return sshd;
}

static int
end_peer(void **state)
{
	if (peer.pid > 0) {
		kill(peer.pid, SIGKILL);
		waitpid(peer.pid, NULL, 0);
	}
	return sshd_ungroup(state);
}

/* Secrets that are NULL are not given. */
static struct talk
prompt_talk(const struct sshd *sshd, const char *user, const char *password, const char *answers)
{
	struct talk talk = ssh_talk(sshd, user);
	char name[64];

	kbi_map_set(&talk.settings, "port", peer.port);
	kbi_map_set(&talk.settings, "become", "none");
	kbi_map_remove(&talk.settings, "identity");
	snprintf(name, sizeof(name), "[127.0.0.1]:%s", peer.port);
	write_known(sshd, "known_prompts", name, "ed25519");
	kbi_map_set(&talk.settings, "known_hosts", in_folder(sshd, "known_prompts"));
	if (password)
		kbi_map_set_secret(&talk.settings, "password", password, strlen(password));
	if (answers)
		kbi_map_set_secret(&talk.settings, "answers", answers, strlen(answers));
	free(run(": >%s/prompts.log", sshd->folder));
	return talk;
}

static void
check_log(const struct sshd *sshd, const char *wanted)
{
	char *log = read_all(in_folder(sshd, "prompts.log"));

	assert_string_equal(log, wanted);
	free(log);
}

static void
check_in(const struct sshd *sshd, const char *user, const char *password, const char *answers, const char *log)
{
	struct talk talk = prompt_talk(sshd, user, password, answers);

	print_message("%s\n", user);
	talk_start(&talk, "ssh", NULL, PATIENCE_MS);
	talk_must_be_ready(&talk);
	check_ask(&talk, "echo fact >&3", "fact\n", "", 0);
	talk_end(&talk);
	check_log(sshd, log);
}

static void
check_out(const struct sshd *sshd, const char *user, const char *password, const char *answers, const char *id,
	const char *evidence, const char *log)
{
	struct talk talk = prompt_talk(sshd, user, password, answers);

	print_message("%s\n", user);
	talk_start(&talk, "ssh", NULL, PATIENCE_MS);
	check_error(&talk, KB_EAUTH, id);
	if (evidence)
		assert_true(has_evidence(talk_error(&talk), evidence));
	assert_false(has_evidence(talk_error(&talk), "horse"));
	talk_end(&talk);
	check_log(sshd, log);
}

static void
the_password_answers_one_prompt_that_hides(void **state)
{
	struct sshd *sshd = need_peer(state);

	check_in(sshd, "one", PASSWORD, NULL, "connection\ntold one ['" PASSWORD "']\n");
}

static void
a_wrong_password_is_told_once(void **state)
{
	struct sshd *sshd = need_peer(state);

	check_out(sshd, "one", "wrong-horse", NULL, "auth.refused", "the host takes: keyboard-interactive",
		"connection\ntold one ['wrong-horse']\n");
}

static void
answers_are_given_in_the_order_of_the_prompts(void **state)
{
	struct sshd *sshd = need_peer(state);

	check_in(sshd, "two", NULL, PASSWORD "\n123456\n", "connection\ntold two ['" PASSWORD "', '123456']\n");
	check_in(sshd, "shown", "never-sent", "me", "connection\ntold shown ['me']\n");
	check_in(sshd, "rounds", NULL, PASSWORD "\nme\n\n",
		"connection\ntold rounds ['" PASSWORD "']\ntold rounds []\ntold rounds ['me', '']\n");
}

/* Nothing is sent where something is missing, not even what there is. */
static void
prompts_without_an_answer_are_shown_and_told_nothing(void **state)
{
	struct sshd *sshd = need_peer(state);

	check_out(sshd, "two", PASSWORD, NULL, "auth.prompts", "it asks: Code: ", "connection\n");
	check_out(sshd, "shown", PASSWORD, NULL, "auth.prompts", "it asks: Name: ", "connection\n");
	check_out(sshd, "two", NULL, PASSWORD, "auth.prompts", "it asks: Password: ", "connection\n");
	check_out(sshd, "rounds", NULL, PASSWORD, "auth.prompts", "it asks: Name: ",
		"connection\ntold rounds ['" PASSWORD "']\ntold rounds []\n");
	check_out(sshd, "foul", PASSWORD, NULL, "auth.prompts", "\\x1b]0;owned", "connection\n");
}

static void
a_password_is_not_tried_by_two_methods(void **state)
{
	struct sshd *sshd = need_peer(state);

	check_out(sshd, "both", "wrong-horse", NULL, "auth.refused", "the password",
		"connection\npassword both wrong-horse\n");
	check_in(sshd, "both", PASSWORD, "123456",	/* one after the other, as the server wants them */
		"connection\npassword both " PASSWORD "\ntold both ['123456']\n");
}

static void
prompts_without_end_end_at_the_deadline(void **state)
{
	struct sshd *sshd = need_peer(state);
	struct talk talk = prompt_talk(sshd, "endless", PASSWORD, NULL);
	int64_t start_ms = kbi_clock_ms();

	talk_start(&talk, "ssh", NULL, 1500);
	check_error(&talk, KB_ETIMEOUT, "ssh.timeout");
	assert_true(kbi_clock_ms() - start_ms < 3500);
	talk_end(&talk);
}

/* What is asked for behind a signature has to wait for its end. Not every server does as RFC 4252 says. */
static void
a_key_logs_in_where_nothing_may_be_asked_ahead(void **state)
{
	struct sshd *sshd = need_peer(state);
	struct talk talk = prompt_talk(sshd, "key", NULL, NULL);

	kbi_map_set(&talk.settings, "identity", in_folder(sshd, "key_ed25519"));
	talk_start(&talk, "ssh", NULL, PATIENCE_MS);
	talk_must_be_ready(&talk);
	check_ask(&talk, "echo fact >&3", "fact\n", "", 0);
	talk_end(&talk);
}

static void
pam_asks_by_prompts(void **state)
{
	struct sshd pam = *need_sshd(state);
	static const struct {
		const char *password;
		bool is_right;
	} tries[] = {{PASSWORD, true}, {"wrong-horse", false}};

	if (geteuid() != 0) {
		print_message("skipped: only root can give users passwords\n");
		skip();
	}
	sshd_start(&pam, "UsePAM yes\nKbdInteractiveAuthentication yes\nPasswordAuthentication no\n");
	for (size_t i = 0; i < COUNT(tries); i++) {
		struct talk talk = ssh_talk(&pam, "kb-bash");
		kbi_map_remove(&talk.settings, "identity");
		kbi_map_set_secret(&talk.settings, "password", tries[i].password, strlen(tries[i].password));
		free(run(": >%s/log", pam.folder));
		talk_start(&talk, "ssh", NULL, PATIENCE_MS);
		if (tries[i].is_right)
			talk_must_be_ready(&talk);
		else
			check_error(&talk, KB_EAUTH, "auth.refused");
		talk_end(&talk);
		char *failed = run("grep -c '^Failed keyboard-interactive/pam' %s/log", pam.folder);
		assert_string_equal(failed, tries[i].is_right ? "0\n" : "1\n");
		free(failed);
	}
	sshd_stop(&pam);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_password_answers_one_prompt_that_hides),
		cmocka_unit_test(a_wrong_password_is_told_once),
		cmocka_unit_test(answers_are_given_in_the_order_of_the_prompts),
		cmocka_unit_test(prompts_without_an_answer_are_shown_and_told_nothing),
		cmocka_unit_test(a_password_is_not_tried_by_two_methods),
		cmocka_unit_test(prompts_without_end_end_at_the_deadline),
		cmocka_unit_test(a_key_logs_in_where_nothing_may_be_asked_ahead),
		cmocka_unit_test(pam_asks_by_prompts),
	};

	return cmocka_run_group_tests_name("prompts", tests, sshd_group, end_peer);
}
