/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <kb/text.h>

#include "text/toml.h"

#define RUNC_V2 "plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.runc.options"
#define CRI_V2 "plugins.\"io.containerd.grpc.v1.cri\""
#define RUNC_V3 "plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options"
#define CNI_V3 "plugins.'io.containerd.cri.v1.runtime'.cni"
#define PINNED_V3 "plugins.'io.containerd.cri.v1.images'.pinned_images"

static void
set(kb_ctx *kb, const char *text, const char *table, const char *key, const char *value, const char *want)
{
	kb_bytes *bytes = kb_toml_set(kb, text, strlen(text), table, key, value);

	if (!bytes) {
		kb_err *err = kb_error(kb);
		fail_msg("%s", kb_err_cause(err));
	}
	unit_check_bytes(bytes, want);
}

static void
refused(kb_ctx *kb, const char *text, const char *table, const char *key, const char *value, const char *cause)
{
	assert_null(kb_toml_set(kb, text, strlen(text), table, key, value));
	unit_check_cause(kb, cause);
}

static void
a_value_is_replaced_and_nothing_else(void **state)
{
	set(*state, "a = 1 # one\nb = 2\n", "", "a", "3", "a = 3 # one\nb = 2\n");
	set(*state, "a=1", "", "a", "\"x\"", "a=\"x\"");
	set(*state, "\357\273\277a = 1\r\n", "", "a", "2", "\357\273\277a = 2\r\n");
	set(*state, "[t]\n  k = [ 1, # c ]\n  2 ]\n", "t", "k", "true", "[t]\n  k = true\n");
	set(*state, "[t]\nk = '''\n]\n[t]\nk = 2\n'''\n", "t", "k", "1", "[t]\nk = 1\n");
	set(*state, "[t]\nk = \"\"\"a\\\"\"\"\"\nl = 1\n", "t", "k", "1", "[t]\nk = 1\nl = 1\n");
	set(*state, "[t]\nk = \"\"\"\"\"a\"\"\"\"\"\nl = 1\n", "t", "k", "1", "[t]\nk = 1\nl = 1\n");
	set(*state, "[ a . \"b.c\" . 'd' ]\nk = 1\n", "a.'b.c'.\"d\"", "k", "2", "[ a . \"b.c\" . 'd' ]\nk = 2\n");
	set(*state, "a.b.\"c\" = 1\n", "a.b", "c", "2", "a.b.\"c\" = 2\n");
	set(*state, "[a]\nb.c.d = 1\n", "a.b.c", "d", "2", "[a]\nb.c.d = 2\n");
	set(*state, "a = { b = { c = 1, d = \"}\" } }\n", "a.b", "c", "2", "a = { b = { c = 2, d = \"}\" } }\n");
	set(*state, "[a]\n\"\\u0062\" = 1\n", "a", "b", "2", "[a]\n\"\\u0062\" = 2\n");
	set(*state, "d = 1979-05-27 07:32:00 # date\ne = 1\n", "", "d", "1979-05-27",
		"d = 1979-05-27 # date\ne = 1\n");
	set(*state, "[[x]]\nk = 1\n[t]\nk = 1\n", "t", "k", "2", "[[x]]\nk = 1\n[t]\nk = 2\n");
	set(*state, "x = [{t = {k = 1}}]\n[t]\nk = 1\n", "t", "k", "2", "x = [{t = {k = 1}}]\n[t]\nk = 2\n");
}

static void
a_key_is_added_where_its_table_was_made(void **state)
{
	set(*state, "", "", "a", "1", "a = 1\n");
	set(*state, "", "t", "a", "1", "[t]\na = 1\n");
	set(*state, "a = 1", "", "b", "2", "a = 1\nb = 2\n");
	set(*state, "# head\n# more\n\n[t]\n", "", "a", "1", "# head\n# more\na = 1\n\n[t]\n");
	set(*state, "[t]\na = 1\n\n# of u\n[u]\nb = 1\n", "t", "c", "3",
		"[t]\na = 1\nc = 3\n\n# of u\n[u]\nb = 1\n");
	set(*state, "[t]\n  a = 1\n\n[u]", "u", "c", "3", "[t]\n  a = 1\n\n[u]\n  c = 3\n");
	set(*state, "[t]\na = 1", "u.v", "c", "3", "[t]\na = 1\n\n[u.v]\nc = 3\n");
	set(*state, "[t]\r\na = 1\r\n", "u", "c", "3", "[t]\r\na = 1\r\n\r\n[u]\r\nc = 3\r\n");
	set(*state, "t.a = 1\n[u]\n", "t", "b", "2", "t.a = 1\nt.b = 2\n[u]\n");
	set(*state, "[x]\n  t.u.a = 1\n  c = 2\n", "x.t", "b", "2", "[x]\n  t.u.a = 1\n  t.b = 2\n  c = 2\n");
	set(*state, "[t]\nu = {}\n", "t.u", "a", "1", "[t]\nu = { a = 1 }\n");
	set(*state, "[t]\nu = { }\n", "t.u", "a", "1", "[t]\nu = { a = 1 }\n");
	set(*state, "[t]\nu = { b = 2 } # c\n", "t.u", "a", "1", "[t]\nu = { b = 2, a = 1 } # c\n");
	set(*state, "[t]\nu = { b = 2 }\n", "t.u.v", "a", "1", "[t]\nu = { b = 2, v.a = 1 }\n");
	set(*state, "[t]\nu = { v = {} }\n", "t.u.v", "a", "1", "[t]\nu = { v = { a = 1 } }\n");
	set(*state, "[t.u.v]\nx = 1\n", "t.u", "a", "1", "[t.u.v]\nx = 1\n\n[t.u]\na = 1\n");
	set(*state, "[t]\n", "t", "key with space", "1", "[t]\n\"key with space\" = 1\n");
	set(*state, "", "a.\"b.c\"", "k", "1", "[a.\"b.c\"]\nk = 1\n");
}

static void
what_is_not_understood_is_refused_with_its_place(void **state)
{
	refused(*state, "a = \n", "", "a", "1", "toml:1:5: no value where one was expected");
	refused(*state, "a 1\n", "", "a", "1", "toml:1:3: no = behind a key");
	refused(*state, "a = 1 b = 2\n", "", "a", "1", "toml:1:7: more on a line than was expected");
	refused(*state, "[t\na = 1\n", "t", "a", "1", "toml:1:3: a table's name that does not end");
	refused(*state, "a = \"x\ny\"\n", "", "a", "1", "toml:1:5: a string that does not end");
	refused(*state, "a = '''x\n", "", "a", "1", "toml:1:5: a string that does not end");
	refused(*state, "a = [1 2]\n", "", "a", "1", "toml:1:8: an array that does not end");
	refused(*state, "a = [1,\n", "", "a", "1", "toml:2:1: no value where one was expected");
	refused(*state, "a = {b = 1,}\n", "", "z", "1", "toml:1:12: no key where one was expected");
	refused(*state, "a = {b = 1\n}\n", "", "z", "1", "toml:1:11: an inline table that does not end");
	refused(*state, "a = \"\\q\"\n", "", "a", "1", "toml:1:8: an escape that TOML does not know");
	refused(*state, "a = \"\\u12\"\n", "", "a", "1", "toml:1:8: an escape without its digits");
	refused(*state, "a = \"\\ud800\"\n", "", "a", "1", "toml:1:8: an escape of no character that can be here");
	refused(*state, "a = nope\n", "", "a", "1", "toml:1:5: no value where one was expected");
	refused(*state, "\xc3\xa4 = 1\n", "", "a", "1", "toml:1:1: no key where one was expected");
	refused(*state, "a = \"\xff\"\n", "", "a", "1", "toml:1:6: not UTF-8 text");
	refused(*state, "", "", "b\xff", "1", "toml: key: not UTF-8");	/* was written as another key, once more each time */
	refused(*state, "", "", "a", "\xef\xbb\xbf" "1", "toml: value:1:1: no value where one was expected");
	refused(*state, "a = 1\rb = 2\n", "", "a", "1", "toml:1:6: a control character");
	refused(*state, "a = 1\na = 2\n", "", "a", "1", "toml:2:1: the key is set twice");
	refused(*state, "[t]\n[t]\n", "t", "a", "1", "toml:2:1: the table is there twice");
	refused(*state, "[[t]]\na = 1\n", "t", "a", "1", "toml:1:1: the table is an array of tables here");
	refused(*state, "[[t]]\n[t.u]\na = 1\n", "t.u", "a", "1", "toml:1:1: the table is an array of tables here");
	refused(*state, "t = 1\n", "t", "a", "1", "toml:1:1: the table is a plain value here");
	refused(*state, "[t.a]\nb = 1\n", "t", "a", "1", "toml:1:1: the key is a table here");
	refused(*state, "t.a.b = 1\n", "t", "a", "1", "toml:1:1: the key is a table here");
	refused(*state, "t.a = {}\n", "t", "a", "1", "toml:1:1: the key is a table here");
	refused(*state, "a = 1\n", "", "a", "treu", "toml: value:1:1: no value where one was expected");
	refused(*state, "a = 1\n", "", "a", "1\nb = 2", "toml: value:1:2: more than one value");
	refused(*state, "a = 1\n", "", "a", "", "toml: value:1:1: no value where one was expected");
	refused(*state, "a = 1\n", "a b", "a", "1", "toml: table name:1:3: more than a dotted name");
	refused(*state, "a = 1\n", "a.", "a", "1", "toml: table name:1:3: no key where one was expected");
}

/* The same file after one edit, and after the same edit again. */
static char *
edited(kb_ctx *kb, const char *text, const char *table, const char *key, const char *value)
{
	kb_bytes *once = kb_toml_set(kb, text, strlen(text), table, key, value);
	assert_non_null(once);
	kb_bytes *twice = kb_toml_set(kb, kb_bytes_data(once), kb_bytes_size(once), table, key, value);
	assert_non_null(twice);
	assert_string_equal((const char *)kb_bytes_data(once), (const char *)kb_bytes_data(twice));
	char *result = strdup(kb_bytes_data(once));
	kb_bytes_free(once);
	kb_bytes_free(twice);
	return result;
}

static void
check_value(const char *text, const char *table, const char *key, const char *want)
{
	struct kbi_buf out = KBI_BUF(MIB);
	bool is_there;

	assert_int_equal(kbi_toml_get(text, strlen(text), table, key, &out, &is_there, NULL), KB_OK);
	assert_int_equal(is_there, want != NULL);
	if (want)
		assert_string_equal(kbi_buf_text(&out), want);
	kbi_buf_free(&out);
}

/* How many bytes differ at most: what one edit of one line may do. */
static void
check_only_line(const char *before, const char *after, const char *line)
{
	size_t head = 0, tail = 0, before_bytes = strlen(before), after_bytes = strlen(after);

	while (before[head] && before[head] == after[head])
		head++;
	while (tail < before_bytes - head && tail < after_bytes - head
		&& before[before_bytes - 1 - tail] == after[after_bytes - 1 - tail])
		tail++;
	while (head && after[head - 1] != '\n')
		head--;
	const char *at = after + head;
	assert_memory_equal(at, line, strlen(line));
	assert_true(after_bytes - head - tail <= strlen(line) + 1);
}

static void
containerds_own_defaults_are_edited_in_place(void **state)
{
	static const struct {
		const char *file, *table, *key, *now, *value, *line;
	} cases[] = {
		{"1.6.20-default.toml", RUNC_V2, "SystemdCgroup", "false", "true", "            SystemdCgroup = true"},
		{"1.6.20-default.toml", CRI_V2, "sandbox_image", "\"registry.k8s.io/pause:3.6\"",
			"\"lab/pause:3.10.1\"", "    sandbox_image = \"lab/pause:3.10.1\""},
		{"1.6.20-default.toml", CRI_V2 ".cni", "bin_dir", "\"/opt/cni/bin\"", "\"/x\"",
			"      bin_dir = \"/x\""},
		{"1.6.20-default.toml", CRI_V2 ".registry", "config_path", "\"\"", "\"/etc/containerd/certs.d\"",
			"      config_path = \"/etc/containerd/certs.d\""},
		{"1.7.32-default.toml", RUNC_V2, "SystemdCgroup", "false", "true", "            SystemdCgroup = true"},
		{"1.7.32-default.toml", CRI_V2, "sandbox_image", "\"registry.k8s.io/pause:3.8\"", "\"x\"",
			"    sandbox_image = \"x\""},
		{"2.1.9-default.toml", RUNC_V3, "SystemdCgroup", "false", "true", "            SystemdCgroup = true"},
		{"2.1.9-default.toml", PINNED_V3, "sandbox", "'registry.k8s.io/pause:3.10'", "'lab/pause:3.10.1'",
			"      sandbox = 'lab/pause:3.10.1'"},
		{"2.1.9-default.toml", CNI_V3, "bin_dirs", "['/opt/cni/bin']", "['/x']", "      bin_dirs = ['/x']"},
		{"2.1.9-default.toml", "", "disabled_plugins", "[]", "[\"a\"]", "disabled_plugins = [\"a\"]"},
		{"2.3.7-default.toml", RUNC_V3, "SystemdCgroup", "false", "true", "            SystemdCgroup = true"},
		{"2.3.7-default.toml", CNI_V3, "bin_dirs", "['/opt/cni/bin']", "['/x']", "      bin_dirs = ['/x']"},
		{"2.3.7-default.toml", PINNED_V3, "sandbox", "'registry.k8s.io/pause:3.10.2'", "'p'",
			"      sandbox = 'p'"},
		{"2.3.7-default.toml", "plugins.'io.containerd.cri.v1.images'.registry", "config_path", "''", "'/c'",
			"      config_path = '/c'"},
		{"2.3.7-default.toml", "plugins.'no.such.plugin'", "a", NULL, "1", NULL},
		{"1.6.20-debian.toml", CRI_V2 ".cni", "bin_dir", "\"/usr/lib/cni\"", "\"/opt/cni/bin\"",
			"      bin_dir = \"/opt/cni/bin\""},
		{"1.6.20-debian.toml", RUNC_V2, "SystemdCgroup", NULL, "true", NULL},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char path[64];
		snprintf(path, sizeof(path), "containerd/%s", cases[i].file);
		struct unit_file file = unit_read(path);
		check_value(file.data, cases[i].table, cases[i].key, cases[i].now);
		char *after = edited(*state, file.data, cases[i].table, cases[i].key, cases[i].value);
		check_value(after, cases[i].table, cases[i].key, cases[i].value);
		if (cases[i].line)
			check_only_line(file.data, after, cases[i].line);
		else
			assert_memory_equal(after, file.data, file.size_bytes);
		free(after);
		free(file.data);
	}
}

static void
check_removed(const char *text, const char *item, const char *want)
{
	struct kbi_buf out = KBI_BUF(MIB);

	assert_int_equal(kbi_toml_remove_item(text, strlen(text), "", "d", item, &out, NULL), KB_OK);
	assert_string_equal(kbi_buf_text(&out), want);
	kbi_buf_free(&out);
}

static void
an_item_is_taken_out_of_a_list(void **state)
{
	struct kbi_buf out = KBI_BUF(MIB);
	struct kb_err err = {0};

	(void)state;
	check_removed("d = [\"cri\"]\n", "cri", "d = []\n");
	check_removed("d = [\"a\", \"cri\"] # c\n", "cri", "d = [\"a\"] # c\n");
	check_removed("d = [\"cri\", \"a\"]\n", "cri", "d = [\"a\"]\n");
	check_removed("d = ['cri', \"a\", \"cri\",]\n", "cri", "d = [\"a\", ]\n");
	check_removed("d = [\"a\", \"cri\", \"cri\"]\n", "cri", "d = [\"a\" ]\n");
	check_removed("d = [\n  \"cri\", # why\n  \"a\",\n]\n", "cri", "d = [\n  # why\n  \"a\",\n]\n");
	check_removed("d = [\n  \"a\",\n  \"cri\",\n]\n", "cri", "d = [\n  \"a\",\n]\n");
	check_removed("d = [\n  \"a\",\n  \"cri\"\n]\n", "cri", "d = [\n  \"a\"\n]\n");
	check_removed("d = [\"\\u0063ri\"]\n", "cri", "d = []\n");
	check_removed("d = [\"cri2\", 1, [\"cri\"]]\n", "cri", "d = [\"cri2\", 1, [\"cri\"]]\n");
	check_removed("d = []\n", "cri", "d = []\n");
	check_removed("x = 1\n", "cri", "x = 1\n");
	assert_int_equal(kbi_toml_remove_item("d = 1\n", 6, "", "d", "cri", &out, &err), KB_EINVAL);
	assert_string_equal(kb_err_cause(&err), "toml:1:5: not an array");
	assert_int_equal(kbi_toml_remove_item("d = 1\n", 6, "", "d", NULL, &out, &err), KB_EINVAL);
	kbi_err_clear(&err);
	kbi_buf_free(&out);
}

static void
strings_go_in_and_out(void **state)
{
	static const char *const texts[] = {"", "a", "a\"b\\c", "line\nline", "\t\x01\x7f",
		"\xc3\xa4\xf0\x9f\x98\x80", "'''"};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct kbi_buf raw = KBI_BUF(MIB), text = KBI_BUF(MIB);
		kbi_toml_string(&raw, texts[i]);
		assert_int_equal(kbi_toml_unstring(kbi_buf_text(&raw), &text, NULL), KB_OK);
		assert_string_equal(kbi_buf_text(&text), texts[i]);
		kbi_buf_free(&raw);
		kbi_buf_free(&text);
	}
	struct kbi_buf text = KBI_BUF(MIB);
	assert_int_equal(kbi_toml_unstring("'''\na\\b\n'''", &text, NULL), KB_OK);
	assert_string_equal(kbi_buf_text(&text), "a\\b\n");
	kbi_buf_free(&text);
	assert_int_equal(kbi_toml_unstring("\"\"\"a\\\n   \n  b\"\"\"", &text, NULL), KB_OK);
	assert_string_equal(kbi_buf_text(&text), "ab");
	kbi_buf_free(&text);
	assert_int_equal(kbi_toml_unstring("true", &text, NULL), KB_EINVAL);
	assert_int_equal(kbi_toml_unstring("\"a\" \"b\"", &text, NULL), KB_EINVAL);
	assert_int_equal(kbi_toml_unstring(NULL, &text, NULL), KB_EINVAL);
	kbi_buf_free(&text);
}

static void
hostile_input_ends_within_its_bounds(void **state)
{
	static const char *const units[] = {
		"[", "{", "[a]\n", "[[a]]\n", "a=1\n", "a=[", "a={", "a={a=", "\"", "'", "\"\"\"", "'''", "#", "\n",
		"\r\n", " ", "a.", "a=\"\\", "\\", "=",
		"a=[1,", "a=[\n#\n", "t.a=1\n", "[t]\n", "a", "\"\\u0061\".", "t={a={", "\xc3\xa4",
	};
	static const char *const heads[] = {"", "a = [", "a = {b=", "a = \"\"\"", "[t]\n", "t = {"};

	for (size_t h = 0; h < COUNT(heads); h++) {
		for (size_t i = 0; i < COUNT(units); i++) {
			char *text = unit_repeat(units[i], LARGE);
			memcpy(text, heads[h], strlen(heads[h]));
			double before = unit_cpu_ms();
			kb_bytes_free(kb_toml_set(*state, text, LARGE, "t.u", "a", "1"));
			double ms = unit_cpu_ms() - before;
			if (!unit_is_in_time(ms, 1))
				fail_msg("%s%s%s...: %.0f ms", heads[h], units[i], units[i], ms);
			free(text);
		}
	}
}

static void
misuse_is_an_error_and_no_crash(void **state)
{
	char *large = unit_repeat("#\n", MIB + 2);

	assert_null(kb_toml_set(NULL, "", 0, "", "a", "1"));
	assert_null(kb_toml_set(*state, NULL, 3, "", "a", "1"));
	unit_check_cause(*state, "toml: NULL with a size of 3");
	unit_check_bytes(kb_toml_set(*state, NULL, 0, "", "a", "1"), "a = 1\n");
	assert_null(kb_toml_set(*state, "", 0, NULL, "a", "1"));
	assert_null(kb_toml_set(*state, "", 0, "", NULL, "1"));
	assert_null(kb_toml_set(*state, "", 0, "", "a", NULL));
	assert_null(kb_toml_set(*state, large, MIB + 2, "", "a", "1"));
	assert_null(kb_toml_set(*state, "a = 1\0\n", 7, "", "a", "1"));
	unit_check_cause(*state, "toml:1:6: a control character");
	free(large);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_is_replaced_and_nothing_else),
		cmocka_unit_test(a_key_is_added_where_its_table_was_made),
		cmocka_unit_test(what_is_not_understood_is_refused_with_its_place),
		cmocka_unit_test(containerds_own_defaults_are_edited_in_place),
		cmocka_unit_test(an_item_is_taken_out_of_a_list),
		cmocka_unit_test(strings_go_in_and_out),
		cmocka_unit_test(hostile_input_ends_within_its_bounds),
		cmocka_unit_test(misuse_is_an_error_and_no_crash),
	};

	return cmocka_run_group_tests_name("toml", tests, unit_make_context, unit_free_context);
}
