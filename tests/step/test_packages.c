/* SPDX-License-Identifier: Apache-2.0 */
/* packages.install and packages.hold. */
#include "judged.h"

#include "steps/packages.h"

#define VERSION "kubernetes-version=1.34.4\n"
#define THREE "kubeadm 1.34.4-1.1 ii\nkubelet 1.34.4-1.1 ii\nkubectl 1.34.4-1.1 ii\n"
#define HELPERS "cri-tools 1.34.0-1.1 ii\nkubernetes-cni 1.7.1-1.1 ii\nconntrack 1:1.4.7-1+b2 ii\nsocat 1.7.4.4-2 ii\n" \
	"ebtables 2.0.11-5 ii\nethtool 1:6.1-1 ii\niproute2 6.1.0-3 ii"

static void
packages(struct judged *j, const char *params, const char *installed, const char *offered)
{
	judged_new(j, "packages.install", params);
	assert_int_equal(j->status, KB_OK);
	judged_fact(j, "installed", installed);
	if (offered)
		judged_fact(j, "offered", offered);
}

static void
the_revision_is_the_newest_that_the_sources_have(void **state)
{
	struct judged j;

	(void)state;
	packages(&j, VERSION "packages=kubeadm\n", HELPERS,
		"   kubeadm | 1.34.10-1.1 | https://pkgs.k8s.io/core:/stable:/v1.34/deb  Packages\n"
		"   kubeadm | 1.34.4-2.1 | https://pkgs.k8s.io/core:/stable:/v1.34/deb  Packages\n"
		"   kubeadm | 1.34.4-1.1 | https://pkgs.k8s.io/core:/stable:/v1.34/deb  Packages\n");
	assert_int_equal(judged_run(&j), KB_ABSENT);
	assert_string_equal(judged_after(&j, "kubeadm"), "1.34.4-2.1");
	assert_string_equal(judged_want(&j, "packages"), "kubeadm ");
	judged_free(&j);
}

static void
what_is_installed_is_left_alone(void **state)
{
	struct judged j;

	(void)state;
	packages(&j, VERSION, THREE HELPERS, NULL);
	assert_int_equal(judged_run(&j), KB_PRESENT);
	judged_free(&j);
	packages(&j, VERSION, "kubeadm 1.34.4-00 hi\nkubelet 1.34.4-00 hi\nkubectl 1.34.4-00 hi\n" HELPERS, NULL);
	assert_int_equal(judged_run(&j), KB_PRESENT);
	judged_free(&j);
}

static void
half_installed_and_removed_is_not_installed(void **state)
{
	struct judged j;

	(void)state;
	packages(&j, VERSION, "kubeadm 1.34.4-1.1 iU\nkubelet 1.34.4-1.1 iF\nkubectl 1.34.4-1.1 rc\n" HELPERS, "");
	assert_int_equal(judged_run(&j), KB_DIFFERS);
	assert_string_equal(judged_want(&j, "packages"), "kubeadm kubelet kubectl ");
	assert_string_equal(judged_change(&j, "kubeadm")->before, "1.34.4-1.1 (half installed: iU)");
	judged_free(&j);
	packages(&j, VERSION, "kubeadm un\nkubelet un\nkubectl un\n" HELPERS, "");	/* dpkg remembers the names */
	assert_int_equal(judged_run(&j), KB_ABSENT);
	judged_free(&j);
}

static void
an_older_version_goes_up_and_its_hold_is_lifted_for_it(void **state)
{
	struct judged j;

	(void)state;
	packages(&j, VERSION, "kubeadm 1.33.9-1.1 hi\nkubelet 1.34.4-1.1 hi\nkubectl 1.34.4-1.1 ii\n" HELPERS, "");
	assert_int_equal(judged_run(&j), KB_DIFFERS);
	assert_string_equal(judged_change(&j, "kubeadm")->before, "1.33.9-1.1");
	assert_string_equal(judged_want(&j, "unhold"), "kubeadm ");
	assert_string_equal(judged_want(&j, "packages"), "kubeadm ");
	judged_free(&j);
}

static void
a_newer_version_is_refused_and_so_is_another_one_on_a_node(void **state)
{
	struct judged j;

	(void)state;
	packages(&j, VERSION, "kubeadm 1.34.10-1.1 ii\n", "");
	assert_int_equal(judged_run(&j), KB_ECONFLICT);
	assert_string_equal(j.judge.err.id, "packages.downgrade");
	judged_free(&j);
	packages(&j, VERSION, "kubelet 1.33.9-1.1 hi\n", "");
	judged_fact(&j, "is_node", "yes");
	kbi_map_set(&j.facts, "installed", "kubeadm 1.34.4-1.1 ii\nkubelet 1.33.9-1.1 hi\n");
	assert_int_equal(judged_run(&j), KB_ECONFLICT);
	assert_string_equal(j.judge.err.id, "packages.node-version");
	assert_non_null(strstr(j.judge.err.cause, "kubelet 1.33.9-1.1"));
	assert_non_null(strstr(j.judge.err.cause, "upgrade"));
	judged_free(&j);
}

static void
a_helper_that_no_source_has_is_a_note(void **state)
{
	struct judged j;

	(void)state;
	packages(&j, VERSION "helpers=cri-tools\nhelpers=socat\n", THREE, "    socat | 1.7.4.4-2 | http://mirror.example/debian bookworm/main\n");
	assert_int_equal(judged_run(&j), KB_ABSENT);
	assert_string_equal(judged_want(&j, "helpers"), "socat ");
	assert_non_null(strstr(judged_note(&j, "packages.helper-missing"), "cri-tools"));
	judged_free(&j);
	packages(&j, VERSION "helpers=cri-tools\n", "", "");	/* lists that were not fetched yet offer nothing: that says nothing */
	assert_int_equal(judged_run(&j), KB_ABSENT);
	assert_null(judged_note(&j, "packages.helper-missing"));
	assert_string_equal(judged_want(&j, "helpers"), "cri-tools ");
	judged_free(&j);
}

static void
hostile_facts_install_nothing(void **state)
{
	static const char *const texts[] = { "\n\n", "|", "| | |", "kubeadm", "kubeadm |", "kubeadm 1.34.4", " \t \n\x01\xff ii" };
	struct judged j;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		packages(&j, VERSION, texts[i], texts[COUNT(texts) - 1 - i]);
		assert_int_equal(judged_run(&j), KB_ABSENT);
		judged_free(&j);
	}
	judged_refuses("packages.install", VERSION "packages=kubeadm;reboot\n", KB_EINVAL, NULL, "kubeadm;reboot");
	judged_refuses("packages.install", VERSION "helpers=-y\n", KB_EINVAL, NULL, "-y");
	judged_refuses("packages.install", "kubernetes-version=1.34\n", KB_EINVAL, NULL, "1.34");
	judged_refuses("packages.install", "", KB_EINVAL, NULL, "kubernetes-version");
}

static void
revisions_are_told_from_other_versions(void **state)
{
	(void)state;
	assert_true(kbi_package_version_is("1.34.4-1.1", "1.34.4"));
	assert_true(kbi_package_version_is("1.23.6-00", "v1.23.6"));
	assert_true(kbi_package_version_is("1.6.20~ds1-1+deb12u3", "1.6.20"));
	assert_true(kbi_package_version_is("1:1.4.7-1+b2", "1.4.7"));
	assert_true(kbi_package_version_is("1.34.4-1.1", "1.34.4-1.1"));
	assert_false(kbi_package_version_is("1.34.40-1.1", "1.34.4"));
	assert_false(kbi_package_version_is("1.34.4.1-1", "1.34.4"));
	assert_false(kbi_package_version_is("1.34.4-1.1", "1.34.4-1"));
	assert_false(kbi_package_version_is("", "1.34.4"));
	assert_false(kbi_package_version_is("1.34.4", ""));
}

static void
installed_packages_are_held_and_missing_ones_are_missed(void **state)
{
	struct judged j;

	(void)state;
	judged_new(&j, "packages.hold", "");
	judged_fact(&j, "installed", "kubeadm 1.34.4-1.1 hi\nkubelet 1.34.4-1.1 ii\ncontainerd 1.6.20~ds1-1+deb12u3 ii\ncontainerd.io un\n");
	assert_int_equal(judged_run(&j), KB_DIFFERS);
	assert_string_equal(judged_want(&j, "hold"), "kubelet containerd ");
	assert_null(judged_change(&j, "kubectl")->before);
	assert_null(judged_change(&j, "containerd.io"));
	kbi_map_set(&j.facts, "installed", "kubeadm 1 hi\nkubelet 1 hi\nkubectl 1 hi\ncontainerd 1 hi\n");
	assert_int_equal(judged_run(&j), KB_PRESENT);
	judged_free(&j);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_revision_is_the_newest_that_the_sources_have),
		cmocka_unit_test(what_is_installed_is_left_alone),
		cmocka_unit_test(half_installed_and_removed_is_not_installed),
		cmocka_unit_test(an_older_version_goes_up_and_its_hold_is_lifted_for_it),
		cmocka_unit_test(a_newer_version_is_refused_and_so_is_another_one_on_a_node),
		cmocka_unit_test(a_helper_that_no_source_has_is_a_note),
		cmocka_unit_test(hostile_facts_install_nothing),
		cmocka_unit_test(revisions_are_told_from_other_versions),
		cmocka_unit_test(installed_packages_are_held_and_missing_ones_are_missed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
