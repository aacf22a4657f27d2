/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <kb/text.h>

static void
check_diff(kb_ctx *kb, const char *before, const char *after, const char *want)
{
	unit_check_bytes(kb_diff(kb, "etc/x", before, strlen(before), after, strlen(after)), want);
}

#define NAMES "--- a/etc/x\n+++ b/etc/x\n"

static void
a_diff_reads_as_diff_u_prints_it(void **state)
{
	unit_check_bytes(kb_diff(*state, "/etc/x", "a\n", 2, "b\n", 2), NAMES "@@ -1 +1 @@\n-a\n+b\n");
	check_diff(*state, "a\n", "a\n", "");
	check_diff(*state, "", "", "");
	check_diff(*state, "a\nb\nc\n", "a\nB\nc\n", NAMES "@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n");
	check_diff(*state, "", "a\nb\n", NAMES "@@ -0,0 +1,2 @@\n+a\n+b\n");
	check_diff(*state, "a\n", "", NAMES "@@ -1 +0,0 @@\n-a\n");
	check_diff(*state, "a\n", "a\nb\n", NAMES "@@ -1 +1,2 @@\n a\n+b\n");
	check_diff(*state, "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nX\n6\n7\n8\n9\n",
		NAMES "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+X\n 6\n 7\n 8\n");
}

static void
a_missing_final_newline_is_said(void **state)
{
	check_diff(*state, "a", "b", NAMES "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n\\ No newline at end of file\n");
	check_diff(*state, "a\nb", "a\nb\n", NAMES "@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n");
	check_diff(*state, "x\na", "y\na", NAMES "@@ -1,2 +1,2 @@\n-x\n+y\n a\n\\ No newline at end of file\n");
}

static void
near_changes_share_a_hunk_and_far_ones_do_not(void **state)
{
	check_diff(*state, "a\n1\n2\n3\n4\n5\n6\nb\n", "A\n1\n2\n3\n4\n5\n6\nB\n",
		NAMES "@@ -1,8 +1,8 @@\n-a\n+A\n 1\n 2\n 3\n 4\n 5\n 6\n-b\n+B\n");
	check_diff(*state, "a\n1\n2\n3\n4\n5\n6\n7\nb\n", "A\n1\n2\n3\n4\n5\n6\n7\nB\n",
		NAMES "@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-b\n+B\n");
}

static void
line_endings_are_part_of_a_line(void **state)
{
	check_diff(*state, "a\n", "a\r\n", NAMES "@@ -1 +1 @@\n-a\n+a\r\n");
}

/* Applies a diff as patch does; the test fails when it does not fit. */
static void
check_applies(const char *before, const char *after, const char *diff)
{
	struct kbi_buf out = KBI_BUF(4 * MIB);
	const char *from = before;
	size_t line = 1;

	for (const char *at = strstr(diff, "@@ -"); at;) {
		size_t begin, old_left = 1, new_left = 1;
		begin = strtoul(at + 4, (char **)&at, 10);
		if (*at == ',')
			old_left = strtoul(at + 1, (char **)&at, 10);
		begin += old_left == 0;
		assert_memory_equal(at, " +", 2);
		strtoul(at + 2, (char **)&at, 10);
		if (*at == ',')
			new_left = strtoul(at + 1, (char **)&at, 10);
		for (; line < begin; line++) {
			const char *next = strchr(from, '\n') + 1;
			kbi_buf_add_bytes(&out, from, (size_t)(next - from));
			from = next;
		}
		for (at = strchr(at, '\n') + 1; old_left || new_left || *at == '\\';) {
			const char *next = strchr(at, '\n') + 1;
			size_t bytes = (size_t)(next - at) - 1;
			if (next[0] == '\\')
				bytes--;
			if (*at == ' ' || *at == '-') {
				assert_memory_equal(from, at + 1, bytes);
				from += bytes;
				line++;
				old_left--;
			}
			if (*at == ' ' || *at == '+') {
				kbi_buf_add_bytes(&out, at + 1, bytes);
				new_left--;
			}
			at = next;
		}
		at = *at ? at : NULL;
	}
	kbi_buf_add(&out, from);
	assert_string_equal(kbi_buf_text(&out), after);
	kbi_buf_free(&out);
}

/* The fewest lines that must go or come: the length of both without their longest common subsequence. */
static size_t
least_changes(const char *a, size_t a_lines, const char *b, size_t b_lines)
{
	size_t row[64] = {0};

	for (size_t i = 0; i < a_lines; i++) {
		size_t diagonal = 0;
		for (size_t j = 0; j < b_lines; j++) {
			size_t above = row[j + 1];
			row[j + 1] = a[2 * i] == b[2 * j] ? diagonal + 1 : above > row[j] ? above : row[j];
			diagonal = above;
		}
	}
	return a_lines + b_lines - 2 * row[b_lines];
}

static size_t
count_changes(const char *diff)
{
	size_t count = 0;

	for (const char *at = strstr(diff, "@@ -"); at && *at; at = strchr(at, '\n') + 1)
		count += *at == '-' || *at == '+';
	return count;
}

static void
random_texts_differ_by_the_fewest_lines(void **state)
{
	unsigned seed = 4711;

	for (int round = 0; round < 3000; round++) {
		char text[2][128];
		size_t lines[2];
		for (int side = 0; side < 2; side++) {
			lines[side] = (size_t)rand_r(&seed) % 40;
			size_t at = 0;
			for (size_t i = 0; i < lines[side]; i++) {
				text[side][at++] = (char)('a' + rand_r(&seed) % (2 + round % 5));
				text[side][at++] = '\n';
			}
			text[side][at] = '\0';
			if (at && rand_r(&seed) % 4 == 0)
				text[side][--at] = '\0';
		}
		kb_bytes *diff = kb_diff(*state, "x", text[0], strlen(text[0]), text[1], strlen(text[1]));
		assert_non_null(diff);
		check_applies(text[0], text[1], kb_bytes_data(diff));
		bool are_whole = (!lines[0] || strlen(text[0]) == 2 * lines[0])
			&& (!lines[1] || strlen(text[1]) == 2 * lines[1]);
		if (are_whole)
			assert_int_equal(count_changes(kb_bytes_data(diff)),
				least_changes(text[0], lines[0], text[1], lines[1]));
		kb_bytes_free(diff);
	}
}

static void
what_is_not_text_is_one_line(void **state)
{
	static const char *const others[] = {"a\0b", "\xff\xfe", "\x1b[31m", "\x7f"};

	for (size_t i = 0; i < COUNT(others); i++)
		unit_check_bytes(kb_diff(*state, "x", "a\n", 2, others[i], 3), "Binary files a/x and b/x differ\n");
}

static void
what_is_too_different_is_one_line(void **state)
{
	struct kbi_buf before = KBI_BUF(MIB), after = KBI_BUF(MIB);
	char want[128];

	for (unsigned i = 0; i < 20000; i++) {
		kbi_buf_add_format(&before, "a%u\n", i);
		kbi_buf_add_format(&after, "b%u\n", i);
	}
	snprintf(want, sizeof(want), "Files a/x and b/x differ too much to be shown: %zu and %zu bytes\n",
		before.size_bytes, after.size_bytes);
	double start = unit_cpu_ms();
	unit_check_bytes(kb_diff(*state, "x", before.data, before.size_bytes, after.data, after.size_bytes), want);
	assert_true(unit_is_in_time(unit_cpu_ms() - start, 1));
	kbi_buf_free(&before);
	kbi_buf_free(&after);
}

static void
hostile_input_ends_within_its_bounds(void **state)
{
	static const char *const units[] = {"\n", "a\n", "a\nb\n", "ab", "a\nb\nc\nd\ne\n", "\r\n",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"};

	struct rlimit old = unit_bound_memory(BOUND_BYTES + 4 * MIB);
	for (size_t i = 0; i < COUNT(units); i++) {
		for (size_t j = 0; j < COUNT(units); j++) {
			char *before = unit_repeat(units[i], LARGE), *after = unit_repeat(units[j], LARGE - 7);
			before[0] = 'x';
			before[LARGE - 1] = 'y';
			after[0] = 'z';
			double start = unit_cpu_ms();
			kb_bytes *diff = kb_diff(*state, "x", before, LARGE, after, LARGE - 7);
			double ms = unit_cpu_ms() - start;
			assert_non_null(diff);
			if (!unit_is_in_time(ms, 2))	/* two inputs of 1 MiB */
				fail_msg("%s against %s: %.0f ms", units[i], units[j], ms);
			kb_bytes_free(diff);
			free(before);
			free(after);
		}
	}
	unit_unbound_memory(old);
}

static void
misuse_is_an_error_and_no_crash(void **state)
{
	assert_null(kb_diff(NULL, "x", "", 0, "", 0));
	assert_null(kb_diff(*state, NULL, "a", 1, "b", 1));
	assert_null(kb_diff(*state, "", "a", 1, "b", 1));
	assert_null(kb_diff(*state, "a\nb", "a", 1, "b", 1));
	unit_check_cause(*state, "diff: name: empty or not printable");
	assert_null(kb_diff(*state, "x", NULL, 1, "b", 1));
	unit_check_cause(*state, "diff: x: NULL with a size");
	unit_check_bytes(kb_diff(*state, "x", NULL, 0, NULL, 0), "");
	unit_check_bytes(kb_diff(*state, "x", NULL, 0, "a\n", 2), "--- a/x\n+++ b/x\n@@ -0,0 +1 @@\n+a\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_diff_reads_as_diff_u_prints_it),
		cmocka_unit_test(a_missing_final_newline_is_said),
		cmocka_unit_test(near_changes_share_a_hunk_and_far_ones_do_not),
		cmocka_unit_test(line_endings_are_part_of_a_line),
		cmocka_unit_test(random_texts_differ_by_the_fewest_lines),
		cmocka_unit_test(what_is_not_text_is_one_line),
		cmocka_unit_test(what_is_too_different_is_one_line),
		cmocka_unit_test(hostile_input_ends_within_its_bounds),
		cmocka_unit_test(misuse_is_an_error_and_no_crash),
	};

	return cmocka_run_group_tests_name("diff", tests, unit_make_context, unit_free_context);
}
