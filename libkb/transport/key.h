/* SPDX-License-Identifier: Apache-2.0 */
/* A private key for logging in, whatever file it came from, and what it signs. Never changed once it is made.
 */
#ifndef KBI_KEY_H
#define KBI_KEY_H

#include <openssl/evp.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"

#define KBI_KEY_MAX ((size_t)64 << 10)	/* bytes of a key file */

struct kbi_key {
	char *name;		/* of its file, for messages */
	EVP_PKEY *pkey;
	const char *type;	/* as in a .pub file: ssh-ed25519, ecdsa-sha2-nistp256, ssh-rsa */
	const char *algorithm;	/* what it signs with: the same, but rsa-sha2-256 for RSA */
	const EVP_MD *digest;	/* NULL: the algorithm brings its own */
	struct kbi_buf blob;	/* the public key for the login request; its type name is the algorithm's */
};

/* Reads a key. KB_EINVAL: not a private key that we can use; KB_EAUTH: it needs a passphrase that was not
 * given, or another one; KB_EIO. */
kb_status kbi_key_parse(struct kbi_key *key, const char *name, const char *data, size_t size_bytes,
	const struct kbi_entry *passphrase, struct kb_err *err);
kb_status kbi_key_load(
	struct kbi_key *key, const char *path, const struct kbi_entry *passphrase, struct kb_err *err);
void kbi_key_free(struct kbi_key *key);

/* The signature as RFC 4253 section 6.6 wants it, without the leading algorithm name. malloc()ed; NULL when
 * it cannot be made. */
unsigned char *kbi_key_sign(
	const struct kbi_key *key, const void *data, size_t size_bytes, size_t *signature_bytes);

/* OpenSSH's own format, from the text between its BEGIN and END lines already decoded. NULL with err set. */
EVP_PKEY *kbi_key_openssh(const char *name, const unsigned char *data, size_t size_bytes, struct kb_err *err);

#endif
