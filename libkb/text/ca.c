/* SPDX-License-Identifier: Apache-2.0 */
#include "text/ca.h"

#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/buf.h"
#include "base/scarce.h"
#include "base/str.h"
#include "text/bound.h"

#define HASH_PREFIX "sha256:"
#define HASH_DIGITS 64

/* OpenSSL would otherwise ask the terminal for the password of an encrypted block. */
static int
no_password(char *buffer, int size, int is_writing, void *data)
{
	(void)buffer;
	(void)size;
	(void)is_writing;
	(void)data;
	return -1;
}

static X509 *
read_certificate(const void *pem, size_t pem_bytes)
{
	BIO *bio = pem_bytes && pem_bytes <= INT_MAX ? BIO_new_mem_buf(pem, (int)pem_bytes) : NULL;
	X509 *certificate = bio ? PEM_read_bio_X509(bio, NULL, no_password, NULL) : NULL;

	BIO_free(bio);
	return certificate;
}

/* SHA-256 of the DER form of SubjectPublicKeyInfo: kubeadm's pubkeypin.Hash (RFC 7469, section 2.4). */
static bool
hash_public_key(X509 *certificate, struct kbi_buf *out)
{
	unsigned char digest[EVP_MAX_MD_SIZE], *der = NULL;
	unsigned int digest_bytes = 0;
	int der_bytes = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
	bool has_hash = der_bytes > 0
		&& EVP_Digest(der, (size_t)der_bytes, digest, &digest_bytes, EVP_sha256(), NULL) == 1;

	OPENSSL_free(der);
	if (!has_hash) {
		kbi_scarce();
		return false;
	}
	kbi_buf_add(out, HASH_PREFIX);
	kbi_str_hex(out, digest, digest_bytes);
	return true;
}

kb_status
kbi_ca_hash(const void *pem, size_t pem_bytes, struct kbi_buf *out, struct kb_err *err)
{
	kb_status status = kbi_bound_in("certificate", pem, pem_bytes, KBI_SIZE_TEXT, err);

	if (status)
		return status;
	ERR_set_mark();		/* what fails here is not for the caller's queue of OpenSSL errors */
	X509 *certificate = read_certificate(pem, pem_bytes);
	bool has_hash = certificate && hash_public_key(certificate, out);
	bool has_memory = ERR_GET_REASON(ERR_peek_last_error()) != ERR_R_MALLOC_FAILURE;
	X509_free(certificate);
	ERR_pop_to_mark();
	if (!has_hash && !has_memory)
		return kbi_fail_memory(err);
	if (!has_hash)
		return kbi_fail(err, KB_EINVAL, "certificate: no PEM certificate in %zu bytes", pem_bytes);
	return kbi_bound_out("certificate hash", out, err);
}

kb_status
kbi_ca_hash_check(const char *hash, struct kb_err *err)
{
	const char *digits = kbi_str_starts(hash, HASH_PREFIX) ? hash + strlen(HASH_PREFIX) : "";

	if (strspn(digits, "0123456789abcdefABCDEF") != HASH_DIGITS || digits[HASH_DIGITS])
		return kbi_fail(err, KB_EINVAL,
			"CA certificate hash \"%.80s\": not sha256: and 64 hexadecimal digits", hash ? hash : "");
	return KB_OK;
}
