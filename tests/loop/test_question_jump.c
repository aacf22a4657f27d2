/* SPDX-License-Identifier: Apache-2.0 */
/* Jump hosts ask as well, each by its own name: a real sshd, which is the jump host and the host behind it. */
#include "sshd.h"

#include <libkb.h>

#define PASSWORD "correct-horse"

struct asked {			/* what a test's program says to each question, and what it heard */
	const char *answer;		/* NULL: none comes */
	int questions;
	char id[64], first_host[64], host[64], text[512], err[64];
	int64_t question;
	kb_status outcome;
};

static kb_host *
new_host(kb_ctx *kb, const struct sshd *sshd, const char *name, const char *user)
{
	char uri[128];

	snprintf(uri, sizeof(uri), "ssh://%s@127.0.0.1:%d", user, sshd->port);
	kb_host *host = kb_host_new(kb, name, uri);
	assert_non_null(host);
	write_known(sshd, "known_hosts", name_of(sshd, "127.0.0.1"), NULL);
	kb_host_set(host, "known_hosts", in_folder(sshd, "known_hosts"));
	kb_host_set(host, "identity", in_folder(sshd, "key_ed25519"));
	kb_host_set(host, "become", "none");
	return host;
}

static void
take(kb_ctx *kb, const kb_event *event, struct asked *asked)
{
	kb_err *err = kb_event_error(event);

	if (kb_event_kind(event) == KB_EVENT_QUESTION) {
		asked->questions++;
		asked->question = kb_event_question(event);
		snprintf(asked->id, sizeof(asked->id), "%s", kb_event_id(event));
		snprintf(asked->host, sizeof(asked->host), "%s", kb_event_host(event));
		if (asked->questions == 1)
			snprintf(asked->first_host, sizeof(asked->first_host), "%s", asked->host);
		snprintf(asked->text, sizeof(asked->text), "%s", kb_event_text(event));
		if (asked->answer)
			assert_int_equal(kb_answer(kb, asked->question, asked->answer, strlen(asked->answer)), KB_OK);
	}
	if (kb_event_kind(event) == KB_EVENT_STEP_DONE)
		snprintf(asked->err, sizeof(asked->err), "%s", err ? kb_err_id(err) : "");
	if (kb_event_kind(event) == KB_EVENT_PLAN_DONE)
		asked->outcome = kb_event_status(event);
	kb_err_free(err);
}

static kb_plan *
start(kb_ctx *kb, kb_host *const *hosts, int count)
{
	kb_plan *plan = kb_plan_new(kb);
	kb_step *step = kb_step_script(kb, "look", "exit 0", NULL);

	for (int i = 0; i < count; i++)
		assert_non_null(kb_plan_add(plan, hosts[i], step));
	assert_true(kb_plan_start(plan, KB_CHECK, 60000) > 0);
	kb_step_free(step);
	return plan;
}

static void
take_all(kb_ctx *kb, kb_plan *plan, struct asked *asked)
{
	kb_event *event;

	while ((event = kb_plan_next_event(plan))) {
		take(kb, event, asked);
		kb_event_free(event);
	}
}

static void
follow(kb_ctx *kb, kb_plan *plan, struct asked *asked)
{
	take_all(kb, plan, asked);
	while (kb_plan_is_running(plan) == 1) {
		kb_wait(kb, 60000);
		take_all(kb, plan, asked);
	}
	kb_plan_free(plan);
}

struct way {
	kb_ctx *kb;
	kb_host *bastion, *host;
};

/* Hosts that ask for nothing, behind one that does. */
static struct way
make_way(const struct sshd *sshd, const char *user, const char *ask)
{
	struct way way = {.kb = kb_new()};

	way.bastion = new_host(way.kb, sshd, "bastion", user);
	way.host = new_host(way.kb, sshd, "node-0", sshd->user);
	kb_host_set(way.bastion, "ask", ask);
	assert_int_equal(kb_host_set_jump(way.host, way.bastion), KB_OK);
	return way;
}

static void
free_way(struct way *way)
{
	kb_host_free(way->host);
	kb_host_free(way->bastion);
	kb_free(way->kb);
}

static void
check_asked(struct way *way, const char *id, const char *answer, const char *text)
{
	struct asked asked = {.answer = answer};

	follow(way->kb, start(way->kb, &way->host, 1), &asked);
	if (asked.outcome)
		fail_msg("%s: %s %s", id, kb_err_name(asked.outcome), asked.err);
	assert_int_equal(asked.questions, 1);
	assert_string_equal(asked.id, id);
	assert_string_equal(asked.host, "bastion");
	if (!strstr(asked.text, text))
		fail_msg("%s: %s", id, asked.text);
	follow(way->kb, start(way->kb, &way->host, 1), &asked);	/* nobody is asked twice */
	assert_int_equal(asked.questions, 1);
	assert_int_equal(asked.outcome, KB_OK);
	free_way(way);
}

static struct sshd *
need_users(void **state)
{
	struct sshd *sshd = need_sshd(state);

	if (geteuid() != 0) {
		print_message("skipped: logins of other users need root\n");
		skip();
	}
	return sshd;
}

static void
the_passphrase_of_a_jump_hosts_key(void **state)
{
	struct sshd *sshd = need_users(state);
	struct way way = make_way(sshd, sshd->user, "passphrase");

	free(run("cd %s && cp key_ecdsa jumping && chmod 600 jumping && ssh-keygen -q -p -a 4 -P '' -N horse -f jumping >/dev/null", sshd->folder));
	kb_host_set(way.bastion, "identity", in_folder(sshd, "jumping"));
	check_asked(&way, "passphrase", "horse", "/jumping");
}

static void
the_password_of_a_jump_host(void **state)
{
	struct sshd *sshd = need_users(state);
	struct way way = make_way(sshd, "kb-bash", "password");

	setenv("HOME", sshd->folder, 1);	/* where no default key is */
	kb_host_set(way.bastion, "identity", NULL);
	check_asked(&way, "password", PASSWORD, "Password of kb-bash on bastion");
}

static void
the_key_of_a_jump_host(void **state)
{
	struct sshd *sshd = need_users(state);
	struct way way = make_way(sshd, sshd->user, "host_key");

	kb_host_set(way.bastion, "known_hosts", in_folder(sshd, "known_nobody"));
	check_asked(&way, "host_key", "yes", "bastion (");
}

/* A jump host that is only named has the `ask` of the host behind it, as it has its key. */
static void
a_jump_host_that_is_only_named_asks_as_its_host_does(void **state)
{
	struct sshd *sshd = need_users(state);
	struct asked asked = {.answer = PASSWORD};
	kb_ctx *kb = kb_new();
	kb_host *host = new_host(kb, sshd, "node-0", sshd->user);
	char jump[64];

	snprintf(jump, sizeof(jump), "kb-bash@127.0.0.1:%d", sshd->port);
	kb_host_set(host, "jump", jump);
	free(run("ssh-keygen -q -t ed25519 -N '' -f %s/key_nobody", sshd->folder));
	kb_host_set(host, "identity", in_folder(sshd, "key_nobody"));
	kb_host_set(host, "ask", "password");
	follow(kb, start(kb, &host, 1), &asked);
	assert_string_equal(asked.first_host, "127.0.0.1");
	assert_string_equal(asked.host, "node-0");	/* then the host itself */
	assert_int_equal(asked.questions, 2);
	assert_int_equal(asked.outcome, KB_OK);
	kb_host_free(host);
	kb_free(kb);
}

/* A run that ends takes its questions with it: another one behind the same jump host has its own. */
static void
a_run_does_not_wait_for_anothers_answer(void **state)
{
	struct sshd *sshd = need_users(state);
	struct way way = make_way(sshd, sshd->user, "host_key");
	struct asked first = {0}, second = {.answer = "yes"};

	kb_host_set(way.bastion, "known_hosts", in_folder(sshd, "known_nobody"));
	kb_host *other = new_host(way.kb, sshd, "node-1", sshd->user);
	kb_host_set_jump(other, way.bastion);
	kb_plan *one = start(way.kb, &way.host, 1);
	while (!first.questions) {
		kb_wait(way.kb, 60000);
		take_all(way.kb, one, &first);
	}
	kb_plan *two = start(way.kb, &other, 1);
	kb_wait(way.kb, 100);
	kb_plan_free(one);
	assert_int_equal(kb_answer(way.kb, first.question, "yes", 3), KB_EINVAL);
	follow(way.kb, two, &second);
	assert_int_equal(second.questions, 1);
	assert_int_equal(second.outcome, KB_OK);
	kb_host_free(other);
	free_way(&way);
}

/* Both at once, from one run: one connection, one question. */
static void
all_behind_a_jump_host_ask_once(void **state)
{
	struct sshd *sshd = need_users(state);
	struct way way = make_way(sshd, sshd->user, "host_key");
	struct asked asked = {.answer = "yes"};
	kb_host *hosts[4] = {way.host};

	kb_host_set(way.bastion, "known_hosts", in_folder(sshd, "known_nobody"));
	for (int i = 1; i < 4; i++) {
		char name[16];
		snprintf(name, sizeof(name), "node-%d", i);
		hosts[i] = new_host(way.kb, sshd, name, sshd->user);
		kb_host_set_jump(hosts[i], way.bastion);
	}
	follow(way.kb, start(way.kb, hosts, 4), &asked);
	assert_int_equal(asked.outcome, KB_OK);
	assert_int_equal(asked.questions, 1);
	for (int i = 1; i < 4; i++)
		kb_host_free(hosts[i]);
	free_way(&way);
}

static void
an_unanswered_question_of_a_jump_host_is_named(void **state)
{
	struct sshd *sshd = need_users(state);
	struct way way = make_way(sshd, sshd->user, "host_key");
	struct asked asked = {0};

	kb_host_set(way.bastion, "known_hosts", in_folder(sshd, "known_nobody"));
	kb_host_set(way.bastion, "connect_timeout_ms", "2000");
	kb_host_set(way.host, "connect_timeout_ms", "2000");
	follow(way.kb, start(way.kb, &way.host, 1), &asked);
	assert_int_equal(asked.outcome, KB_ETIMEOUT);
	assert_string_equal(asked.err, "question.unanswered");
	free_way(&way);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_passphrase_of_a_jump_hosts_key),
		cmocka_unit_test(the_password_of_a_jump_host),
		cmocka_unit_test(the_key_of_a_jump_host),
		cmocka_unit_test(a_jump_host_that_is_only_named_asks_as_its_host_does),
		cmocka_unit_test(a_run_does_not_wait_for_anothers_answer),
		cmocka_unit_test(all_behind_a_jump_host_ask_once),
		cmocka_unit_test(an_unanswered_question_of_a_jump_host_is_named),
	};

	return cmocka_run_group_tests_name("questions of jump hosts", tests, sshd_group, sshd_ungroup);
}
