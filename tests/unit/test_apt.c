/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <kb/text.h>

#include "text/apt.h"

#define GPG "/etc/apt/keyrings/kubernetes.gpg"

static void
the_flavour_follows_from_the_version(void **state)
{
	static const char *const cases[][2] = {
		{"1.23.6", "legacy"}, {"v1.23.17", "legacy"}, {"1.5.0", "legacy"}, {"1.24.0", "community"},
		{"1.24", "community"}, {"v1.34.4", "community"},
		{"1.40.0", "community"},
	};
	static const char *const bad[] = {"", "1", "1.", "1.x", "1.34.4.5", "1.34.4-rc.1", "01.34.4", "1.034.4",
		"latest", "1.34.4 ", "1.99999999999.0"};

	for (size_t i = 0; i < COUNT(cases); i++)
		assert_string_equal(kb_apt_flavour(*state, cases[i][0]), cases[i][1]);
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_null(kb_apt_flavour(*state, bad[i]));
	unit_check_cause(*state, "version \"1.99999999999.0\": not X.Y or X.Y.Z");
	assert_null(kb_apt_flavour(*state, "2.0.0"));
	unit_check_cause(*state, "version \"2.0.0\": not 1.Y");
}

static void
the_legacy_suite_is_xenial_whatever_the_host_is(void **state)
{
	unit_check_bytes(kb_apt_source(*state, "legacy", NULL, "1.23.6", GPG),
		"deb [signed-by=" GPG "] https://apt.kubernetes.io/ kubernetes-xenial main\n");
	unit_check_bytes(kb_apt_source(*state, "legacy", "https://mirror.example.org/kubernetes/apt", "1.34.4",
		GPG),
		"deb [signed-by=" GPG "] https://mirror.example.org/kubernetes/apt kubernetes-xenial main\n");
	assert_null(kb_apt_source(*state, "legacy", "https://mirror.example.org/apt kubernetes-focal main",
		"1.23.6", GPG));
	unit_check_cause(*state, "apt source: legacy: a suite in the URL: it is always kubernetes-xenial");
	assert_null(kb_apt_source(*state, "legacy", "", "1.28.3", GPG));
	unit_check_cause(*state, "apt source: legacy: version 1.28.3: its last is 1.28.2");
}

static void
the_community_has_one_repository_a_minor(void **state)
{
	unit_check_bytes(kb_apt_source(*state, "community", NULL, "1.34.4", "/etc/apt/keyrings/k.asc"),
		"deb [signed-by=/etc/apt/keyrings/k.asc] https://pkgs.k8s.io/core:/stable:/v1.34/deb/ /\n");
	unit_check_bytes(kb_apt_source(*state, "community", "http://10.0.0.1:8080/k8s/", "v1.30", GPG),
		"deb [signed-by=" GPG "] http://10.0.0.1:8080/k8s/core:/stable:/v1.30/deb/ /\n");
	assert_null(kb_apt_source(*state, "community", NULL, "1.23.6", GPG));
	unit_check_cause(*state, "apt source: community: version 1.23.6: its first minor is 1.24");
}

static void
a_custom_line_is_the_callers(void **state)
{
	unit_check_bytes(kb_apt_source(*state, "custom", "file:/srv/repo stable main extra", NULL, GPG),
		"deb [signed-by=" GPG "] file:/srv/repo stable main extra\n");
	unit_check_bytes(kb_apt_source(*state, "custom", "https://example.org/deb/ /", NULL, GPG),
		"deb [signed-by=" GPG "] https://example.org/deb/ /\n");
	assert_null(kb_apt_source(*state, "custom", "https://example.org/deb", NULL, GPG));
	unit_check_cause(*state, "apt source: custom: no suite behind the URL");
}

static void
nothing_can_be_slipped_into_the_line(void **state)
{
	static const char *const urls[] = {
		"https://a.org/\ndeb [trusted=yes] http://evil/", "https://a.org/ /\nx", "https://a.org/]",
		"ftp://a.org/ /", "https:// /", "a.org /",
		"https://user:secret@a.org/ /", "https://a.org/ [x] /", "https://a.org/ / \"x\"",
		"https://a.org/\t/", "", " ",
	};
	static const char *const keyrings[] = {"", "k.gpg", "/k", "/k.gpg x", "/k.gpg] [trusted=yes",
		"/k.gpg\n", "/a,/b.gpg"};

	for (size_t i = 0; i < COUNT(urls); i++)
		assert_null(kb_apt_source(*state, "custom", urls[i], NULL, GPG));
	for (size_t i = 0; i < COUNT(keyrings); i++)
		assert_null(kb_apt_source(*state, "community", NULL, "1.34.4", keyrings[i]));
	assert_null(kb_apt_source(*state, "legacy", "https://user:secret@a.org/", "1.23.6", GPG));
	unit_check_cause(*state, "apt source: URL: holds a user or password");
}

static bool
names(const char *text, const char *url)
{
	return kbi_apt_names_url(text, strlen(text), url);
}

static void
a_source_is_known_by_what_it_names_and_not_by_its_file(void **state)
{
	const char *url = "https://apt.kubernetes.io/";

	(void)state;
	assert_true(names("deb https://apt.kubernetes.io/ kubernetes-xenial main\n", url));
	assert_true(names("# c\n  deb  [arch=amd64 signed-by=/usr/share/keyrings/k.gpg]  http://apt.kubernetes.io kubernetes-xenial main", url));
	assert_true(names("deb-src https://APT.kubernetes.io/ x main\r\n", url));
	assert_true(names("deb https://u:p@apt.kubernetes.io/ x main\n", url));
	assert_true(names("deb https://pkgs.k8s.io/core:/stable:/v1.30/deb/ /\n", "https://pkgs.k8s.io"));
	assert_true(names("deb https://pkgs.k8s.io/core:/stable:/v1.30/deb/ /\n",
		"https://pkgs.k8s.io/core:/stable:/"));
	assert_false(names("deb https://pkgs.k8s.io/core:/stable:/v1.30/deb/ /\n",
		"https://pkgs.k8s.io/core:/stable:/v1.3"));
	assert_false(names("# deb https://apt.kubernetes.io/ kubernetes-xenial main\n", url));
	assert_false(names("deb https://apt.kubernetes.io.evil.org/ kubernetes-xenial main\n", url));
	assert_false(names("deb https://mirror.example/debian apt.kubernetes.io main\n", url));
	assert_false(names("deb\n", url));
	assert_false(names("deb [arch=amd64 https://apt.kubernetes.io/ x\n", url));
	assert_false(names("", url));
	assert_false(names("deb https://apt.kubernetes.io/ x\n", ""));
	assert_false(kbi_apt_names_url(NULL, 0, url));
}

static void
the_newer_format_is_read_too(void **state)
{
	const char *url = "https://pkgs.k8s.io";

	(void)state;
	assert_true(names("Types: deb\nURIs: https://pkgs.k8s.io/core:/stable:/v1.34/deb/\nSuites: /\nSigned-By: /k.gpg\n", url));
	assert_true(names("X: y\n\nTypes: deb\nuris: http://a.org\n https://pkgs.k8s.io/x\n", url));
	assert_true(names("URIs: https://pkgs.k8s.io\nEnabled: yes\n", url));
	assert_true(names("URIs: https://pkgs.k8s.io\nEnabled: no\n\nURIs: https://pkgs.k8s.io\n", url));
	assert_false(names("URIs: https://pkgs.k8s.io\nEnabled: no\n", url));
	assert_false(names("Enabled: no\nURIs: https://pkgs.k8s.io\n\nURIs: https://a.org\n", url));
	assert_false(names("# URIs: https://pkgs.k8s.io\nX: https://pkgs.k8s.io\nSuites: a\n https://pkgs.k8s.io\n", url));
}

static void
a_packages_version_matches_whatever_its_revision(void **state)
{
	(void)state;
	assert_true(kbi_apt_version_matches("1.34.4-1.1", "1.34.4"));
	assert_true(kbi_apt_version_matches("1.23.6-00", "1.23.6"));
	assert_true(kbi_apt_version_matches("1.34.4", "v1.34.4"));
	assert_false(kbi_apt_version_matches("1.34.40-1.1", "1.34.4"));
	assert_false(kbi_apt_version_matches("1.34.4~rc.1-1.1", "1.34.4"));
	assert_false(kbi_apt_version_matches("1.34.4-1.1", "1.34"));
	assert_false(kbi_apt_version_matches("1.34.4-1.1", ""));
	assert_false(kbi_apt_version_matches(NULL, "1.34.4"));
	assert_false(kbi_apt_version_matches("1.34.4-1.1", NULL));
}

static void
large_input_ends_within_its_bounds(void **state)
{
	static const char *const units[] = {"deb ", "deb [", "URIs: x ", " x", "\n", "deb x\n", "URIs:\n x\n",
		"a://", "@", "/", "deb http://a@"};

	(void)state;
	for (size_t i = 0; i < COUNT(units); i++) {
		char *text = unit_repeat(units[i], LARGE);
		double before = unit_cpu_ms();
		assert_false(kbi_apt_names_url(text, LARGE, "https://pkgs.k8s.io"));
		assert_true(unit_is_in_time(unit_cpu_ms() - before, 1));
		free(text);
	}
}

static void
misuse_is_an_error_and_no_crash(void **state)
{
	char *large = unit_repeat("a", MIB);

	assert_null(kb_apt_flavour(NULL, "1.34.4"));
	assert_null(kb_apt_flavour(*state, NULL));
	assert_null(kb_apt_flavour(*state, large));
	assert_null(kb_apt_source(NULL, "community", NULL, "1.34.4", GPG));
	assert_null(kb_apt_source(*state, NULL, NULL, "1.34.4", GPG));
	unit_check_cause(*state, "apt source: flavour \"\": not legacy, community or custom");
	assert_null(kb_apt_source(*state, "community", NULL, NULL, GPG));
	assert_null(kb_apt_source(*state, "community", NULL, "1.34.4", NULL));
	assert_null(kb_apt_source(*state, "custom", NULL, NULL, GPG));
	assert_null(kb_apt_source(*state, "community", large, "1.34.4", GPG));
	assert_null(kb_apt_source(*state, "legacy", NULL, NULL, GPG));
	free(large);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_flavour_follows_from_the_version),
		cmocka_unit_test(the_legacy_suite_is_xenial_whatever_the_host_is),
		cmocka_unit_test(the_community_has_one_repository_a_minor),
		cmocka_unit_test(a_custom_line_is_the_callers),
		cmocka_unit_test(nothing_can_be_slipped_into_the_line),
		cmocka_unit_test(a_source_is_known_by_what_it_names_and_not_by_its_file),
		cmocka_unit_test(the_newer_format_is_read_too),
		cmocka_unit_test(a_packages_version_matches_whatever_its_revision),
		cmocka_unit_test(large_input_ends_within_its_bounds),
		cmocka_unit_test(misuse_is_an_error_and_no_crash),
	};

	return cmocka_run_group_tests_name("apt", tests, unit_make_context, unit_free_context);
}
