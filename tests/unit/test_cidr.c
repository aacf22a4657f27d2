/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <kb/text.h>

#include "text/cidr.h"

static void
a_network_is_an_address_with_no_host_bits(void **state)
{
	static const char *const good[] = {
		"172.16.0.0/16", "0.0.0.0/0", "255.255.255.255/32", "10.0.2.15/32", "10.96.0.0/12", "192.168.1.128/25",
		"fd00::/8", "::/0", "2001:db8::1/128", "2001:DB8:0:0::/64",
	};
	static const char *const bad[] = {
		"", "/", "16", "172.16.0.0", "172.16.0.0/", "172.16.0.0/33", "172.16.0.0/-1", "172.16.0.0/016",
		"172.16.0.0/+8", "172.16.0.0/8x",
		"172.16.0/16", "172.16.0.0.0/16", "256.0.0.0/8", "010.0.0.0/8", "0x0a.0.0.0/8", " 10.0.0.0/8",
		"10.0.0.0/8 ", "10.0.0.0 /8",
		"10.0.0.0/8,11.0.0.0/8", "10.0.0.0/99999999999999999999", "fd00::/129", "fd00:::/8",
		"::ffff:10.0.0.0/104", "fe80::%eth0/64", "a/8",
		"10.0.0.0/8\n", "1\n0.0.0.0/8",
	};

	for (size_t i = 0; i < COUNT(good); i++)
		assert_int_equal(kb_cidr_check(*state, good[i]), KB_OK);
	for (size_t i = 0; i < COUNT(bad); i++)
		if (kb_cidr_check(*state, bad[i]) != KB_EINVAL)
			fail_msg("\"%s\" is taken", bad[i]);
}

static void
host_bits_name_the_network_that_is_meant(void **state)
{
	static const char *const cases[][2] = {
		{"172.16.5.0/16", "172.16.0.0/16"}, {"192.168.1.2/24", "192.168.1.0/24"},
		{"10.96.0.1/12", "10.96.0.0/12"},
		{"192.168.1.129/25", "192.168.1.128/25"}, {"fd00::1/64", "fd00::/64"},
		{"255.255.255.255/0", "0.0.0.0/0"},
	};
	char want[128];

	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(kb_cidr_check(*state, cases[i][0]), KB_EINVAL);
		snprintf(want, sizeof(want), "\"%s\": an address inside the network %s", cases[i][0], cases[i][1]);
		unit_check_cause(*state, want);
		kb_err *err = kb_error(*state);
		assert_string_equal(kb_err_fix(err), cases[i][1]);
		kb_err_free(err);
	}
}

static void
an_address_or_network_is_inside_or_not(void **state)
{
	static const struct {
		const char *cidr, *address;
		int want;
	} cases[] = {
		{"192.168.1.0/24", "192.168.1.2", 1}, {"192.168.1.0/24", "192.168.2.1", 0},
		{"192.168.1.0/24", "10.0.2.15", 0},
		{"192.168.1.0/24", "192.168.1.0/25", 1}, {"192.168.1.0/24", "192.168.0.0/16", 0},
		{"192.168.1.0/24", "192.168.1.0/24", 1},
		{"10.96.0.0/12", "10.111.255.255", 1}, {"10.96.0.0/12", "10.112.0.0", 0},
		{"0.0.0.0/0", "1.2.3.4", 1}, {"0.0.0.0/0", "::1", 0},
		{"fd00::/8", "fdff::1", 1}, {"fd00::/8", "fe00::1", 0}, {"10.0.0.1/32", "10.0.0.1", 1},
		{"10.0.0.1/32", "10.0.0.2", 0},
		{"10.0.0.0/31", "10.0.0.1", 1}, {"10.0.0.0/31", "10.0.0.2", 0}, {"fd00::/127", "fd00::1", 1},
		{"fd00::/127", "fd00::2", 0},
		{"10.0.0", "1.2.3.4", KB_EINVAL}, {"10.0.0.0/8", "1.2.3", KB_EINVAL}, {"10.0.0.0/8", "", KB_EINVAL},
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(kb_cidr_contains(*state, cases[i].cidr, cases[i].address), cases[i].want);
}

static void
overlap_is_the_same_both_ways(void **state)
{
	static const struct {
		const char *a, *b;
		int want;
	} cases[] = {
		{"172.16.0.0/16", "172.16.255.0/24", 1}, {"172.16.0.0/16", "172.17.0.0/16", 0},
		{"192.168.0.0/16", "192.168.1.0/24", 1},
		{"10.96.0.0/12", "10.244.0.0/16", 0}, {"10.96.0.0/12", "10.100.0.0/16", 1},
		{"0.0.0.0/0", "10.0.0.0/8", 1},
		{"10.0.0.0/8", "fd00::/8", 0}, {"fd00::/8", "fd12::/16", 1}, {"10.0.0.0/9", "10.128.0.0/9", 0},
		{"x", "10.0.0.0/8", KB_EINVAL},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(kb_cidr_overlaps(*state, cases[i].a, cases[i].b), cases[i].want);
		assert_int_equal(kb_cidr_overlaps(*state, cases[i].b, cases[i].a), cases[i].want);
	}
}

static void
blocks_are_counted(void **state)
{
	static const struct {
		const char *cidr;
		int block_size;
		int64_t want;
	} cases[] = {
		{"172.16.0.0/16", 26, 1024}, {"172.16.0.0/24", 24, 1}, {"172.16.0.0/24", 26, 4},
		{"10.0.0.0/8", 32, 1 << 24}, {"0.0.0.0/0", 32, (int64_t)1 << 32},
		{"fd00::/48", 122, KB_ETOOBIG}, {"fd00::/64", 122, (int64_t)1 << 58},
		{"fd00::/60", 122, (int64_t)1 << 62}, {"172.16.0.0/24", 23, KB_EINVAL},
		{"172.16.0.0/24", 33, KB_EINVAL}, {"172.16.0.0/24", -1, KB_EINVAL}, {"172.16.0.0", 26, KB_EINVAL},
		{"0.0.0.0/0", INT32_MIN, KB_EINVAL},
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		assert_true(kb_cidr_block_count(*state, cases[i].cidr, cases[i].block_size) == cases[i].want);
}

static void
check_suggestion(kb_ctx *kb, int prefix_length, const char *taken, const char *want)
{
	kb_bytes *bytes = kb_cidr_suggest(kb, prefix_length, taken);

	if (!want) {
		assert_null(bytes);
		return;
	}
	unit_check_bytes(bytes, want);
}

static void
a_suggestion_is_free_of_what_is_taken(void **state)
{
	check_suggestion(*state, 16, "", "172.16.0.0/16");
	check_suggestion(*state, 16, NULL, "172.16.0.0/16");
	check_suggestion(*state, 16, "192.168.1.0/24 10.96.0.0/12 10.0.2.0/24", "172.16.0.0/16");
	check_suggestion(*state, 16, "172.16.9.1 172.17.0.1/16\n172.18.0.0/15", "172.20.0.0/16");
	check_suggestion(*state, 16, "172.16.0.0/12", "10.0.0.0/16");
	check_suggestion(*state, 16, "172.16.0.0/12 10.0.0.0/8", "192.168.0.0/16");
	check_suggestion(*state, 16, "172.16.0.0/12 10.0.0.0/8 192.168.77.1", NULL);
	check_suggestion(*state, 24, "172.16.0.0/12 10.0.0.0/8 192.168.0.0/17", "192.168.128.0/24");
	check_suggestion(*state, 8, "172.16.0.0/16", "10.0.0.0/8");
	check_suggestion(*state, 8, "10.0.2.15", NULL);
	check_suggestion(*state, 16, "0.0.0.0/0", NULL);
	check_suggestion(*state, 16, "::/0 fd00::/8", "172.16.0.0/16");
	check_suggestion(*state, 16, "172.16.0.0/16 172.16.0.0/24 172.17.0.0/17", "172.18.0.0/16");
	check_suggestion(*state, 16, "nonsense", NULL);
	unit_check_cause(*state, "\"nonsense\": not an address or network such as 172.16.0.0/16");
	check_suggestion(*state, 7, "", NULL);
	check_suggestion(*state, 31, "", NULL);
}

static void
a_megabyte_of_taken_networks_ends_in_time(void **state)
{
	struct kbi_buf taken = KBI_BUF(MIB);
	char want[32];
	unsigned i = 0;

	for (; taken.size_bytes < LARGE - 40; i++)
		kbi_buf_add_format(&taken, "172.%u.%u.%u ", 16 + i / 65536 % 16, i / 256 % 256, i % 256);
	i = (i + 3) / 4 * 4;
	snprintf(want, sizeof(want), "172.%u.%u.%u/30", 16 + i / 65536, i / 256 % 256, i % 256);
	double before = unit_cpu_ms();
	check_suggestion(*state, 30, kbi_buf_text(&taken), want);
	assert_true(unit_is_in_time(unit_cpu_ms() - before, 1));
	kbi_buf_free(&taken);
	char *large = unit_repeat("1", MIB + 1);
	check_suggestion(*state, 16, large, NULL);
	assert_int_equal(kb_cidr_check(*state, large), KB_EINVAL);
	free(large);
}

static void
the_first_usable_address_is_often_a_router(void **state)
{
	static const char *const cases[][2] = {
		{"192.168.1.0/24", "192.168.1.1"}, {"10.0.0.0/31", "10.0.0.0"}, {"10.0.0.9/32", "10.0.0.9"},
		{"fd00::/64", "fd00::1"},
		{"192.168.1.128/25", "192.168.1.129"}, {"fd00::/127", "fd00::"},
	};
	struct kbi_cidr cidr;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct kbi_buf out = KBI_BUF(64);
		assert_int_equal(kbi_cidr_parse(&cidr, cases[i][0], NULL), KB_OK);
		struct kbi_ip first = kbi_cidr_first_usable(&cidr);
		assert_true(kbi_ip_in(&first, &cidr));
		kbi_ip_print(&out, &first);
		assert_string_equal(kbi_buf_text(&out), cases[i][1]);
		kbi_buf_free(&out);
	}
}

static void
misuse_is_an_error_and_no_crash(void **state)
{
	assert_int_equal(kb_cidr_check(*state, NULL), KB_EINVAL);
	assert_int_equal(kb_cidr_contains(*state, NULL, "1.2.3.4"), KB_EINVAL);
	assert_int_equal(kb_cidr_contains(*state, "10.0.0.0/8", NULL), KB_EINVAL);
	assert_int_equal(kb_cidr_overlaps(*state, NULL, NULL), KB_EINVAL);
	assert_true(kb_cidr_block_count(*state, NULL, 26) == KB_EINVAL);
	assert_int_equal(kb_cidr_check(NULL, "10.0.0.0/8"), KB_EINVAL);
	assert_int_equal(kb_cidr_contains(NULL, "10.0.0.0/8", "10.0.0.1"), KB_EINVAL);
	assert_int_equal(kb_cidr_overlaps(NULL, "10.0.0.0/8", "10.0.0.0/8"), KB_EINVAL);
	assert_true(kb_cidr_block_count(NULL, "10.0.0.0/8", 26) == KB_EINVAL);
	assert_null(kb_cidr_suggest(NULL, 16, ""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_network_is_an_address_with_no_host_bits),
		cmocka_unit_test(host_bits_name_the_network_that_is_meant),
		cmocka_unit_test(an_address_or_network_is_inside_or_not),
		cmocka_unit_test(overlap_is_the_same_both_ways),
		cmocka_unit_test(blocks_are_counted),
		cmocka_unit_test(a_suggestion_is_free_of_what_is_taken),
		cmocka_unit_test(a_megabyte_of_taken_networks_ends_in_time),
		cmocka_unit_test(the_first_usable_address_is_often_a_router),
		cmocka_unit_test(misuse_is_an_error_and_no_crash),
	};

	return cmocka_run_group_tests_name("cidr", tests, unit_make_context, unit_free_context);
}
