/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of a context: each is opened once, beside the loop, and asked for once, whoever needs it. */
#include "key_folder.h"

#include "base/str.h"
#include "transport/keyring.h"

static int
make_keys(void **state)
{
	(void)state;
	folder = make_folder();
	free(run("cd %s && ssh-keygen -q -t ed25519 -N '' -f plain && ssh-keygen -q -t ed25519 -a 16 -N horse -f locked",
		folder));
	return 0;
}

#define HOSTS 30

struct world {			/* a context's keyring, and a run whose questions are noted down */
	struct kbi_loop *loop;
	struct kbi_keyring *ring;
	struct kbi_questions questions;
	struct kbi_asker asker;
	int64_t asked;		/* the last question */
	int questions_asked, attempt, changes;
	char subject[256], what[32], host[32];
	struct kbi_key_hold *holds[HOSTS];
	bool is_settled;
};

static void
note_question(struct kbi_asker *asker, int64_t question, const struct kbi_question_want *want)
{
	struct world *world = (struct world *)((char *)asker - offsetof(struct world, asker));

	world->asked = question;
	world->questions_asked++;
	world->attempt = want->attempt;
	snprintf(world->what, sizeof(world->what), "%s", want->what);
	snprintf(world->subject, sizeof(world->subject), "%s", want->subject);
	snprintf(world->host, sizeof(world->host), "%s", want->host);
}

static struct world *
world_new(void)
{
	struct world *world = calloc(1, sizeof(*world));

	world->loop = kbi_loop_new();
	world->ring = kbi_keyring_new(world->loop);
	world->asker = (struct kbi_asker){&world->questions, 1, note_question};
	assert_non_null(world->ring);
	return world;
}

static void
world_free(struct world *world)
{
	for (int i = 0; i < HOSTS; i++)
		kbi_key_release(world->holds[i]);
	assert_null(world->questions.first);
	kbi_questions_free(&world->questions);
	kbi_keyring_free(world->ring);
	kbi_loop_free(world->loop);
	free(world);
}

static void
changed(void *owner)
{
	struct world *world = owner;

	world->changes++;
	world->is_settled = true;
}

static struct kbi_key_hold *
hold_as(struct world *world, int i, const char *file, const char *passphrase, bool may_ask, struct kb_err *err)
{
	char path[256], host[32];
	const struct kbi_entry entry = {
		.value = (char *)(uintptr_t)passphrase, .size_bytes = passphrase ? strlen(passphrase) : 0};
	struct kbi_key_want want = {.path = path, .host = host, .passphrase = passphrase ? &entry : NULL,
		.asker = may_ask ? &world->asker : NULL, .changed = changed, .owner = world};

	snprintf(path, sizeof(path), "%s/%s", folder, file);
	snprintf(host, sizeof(host), "node-%d", i);
	world->holds[i] = kbi_keyring_hold(world->ring, &want, err);
	return world->holds[i];
}

static void
hold_all(struct world *world, const char *file, const char *passphrase, bool may_ask)
{
	struct kb_err err = {0};

	for (int i = 0; i < HOSTS; i++)
		if (!hold_as(world, i, file, passphrase, may_ask, &err))
			fail_msg("%s", kb_err_cause(&err));
}

static void
check_all(const struct world *world, enum kbi_key_state state, const char *id)
{
	for (int i = 0; i < HOSTS; i++) {
		assert_int_equal(kbi_key_hold_state(world->holds[i]), state);
		if (state == KBI_KEY_READY)
			assert_ptr_equal(kbi_key_hold_key(world->holds[i]), kbi_key_hold_key(world->holds[0]));
		else
			assert_string_equal(kb_err_id(kbi_key_hold_err(world->holds[i])), id);
	}
}

static void
wait_settled(struct world *world)
{
	world->is_settled = false;
	assert_true(turn_until(world->loop, &world->is_settled, PATIENCE_MS));
}

static kb_status
answer(struct world *world, const char *text)
{
	return kbi_question_answer(&world->questions, world->asked, text, text ? strlen(text) : 0);
}

static void
thirty_hosts_parse_one_key_once(void **state)
{
	struct world *world = world_new();

	(void)state;
	need_key("locked");
	hold_all(world, "plain", NULL, false);
	check_all(world, KBI_KEY_READY, "");
	assert_int_equal(kbi_keyring_parses(world->ring), 1);
	world_free(world);
}

static void
thirty_hosts_open_one_key_once(void **state)
{
	struct world *world = world_new();
	struct kb_err err = {0};

	(void)state;
	need_key("locked");
	hold_all(world, "locked", "horse", false);
	wait_settled(world);
	check_all(world, KBI_KEY_READY, "");
	assert_int_equal(world->changes, HOSTS);
	assert_int_equal(kbi_keyring_parses(world->ring), 2);	/* once to see that it is encrypted, once to open it */
	for (int i = 0; i < HOSTS; i++) {
		kbi_key_release(world->holds[i]);
		world->holds[i] = NULL;
	}
	hold_all(world, "locked", "horse", false);		/* a later run of the same context */
	check_all(world, KBI_KEY_READY, "");
	assert_int_equal(kbi_keyring_parses(world->ring), 2);
	kbi_key_release(world->holds[0]);
	assert_null(hold_as(world, 0, "locked", NULL, false, &err));	/* what others know opens nothing here */
	assert_string_equal(kb_err_id(&err), "key.encrypted");
	kbi_err_clear(&err);
	world_free(world);
}

static void
the_loop_goes_on_while_a_key_is_opened(void **state)
{
	struct world *world = world_new();
	struct kb_err err = {0};
	int64_t start_ms = kbi_clock_ms();

	(void)state;
	need_key("locked");
	free(run("cd %s && cp plain slow && ssh-keygen -q -p -a 60 -P '' -N horse -f slow >/dev/null", folder));
	start_ms = kbi_clock_ms();
	assert_non_null(hold_as(world, 0, "slow", "horse", false, &err));
	int64_t held_ms = kbi_clock_ms() - start_ms;
	assert_int_equal(kbi_key_hold_state(world->holds[0]), KBI_KEY_WAITING);
	wait_settled(world);
	int64_t opened_ms = kbi_clock_ms() - start_ms;
	assert_int_equal(kbi_key_hold_state(world->holds[0]), KBI_KEY_READY);
	assert_true(held_ms * 4 < opened_ms);
	world_free(world);
}

static void
what_nobody_waits_for_is_stopped(void **state)
{
	struct world *world = world_new();

	(void)state;
	need_key("locked");
	hold_all(world, "slow", "horse", false);
	for (int i = 0; i < HOSTS; i++) {
		kbi_key_release(world->holds[i]);
		world->holds[i] = NULL;
	}
	turn_for(world->loop, 50);
	assert_int_equal(world->changes, 0);
	hold_all(world, "slow", "horse", false);
	world_free(world);	/* in the middle of it */
}

static void
a_wrong_passphrase_fails_all_that_gave_it(void **state)
{
	struct world *world = world_new();
	struct kb_err err = {0};

	(void)state;
	need_key("locked");
	hold_all(world, "locked", "cow", false);
	wait_settled(world);
	check_all(world, KBI_KEY_FAILED, "key.passphrase");
	assert_int_equal(kbi_keyring_parses(world->ring), 2);
	kbi_key_release(world->holds[3]);
	assert_non_null(hold_as(world, 3, "locked", "horse", false, &err));
	wait_settled(world);
	assert_int_equal(kbi_key_hold_state(world->holds[3]), KBI_KEY_READY);
	world_free(world);
}

static void
thirty_hosts_ask_once(void **state)
{
	struct world *world = world_new();

	(void)state;
	need_key("locked");
	hold_all(world, "locked", NULL, true);
	assert_int_equal(world->questions_asked, 1);
	assert_string_equal(world->what, "passphrase");
	assert_string_equal(world->host, "node-0");
	assert_string_equal(strrchr(world->subject, '/'), "/locked");
	assert_int_equal(world->attempt, 1);
	assert_true(kbi_key_hold_is_asking(world->holds[7]));
	assert_int_equal(answer(world, "horse"), KB_OK);
	assert_int_equal(answer(world, "horse"), KB_EINVAL);	/* it is not open any more */
	wait_settled(world);
	check_all(world, KBI_KEY_READY, "");
	kbi_key_release(world->holds[5]);
	assert_non_null(hold_as(world, 5, "locked", NULL, true, NULL));
	check_all(world, KBI_KEY_READY, "");
	assert_int_equal(world->questions_asked, 1);
	world_free(world);
}

static void
a_wrong_answer_is_asked_for_three_times(void **state)
{
	struct world *world = world_new();
	struct kb_err err = {0};

	(void)state;
	need_key("locked");
	hold_all(world, "locked", NULL, true);
	for (int attempt = 1; attempt <= KBI_ASK_ATTEMPTS; attempt++) {
		assert_int_equal(world->attempt, attempt);
		assert_int_equal(answer(world, attempt == 2 ? "" : "cow"), KB_OK);
		for (int i = 0; i < 1000 && world->attempt == attempt && !world->is_settled; i++)
			turn_for(world->loop, 10);
	}
	check_all(world, KBI_KEY_FAILED, "key.passphrase");
	assert_int_equal(world->questions_asked, KBI_ASK_ATTEMPTS);
	for (int i = 0; i < HOSTS; i++)
		kbi_key_release(world->holds[i]);
	hold_all(world, "locked", NULL, true);	/* a host of the same run that comes later */
	check_all(world, KBI_KEY_FAILED, "key.passphrase");
	assert_int_equal(world->questions_asked, KBI_ASK_ATTEMPTS);
	for (int i = 0; i < HOSTS; i++)
		kbi_key_release(world->holds[i]);
	memset(world->holds, 0, sizeof(world->holds));
	world->asker.id++;			/* another run */
	assert_non_null(hold_as(world, 0, "locked", NULL, true, &err));
	assert_int_equal(world->attempt, 1);
	world_free(world);
}

static void
a_declined_question_fails_all(void **state)
{
	struct world *world = world_new();

	(void)state;
	need_key("locked");
	hold_all(world, "locked", NULL, true);
	assert_int_equal(answer(world, NULL), KB_OK);
	check_all(world, KBI_KEY_FAILED, "question.declined");
	world_free(world);
}

static void
a_question_stays_while_anybody_waits_for_it(void **state)
{
	struct world *world = world_new();

	(void)state;
	need_key("locked");
	hold_all(world, "locked", NULL, true);
	for (int i = 0; i < HOSTS - 1; i++) {
		kbi_key_release(world->holds[i]);
		world->holds[i] = NULL;
	}
	assert_int_equal(world->questions_asked, 1);
	assert_int_equal(answer(world, "horse"), KB_OK);
	wait_settled(world);
	assert_int_equal(kbi_key_hold_state(world->holds[HOSTS - 1]), KBI_KEY_READY);
	world_free(world);
}

static void
a_passphrase_that_was_given_and_is_wrong_is_asked_for(void **state)
{
	struct world *world = world_new();

	(void)state;
	need_key("locked");
	hold_all(world, "locked", "cow", true);
	assert_int_equal(world->questions_asked, 0);
	for (int i = 0; i < 1000 && !world->questions_asked; i++)
		turn_for(world->loop, 10);
	assert_int_equal(answer(world, "horse"), KB_OK);
	wait_settled(world);
	check_all(world, KBI_KEY_READY, "");
	world_free(world);
}

static void
a_file_that_changed_is_another_key(void **state)
{
	struct world *world = world_new();
	struct kb_err err = {0};

	(void)state;
	need_key("locked");
	free(run("cp %s/plain %s/changing", folder, folder));
	assert_non_null(hold_as(world, 0, "changing", NULL, false, &err));
	free(run("cd %s && rm changing && ssh-keygen -q -t ed25519 -N '' -f changing", folder));
	assert_non_null(hold_as(world, 1, "changing", NULL, false, &err));
	const struct kbi_key *a = kbi_key_hold_key(world->holds[0]), *b = kbi_key_hold_key(world->holds[1]);
	assert_int_equal(EVP_PKEY_eq(a->pkey, b->pkey), 0);
	assert_int_equal(kbi_keyring_parses(world->ring), 2);
	free(run("chmod 644 %s/changing", folder));
	assert_null(hold_as(world, 2, "changing", NULL, false, &err));
	assert_string_equal(kb_err_id(&err), "key.mode");
	kbi_err_clear(&err);
	free(run("chmod 644 %s/plain.pub", folder));
	assert_null(hold_as(world, 2, "plain.pub", NULL, false, &err));
	assert_string_equal(kb_err_id(&err), "key.public");
	kbi_err_clear(&err);
	world_free(world);
}

static void
ask_lists_are_words_of_what_can_be_asked(void **state)
{
	static const char *const fine[] = {"passphrase", "password", "passphrase,password,host_key"};
	static const char *const bad[] = {"", ",", "pass", "passphrase,", ",passphrase", "passphrase, password", "passphrases", "yes"};
	struct kbi_map settings = {0};
	struct kbi_asker asker = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(fine); i++)
		assert_true(kbi_is_ask_list(fine[i]));
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(kbi_is_ask_list(bad[i]));
	assert_false(kbi_is_ask_list(NULL));
	assert_false(kbi_may_ask(&asker, &settings, "passphrase"));
	kbi_map_set(&settings, "ask", "host_key");
	assert_true(kbi_may_ask(&asker, &settings, "host_key"));
	assert_false(kbi_may_ask(&asker, &settings, "password"));
	assert_false(kbi_may_ask(NULL, &settings, "host_key"));
	kbi_map_free(&settings);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(thirty_hosts_parse_one_key_once),
		cmocka_unit_test(thirty_hosts_open_one_key_once),
		cmocka_unit_test(the_loop_goes_on_while_a_key_is_opened),
		cmocka_unit_test(what_nobody_waits_for_is_stopped),
		cmocka_unit_test(a_wrong_passphrase_fails_all_that_gave_it),
		cmocka_unit_test(thirty_hosts_ask_once),
		cmocka_unit_test(a_wrong_answer_is_asked_for_three_times),
		cmocka_unit_test(a_declined_question_fails_all),
		cmocka_unit_test(a_question_stays_while_anybody_waits_for_it),
		cmocka_unit_test(a_passphrase_that_was_given_and_is_wrong_is_asked_for),
		cmocka_unit_test(a_file_that_changed_is_another_key),
		cmocka_unit_test(ask_lists_are_words_of_what_can_be_asked),
	};

	return cmocka_run_group_tests_name("keyring", tests, make_keys, drop_keys);
}
