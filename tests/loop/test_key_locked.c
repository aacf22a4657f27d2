/* SPDX-License-Identifier: Apache-2.0 */
/* Encrypted private keys, as ssh-keygen makes them: every type, format and cipher; and passphrases as people have them. */
#include "key_folder.h"

#include <openssl/evp.h>

#include "base/str.h"
#include "transport/bcrypt.h"
#include "transport/key_parts.h"

static const char *const types[][2] = {{"ed25519", "256"}, {"rsa", "2048"}, {"rsa", "3072"}, {"rsa", "4096"},
	{"ecdsa", "256"}, {"ecdsa", "384"}, {"ecdsa", "521"}};

static const char *const ciphers[] = {"aes256-ctr", "aes192-ctr", "aes128-ctr", "aes256-cbc", "aes192-cbc", "aes128-cbc",
	"aes256-gcm@openssh.com", "aes128-gcm@openssh.com", "chacha20-poly1305@openssh.com", "3des-cbc"};

static int
make_keys(void **state)
{
	(void)state;
	folder = make_folder();
	for (size_t i = 0; i < COUNT(types); i++)
		free(run("cd %s && ssh-keygen -q -t %s -b %s -N '' -f %s%s", folder, types[i][0], types[i][1], types[i][0],
			types[i][1]));
	return 0;
}

/* A copy of a plain key under another name, locked as `options` of ssh-keygen say. */
static void
lock_key(const char *plain, const char *name, const char *options, const char *passphrase)
{
	char *said = run("cd %s && cp %s %s && ssh-keygen -q -p %s -P '' -N '%s' -f %s >/dev/null 2>said; test $? = 0 || cat said", folder, plain, name, options,
		passphrase, name);

	if (said[0])
		fail_msg("%s %s: %s", name, options, said);
	free(said);
}

static kb_status
open_key(struct kbi_key *key, const char *name, const char *passphrase, struct kb_err *err)
{
	struct kbi_entry entry = {
		.value = (char *)(uintptr_t)passphrase, .size_bytes = passphrase ? strlen(passphrase) : 0};
	const struct kbi_key_way way = {.passphrase = passphrase ? &entry : NULL};

	return kbi_key_load(key, path_of(name), &way, err);
}

static void
check_opens(const char *name, const char *passphrase, const char *plain)
{
	struct kbi_key key, same;
	struct kb_err err = {0};

	if (open_key(&key, name, passphrase, &err))
		fail_msg("%s: %s", name, kb_err_cause(&err));
	assert_int_equal(open_key(&same, plain, NULL, &err), KB_OK);
	assert_int_equal(EVP_PKEY_eq(key.pkey, same.pkey), 1);
	assert_string_equal(key.type, same.type);
	kbi_key_free(&key);
	kbi_key_free(&same);
}

static void
check_refused(const char *name, const char *passphrase, kb_status code, const char *id, const char *words)
{
	struct kbi_key key;
	struct kb_err err = {0};
	kb_status status = open_key(&key, name, passphrase, &err);

	if (status != code || strcmp(kb_err_id(&err), id) || !strstr(kb_err_cause(&err), words))
		fail_msg("%s: %s %s: %s", name, kb_err_name(status), kb_err_id(&err), kb_err_cause(&err));
	assert_null(key.pkey);
	assert_null(strchr(kb_err_cause(&err), '\n'));
	if (passphrase && strlen(passphrase) > 4)
		assert_null(strstr(kb_err_cause(&err), passphrase));
	kbi_err_clear(&err);
}

static void
every_type_in_every_format_opens_with_its_passphrase_and_no_other(void **state)
{
	static const char *const formats[] = {"-a 1", "-m PEM", "-m PKCS8"};

	(void)state;
	need_key("ed25519256");
	for (size_t t = 0; t < COUNT(types); t++)
		for (size_t f = 0; f < COUNT(formats); f++) {
			char plain[32];
			snprintf(plain, sizeof(plain), "%s%s", types[t][0], types[t][1]);
			if (f && strcmp(types[t][0], "ed25519") == 0)
				continue;	/* ssh-keygen writes these in its own format whatever it is told */
			lock_key(plain, "locked", formats[f], "correct horse");
			check_opens("locked", "correct horse", plain);
			check_refused("locked", "battery staple", KB_EAUTH, "key.passphrase", "does not open");
			check_refused("locked", "correct hors", KB_EAUTH, "key.passphrase", "does not open");
			check_refused("locked", "", KB_EAUTH, "key.passphrase", "does not open");
			check_refused("locked", NULL, KB_EAUTH, "key.encrypted", "no passphrase was given");
		}
}

static void
every_cipher_of_ssh_keygen_is_read(void **state)
{
	char options[64];

	(void)state;
	need_key("ed25519256");
	for (size_t i = 0; i < COUNT(ciphers); i++) {
		snprintf(options, sizeof(options), "-a 2 -Z %s", ciphers[i]);
		lock_key("ecdsa521", "locked", options, "correct horse");
		check_opens("locked", "correct horse", "ecdsa521");
		check_refused("locked", "Correct horse", KB_EAUTH, "key.passphrase", "does not open");
	}
}

static void
every_cipher_that_ssh_has_is_in_that_list(void **state)
{
	(void)state;
	need_key("ed25519256");
	char *theirs = run("ssh -Q cipher");
	for (char *name = theirs; name && *name;) {
		char *next = strchr(name, '\n');
		bool is_known = false;
		if (next)
			*next++ = '\0';
		for (size_t i = 0; i < COUNT(ciphers); i++)
			is_known = is_known || strcmp(name, ciphers[i]) == 0;
		/* another name of aes256-cbc, which ssh-keygen took away */
		if (!is_known && strcmp(name, "rijndael-cbc@lysator.liu.se") != 0)
			fail_msg("a cipher that is not tested: %s", name);
		name = next;
	}
	free(theirs);
}

static void
passphrases_are_bytes_of_any_length(void **state)
{
	char long_one[1001];
	const char *const passphrases[] = {"x", " leading and trailing ", "Gr\xc3\xbc\xc3\x9f""e \xe4\xb8\xad\xe6\x96\x87 \xf0\x9f\x94\x91",
		"e\xcc\x81 is not \xc3\xa9", "\xff\xfe not UTF-8", long_one};

	(void)state;
	need_key("ed25519256");
	for (size_t i = 0; i < sizeof(long_one) - 1; i++)
		long_one[i] = (char)('a' + i % 26);
	long_one[sizeof(long_one) - 1] = '\0';
	for (size_t i = 0; i < COUNT(passphrases); i++) {
		lock_key("ed25519256", "locked", "-a 1", passphrases[i]);
		check_opens("locked", passphrases[i], "ed25519256");
		check_refused("locked", "y", KB_EAUTH, "key.passphrase", "does not open");
	}
	lock_key("rsa2048", "locked", "-m PKCS8", passphrases[2]);
	check_opens("locked", passphrases[2], "rsa2048");
	lock_key("rsa2048", "locked", "-m PEM", long_one);
	check_opens("locked", long_one, "rsa2048");
	long_one[999] = '!';
	check_refused("locked", long_one, KB_EAUTH, "key.passphrase", "does not open");
}

static void
rounds_are_those_of_the_file_up_to_a_bound(void **state)
{
	static const char *const rounds[] = {"-a 1", "-a 16", "-a 24", "-a 61"};
	struct kbi_entry entry = {.value = (char *)(uintptr_t)"horse", .size_bytes = 5};
	struct kbi_key_way way = {.passphrase = &entry, .rounds_max = 60};
	struct kbi_key key;
	struct kb_err err = {0};

	(void)state;
	need_key("ed25519256");
	for (size_t i = 0; i < COUNT(rounds); i++) {
		lock_key("ed25519256", "locked", rounds[i], "horse");
		check_opens("locked", "horse", "ed25519256");
	}
	assert_int_equal(kbi_key_load(&key, path_of("locked"), &way, &err), KB_EUNSUPPORTED);
	assert_string_equal(kb_err_id(&err), "key.rounds");
	assert_non_null(strstr(kb_err_cause(&err), "61 rounds: more than 60"));
	kbi_err_clear(&err);
}

/* The count of iterations is in the clear: 02 02 08 00, INTEGER 2048, becomes 02 04 7f ff ff ff. The lengths of what stands around
 * it grow by two, each. */
static size_t
make_endless(unsigned char *der, size_t size_bytes)
{
	static const unsigned char few[] = {2, 2, 8, 0}, many[] = {2, 4, 0x7f, 0xff, 0xff, 0xff};
	unsigned char *at = memmem(der, size_bytes, few, sizeof(few));

	assert_non_null(at);
	size_t where = (size_t)(at - der);
	memmove(at + sizeof(many), at + sizeof(few), size_bytes - where - sizeof(few));
	memcpy(at, many, sizeof(many));
	for (size_t i = 0; i + 1 < where; i++)		/* SEQUENCE, short length: those that reach behind it */
		if (der[i] == 0x30 && der[i + 1] < 0x80 && i + 2 + der[i + 1] > where)
			der[i + 1] = (unsigned char)(der[i + 1] + 2);
	der[3] = (unsigned char)(der[3] + 2);		/* the outermost: 30 82 HI LO */
	return size_bytes + 2;
}

static void
a_pkcs8_key_that_asks_for_endless_work_is_refused(void **state)
{
	unsigned char der[4096];
	struct kbi_buf text = KBI_BUF(KBI_KEY_MAX);

	(void)state;
	need_key("ed25519256");
	free(run("cd %s && cp rsa2048 plain && ssh-keygen -q -p -m PKCS8 -P '' -N '' -f plain && "
		 "openssl pkcs8 -topk8 -in plain -out scrypt -scrypt -passout pass:horse && "
		 "openssl pkcs8 -topk8 -in plain -out one -v1 PBE-SHA1-3DES -passout pass:horse; "
		 "openssl pkcs8 -topk8 -in plain -outform DER -out der -passout pass:horse; chmod 600 scrypt one",
		folder));
	check_opens("scrypt", "horse", "rsa2048");
	check_opens("one", "horse", "rsa2048");
	FILE *file = fopen(path_of("der"), "r");
	assert_non_null(file);
	size_t size_bytes = fread(der, 1, sizeof(der) - 8, file);
	fclose(file);
	assert_true(der[0] == 0x30 && der[1] == 0x82);
	size_bytes = make_endless(der, size_bytes);
	kbi_buf_add(&text, "-----BEGIN ENCRYPTED PRIVATE KEY-----\n");
	struct kbi_buf body = KBI_BUF(KBI_KEY_MAX);
	kbi_str_base64(&body, (char *)der, size_bytes);
	for (size_t i = 0; i < body.size_bytes; i += 64)
		kbi_buf_add_format(&text, "%.64s\n", body.data + i);
	kbi_buf_add(&text, "-----END ENCRYPTED PRIVATE KEY-----\n");
	write_file(path_of("endless"), text.data, text.size_bytes, 0600);
	check_refused("endless", "horse", KB_EUNSUPPORTED, "key.rounds", "2147483647 rounds");
	check_refused("endless", NULL, KB_EUNSUPPORTED, "key.rounds", "2147483647 rounds");
	kbi_buf_free(&body);
	kbi_buf_free(&text);
}

/* An encrypted key of rounds that no ssh-keygen has waited for. */
static void
make_openssh(const char *name, const char *cipher, const char *kdf, uint32_t rounds, const char *type)
{
	struct kbi_buf options = KBI_BUF(KBI_KEY_MAX), public = KBI_BUF(KBI_KEY_MAX), all = KBI_BUF(KBI_KEY_MAX),
		       text = KBI_BUF(KBI_KEY_MAX);

	kbi_wire_add_string(&options, "sixteen bytes!!!", 16);
	kbi_wire_add_u32(&options, rounds);
	kbi_wire_add_text(&public, type);
	kbi_wire_add_string(&public, "thirty-two bytes of a public key", 32);
	kbi_buf_add_bytes(&all, "openssh-key-v1", 15);
	kbi_wire_add_text(&all, cipher);
	kbi_wire_add_text(&all, kdf);
	kbi_wire_add_string(&all, options.data, options.size_bytes);
	kbi_wire_add_u32(&all, 1);
	kbi_wire_add_string(&all, public.data, public.size_bytes);
	kbi_wire_add_string(&all, "forty-eight bytes that nobody will ever decrypt!", 48);
	kbi_buf_add(&text, "-----BEGIN OPENSSH PRIVATE KEY-----\n");
	kbi_str_base64(&text, all.data, all.size_bytes);
	kbi_buf_add(&text, "\n-----END OPENSSH PRIVATE KEY-----\n");
	write_file(path_of(name), text.data, text.size_bytes, 0600);
	kbi_buf_free(&options);
	kbi_buf_free(&public);
	kbi_buf_free(&all);
	kbi_buf_free(&text);
}

static void
what_cannot_be_opened_here_is_named(void **state)
{
	(void)state;
	make_openssh("endless", "aes256-ctr", "bcrypt", UINT32_MAX, "ssh-ed25519");
	check_refused("endless", "horse", KB_EUNSUPPORTED, "key.rounds", "4294967295 rounds");
	check_refused("endless", NULL, KB_EUNSUPPORTED, "key.rounds", "4294967295 rounds");
	make_openssh("cipher", "rot13\n", "bcrypt", 1, "ssh-ed25519");
	check_refused("cipher", "horse", KB_EUNSUPPORTED, "key.cipher", "the cipher rot13\\n:");
	make_openssh("kdf", "aes256-ctr", "argon2id", 1, "ssh-ed25519");
	check_refused("kdf", "horse", KB_EUNSUPPORTED, "key.kdf", "argon2id");
	make_openssh("no_rounds", "aes256-ctr", "bcrypt", 0, "ssh-ed25519");
	check_refused("no_rounds", "horse", KB_EINVAL, "key.damaged", "damaged");
	make_openssh("no_tag", "aes256-gcm@openssh.com", "bcrypt", 1, "ssh-ed25519");
	check_refused("no_tag", "horse", KB_EINVAL, "key.damaged", "damaged");
	/* before anybody is asked for a passphrase */
	make_openssh("sk", "aes256-ctr", "bcrypt", 1, "sk-ssh-ed25519@openssh.com");
	check_refused("sk", NULL, KB_EUNSUPPORTED, "key.type", "sk-ssh-ed25519@openssh.com");
	make_openssh("sk_ecdsa", "aes256-ctr", "bcrypt", 1, "sk-ecdsa-sha2-nistp256@openssh.com");
	check_refused("sk_ecdsa", NULL, KB_EUNSUPPORTED, "key.type", "sk-ecdsa-sha2-nistp256@openssh.com");
	make_openssh("dsa", "aes256-ctr", "bcrypt", 1, "ssh-dss");
	check_refused("dsa", "horse", KB_EUNSUPPORTED, "key.type", "ssh-dss");
}

static void
a_damaged_encrypted_key_never_opens(void **state)
{
	struct kbi_buf body = KBI_BUF(KBI_KEY_MAX);
	struct kbi_entry entry = {.value = (char *)(uintptr_t)"horse", .size_bytes = 5};
	const struct kbi_key_way way = {.passphrase = &entry, .rounds_max = 8};

	(void)state;
	need_key("ed25519256");
	lock_key("ed25519256", "locked", "-a 1 -Z aes256-gcm@openssh.com", "horse");
	char *text = run("grep -v -- '-----' %s", path_of("locked"));
	assert_true(kbi_str_unbase64(&body, text, strlen(text)));
	free(text);
	for (size_t i = 0; i < 2 * body.size_bytes; i += 3) {
		struct kbi_buf bytes = KBI_BUF(KBI_KEY_MAX);
		struct kb_err err = {0};
		kbi_buf_add_bytes(&bytes, body.data, body.size_bytes);
		if (i < body.size_bytes)
			kbi_buf_truncate(&bytes, i);
		else
			bytes.data[i - body.size_bytes] = (char)(bytes.data[i - body.size_bytes] ^ 0x21);
		EVP_PKEY *pkey = kbi_key_openssh("damaged", (unsigned char *)bytes.data, bytes.size_bytes, &way, &err);
		/* the public half is not under the tag, and nobody uses it */
		if (pkey && (i < body.size_bytes + 90 || i > body.size_bytes + 160))
			fail_msg("it opened: %zu of %zu", i, body.size_bytes);
		assert_true(pkey || err.code == KB_EINVAL || err.code == KB_EAUTH || err.code == KB_EUNSUPPORTED);
		EVP_PKEY_free(pkey);
		kbi_err_clear(&err);
		kbi_buf_free(&bytes);
	}
	kbi_buf_free(&body);
}

static void
a_key_that_is_cancelled_stops_in_its_round(void **state)
{
	atomic_bool is_cancelled = true;
	struct kbi_bcrypt want = {"horse", "salt", 5, 4, UINT32_MAX, &is_cancelled};
	unsigned char key[48];

	(void)state;
	assert_int_equal(kbi_bcrypt(&want, key, sizeof(key)), KB_ECANCELED);
	want.is_cancelled = NULL;
	want.rounds = 0;
	assert_int_equal(kbi_bcrypt(&want, key, sizeof(key)), KB_EINVAL);
	want.rounds = 1;
	assert_int_equal(kbi_bcrypt(&want, key, 0), KB_EINVAL);
	assert_int_equal(kbi_bcrypt(&want, key, KBI_BCRYPT_KEY_MAX + 1), KB_EINVAL);
	want.salt_bytes = 0;
	assert_int_equal(kbi_bcrypt(&want, key, sizeof(key)), KB_EINVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_in_every_format_opens_with_its_passphrase_and_no_other),
		cmocka_unit_test(every_cipher_of_ssh_keygen_is_read),
		cmocka_unit_test(every_cipher_that_ssh_has_is_in_that_list),
		cmocka_unit_test(passphrases_are_bytes_of_any_length),
		cmocka_unit_test(rounds_are_those_of_the_file_up_to_a_bound),
		cmocka_unit_test(a_pkcs8_key_that_asks_for_endless_work_is_refused),
		cmocka_unit_test(what_cannot_be_opened_here_is_named),
		cmocka_unit_test(a_damaged_encrypted_key_never_opens),
		cmocka_unit_test(a_key_that_is_cancelled_stops_in_its_round),
	};

	return cmocka_run_group_tests_name("key_locked", tests, make_keys, drop_keys);
}
