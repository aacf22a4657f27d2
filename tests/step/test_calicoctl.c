/* SPDX-License-Identifier: Apache-2.0 */
/* calicoctl.install: which sum is asked for, and that nothing without one reaches a host. */
#include <sys/stat.h>
#include <unistd.h>

#include "judged.h"

#include "fetch.h"

#define PROGRAM "/usr/local/bin/calicoctl"
#define KNOWN "087e1547878913587ebaa756686f38184a730e9af9b71f3d91b92f6c99b60c11"	/* 3.30.7, amd64 */
#define HELLO "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"	/* "hello\n" */

static char folder[64];

static void
put(const char *name, const char *text)
{
	char path[200];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int
make_folder(void **state)
{
	char path[100];

	(void)state;
	strcpy(folder, "/tmp/kb-calicoctl-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/v3.99.0", folder);
	if (mkdir(path, 0700))
		return -1;
	put("v3.99.0/calicoctl-linux-amd64", "hello\n");
	put("v3.99.0/SHA256SUMS", KNOWN "  calicoctl-linux-arm64\n" HELLO "  calicoctl-linux-amd64\n" KNOWN "  xcalicoctl-linux-amd64\n");
	return 0;
}

static int
remove_folder(void **state)
{
	static const char *const names[] = { "v3.99.0/calicoctl-linux-amd64", "v3.99.0/SHA256SUMS", "v3.99.0", "" };
	char path[200];

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		if (remove(path))
			return -1;
	}
	return 0;
}

/* with {} for the folder */
static void
calicoctl(struct judged *j, const char *params, const char *sum)
{
	char filled[1000] = "";
	const char *at = strstr(params, "{}");

	if (at)
		snprintf(filled, sizeof(filled), "%.*s%s%s", (int)(at - params), params, folder, at + 2);
	judged_new(j, "calicoctl.install", at ? filled : params);
	assert_int_equal(j->status, KB_OK);
	judged_fact(j, "arch", "amd64");
	if (!sum)
		return;
	judged_fact(j, "sha256", sum);
	judged_fact(j, "mode", "0755");
	judged_fact(j, "owner", "root:root");
}

static kb_status
prepare(struct judged *j, struct kb_err *err)
{
	atomic_bool is_cancelled = false;
	struct kbi_fetcher *fetcher = kbi_fetcher_new();
	struct kbi_prepare p = {
		.args = &j->args, .facts = &j->facts, .made = &j->made, .fetcher = fetcher, .is_cancelled = &is_cancelled, .err = err,
	};

	kb_status status = j->step->def->prepare(&p);
	kbi_fetcher_unref(fetcher);
	return status;
}

static void
the_installed_program_is_known_by_its_sum(void **state)
{
	struct judged j;

	(void)state;
	calicoctl(&j, "version=v3.30.7\n", KNOWN);
	assert_int_equal(judged_run(&j), KB_PRESENT);
	kbi_map_set(&j.facts, "mode", "0777");
	assert_int_equal(judged_run(&j), KB_DIFFERS);
	kbi_map_set(&j.facts, "mode", "0755");
	kbi_map_set(&j.facts, "sha256", HELLO);
	assert_int_equal(judged_run(&j), KB_DIFFERS);
	judged_free(&j);
	calicoctl(&j, "version=3.30.7\n", NULL);
	assert_int_equal(judged_run(&j), KB_ABSENT);
	assert_non_null(strstr(judged_after(&j, PROGRAM), KNOWN));
	judged_free(&j);
	calicoctl(&j, "version=v3.30.7\n", NULL);
	judged_fact(&j, "other", "directory");
	assert_int_equal(judged_run(&j), KB_ECONFLICT);
	judged_free(&j);
}

static void
a_pinned_program_is_streamed(void **state)
{
	struct judged j;

	(void)state;
	calicoctl(&j, "version=v3.99.0\nurl={}\nsha256=" HELLO "\n", NULL);
	assert_int_equal(prepare(&j, NULL), KB_OK);
	assert_string_equal(kbi_map_get(&j.made, "input"), "hello\n");
	assert_int_equal(judged_run(&j), KB_ABSENT);
	assert_string_equal(judged_want(&j, "sha256"), HELLO);
	judged_free(&j);
}

static void
the_releases_own_list_of_sums_will_do_when_it_is_pinned(void **state)
{
	struct kb_err err = { 0 };
	struct judged j;

	(void)state;
	calicoctl(&j, "version=v3.99.0\nurl={}/v3.99.0/\nsums-sha256=2e5f1d3b5d0e5d1bcb9c3f2a1d9b8a7c6e5f4d3c2b1a0f9e8d7c6b5a4f3e2d1c\n", NULL);
	assert_int_equal(prepare(&j, &err), KB_EINTEGRITY);
	assert_string_equal(err.id, "fetch.sha256");
	char pin[65], params[300];
	snprintf(pin, sizeof(pin), "%s", strstr(err.evidence[1], "came: ") + 6);
	kbi_err_clear(&err);
	judged_free(&j);

	snprintf(params, sizeof(params), "version=v3.99.0\nurl={}/v3.99.0/calicoctl-linux-{arch}\nsums-sha256=%s\n", pin);
	calicoctl(&j, params, NULL);
	assert_int_equal(prepare(&j, NULL), KB_OK);
	assert_string_equal(kbi_map_get(&j.made, "sha256"), HELLO);
	assert_true(kbi_map_has(&j.made, "input"));
	judged_free(&j);

	calicoctl(&j, params, HELLO);	/* it is there: nothing is fetched but the list */
	assert_int_equal(judged_run(&j), KB_DIFFERS);
	assert_int_equal(prepare(&j, NULL), KB_OK);
	assert_false(kbi_map_has(&j.made, "input"));
	assert_int_equal(judged_run(&j), KB_PRESENT);
	judged_free(&j);
}

static void
without_a_sum_it_is_refused_with_the_one_that_came(void **state)
{
	struct kb_err err = { 0 };
	struct judged j;

	(void)state;
	calicoctl(&j, "version=v3.99.0\nurl={}\n", NULL);
	assert_int_equal(prepare(&j, &err), KB_EINTEGRITY);
	assert_string_equal(err.id, "calicoctl.unpinned");
	assert_non_null(strstr(err.evidence[0], HELLO));
	assert_false(kbi_map_has(&j.made, "input"));
	kbi_err_clear(&err);
	judged_free(&j);
	judged_refuses("calicoctl.install", "version=v3.30.7\nsha256=abc\n", KB_EINVAL, NULL, "sha256");
	judged_refuses("calicoctl.install", "version=latest\n", KB_EINVAL, NULL, "latest");
	judged_refuses("calicoctl.install", "", KB_EINVAL, NULL, "version");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_installed_program_is_known_by_its_sum),
		cmocka_unit_test(a_pinned_program_is_streamed),
		cmocka_unit_test(the_releases_own_list_of_sums_will_do_when_it_is_pinned),
		cmocka_unit_test(without_a_sum_it_is_refused_with_the_one_that_came),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
