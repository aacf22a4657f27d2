/* SPDX-License-Identifier: Apache-2.0 */
/* apt.repo: the source that is written, the key that is trusted, and the sources that go. */
#include "judged.h"

#include "fetch.h"

#define KEYRING "/etc/apt/keyrings/libkb-kubernetes.asc"
#define SOURCE "/etc/apt/sources.list.d/libkb-kubernetes.list"
#define COMMUNITY "kubernetes-version=1.34.4\n"
#define NEVER "BA58783951A9B665FC8E049C7FF90E955F8C95A2"
#define GOOD "54EBC0F41F8FA813385B0B03B25040F2D8D28841"
#define EXPIRED "2A7D7A399BBA568B221003D963BE52D11934D746"
#define REVOKED "6997C924DDA31318C0BF20897807269461B4FDE0"
#define RENEWED "824A1EBD0EA2B07EFC5BD33A42983584966C4F04"
#define NOV_2026 "1795300000"

static const char source_1_34[] = "# written by libkb\n"
	"deb [signed-by=/etc/apt/keyrings/libkb-kubernetes.asc] https://pkgs.k8s.io/core:/stable:/v1.34/deb/ /\n";

/* A host as the probe finds it: our files (NULL: not there), and one other source file. */
static void
repo(struct judged *j, const char *params, const char *source, const char *key_file, const char *list)
{
	struct unit_file key = { 0 };

	judged_new(j, "apt.repo", params);
	if (j->status)
		fail_msg("%s: %s", params, j->judge.err.cause);
	if (key_file)
		key = unit_read(key_file);
	judged_fact(j, "clock", NOV_2026);
	judged_file(j, "source", source, "0644");
	judged_file(j, "keyring", key.data, "0644");
	judged_file(j, "ca", NULL, NULL);
	judged_file(j, "ca_conf", NULL, NULL);
	if (list)
		judged_fact(j, "list", list);
	free(key.data);
}

static void
a_bare_host_gets_the_repository_of_its_minor(void **state)
{
	struct judged j;

	(void)state;
	repo(&j, COMMUNITY, NULL, NULL, NULL);
	assert_int_equal(judged_run(&j), KB_ABSENT);
	assert_string_equal(judged_after(&j, SOURCE), source_1_34);
	assert_string_equal(judged_after(&j, KEYRING), "the repository's key");
	assert_string_equal(judged_want(&j, "key"), "yes");
	judged_free(&j);
}

static void
what_is_as_it_should_be_is_left_alone(void **state)
{
	struct judged j;

	(void)state;
	repo(&j, COMMUNITY "key-fingerprint=" NEVER "\n", source_1_34, "openpgp/never.asc", "https://pkgs.k8s.io/core:/stable:/v1.34/deb/");
	judged_fact(&j, "other", "/etc/apt/sources.list");
	judged_fact(&j, "other_text", "deb http://mirror.example/debian bookworm main\n# deb https://apt.kubernetes.io/ kubernetes-xenial main\n");
	assert_int_equal(judged_run(&j), KB_PRESENT);
	assert_string_equal(judged_output(&j, "key-expires"), "");
	judged_free(&j);
}

static void
a_host_whose_lists_lack_the_repository_is_not_done(void **state)
{
	struct judged j;

	(void)state;
	repo(&j, COMMUNITY "key-fingerprint=" NEVER "\n", source_1_34, "openpgp/never.asc", NULL);
	assert_int_equal(judged_run(&j), KB_ABSENT);
	assert_int_equal(j.judge.change_count, 1);
	judged_free(&j);
}

static void
another_key_on_the_host_is_replaced_and_an_old_one_too(void **state)
{
	static const struct { const char *file, *pin, *state; } cases[] = {
		{ "openpgp/good.asc", NEVER, "another key" }, { "openpgp/two.asc", NEVER, "another key" },
		{ "openpgp/expired.asc", EXPIRED, "expired or revoked" }, { "openpgp/revoked.asc", REVOKED, "expired or revoked" },
	};
	struct judged j;
	char params[300];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		snprintf(params, sizeof(params), COMMUNITY "key-fingerprint=%s\n", cases[i].pin);
		repo(&j, params, source_1_34, cases[i].file, "x");
		assert_int_equal(judged_run(&j), KB_DIFFERS);
		assert_string_equal(judged_change(&j, KEYRING)->before, cases[i].state);
		judged_free(&j);
	}
	repo(&j, COMMUNITY "key-fingerprint=" NEVER "\nkey-fingerprint=" GOOD "\n", source_1_34, "openpgp/two.asc", "x");
	assert_int_equal(judged_run(&j), KB_PRESENT);	/* both are pinned */
	judged_free(&j);
}

static void
a_key_that_is_about_to_expire_is_a_warning(void **state)
{
	struct judged j;

	(void)state;
	repo(&j, COMMUNITY "key-fingerprint=" RENEWED "\n", source_1_34, "openpgp/renewed.asc", "x");
	assert_int_equal(judged_run(&j), KB_PRESENT);
	assert_null(judged_note(&j, "apt.key-expires"));
	assert_string_equal(judged_output(&j, "key-expires"), "2030-01-01");
	kbi_map_set(&j.facts, "clock", "1892000000");	/* 2029-12-15 */
	assert_int_equal(judged_run(&j), KB_PRESENT);
	assert_non_null(strstr(judged_note(&j, "apt.key-expires"), "2030-01-01"));
	judged_free(&j);
}

/* -- other files */

static void
check_other(const char *params, const char *path, const char *text, const char *wanted)
{
	struct judged j;

	repo(&j, params, source_1_34, NULL, "x");
	judged_fact(&j, "other", "/etc/apt/sources.list.d/first.list");
	judged_fact(&j, "other_text", "");
	judged_fact(&j, "other", path);
	judged_fact(&j, "other_text", text);
	judged_run(&j);
	const struct kbi_change *change = judged_change(&j, path);
	if (!change && !kbi_str_is(wanted, text))
		fail_msg("%s is left as it is:\n%s", path, text);
	if (change && (wanted ? !kbi_str_is(change->after, wanted) : change->after != NULL))
		fail_msg("%s becomes\n%s\nand not\n%s", path, change->after ? change->after : "nothing", wanted ? wanted : "nothing");
	judged_free(&j);
}

static void
files_that_only_name_a_repository_of_kubernetes_go_whatever_they_are_called(void **state)
{
	(void)state;
	check_other(COMMUNITY, "/etc/apt/sources.list.d/kubernetes.list.list", "deb https://apt.kubernetes.io/ kubernetes-xenial main\n", NULL);
	check_other(COMMUNITY, "/etc/apt/sources.list.d/x.list",
		"# Kubernetes\ndeb [signed-by=/etc/apt/keyrings/k.gpg arch=amd64] https://pkgs.k8s.io/core:/stable:/v1.33/deb/ /\n", NULL);
	check_other(COMMUNITY, "/etc/apt/sources.list.d/google.list", "deb http://packages.cloud.google.com/apt kubernetes-xenial main", NULL);
	check_other(COMMUNITY, "/etc/apt/sources.list.d/aliyun.list",
		"deb https://mirrors.aliyun.com/kubernetes/apt/ kubernetes-xenial main\n", NULL);
	check_other(COMMUNITY, "/etc/apt/sources.list.d/k.sources",
		"Types: deb\nURIs: https://pkgs.k8s.io/core:/stable:/v1.30/deb/\nSuites: /\nSigned-By: /k.gpg\n", NULL);
	check_other(COMMUNITY "url=https://mirror.example/k8s/\nkey-fingerprint=" NEVER "\n", "/etc/apt/sources.list.d/m.list",
		"deb [trusted=yes] http://mirror.example/k8s/core:/stable:/v1.33/deb /\n", NULL);
}

static void
what_else_is_in_a_file_stays(void **state)
{
	(void)state;
	check_other(COMMUNITY, "/etc/apt/sources.list", "deb https://apt.kubernetes.io/ kubernetes-xenial main\n",
		"# off, by libkb: deb https://apt.kubernetes.io/ kubernetes-xenial main\n");
	check_other(COMMUNITY, "/etc/apt/sources.list.d/mixed.list",
		"deb http://mirror.example/debian bookworm main\n  deb https://pkgs.k8s.io/core:/stable:/v1.33/deb/ /\n# end",
		"deb http://mirror.example/debian bookworm main\n# off, by libkb:   deb https://pkgs.k8s.io/core:/stable:/v1.33/deb/ /\n# end");
	check_other(COMMUNITY, "/etc/apt/sources.list.d/mixed.sources",
		"# one\nTypes: deb\nURIs: https://pkgs.k8s.io/core:/stable:/v1.33/deb/\nSuites: /\nEnabled: yes\n\n\nTypes: deb\n"
		"URIs: http://mirror.example/debian\nSuites: bookworm\nComponents: main",
		"# one\nTypes: deb\nURIs: https://pkgs.k8s.io/core:/stable:/v1.33/deb/\nSuites: /\nEnabled: no\n\n\nTypes: deb\n"
		"URIs: http://mirror.example/debian\nSuites: bookworm\nComponents: main");
}

static void
what_is_not_a_repository_of_kubernetes_is_not_touched(void **state)
{
	static const char *const texts[] = {
		"deb https://pkgs.k8s.io/addons:/cri-o:/stable:/v1.30/deb/ /\n",
		"deb https://packages.cloud.google.com/apt cloud-sdk-bookworm main\n",
		"deb http://mirror.example/debian bookworm main # see https://pkgs.k8s.io/core:/\n",
		"#deb https://apt.kubernetes.io/ kubernetes-xenial main\n",
		"deb\ndeb [\ndeb [a]\ndeb x\n\xff\xfe deb",
		"",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		check_other(COMMUNITY, "/etc/apt/sources.list.d/o.list", texts[i], texts[i]);
		check_other(COMMUNITY, "/etc/apt/sources.list.d/o.sources", texts[i], texts[i]);
	}
	check_other(COMMUNITY, "/etc/apt/sources.list.d/off.sources",
		"Types: deb\nEnabled: no\nURIs: https://apt.kubernetes.io/\nSuites: kubernetes-xenial\nComponents: main\n",
		"Types: deb\nEnabled: no\nURIs: https://apt.kubernetes.io/\nSuites: kubernetes-xenial\nComponents: main\n");
	/* of a mirror of everything only the suite that was asked for is ours */
	check_other("flavour=custom\nurl=http://mirror.example/all\nsuite=k8s\ncomponents=main\nkey=x\nkey-fingerprint=" NEVER "\n",
		"/etc/apt/sources.list.d/all.list", "deb http://mirror.example/all bookworm main\n", "deb http://mirror.example/all bookworm main\n");
	check_other("flavour=custom\nurl=http://mirror.example/all\nsuite=k8s\ncomponents=main\nkey=x\nkey-fingerprint=" NEVER "\n",
		"/etc/apt/sources.list.d/all.list", "deb http://mirror.example/all k8s main\n", NULL);
}

/* -- flavours */

static void
check_source(const char *params, const char *line)
{
	struct judged j;
	char wanted[500];

	repo(&j, params, NULL, NULL, NULL);
	judged_run(&j);
	snprintf(wanted, sizeof(wanted), "# written by libkb\ndeb [signed-by=" KEYRING "] %s\n", line);
	assert_string_equal(judged_after(&j, SOURCE), wanted);
	judged_free(&j);
}

static void
each_flavour_has_its_line(void **state)
{
	(void)state;
	check_source("kubernetes-version=1.24.0\n", "https://pkgs.k8s.io/core:/stable:/v1.24/deb/ /");
	check_source("kubernetes-version=1.23.6\nurl=https://mirror.example/apt\n", "https://mirror.example/apt kubernetes-xenial main");
	check_source("flavour=legacy\nkubernetes-version=1.34.4\nurl=https://mirror.example/apt\nsuite=kubernetes-xenial\n",
		"https://mirror.example/apt kubernetes-xenial main");
	check_source("flavour=custom\nurl=https://mirror.example/debs\nkey=x\nkey-fingerprint=" NEVER "\n", "https://mirror.example/debs /");
	check_source("flavour=custom\nurl=https://mirror.example/debs\nsuite=stable\ncomponents=main\ncomponents=extra\nkey=x\nkey-fingerprint=" NEVER "\n",
		"https://mirror.example/debs stable main extra");
}

static void
wrong_parameters_are_refused_before_a_host_is_asked(void **state)
{
	(void)state;
	judged_refuses("apt.repo", "kubernetes-version=1.23.6\n", KB_EUNSUPPORTED, "apt.legacy-gone", "2024-03-04");
	judged_refuses("apt.repo", "kubernetes-version=1.23.6\nurl=https://m.example/\nsuite=kubernetes-focal\n", KB_EINVAL, "apt.legacy-suite",
		"kubernetes-xenial");
	judged_refuses("apt.repo", "flavour=custom\nurl=https://m.example/\n", KB_EINVAL, "apt.key-missing", "key");
	judged_refuses("apt.repo", "flavour=custom\nurl=https://m.example/\nkey=x\n", KB_EINVAL, "apt.fingerprint-missing", "fingerprint");
	judged_refuses("apt.repo", COMMUNITY "key-fingerprint=234654DA9A296436\n", KB_EINVAL, NULL, "234654DA9A296436");
	judged_refuses("apt.repo", "flavour=beta\nkubernetes-version=1.34.4\n", KB_EINVAL, NULL, "beta");
	judged_refuses("apt.repo", "", KB_EINVAL, NULL, "");
	judged_refuses("apt.repo", COMMUNITY "url=https://user:secret@m.example/\n", KB_EINVAL, NULL, "user or password");
}

/* -- preparing: keys in the controller's files */

static kb_status
prepare(struct judged *j, const char *params, const char *key_file, struct kb_err *err)
{
	atomic_bool is_cancelled = false;
	struct kbi_fetcher *fetcher = kbi_fetcher_new();
	char all[1000];

	snprintf(all, sizeof(all), "%s" COMMUNITY "key-url=%s/%s\n", params, TEST_DATA, key_file);
	repo(j, all, NULL, NULL, NULL);
	struct kbi_prepare p = {
		.args = &j->args, .facts = &j->facts, .made = &j->made, .fetcher = fetcher, .is_cancelled = &is_cancelled, .err = err,
	};
	kb_status status = j->step->def->prepare(&p);
	kbi_fetcher_unref(fetcher);
	return status;
}

static void
a_pinned_key_reaches_the_host_armoured(void **state)
{
	struct unit_file asc = unit_read("openpgp/good.asc");
	struct judged j;

	(void)state;
	assert_int_equal(prepare(&j, "key-fingerprint=" GOOD "\n", "openpgp/good.gpg", NULL), KB_OK);
	assert_string_equal(kbi_map_get(&j.made, "keyring"), asc.data);
	assert_int_equal(judged_run(&j), KB_ABSENT);
	assert_string_equal(judged_after(&j, KEYRING), asc.data);
	judged_free(&j);
	free(asc.data);
}

static void
check_key_refused(const char *params, const char *key_file, kb_status code, const char *id, const char *words)
{
	struct kb_err err = { 0 };
	struct judged j;

	kb_status status = prepare(&j, params, key_file, &err);
	if (status != code || !kbi_str_is(err.id ? err.id : "", id) || !strstr(err.cause, words))
		fail_msg("%s: %s, %s: %s", key_file, kb_err_name(status), err.id ? err.id : "no id", status ? err.cause : "");
	assert_false(kbi_map_has(&j.made, "keyring"));
	kbi_err_clear(&err);
	judged_free(&j);
}

static void
other_keys_never_reach_a_host(void **state)
{
	(void)state;
	check_key_refused("", "openpgp/good.asc", KB_EINTEGRITY, "apt.key-unknown", "0 of 1");	/* the community's own is asked for */
	check_key_refused("key-fingerprint=" NEVER "\n", "openpgp/good.asc", KB_EINTEGRITY, "apt.key-unknown", "0 of 1");
	check_key_refused("key-fingerprint=" NEVER "\n", "openpgp/two.asc", KB_EINTEGRITY, "apt.key-unknown", "1 of 2");
	check_key_refused("key-fingerprint=" EXPIRED "\n", "openpgp/expired.asc", KB_EINTEGRITY, "apt.key-expired", EXPIRED " expired on 2022-12-04");
	check_key_refused("key-fingerprint=" REVOKED "\n", "openpgp/revoked.asc", KB_EINTEGRITY, "apt.key-revoked", REVOKED);
	check_key_refused("key-fingerprint=" GOOD "\n", "spec.txt", KB_EINVAL, "", "No such file");
}

static void
a_mirrors_own_authority_goes_to_apt_for_that_mirror_alone(void **state)
{
	struct judged j;

	(void)state;
	repo(&j, COMMUNITY "url=https://mirror.example:8443/k8s\ndownload-ca=/ca.pem\nkey-fingerprint=" NEVER "\n", NULL, NULL, NULL);
	judged_run(&j);
	assert_string_equal(judged_want(&j, "ca_conf"),
		"// written by libkb\nAcquire::https::mirror.example::CaInfo \"/etc/apt/keyrings/libkb-kubernetes-ca.pem\";\n");
	judged_free(&j);
	repo(&j, COMMUNITY "download-ca=/ca.pem\n", NULL, NULL, NULL);	/* of what else the controller fetches */
	judged_run(&j);
	assert_null(judged_want(&j, "ca_conf"));
	judged_free(&j);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bare_host_gets_the_repository_of_its_minor),
		cmocka_unit_test(what_is_as_it_should_be_is_left_alone),
		cmocka_unit_test(a_host_whose_lists_lack_the_repository_is_not_done),
		cmocka_unit_test(another_key_on_the_host_is_replaced_and_an_old_one_too),
		cmocka_unit_test(a_key_that_is_about_to_expire_is_a_warning),
		cmocka_unit_test(files_that_only_name_a_repository_of_kubernetes_go_whatever_they_are_called),
		cmocka_unit_test(what_else_is_in_a_file_stays),
		cmocka_unit_test(what_is_not_a_repository_of_kubernetes_is_not_touched),
		cmocka_unit_test(each_flavour_has_its_line),
		cmocka_unit_test(wrong_parameters_are_refused_before_a_host_is_asked),
		cmocka_unit_test(a_pinned_key_reaches_the_host_armoured),
		cmocka_unit_test(other_keys_never_reach_a_host),
		cmocka_unit_test(a_mirrors_own_authority_goes_to_apt_for_that_mirror_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
