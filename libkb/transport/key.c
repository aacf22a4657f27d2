/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/key.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "transport/wire.h"

/* What EVP_PKEY calls a key, and what SSH calls it (RFC 5656, 8332, 8709). */
static const struct kind {
	const char *evp;
	const char *group;	/* of EC keys */
	const char *type;
	const char *curve;
	const char *algorithm;
	const char *digest;
} kinds[] = {
	{"ED25519", NULL, "ssh-ed25519", NULL, "ssh-ed25519", NULL},
	{"EC", "prime256v1", "ecdsa-sha2-nistp256", "nistp256", "ecdsa-sha2-nistp256", "SHA256"},
	{"EC", "secp384r1", "ecdsa-sha2-nistp384", "nistp384", "ecdsa-sha2-nistp384", "SHA384"},
	{"EC", "secp521r1", "ecdsa-sha2-nistp521", "nistp521", "ecdsa-sha2-nistp521", "SHA512"},
	{"RSA", NULL, "ssh-rsa", NULL, "rsa-sha2-256", "SHA256"},
};

static const struct kind *
find_kind(const EVP_PKEY *pkey)
{
	char group[64] = "";

	if (EVP_PKEY_is_a(pkey, "EC"))
		EVP_PKEY_get_group_name(pkey, group, sizeof(group), NULL);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (EVP_PKEY_is_a(pkey, kinds[i].evp) && (!kinds[i].group || kbi_str_is(kinds[i].group, group)))
			return &kinds[i];
	return NULL;
}

static bool
add_parameter(struct kbi_buf *blob, const EVP_PKEY *pkey, const char *name)
{
	BIGNUM *number = NULL;
	unsigned char bytes[2048];

	if (EVP_PKEY_get_bn_param(pkey, name, &number) != 1)
		return false;
	int size_bytes = BN_num_bytes(number);
	bool fits = (size_t)size_bytes <= sizeof(bytes);
	if (fits) {
		BN_bn2bin(number, bytes);
		kbi_wire_add_number(blob, bytes, (size_t)size_bytes);
	}
	BN_free(number);
	return fits;
}

static bool
add_point(struct kbi_buf *blob, const EVP_PKEY *pkey, const char *curve)
{
	unsigned char point[256];
	size_t point_bytes = 0;

	if (EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point), &point_bytes)
		!= 1)
		return false;
	kbi_wire_add_text(blob, curve);
	kbi_wire_add_string(blob, point, point_bytes);
	return point_bytes && point[0] == 4;	/* uncompressed, the only form that SSH knows */
}

static bool
add_raw(struct kbi_buf *blob, const EVP_PKEY *pkey)
{
	unsigned char raw[64];
	size_t raw_bytes = sizeof(raw);

	if (EVP_PKEY_get_raw_public_key(pkey, raw, &raw_bytes) != 1)
		return false;
	kbi_wire_add_string(blob, raw, raw_bytes);
	return true;
}

/* A PEM file may hold an EC point in compressed form. */
static void
prefer_uncompressed(EVP_PKEY *pkey)
{
	if (EVP_PKEY_is_a(pkey, "EC"))
		EVP_PKEY_set_utf8_string_param(pkey, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
			OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_UNCOMPRESSED);
}

static kb_status
describe(struct kbi_key *key, struct kb_err *err)
{
	const struct kind *kind = find_kind(key->pkey);
	bool is_whole;

	if (!kind)
		return kbi_fail(err, KB_EUNSUPPORTED,
			"%s: a private key of type %s: not one that can log in here", key->name,
			EVP_PKEY_get0_type_name(key->pkey) ? EVP_PKEY_get0_type_name(key->pkey) : "unknown");
	prefer_uncompressed(key->pkey);
	key->type = kind->type;
	key->algorithm = kind->algorithm;
	key->digest = kind->digest ? EVP_get_digestbyname(kind->digest) : NULL;
	key->blob = KBI_BUF(KBI_KEY_MAX);
	/* The name of the algorithm in place of "ssh-rsa": libssh2 1.10 takes the method of the login from
	 * here and knows RSA with SHA-1 only, which servers refuse since OpenSSH 8.8. They accept the blob
	 * under this name (sshkey.c, sshkey_type_from_name). */
	kbi_wire_add_text(&key->blob, kind->algorithm);
	if (kind->curve)
		is_whole = add_point(&key->blob, key->pkey, kind->curve);
	else if (kind->digest)
		is_whole = add_parameter(&key->blob, key->pkey, OSSL_PKEY_PARAM_RSA_E)
			&& add_parameter(&key->blob, key->pkey, OSSL_PKEY_PARAM_RSA_N);
	else
		is_whole = add_raw(&key->blob, key->pkey);
	if (!is_whole || kbi_buf_failed(&key->blob))
		return kbi_fail(err, KB_EINVAL, "%s: no public key can be made of it", key->name);
	return KB_OK;
}

struct asked {
	const struct kbi_entry *passphrase;
	bool was_asked;
};

static int
give_passphrase(char *buffer, int size, int is_writing, void *data)
{
	struct asked *asked = data;

	(void)is_writing;
	asked->was_asked = true;
	if (!asked->passphrase || size < 0 || asked->passphrase->size_bytes > (size_t)size)
		return -1;
	memcpy(buffer, asked->passphrase->value, asked->passphrase->size_bytes);
	return (int)asked->passphrase->size_bytes;
}

static kb_status
parse_pem(struct kbi_key *key, const char *data, size_t size_bytes, const struct kbi_entry *passphrase,
	struct kb_err *err)
{
	struct asked asked = {passphrase, false};
	BIO *bio = BIO_new_mem_buf(data, (int)size_bytes);

	if (!bio)
		return kbi_fail_memory(err);
	key->pkey = PEM_read_bio_PrivateKey(bio, NULL, give_passphrase, &asked);
	BIO_free(bio);
	ERR_clear_error();	/* the queue is the thread's, and the program's too */
	if (key->pkey)
		return KB_OK;
	if (!asked.was_asked)
		return kbi_fail(err, KB_EINVAL,
			"%s: the private key in it is damaged, or of a kind that is not known", key->name);
	kbi_fail(err, KB_EAUTH,
		passphrase ? "%s: the passphrase does not open this key"
			   : "%s: the key is encrypted, and no passphrase was given",
		key->name);
	kbi_err_id(err, "key.passphrase");
	kbi_err_fix(err, "kb_host_set_secret(host, \"passphrase\", ...)");
	return KB_EAUTH;
}

#define OPENSSH_BEGIN "-----BEGIN OPENSSH PRIVATE KEY-----"
#define OPENSSH_END "-----END OPENSSH PRIVATE KEY-----"

static kb_status
parse_openssh(struct kbi_key *key, const char *begin, const char *end, struct kb_err *err)
{
	const char *body = begin + strlen(OPENSSH_BEGIN);
	const char *stop = memmem(body, (size_t)(end - body), OPENSSH_END, strlen(OPENSSH_END));
	struct kbi_buf decoded = {.max_bytes = KBI_KEY_MAX, .secret = true};

	if (stop && kbi_str_unbase64(&decoded, body, (size_t)(stop - body)) && !kbi_buf_failed(&decoded))
		key->pkey = kbi_key_openssh(
			key->name, (const unsigned char *)kbi_buf_text(&decoded), decoded.size_bytes, err);
	else
		kbi_fail(err, KB_EINVAL, "%s: the private key in it is damaged", key->name);
	kbi_buf_free(&decoded);
	ERR_clear_error();
	return key->pkey ? KB_OK : err ? err->code : KB_EINVAL;
}

/* What people give by mistake. */
static const struct mistake {
	const char *begins;
	const char *what;
} mistakes[] = {
	{"ssh-", "a public key"},
	{"ecdsa-sha2-", "a public key"},
	{"sk-", "a public key"},
	{"---- BEGIN SSH2 PUBLIC KEY", "a public key"},
	{"-----BEGIN PUBLIC KEY", "a public key"},
	{"-----BEGIN RSA PUBLIC KEY", "a public key"},
	{"-----BEGIN CERTIFICATE", "a certificate"},
	{"PuTTY-User-Key-File", "a key in PuTTY's format"},
	{"---- BEGIN SSH2 ENCRYPTED", "a key in ssh.com's format"},
};

static kb_status
explain_mistake(const char *name, const char *data, size_t size_bytes, struct kb_err *err)
{
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		size_t length = strlen(mistakes[i].begins);
		if (size_bytes >= length && memcmp(data, mistakes[i].begins, length) == 0)
			return kbi_fail(err, KB_EINVAL, "%s: %s, where a private key is wanted", name,
				mistakes[i].what);
	}
	return kbi_fail(err, KB_EINVAL, "%s: not a private key", name);
}

static kb_status
parse(struct kbi_key *key, const char *data, size_t size_bytes, const struct kbi_entry *passphrase,
	struct kb_err *err)
{
	static const char any[] = "PRIVATE KEY-----";
	const char *openssh = memmem(data, size_bytes, OPENSSH_BEGIN, strlen(OPENSSH_BEGIN));

	if (openssh)
		return parse_openssh(key, openssh, data + size_bytes, err);
	if (!memmem(data, size_bytes, any, strlen(any)))
		return explain_mistake(key->name, data, size_bytes, err);
	return parse_pem(key, data, size_bytes, passphrase, err);
}

kb_status
kbi_key_parse(struct kbi_key *key, const char *name, const char *data, size_t size_bytes,
	const struct kbi_entry *passphrase, struct kb_err *err)
{
	*key = (struct kbi_key){.name = strdup(name)};
	if (!key->name)
		return kbi_fail_memory(err);
	kb_status failed = size_bytes > KBI_KEY_MAX
		? kbi_fail(err, KB_EINVAL, "%s: not a private key: %zu bytes", name, size_bytes)
		: parse(key, data, size_bytes, passphrase, err);
	if (!failed)
		failed = describe(key, err);
	if (failed)
		kbi_key_free(key);
	return failed;
}

/* ssh(1) refuses such a file too: whoever else can read it can log in. */
static kb_status
check_file(int fd, const char *path, struct kb_err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return kbi_fail(err, KB_EIO, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return kbi_fail(err, KB_EINVAL, "%s: %s, where a private key is wanted", path,
			S_ISDIR(st.st_mode) ? "a folder" : "not a plain file");
	if (st.st_size > (off_t)KBI_KEY_MAX)
		return kbi_fail(
			err, KB_EINVAL, "%s: not a private key: %lld bytes", path, (long long)st.st_size);
	return (st.st_mode & 077) ? KB_EAUTH : KB_OK;
}

static kb_status
refuse_mode(const char *path, struct kb_err *err)
{
	kbi_fail(err, KB_EINVAL, "%s: others may read this private key", path);
	kbi_err_id(err, "key.mode");
	kbi_err_fix(err, "chmod 600 %s", path);
	return KB_EINVAL;
}

static kb_status
read_file(int fd, const char *path, struct kbi_buf *data, struct kb_err *err)
{
	char part[4096];
	ssize_t count;

	while ((count = read(fd, part, sizeof(part))) != 0) {
		if (count < 0 && errno != EINTR)
			return kbi_fail(err, KB_EIO, "%s: %s", path, strerror(errno));
		if (count > 0)
			kbi_buf_add_bytes(data, part, (size_t)count);
	}
	kbi_wipe(part, sizeof(part));
	kb_status failed = kbi_buf_failed(data);
	return failed ? kbi_fail(err, failed, "%s: cannot be read: %s", path, kb_err_name(failed)) : KB_OK;
}

kb_status
kbi_key_load(struct kbi_key *key, const char *path, const struct kbi_entry *passphrase, struct kb_err *err)
{
	struct kbi_buf data = {.max_bytes = KBI_KEY_MAX, .secret = true};
	int fd = kbi_fd_lift(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));

	*key = (struct kbi_key){0};
	if (fd < 0)
		return kbi_fail(err, KB_EIO, "%s: %s", path, strerror(errno));
	kb_status refused = check_file(fd, path, err);
	kb_status failed = refused && refused != KB_EAUTH ? refused : read_file(fd, path, &data, err);
	if (!failed)
		failed = kbi_key_parse(key, path, kbi_buf_text(&data), data.size_bytes, passphrase, err);
	if (!failed && refused) {	/* last, so that a public key is called one, whatever its mode */
		kbi_key_free(key);
		failed = refuse_mode(path, err);
	}
	kbi_fd_close(&fd);
	kbi_buf_free(&data);
	return failed;
}

void
kbi_key_free(struct kbi_key *key)
{
	free(key->name);
	EVP_PKEY_free(key->pkey);
	kbi_buf_free(&key->blob);
	*key = (struct kbi_key){0};
}

static unsigned char *
sign(const struct kbi_key *key, const void *data, size_t size_bytes, size_t *signature_bytes)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char *signature = NULL;

	if (ctx && EVP_DigestSignInit(ctx, NULL, key->digest, NULL, key->pkey) == 1
	    && EVP_DigestSign(ctx, NULL, signature_bytes, data, size_bytes) == 1)
		signature = malloc(*signature_bytes);
	if (signature && EVP_DigestSign(ctx, signature, signature_bytes, data, size_bytes) != 1) {
		free(signature);
		signature = NULL;
	}
	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return signature;
}

static void
add_bignum(struct kbi_buf *buf, const BIGNUM *number)
{
	unsigned char bytes[80];	/* 66 are the most, of nistp521 */
	int size_bytes = BN_bn2binpad(number, bytes, sizeof(bytes));

	kbi_wire_add_number(buf, bytes, size_bytes > 0 ? (size_t)size_bytes : 0);
}

/* OpenSSL gives two numbers in DER, SSH wants them as two mpints (RFC 5656 section 3.1.2). */
static unsigned char *
from_der(unsigned char *der, size_t *size_bytes)
{
	const unsigned char *at = der;
	struct kbi_buf out = KBI_BUF(KBI_KEY_MAX);
	ECDSA_SIG *numbers = d2i_ECDSA_SIG(NULL, &at, (long)*size_bytes);

	free(der);
	if (!numbers)
		return NULL;
	add_bignum(&out, ECDSA_SIG_get0_r(numbers));
	add_bignum(&out, ECDSA_SIG_get0_s(numbers));
	ECDSA_SIG_free(numbers);
	*size_bytes = out.size_bytes;
	return (unsigned char *)kbi_buf_take(&out);
}

unsigned char *
kbi_key_sign(const struct kbi_key *key, const void *data, size_t size_bytes, size_t *signature_bytes)
{
	unsigned char *signature = sign(key, data, size_bytes, signature_bytes);

	if (!signature || !EVP_PKEY_is_a(key->pkey, "EC"))
		return signature;
	return from_der(signature, signature_bytes);
}
