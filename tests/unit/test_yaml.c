/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "text/yaml.h"

static struct kb_err err;

static kb_status
read_text(struct kbi_yaml *yaml, const char *text)
{
	return kbi_yaml_read(yaml, "t.yaml", text, strlen(text), MIB, &err);
}

static int
forget(void **state)
{
	(void)state;
	kbi_err_clear(&err);
	return 0;
}

static void
a_node_knows_where_it_stood(void **state)
{
	const char *text = "# c\nhosts:\n  - {name: a, port: 0x10}\n  - name: 'b'\n";
	struct kbi_yaml yaml;

	(void)state;
	assert_int_equal(read_text(&yaml, text), KB_OK);
	const struct kbi_yaml_node *port = kbi_yaml_path(yaml.first, "hosts[0].port"),
		*b = kbi_yaml_path(yaml.first, "hosts[1].name");
	assert_string_equal(kbi_yaml_text(port), "0x10");
	assert_int_equal(port->line, 3);
	assert_int_equal(port->column, 21);
	assert_memory_equal(text + port->begin, "0x10", 4);
	assert_int_equal(port->end - port->begin, 4);
	assert_string_equal(kbi_yaml_text(b), "b");
	assert_memory_equal(text + b->begin, "'b'", 3);
	assert_int_equal(b->style, KBI_YAML_SINGLE);
	assert_int_equal(b->key->line, 4);
	assert_true(kbi_yaml_at(kbi_yaml_get(yaml.first, "hosts"), 0)->is_flow);
	assert_null(kbi_yaml_path(yaml.first, "hosts[2].name"));
	assert_null(kbi_yaml_path(yaml.first, "hosts.name"));
	kbi_yaml_free(&yaml);
}

static void
offsets_are_bytes_whatever_stands_before(void **state)
{
	static const char *const texts[] = {
		"\357\273\277a: 1\nz: here\n", "# \xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\na: \xc3\xbc\nz: here\n",
		"a: 1\r\nb: 2\r\nz: here\r\n",
	};
	struct kbi_yaml yaml;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		assert_int_equal(read_text(&yaml, texts[i]), KB_OK);
		const struct kbi_yaml_node *z = kbi_yaml_get(yaml.first, "z");
		assert_memory_equal(texts[i] + z->begin, "here", 4);
		assert_int_equal(z->end - z->begin, 4);
		kbi_yaml_free(&yaml);
	}
}

static void
offsets_are_bytes_in_a_long_text_that_is_not_ascii(void **state)
{
	struct kbi_buf text = KBI_BUF(MIB);
	struct kbi_yaml yaml;
	int i = 0;

	(void)state;
	for (i = 0; i < 2000; i++)
		kbi_buf_add_format(&text, "- \"\xe2\x82\xac %d\"\n", i);
	assert_int_equal(kbi_yaml_read(&yaml, "t", text.data, text.size_bytes, MIB, &err), KB_OK);
	i = 0;
	for (const struct kbi_yaml_node *n = yaml.first->first; n; n = n->next, i++) {
		char want[32];
		int length = snprintf(want, sizeof(want), "\"\xe2\x82\xac %d\"", i);
		assert_int_equal(n->end - n->begin, length);
		assert_memory_equal(text.data + n->begin, want, (size_t)length);
	}
	assert_int_equal(i, 2000);
	kbi_yaml_free(&yaml);
	kbi_buf_free(&text);
}

static void
words_keep_their_text(void **state)
{
	static const char *const words[] = {"no", "1.10", "0x10", "1e3", "on", "~", "012", "12:30", "null", "Yes"};
	struct kbi_yaml yaml;
	char text[64];

	(void)state;
	for (size_t i = 0; i < COUNT(words); i++) {
		snprintf(text, sizeof(text), "v: %s\n", words[i]);
		assert_int_equal(read_text(&yaml, text), KB_OK);
		assert_string_equal(kbi_yaml_text(kbi_yaml_get(yaml.first, "v")), words[i]);
		kbi_yaml_free(&yaml);
	}
}

static void
json_is_read_as_it_is(void **state)
{
	struct kbi_yaml yaml;

	(void)state;
	assert_int_equal(read_text(&yaml,
		"{\"a\":[1,-2,{\"b\":\"x\\u003cy\\/\\n\"}],\"c\":true,\"d\":null,\"e\":{}}"), KB_OK);
	assert_string_equal(kbi_yaml_text(kbi_yaml_path(yaml.first, "a[1]")), "-2");
	assert_string_equal(kbi_yaml_text(kbi_yaml_path(yaml.first, "a[2].b")), "x<y/\n");
	assert_true(kbi_yaml_is_null(kbi_yaml_get(yaml.first, "d")));
	assert_true(kbi_yaml_is_map(kbi_yaml_get(yaml.first, "e")));
	kbi_yaml_free(&yaml);
	assert_int_equal(read_text(&yaml, "{\n\t\"a\": {\n\t\t\"b\": 1\n\t}\n}\n"), KB_OK);
	assert_string_equal(kbi_yaml_text(kbi_yaml_path(yaml.first, "a.b")), "1");
	kbi_yaml_free(&yaml);
}

static void
documents_are_counted_and_empty_ones_left_out(void **state)
{
	struct kbi_yaml yaml;

	(void)state;
	assert_int_equal(read_text(&yaml, "---\n# nothing\n---\na: 1\n---\nb: 2\n---\n"), KB_OK);
	assert_int_equal(yaml.count, 2);
	assert_string_equal(kbi_yaml_text(kbi_yaml_get(yaml.first->next, "b")), "2");
	kbi_yaml_free(&yaml);
	assert_int_equal(read_text(&yaml, ""), KB_OK);
	assert_int_equal(yaml.count, 0);
	assert_null(yaml.first);
	kbi_yaml_free(&yaml);
	assert_int_equal(kbi_yaml_read(&yaml, "t", NULL, 0, MIB, &err), KB_OK);
	kbi_yaml_free(&yaml);
}

static void
what_is_refused_says_where_and_why(void **state)
{
	static const struct {
		const char *text, *cause;
	} cases[] = {
		{"a: 1\nb:\n  c: 1\n  c: 2\n", "t.yaml:4:3: key \"c\" is there twice"},
		{"{\"a\":1,\"b\":2,\"a\":3,\"b\":4}", "t.yaml:1:14: key \"a\" is there twice"},
		{"a: &x 1\n", "t.yaml:1:4: anchors are not supported"},
		{"a: &x [1]\n", "t.yaml:1:4: anchors are not supported"},
		{"a: *x\n", "t.yaml:1:4: aliases are not supported"},
		{"a: !!python/object:os.system x\n", "t.yaml:1:4: tags are not supported"},
		{"a: !!str 1\n", "t.yaml:1:4: tags are not supported"},
		{"a: {<<: {b: 1}}\n", "t.yaml:1:5: merge keys are not supported"},
		{"? [a]\n: b\n", "t.yaml:1:3: a key must be a scalar"},
		{"?\n: b\n", "t.yaml:1:2: a key is empty"},
		{"a: \"x\\0y\"\n", "t.yaml:1:4: a text holds a NUL"},
		{"a: [1\n", "t.yaml:2:1: did not find expected ',' or ']'"},
		{"a: b: c\n", "t.yaml:1:5: mapping values are not allowed in this context"},
		{"a: \xff\n", "t.yaml:1:4: not UTF-8 text"},
		{"a: 1\nb: \xc3\xa4 \xc0\x80\n", "t.yaml:2:6: not UTF-8 text"},
		{"\xff\xfe" "a", "t.yaml:1:1: not UTF-8 text"},
		{"a: 1\nb: \x01\n", "t.yaml:2:4: control characters are not allowed"},
		{"%YAML 3.0\n---\na: 1\n", "t.yaml:1:1: found incompatible YAML document"},
	};
	struct kbi_yaml yaml;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(read_text(&yaml, cases[i].text), KB_EINVAL);
		assert_string_equal(kb_err_cause(&err), cases[i].cause);
		assert_null(yaml.first);
		assert_null(yaml.chunks);
	}
}

static void
a_nul_in_the_input_is_refused(void **state)
{
	struct kbi_yaml yaml;

	(void)state;
	assert_int_equal(kbi_yaml_read(&yaml, "t", "a: 1\0\nb: 2\n", 11, MIB, &err), KB_EINVAL);
	assert_string_equal(kb_err_cause(&err), "t:1:5: control characters are not allowed");
}

static void
too_many_bytes_are_refused_unread(void **state)
{
	struct kbi_yaml yaml;

	(void)state;
	assert_int_equal(kbi_yaml_read(&yaml, "t", "a: 1\n", 5, 4, &err), KB_ETOOBIG);
	assert_string_equal(kb_err_cause(&err), "t: 5 bytes: over the limit of 4");
}

static void
nesting_is_allowed_to_64_and_no_deeper(void **state)
{
	char text[160] = {0};
	struct kbi_yaml yaml;

	(void)state;
	memset(text, '[', 64);
	memset(text + 64, ']', 64);
	assert_int_equal(read_text(&yaml, text), KB_OK);
	kbi_yaml_free(&yaml);
	memset(text, '[', 65);
	memset(text + 65, ']', 65);
	assert_int_equal(read_text(&yaml, text), KB_EINVAL);
	assert_string_equal(kb_err_cause(&err), "t.yaml:1:65: nested too deeply");
}

/* Each of these once made a reader of YAML slow or large. Result does not matter, but time and memory do. */
static void
hostile_input_ends_within_its_bounds(void **state)
{
	static const char *const units[] = {
		"[", "{", "- ", "? ", "-\n", "[[],", "a: [", "{a: ", "\"", "'", "a", "a ", "a\n", " ", "\n", "\t",
		"#\n", "&a ", "*a ", "!a ",
		"%TAG !a! b\n", "%YAML 1.1\n", "---\n", "--- a\n", "...\n", ":", "::", ": ", "|\n", ">\n ", "[a:,",
		"[:,", "[],", "{},", "a,",
		"-\n-", "\r", "\r\n", "\xc2\x85", "\xe2\x80\xa8", "\xf0\x9f\x98\x80", "\xef\xbb\xbf", "a:\n ", "\\",
		"\"\\u0041", "? a\n", "- a\n",
		"- - a\n", "a: b\n", "[a, b]\n--- ", ", ", "]", "}", "0", "<<: ", "k: |\n x\n", "\x00",
	};
	static const char *const heads[] = {"", "[", "{", "a: [", "- \"", "- |\n ", "x: ", "%TAG ! "};

	(void)state;
	struct rlimit old = unit_bound_memory(BOUND_BYTES + MIB);
	for (size_t h = 0; h < COUNT(heads); h++) {
		for (size_t i = 0; i < COUNT(units); i++) {
			struct kbi_yaml yaml;
			char *text = unit_repeat(*units[i] ? units[i] : "x", LARGE);
			if (!*units[i])
				memset(text, 0, LARGE);
			memcpy(text, heads[h], strlen(heads[h]));
			double before = unit_cpu_ms();
			kb_status status = kbi_yaml_read(&yaml, "t", text, LARGE, MIB, &err);
			double ms = unit_cpu_ms() - before;
			if (getenv("KB_TEST_TIMES") && ms > 20)
				print_message("%6.1f ms %2d %s...%s\n", ms, status, heads[h], units[i]);
			if (!unit_is_in_time(ms, 1))
				fail_msg("%s%s%s...: %.0f ms", heads[h], units[i], units[i], ms);
			assert_int_not_equal(status, KB_ENOMEM);
			kbi_yaml_free(&yaml);
			free(text);
		}
	}
	unit_unbound_memory(old);
}

static void
many_different_keys_end_within_the_bounds(void **state)
{
	struct kbi_buf text = KBI_BUF(MIB);
	struct kbi_yaml yaml;

	(void)state;
	for (int i = 0; text.size_bytes < LARGE - 32; i++)
		kbi_buf_add_format(&text, "k%x: %d\n", i, i);
	double before = unit_cpu_ms();
	kb_status status = kbi_yaml_read(&yaml, "t", text.data, text.size_bytes, MIB, &err);
	assert_true(unit_is_in_time(unit_cpu_ms() - before, 1));
	assert_int_equal(status, KB_OK);
	assert_true(yaml.first->count > LARGE / 21);
	kbi_yaml_free(&yaml);
	kbi_buf_free(&text);
}

static void
an_alias_bomb_is_refused(void **state)
{
	struct kbi_buf text = KBI_BUF(MIB);
	struct kbi_yaml yaml;

	(void)state;
	kbi_buf_add(&text, "a: &a [x,x,x,x,x,x,x,x,x]\n");
	for (char c = 'b'; c <= 'i'; c++) {
		kbi_buf_add_format(&text, "%c: &%c [", c, c);
		for (int i = 0; i < 9; i++)
			kbi_buf_add_format(&text, "*%c%s", c - 1, i < 8 ? "," : "]\n");
	}
	assert_int_equal(read_text(&yaml, kbi_buf_text(&text)), KB_EINVAL);
	kbi_buf_free(&text);
}

static void
what_is_written_reads_back_the_same(void **state)
{
	static const char *const texts[] = {
		"", "a", "no", "NO", "y", "null", "~", "1", "1.10", "0x10", "1e3", "1:30", "a: b", "a #b", "# a",
		"- a", "?", "[", "{a}", "*a", "&a", "!a",
		"%a", "@a", "`a", "'", "\"", "\\", "a\nb", "a\r\nb", "\t", " a", "a ", "---", "...", "<<", "=",
		"\x01", "\x7f", "\xc2\x85", "\xe2\x80\xa8",
		"\xef\xbb\xbf", "\xc3\xa4", "\xf0\x9f\x98\x80", "a,b", "a]", "system:masters", "192.168.1.2:6443",
		"$(x)`y`; rm", "true", "/etc/x",
	};
	struct kbi_yaml yaml;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct kbi_buf text = KBI_BUF(MIB);
		kbi_buf_add(&text, "- ");
		kbi_yaml_scalar(&text, texts[i]);
		kbi_buf_add(&text, "\n- {k: ");
		kbi_json_string(&text, texts[i]);
		kbi_buf_add(&text, "}\n- ");
		kbi_yaml_scalar(&text, texts[i]);
		kbi_buf_add(&text, ": v\n");
		assert_int_equal(read_text(&yaml, kbi_buf_text(&text)), KB_OK);
		assert_string_equal(kbi_yaml_text(kbi_yaml_at(yaml.first, 0)), texts[i]);
		assert_string_equal(kbi_yaml_text(kbi_yaml_path(yaml.first, "[1].k")), texts[i]);
		assert_string_equal(kbi_yaml_at(yaml.first, 2)->first->key->text, texts[i]);
		kbi_yaml_free(&yaml);
		kbi_buf_free(&text);
	}
}

static void
bad_utf8_is_written_as_a_replacement(void **state)
{
	struct kbi_buf text = KBI_BUF(MIB);

	(void)state;
	kbi_json_string_bytes(&text, "a\xff\0b", 4);
	assert_string_equal(kbi_buf_text(&text), "\"a\\ufffd\\u0000b\"");
	kbi_buf_free(&text);
}

static void
a_tree_is_written_in_block_style(void **state)
{
	const char *text = "a: {b: [1, \"2\", [x, y], {k: v, l: no}], c: {}, d: []}\ne:\nf: |\n  l1\n  l2\n---\n- z\n";
	struct kbi_buf out = KBI_BUF(MIB);
	struct kbi_yaml yaml, again;

	(void)state;
	assert_int_equal(read_text(&yaml, text), KB_OK);
	kbi_yaml_write(&out, &yaml);
	assert_string_equal(kbi_buf_text(&out),
		"a:\n  b:\n  - 1\n  - \"2\"\n  - - x\n    - y\n  - k: v\n    l: no\n  c: {}\n  d: []\n"
		"e: null\nf: \"l1\\nl2\\n\"\n---\n- z\n");
	assert_int_equal(read_text(&again, kbi_buf_text(&out)), KB_OK);
	assert_string_equal(kbi_yaml_text(kbi_yaml_path(again.first, "a.b[3].l")), "no");
	kbi_yaml_free(&again);
	kbi_yaml_free(&yaml);
	kbi_buf_free(&out);
}

/* Found by fuzzing: words between brackets, and lines of text further in, that would begin something else where the writer puts them. */
static void
plain_text_is_quoted_where_it_could_not_stay_plain(void **state)
{
	static const char *const texts[][2] = {
		{"[-, a]\n", "- \"-\"\n- a\n"},
		{"   --- a\n   b\n", "\"--- a b\"\n"},
		{"u: x\xe2\x80\xa8 y\n", "u: \"x\\u2028y\"\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct kbi_buf out = KBI_BUF(MIB);
		struct kbi_yaml yaml;
		assert_int_equal(read_text(&yaml, texts[i][0]), KB_OK);
		kbi_yaml_write(&out, &yaml);
		assert_string_equal(kbi_buf_text(&out), texts[i][1]);
		kbi_yaml_free(&yaml);
		kbi_buf_free(&out);
	}
}

static void
a_merge_goes_into_maps_and_replaces_the_rest(void **state)
{
	struct kbi_buf out = KBI_BUF(MIB);
	struct kbi_yaml a, b;

	(void)state;
	assert_int_equal(read_text(&a, "x: {p: 1, q: 2}\nl: [1, 2]\ny: s\n"), KB_OK);
	assert_int_equal(read_text(&b, "l: [3]\nx: {q: {r: 1}, s: 4}\nn: {m: 1}\n"), KB_OK);
	assert_int_equal(kbi_yaml_merge(&a, a.first, b.first, &err), KB_OK);
	kbi_yaml_free(&b);
	kbi_yaml_write(&out, &a);
	assert_string_equal(kbi_buf_text(&out), "x:\n  p: 1\n  q:\n    r: 1\n  s: 4\nl:\n- 3\ny: s\nn:\n  m: 1\n");
	kbi_yaml_free(&a);
	kbi_buf_free(&out);
}

static void
set_replaces_in_place(void **state)
{
	struct kbi_buf out = KBI_BUF(MIB);
	struct kbi_yaml a;

	(void)state;
	assert_int_equal(read_text(&a, "x: 1\ny: 2\nz: 3\n"), KB_OK);
	assert_non_null(kbi_yaml_set(&a, a.first, "z", kbi_yaml_new_string(&a, "1")));
	assert_non_null(kbi_yaml_set(&a, a.first, "x", kbi_yaml_new_list(&a)));
	assert_non_null(kbi_yaml_add(kbi_yaml_get(a.first, "x"), kbi_yaml_new_plain(&a, "7")));
	assert_non_null(kbi_yaml_set(&a, a.first, "w", kbi_yaml_new_map(&a)));
	kbi_yaml_write(&out, &a);
	assert_string_equal(kbi_buf_text(&out), "x:\n- 7\ny: 2\nz: \"1\"\nw: {}\n");
	assert_null(kbi_yaml_set(&a, NULL, "w", kbi_yaml_new_map(&a)));
	assert_null(kbi_yaml_set(&a, a.first, "w", NULL));
	kbi_yaml_free(&a);
	kbi_buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_node_knows_where_it_stood, forget),
		cmocka_unit_test_teardown(offsets_are_bytes_whatever_stands_before, forget),
		cmocka_unit_test_teardown(offsets_are_bytes_in_a_long_text_that_is_not_ascii, forget),
		cmocka_unit_test_teardown(words_keep_their_text, forget),
		cmocka_unit_test_teardown(json_is_read_as_it_is, forget),
		cmocka_unit_test_teardown(documents_are_counted_and_empty_ones_left_out, forget),
		cmocka_unit_test_teardown(what_is_refused_says_where_and_why, forget),
		cmocka_unit_test_teardown(a_nul_in_the_input_is_refused, forget),
		cmocka_unit_test_teardown(too_many_bytes_are_refused_unread, forget),
		cmocka_unit_test_teardown(nesting_is_allowed_to_64_and_no_deeper, forget),
		cmocka_unit_test_teardown(hostile_input_ends_within_its_bounds, forget),
		cmocka_unit_test_teardown(many_different_keys_end_within_the_bounds, forget),
		cmocka_unit_test_teardown(an_alias_bomb_is_refused, forget),
		cmocka_unit_test_teardown(what_is_written_reads_back_the_same, forget),
		cmocka_unit_test_teardown(bad_utf8_is_written_as_a_replacement, forget),
		cmocka_unit_test_teardown(a_tree_is_written_in_block_style, forget),
		cmocka_unit_test_teardown(plain_text_is_quoted_where_it_could_not_stay_plain, forget),
		cmocka_unit_test_teardown(a_merge_goes_into_maps_and_replaces_the_rest, forget),
		cmocka_unit_test_teardown(set_replaces_in_place, forget),
	};

	return cmocka_run_group_tests_name("yaml", tests, NULL, NULL);
}
