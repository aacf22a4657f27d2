/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <kb/text.h>

#include "text/hosts.h"

#define ENTRIES "192.168.1.2 cluster1-master1\n192.168.1.3 cluster1-worker1\n"
#define BLOCK KBI_HOSTS_BEGIN "\n" ENTRIES KBI_HOSTS_END "\n"

static void
check(kb_ctx *kb, const char *before, const char *entries, const char *want)
{
	unit_check_bytes(kb_hosts_block(kb, before, strlen(before), entries), want);
	unit_check_bytes(kb_hosts_block(kb, want, strlen(want), entries), want);
}

static void
the_block_is_added_replaced_and_taken_away(void **state)
{
	check(*state, "", ENTRIES, BLOCK);
	check(*state, "127.0.0.1 localhost\n", ENTRIES, "127.0.0.1 localhost\n" BLOCK);
	check(*state, "127.0.0.1 localhost", ENTRIES, "127.0.0.1 localhost\n" BLOCK);
	check(*state, "a\n" KBI_HOSTS_BEGIN "\n1.2.3.4 old\n" KBI_HOSTS_END "\nb", ENTRIES, "a\n" BLOCK "b");
	check(*state, "a\n" BLOCK "b\n", "", "a\nb\n");
	check(*state, "a\nb", "", "a\nb");
	check(*state, "", " 192.168.1.2\tcluster1-master1 # the first\n\n# none\n192.168.1.3   cluster1-worker1", BLOCK);
	check(*state, "", "FD00::2 a b.example.org\n",
		KBI_HOSTS_BEGIN "\nfd00::2 a b.example.org\n" KBI_HOSTS_END "\n");
}

static void
loopback_lines_no_longer_shadow_a_name(void **state)
{
	check(*state, "127.0.1.1 cluster1-master1\n", ENTRIES, BLOCK);
	check(*state, "127.0.1.1\tcluster1-master1.lan\tcluster1-master1 # mine\n", ENTRIES,
		"127.0.1.1\tcluster1-master1.lan # mine\n" BLOCK);
	check(*state, "127.0.0.1 localhost Cluster1-Worker1 x\n", ENTRIES, "127.0.0.1 localhost x\n" BLOCK);
	check(*state, "::1 localhost cluster1-master1\r\n", ENTRIES, "::1 localhost\r\n" BLOCK);
}

static void
everything_else_stays(void **state)
{
	static const char *const lines[] = {
		"10.0.2.15 cluster1-master1\n", "# 127.0.1.1 cluster1-master1\n", "127.0.1.1 cluster1-master10\n",
		"127.0.1.1 localhost # cluster1-master1\n",
		"nonsense cluster1-master1\n", "127.0.0.300 cluster1-master1\n", "   \n", "127.0.0.1\n", "\xff\xfe\n",
	};
	char want[512];

	for (size_t i = 0; i < COUNT(lines); i++) {
		snprintf(want, sizeof(want), "%s%s", lines[i], BLOCK);
		check(*state, lines[i], ENTRIES, want);
	}
}

static void
vagrants_own_file_loses_one_line(void **state)
{
	struct unit_file file = unit_read("hosts/vagrant");
	struct kbi_buf want = KBI_BUF(MIB);
	char *at = strstr(file.data, "127.0.2.1 ");

	assert_non_null(at);
	kbi_buf_add_bytes(&want, file.data, (size_t)(at - file.data));
	kbi_buf_add(&want, strchr(at, '\n') + 1);
	kbi_buf_add(&want, BLOCK);
	check(*state, file.data, ENTRIES, kbi_buf_text(&want));
	kbi_buf_free(&want);
	free(file.data);
}

static void
what_is_wrong_is_refused(void **state)
{
	static const struct {
		const char *data, *entries, *cause;
	} cases[] = {
		{"", "x y\n", "hosts entry 1: no IP address at its start"},
		{"", "1.2.3.4 a\n1.2.3.4\n", "hosts entry 2: no name"},
		{"", "1.2.3.4 -a\n", "hosts entry 1: \"-a\": not a DNS name"},
		{"", "1.2.3.4 A\n", "hosts entry 1: \"A\": not a DNS name"},
		{"", "1.2.3.4 $(x)\n", "hosts entry 1: \"$(x)\": not a DNS name"},
		{"", "1.2.3.4 a\rb\n", "hosts entry 1: \"a\\rb\": not a DNS name"},
		{KBI_HOSTS_BEGIN "\na\n", "", "hosts: line 1: the block of libkb does not end"},
		{"a\n" BLOCK BLOCK, "", "hosts: line 6: the block of libkb begins again"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_null(kb_hosts_block(*state, cases[i].data, strlen(cases[i].data), cases[i].entries));
		unit_check_cause(*state, cases[i].cause);
	}
}

static void
large_input_ends_within_its_bounds(void **state)
{
	struct kbi_buf entries = KBI_BUF(MIB);
	static const char *const units[] = {"127.0.0.1 n1 ", "127.0.0.1 n1\n", "127.0.0.1 x", "\n", " ", "#"};

	for (int i = 0; entries.size_bytes < LARGE - 40; i++)
		kbi_buf_add_format(&entries, "10.0.0.1 n%d\n", i);
	for (size_t i = 0; i < COUNT(units); i++) {
		char *text = unit_repeat(units[i], LARGE);
		double before = unit_cpu_ms();
		kb_bytes *bytes = kb_hosts_block(*state, text, LARGE, entries.data);
		double ms = unit_cpu_ms() - before;
		if (!unit_is_in_time(ms, 2))
			fail_msg("%s: %.0f ms", units[i], ms);
		kb_bytes_free(bytes);
		free(text);
	}
	kbi_buf_free(&entries);
}

static void
misuse_is_an_error_and_no_crash(void **state)
{
	assert_null(kb_hosts_block(NULL, "", 0, ""));
	assert_null(kb_hosts_block(*state, NULL, 1, ""));
	assert_null(kb_hosts_block(*state, "", 0, NULL));
	unit_check_bytes(kb_hosts_block(*state, NULL, 0, ""), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_block_is_added_replaced_and_taken_away),
		cmocka_unit_test(loopback_lines_no_longer_shadow_a_name),
		cmocka_unit_test(everything_else_stays),
		cmocka_unit_test(vagrants_own_file_loses_one_line),
		cmocka_unit_test(what_is_wrong_is_refused),
		cmocka_unit_test(large_input_ends_within_its_bounds),
		cmocka_unit_test(misuse_is_an_error_and_no_crash),
	};

	return cmocka_run_group_tests_name("hosts", tests, unit_make_context, unit_free_context);
}
