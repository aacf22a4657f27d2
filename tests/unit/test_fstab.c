/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <kb/text.h>

#define MARK "#kb# "

static void
check(kb_ctx *kb, const char *before, const char *off)
{
	unit_check_bytes(kb_fstab_swap_off(kb, before, strlen(before)), off);
	unit_check_bytes(kb_fstab_swap_off(kb, off, strlen(off)), off);
	unit_check_bytes(kb_fstab_swap_on(kb, off, strlen(off)), before);
	unit_check_bytes(kb_fstab_swap_on(kb, before, strlen(before)), before);
}

static void
lines_of_type_swap_go_off_and_on_again(void **state)
{
	check(*state, "", "");
	check(*state, "/swap.img\tnone\tswap\tsw\t0\t0\n", MARK "/swap.img\tnone\tswap\tsw\t0\t0\n");
	check(*state, "UUID=1 swap swap defaults", MARK "UUID=1 swap swap defaults");
	check(*state, "  /dev/sda2  none  swap\n", MARK "  /dev/sda2  none  swap\n");
	check(*state, "/dev/sda2 none swap\r\n/ / ext4\r\n", MARK "/dev/sda2 none swap\r\n/ / ext4\r\n");
}

static void
the_word_elsewhere_is_left_alone(void **state)
{
	static const char *const texts[] = {
		"# /swap.img none swap sw 0 0\n", "  # a b swap\n", "/swap /swap ext4 defaults 0 0\n",
		"swap swap none\n", "a b swapfs\n", "a b SWAP\n", "a b\n", "swap\n",
		"\n\n", "a b c swap\n", "#kb# a note of somebody else\n", "#kb#a b swap\n",
	};

	for (size_t i = 0; i < COUNT(texts); i++)
		check(*state, texts[i], texts[i]);
}

static void
ubuntus_own_file_changes_in_one_line(void **state)
{
	struct unit_file file = unit_read("fstab/ubuntu-20.04");
	char *at = strstr(file.data, "/swap.img");
	struct kbi_buf want = KBI_BUF(MIB);

	assert_non_null(at);
	kbi_buf_add_bytes(&want, file.data, (size_t)(at - file.data));
	kbi_buf_add(&want, MARK);
	kbi_buf_add(&want, at);
	check(*state, file.data, kbi_buf_text(&want));
	kbi_buf_free(&want);
	free(file.data);
}

static void
other_bytes_are_no_matter(void **state)
{
	static const char odd[] = "\0\xff\n/x none swap\0\n/y none swap\n";
	static const char want[] = "\0\xff\n/x none swap\0\n" MARK "/y none swap\n";
	kb_bytes *off = kb_fstab_swap_off(*state, odd, sizeof(odd) - 1);

	assert_non_null(off);
	assert_int_equal(kb_bytes_size(off), sizeof(want) - 1);
	assert_memory_equal(kb_bytes_data(off), want, sizeof(want) - 1);
	kb_bytes_free(off);
}

static void
large_input_ends_within_its_bounds(void **state)
{
	static const char *const units[] = {"a b swap\n", "\n", " ", "a", "#kb# ", "a b swap"};

	for (size_t i = 0; i < COUNT(units); i++) {
		char *text = unit_repeat(units[i], LARGE);
		double before = unit_cpu_ms();
		kb_bytes *off = kb_fstab_swap_off(*state, text, LARGE);
		assert_true(unit_is_in_time(unit_cpu_ms() - before, 1));
		assert_non_null(off);
		kb_bytes_free(off);
		free(text);
	}
}

static void
misuse_is_an_error_and_no_crash(void **state)
{
	char *large = unit_repeat("\n", MIB + 1);

	assert_null(kb_fstab_swap_off(NULL, "", 0));
	assert_null(kb_fstab_swap_on(NULL, "", 0));
	assert_null(kb_fstab_swap_off(*state, NULL, 1));
	assert_null(kb_fstab_swap_on(*state, NULL, 1));
	unit_check_bytes(kb_fstab_swap_off(*state, NULL, 0), "");
	assert_null(kb_fstab_swap_off(*state, large, MIB + 1));
	unit_check_cause(*state, "fstab: 1048577 bytes: over the limit of 1048576");
	free(large);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_type_swap_go_off_and_on_again),
		cmocka_unit_test(the_word_elsewhere_is_left_alone),
		cmocka_unit_test(ubuntus_own_file_changes_in_one_line),
		cmocka_unit_test(other_bytes_are_no_matter),
		cmocka_unit_test(large_input_ends_within_its_bounds),
		cmocka_unit_test(misuse_is_an_error_and_no_crash),
	};

	return cmocka_run_group_tests_name("fstab", tests, unit_make_context, unit_free_context);
}
