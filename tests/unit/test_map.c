/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "base/map.h"

static void
check(const struct kbi_map *map, const char *want)
{
	struct kbi_buf text = KBI_BUF(MIB);

	for (size_t i = 0; i < map->count; i++)
		kbi_buf_add_format(&text, "%s=%s%s;", map->entries[i].name, map->entries[i].value,
			map->entries[i].secret ? "!" : "");
	assert_string_equal(kbi_buf_text(&text), want);
	kbi_buf_free(&text);
}

static void
set_replaces_all_and_add_appends(void **state)
{
	struct kbi_map map = {0};

	(void)state;
	assert_int_equal(kbi_map_set(&map, "a", "1"), KB_OK);
	assert_int_equal(kbi_map_add(&map, "b", "2"), KB_OK);
	assert_int_equal(kbi_map_add(&map, "a", "3"), KB_OK);
	assert_int_equal(kbi_map_add(&map, "a", "4"), KB_OK);
	check(&map, "a=1;b=2;a=3;a=4;");
	assert_int_equal(kbi_map_count(&map, "a"), 3);
	assert_string_equal(kbi_map_get(&map, "a"), "1");
	assert_true(kbi_map_holds(&map, "a", "1") && kbi_map_holds(&map, "a", "4"));
	assert_false(kbi_map_holds(&map, "a", "2") || kbi_map_holds(&map, "z", "1") || kbi_map_holds(&map, "a", ""));
	assert_int_equal(kbi_map_set(&map, "a", "5"), KB_OK);
	check(&map, "a=5;b=2;");
	assert_int_equal(kbi_map_set_secret(&map, "c", "s", 1), KB_OK);
	assert_int_equal(kbi_map_set(&map, "b", ""), KB_OK);
	check(&map, "a=5;b=;c=s!;");
	assert_int_equal(kbi_map_remove(&map, "a"), KB_OK);
	assert_int_equal(kbi_map_remove(&map, "z"), KB_OK);
	check(&map, "b=;c=s!;");
	assert_false(map.has_failed);
	kbi_map_free(&map);
	check(&map, "");
}

static void
values_of_a_name_come_one_after_another(void **state)
{
	struct kbi_map map = {0};
	const struct kbi_entry *e = NULL;
	int i = 0;

	(void)state;
	for (char c[2] = "0"; *c < '9'; (*c)++) {
		kbi_map_add(&map, "x", c);
		kbi_map_add(&map, "y", c);
	}
	while ((e = kbi_map_next(&map, "x", e)))
		assert_int_equal(e->value[0], '0' + i++);
	assert_int_equal(i, 9);
	assert_null(kbi_map_next(&map, "z", NULL));
	assert_string_equal(kbi_map_get_or(&map, "z", "d"), "d");
	assert_null(kbi_map_get(&map, "z"));
	assert_true(kbi_map_has(&map, "y"));
	assert_false(kbi_map_has(&map, "z"));
	kbi_map_free(&map);
}

static void
a_map_may_be_set_and_copied_from_itself(void **state)
{
	struct kbi_map map = {0};

	(void)state;
	kbi_map_set(&map, "a", "value");
	assert_int_equal(kbi_map_set(&map, kbi_map_find(&map, "a")->name, kbi_map_get(&map, "a")), KB_OK);
	check(&map, "a=value;");
	kbi_map_set_secret(&map, "b", "x", 1);
	assert_int_equal(kbi_map_copy(&map, &map), KB_OK);
	check(&map, "a=value;b=x!;a=value;b=x!;");
	kbi_map_free(&map);
}

static void
a_copy_takes_no_memory_until_one_of_them_is_changed(void **state)
{
	struct kbi_map map = {0}, copy = {0}, other = {0};

	(void)state;
	kbi_map_set(&map, "a", "value");
	kbi_map_set_secret(&map, "b", "x", 1);
	assert_int_equal(kbi_map_copy(&copy, &map), KB_OK);
	assert_int_equal(kbi_map_copy(&other, &copy), KB_OK);
	assert_ptr_equal(copy.entries, map.entries);
	kbi_map_add(&copy, "c", "more");
	kbi_map_set(&other, "a", "other");
	check(&map, "a=value;b=x!;");
	check(&copy, "a=value;b=x!;c=more;");
	check(&other, "a=other;b=x!;");
	kbi_map_free(&copy);
	assert_int_equal(kbi_map_copy(&copy, &map), KB_OK);
	kbi_map_free(&map);
	check(&copy, "a=value;b=x!;");
	kbi_map_copy(&map, &copy);
	kbi_map_remove(&copy, "a");
	check(&map, "a=value;b=x!;");
	check(&copy, "b=x!;");
	kbi_map_free(&map);
	kbi_map_free(&copy);
	kbi_map_free(&other);
}

static void
bytes_are_kept_whole(void **state)
{
	struct kbi_map map = {0};

	(void)state;
	assert_int_equal(kbi_map_set_bytes(&map, "a", "x\0y", 3), KB_OK);
	assert_int_equal(kbi_map_set_bytes(&map, "e", NULL, 0), KB_OK);
	assert_int_equal(kbi_map_find(&map, "a")->size_bytes, 3);
	assert_memory_equal(kbi_map_get(&map, "a"), "x\0y", 4);
	assert_string_equal(kbi_map_get(&map, "e"), "");
	kbi_map_free(&map);
}

static void
misuse_is_an_error_and_no_crash(void **state)
{
	struct kbi_map map = {0};

	(void)state;
	assert_int_equal(kbi_map_set(&map, NULL, "a"), KB_EINVAL);
	assert_int_equal(kbi_map_set(&map, "a", NULL), KB_EINVAL);
	assert_int_equal(kbi_map_add(&map, "a", NULL), KB_EINVAL);
	assert_int_equal(kbi_map_set_bytes(&map, "a", NULL, 1), KB_EINVAL);
	assert_int_equal(kbi_map_remove(&map, NULL), KB_EINVAL);
	assert_int_equal(map.count, 0);
	kbi_map_free(&map);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_replaces_all_and_add_appends),
		cmocka_unit_test(values_of_a_name_come_one_after_another),
		cmocka_unit_test(a_map_may_be_set_and_copied_from_itself),
		cmocka_unit_test(a_copy_takes_no_memory_until_one_of_them_is_changed),
		cmocka_unit_test(bytes_are_kept_whole),
		cmocka_unit_test(misuse_is_an_error_and_no_crash),
	};

	return cmocka_run_group_tests_name("map", tests, NULL, NULL);
}
