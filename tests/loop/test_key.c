/* SPDX-License-Identifier: Apache-2.0 */
/* Private keys as people have them: every type and format, and everything that is none. */
#include "key_folder.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/str.h"
#include "transport/key_parts.h"

static const struct kbi_key_way no_passphrase;

static int
make_keys(void **state)
{
	(void)state;
	folder = make_folder();
	free(run("cd %s && ssh-keygen -q -t ed25519 -N '' -C 'a comment' -f ed25519 && ssh-keygen -q -t rsa "
		 "-b 2048 -N '' -f rsa2048 && "
		 "ssh-keygen -q -t rsa -b 3072 -N '' -f rsa3072 && ssh-keygen -q -t rsa -b 4096 -N '' -C '' "
		 "-f rsa4096 && "
		 "for b in 256 384 521; do ssh-keygen -q -t ecdsa -b $b -N '' -f ecdsa$b; done && ssh-keygen "
		 "-q -t dsa -N '' -f dsa; "
		 "for k in rsa2048 ecdsa256 ecdsa384 ecdsa521; do cp $k pem_$k; ssh-keygen -q -p -m PEM -P "
		 "'' -N '' -f pem_$k; "
		 "cp $k pkcs8_$k; ssh-keygen -q -p -m PKCS8 -P '' -N '' -f pkcs8_$k; done >/dev/null; "
		 "cp rsa2048 pem_locked; ssh-keygen -q -p -m PEM -P '' -N horse -f pem_locked >/dev/null; "
		 "openssl pkey -in pkcs8_rsa2048 -aes256 -passout pass:horse -out pkcs8_locked; openssl "
		 "genpkey -algorithm ed25519 -out pkcs8_ed25519; "
		 "openssl ecparam -name secp256k1 -genkey -noout -out odd_curve; openssl ecparam -name "
		 "prime256v1 -genkey -noout -conv_form compressed "
		 "-out compressed; chmod 600 *",
		folder));
	return 0;
}

/* The public half that ssh-keygen wrote, with the name of the algorithm that we log in with. */
static void
check_blob(const struct kbi_key *key, const char *name)
{
	struct kbi_buf theirs = KBI_BUF(KBI_KEY_MAX), want = KBI_BUF(KBI_KEY_MAX);
	char *public = run("cut -d ' ' -f 2 %s.pub", path_of(name));
	struct kbi_wire wire, type;

	assert_true(kbi_str_unbase64(&theirs, public, strlen(public)));
	wire = (struct kbi_wire){(const unsigned char *)theirs.data, theirs.size_bytes};
	assert_true(kbi_wire_string(&wire, &type));
	assert_true(kbi_wire_is(&type, key->type));
	kbi_wire_add_text(&want, key->algorithm);
	kbi_buf_add_bytes(&want, wire.data, wire.size_bytes);
	assert_int_equal(key->blob.size_bytes, want.size_bytes);
	assert_memory_equal(key->blob.data, want.data, want.size_bytes);
	free(public);
	kbi_buf_free(&theirs);
	kbi_buf_free(&want);
}

static unsigned char *
to_der(const unsigned char *signature, size_t signature_bytes, size_t *der_bytes)
{
	struct kbi_wire wire = {signature, signature_bytes}, r, s;
	ECDSA_SIG *numbers = ECDSA_SIG_new();
	unsigned char *der = NULL;

	assert_true(kbi_wire_string(&wire, &r) && kbi_wire_string(&wire, &s) && !wire.size_bytes);
	assert_false(r.data[0] & 0x80 || s.data[0] & 0x80);	/* an mpint that would be negative */
	assert_int_equal(ECDSA_SIG_set0(numbers, BN_bin2bn(r.data, (int)r.size_bytes, NULL),
				 BN_bin2bn(s.data, (int)s.size_bytes, NULL)),
		1);
	*der_bytes = (size_t)i2d_ECDSA_SIG(numbers, &der);
	ECDSA_SIG_free(numbers);
	return der;
}

static void
check_signature(const struct kbi_key *key)
{
	static const char data[] = "what the server wants to see signed";
	size_t signature_bytes = 0, der_bytes = 0;

	for (int i = 0; i < 20; i++) {	/* numbers with a high first bit come up, and ones without */
		unsigned char *signature = kbi_key_sign(key, data, sizeof(data), &signature_bytes);
		assert_non_null(signature);
		bool is_ec = EVP_PKEY_is_a(key->pkey, "EC");
		unsigned char *der = is_ec ? to_der(signature, signature_bytes, &der_bytes) : NULL;
		EVP_MD_CTX *ctx = EVP_MD_CTX_new();
		assert_int_equal(EVP_DigestVerifyInit(ctx, NULL, key->digest, NULL, key->pkey), 1);
		assert_int_equal(
			EVP_DigestVerify(ctx, is_ec ? der : signature, is_ec ? der_bytes : signature_bytes,
				(const unsigned char *)data, sizeof(data)),
			1);
		EVP_MD_CTX_free(ctx);
		OPENSSL_free(der);
		free(signature);
	}
}

static void
load(struct kbi_key *key, const char *name, const char *passphrase)
{
	struct kbi_entry entry = {
		.value = (char *)(uintptr_t)passphrase, .size_bytes = passphrase ? strlen(passphrase) : 0};
	const struct kbi_key_way way = {.passphrase = passphrase ? &entry : NULL};
	struct kb_err err = {0};

	if (kbi_key_load(key, path_of(name), &way, &err))
		fail_msg("%s: %s", name, kb_err_cause(&err));
}

static void
every_type_of_openssh_key_is_read_and_signs(void **state)
{
	static const char *const keys[] = {
		"ed25519", "rsa2048", "rsa3072", "rsa4096", "ecdsa256", "ecdsa384", "ecdsa521"};

	(void)state;
	need_key("ed25519");
	for (size_t i = 0; i < COUNT(keys); i++) {
		struct kbi_key key;
		load(&key, keys[i], NULL);
		check_blob(&key, keys[i]);
		check_signature(&key);
		kbi_key_free(&key);
	}
}

static void
pem_and_pkcs8_are_the_same_keys(void **state)
{
	static const char *const keys[] = {"rsa2048", "ecdsa256", "ecdsa384", "ecdsa521"};

	(void)state;
	need_key("ed25519");
	for (size_t i = 0; i < 2 * COUNT(keys); i++) {
		struct kbi_key key;
		char name[64];
		snprintf(name, sizeof(name), "%s_%s", i % 2 ? "pem" : "pkcs8", keys[i / 2]);
		load(&key, name, NULL);
		check_blob(&key, keys[i / 2]);
		check_signature(&key);
		kbi_key_free(&key);
	}
	static const char *const others[] = {"pkcs8_ed25519", "compressed"};
	for (size_t i = 0; i < COUNT(others); i++) {
		struct kbi_key key;
		load(&key, others[i], NULL);
		check_signature(&key);
		kbi_key_free(&key);
	}
}

static void
rsa_keys_log_in_as_rsa_sha2_256(void **state)
{
	struct kbi_key key;

	(void)state;
	need_key("ed25519");
	load(&key, "rsa2048", NULL);
	assert_string_equal(key.type, "ssh-rsa");
	assert_string_equal(key.algorithm, "rsa-sha2-256");
	assert_memory_equal(key.blob.data, "\0\0\0\x0crsa-sha2-256", 16);
	kbi_key_free(&key);
}

static void
a_passphrase_opens_pem_keys(void **state)
{
	struct kbi_key key;

	(void)state;
	need_key("ed25519");
	load(&key, "pem_locked", "horse");
	check_blob(&key, "rsa2048");
	kbi_key_free(&key);
	load(&key, "pkcs8_locked", "horse");
	check_signature(&key);
	kbi_key_free(&key);
}

static void
check_refused(const char *name, const char *passphrase, kb_status code, const char *id, const char *words)
{
	struct kbi_entry entry = {
		.value = (char *)(uintptr_t)passphrase, .size_bytes = passphrase ? strlen(passphrase) : 0};
	const struct kbi_key_way way = {.passphrase = passphrase ? &entry : NULL};
	struct kb_err err = {0};
	struct kbi_key key;

	kb_status status = kbi_key_load(&key, path_of(name), &way, &err);
	if (status != code || strcmp(kb_err_id(&err), id) || !strstr(kb_err_cause(&err), words))
		fail_msg("%s: %s %s: %s", name, kb_err_name(status), kb_err_id(&err), kb_err_cause(&err));
	assert_null(key.pkey);
	if (passphrase)
		assert_null(strstr(kb_err_cause(&err), passphrase));
	kbi_err_clear(&err);
}

static void
make_socket(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%.90s/socket", folder);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
}

static void
what_is_no_usable_key_says_what_it_is(void **state)
{
	(void)state;
	need_key("ed25519");
	write_file(path_of("putty"), "PuTTY-User-Key-File-3: ssh-ed25519\n", 35, 0600);
	write_file(path_of("empty"), "", 0, 0600);
	write_file(path_of("text"), "hello\n", 6, 0600);
	free(run("cd %s && mkdir -p a_folder && mkfifo fifo && truncate -s 1M large && chmod 600 large && "
		 "ln -s /dev/null null && ln -s /dev/tty tty && openssl pkey -in pkcs8_rsa2048 -pubout -out public_pem && "
		 "ssh-keygen -q -s rsa2048 -I name -n name ed25519.pub && ssh-keygen -q -s rsa2048 -I name -n name "
		 "ecdsa256.pub && openssl genpkey -algorithm x25519 -out pkcs8_x25519 && "
		 "printf -- '-----BEGIN DSA PRIVATE KEY-----\nMAA=\n-----END DSA PRIVATE KEY-----\n' >pem_dsa; chmod 600 pem_dsa "
		 "pkcs8_x25519",
		folder));
	make_socket();
	check_refused("missing", NULL, KB_EIO, "key.missing", "No such file");
	check_refused("ed25519/inside", NULL, KB_EIO, "key.missing", "Not a directory");
	check_refused("a_folder", NULL, KB_EINVAL, "key.not-a-file", "a folder");
	check_refused("fifo", NULL, KB_EINVAL, "key.not-a-file", "not a plain file");
	check_refused("socket", NULL, KB_EIO, "key.not-a-file", "No such device");
	check_refused("null", NULL, KB_EINVAL, "key.not-a-file", "not a plain file");
	check_refused("tty", NULL, KB_EIO, "key.not-a-file", "No such device");
	check_refused("large", NULL, KB_EINVAL, "key.too-large", "1048576 bytes");
	check_refused("rsa2048.pub", NULL, KB_EINVAL, "key.public", "a public key");
	check_refused("ecdsa256.pub", NULL, KB_EINVAL, "key.public", "a public key");
	check_refused("public_pem", NULL, KB_EINVAL, "key.public", "a public key");
	check_refused("ed25519-cert.pub", NULL, KB_EINVAL, "key.certificate", "a certificate");
	check_refused("ecdsa256-cert.pub", NULL, KB_EINVAL, "key.certificate", "a certificate");
	check_refused("putty", NULL, KB_EINVAL, "key.format", "PuTTY");
	check_refused("empty", NULL, KB_EINVAL, "key.empty", "empty");
	check_refused("text", NULL, KB_EINVAL, "key.not-a-key", "not a private key");
	check_refused("odd_curve", NULL, KB_EUNSUPPORTED, "key.type", "not one that can log in");
	check_refused("pkcs8_x25519", NULL, KB_EUNSUPPORTED, "key.type", "X25519");
	check_refused("pem_dsa", NULL, KB_EUNSUPPORTED, "key.type", "type DSA:");
	check_refused("pem_locked", NULL, KB_EAUTH, "key.encrypted", "no passphrase was given");
	check_refused("pem_locked", "wrong-passphrase", KB_EAUTH, "key.passphrase", "does not open");
	check_refused("pkcs8_locked", NULL, KB_EAUTH, "key.encrypted", "no passphrase was given");
	check_refused("pkcs8_locked", "wrong-passphrase", KB_EAUTH, "key.passphrase", "does not open");
	if (access(path_of("dsa"), F_OK) == 0)
		check_refused("dsa", NULL, KB_EUNSUPPORTED, "key.type", "ssh-dss");
}

/* Ours and ssh's answer to the same mode of the same file: it says so on stderr, and does not use the key. */
static void
modes_are_refused_that_ssh_refuses(void **state)
{
	static const char *const modes[] = {"0600", "0400", "0700", "0640", "0604", "0644", "0666", "0601", "0610"};

	(void)state;
	need_key("ed25519");
	for (size_t i = 0; i < COUNT(modes); i++) {
		struct kb_err err = {0};
		struct kbi_key key;
		char *theirs = run("cp %s/rsa2048 %s/open; chmod %s %s/open; ssh-keygen -y -f %s/open 2>&1", folder, folder,
			modes[i], folder, folder);
		bool they_refuse = strstr(theirs, "UNPROTECTED PRIVATE KEY FILE");
		kb_status status = kbi_key_load(&key, path_of("open"), &no_passphrase, &err);
		if ((status != KB_OK) != they_refuse)
			fail_msg("%s: %s, and ssh-keygen: %s", modes[i], kb_err_name(status), theirs);
		if (status)
			assert_true(strstr(kb_err_cause(&err), modes[i]) && strcmp(kb_err_id(&err), "key.mode") == 0);
		else
			kbi_key_free(&key);
		kbi_err_clear(&err);
		free(theirs);
	}
}

static void
a_key_edited_elsewhere_is_read_too(void **state)
{
	struct kbi_key key;

	(void)state;
	need_key("ed25519");
	free(run("cd %s; sed 's/$/\r/' ed25519 >crlf; { echo 'a line of mail'; cat ed25519; echo 'and its end'; } >mail; "
		 "sed 's/$/\r/' pem_ecdsa256 >crlf_pem; openssl ecparam -name prime256v1 -genkey -out with_parameters; "
		 "chmod 600 crlf mail crlf_pem with_parameters",
		folder));
	load(&key, "crlf", NULL);
	check_blob(&key, "ed25519");
	kbi_key_free(&key);
	load(&key, "mail", NULL);
	check_blob(&key, "ed25519");
	kbi_key_free(&key);
	load(&key, "crlf_pem", NULL);
	check_blob(&key, "ecdsa256");
	kbi_key_free(&key);
	load(&key, "with_parameters", NULL);
	check_signature(&key);
	kbi_key_free(&key);
}

static void
decode(const char *name, struct kbi_buf *data)
{
	char *body = run("grep -v -- '-----' %s", path_of(name));

	*data = KBI_BUF(KBI_KEY_MAX);
	assert_true(kbi_str_unbase64(data, body, strlen(body)));
	free(body);
}

/* The body of a key, changed, and put back into its file's form. */
static void
parse_changed(const struct kbi_buf *body, size_t cut, size_t flip, unsigned char bits, kb_status *status,
	bool *has_key)
{
	struct kbi_buf data = KBI_BUF(KBI_KEY_MAX), text = KBI_BUF(KBI_KEY_MAX);
	struct kbi_key key;
	struct kb_err err = {0};

	kbi_buf_add_bytes(&data, body->data, body->size_bytes);
	if (cut < data.size_bytes)
		kbi_buf_truncate(&data, cut);
	if (flip < data.size_bytes)
		data.data[flip] = (char)(data.data[flip] ^ bits);
	kbi_buf_add(&text, "-----BEGIN OPENSSH PRIVATE KEY-----\n");
	kbi_str_base64(&text, data.data ? data.data : "", data.size_bytes);
	kbi_buf_add(&text, "\n-----END OPENSSH PRIVATE KEY-----\n");
	*status = kbi_key_parse(&key, "changed", text.data, text.size_bytes, &no_passphrase, &err);
	*has_key = key.pkey != NULL;
	kbi_key_free(&key);
	kbi_err_clear(&err);
	kbi_buf_free(&data);
	kbi_buf_free(&text);
}

static void
a_key_cut_anywhere_is_damaged_and_no_crash(void **state)
{
	static const char *const keys[] = {"ed25519", "ecdsa521", "rsa2048"};
	kb_status status;
	bool has_key;

	(void)state;
	need_key("ed25519");
	for (size_t i = 0; i < COUNT(keys); i++) {
		struct kbi_buf body;
		decode(keys[i], &body);
		for (size_t cut = 0; cut < body.size_bytes; cut++) {
			parse_changed(&body, cut, SIZE_MAX, 0, &status, &has_key);
			assert_true(status == KB_EINVAL && !has_key);
		}
		kbi_buf_free(&body);
	}
}

/* The private half cannot change without the public half noticing; the comment can. */
static void
a_flipped_bit_is_no_crash_and_no_other_key(void **state)
{
	static const char *const keys[] = {"ed25519", "ecdsa256", "rsa2048"};
	int fine = 0, damaged = 0;
	kb_status status;
	bool has_key;

	(void)state;
	need_key("ed25519");
	for (size_t i = 0; i < COUNT(keys); i++) {
		struct kbi_buf body;
		decode(keys[i], &body);
		for (size_t at = 0; at < body.size_bytes; at += i == 2 ? 7 : 1) {
			parse_changed(&body, SIZE_MAX, at, 0x41, &status, &has_key);
			assert_int_equal(has_key, status == KB_OK);
			fine += has_key;
			damaged += !has_key;
		}
		kbi_buf_free(&body);
	}
	assert_true(damaged > 200);
	assert_true(fine < damaged);
}

static void
random_bytes_are_no_key(void **state)
{
	unsigned seed = 20261122;
	struct kb_err err = {0};

	(void)state;
	for (int i = 0; i < 3000; i++) {
		unsigned char bytes[300] = "openssh-key-v1";
		size_t size_bytes = 15 + (size_t)rand_r(&seed) % (sizeof(bytes) - 15);
		for (size_t at = 15; at < size_bytes; at++)
			/* many small lengths */
			bytes[at] = rand_r(&seed) % 3 ? 0 : (unsigned char)rand_r(&seed);
		assert_null(kbi_key_openssh("random", bytes, size_bytes, &no_passphrase, &err));
		kbi_err_clear(&err);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_of_openssh_key_is_read_and_signs),
		cmocka_unit_test(pem_and_pkcs8_are_the_same_keys),
		cmocka_unit_test(rsa_keys_log_in_as_rsa_sha2_256),
		cmocka_unit_test(a_passphrase_opens_pem_keys),
		cmocka_unit_test(what_is_no_usable_key_says_what_it_is),
		cmocka_unit_test(modes_are_refused_that_ssh_refuses),
		cmocka_unit_test(a_key_edited_elsewhere_is_read_too),
		cmocka_unit_test(a_key_cut_anywhere_is_damaged_and_no_crash),
		cmocka_unit_test(a_flipped_bit_is_no_crash_and_no_other_key),
		cmocka_unit_test(random_bytes_are_no_key),
	};

	return cmocka_run_group_tests_name("key", tests, make_keys, drop_keys);
}
