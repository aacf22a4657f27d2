/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets are taken out of texts, in whatever form our own scripts carry them and wherever a piece of text ends. */
#include "unit.h"

#include "base/secrets.h"
#include "base/sh.h"
#include "base/str.h"

#define MARKER "kb-marker-4711"

static char *
masked(struct kbi_secrets *secrets, const char *text)
{
	static char copy[8192];
	struct kbi_buf out = KBI_BUF(MIB);

	kbi_secrets_mask(secrets, text, strlen(text), &out);
	assert_true(out.size_bytes < sizeof(copy));
	memcpy(copy, kbi_buf_text(&out), out.size_bytes + 1);
	kbi_buf_free(&out);
	return copy;
}

static struct kbi_secrets *
knows(const char *value)
{
	struct kbi_secrets *secrets = kbi_secrets_new();

	assert_non_null(secrets);
	assert_int_equal(kbi_secrets_add(secrets, value, strlen(value)), KB_OK);
	return secrets;
}

static void
it_is_masked_wherever_it_stands(void **state)
{
	struct kbi_secrets *secrets = knows(MARKER);

	(void)state;
	assert_string_equal(masked(secrets, MARKER), "***");
	assert_string_equal(masked(secrets, "a" MARKER MARKER "b kb-marker-471"), "a******b kb-marker-471");
	assert_string_equal(masked(secrets, ""), "");
	kbi_secrets_free(secrets);
}

static void
base64_of_a_text_around_it_is_masked_at_every_place(void **state)
{
	struct kbi_secrets *secrets = knows(MARKER);
	static const char *const befores[] = {"", "a", "ab", "abc", "user: x\npassword: "};

	(void)state;
	for (size_t i = 0; i < COUNT(befores); i++) {
		struct kbi_buf text = KBI_BUF(MIB), encoded = KBI_BUF(MIB), back = KBI_BUF(MIB);
		kbi_buf_add_format(&text, "%s" MARKER " and more", befores[i]);
		kbi_str_base64(&encoded, text.data, text.size_bytes);
		const char *shown = masked(secrets, kbi_buf_text(&encoded));
		const char *mask = strstr(shown, "***");
		assert_non_null(mask);
		/* what still stands there decodes to less than two bytes of it */
		kbi_buf_add_bytes(&back, shown, (size_t)(mask - shown));
		assert_true(back.size_bytes >= strlen(befores[i]) * 8 / 6);
		assert_true(back.size_bytes <= (strlen(befores[i]) + 1) * 8 / 6 + 1);
		kbi_buf_free(&text);
		kbi_buf_free(&encoded);
		kbi_buf_free(&back);
	}
	kbi_secrets_free(secrets);
}

static void
quoted_for_a_shell_and_quoted_again_it_is_masked(void **state)
{
	static const char value[] = "it's o'clock";
	struct kbi_secrets *secrets = knows(value);
	struct kbi_buf once = KBI_BUF(MIB), twice = KBI_BUF(MIB);

	(void)state;
	kbi_sh_set(&once, "password", value, strlen(value));
	kbi_sh_set(&twice, "kb_vars", once.data, once.size_bytes);
	assert_string_equal(masked(secrets, once.data), "password='***'\n");
	assert_null(strstr(masked(secrets, twice.data), "clock"));
	kbi_buf_free(&once);
	kbi_buf_free(&twice);
	kbi_secrets_free(secrets);
}

static void
each_line_of_a_key_is_masked_and_its_first_and_last_are_not(void **state)
{
	struct kbi_secrets *secrets = knows("-----BEGIN KEY-----\nAAAAbbbbCCCC\nddddEEEE\r\n-----END KEY-----\n");

	(void)state;
	assert_string_equal(masked(secrets, "-----BEGIN KEY-----\n> AAAAbbbbCCCC <\nddddEEEE"), "-----BEGIN KEY-----\n> *** <\n***");
	kbi_secrets_free(secrets);
}

static void
of_a_document_only_long_words_are_secret(void **state)
{
	static const char config[] = "kind: Config\nserver: https://control-plane.example.org:6443\nkey: 0123456789abcdef0123456789abcdef\n";
	struct kbi_secrets *secrets = kbi_secrets_new();

	(void)state;
	assert_int_equal(kbi_secrets_add_document(secrets, config, strlen(config)), KB_OK);
	assert_string_equal(masked(secrets, config), "kind: Config\nserver: https://control-plane.example.org:6443\nkey: ***\n");
	kbi_secrets_free(secrets);
}

/* What a document says of public things is told like anything else: the pin of an authority, versions of APIs, hosts, images, files. */
static void
of_a_document_names_and_digests_are_not_secret(void **state)
{
	static const char *const names[] = {
		"sha256:c0caba348ad0db2625c6388be52cdcdea9850fab635ddce2f819dc230e3c5835", "kubeproxy.config.k8s.io/v1alpha1",
		"ip-10-0-0-17.eu-central-1.compute.internal", "registry.example.org:5000/kubernetes/kube-controller-manager:v1.34.4",
		"/etc/kubernetes/pki/apiserver-etcd-client.crt", "node-labels=topology.kubernetes.io/zone=eu-central-1a",
	};
	static const char *const keys[] = {
		"0679c4b58a523acbd225b95850b4f72baaf9ad396e7eab985d3efd2cbff9c3e3", "md5:0123456789abcdef0123456789abcdef",
		"sha256:0679c4b58a523acbd225b95850b4f72baaf9ad396e7eab985d3efd2cbff9c3e300", "Zm9v/YmFy/YmF6/cXV4/Zm9v/YmFy/YmF6/cXV4",
		"f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "abcdefghij.abcdefghijklmnopqrstuvwx.abc",
	};

	(void)state;
	for (int i = 0; i < 6; i++) {
		struct kbi_secrets *secrets = kbi_secrets_new();
		struct kbi_buf document = KBI_BUF(MIB), wanted = KBI_BUF(MIB);
		kbi_buf_add_format(&document, "name: %s\nkey: \"%s\"\n", names[i], keys[i]);
		kbi_buf_add_format(&wanted, "name: %s\nkey: \"***\"\n", names[i]);
		assert_int_equal(kbi_secrets_add_document(secrets, document.data, document.size_bytes), KB_OK);
		assert_string_equal(masked(secrets, document.data), wanted.data);
		kbi_buf_free(&document);
		kbi_buf_free(&wanted);
		kbi_secrets_free(secrets);
	}
}

static void
a_short_one_is_masked_as_a_word_of_its_own_only(void **state)
{
	struct kbi_secrets *secrets = knows("no");

	(void)state;
	assert_string_equal(masked(secrets, "no: unknown, not no_1, (no)"), "***: unknown, not no_1, (***)");
	kbi_secrets_free(secrets);
}

static void
control_characters_are_masked_as_they_are_shown(void **state)
{
	struct kbi_secrets *secrets = knows("\001\002pass\377");

	(void)state;
	struct kbi_buf shown = KBI_BUF(MIB);
	kbi_str_escape(&shown, "<\001\002pass\377>", 9);
	assert_string_equal(masked(secrets, shown.data), "<***>");
	kbi_buf_free(&shown);
	kbi_secrets_free(secrets);
}

static void
what_was_added_twice_is_known_until_it_was_dropped_twice(void **state)
{
	struct kbi_secrets *secrets = knows(MARKER);

	(void)state;
	kbi_secrets_add(secrets, MARKER, strlen(MARKER));
	kbi_secrets_drop(secrets, MARKER, strlen(MARKER));
	assert_string_equal(masked(secrets, MARKER), "***");
	kbi_secrets_drop(secrets, MARKER, strlen(MARKER));
	assert_string_equal(masked(secrets, MARKER), MARKER);
	kbi_secrets_drop(secrets, MARKER, strlen(MARKER));
	kbi_secrets_free(secrets);
}

static void
the_longest_of_several_is_taken(void **state)
{
	struct kbi_secrets *secrets = knows("abcdef");

	(void)state;
	kbi_secrets_add(secrets, "abcdefghij", 10);
	assert_string_equal(masked(secrets, "abcdefghij abcdefgh"), "*** ***gh");
	kbi_secrets_free(secrets);
}

/* Every text is given in two pieces, cut at each place, and byte by byte: no piece ever shows a part of a secret. */
static void
check_stream(struct kbi_secrets *secrets, const char *text, const char *want, size_t first, size_t step)
{
	struct kbi_mask_stream stream = KBI_MASK_STREAM;
	struct kbi_buf out = KBI_BUF(MIB);
	size_t size_bytes = strlen(text);

	for (size_t at = 0, count = first; at < size_bytes; at += count, count = step) {
		if (count > size_bytes - at)
			count = size_bytes - at;
		kbi_mask_stream_add(&stream, secrets, text + at, count, &out);
		assert_null(strstr(kbi_buf_text(&out), "kb-m"));
		assert_null(strstr(kbi_buf_text(&out), "4711"));
	}
	kbi_mask_stream_end(&stream, secrets, &out);
	assert_string_equal(kbi_buf_text(&out), want);
	kbi_buf_free(&out);
}

static void
no_piece_of_a_text_shows_half_of_one(void **state)
{
	struct kbi_secrets *secrets = knows(MARKER);
	static const char text[] = "begin " MARKER " kb kb-" MARKER MARKER "\n711-end " MARKER;

	(void)state;
	kbi_secrets_add(secrets, "711-end", 7);
	kbi_secrets_add(secrets, "pin", 3);
	for (size_t cut = 1; cut < strlen(text); cut++)
		check_stream(secrets, text, "begin *** kb kb-******\n*** ***", cut, strlen(text));
	check_stream(secrets, text, "begin *** kb kb-******\n*** ***", 1, 1);
	check_stream(secrets, "pin pins p", "*** pins p", 1, 1);
	kbi_secrets_free(secrets);
}

/* The end of the first overlaps with the beginning of the second. */
static void
a_secret_that_another_may_begin_in_is_taken_whole(void **state)
{
	struct kbi_secrets *secrets = knows("abcdkb-m");

	(void)state;
	kbi_secrets_add(secrets, MARKER, strlen(MARKER));
	check_stream(secrets, "abcdkb-m", "***", 8, 8);
	check_stream(secrets, "abcdkb-m", "***", 1, 1);
	kbi_secrets_free(secrets);
}

static void
an_error_that_was_cut_shows_no_half_at_its_end(void **state)
{
	struct kbi_secrets *secrets = knows(MARKER);
	char *text = malloc(4096);

	(void)state;
	memset(text, 'x', 4096);
	memcpy(text + 4095 - 9, MARKER, 9);
	text[4095] = '\0';
	kbi_secrets_mask_string(secrets, &text);
	assert_null(strstr(text, "kb-m"));
	free(text);
	kbi_secrets_free(secrets);
}

static void
thousands_cost_no_time(void **state)
{
	struct kbi_secrets *secrets = kbi_secrets_new();
	char value[40], *text = malloc(MIB);
	struct kbi_buf out = KBI_BUF(4 * MIB);

	(void)state;
	for (int i = 0; i < 3000; i++) {
		int length = snprintf(value, sizeof(value), "password-%d-of-host", i);
		assert_int_equal(kbi_secrets_add(secrets, value, (size_t)length), KB_OK);
	}
	memset(text, 'p', MIB);
	clock_t before = clock();
	assert_false(kbi_secrets_mask(secrets, text, MIB, &out));
	assert_true((double)(clock() - before) * 1000.0 / CLOCKS_PER_SEC < BOUND_MS);
	kbi_buf_free(&out);
	free(text);
	kbi_secrets_free(secrets);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_masked_wherever_it_stands),
		cmocka_unit_test(base64_of_a_text_around_it_is_masked_at_every_place),
		cmocka_unit_test(quoted_for_a_shell_and_quoted_again_it_is_masked),
		cmocka_unit_test(each_line_of_a_key_is_masked_and_its_first_and_last_are_not),
		cmocka_unit_test(of_a_document_only_long_words_are_secret),
		cmocka_unit_test(of_a_document_names_and_digests_are_not_secret),
		cmocka_unit_test(a_short_one_is_masked_as_a_word_of_its_own_only),
		cmocka_unit_test(control_characters_are_masked_as_they_are_shown),
		cmocka_unit_test(what_was_added_twice_is_known_until_it_was_dropped_twice),
		cmocka_unit_test(the_longest_of_several_is_taken),
		cmocka_unit_test(no_piece_of_a_text_shows_half_of_one),
		cmocka_unit_test(a_secret_that_another_may_begin_in_is_taken_whole),
		cmocka_unit_test(an_error_that_was_cut_shows_no_half_at_its_end),
		cmocka_unit_test(thousands_cost_no_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
