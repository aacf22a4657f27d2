/* SPDX-License-Identifier: Apache-2.0 */
/* Values through shells and back. */
#include "turn.h"

#include "base/sh.h"

#define SCRIPT_MAX ((size_t)64 << 20)

static const char *const values[] = {
	"",
	" ",
	"plain",
	"two words",
	"  edges  ",
	"it's",
	"'",
	"''",
	"'\\''",
	"\"quoted\"",
	"$HOME ${x} $(id) `id`",
	"a;b&c|d>e<f(g)",
	"* ? [a-z] ~ ~root {a,b}",
	"back\\slash \\n \\\\",
	"!history !! !$",
	"#not a comment",
	"-n",
	"-e \\033",
	"%s %d %%",
	"tab\there",
	"line\nfeed\n",
	"\r\n",
	"\x01\x02\x1b[31m\x7f",
	"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
	"\xff\xfe broken utf-8 \xc3",
	"=",
	"a=b",
	"^x^y",
	"@{u}",
	"\\'",
	"'\\",
	"end with backslash\\",
	"end with quote'",
};

/* Runs text as a script of that shell; what it prints. */
static char *
run_by(const char *shell, const struct kbi_buf *script)
{
	char *folder = make_folder(), path[64];

	snprintf(path, sizeof(path), "%.40s/script", folder);
	write_file(path, kbi_buf_text(script), script->size_bytes, 0600);
	char *out = run("%s %s 2>&1", shell, path);
	remove_folder(folder);
	return out;
}

static bool
has(const char *shell)
{
	char *found = run("command -v %s", shell);
	bool is_there = *found != '\0';

	free(found);
	return is_there;
}

static void
check_shell(const char *shell)
{
	if (!has(shell)) {
		print_message("%s is not installed\n", shell);
		skip();
	}
	for (size_t i = 0; i < COUNT(values); i++) {
		struct kbi_buf script = KBI_BUF(SCRIPT_MAX);
		assert_int_equal(kbi_sh_set(&script, "a-value", values[i], strlen(values[i])), KB_OK);
		kbi_buf_add(&script, "printf '<%s>' \"$a_value\"\n");
		char *out = run_by(shell, &script), want[256];
		snprintf(want, sizeof(want), "<%s>", values[i]);
		assert_string_equal(out, want);
		free(out);
		kbi_buf_free(&script);
	}
}

static void
values_survive_dash(void **state)
{
	(void)state;
	check_shell("dash");
}

static void
values_survive_bash(void **state)
{
	(void)state;
	check_shell("bash");
}

static void
values_survive_zsh(void **state)
{
	(void)state;
	check_shell("zsh");
}

/* fish and tcsh only ever see the command that starts /bin/sh: plain words in single quotes. */
static void
command_words_survive_every_login_shell(void **state)
{
	static const char *const shells[] = {"sh", "dash", "bash", "zsh", "fish", "tcsh"};
	static const char *const words[] = {
		"%%kb0123:", "echo; echo kb01\"\"23; exec /bin/sh", "a b  c", "x=y; $HOME *"};

	(void)state;
	for (size_t s = 0; s < COUNT(shells); s++) {
		if (!has(shells[s])) {
			print_message("%s is not installed\n", shells[s]);
			skip();
		}
		for (size_t w = 0; w < COUNT(words); w++) {
			struct kbi_buf line = KBI_BUF(SCRIPT_MAX), quoted = KBI_BUF(SCRIPT_MAX);
			char want[128];
			kbi_sh_quote(&line, words[w], strlen(words[w]));
			kbi_buf_add_format(&quoted, "exec /bin/echo -n %s", kbi_buf_text(&line));
			char *out = run_by(shells[s], &quoted);
			snprintf(want, sizeof(want), "%s", words[w]);
			assert_string_equal(out, want);
			free(out);
			kbi_buf_free(&line);
			kbi_buf_free(&quoted);
		}
	}
}

static void
every_byte_but_nul_survives(void **state)
{
	char bytes[255];
	struct kbi_buf script = KBI_BUF(SCRIPT_MAX);

	(void)state;
	for (int i = 0; i < 255; i++)
		bytes[i] = (char)(i + 1);
	assert_int_equal(kbi_sh_set(&script, "x", bytes, sizeof(bytes)), KB_OK);
	kbi_buf_add(&script, "printf %s \"$x\"\n");
	char *out = run_by("dash", &script);
	assert_int_equal(strlen(out), 255);
	assert_memory_equal(out, bytes, 255);
	free(out);
	kbi_buf_free(&script);
}

static void
random_values_survive(void **state)
{
	static const char alphabet[] = "'\"\\$`!# \n;&|<>(){}[]*?~=-%ab";
	struct kbi_buf script = KBI_BUF(SCRIPT_MAX), want = KBI_BUF(SCRIPT_MAX);
	unsigned seed = 20261122;
	char value[64];

	(void)state;
	for (int i = 0; i < 2000; i++) {
		size_t length = (size_t)rand_r(&seed) % sizeof(value);
		for (size_t c = 0; c < length; c++)
			value[c] = alphabet[(size_t)rand_r(&seed) % (sizeof(alphabet) - 1)];
		assert_int_equal(kbi_sh_set(&script, "v", value, length), KB_OK);
		kbi_buf_add(&script, "printf '%s|' \"$v\"\n");
		kbi_buf_add_bytes(&want, value, length);
		kbi_buf_add_char(&want, '|');
	}
	char *out = run_by("dash", &script);
	assert_string_equal(out, kbi_buf_text(&want));
	free(out);
	kbi_buf_free(&script);
	kbi_buf_free(&want);
}

static void
what_no_shell_can_hold_is_refused(void **state)
{
	static const char *const names[] = {"", "1x", "-x", "a b", "a;b", "a$", "a.b", "\xc3\xa9", "a'"};
	struct kbi_buf script = KBI_BUF(SCRIPT_MAX);

	(void)state;
	assert_int_equal(kbi_sh_set(&script, "x", "a\0b", 3), KB_EINVAL);
	assert_int_equal(kbi_sh_quote(&script, "\0", 1), KB_EINVAL);
	assert_int_equal(kbi_sh_quote(&script, NULL, 1), KB_EINVAL);
	for (size_t i = 0; i < COUNT(names); i++)
		assert_int_equal(kbi_sh_set(&script, names[i], "v", 1), KB_EINVAL);
	assert_int_equal(kbi_sh_set(&script, NULL, "v", 1), KB_EINVAL);
	assert_int_equal(script.size_bytes, 0);
	assert_int_equal(kbi_sh_set(&script, "x", NULL, 0), KB_OK);
	assert_string_equal(kbi_buf_text(&script), "x=''\n");
	kbi_buf_free(&script);
	script = KBI_BUF(8);
	assert_int_equal(kbi_sh_set(&script, "x", "long enough", 11), KB_ETOOBIG);
	kbi_buf_free(&script);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_survive_dash),
		cmocka_unit_test(values_survive_bash),
		cmocka_unit_test(values_survive_zsh),
		cmocka_unit_test(command_words_survive_every_login_shell),
		cmocka_unit_test(every_byte_but_nul_survives),
		cmocka_unit_test(random_values_survive),
		cmocka_unit_test(what_no_shell_can_hold_is_refused),
	};

	return cmocka_run_group_tests_name("sh", tests, NULL, NULL);
}
