/* SPDX-License-Identifier: Apache-2.0 */
/* Facts: what the shell's functions print is what the parser reads, byte for byte; and what several probes ask is asked once. */
#include <sys/stat.h>

#include "shells.h"

#include "facts.h"

/* The facts that text prints behind the prelude, with $1 as it is given. */
static void
run(const char *shell, const char *text, const char *argument, struct kbi_buf *out)
{
	struct kbi_buf script = KBI_BUF(MIB);

	kbi_buf_add_format(&script, "LC_ALL=C; export LC_ALL\n%s\n%s\nkb_library=$2\n%s\n", kbi_script_prelude, kbi_script_supervise, text);
	int status = run_script(shell, &script, argument, kbi_script_kubeadm_library, false, out);
	assert_int_equal(status, 0);
	kbi_buf_free(&script);
}

static void
comes_back(const char *shell, const char *text, const char *argument, const char *wanted, size_t wanted_bytes)
{
	struct kbi_buf out = KBI_BUF(4 * MIB);
	struct kbi_map facts = { 0 };

	run(shell, text, argument, &out);
	assert_int_equal(kbi_facts_parse(kbi_buf_text(&out), out.size_bytes, &facts), KB_OK);
	const struct kbi_entry *x = kbi_map_find(&facts, "x");
	if (!x || x->size_bytes != wanted_bytes || memcmp(x->value, wanted, wanted_bytes) != 0)
		fail_msg("%s: %s: %zu bytes came back as \"%s\"", shell, text, wanted_bytes, x ? x->value : "nothing");
	assert_string_equal(kbi_map_get_or(&facts, "last", ""), "yes");
	kbi_map_free(&facts);
	kbi_buf_free(&out);
}

static void
a_value_comes_back_as_it_was(void **state)
{
	static const char *const values[] = {
		"", "one", " two words ", "a\nb", "a\n\nb", "\n", "\na", "a\n", ">\n>>\n", "x=y\nx:y\nx>y\n", "back\\slash\\n\n%s%d\n", "tab\tcr\r\n\r\n",
		"quote\"'`$(id)\n", "\303\251\n\377\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(shells); i++)
		for (size_t j = 0; is_there(shells[i]) && j < COUNT(values); j++)
			comes_back(shells[i], "fact x \"$1\"; fact last yes", values[j], values[j], strlen(values[j]));
}

static void
a_long_value_comes_back_as_it_was(void **state)
{
	struct kbi_buf value = KBI_BUF(MIB);

	(void)state;
	for (int i = 0; i < 2000; i++) {
		kbi_buf_add_format(&value, "line %d\n", i);
		if (i != 3 && i != 400 && i != 1999)
			continue;
		for (size_t s = 0; s < COUNT(shells); s++)
			if (is_there(shells[s]))
				comes_back(shells[s], "fact x \"$1\"; fact last yes", kbi_buf_text(&value), value.data, value.size_bytes);
	}
	kbi_buf_free(&value);
}

static void
file_comes_back(const char *data, size_t size_bytes, mode_t mode)
{
	char path[] = "/tmp/kb-facts-XXXXXX";
	int fd = mkstemp(path);

	assert_int_equal(write(fd, data, size_bytes), (ssize_t)size_bytes);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
	for (size_t s = 0; s < COUNT(shells); s++)
		if (is_there(shells[s]))
			comes_back(shells[s], "fact_file y /nowhere x \"$1\" z /tmp; fact last yes", path, data, size_bytes);
	unlink(path);
}

/* A shell's read drops a NUL: then the file is told in base64. */
static void
a_file_comes_back_as_it_is(void **state)
{
	char large[70000];

	(void)state;
	file_comes_back("", 0, 0644);
	file_comes_back("one", 3, 0600);
	file_comes_back("one\n\n two \n\\n\\", 14, 0644);
	file_comes_back("a\0b\n", 4, 0644);
	file_comes_back("\0", 1, 0644);
	file_comes_back("\r\n\377\376>x\n", 7, 0644);
	memset(large, 'x', sizeof(large));
	for (size_t i = 80; i < sizeof(large); i += 80)
		large[i] = '\n';
	file_comes_back(large, 2048, 0644);
	file_comes_back(large, 2049, 0644);
	file_comes_back(large, sizeof(large), 0644);
}

static void
a_file_has_its_mode_and_what_it_is_not_is_told(void **state)
{
	char folder[] = "/tmp/kb-facts-XXXXXX", command[300];
	struct kbi_buf out = KBI_BUF(MIB);
	struct kbi_map facts = { 0 };

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(command, sizeof(command), "cd %s && echo 1 >'a b' && echo 2 >b && chmod 640 'a b' && chmod 4711 b && ln -s b l && ln -s gone g", folder);
	assert_int_equal(system(command), 0);
	run("dash", "cd \"$1\" && fact_file ab 'a b' b b l l g g d . n nowhere", folder, &out);
	assert_int_equal(kbi_facts_parse(kbi_buf_text(&out), out.size_bytes, &facts), KB_OK);
	static const char *const wanted[][2] = {
		{ "ab", "1\n" }, { "ab.mode", "0640" }, { "ab.type", "file" }, { "b", "2\n" }, { "b.mode", "04711" }, { "l.type", "link" }, { "l.target", "b" },
		{ "l", "2\n" }, { "g.type", "link" }, { "g.target", "gone" }, { "d.type", "directory" }, { "n.type", "absent" },
	};
	for (size_t i = 0; i < COUNT(wanted); i++)
		assert_string_equal(kbi_map_get_or(&facts, wanted[i][0], "nothing"), wanted[i][1]);
	assert_false(kbi_map_has(&facts, "g") || kbi_map_has(&facts, "g.mode") || kbi_map_has(&facts, "d.mode") || kbi_map_has(&facts, "n.mode"));
	kbi_map_free(&facts);
	kbi_buf_free(&out);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	assert_int_equal(system(command), 0);
}

static void
what_is_no_fact_is_refused(void **state)
{
	static const struct { const char *text; size_t bytes; } bad[] = {
		{ ">a\n", 3 }, { "x=1\n>a\n", 7 }, { "x:YQ==\n>a\n", 10 }, { "x>a\0b\n", 6 }, { "x>a\n>b\0\n", 8 }, { ">", 1 }, { "x\n", 2 }, { "x>a\ny\n", 6 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct kbi_map facts = { 0 };
		if (kbi_facts_parse(bad[i].text, bad[i].bytes, &facts) != KB_EPROTOCOL)
			fail_msg("taken: %s", bad[i].text);
		kbi_map_free(&facts);
	}
}

/* The API server's answer holds for all probes of one number, in the shell that they all run beneath; then it is asked again. */
static void
what_is_shared_is_asked_once_for_each_number(void **state)
{
	static const char text[] =
		"asked=0; kb_library_4='kb_ask() { :; }; look() { echo \"$asked and more\"; return 7; }'\n"
		"see() { asked=$((asked + 1)); kb_share \"$1\" 4 look; (fact x \"$1 $kb_shared $kb_shared_status\"); }\n"
		"see 5; see 5; see 6; see 5";

	(void)state;
	for (size_t s = 0; s < COUNT(shells); s++) {
		struct kbi_buf out = KBI_BUF(MIB);
		if (!is_there(shells[s]))
			continue;
		run(shells[s], text, "", &out);
		assert_string_equal(kbi_buf_text(&out), "x=5 1 and more 7\nx=5 1 and more 7\nx=6 3 and more 7\nx=5 4 and more 7\n");
		kbi_buf_free(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_comes_back_as_it_was),
		cmocka_unit_test(a_long_value_comes_back_as_it_was),
		cmocka_unit_test(a_file_comes_back_as_it_is),
		cmocka_unit_test(a_file_has_its_mode_and_what_it_is_not_is_told),
		cmocka_unit_test(what_is_no_fact_is_refused),
		cmocka_unit_test(what_is_shared_is_asked_once_for_each_number),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
