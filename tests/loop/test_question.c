/* SPDX-License-Identifier: Apache-2.0 */
/* What is missing is asked for by an event, answered by kb_answer(), on a real sshd: a passphrase, a password, a host key. */
#include "agent_process.h"
#include "sshd.h"

#include <libkb.h>

#define HOSTS 6

static kb_host *
new_host(kb_ctx *kb, const struct sshd *sshd, int i, const char *identity, const char *ask)
{
	char name[32], uri[128];

	snprintf(name, sizeof(name), "node-%d", i);
	snprintf(uri, sizeof(uri), "ssh://%s@127.0.0.1:%d", sshd->user, sshd->port);
	kb_host *host = kb_host_new(kb, name, uri);
	assert_non_null(host);
	write_known(sshd, "known_hosts", name_of(sshd, "127.0.0.1"), NULL);
	assert_int_equal(kb_host_set(host, "known_hosts", in_folder(sshd, "known_hosts")), KB_OK);
	if (identity)
		assert_int_equal(kb_host_set(host, "identity", in_folder(sshd, identity)), KB_OK);
	if (ask)
		assert_int_equal(kb_host_set(host, "ask", ask), KB_OK);
	assert_int_equal(kb_host_set(host, "become", "none"), KB_OK);
	return host;
}

static void
make_locked(const struct sshd *sshd)
{
	free(run("cd %s && cp key_ed25519 locked && chmod 600 locked && ssh-keygen -q -p -a 4 -P '' -N horse -f locked >/dev/null",
		sshd->folder));
}

struct answers {			/* what a test's program says, and what it heard */
	const char *what;		/* that it answers; all else stays open */
	const char *first, *later;	/* NULL: declined */
	int questions, ready, lost;
	char subject[256], id[64], host_id[64];
	kb_status outcome;
};

static void
take_question(kb_ctx *kb, const kb_event *event, struct answers *answers)
{
	const char *text = answers->questions++ ? answers->later : answers->first;

	assert_true(kb_event_question(event) > 0);
	snprintf(answers->subject, sizeof(answers->subject), "%s", kb_event_subject(event));
	snprintf(answers->id, sizeof(answers->id), "%s", kb_event_id(event));
	if (strcmp(kb_event_id(event), answers->what) == 0)
		assert_int_equal(kb_answer(kb, kb_event_question(event), text, text ? strlen(text) : 0), KB_OK);
}

static void
take(kb_ctx *kb, const kb_event *event, struct answers *answers)
{
	kb_err *err = kb_event_error(event);

	if (kb_event_kind(event) == KB_EVENT_QUESTION)
		take_question(kb, event, answers);
	answers->ready += kb_event_kind(event) == KB_EVENT_HOST_CONNECTED;
	if (kb_event_kind(event) == KB_EVENT_STEP_DONE && err && getenv("KB_VERBOSE"))
		print_message("%s\n", kb_err_cause(err));
	if (kb_event_kind(event) == KB_EVENT_STEP_DONE && err)
		snprintf(answers->host_id, sizeof(answers->host_id), "%s", kb_err_id(err));
	if (kb_event_kind(event) == KB_EVENT_PLAN_DONE)
		answers->outcome = kb_event_status(event);
	kb_err_free(err);
}

static void
run_all(kb_ctx *kb, kb_host *const *hosts, int count, struct answers *answers)
{
	kb_plan *plan = kb_plan_new(kb);
	kb_step *step = kb_step_script(kb, "look", "exit 0", NULL);
	kb_event *event;

	for (int i = 0; i < count; i++)
		assert_non_null(kb_plan_add(plan, hosts[i], step));
	assert_true(kb_plan_start(plan, KB_CHECK, 60000) > 0);
	do {
		kb_wait(kb, 60000);
		while ((event = kb_plan_next_event(plan))) {
			take(kb, event, answers);
			kb_event_free(event);
		}
	} while (kb_plan_is_running(plan) == 1);
	kb_plan_free(plan);
	kb_step_free(step);
}

static void
one_question_opens_a_key_for_all_hosts(void **state)
{
	struct sshd *sshd = need_sshd(state);
	struct answers answers = {.what = "passphrase", .first = "cow", .later = "horse"};
	kb_ctx *kb = kb_new();
	kb_host *hosts[HOSTS];

	make_locked(sshd);
	for (int i = 0; i < HOSTS; i++)
		hosts[i] = new_host(kb, sshd, i, "locked", "passphrase");
	run_all(kb, hosts, HOSTS, &answers);
	assert_int_equal(answers.outcome, KB_OK);
	assert_int_equal(answers.ready, HOSTS);
	assert_int_equal(answers.questions, 2);
	assert_string_equal(strrchr(answers.subject, '/'), "/locked");
	run_all(kb, hosts, HOSTS, &answers);	/* another run of the context has the key already */
	assert_int_equal(answers.questions, 2);
	assert_int_equal(answers.ready, 2 * HOSTS);
	for (int i = 0; i < HOSTS; i++)
		kb_host_free(hosts[i]);
	kb_free(kb);
}

static void
check_one(struct sshd *sshd, const char *identity, const char *ask, struct answers *answers)
{
	kb_ctx *kb = kb_new();
	kb_host *host = new_host(kb, sshd, 0, identity, ask);

	kb_host_set(host, "connect_timeout_ms", "3000");
	run_all(kb, &host, 1, answers);
	kb_host_free(host);
	kb_free(kb);
}

static void
what_is_not_answered_ends_with_the_connections_time(void **state)
{
	struct sshd *sshd = need_sshd(state);
	struct answers answers = {.what = "nothing"};

	make_locked(sshd);
	check_one(sshd, "locked", "passphrase", &answers);
	assert_int_equal(answers.outcome, KB_ETIMEOUT);
	assert_string_equal(answers.host_id, "question.unanswered");
	assert_int_equal(answers.questions, 1);
}

static void
a_declined_passphrase_fails_the_host(void **state)
{
	struct sshd *sshd = need_sshd(state);
	struct answers answers = {.what = "passphrase"};

	make_locked(sshd);
	check_one(sshd, "locked", "passphrase", &answers);
	assert_int_equal(answers.outcome, KB_EAUTH);
	assert_string_equal(answers.host_id, "question.declined");
}

static void
who_did_not_say_ask_is_not_asked(void **state)
{
	struct sshd *sshd = need_sshd(state);
	struct answers answers = {.what = "passphrase", .first = "horse"};

	make_locked(sshd);
	check_one(sshd, "locked", "host_key,password", &answers);
	assert_int_equal(answers.outcome, KB_EAUTH);
	assert_string_equal(answers.host_id, "key.encrypted");
	assert_int_equal(answers.questions, 0);
}

static void
blocking_calls_ask_for_nothing(void **state)
{
	struct sshd *sshd = need_sshd(state);
	kb_ctx *kb = kb_new();
	kb_step *step = kb_step_script(kb, "look", "exit 0", NULL);

	make_locked(sshd);
	kb_host *host = new_host(kb, sshd, 0, "locked", "passphrase");
	kb_result *result = kb_check(host, step, 30000);
	kb_err *err = kb_result_error(result);
	assert_string_equal(kb_err_id(err), "key.encrypted");
	kb_err_free(err);
	kb_result_free(result);
	kb_step_free(step);
	kb_host_free(host);
	kb_free(kb);
}

static void
check_host_key(struct sshd *sshd, const char *first, kb_status outcome, int ready)
{
	struct answers answers = {.what = "host_key", .first = first, .later = first};
	kb_ctx *kb = kb_new();
	kb_host *host = new_host(kb, sshd, 0, "key_ed25519", "host_key");

	kb_host_set(host, "known_hosts", in_folder(sshd, "known_nobody"));
	run_all(kb, &host, 1, &answers);
	assert_int_equal(answers.outcome, outcome);
	assert_int_equal(answers.questions, 1);
	assert_int_equal(strncmp(answers.subject, "SHA256:", 7), 0);
	run_all(kb, &host, 1, &answers);	/* once trusted, for as long as the context lives */
	assert_int_equal(answers.questions, outcome ? 2 : 1);
	assert_int_equal(answers.ready, 2 * ready);
	assert_int_equal(access(in_folder(sshd, "known_nobody"), F_OK), -1);	/* nothing was written */
	kb_host_free(host);
	kb_free(kb);
}

static void
an_unknown_host_is_asked_for(void **state)
{
	struct sshd *sshd = need_sshd(state);

	check_host_key(sshd, "yes", KB_OK, 1);
	check_host_key(sshd, "no", KB_ETRUST, 0);
	check_host_key(sshd, "SHA256:0000000000000000000000000000000000000000000", KB_ETRUST, 0);
	check_host_key(sshd, "", KB_ETRUST, 0);
	check_host_key(sshd, NULL, KB_ETRUST, 0);
}

/* The login's password: asked for when the host takes one and nothing else has worked; three times at most, on one connection. */
static void
check_password(struct sshd *sshd, const char *first, const char *later, kb_status outcome, int questions)
{
	struct answers answers = {.what = "password", .first = first, .later = later};
	kb_ctx *kb = kb_new();
	char uri[128];

	snprintf(uri, sizeof(uri), "ssh://kb-bash@127.0.0.1:%d", sshd->port);
	kb_host *host = kb_host_new(kb, "node-0", uri);
	write_known(sshd, "known_hosts", name_of(sshd, "127.0.0.1"), NULL);
	kb_host_set(host, "known_hosts", in_folder(sshd, "known_hosts"));
	kb_host_set(host, "ask", "password");
	kb_host_set(host, "become", "none");
	run_all(kb, &host, 1, &answers);
	/* it is not root, and the run ends with that; but it has logged in */
	assert_int_equal(answers.ready, outcome ? 0 : 1);
	assert_int_equal(answers.questions, questions);
	assert_string_equal(answers.id, "password");
	assert_int_equal(strncmp(answers.subject, "kb-bash@127.0.0.1:", 18), 0);
	if (!outcome) {		/* a connection made anew asks nobody */
		run_all(kb, &host, 1, &answers);
		assert_int_equal(answers.ready, 2);
		assert_int_equal(answers.questions, questions);
	} else {
		assert_int_equal(answers.outcome, outcome);
		assert_string_equal(answers.host_id, first ? "auth.refused" : "question.declined");
	}
	kb_host_free(host);
	kb_free(kb);
}

static void
a_password_is_asked_for(void **state)
{
	struct sshd *sshd = need_sshd(state);

	if (geteuid() != 0) {
		print_message("skipped: logins of other users need root\n");
		skip();
	}
	setenv("HOME", sshd->folder, 1);	/* where no default key is */
	check_password(sshd, "correct-horse", NULL, KB_OK, 1);
	check_password(sshd, "wrong", "correct-horse", KB_OK, 2);
	check_password(sshd, "wrong", "wrong", KB_EAUTH, 3);
	check_password(sshd, NULL, NULL, KB_EAUTH, 1);
}

/* The same where sshd asks by prompts alone. */
static void
a_password_that_answers_a_prompt_is_asked_for_once(void **state)
{
	struct sshd pam = *need_sshd(state);

	if (geteuid() != 0) {
		print_message("skipped: logins of other users need root\n");
		skip();
	}
	sshd_start(&pam, "UsePAM yes\nKbdInteractiveAuthentication yes\nPasswordAuthentication no\n");
	setenv("HOME", pam.folder, 1);
	check_password(&pam, "correct-horse", NULL, KB_OK, 1);
	check_password(&pam, "wrong", "correct-horse", KB_OK, 2);
	sshd_stop(&pam);
}

/* An agent that holds nothing of use does not stand in the way of a question, nor of what is wrong with a key. */
static void
check_beside_agent(const struct sshd *sshd, const char *ask, const char *passphrase, struct answers *answers)
{
	kb_ctx *kb = kb_new();
	kb_host *host = new_host(kb, sshd, 0, NULL, ask);

	kb_host_set(host, "agent", in_folder(sshd, "agent"));
	if (passphrase)
		kb_host_set_secret(host, "passphrase", passphrase, strlen(passphrase));
	run_all(kb, &host, 1, answers);
	kb_host_free(host);
	kb_free(kb);
}

static void
an_agent_that_holds_nothing_leaves_the_questions(void **state)
{
	struct sshd *sshd = need_sshd(state);
	struct answers key = {.what = "passphrase", .first = "horse"}, password = {.what = "password", .first = "wrong", .later = NULL}, wrong = {.what = "none"};

	make_locked(sshd);
	free(run("cd %s && mkdir -p .ssh && cp locked .ssh/id_ed25519", sshd->folder));
	setenv("HOME", sshd->folder, 1);
	pid_t agent = agent_start(sshd);
	check_beside_agent(sshd, "passphrase", NULL, &key);
	check_beside_agent(sshd, "password", NULL, &password);
	check_beside_agent(sshd, NULL, "cow", &wrong);
	agent_stop(agent);
	free(run("rm -r %s/.ssh", sshd->folder));
	assert_int_equal(key.outcome, KB_OK);
	assert_int_equal(key.questions, 1);
	assert_string_equal(key.id, "passphrase");
	assert_int_equal(password.questions, 2);
	assert_string_equal(password.host_id, "question.declined");
	assert_int_equal(wrong.questions, 0);
	assert_string_equal(wrong.host_id, "key.passphrase");
}

static void
a_number_that_is_no_open_question_is_refused(void **state)
{
	kb_ctx *kb = kb_new();

	(void)state;
	assert_int_equal(kb_answer(kb, 1, "yes", 3), KB_EINVAL);
	assert_int_equal(kb_answer(kb, 0, NULL, 0), KB_EINVAL);
	assert_int_equal(kb_answer(NULL, 1, "yes", 3), KB_EINVAL);
	assert_int_equal(kb_event_question(NULL), 0);
	assert_int_equal(kb_event_attempt(NULL), 0);
	assert_string_equal(kb_event_subject(NULL), "");
	assert_string_equal(kb_event_kind_name(KB_EVENT_QUESTION), "question");
	kb_free(kb);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_question_opens_a_key_for_all_hosts),
		cmocka_unit_test(what_is_not_answered_ends_with_the_connections_time),
		cmocka_unit_test(a_declined_passphrase_fails_the_host),
		cmocka_unit_test(who_did_not_say_ask_is_not_asked),
		cmocka_unit_test(blocking_calls_ask_for_nothing),
		cmocka_unit_test(an_unknown_host_is_asked_for),
		cmocka_unit_test(a_password_is_asked_for),
		cmocka_unit_test(a_password_that_answers_a_prompt_is_asked_for_once),
		cmocka_unit_test(an_agent_that_holds_nothing_leaves_the_questions),
		cmocka_unit_test(a_number_that_is_no_open_question_is_refused),
	};

	return cmocka_run_group_tests_name("question", tests, sshd_group, sshd_ungroup);
}
