/* SPDX-License-Identifier: Apache-2.0 */
/* token.create, token.delete, kubeconfig.install. */
#include "judged.h"

#define TOKEN "abcdef.0123456789abcdef"

static void
lifetimes_are_whole_and_bounded(void **state)
{
	static const struct { const char *ttl, *seconds; } good[] = {
		{ "30m", "1800" }, { "90s", "90" }, { "1h30m", "5400" }, { "24h0m0s", "86400" }, { "0", "0" },
	};
	static const char *const bad[] = { "30", "m", "-5m", "1.5h", "30 m", "1d", "9999999999h", "10000h", "0x1m" };

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		char params[100];
		struct judged j;
		snprintf(params, sizeof(params), "ttl=%s\n", good[i].ttl);
		judged_new(&j, "token.create", params);
		assert_int_equal(j.status, KB_OK);
		assert_int_equal(judged_run(&j), KB_ABSENT);
		assert_string_equal(judged_want(&j, "lifetime"), good[i].seconds);
		judged_free(&j);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		char params[100];
		snprintf(params, sizeof(params), "ttl=%s\n", bad[i]);
		judged_refuses("token.create", params, KB_EINVAL, NULL, bad[i]);
	}
}

/* A join line is of use only when the token is for both. */
static void
what_a_token_is_for_is_kubeadms_word(void **state)
{
	static const struct { const char *params; bool is_enough; } uses[] = {
		{ "", true }, { "usages=authentication\nusages=signing\n", true }, { "usages=authentication\n", false }, { "usages=signing\n", false },
	};
	struct unit_file ca = unit_read("ca/ec.pem");

	(void)state;
	for (size_t i = 0; i < COUNT(uses); i++) {
		struct judged j;
		judged_new(&j, "token.create", uses[i].params);
		assert_int_equal(j.status, KB_OK);
		kbi_map_set_secret(&j.made, "token", TOKEN, strlen(TOKEN));
		judged_facts(&j, "server=https://192.168.1.2:6443\ntokens.status=0\ntokens=secret/bootstrap-token-abcdef\n");
		judged_fact(&j, "ca", ca.data);
		assert_int_equal(judged_run(&j), KB_PRESENT);
		assert_int_equal(kbi_map_has(&j.judge.outputs, "join-command"), uses[i].is_enough);
		judged_free(&j);
	}
	judged_refuses("token.create", "usages=signing\nusages=encryption\n", KB_EINVAL, NULL, "\"encryption\" is not signing or authentication");
	free(ca.data);
}

static void
for_ever_is_warned_of(void **state)
{
	struct judged j;

	(void)state;
	judged_new(&j, "token.create", "ttl=0\n");
	assert_int_equal(judged_run(&j), KB_ABSENT);
	assert_non_null(judged_note(&j, "token.never-expires"));
	judged_free(&j);
	judged_new(&j, "token.create", "");
	assert_int_equal(judged_run(&j), KB_ABSENT);
	assert_null(judged_note(&j, "token.never-expires"));
	judged_free(&j);
}

static void
a_token_is_ours_and_new_each_time(void **state)
{
	struct kbi_map made[2] = { { 0 }, { 0 } }, named = { 0 };
	struct judged j;

	(void)state;
	judged_new(&j, "token.create", "");
	for (size_t i = 0; i < 2; i++) {
		struct kbi_prepare p = { .args = &j.args, .facts = &j.facts, .made = &made[i], .named = &named };
		assert_int_equal(j.step->def->prepare(&p), KB_OK);
		assert_memory_equal(kbi_map_get(&made[i], "token"), kbi_map_get(&named, "token-id"), strlen(kbi_map_get(&named, "token-id")));
		assert_true(kbi_map_find(&made[i], "token")->secret);
		assert_int_equal(strlen(kbi_map_get(&made[i], "token")), strlen(TOKEN));
		/* its public part, and no more of it */
		assert_int_equal(named.count, 1);
		assert_int_equal(strlen(kbi_map_get(&named, "token-id")), 6);
		assert_memory_equal(kbi_map_get(&named, "token-id"), kbi_map_get(&made[i], "token"), 6);
	}
	kbi_map_free(&named);
	assert_string_not_equal(kbi_map_get(&made[0], "token"), kbi_map_get(&made[1], "token"));
	kbi_map_free(&made[0]);
	kbi_map_free(&made[1]);
	kbi_map_free(&named);
	judged_free(&j);
}

static void
a_token_is_there_when_its_secret_is(void **state)
{
	struct unit_file ca = unit_read("ca/ec.pem");
	struct judged j;

	(void)state;
	judged_new(&j, "token.create", "");
	kbi_map_set_secret(&j.made, "token", TOKEN, strlen(TOKEN));
	judged_facts(&j, "server=https://192.168.1.2:6443\ntokens.status=0\n");
	judged_fact(&j, "ca", ca.data);
	judged_fact(&j, "tokens", "secret/bootstrap-token-abcdeg\nsecret/bootstrap-token-abcdef2\nsecret/bootstrap-token-abcde");
	assert_int_equal(judged_run(&j), KB_ABSENT);
	kbi_map_set(&j.facts, "tokens", "secret/bootstrap-token-123456\nsecret/bootstrap-token-abcdef");
	assert_int_equal(judged_run(&j), KB_PRESENT);
	assert_string_equal(judged_output(&j, "token"), TOKEN);
	assert_string_equal(judged_output(&j, "token-id"), "abcdef");
	assert_true(kbi_str_starts(judged_output(&j, "join-command"), "kubeadm join 192.168.1.2:6443 --token " TOKEN));
	assert_true(kbi_map_find(&j.judge.outputs, "token")->secret);
	assert_true(kbi_map_find(&j.judge.outputs, "join-command")->secret);
	kbi_map_set(&j.facts, "tokens.status", "1");
	assert_int_equal(judged_run(&j), KB_UNKNOWN);
	judged_free(&j);
	free(ca.data);
}

static void
a_token_is_deleted_by_its_id_alone(void **state)
{
	struct judged j;

	(void)state;
	judged_refuses("token.delete", "token-id=" TOKEN "\n", KB_EINVAL, NULL, "token-id");
	judged_refuses("token.delete", "token-id=abcde;\n", KB_EINVAL, NULL, "token-id");
	judged_new(&j, "token.delete", "token-id=" TOKEN "\n");
	assert_null(strstr(j.judge.err.cause, "0123456789"));
	judged_free(&j);
	judged_new(&j, "token.delete", "token-id=abcdef\n");
	assert_int_equal(judged_run(&j), KB_PRESENT);	/* no cluster */
	judged_facts(&j, "secret.status=0\nsecret=secret/bootstrap-token-abcdef\n");
	assert_int_equal(judged_run(&j), KB_DIFFERS);
	kbi_map_set(&j.facts, "secret", "");
	assert_int_equal(judged_run(&j), KB_PRESENT);
	kbi_map_set(&j.facts, "secret.status", "1");
	assert_int_equal(judged_run(&j), KB_UNKNOWN);
	judged_free(&j);
}

/* -- kubeconfig.install */

static const char admin[] = "apiVersion: v1\nclusters:\n- cluster:\n    certificate-authority-data: QUFB\n    server: https://192.168.1.2:6443\n"
	"  name: kubernetes\nusers:\n- name: admin\n  user:\n    client-key-data: S0VZ\n";

static void
users(struct judged *j, const char *params, const char *facts)
{
	judged_new(j, "kubeconfig.install", params);
	assert_int_equal(j->status, KB_OK);
	judged_file(j, "admin", admin, "0600");
	judged_facts(j, facts);
}

static void
no_control_plane_is_no_kubeconfig(void **state)
{
	struct judged j;

	(void)state;
	judged_new(&j, "kubeconfig.install", "");
	judged_file(&j, "admin", NULL, NULL);
	assert_int_equal(judged_run(&j), KB_ABSENT);
	judged_free(&j);
}

static void
root_and_the_named_get_it(void **state)
{
	struct judged j;

	(void)state;
	users(&j, "user=vagrant\n", "user=root /root\nuser=vagrant /home/vagrant\n");
	assert_int_equal(judged_run(&j), KB_ABSENT);
	assert_string_equal(judged_want(&j, "users"), "root /root\nvagrant /home/vagrant\n");
	assert_string_equal(judged_want(&j, "config"), admin);
	assert_true(kbi_map_find(&j.judge.wants, "config")->secret);
	assert_true(kbi_map_find(&j.judge.outputs, "kubeconfig")->secret);
	for (size_t i = 0; i < j.judge.change_count; i++)	/* never shown */
		assert_null(strstr(j.judge.changes[i].after, "S0VZ"));
	judged_free(&j);
}

static void
what_is_the_same_is_left(void **state)
{
	struct judged j;

	(void)state;
	users(&j, "", "user=root /root\nthere.root=yes\nsame.root=yes\nmode.root=0600\nowner.root=root\nclusters.root=1\n"
		"server.root=https://192.168.1.2:6443\nca.root=QUFB\n");
	assert_int_equal(judged_run(&j), KB_PRESENT);
	kbi_map_set(&j.facts, "mode.root", "0644");
	assert_int_equal(judged_run(&j), KB_DIFFERS);
	assert_string_equal(judged_want(&j, "users"), "root /root\n");
	judged_free(&j);
}

static void
a_file_of_another_cluster_is_not_overwritten(void **state)
{
	static const char theirs[] = "user=root /root\nthere.root=yes\nmode.root=0600\nowner.root=root\nclusters.root=1\n"
		"server.root=https://10.1.1.1:6443\nca.root=QkJC\n";
	struct judged j;

	(void)state;
	users(&j, "", theirs);
	assert_int_equal(judged_run(&j), KB_ECONFLICT);
	assert_string_equal(j.judge.err.id, "kubeconfig.foreign");
	judged_free(&j);
	users(&j, "replace=yes\n", theirs);
	assert_int_equal(judged_run(&j), KB_DIFFERS);
	judged_free(&j);
	users(&j, "", "user=root /root\nthere.root=yes\nmode.root=0600\nowner.root=root\nclusters.root=2\n"
		"server.root=https://192.168.1.2:6443\nca.root=QUFB\n");	/* it has others beside ours */
	assert_int_equal(judged_run(&j), KB_ECONFLICT);
	judged_free(&j);
}

static void
the_file_of_the_cluster_that_was_here_before_is_overwritten(void **state)
{
	struct judged j;

	(void)state;
	users(&j, "", "user=root /root\nthere.root=yes\nmode.root=0600\nowner.root=root\nclusters.root=1\n"
		"server.root=https://192.168.1.2:6443\nca.root=QkJC\n");
	assert_int_equal(judged_run(&j), KB_DIFFERS);
	judged_free(&j);
}

static void
users_that_are_none_are_refused(void **state)
{
	struct judged j;

	(void)state;
	judged_refuses("kubeconfig.install", "user=-x\n", KB_EINVAL, NULL, "-x");
	judged_refuses("kubeconfig.install", "user=a b\n", KB_EINVAL, NULL, "a b");
	judged_refuses("kubeconfig.install", "user=../root\n", KB_EINVAL, NULL, "../root");
	users(&j, "user=nobody-here\n", "user=root /root\nuser=nobody-here missing\n");
	assert_int_equal(judged_run(&j), KB_EINVAL);
	assert_string_equal(j.judge.err.id, "kubeconfig.user-missing");
	judged_free(&j);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lifetimes_are_whole_and_bounded),
		cmocka_unit_test(what_a_token_is_for_is_kubeadms_word),
		cmocka_unit_test(for_ever_is_warned_of),
		cmocka_unit_test(a_token_is_ours_and_new_each_time),
		cmocka_unit_test(a_token_is_there_when_its_secret_is),
		cmocka_unit_test(a_token_is_deleted_by_its_id_alone),
		cmocka_unit_test(no_control_plane_is_no_kubeconfig),
		cmocka_unit_test(root_and_the_named_get_it),
		cmocka_unit_test(what_is_the_same_is_left),
		cmocka_unit_test(a_file_of_another_cluster_is_not_overwritten),
		cmocka_unit_test(the_file_of_the_cluster_that_was_here_before_is_overwritten),
		cmocka_unit_test(users_that_are_none_are_refused),
	};

	return cmocka_run_group_tests_name("tokens", tests, NULL, NULL);
}
