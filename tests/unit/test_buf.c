/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "base/bytes.h"

static void
what_is_added_stands_in_order(void **state)
{
	struct kbi_buf buf = KBI_BUF(MIB);

	(void)state;
	assert_string_equal(kbi_buf_text(&buf), "");
	kbi_buf_add(&buf, "a");
	kbi_buf_add(&buf, NULL);
	kbi_buf_add_char(&buf, 'b');
	kbi_buf_add_bytes(&buf, "c\0d", 3);
	kbi_buf_add_bytes(&buf, NULL, 0);
	kbi_buf_add_format(&buf, "%d-%s", 7, "e");
	assert_int_equal(buf.size_bytes, 8);
	assert_memory_equal(buf.data, "abc\0d7-e", 9);
	assert_int_equal(kbi_buf_failed(&buf), KB_OK);
	kbi_buf_free(&buf);
}

static void
the_ceiling_is_exact_and_remembered(void **state)
{
	struct kbi_buf buf = KBI_BUF(4);

	(void)state;
	kbi_buf_add(&buf, "abcd");
	assert_int_equal(kbi_buf_failed(&buf), KB_OK);
	kbi_buf_add(&buf, "e");
	assert_int_equal(kbi_buf_failed(&buf), KB_ETOOBIG);
	assert_string_equal(kbi_buf_text(&buf), "abcd");
	kbi_buf_truncate(&buf, 0);
	kbi_buf_add(&buf, "a");
	assert_int_equal(kbi_buf_failed(&buf), KB_ETOOBIG);
	assert_null(kbi_buf_take(&buf));
	kbi_buf_add(&buf, "abcd");	/* after a take or a free it may be used again */
	assert_int_equal(kbi_buf_failed(&buf), KB_OK);
	kbi_buf_free(&buf);
	kbi_buf_add_format(&buf, "%5d", 1);
	assert_int_equal(kbi_buf_failed(&buf), KB_ETOOBIG);
	kbi_buf_free(&buf);
	kbi_buf_add_bytes(&buf, "x", SIZE_MAX);
	assert_int_equal(kbi_buf_failed(&buf), KB_ETOOBIG);
	kbi_buf_free(&buf);
}

static void
the_front_and_the_end_can_go(void **state)
{
	struct kbi_buf buf = KBI_BUF(MIB);

	(void)state;
	kbi_buf_drop_front(&buf, 3);
	kbi_buf_truncate(&buf, 3);
	kbi_buf_add(&buf, "abcdef");
	kbi_buf_drop_front(&buf, 2);
	assert_string_equal(kbi_buf_text(&buf), "cdef");
	kbi_buf_drop_front(&buf, 0);
	kbi_buf_truncate(&buf, 9);
	assert_string_equal(kbi_buf_text(&buf), "cdef");
	kbi_buf_truncate(&buf, 1);
	assert_string_equal(kbi_buf_text(&buf), "c");
	kbi_buf_drop_front(&buf, 100);
	assert_string_equal(kbi_buf_text(&buf), "");
	assert_int_equal(buf.size_bytes, 0);
	kbi_buf_free(&buf);
}

static void
what_is_taken_is_the_takers(void **state)
{
	struct kbi_buf buf = KBI_BUF(MIB);

	(void)state;
	char *empty = kbi_buf_take(&buf);
	assert_string_equal(empty, "");
	free(empty);
	kbi_buf_add_bytes(&buf, "a\0b", 3);
	kb_bytes *bytes = kbi_buf_take_bytes(&buf);
	assert_int_equal(kb_bytes_size(bytes), 3);
	assert_memory_equal(kb_bytes_data(bytes), "a\0b", 4);
	assert_int_equal(buf.size_bytes, 0);
	kb_bytes_free(bytes);
	bytes = kbi_bytes_new(NULL, 0);
	assert_string_equal((const char *)kb_bytes_data(bytes), "");
	kb_bytes_free(bytes);
	kb_bytes_free(NULL);
	assert_null(kb_bytes_data(NULL));
	assert_int_equal(kb_bytes_size(NULL), 0);
}

/* The memory is looked at before it is given back, where it still can be: what a secret buffer drops must not be there. */
static void
a_secret_leaves_nothing_behind(void **state)
{
	struct kbi_buf buf = KBI_BUF(MIB);

	(void)state;
	buf.secret = true;
	kbi_buf_add(&buf, "0123456789");
	kbi_buf_truncate(&buf, 2);
	for (size_t i = 2; i < 10; i++)
		assert_int_equal(buf.data[i], 0);
	kbi_buf_add(&buf, "23456789");
	kbi_buf_drop_front(&buf, 8);
	assert_string_equal(kbi_buf_text(&buf), "89");
	for (size_t i = 2; i < 10; i++)
		assert_int_equal(buf.data[i], 0);
	for (int i = 0; i < 1000; i++)
		kbi_buf_add(&buf, "abc");
	assert_int_equal(buf.size_bytes, 3002);
	kbi_buf_free(&buf);
	assert_true(buf.secret);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_added_stands_in_order),
		cmocka_unit_test(the_ceiling_is_exact_and_remembered),
		cmocka_unit_test(the_front_and_the_end_can_go),
		cmocka_unit_test(what_is_taken_is_the_takers),
		cmocka_unit_test(a_secret_leaves_nothing_behind),
	};

	return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
