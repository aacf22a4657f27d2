/* SPDX-License-Identifier: Apache-2.0 */
/* sudo's password is asked for by an event when sudo itself prompts for it, and answers nothing else: a real sshd, real users, a real sudo. */
#include "sshd.h"

#include <libkb.h>

#define PASSWORD "correct-horse"
#define NOBODY "?"		/* an answer that never comes */
#define CANCEL "!"		/* the run is cancelled in its place */

struct asked {			/* what a test's program says to each question, and what it heard */
	const char *answers[4];		/* NULL: declined */
	int questions, attempt;
	char id[64], subject[256], text[256], host[64], err[64];
	int64_t question;
	kb_status outcome;
};

static kb_host *
new_host(kb_ctx *kb, const struct sshd *sshd, const char *user, const char *ask)
{
	char uri[128];

	snprintf(uri, sizeof(uri), "ssh://%s@127.0.0.1:%d", user, sshd->port);
	kb_host *host = kb_host_new(kb, "node-0", uri);
	assert_non_null(host);
	write_known(sshd, "known_hosts", name_of(sshd, "127.0.0.1"), NULL);
	assert_int_equal(kb_host_set(host, "known_hosts", in_folder(sshd, "known_hosts")), KB_OK);
	assert_int_equal(kb_host_set(host, "identity", in_folder(sshd, "key_ed25519")), KB_OK);
	if (ask)
		assert_int_equal(kb_host_set(host, "ask", ask), KB_OK);
	return host;
}

static void
take_question(kb_ctx *kb, const kb_event *event, struct asked *asked)
{
	const char *answer = asked->answers[asked->questions++];

	assert_true(asked->questions <= 4);
	asked->question = kb_event_question(event);
	asked->attempt = kb_event_attempt(event);
	snprintf(asked->id, sizeof(asked->id), "%s", kb_event_id(event));
	snprintf(asked->subject, sizeof(asked->subject), "%s", kb_event_subject(event));
	snprintf(asked->text, sizeof(asked->text), "%s", kb_event_text(event));
	snprintf(asked->host, sizeof(asked->host), "%s", kb_event_host(event));
	if (answer && strcmp(answer, CANCEL) == 0)
		kb_cancel(kb, 0);
	else if (!answer || strcmp(answer, NOBODY) != 0)
		assert_int_equal(kb_answer(kb, asked->question, answer, answer ? strlen(answer) : 0), KB_OK);
}

static void
take(kb_ctx *kb, const kb_event *event, struct asked *asked)
{
	kb_err *err = kb_event_error(event);

	if (kb_event_kind(event) == KB_EVENT_QUESTION)
		take_question(kb, event, asked);
	if (kb_event_kind(event) == KB_EVENT_STEP_DONE)
		snprintf(asked->err, sizeof(asked->err), "%s", err ? kb_err_id(err) : "");
	if (kb_event_kind(event) == KB_EVENT_PLAN_DONE)
		asked->outcome = kb_event_status(event);
	kb_bytes *json = kb_event_json(event);
	assert_null(strstr(kb_bytes_data(json), PASSWORD));
	kb_bytes_free(json);
	kb_err_free(err);
}

/* The step is present for root alone. */
static void
run_on(kb_ctx *kb, kb_host *host, struct asked *asked)
{
	kb_plan *plan = kb_plan_new(kb);
	kb_step *step = kb_step_script(kb, "look", "[ \"$(id -u)\" = 0 ]", NULL);
	kb_event *event;

	assert_non_null(kb_plan_add(plan, host, step));
	assert_true(kb_plan_start(plan, KB_CHECK, 60000) > 0);
	do {
		kb_wait(kb, 60000);
		while ((event = kb_plan_next_event(plan))) {
			take(kb, event, asked);
			kb_event_free(event);
		}
	} while (kb_plan_is_running(plan) == 1);
	kb_plan_free(plan);
	kb_step_free(step);
}

static void
check(struct sshd *sshd, const char *user, const char *ask, struct asked *asked)
{
	kb_ctx *kb = kb_new();
	kb_host *host = new_host(kb, sshd, user, ask);

	kb_host_set(host, "connect_timeout_ms", "8000");
	run_on(kb, host, asked);
	kb_host_free(host);
	kb_free(kb);
}

static struct sshd *
need_users(void **state)
{
	struct sshd *sshd = need_sshd(state);

	if (geteuid() != 0 || access("/usr/bin/sudo", X_OK) != 0) {
		print_message("skipped: it takes root, to make users, and sudo\n");
		skip();
	}
	return sshd;
}

static void
the_right_password_is_asked_for_once(void **state)
{
	struct sshd *sshd = need_users(state);
	struct asked asked = {.answers = {PASSWORD, CANCEL}};
	kb_ctx *kb = kb_new();
	kb_host *host = new_host(kb, sshd, "kb-zero", "sudo_password");
	char subject[64];

	run_on(kb, host, &asked);
	assert_int_equal(asked.outcome, KB_OK);
	assert_string_equal(asked.id, "sudo_password");
	snprintf(subject, sizeof(subject), "kb-zero@127.0.0.1:%d", sshd->port);
	assert_string_equal(asked.subject, subject);
	assert_string_equal(asked.text, "Password for sudo of kb-zero on node-0 (127.0.0.1)");
	assert_string_equal(asked.host, "node-0");
	run_on(kb, host, &asked);	/* a connection made again asks nobody */
	assert_int_equal(asked.outcome, KB_OK);
	assert_int_equal(asked.questions, 1);
	kb_host_free(host);
	kb_free(kb);
}

static void
a_wrong_one_is_asked_for_again_three_times_at_most(void **state)
{
	struct sshd *sshd = need_users(state);
	struct asked later = {.answers = {"wrong", "worse", PASSWORD}}, never = {.answers = {"wrong", "wrong", "wrong", CANCEL}};

	check(sshd, "kb-zero", "password,sudo_password", &later);
	assert_int_equal(later.outcome, KB_OK);
	assert_int_equal(later.questions, 3);
	assert_int_equal(later.attempt, 3);
	check(sshd, "kb-zero", "sudo_password", &never);
	assert_int_equal(never.outcome, KB_EPRIVILEGE);
	assert_string_equal(never.err, "privilege.password-wrong");
	assert_int_equal(never.questions, 3);
}

static void
no_answer_ends_with_the_connections_time(void **state)
{
	struct sshd *sshd = need_users(state);
	struct asked asked = {.answers = {NOBODY}};
	struct timespec from, to;

	clock_gettime(CLOCK_MONOTONIC, &from);
	check(sshd, "kb-zero", "sudo_password", &asked);
	clock_gettime(CLOCK_MONOTONIC, &to);
	assert_int_equal(asked.outcome, KB_ETIMEOUT);
	assert_string_equal(asked.err, "question.unanswered");
	assert_int_equal(asked.questions, 1);
	assert_true(to.tv_sec - from.tv_sec <= 10);
}

static void
a_declined_one_and_one_of_two_lines_fail_the_host(void **state)
{
	struct sshd *sshd = need_users(state);
	struct asked declined = {.answers = {NULL}}, lines = {.answers = {"wrong\n" PASSWORD}};

	check(sshd, "kb-zero", "sudo_password", &declined);
	assert_int_equal(declined.outcome, KB_EPRIVILEGE);
	assert_string_equal(declined.err, "question.declined");
	check(sshd, "kb-zero", "sudo_password", &lines);
	assert_int_equal(lines.outcome, KB_EINVAL);
	assert_string_equal(lines.err, "question.answer");
}

static void
a_cancelled_run_takes_its_question_with_it(void **state)
{
	struct sshd *sshd = need_users(state);
	struct asked asked = {.answers = {CANCEL}};
	kb_ctx *kb = kb_new();
	kb_host *host = new_host(kb, sshd, "kb-zero", "sudo_password");

	run_on(kb, host, &asked);
	assert_int_equal(asked.outcome, KB_ECANCELED);
	assert_int_equal(kb_answer(kb, asked.question, PASSWORD, strlen(PASSWORD)), KB_EINVAL);
	kb_host_free(host);
	kb_free(kb);
}

static void
nobody_is_asked_without_need(void **state)
{
	struct sshd *sshd = need_users(state);
	struct asked free_of_it = {0}, given = {0}, not_allowed = {0};
	kb_ctx *kb = kb_new();

	check(sshd, "kb-bash", "sudo_password", &free_of_it);	/* NOPASSWD */
	assert_int_equal(free_of_it.outcome, KB_OK);
	check(sshd, "kb-zero", "password,host_key", &not_allowed);
	assert_string_equal(not_allowed.err, "privilege.password-required");
	kb_host *host = new_host(kb, sshd, "kb-zero", "sudo_password");
	kb_host_set_secret(host, "sudo_password", "wrong", 5);
	run_on(kb, host, &given);
	assert_string_equal(given.err, "privilege.password-wrong");
	assert_int_equal(free_of_it.questions + given.questions + not_allowed.questions, 0);
	kb_host_free(host);
	kb_free(kb);
}

static void
another_prompt_is_no_question_and_gets_no_answer(void **state)
{
	struct sshd *sshd = need_users(state);
	struct asked liar = {.answers = {PASSWORD, CANCEL}}, other = {.answers = {PASSWORD, CANCEL}};

	check(sshd, "kb-liar", "sudo_password", &liar);		/* it imitates sudo, gives up, and then comes sudo */
	assert_int_equal(liar.outcome, KB_OK);
	assert_int_equal(liar.questions, 1);
	assert_int_equal(access(in_folder(sshd, "home/kb-liar/stolen"), F_OK), -1);
	check(sshd, "kb-asked", "sudo_password", &other);	/* something else in sudo's place */
	assert_string_equal(other.err, "login.ended");
	assert_int_equal(other.questions, 0);
	assert_int_equal(access(in_folder(sshd, "home/kb-asked/stolen"), F_OK), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_right_password_is_asked_for_once),
		cmocka_unit_test(a_wrong_one_is_asked_for_again_three_times_at_most),
		cmocka_unit_test(no_answer_ends_with_the_connections_time),
		cmocka_unit_test(a_declined_one_and_one_of_two_lines_fail_the_host),
		cmocka_unit_test(a_cancelled_run_takes_its_question_with_it),
		cmocka_unit_test(nobody_is_asked_without_need),
		cmocka_unit_test(another_prompt_is_no_question_and_gets_no_answer),
	};

	return cmocka_run_group_tests_name("question of sudo", tests, sshd_group, sshd_ungroup);
}
