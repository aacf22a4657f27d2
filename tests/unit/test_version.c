/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "text/version.h"

static struct kbi_version
version_of(const char *text)
{
	struct kbi_version version = {0};

	if (kbi_version_parse(&version, text, NULL))
		fail_msg("%s is no version", text);
	return version;
}

static void
only_three_numbers_are_a_version(void **state)
{
	static const char *const bad[] = {"", "1", "1.2", "1.2.3.4", "1.2.3-1", " 1.2.3", "1.2.3 ", "1..3",
		"a.b.c", "01.2.3", "1.2.03", "-1.2.3", "vv1.2.3", "1.2.100001"};
	struct kbi_version version;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(kbi_version_parse(&version, bad[i], NULL), KB_EINVAL);
	assert_int_equal(kbi_version_parse(&version, NULL, NULL), KB_EINVAL);
	version = version_of("v1.34.4");
	assert_int_equal(version.major, 1);
	assert_int_equal(version.minor, 34);
	assert_int_equal(version.patch, 4);
	assert_int_equal(kbi_version_parse_minor(&version, "1.30", NULL), KB_OK);
	assert_int_equal(version.patch, 0);
}

static void
a_version_is_found_in_what_programs_print(void **state)
{
	static const char *const cases[][2] = {
		{"containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+deb12u3", "1.6.20"},
		{"containerd containerd.io v1.7.28 b98a3aace656320842a23f4a392a33f46af97866", "1.7.28"},
		{"2.1.3-rc.1", "2.1.3"}, {"abc 12 3.4 5.6.7", "5.6.7"},
	};
	struct kbi_version version;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct kbi_buf text = KBI_BUF(64);
		assert_true(kbi_version_find(&version, cases[i][0]));
		kbi_version_print(&text, &version);
		assert_string_equal(kbi_buf_text(&text), cases[i][1]);
		kbi_buf_free(&text);
	}
	assert_false(kbi_version_find(&version, "no version 1.2 here"));
	assert_false(kbi_version_find(&version, ""));
	assert_false(kbi_version_find(&version, NULL));
}

static void
versions_have_an_order(void **state)
{
	static const char *const rising[] = {"1.9.9", "1.10.0", "1.10.1", "1.10.10", "1.34.4", "2.0.0"};

	(void)state;
	for (size_t i = 0; i < COUNT(rising); i++) {
		for (size_t j = 0; j < COUNT(rising); j++) {
			struct kbi_version a = version_of(rising[i]), b = version_of(rising[j]);
			assert_int_equal(kbi_version_compare(&a, &b), (i > j) - (i < j));
		}
	}
}

static void
each_minor_has_its_row(void **state)
{
	static const struct {
		const char *version, *api, *pause, *flavour, *registry;
	} cases[] = {
		{"1.21.0", "v1beta2", "3.4.1", "legacy", "k8s.gcr.io"},
		{"1.22.0", "v1beta3", "3.5", "legacy", "k8s.gcr.io"},
		{"1.23.6", "v1beta3", "3.6", "legacy", "k8s.gcr.io"},
		{"1.24.0", "v1beta3", "3.7", "community", "k8s.gcr.io"},
		{"1.25.0", "v1beta3", "3.8", "community", "registry.k8s.io"},
		{"1.30.14", "v1beta3", "3.9", "community", "registry.k8s.io"},
		{"1.31.0", "v1beta4", "3.10", "community", "registry.k8s.io"},
		{"1.34.4", "v1beta4", "3.10.1", "community", "registry.k8s.io"},
		{"1.36.1", "v1beta4", "3.10.2", "community", "registry.k8s.io"},
		{"1.99.0", "v1beta4", "3.10.2", "community", "registry.k8s.io"},
	};
	struct kbi_version old = version_of("1.18.0"), two = version_of("2.0.0"), future = version_of("1.99.0"),
		now = version_of("1.34.4");

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct kbi_version version = version_of(cases[i].version);
		const struct kbi_kubernetes *row = kbi_kubernetes(&version);
		assert_non_null(row);
		assert_string_equal(row->kubeadm_api, cases[i].api);
		assert_string_equal(row->pause, cases[i].pause);
		assert_string_equal(row->apt_flavour, cases[i].flavour);
		assert_string_equal(row->registry, cases[i].registry);
	}
	assert_null(kbi_kubernetes(&old));
	assert_non_null(kbi_kubernetes(&two));
	assert_false(kbi_kubernetes_knows(&future));
	assert_false(kbi_kubernetes_knows(&old));
	assert_true(kbi_kubernetes_knows(&now));
}

static void
containerd_will_do_or_not(void **state)
{
	static const struct {
		const char *kubernetes, *containerd;
		bool want;
	} cases[] = {
		{"1.22.0", "1.6.20", true}, {"1.22.0", "2.0.1", false}, {"1.23.6", "1.3.9", false},
		{"1.23.6", "1.4.0", true}, {"1.23.6", "2.1.0", true},
		{"1.26.0", "1.6.14", false}, {"1.26.0", "1.6.15", true}, {"1.26.0", "1.5.18", false},
		{"1.30.0", "1.7.0", true}, {"1.32.0", "1.6.36", true},
		{"1.32.0", "1.6.35", false}, {"1.32.0", "1.7.23", false}, {"1.32.0", "2.0.0", false},
		{"1.32.0", "2.0.1", true}, {"1.32.0", "2.1.0", true},
		{"1.34.4", "1.6.36", false}, {"1.34.4", "1.7.27", false}, {"1.34.4", "1.7.28", true},
		{"1.34.4", "2.0.5", false}, {"1.34.4", "2.1.3", true},
		{"1.34.4", "2.2.0", true}, {"1.34.4", "3.0.0", true}, {"1.35.0", "2.0.99", false},
		{"1.35.0", "2.2.0", true}, {"1.36.0", "1.7.99", false},
		{"1.36.0", "2.1.99", false}, {"1.36.0", "2.3.0", true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct kbi_version kubernetes = version_of(cases[i].kubernetes),
			containerd = version_of(cases[i].containerd);
		if (kbi_kubernetes_takes_containerd(kbi_kubernetes(&kubernetes), &containerd) != cases[i].want)
			fail_msg("Kubernetes %s with containerd %s", cases[i].kubernetes, cases[i].containerd);
	}
}

static void
long_text_ends_within_its_bounds(void **state)
{
	static const char *const units[] = {"1", "1.", "1.2.", "1.2.x ", ".", "0"};
	struct kbi_version version;

	(void)state;
	for (size_t i = 0; i < COUNT(units); i++) {
		char *text = unit_repeat(units[i], LARGE);
		double before = unit_cpu_ms();
		kbi_version_find(&version, text);
		assert_int_equal(kbi_version_parse(&version, text, NULL), KB_EINVAL);
		assert_true(unit_is_in_time(unit_cpu_ms() - before, 1));
		free(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_three_numbers_are_a_version),
		cmocka_unit_test(a_version_is_found_in_what_programs_print),
		cmocka_unit_test(versions_have_an_order),
		cmocka_unit_test(each_minor_has_its_row),
		cmocka_unit_test(containerd_will_do_or_not),
		cmocka_unit_test(long_text_ends_within_its_bounds),
	};

	return cmocka_run_group_tests_name("version", tests, NULL, NULL);
}
