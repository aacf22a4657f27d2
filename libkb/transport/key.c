/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/key_parts.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

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

	if (!kind) {
		const char *type = EVP_PKEY_get0_type_name(key->pkey);
		type = type ? type : "unknown";
		return kbi_key_refuse_type(key->name, type, strlen(type), err);
	}
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
	if (kbi_buf_failed(&key->blob) == KB_ENOMEM)
		return kbi_fail_memory(err);
	return is_whole && !kbi_buf_failed(&key->blob) ? KB_OK : kbi_key_damaged(key->name, err);
}

kb_status
kbi_key_fail(struct kb_err *err, kb_status code, const char *id, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	kbi_vfail(err, code, format, args);
	va_end(args);
	kbi_err_id(err, id);
	return code;
}

kb_status
kbi_key_damaged(const char *name, struct kb_err *err)
{
	if (ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_MALLOC_FAILURE)
		return kbi_fail_memory(err);
	return kbi_key_fail(err, KB_EINVAL, "key.damaged", "%s: the private key in it is damaged", name);
}

kb_status
kbi_key_refuse_type(const char *name, const char *type, size_t type_bytes, struct kb_err *err)
{
	struct kbi_buf text = KBI_BUF(1024);

	kbi_str_escape(&text, type, type_bytes < 64 ? type_bytes : 64);
	kbi_key_fail(err, KB_EUNSUPPORTED, "key.type",
		"%s: a private key of type %s: not one that can log in here", name, kbi_buf_text(&text));
	kbi_buf_free(&text);
	return KB_EUNSUPPORTED;
}

kb_status
kbi_key_refuse_rounds(const char *name, long long rounds, long long most, struct kb_err *err)
{
	return kbi_key_fail(err, KB_EUNSUPPORTED, "key.rounds",
		"%s: to try a passphrase takes %lld rounds: more than %lld", name, rounds, most);
}

kb_status
kbi_key_refuse_passphrase(const char *name, const struct kbi_key_way *way, struct kb_err *err)
{
	if (way->passphrase)
		kbi_key_fail(err, KB_EAUTH, "key.passphrase", "%s: the passphrase does not open this key", name);
	else
		kbi_key_fail(err, KB_EAUTH, "key.encrypted",
			"%s: the key is encrypted, and no passphrase was given", name);
	kbi_err_fix(err, "kb_host_set_secret(host, \"passphrase\", ...)");
	return KB_EAUTH;
}

#define OPENSSH_BEGIN "-----BEGIN OPENSSH PRIVATE KEY-----"
#define OPENSSH_END "-----END OPENSSH PRIVATE KEY-----"

static kb_status
parse_openssh(
	struct kbi_key *key, const char *begin, const char *end, const struct kbi_key_way *way, struct kb_err *err)
{
	const char *body = begin + strlen(OPENSSH_BEGIN);
	const char *stop = memmem(body, (size_t)(end - body), OPENSSH_END, strlen(OPENSSH_END));
	struct kbi_buf decoded = {.max_bytes = KBI_KEY_MAX, .secret = true};

	if (stop && kbi_str_unbase64(&decoded, body, (size_t)(stop - body)) && !kbi_buf_failed(&decoded))
		key->pkey = kbi_key_openssh(
			key->name, (const unsigned char *)kbi_buf_text(&decoded), decoded.size_bytes, way, err);
	else if (kbi_buf_failed(&decoded) == KB_ENOMEM)
		kbi_fail_memory(err);
	else
		kbi_key_damaged(key->name, err);
	kbi_buf_free(&decoded);
	ERR_clear_error();	/* the queue is the thread's, and the program's too */
	return key->pkey ? KB_OK : err->code;
}

/* What people give by mistake. */
static const struct mistake {
	const char *begins;
	const char *id;
	const char *what;
} mistakes[] = {
	{"ssh-", "key.public", "a public key"},
	{"ecdsa-sha2-", "key.public", "a public key"},
	{"sk-", "key.public", "a public key"},
	{"---- BEGIN SSH2 PUBLIC KEY", "key.public", "a public key"},
	{"-----BEGIN PUBLIC KEY", "key.public", "a public key"},
	{"-----BEGIN RSA PUBLIC KEY", "key.public", "a public key"},
	{"-----BEGIN CERTIFICATE", "key.certificate", "a certificate"},
	{"PuTTY-User-Key-File", "key.format", "a key in PuTTY's format"},
	{"---- BEGIN SSH2 ENCRYPTED", "key.format", "a key in ssh.com's format"},
};

/* ssh-ed25519-cert-v01@openssh.com AAAA... */
static bool
is_ssh_certificate(const char *data, size_t size_bytes)
{
	static const char mark[] = "-cert-v01@openssh.com ";
	const char *word_end = memchr(data, ' ', size_bytes);
	size_t word_bytes = word_end ? (size_t)(word_end - data) + 1 : 0;

	return word_bytes && memmem(data, word_bytes, mark, strlen(mark));
}

static kb_status
explain_mistake(const char *name, const char *data, size_t size_bytes, struct kb_err *err)
{
	static const char wanted[] = "where a private key is wanted";

	if (!size_bytes)
		return kbi_key_fail(err, KB_EINVAL, "key.empty", "%s: empty, %s", name, wanted);
	if (is_ssh_certificate(data, size_bytes))
		return kbi_key_fail(err, KB_EINVAL, "key.certificate", "%s: a certificate, %s", name, wanted);
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		size_t length = strlen(mistakes[i].begins);
		if (size_bytes >= length && memcmp(data, mistakes[i].begins, length) == 0)
			return kbi_key_fail(err, KB_EINVAL, mistakes[i].id, "%s: %s, %s", name, mistakes[i].what, wanted);
	}
	return kbi_key_fail(err, KB_EINVAL, "key.not-a-key", "%s: not a private key", name);
}

static kb_status
parse(struct kbi_key *key, const char *data, size_t size_bytes, const struct kbi_key_way *way, struct kb_err *err)
{
	static const char any[] = "PRIVATE KEY-----";
	const char *openssh = memmem(data, size_bytes, OPENSSH_BEGIN, strlen(OPENSSH_BEGIN));

	if (openssh)
		return parse_openssh(key, openssh, data + size_bytes, way, err);
	if (!memmem(data, size_bytes, any, strlen(any)))
		return explain_mistake(key->name, data, size_bytes, err);
	key->pkey = kbi_key_pem(key->name, data, size_bytes, way, err);
	return key->pkey ? KB_OK : err->code;
}

kb_status
kbi_key_refuse_size(const char *name, long long size_bytes, struct kb_err *err)
{
	return kbi_key_fail(err, KB_EINVAL, "key.too-large", "%s: not a private key: %lld bytes", name, size_bytes);
}

kb_status
kbi_key_parse(struct kbi_key *key, const char *name, const char *data, size_t size_bytes,
	const struct kbi_key_way *way, struct kb_err *err)
{
	struct kb_err why = {0};

	ERR_clear_error();	/* what stands there is nothing of this key */
	*key = (struct kbi_key){.name = strdup(name)};
	if (!key->name)
		return kbi_fail_memory(err);
	kb_status failed = size_bytes > KBI_KEY_MAX ? kbi_key_refuse_size(name, (long long)size_bytes, &why)
						    : parse(key, data, size_bytes, way, &why);
	if (!failed)
		failed = describe(key, &why);
	ERR_clear_error();	/* the queue is the thread's, and the program's too */
	if (failed && err)
		kbi_err_copy(err, &why);
	kbi_err_clear(&why);
	if (failed)
		kbi_key_free(key);
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
