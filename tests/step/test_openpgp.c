/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of OpenPGP keys, on keys made by GnuPG (tests/data/openpgp) and on what is none. */
#include "unit.h"

#include "base/str.h"
#include "text/openpgp.h"

static void
check_key(const char *file, size_t index, const char *fingerprint, int64_t created_s, int64_t expires_s, bool is_revoked)
{
	struct unit_file f = unit_read(file);
	struct kb_err err = { 0 };
	struct kbi_pgp pgp;

	if (kbi_pgp_read(&pgp, file, f.data, f.size_bytes, &err))
		fail_msg("%s: %s", file, err.cause);
	assert_true(pgp.count > index);
	assert_string_equal(pgp.keys[index].fingerprint, fingerprint);
	assert_int_equal(pgp.keys[index].created_s, created_s);
	assert_int_equal(pgp.keys[index].expires_s, expires_s);
	assert_int_equal(pgp.keys[index].is_revoked, is_revoked);
	kbi_pgp_free(&pgp);
	free(f.data);
}

/* as gpg --show-keys --with-colons prints them */
static void
keys_are_what_gnupg_says_they_are(void **state)
{
	(void)state;
	check_key("openpgp/never.asc", 0, "BA58783951A9B665FC8E049C7FF90E955F8C95A2", 1704067200, 0, false);
	check_key("openpgp/good.asc", 0, "54EBC0F41F8FA813385B0B03B25040F2D8D28841", 1704067200, 4070908800, false);
	check_key("openpgp/good.gpg", 0, "54EBC0F41F8FA813385B0B03B25040F2D8D28841", 1704067200, 4070908800, false);
	check_key("openpgp/expired.asc", 0, "2A7D7A399BBA568B221003D963BE52D11934D746", 1577836800, 1670112000, false);
	check_key("openpgp/revoked.asc", 0, "6997C924DDA31318C0BF20897807269461B4FDE0", 1704067200, 0, true);
	check_key("openpgp/renewed.asc", 0, "824A1EBD0EA2B07EFC5BD33A42983584966C4F04", 1704067200, 1893456000, false);
	check_key("openpgp/two.asc", 0, "BA58783951A9B665FC8E049C7FF90E955F8C95A2", 1704067200, 0, false);
	check_key("openpgp/two.asc", 1, "54EBC0F41F8FA813385B0B03B25040F2D8D28841", 1704067200, 4070908800, false);
}

static void
what_is_armoured_again_is_one_block_of_the_same_bytes(void **state)
{
	struct unit_file two = unit_read("openpgp/two.asc"), gpg = unit_read("openpgp/good.gpg"), asc = unit_read("openpgp/good.asc");
	struct kbi_buf armoured = KBI_BUF(KBI_SIZE_TEXT);
	struct kbi_pgp pgp, again;

	(void)state;
	assert_int_equal(kbi_pgp_read(&pgp, "two", two.data, two.size_bytes, NULL), KB_OK);
	kbi_pgp_armour(&armoured, &pgp);
	assert_int_equal(kbi_pgp_read(&again, "again", kbi_buf_text(&armoured), armoured.size_bytes, NULL), KB_OK);
	assert_int_equal(again.count, 2);
	assert_int_equal(again.packets.size_bytes, pgp.packets.size_bytes);
	assert_memory_equal(again.packets.data, pgp.packets.data, pgp.packets.size_bytes);
	assert_null(strstr(strstr(kbi_buf_text(&armoured), "BEGIN") + 5, "BEGIN"));
	kbi_pgp_free(&pgp);
	kbi_pgp_free(&again);
	kbi_buf_truncate(&armoured, 0);

	assert_int_equal(kbi_pgp_read(&pgp, "gpg", gpg.data, gpg.size_bytes, NULL), KB_OK);
	kbi_pgp_armour(&armoured, &pgp);	/* GnuPG's own armour is the same, to the byte */
	assert_string_equal(kbi_buf_text(&armoured), asc.data);
	kbi_pgp_free(&pgp);
	kbi_buf_free(&armoured);
	free(two.data);
	free(gpg.data);
	free(asc.data);
}

static void
text_around_a_block_and_other_line_endings_do_not_matter(void **state)
{
	struct unit_file f = unit_read("openpgp/never.asc");
	char *text = malloc(2 * f.size_bytes + 100), *out = text;
	struct kbi_pgp pgp;

	(void)state;
	out += sprintf(out, "Here it is:\r\n\r\n");
	for (size_t i = 0; i < f.size_bytes; i++) {
		if (f.data[i] == '\n')
			*out++ = '\r';
		*out++ = f.data[i];
	}
	*out = '\0';
	assert_int_equal(kbi_pgp_read(&pgp, "crlf", text, strlen(text), NULL), KB_OK);
	assert_string_equal(pgp.keys[0].fingerprint, "BA58783951A9B665FC8E049C7FF90E955F8C95A2");
	kbi_pgp_free(&pgp);
	free(text);
	free(f.data);
}

static void
check_refused(const char *data, size_t size_bytes, kb_status code, const char *words)
{
	struct kb_err err = { 0 };
	struct kbi_pgp pgp;

	kb_status status = kbi_pgp_read(&pgp, "key", data, size_bytes, &err);
	if (status != code || !strstr(err.cause, words))
		fail_msg("%s: %s, not \"%s\"", kb_err_name(status), status ? err.cause : "", words);
	kbi_err_clear(&err);
}

static void
what_is_no_key_is_refused(void **state)
{
	static const char private_key[] = "\x94\x01\x04", old_key[] = "\x98\x06\x03\x01\x02\x03\x04\x05", endless[] = "\x9b\x04";
	static const char signature_alone[] = "\x88\x02\x04\x10";

	(void)state;
	check_refused("", 0, KB_EINTEGRITY, "no OpenPGP public key");
	check_refused("<html>not found</html>", 22, KB_EINTEGRITY, "no OpenPGP public key");
	check_refused(private_key, 3, KB_EINVAL, "private key");
	check_refused(old_key, 8, KB_EUNSUPPORTED, "version 3");
	check_refused(endless, 2, KB_EINTEGRITY, "not an OpenPGP key");
	check_refused(signature_alone, 4, KB_EINTEGRITY, "no OpenPGP public key");
	check_refused("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQ", 41, KB_EINTEGRITY, "no end");
	check_refused("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n!!!!\n-----END PGP PUBLIC KEY BLOCK-----\n", 80, KB_EINTEGRITY, "not base64");
}

static void
a_changed_byte_of_the_armour_is_noticed(void **state)
{
	struct unit_file f = unit_read("openpgp/never.asc");
	struct kbi_pgp pgp;

	(void)state;
	char *body = strstr(f.data, "\n\n") + 12;
	*body = *body == 'A' ? 'B' : 'A';
	assert_int_equal(kbi_pgp_read(&pgp, "key", f.data, f.size_bytes, NULL), KB_EINTEGRITY);
	free(f.data);
}

/* No input crashes it, is read past its end, or takes long: each cut, and each byte turned over. */
static void
cut_and_broken_keys_end_in_an_error_or_a_key(void **state)
{
	struct unit_file f = unit_read("openpgp/renewed.asc");
	struct kbi_pgp pgp, whole;

	(void)state;
	assert_int_equal(kbi_pgp_read(&whole, "key", f.data, f.size_bytes, NULL), KB_OK);
	for (size_t i = 0; i < whole.packets.size_bytes; i++) {
		char *copy = malloc(i ? i : 1);	/* of exactly that size, for the sanitizer to guard */
		memcpy(copy, whole.packets.data, i);
		if (kbi_pgp_read(&pgp, "cut", copy, i, NULL) == KB_OK)
			kbi_pgp_free(&pgp);
		free(copy);
		copy = malloc(whole.packets.size_bytes);
		memcpy(copy, whole.packets.data, whole.packets.size_bytes);
		copy[i] = (char)~copy[i];
		if (kbi_pgp_read(&pgp, "broken", copy, whole.packets.size_bytes, NULL) == KB_OK)
			kbi_pgp_free(&pgp);
		free(copy);
	}
	kbi_pgp_free(&whole);
	free(f.data);
}

static void
large_input_is_bounded(void **state)
{
	char *text = unit_repeat("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n", MIB + 1);
	struct kbi_pgp pgp;
	double before_ms = unit_cpu_ms();

	(void)state;
	assert_int_equal(kbi_pgp_read(&pgp, "large", text, MIB + 1, NULL), KB_ETOOBIG);
	assert_int_equal(kbi_pgp_read(&pgp, "large", text, MIB, NULL), KB_EINTEGRITY);
	memset(text, '\x99', MIB);
	assert_int_equal(kbi_pgp_read(&pgp, "large", text, MIB, NULL), KB_EUNSUPPORTED);
	memset(text, '\xc8', MIB);	/* compressed data, over and over */
	assert_int_equal(kbi_pgp_read(&pgp, "large", text, MIB, NULL), KB_EINTEGRITY);
	assert_true(unit_cpu_ms() - before_ms < 3 * BOUND_MS);
	free(text);
}

static void
fingerprints_are_compared_whole(void **state)
{
	const struct kbi_pgp_key key = { .fingerprint = "DE15B14486CD377B9E876E1A234654DA9A296436" };

	(void)state;
	assert_true(kbi_pgp_is(&key, "DE15B14486CD377B9E876E1A234654DA9A296436"));
	assert_true(kbi_pgp_is(&key, "de15 b144 86cd 377b 9e87  6e1a 2346 54da 9a29 6436"));
	assert_false(kbi_pgp_is(&key, "9A296436"));
	assert_false(kbi_pgp_is(&key, "DE15B14486CD377B9E876E1A234654DA9A29643"));
	assert_false(kbi_pgp_is(&key, "DE15B14486CD377B9E876E1A234654DA9A2964366"));
	assert_false(kbi_pgp_is(&key, ""));
	assert_true(kbi_pgp_is_fingerprint("DE15B14486CD377B9E876E1A234654DA9A296436"));
	assert_false(kbi_pgp_is_fingerprint("234654DA9A296436"));
	assert_false(kbi_pgp_is_fingerprint("DE15B14486CD377B9E876E1A234654DA9A29643X"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_what_gnupg_says_they_are),
		cmocka_unit_test(what_is_armoured_again_is_one_block_of_the_same_bytes),
		cmocka_unit_test(text_around_a_block_and_other_line_endings_do_not_matter),
		cmocka_unit_test(what_is_no_key_is_refused),
		cmocka_unit_test(a_changed_byte_of_the_armour_is_noticed),
		cmocka_unit_test(cut_and_broken_keys_end_in_an_error_or_a_key),
		cmocka_unit_test(large_input_is_bounded),
		cmocka_unit_test(fingerprints_are_compared_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
