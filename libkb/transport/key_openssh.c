/* SPDX-License-Identifier: Apache-2.0 */
/* Private keys as ssh-keygen writes them: "openssh-key-v1", described in PROTOCOL.key of OpenSSH. OpenSSL
 * does not read them. */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "transport/key_parts.h"

#define MAGIC "openssh-key-v1"

static EVP_PKEY *
make_ed25519(struct kbi_wire *wire)
{
	struct kbi_wire public, private;
	unsigned char derived[32];
	size_t derived_bytes = sizeof(derived);

	if (!kbi_wire_string(wire, &public) || !kbi_wire_string(wire, &private) || public.size_bytes != 32
		|| private.size_bytes != 64)
		return NULL;
	EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, private.data, 32);
	if (!pkey || EVP_PKEY_get_raw_public_key(pkey, derived, &derived_bytes) != 1
		|| memcmp(derived, public.data, 32) != 0) {
		EVP_PKEY_free(pkey);
		return NULL;
	}
	return pkey;
}

static EVP_PKEY *
make_from(const char *type, OSSL_PARAM_BLD *build)
{
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *pkey = NULL;

	if (params && ctx && EVP_PKEY_fromdata_init(ctx) == 1
		&& EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_KEYPAIR, params) != 1)
		pkey = NULL;
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	return pkey;
}

struct curve {
	const char *type;	/* of the key */
	const char *name;	/* in the file */
	const char *group;	/* OpenSSL's name */
};

static const struct curve curves[] = {
	{"ecdsa-sha2-nistp256", "nistp256", "P-256"},
	{"ecdsa-sha2-nistp384", "nistp384", "P-384"},
	{"ecdsa-sha2-nistp521", "nistp521", "P-521"},
};

static bool
is_pair(EVP_PKEY *pkey)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	bool is = ctx && EVP_PKEY_pairwise_check(ctx) == 1;

	EVP_PKEY_CTX_free(ctx);
	return is;
}

static EVP_PKEY *
make_ecdsa(struct kbi_wire *wire, const struct curve *curve)
{
	struct kbi_wire name, point, number;
	EVP_PKEY *pkey = NULL;

	if (!kbi_wire_string(wire, &name) || !kbi_wire_string(wire, &point) || !kbi_wire_string(wire, &number)
	    || !kbi_wire_is(&name, curve->name) || number.size_bytes > 80)
		return NULL;
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	BIGNUM *private = BN_bin2bn(number.data, (int)number.size_bytes, NULL);
	if (build && private
		&& OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, curve->group, 0)
		&& OSSL_PARAM_BLD_push_octet_string(
			build, OSSL_PKEY_PARAM_PUB_KEY, point.data, point.size_bytes)
		&& OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, private))
		pkey = make_from("EC", build);
	BN_clear_free(private);
	OSSL_PARAM_BLD_free(build);
	if (pkey && !is_pair(pkey)) {
		EVP_PKEY_free(pkey);
		return NULL;
	}
	return pkey;
}

/* in the file's order, and two that it lacks */
enum { N, E, D, IQMP, P, Q, RSA_NUMBERS, DP = RSA_NUMBERS, DQ, RSA_ALL };

static const char *const rsa_names[RSA_ALL] = {
	OSSL_PKEY_PARAM_RSA_N,
	OSSL_PKEY_PARAM_RSA_E,
	OSSL_PKEY_PARAM_RSA_D,
	OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
	OSSL_PKEY_PARAM_RSA_FACTOR1,
	OSSL_PKEY_PARAM_RSA_FACTOR2,
	OSSL_PKEY_PARAM_RSA_EXPONENT1,
	OSSL_PKEY_PARAM_RSA_EXPONENT2,
};

static bool
read_rsa(struct kbi_wire *wire, BIGNUM *numbers[RSA_ALL])
{
	struct kbi_wire number;

	for (int i = 0; i < RSA_NUMBERS; i++) {
		/* 16,384 bits, OpenSSH's most */
		if (!kbi_wire_string(wire, &number) || !number.size_bytes || number.size_bytes > 2049)
			return false;
		numbers[i] = BN_bin2bn(number.data, (int)number.size_bytes, NULL);
		if (!numbers[i] || BN_is_zero(numbers[i]))
			return false;
	}
	return true;
}

/* d mod (prime - 1) */
static BIGNUM *
reduce(const BIGNUM *d, const BIGNUM *prime, BN_CTX *ctx)
{
	BIGNUM *less = BN_dup(prime), *result = BN_secure_new();

	if (less && result && BN_sub_word(less, 1) && !BN_is_zero(less) && BN_mod(result, d, less, ctx)) {
		BN_clear_free(less);
		return result;
	}
	BN_clear_free(less);
	BN_clear_free(result);
	return NULL;
}

static bool
complete_rsa(BIGNUM *numbers[RSA_ALL])
{
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *product = BN_new();
	bool is_product = ctx && product && BN_mul(product, numbers[P], numbers[Q], ctx)
		&& BN_cmp(product, numbers[N]) == 0;

	if (is_product) {
		numbers[DP] = reduce(numbers[D], numbers[P], ctx);
		numbers[DQ] = reduce(numbers[D], numbers[Q], ctx);
	}
	BN_free(product);
	BN_CTX_free(ctx);
	return is_product && numbers[DP] && numbers[DQ];
}

static EVP_PKEY *
make_rsa(struct kbi_wire *wire)
{
	BIGNUM *numbers[RSA_ALL] = {0};
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	bool is_fine = build && read_rsa(wire, numbers) && complete_rsa(numbers);
	EVP_PKEY *pkey = NULL;

	for (int i = 0; i < RSA_ALL && is_fine; i++)
		is_fine = OSSL_PARAM_BLD_push_BN(build, rsa_names[i], numbers[i]);
	if (is_fine)
		pkey = make_from("RSA", build);
	OSSL_PARAM_BLD_free(build);
	for (int i = 0; i < RSA_ALL; i++)
		BN_clear_free(numbers[i]);
	return pkey;
}

static EVP_PKEY *
make_key(struct kbi_wire *wire, const struct kbi_wire *type)
{
	if (kbi_wire_is(type, "ssh-ed25519"))
		return make_ed25519(wire);
	if (kbi_wire_is(type, "ssh-rsa"))
		return make_rsa(wire);
	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++)
		if (kbi_wire_is(type, curves[i].type))
			return make_ecdsa(wire, &curves[i]);
	return NULL;
}

static bool
is_known_type(const struct kbi_wire *type)
{
	bool is_curve = false;

	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++)
		is_curve = is_curve || kbi_wire_is(type, curves[i].type);
	return is_curve || kbi_wire_is(type, "ssh-ed25519") || kbi_wire_is(type, "ssh-rsa");
}

struct envelope {
	struct kbi_sealed sealed;
	struct kbi_wire public;
	bool is_encrypted;
};

static bool
open_envelope(struct envelope *envelope, const unsigned char *data, size_t size_bytes)
{
	struct kbi_sealed *sealed = &envelope->sealed;
	struct kbi_wire wire = {data, size_bytes};
	uint32_t keys;

	if (size_bytes <= sizeof(MAGIC) || memcmp(data, MAGIC, sizeof(MAGIC)) != 0)
		return false;
	wire = (struct kbi_wire){data + sizeof(MAGIC), size_bytes - sizeof(MAGIC)};
	if (!kbi_wire_string(&wire, &sealed->cipher) || !kbi_wire_string(&wire, &sealed->kdf)
		|| !kbi_wire_string(&wire, &sealed->kdf_options) || !kbi_wire_u32(&wire, &keys) || keys != 1
		|| !kbi_wire_string(&wire, &envelope->public) || !kbi_wire_string(&wire, &sealed->data))
		return false;
	sealed->tag = wire;	/* what stands behind it: nothing, with most ciphers */
	envelope->is_encrypted = !kbi_wire_is(&sealed->cipher, "none");
	return envelope->is_encrypted || (!wire.size_bytes && kbi_wire_is(&sealed->kdf, "none"));
}

/* The public half is not encrypted: a key of a type that is of no use is refused before anybody is asked for its
 * passphrase. */
static kb_status
check_type(const char *name, const struct kbi_wire *public, struct kb_err *err)
{
	struct kbi_wire wire = *public, type;

	if (!kbi_wire_string(&wire, &type))
		return kbi_key_damaged(name, err);
	return is_known_type(&type) ? KB_OK
				    : kbi_key_refuse_type(name, (const char *)type.data, type.size_bytes, err);
}

/* A comment, and the numbers 1, 2, 3... up to the size of the cipher's block. */
static bool
is_ended_well(struct kbi_wire *wire)
{
	struct kbi_wire comment;

	if (!kbi_wire_string(wire, &comment) || wire->size_bytes > 255)
		return false;
	for (size_t i = 0; i < wire->size_bytes; i++)
		if (wire->data[i] != i + 1)
			return false;
	return true;
}

static EVP_PKEY *
read_private(const char *name, struct kbi_wire *wire, struct kb_err *err)
{
	struct kbi_wire type = {0};
	EVP_PKEY *pkey = NULL;

	if (kbi_wire_string(wire, &type) && !is_known_type(&type)) {
		kbi_key_refuse_type(name, (const char *)type.data, type.size_bytes, err);
		return NULL;
	}
	if (type.data)
		pkey = make_key(wire, &type);
	if (pkey && !is_ended_well(wire)) {
		EVP_PKEY_free(pkey);
		pkey = NULL;
	}
	if (!pkey)
		kbi_key_damaged(name, err);
	return pkey;
}

/* The same two numbers stand before the key, so that a wrong passphrase shows; without one, a damaged file does. */
static bool
is_checked(struct kbi_wire *wire)
{
	uint32_t a, b;

	return kbi_wire_u32(wire, &a) && kbi_wire_u32(wire, &b) && a == b;
}

static EVP_PKEY *
read_encrypted(const struct envelope *envelope, const struct kbi_key_way *way, struct kb_err *err)
{
	const char *name = envelope->sealed.name;
	struct kbi_buf plain = {.max_bytes = KBI_KEY_MAX, .secret = true};
	EVP_PKEY *pkey = NULL;

	if (!kbi_key_unseal(&envelope->sealed, way, &plain, err)) {
		struct kbi_wire wire = {(const unsigned char *)kbi_buf_text(&plain), plain.size_bytes};
		if (is_checked(&wire))
			pkey = read_private(name, &wire, err);
		else
			kbi_key_refuse_passphrase(name, way, err);
	}
	kbi_buf_free(&plain);
	return pkey;
}

EVP_PKEY *
kbi_key_openssh(const char *name, const unsigned char *data, size_t size_bytes, const struct kbi_key_way *way,
	struct kb_err *err)
{
	struct envelope envelope = {.sealed = {.name = name}};
	struct kbi_wire *private = &envelope.sealed.data;

	if (!open_envelope(&envelope, data, size_bytes)) {
		kbi_key_damaged(name, err);
		return NULL;
	}
	if (check_type(name, &envelope.public, err))
		return NULL;
	if (envelope.is_encrypted)
		return read_encrypted(&envelope, way, err);
	if (is_checked(private))
		return read_private(name, private, err);
	kbi_key_damaged(name, err);
	return NULL;
}
