/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <locale.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/utf8.h"

static void
small_questions_take_null(void **state)
{
	(void)state;
	assert_true(kbi_str_is(NULL, NULL));
	assert_false(kbi_str_is("", NULL));
	assert_true(kbi_str_is("a", "a"));
	assert_false(kbi_str_is_set(NULL));
	assert_false(kbi_str_is_set(""));
	assert_true(kbi_str_is_set(" "));
	assert_true(kbi_str_starts("abc", "ab"));
	assert_true(kbi_str_starts("abc", ""));
	assert_false(kbi_str_starts("a", "ab"));
	assert_false(kbi_str_starts(NULL, "a"));
	assert_true(kbi_str_ends("abc", "bc"));
	assert_false(kbi_str_ends("c", "bc"));
	assert_false(kbi_str_ends("c", NULL));
}

static void
patterns_have_stars_and_question_marks(void **state)
{
	static const struct {
		const char *text, *pattern;
		bool want;
	} cases[] = {
		{"calico.install", "calico.*", true}, {"calico.install", "*", true},
		{"calico.install", "*.install", true}, {"calico.install", "c?lico.*l", true},
		{"calico.install", "calico", false}, {"", "*", true}, {"", "?", false}, {"", "", true},
		{"a", "", false}, {"abab", "*ab", true}, {"aba", "*ab", false},
		{"abc", "a*b*c", true}, {"abc", "a**c", true}, {"a[b]", "a[b]", true}, {"ab", "a[b]", false},
		{"a*", "a\\*", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		if (kbi_str_matches(cases[i].text, cases[i].pattern) != cases[i].want)
			fail_msg("%s against %s", cases[i].text, cases[i].pattern);
	assert_false(kbi_str_matches(NULL, "*"));
	assert_false(kbi_str_matches("a", NULL));
	char *as = unit_repeat("a", 5000);
	double before = unit_cpu_ms();
	assert_false(kbi_str_matches(as, "*a*a*a*a*a*a*a*a*a*a*a*b"));
	assert_true(unit_is_in_time(unit_cpu_ms() - before, 1));
	free(as);
}

static void
yes_is_yes_in_any_locale(void **state)
{
	static const char *const yes[] = {"yes", "YES", "Yes", "true", "TRUE", "tRuE", "1"},
		*const no[] = {"", "no", "0", "y", "yess", "11", "on", " yes"};

	(void)state;
	setlocale(LC_ALL, "tr_TR.UTF-8");
	for (size_t i = 0; i < COUNT(yes); i++)
		assert_true(kbi_str_is_yes(yes[i]));
	for (size_t i = 0; i < COUNT(no); i++)
		assert_false(kbi_str_is_yes(no[i]));
	assert_false(kbi_str_is_yes(NULL));
	setlocale(LC_ALL, "C");
}

static void
numbers_are_the_whole_text_and_in_range(void **state)
{
	static const struct {
		const char *text;
		int64_t min, max, want;
	} good[] = {
		{"0", 0, 0, 0}, {"42", 0, 100, 42}, {"-5", -5, 5, -5}, {"007", 0, 9, 7},
		{"9223372036854775807", 0, INT64_MAX, INT64_MAX},
		{"-9223372036854775808", INT64_MIN, 0, INT64_MIN}, {"-0", 0, 0, 0},
	};
	static const char *const bad[] = {"", "-", "+1", " 1", "1 ", "1x", "0x1", "1e3", "1.0",
		"9223372036854775808", "-9223372036854775809", "99999999999999999999"};
	int64_t value;

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		assert_true(kbi_str_to_int64(good[i].text, good[i].min, good[i].max, &value));
		assert_true(value == good[i].want);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(kbi_str_to_int64(bad[i], INT64_MIN, INT64_MAX, &value));
	assert_false(kbi_str_to_int64(NULL, 0, 1, &value));
	assert_false(kbi_str_to_int64("2", 0, 1, &value));
	assert_false(kbi_str_to_int64("-2", -1, 1, &value));
}

static void
a_node_is_called_as_dns_allows(void **state)
{
	static const char *const good[] = {"a", "node-1", "1a", "a.b-c.d", "0"},
		*const bad[] = {"", "A", "a_b", "-a", "a-", "a..b", ".a", "a.", "a.-b", "a b", "\xc3\xa4", "a;b"};
	char *label = unit_repeat("a", 64), *name = unit_repeat("abcdefg.", 254);

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		assert_true(kbi_str_is_name(good[i]));
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(kbi_str_is_name(bad[i]));
	assert_false(kbi_str_is_name(NULL));
	assert_false(kbi_str_is_name(label));
	label[63] = '\0';
	assert_true(kbi_str_is_name(label));
	assert_false(kbi_str_is_name(name));
	name[253] = '\0';
	assert_true(kbi_str_is_name(name));
	free(label);
	free(name);
}

static void
check_lines(const char *text, size_t bytes, const char *want)
{
	struct kbi_buf lines = KBI_BUF(MIB);
	const char *next = text, *line;
	size_t line_bytes;

	while ((next = kbi_str_line(next, text + bytes, &line, &line_bytes))) {
		kbi_buf_add_bytes(&lines, line, line_bytes);
		kbi_buf_add_char(&lines, '|');
	}
	assert_string_equal(kbi_buf_text(&lines), want);
	kbi_buf_free(&lines);
}

static void
lines_end_in_lf_or_crlf(void **state)
{
	(void)state;
	check_lines("", 0, "");
	check_lines("a", 1, "a|");
	check_lines("a\n", 2, "a|");
	check_lines("a\n\nb\r\n\r\nc\r", 10, "a||b||c\r|");
	check_lines("\n", 1, "|");
	check_lines("a\nb", 2, "a|");
}

static void
base64_goes_both_ways(void **state)
{
	static const char *const cases[][2] = {
		{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"},	/* RFC 4648 */
	};
	static const char *const bad[] = {"Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zg==Zg==", "Z*==", "=",
		"====", "Zg=g", "Zg==Zm9v"};
	unsigned char all[256];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct kbi_buf text = KBI_BUF(MIB), back = KBI_BUF(MIB);
		kbi_str_base64(&text, cases[i][0], strlen(cases[i][0]));
		assert_string_equal(kbi_buf_text(&text), cases[i][1]);
		assert_true(kbi_str_unbase64(&back, cases[i][1], strlen(cases[i][1])));
		assert_string_equal(kbi_buf_text(&back), cases[i][0]);
		kbi_buf_free(&text);
		kbi_buf_free(&back);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct kbi_buf back = KBI_BUF(MIB);
		if (kbi_str_unbase64(&back, bad[i], strlen(bad[i])))
			fail_msg("%s is taken", bad[i]);
		kbi_buf_free(&back);
	}
	struct kbi_buf text = KBI_BUF(MIB), back = KBI_BUF(MIB);
	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (unsigned char)i;
	kbi_str_base64(&text, all, sizeof(all));
	kbi_buf_add(&text, "\r\n");
	assert_true(kbi_str_unbase64(&back, text.data, text.size_bytes));
	assert_int_equal(back.size_bytes, sizeof(all));
	assert_memory_equal(back.data, all, sizeof(all));
	kbi_buf_truncate(&text, 0);
	kbi_str_hex(&text, all + 250, 6);
	assert_string_equal(kbi_buf_text(&text), "fafbfcfdfeff");
	kbi_buf_free(&text);
	kbi_buf_free(&back);
}

static void
utf8_is_the_shortest_form_and_nothing_else(void **state)
{
	static const char *const good[] = {"", "a", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80",
		"\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"};
	static const char *const bad[] = {"\x80", "\xc0\x80", "\xc1\xbf", "\xc2", "\xe0\x9f\xbf", "\xe0\xa0",
		"\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xc3\x28"};

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		assert_true(kbi_utf8_is(good[i], strlen(good[i])));
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(kbi_utf8_is(bad[i], strlen(bad[i])));
}

static void
time_left_is_never_negative_and_never_ends_is_kept(void **state)
{
	(void)state;
	assert_true(kbi_clock_deadline(100, 50) == 150);
	assert_true(kbi_clock_deadline(100, 0) == 100);
	assert_true(kbi_clock_deadline(100, -1) == KBI_NEVER);
	assert_true(kbi_clock_deadline(100, INT64_MAX - 5) == KBI_NEVER);
	assert_true(kbi_clock_left_ms(150, 100) == 50);
	assert_true(kbi_clock_left_ms(100, 150) == 0);
	assert_true(kbi_clock_left_ms(KBI_NEVER, 150) == KBI_NEVER);
	assert_true(kbi_clock_sooner(1, 2) == 1);
	assert_true(kbi_clock_sooner(KBI_NEVER, 2) == 2);
	int64_t before = kbi_clock_ms();
	assert_true(kbi_clock_ms() >= before);
	assert_true(kbi_clock_wall_ms() > 1600000000000);
}

static void
a_wipe_takes_null(void **state)
{
	char text[] = "secret";

	(void)state;
	kbi_wipe(NULL, 5);
	kbi_wipe(text, 3);
	assert_memory_equal(text, "\0\0\0ret", 6);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_questions_take_null),
		cmocka_unit_test(patterns_have_stars_and_question_marks),
		cmocka_unit_test(yes_is_yes_in_any_locale),
		cmocka_unit_test(numbers_are_the_whole_text_and_in_range),
		cmocka_unit_test(a_node_is_called_as_dns_allows),
		cmocka_unit_test(lines_end_in_lf_or_crlf),
		cmocka_unit_test(base64_goes_both_ways),
		cmocka_unit_test(utf8_is_the_shortest_form_and_nothing_else),
		cmocka_unit_test(time_left_is_never_negative_and_never_ends_is_kept),
		cmocka_unit_test(a_wipe_takes_null),
	};

	return cmocka_run_group_tests_name("str", tests, NULL, NULL);
}
