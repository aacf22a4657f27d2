/* SPDX-License-Identifier: Apache-2.0 */
/* Private keys as OpenSSL writes them: PKCS#8, and the older forms with a name of their own. Only those that can log in
 * are given to OpenSSL's readers: others can be made to calculate for hours. */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <string.h>

#include "base/str.h"
#include "transport/key_parts.h"

struct block {			/* of a PEM file */
	const char *name;	/* of the file */
	char *label, *header;
	unsigned char *data;
	long size_bytes;
};

static void
free_block(struct block *block)
{
	OPENSSL_free(block->label);
	OPENSSL_free(block->header);
	if (block->data)
		OPENSSL_clear_free(block->data, (size_t)block->size_bytes);
	block->label = block->header = NULL;
	block->data = NULL;
}

/* EC keys may have their parameters in a block of their own, before them. */
static bool
read_block(struct block *block, const char *data, size_t size_bytes)
{
	static const char wanted[] = "PRIVATE KEY";
	BIO *bio = BIO_new_mem_buf(data, (int)size_bytes);
	bool is_found = false;

	while (bio && !is_found
		&& PEM_read_bio(bio, &block->label, &block->header, &block->data, &block->size_bytes) == 1) {
		size_t length = strlen(block->label);
		is_found = length >= strlen(wanted)
			&& strcmp(block->label + length - strlen(wanted), wanted) == 0;
		if (!is_found)
			free_block(block);
	}
	BIO_free(bio);
	return is_found;
}

static int
give_passphrase(char *buffer, int size, int is_writing, void *data)
{
	const struct kbi_entry *passphrase = data;

	(void)is_writing;
	if (size < 0 || passphrase->size_bytes > (size_t)size)
		return -1;
	memcpy(buffer, passphrase->value, passphrase->size_bytes);
	return (int)passphrase->size_bytes;
}

static bool
has_passphrase(const struct kbi_key_way *way)
{
	return way->passphrase && way->passphrase->size_bytes;
}

/* RFC 1421: one round of MD5 makes the key, and the padding alone says whether it was right. */
static EVP_PKEY *
read_older(struct block *block, int type, const struct kbi_key_way *way, struct kb_err *err)
{
	EVP_CIPHER_INFO info;
	EVP_PKEY *pkey = NULL;

	if (PEM_get_EVP_CIPHER_INFO(block->header, &info) != 1) {
		kbi_key_damaged(block->name, err);
		return NULL;
	}
	bool is_open = !info.cipher
		|| (has_passphrase(way)
			&& PEM_do_header(&info, block->data, &block->size_bytes, give_passphrase,
				   (void *)(uintptr_t)way->passphrase) == 1);
	const unsigned char *at = block->data;
	if (is_open)
		pkey = d2i_PrivateKey(type, NULL, &at, block->size_bytes);
	if (!pkey && info.cipher)
		kbi_key_refuse_passphrase(block->name, way, err);
	else if (!pkey)
		kbi_key_damaged(block->name, err);
	return pkey;
}

static EVP_PKEY *
take_pkcs8(const struct block *block, PKCS8_PRIV_KEY_INFO *info, struct kb_err *err)
{
	const ASN1_OBJECT *oid = NULL;
	EVP_PKEY *pkey = NULL;

	if (PKCS8_pkey_get0(&oid, NULL, NULL, NULL, info) != 1) {
		kbi_key_damaged(block->name, err);
		return NULL;
	}
	int type = OBJ_obj2nid(oid);
	if (type == NID_rsaEncryption || type == NID_X9_62_id_ecPublicKey || type == NID_ED25519) {
		pkey = EVP_PKCS82PKEY(info);
		if (!pkey)
			kbi_key_damaged(block->name, err);
	} else {
		const char *text = type == NID_undef ? "unknown" : OBJ_nid2sn(type);
		kbi_key_refuse_type(block->name, text, strlen(text), err);
	}
	return pkey;
}

static EVP_PKEY *
read_pkcs8(struct block *block, struct kb_err *err)
{
	const unsigned char *at = block->data;
	PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, block->size_bytes);
	EVP_PKEY *pkey = NULL;

	if (info)
		pkey = take_pkcs8(block, info, err);
	else
		kbi_key_damaged(block->name, err);
	PKCS8_PRIV_KEY_INFO_free(info);
	return pkey;
}

/* -1: cannot be said */
static int64_t
number_of(const ASN1_INTEGER *number)
{
	int64_t value = -1;

	return number && ASN1_INTEGER_get_int64(&value, number) == 1 ? value : -1;
}

static int64_t
count_pbkdf2(const unsigned char *at, long size_bytes)
{
	PBKDF2PARAM *param = d2i_PBKDF2PARAM(NULL, &at, size_bytes);
	int64_t count = param ? number_of(param->iter) : -1;

	PBKDF2PARAM_free(param);
	return count;
}

/* In iterations of PBKDF2: each of its N * r * p steps is 128 bytes of Salsa20/8. */
static int64_t
count_scrypt(const unsigned char *at, long size_bytes)
{
	SCRYPT_PARAMS *param = d2i_SCRYPT_PARAMS(NULL, &at, size_bytes);
	int64_t product = param ? 1 : -1;

	if (param) {
		const ASN1_INTEGER *factors[] = {
			param->costParameter, param->blockSize, param->parallelizationParameter};
		for (size_t i = 0; i < 3 && product > 0; i++) {
			int64_t factor = number_of(factors[i]);
			product = factor < 1 || factor > INT32_MAX || product > INT32_MAX ? -1 : product * factor;
		}
	}
	SCRYPT_PARAMS_free(param);
	return product;
}

static int64_t
count_pbes2(const unsigned char *at, long size_bytes)
{
	PBE2PARAM *param = d2i_PBE2PARAM(NULL, &at, size_bytes);
	const ASN1_OBJECT *oid = NULL;
	const void *value = NULL;
	int type = V_ASN1_UNDEF;
	int64_t count = -1;

	if (param)
		X509_ALGOR_get0(&oid, &type, &value, param->keyfunc);
	if (type == V_ASN1_SEQUENCE && OBJ_obj2nid(oid) == NID_id_pbkdf2)
		count = count_pbkdf2(ASN1_STRING_get0_data(value), ASN1_STRING_length(value));
	else if (type == V_ASN1_SEQUENCE && OBJ_obj2nid(oid) == NID_id_scrypt)
		count = count_scrypt(ASN1_STRING_get0_data(value), ASN1_STRING_length(value));
	PBE2PARAM_free(param);
	return count;
}

static int64_t
count_pbes1(const unsigned char *at, long size_bytes)
{
	PBEPARAM *param = d2i_PBEPARAM(NULL, &at, size_bytes);
	int64_t count = param ? number_of(param->iter) : -1;

	PBEPARAM_free(param);
	return count;
}

/* How often it hashes the passphrase; -1: damaged, or of a kind that is not known. */
static int64_t
count_iterations(const X509_SIG *sealed)
{
	const X509_ALGOR *algorithm = NULL;
	const ASN1_OBJECT *oid = NULL;
	const void *value = NULL;
	int type = V_ASN1_UNDEF;

	X509_SIG_get0(sealed, &algorithm, NULL);
	X509_ALGOR_get0(&oid, &type, &value, algorithm);
	if (type != V_ASN1_SEQUENCE)
		return -1;
	const unsigned char *at = ASN1_STRING_get0_data(value);
	long size_bytes = ASN1_STRING_length(value);
	return OBJ_obj2nid(oid) == NID_pbes2 ? count_pbes2(at, size_bytes) : count_pbes1(at, size_bytes);
}

static EVP_PKEY *
open_pkcs8(struct block *block, const X509_SIG *sealed, const struct kbi_key_way *way, struct kb_err *err)
{
	uint32_t rounds_max = way->rounds_max ? way->rounds_max : KBI_KEY_ROUNDS_MAX;
	int64_t most = (int64_t)rounds_max * KBI_KEY_ITERATIONS_A_ROUND, count = count_iterations(sealed);
	EVP_PKEY *pkey = NULL;

	if (count < 1)
		kbi_key_damaged(block->name, err);
	else if (count > most)
		kbi_key_refuse_rounds(block->name, count, most, err);
	if (count < 1 || count > most)
		return NULL;
	PKCS8_PRIV_KEY_INFO *info = has_passphrase(way)
		? PKCS8_decrypt(sealed, way->passphrase->value, (int)way->passphrase->size_bytes)
		: NULL;
	if (info)
		pkey = take_pkcs8(block, info, err);
	else
		kbi_key_refuse_passphrase(block->name, way, err);
	PKCS8_PRIV_KEY_INFO_free(info);
	return pkey;
}

static EVP_PKEY *
read_sealed(struct block *block, const struct kbi_key_way *way, struct kb_err *err)
{
	const unsigned char *at = block->data;
	X509_SIG *sealed = d2i_X509_SIG(NULL, &at, block->size_bytes);
	EVP_PKEY *pkey = NULL;

	if (sealed)
		pkey = open_pkcs8(block, sealed, way, err);
	else
		kbi_key_damaged(block->name, err);
	X509_SIG_free(sealed);
	return pkey;
}

static EVP_PKEY *
read_label(struct block *block, const struct kbi_key_way *way, struct kb_err *err)
{
	if (strcmp(block->label, "PRIVATE KEY") == 0)
		return read_pkcs8(block, err);
	if (strcmp(block->label, "ENCRYPTED PRIVATE KEY") == 0)
		return read_sealed(block, way, err);
	if (strcmp(block->label, "RSA PRIVATE KEY") == 0)
		return read_older(block, EVP_PKEY_RSA, way, err);
	if (strcmp(block->label, "EC PRIVATE KEY") == 0)
		return read_older(block, EVP_PKEY_EC, way, err);
	kbi_key_refuse_type(block->name, block->label, strlen(block->label) - strlen(" PRIVATE KEY"), err);
	return NULL;
}

EVP_PKEY *
kbi_key_pem(const char *name, const char *data, size_t size_bytes, const struct kbi_key_way *way, struct kb_err *err)
{
	struct block block = {.name = name};
	EVP_PKEY *pkey = NULL;

	if (read_block(&block, data, size_bytes))
		pkey = read_label(&block, way, err);
	else
		kbi_key_damaged(name, err);
	free_block(&block);
	ERR_clear_error();	/* the queue is the thread's, and the program's too */
	return pkey;
}
