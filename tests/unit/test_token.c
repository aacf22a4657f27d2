/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <kb/text.h>

static void
a_token_that_is_made_is_one(void **state)
{
	char last[32] = "";

	for (int i = 0; i < 200; i++) {
		kb_bytes *token = kb_token_make(*state);
		assert_non_null(token);
		assert_int_equal(kb_bytes_size(token), 23);
		assert_int_equal(kb_token_check(*state, kb_bytes_data(token)), KB_OK);
		assert_string_not_equal(kb_bytes_data(token), last);
		snprintf(last, sizeof(last), "%s", (const char *)kb_bytes_data(token));
		kb_bytes_free(token);
	}
}

/* 22,000 letters: each of the 36 comes 611 times, and less than 480 or more than 750 is over five standard deviations away. Without
 * throwing bytes over 252 away the first four letters would come 687 times and the rest 601: the sums below tell. */
static void
every_letter_is_as_likely(void **state)
{
	size_t counts[256] = {0}, first_four = 0;

	for (int i = 0; i < 1000; i++) {
		kb_bytes *token = kb_token_make(*state);
		for (const char *at = kb_bytes_data(token); *at; at++)
			counts[(unsigned char)*at]++;
		kb_bytes_free(token);
	}
	assert_int_equal(counts['.'], 1000);
	for (const char *at = "abcdefghijklmnopqrstuvwxyz0123456789"; *at; at++)
		assert_in_range(counts[(unsigned char)*at], 480, 750);
	for (const char *at = "abcd"; *at; at++)
		first_four += counts[(unsigned char)*at];
	assert_in_range(first_four, 2210, 2680);	/* 2444 give or take five standard deviations of 47; biased: 2750 */
}

static void
only_a_token_is_one(void **state)
{
	static const char *const bad[] = {
		"", "abcdef.0123456789abcde", "abcdef.0123456789abcdef0", "abcdef 0123456789abcdef",
		"ABCDEF.0123456789abcdef", "abcdef.0123456789abcdeg\n",
		"abcde.0123456789abcdef1", ".", "abcdef.0123456789abcde\xc3", " abcdef.0123456789abcde",
		"abcdef.0123456789ab.def",
	};

	assert_int_equal(kb_token_check(*state, "abcdef.0123456789abcdef"), KB_OK);
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(kb_token_check(*state, bad[i]), KB_EINVAL);
	unit_check_cause(*state, "token: not of the form [a-z0-9]{6}.[a-z0-9]{16}");
	assert_int_equal(kb_token_check(*state, NULL), KB_EINVAL);
	assert_int_equal(kb_token_check(NULL, "abcdef.0123456789abcdef"), KB_EINVAL);
	assert_null(kb_token_make(NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_that_is_made_is_one),
		cmocka_unit_test(every_letter_is_as_likely),
		cmocka_unit_test(only_a_token_is_one),
	};

	return cmocka_run_group_tests_name("token", tests, unit_make_context, unit_free_context);
}
