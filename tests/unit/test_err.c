/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "base/err.h"

static void
an_error_says_all_that_it_was_told(void **state)
{
	struct kb_err err = {0}, copy = {0};

	(void)state;
	assert_int_equal(kbi_fail(&err, KB_ETIMEOUT, "%s: %d ms", "node-1", 5), KB_ETIMEOUT);
	kbi_err_id(&err, "wait.timeout");
	kbi_err_fix(&err, "wait %s", "longer");
	kbi_err_where(&err, "node-1", NULL);
	kbi_err_where(&err, "node-2", "step");
	kbi_err_evidence(&err, "saw %d", 3);
	kbi_err_copy(&copy, &err);
	kbi_err_clear(&err);
	assert_int_equal(kb_err_code(&copy), KB_ETIMEOUT);
	assert_string_equal(kb_err_cause(&copy), "node-1: 5 ms");
	assert_string_equal(kb_err_id(&copy), "wait.timeout");
	assert_string_equal(kb_err_fix(&copy), "wait longer");
	assert_string_equal(kb_err_host(&copy), "node-1");
	assert_string_equal(kb_err_step(&copy), "step");
	assert_int_equal(kb_err_evidence_count(&copy), 1);
	assert_string_equal(kb_err_evidence(&copy, 0), "saw 3");
	assert_null(kb_err_evidence(&copy, 1));
	kbi_err_clear(&copy);
	assert_string_equal(kb_err_cause(&copy), "");
}

static void
a_new_failure_forgets_the_old_one_and_may_quote_it(void **state)
{
	struct kb_err err = {0};

	(void)state;
	kbi_fail(&err, KB_EIO, "first");
	kbi_err_id(&err, "old");
	kbi_err_evidence(&err, "old");
	kbi_fail(&err, KB_EINVAL, "second, after %s", kb_err_cause(&err));
	assert_string_equal(kb_err_cause(&err), "second, after first");
	assert_string_equal(kb_err_id(&err), "");
	assert_int_equal(kb_err_evidence_count(&err), 0);
	kbi_err_clear(&err);
}

static void
no_text_holds_control_characters(void **state)
{
	struct kb_err err = {0};

	(void)state;
	kbi_fail(&err, KB_EIO, "a\nb\t\x1b[31m\x7f\xff\xc2\x9b\xe2\x80\xae\xc3\xa4");
	assert_string_equal(kb_err_cause(&err), "a\\nb\\t\\x1b[31m\\x7f\\xff\\u009b\\u202e\xc3\xa4");
	kbi_err_clear(&err);
}

static void
no_text_is_longer_than_four_kibibytes(void **state)
{
	char *text = unit_repeat("\xc3\xa4", 100000), *bells = unit_repeat("\a", 4000);
	struct kb_err err = {0};

	(void)state;
	kbi_fail(&err, KB_EIO, "%s", text);
	size_t length = strlen(kb_err_cause(&err));
	assert_in_range(length, 4090, 4096);
	assert_string_equal(kb_err_cause(&err) + length - 5, "\xc3\xa4...");
	kbi_fail(&err, KB_EIO, "%s", bells);
	assert_int_equal(strlen(kb_err_cause(&err)), 4096);
	kbi_err_clear(&err);
	free(text);
	free(bells);
}

static void
evidence_is_the_last_lines_of_a_text(void **state)
{
	struct kb_err err = {0};

	(void)state;
	kbi_err_evidence_lines(&err, "1\n2\r\n3\n", 2);
	assert_int_equal(kb_err_evidence_count(&err), 2);
	assert_string_equal(kb_err_evidence(&err, 0), "2");
	assert_string_equal(kb_err_evidence(&err, 1), "3");
	kbi_err_evidence_lines(&err, "4\n\n5", 9);
	assert_int_equal(kb_err_evidence_count(&err), 5);
	assert_string_equal(kb_err_evidence(&err, 3), "");
	kbi_err_evidence_lines(&err, "", 9);
	kbi_err_evidence_lines(&err, "6", 0);
	kbi_err_evidence_lines(&err, NULL, 9);
	assert_int_equal(kb_err_evidence_count(&err), 5);
	for (int i = 0; i < 1000; i++)
		kbi_err_evidence(&err, "line %d", i);
	assert_int_equal(kb_err_evidence_count(&err), 200);
	kbi_err_clear(&err);
}

static void
every_code_has_its_name(void **state)
{
	(void)state;
	assert_string_equal(kb_err_name(KB_OK), "KB_OK");
	assert_string_equal(kb_err_name(KB_EINVAL), "KB_EINVAL");
	assert_string_equal(kb_err_name(KB_ETRUST), "KB_ETRUST");
	assert_string_equal(kb_err_name(KB_ELOCKED), "KB_ELOCKED");
	assert_string_equal(kb_err_name(KB_EUNSUPPORTED), "KB_EUNSUPPORTED");
	assert_string_equal(kb_err_name(-19), "KB_E?");
	assert_string_equal(kb_err_name(1), "KB_E?");
	assert_string_equal(kb_err_name(INT32_MIN), "KB_E?");
}

static void
nothing_is_an_error_too(void **state)
{
	(void)state;
	assert_int_equal(kbi_fail(NULL, KB_EIO, "x"), KB_EIO);
	kbi_err_id(NULL, "x");
	kbi_err_fix(NULL, "x");
	kbi_err_where(NULL, "a", "b");
	kbi_err_evidence(NULL, "x");
	kbi_err_copy(NULL, NULL);
	kbi_err_clear(NULL);
	kb_err_free(NULL);
	assert_int_equal(kb_err_code(NULL), KB_OK);
	assert_string_equal(kb_err_cause(NULL), "");
	assert_string_equal(kb_err_id(NULL), "");
	assert_string_equal(kb_err_host(NULL), "");
	assert_string_equal(kb_err_step(NULL), "");
	assert_string_equal(kb_err_fix(NULL), "");
	assert_int_equal(kb_err_evidence_count(NULL), 0);
	assert_null(kb_err_evidence(NULL, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_error_says_all_that_it_was_told),
		cmocka_unit_test(a_new_failure_forgets_the_old_one_and_may_quote_it),
		cmocka_unit_test(no_text_holds_control_characters),
		cmocka_unit_test(no_text_is_longer_than_four_kibibytes),
		cmocka_unit_test(evidence_is_the_last_lines_of_a_text),
		cmocka_unit_test(every_code_has_its_name),
		cmocka_unit_test(nothing_is_an_error_too),
	};

	return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}
