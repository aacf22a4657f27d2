/* SPDX-License-Identifier: Apache-2.0 */
/* A private key for logging in, whatever file it came from, and what it signs. Never changed once it is made.
 */
#ifndef KBI_KEY_H
#define KBI_KEY_H

#include <openssl/evp.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"

#define KBI_KEY_MAX ((size_t)64 << 10)	/* bytes of a key file */
/* ssh-keygen makes 16 or 24 unless told (-a); each takes some milliseconds. A file may ask for 2^32. */
#define KBI_KEY_ROUNDS_MAX 4096

struct kbi_key {
	char *name;		/* of its file, for messages */
	EVP_PKEY *pkey;
	const char *type;	/* as in a .pub file: ssh-ed25519, ecdsa-sha2-nistp256, ssh-rsa */
	const char *algorithm;	/* what it signs with: the same, but rsa-sha2-256 for RSA */
	const EVP_MD *digest;	/* NULL: the algorithm brings its own */
	struct kbi_buf blob;	/* the public key for the login request; its type name is the algorithm's */
};

/* How an encrypted key may be opened. */
struct kbi_key_way {
	const struct kbi_entry *passphrase;	/* NULL: none was given */
	uint32_t rounds_max;			/* of bcrypt; other ways in proportion; 0: KBI_KEY_ROUNDS_MAX */
	const atomic_bool *is_cancelled;	/* opening takes a while on purpose; NULL: never */
};

/* Reads a key. The ids of its errors: key.public, key.certificate, key.format (another program's), key.empty,
 * key.too-large, key.not-a-key, key.damaged (KB_EINVAL); key.type, key.cipher, key.kdf, key.rounds
 * (KB_EUNSUPPORTED); key.encrypted (no passphrase was given), key.passphrase (it does not open it) (KB_EAUTH). */
kb_status kbi_key_parse(struct kbi_key *key, const char *name, const char *data, size_t size_bytes,
	const struct kbi_key_way *way, struct kb_err *err);
void kbi_key_free(struct kbi_key *key);

/* A key's file, opened: never waits, not even for a FIFO. st is what it is; a mode that ssh(1) would refuse is
 * refused by kbi_key_check_mode(), later, so that a public key is called one whatever its mode. Returns the
 * descriptor, or -1. Ids: key.missing, key.unreadable, key.not-a-file, key.too-large. */
int kbi_key_open(const char *path, struct stat *st, struct kb_err *err);
kb_status kbi_key_read(int fd, const char *path, struct kbi_buf *data, struct kb_err *err);
kb_status kbi_key_check_mode(const char *path, const struct stat *st, struct kb_err *err);	/* key.mode */
/* all of these, and kbi_key_parse(), in one; err is needed */
kb_status kbi_key_load(struct kbi_key *key, const char *path, const struct kbi_key_way *way, struct kb_err *err);

/* The signature as RFC 4253 section 6.6 wants it, without the leading algorithm name. malloc()ed; NULL when
 * it cannot be made. */
unsigned char *kbi_key_sign(
	const struct kbi_key *key, const void *data, size_t size_bytes, size_t *signature_bytes);

#endif
