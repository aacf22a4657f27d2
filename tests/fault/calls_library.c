/* SPDX-License-Identifier: Apache-2.0 */
/* libyaml, libcurl and OpenSSL, as when they have no memory. */
#include "calls.h"

#include <curl/curl.h>
#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <stdarg.h>
#include <stdlib.h>
#include <yaml.h>

/* -- libyaml */

int fault_yaml_parser_initialize(yaml_parser_t *parser);
int
fault_yaml_parser_initialize(yaml_parser_t *parser)
{
	if (fault_now("yaml_parser_initialize", CAN_MEMORY))
		return 0;
	int is_made = yaml_parser_initialize(parser);
	if (is_made)
		fault_hold(parser, "yaml_parser_initialize");
	return is_made;
}
FREES(yaml_parser_delete, yaml_parser_t *)

int fault_yaml_parser_parse(yaml_parser_t *parser, yaml_event_t *event);
int
fault_yaml_parser_parse(yaml_parser_t *parser, yaml_event_t *event)
{
	if (!fault_now("yaml_parser_parse", CAN_MEMORY))
		return yaml_parser_parse(parser, event);
	*event = (yaml_event_t){0};
	parser->error = YAML_MEMORY_ERROR;
	return 0;
}

/* -- libcurl */

MAKES(CURL *, curl_easy_init, (void), (), CAN_MEMORY, NULL)
FREES(curl_easy_cleanup, CURL *)
FALLIBLE(CURLcode, curl_global_init, (long flags), (flags), CAN_MEMORY, CURLE_OUT_OF_MEMORY)
FALLIBLE(CURLcode, curl_easy_perform, (CURL *curl), (curl), CAN_MEMORY, CURLE_OUT_OF_MEMORY)

CURLcode fault_curl_easy_setopt(CURL *curl, CURLoption option, ...);
CURLcode
fault_curl_easy_setopt(CURL *curl, CURLoption option, ...)
{
	va_list args;

	va_start(args, option);
	long number = option < CURLOPTTYPE_OBJECTPOINT ? va_arg(args, long) : 0;
	curl_off_t offset = option >= CURLOPTTYPE_OFF_T && option < CURLOPTTYPE_BLOB ? va_arg(args, curl_off_t) : 0;
	void *pointer = option >= CURLOPTTYPE_OBJECTPOINT && option < CURLOPTTYPE_OFF_T ? va_arg(args, void *) : NULL;
	va_end(args);
	if (fault_now("curl_easy_setopt", CAN_MEMORY))
		return CURLE_OUT_OF_MEMORY;
	if (option < CURLOPTTYPE_OBJECTPOINT)
		return curl_easy_setopt(curl, option, number);
	return option >= CURLOPTTYPE_OFF_T ? curl_easy_setopt(curl, option, offset) : curl_easy_setopt(curl, option, pointer);
}

CURLcode fault_curl_easy_getinfo(CURL *curl, CURLINFO info, void *out);
CURLcode
fault_curl_easy_getinfo(CURL *curl, CURLINFO info, void *out)
{
	return fault_now("curl_easy_getinfo", CAN_MEMORY) ? CURLE_OUT_OF_MEMORY : curl_easy_getinfo(curl, info, out);
}

/* -- OpenSSL: its queue of errors says that it was memory */

static bool
crypto_now(const char *name)
{
	if (!fault_now(name, CAN_MEMORY))
		return false;
	ERR_raise(ERR_LIB_EVP, ERR_R_MALLOC_FAILURE);
	return true;
}

#define CRYPTO(type, name, params, args, failure) \
	type fault_##name params; \
	type fault_##name params \
	{ \
		return crypto_now(#name) ? failure : name args; \
	}
#define CRYPTO_MAKES(type, name, params, args) \
	type fault_##name params; \
	type fault_##name params \
	{ \
		return crypto_now(#name) ? NULL : fault_hold(name args, #name); \
	}

CRYPTO(int, EVP_Digest, (const void *data, size_t size, unsigned char *out, unsigned *out_bytes, const EVP_MD *type, ENGINE *engine), (data, size, out, out_bytes, type, engine), 0)
CRYPTO_MAKES(EVP_MD_CTX *, EVP_MD_CTX_new, (void), ())
FREES(EVP_MD_CTX_free, EVP_MD_CTX *)
CRYPTO(int, EVP_DigestInit_ex, (EVP_MD_CTX *ctx, const EVP_MD *type, ENGINE *engine), (ctx, type, engine), 0)
CRYPTO(int, EVP_DigestUpdate, (EVP_MD_CTX *ctx, const void *data, size_t size), (ctx, data, size), 0)
CRYPTO(int, EVP_DigestFinal_ex, (EVP_MD_CTX *ctx, unsigned char *out, unsigned *size), (ctx, out, size), 0)
CRYPTO(int, EVP_DigestSignInit, (EVP_MD_CTX *ctx, EVP_PKEY_CTX **key_ctx, const EVP_MD *type, ENGINE *engine, EVP_PKEY *key), (ctx, key_ctx, type, engine, key), 0)
CRYPTO(int, EVP_DigestSign, (EVP_MD_CTX *ctx, unsigned char *out, size_t *out_bytes, const unsigned char *data, size_t size), (ctx, out, out_bytes, data, size), 0)
CRYPTO(unsigned char *, HMAC, (const EVP_MD *type, const void *key, int key_bytes, const unsigned char *data, size_t size, unsigned char *out, unsigned *out_bytes), (type, key, key_bytes, data, size, out, out_bytes), NULL)

CRYPTO_MAKES(BIO *, BIO_new_mem_buf, (const void *data, int size), (data, size))
FREES(BIO_free, BIO *)
CRYPTO_MAKES(EVP_PKEY *, PEM_read_bio_PrivateKey, (BIO *bio, EVP_PKEY **key, pem_password_cb *ask, void *data), (bio, key, ask, data))
CRYPTO_MAKES(EVP_PKEY *, EVP_PKEY_new_raw_private_key, (int type, ENGINE *engine, const unsigned char *data, size_t size), (type, engine, data, size))
FREES(EVP_PKEY_free, EVP_PKEY *)
CRYPTO_MAKES(EVP_PKEY_CTX *, EVP_PKEY_CTX_new_from_name, (OSSL_LIB_CTX *library, const char *name, const char *query), (library, name, query))
CRYPTO_MAKES(EVP_PKEY_CTX *, EVP_PKEY_CTX_new_from_pkey, (OSSL_LIB_CTX *library, EVP_PKEY *key, const char *query), (library, key, query))
FREES(EVP_PKEY_CTX_free, EVP_PKEY_CTX *)
CRYPTO(int, EVP_PKEY_fromdata_init, (EVP_PKEY_CTX *ctx), (ctx), 0)
CRYPTO(int, EVP_PKEY_pairwise_check, (EVP_PKEY_CTX *ctx), (ctx), 0)
CRYPTO(int, EVP_PKEY_get_group_name, (const EVP_PKEY *key, char *name, size_t size, size_t *length), (key, name, size, length), 0)
CRYPTO(int, EVP_PKEY_get_octet_string_param, (const EVP_PKEY *key, const char *name, unsigned char *out, size_t size, size_t *length), (key, name, out, size, length), 0)
CRYPTO(int, EVP_PKEY_get_raw_public_key, (const EVP_PKEY *key, unsigned char *out, size_t *size), (key, out, size), 0)
CRYPTO(int, EVP_PKEY_set_utf8_string_param, (EVP_PKEY *key, const char *name, const char *text), (key, name, text), 0)

int fault_EVP_PKEY_fromdata(EVP_PKEY_CTX *ctx, EVP_PKEY **key, int selection, OSSL_PARAM params[]);
int
fault_EVP_PKEY_fromdata(EVP_PKEY_CTX *ctx, EVP_PKEY **key, int selection, OSSL_PARAM params[])
{
	if (crypto_now("EVP_PKEY_fromdata"))
		return 0;
	int is_made = EVP_PKEY_fromdata(ctx, key, selection, params);
	if (is_made == 1)
		fault_hold(*key, "EVP_PKEY_fromdata");
	return is_made;
}

int fault_EVP_PKEY_get_bn_param(const EVP_PKEY *key, const char *name, BIGNUM **number);
int
fault_EVP_PKEY_get_bn_param(const EVP_PKEY *key, const char *name, BIGNUM **number)
{
	if (crypto_now("EVP_PKEY_get_bn_param"))
		return 0;
	bool is_new = !*number;
	int is_there = EVP_PKEY_get_bn_param(key, name, number);
	if (is_there == 1 && is_new)
		fault_hold(*number, "EVP_PKEY_get_bn_param");
	return is_there;
}

CRYPTO_MAKES(BIGNUM *, BN_new, (void), ())
CRYPTO_MAKES(BIGNUM *, BN_secure_new, (void), ())
CRYPTO_MAKES(BIGNUM *, BN_dup, (const BIGNUM *number), (number))
FREES(BN_free, BIGNUM *)
FREES(BN_clear_free, BIGNUM *)
CRYPTO_MAKES(BN_CTX *, BN_CTX_new, (void), ())
FREES(BN_CTX_free, BN_CTX *)
CRYPTO(int, BN_div, (BIGNUM *quotient, BIGNUM *rest, const BIGNUM *a, const BIGNUM *b, BN_CTX *ctx), (quotient, rest, a, b, ctx), 0)
CRYPTO(int, BN_mul, (BIGNUM *product, const BIGNUM *a, const BIGNUM *b, BN_CTX *ctx), (product, a, b, ctx), 0)
CRYPTO(int, BN_sub_word, (BIGNUM *number, BN_ULONG word), (number, word), 0)
CRYPTO(int, BN_bn2binpad, (const BIGNUM *number, unsigned char *out, int size), (number, out, size), -1)

BIGNUM *fault_BN_bin2bn(const unsigned char *data, int size, BIGNUM *to);
BIGNUM *
fault_BN_bin2bn(const unsigned char *data, int size, BIGNUM *to)
{
	if (crypto_now("BN_bin2bn"))
		return NULL;
	BIGNUM *number = BN_bin2bn(data, size, to);
	return to ? number : fault_hold(number, "BN_bin2bn");
}

CRYPTO_MAKES(ECDSA_SIG *, d2i_ECDSA_SIG, (ECDSA_SIG **to, const unsigned char **data, long size), (to, data, size))
FREES(ECDSA_SIG_free, ECDSA_SIG *)
CRYPTO_MAKES(OSSL_PARAM_BLD *, OSSL_PARAM_BLD_new, (void), ())
FREES(OSSL_PARAM_BLD_free, OSSL_PARAM_BLD *)
CRYPTO(int, OSSL_PARAM_BLD_push_BN, (OSSL_PARAM_BLD *build, const char *name, const BIGNUM *number), (build, name, number), 0)
CRYPTO(int, OSSL_PARAM_BLD_push_octet_string, (OSSL_PARAM_BLD *build, const char *name, const void *data, size_t size), (build, name, data, size), 0)
CRYPTO(int, OSSL_PARAM_BLD_push_utf8_string, (OSSL_PARAM_BLD *build, const char *name, const char *text, size_t size), (build, name, text, size), 0)
CRYPTO_MAKES(OSSL_PARAM *, OSSL_PARAM_BLD_to_param, (OSSL_PARAM_BLD *build), (build))
FREES(OSSL_PARAM_free, OSSL_PARAM *)

CRYPTO_MAKES(X509 *, PEM_read_bio_X509, (BIO *bio, X509 **to, pem_password_cb *ask, void *data), (bio, to, ask, data))
FREES(X509_free, X509 *)

int fault_i2d_X509_PUBKEY(const X509_PUBKEY *key, unsigned char **out);
int
fault_i2d_X509_PUBKEY(const X509_PUBKEY *key, unsigned char **out)
{
	if (crypto_now("i2d_X509_PUBKEY"))
		return -1;
	bool is_new = !*out;
	int size = i2d_X509_PUBKEY(key, out);
	if (is_new && size > 0)
		fault_hold(*out, "i2d_X509_PUBKEY");
	return size;
}

void fault_CRYPTO_free(void *thing, const char *file, int line);
void
fault_CRYPTO_free(void *thing, const char *file, int line)
{
	fault_drop(thing);
	CRYPTO_free(thing, file, line);
}

CRYPTO(int, ASN1_INTEGER_get_int64, (int64_t *out, const ASN1_INTEGER *number), (out, number), 0)
CRYPTO_MAKES(EVP_CIPHER_CTX *, EVP_CIPHER_CTX_new, (void), ())
FREES(EVP_CIPHER_CTX_free, EVP_CIPHER_CTX *)
CRYPTO(int, EVP_CIPHER_CTX_ctrl, (EVP_CIPHER_CTX *ctx, int type, int number, void *data), (ctx, type, number, data), 0)
CRYPTO_MAKES(EVP_CIPHER *, EVP_CIPHER_fetch, (OSSL_LIB_CTX *library, const char *name, const char *query), (library, name, query))
FREES(EVP_CIPHER_free, EVP_CIPHER *)
CRYPTO(int, EVP_DecryptInit_ex, (EVP_CIPHER_CTX *ctx, const EVP_CIPHER *cipher, ENGINE *engine, const unsigned char *key, const unsigned char *iv), (ctx, cipher, engine, key, iv), 0)
CRYPTO(int, EVP_DecryptUpdate, (EVP_CIPHER_CTX *ctx, unsigned char *out, int *out_bytes, const unsigned char *data, int size), (ctx, out, out_bytes, data, size), 0)
CRYPTO(int, EVP_DecryptFinal_ex, (EVP_CIPHER_CTX *ctx, unsigned char *out, int *out_bytes), (ctx, out, out_bytes), 0)
CRYPTO_MAKES(EVP_MAC *, EVP_MAC_fetch, (OSSL_LIB_CTX *library, const char *name, const char *query), (library, name, query))
FREES(EVP_MAC_free, EVP_MAC *)
CRYPTO_MAKES(EVP_MAC_CTX *, EVP_MAC_CTX_new, (EVP_MAC *mac), (mac))
FREES(EVP_MAC_CTX_free, EVP_MAC_CTX *)
CRYPTO(int, EVP_MAC_init, (EVP_MAC_CTX *ctx, const unsigned char *key, size_t size, const OSSL_PARAM params[]), (ctx, key, size, params), 0)
CRYPTO(int, EVP_MAC_update, (EVP_MAC_CTX *ctx, const unsigned char *data, size_t size), (ctx, data, size), 0)
CRYPTO(int, EVP_MAC_final, (EVP_MAC_CTX *ctx, unsigned char *out, size_t *out_bytes, size_t room), (ctx, out, out_bytes, room), 0)
CRYPTO_MAKES(EVP_PKEY *, EVP_PKCS82PKEY, (const PKCS8_PRIV_KEY_INFO *info), (info))
CRYPTO_MAKES(EVP_PKEY *, d2i_PrivateKey, (int type, EVP_PKEY **to, const unsigned char **data, long size), (type, to, data, size))
CRYPTO_MAKES(PKCS8_PRIV_KEY_INFO *, PKCS8_decrypt, (const X509_SIG *sealed, const char *pass, int pass_bytes), (sealed, pass, pass_bytes))
CRYPTO_MAKES(PKCS8_PRIV_KEY_INFO *, d2i_PKCS8_PRIV_KEY_INFO, (PKCS8_PRIV_KEY_INFO **to, const unsigned char **data, long size), (to, data, size))
FREES(PKCS8_PRIV_KEY_INFO_free, PKCS8_PRIV_KEY_INFO *)
CRYPTO_MAKES(X509_SIG *, d2i_X509_SIG, (X509_SIG **to, const unsigned char **data, long size), (to, data, size))
FREES(X509_SIG_free, X509_SIG *)
CRYPTO_MAKES(PBE2PARAM *, d2i_PBE2PARAM, (PBE2PARAM **to, const unsigned char **data, long size), (to, data, size))
FREES(PBE2PARAM_free, PBE2PARAM *)
CRYPTO_MAKES(PBEPARAM *, d2i_PBEPARAM, (PBEPARAM **to, const unsigned char **data, long size), (to, data, size))
FREES(PBEPARAM_free, PBEPARAM *)
CRYPTO_MAKES(PBKDF2PARAM *, d2i_PBKDF2PARAM, (PBKDF2PARAM **to, const unsigned char **data, long size), (to, data, size))
FREES(PBKDF2PARAM_free, PBKDF2PARAM *)
CRYPTO_MAKES(SCRYPT_PARAMS *, d2i_SCRYPT_PARAMS, (SCRYPT_PARAMS **to, const unsigned char **data, long size), (to, data, size))
FREES(SCRYPT_PARAMS_free, SCRYPT_PARAMS *)

/* What it makes is let go of by CRYPTO_free() and CRYPTO_clear_free(). */
int fault_PEM_read_bio(BIO *bio, char **name, char **header, unsigned char **data, long *size);
int
fault_PEM_read_bio(BIO *bio, char **name, char **header, unsigned char **data, long *size)
{
	if (crypto_now("PEM_read_bio"))
		return 0;
	int is_read = PEM_read_bio(bio, name, header, data, size);
	if (is_read == 1) {
		fault_hold(*name, "PEM_read_bio");
		fault_hold(*header, "PEM_read_bio");
		fault_hold(*data, "PEM_read_bio");
	}
	return is_read;
}
CRYPTO(int, PEM_do_header, (EVP_CIPHER_INFO *info, unsigned char *data, long *size, pem_password_cb *ask, void *owner), (info, data, size, ask, owner), 0)
CRYPTO(int, PEM_get_EVP_CIPHER_INFO, (char *header, EVP_CIPHER_INFO *info), (header, info), 0)

void fault_CRYPTO_clear_free(void *thing, size_t size, const char *file, int line);
void
fault_CRYPTO_clear_free(void *thing, size_t size, const char *file, int line)
{
	fault_drop(thing);
	CRYPTO_clear_free(thing, size, file, line);
}
