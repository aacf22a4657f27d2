/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of the private keys, shared by the files that read them: key.c (which kind of file), key_pem.c, key_openssh.c,
 * key_cipher.c. */
#ifndef KBI_KEY_PARTS_H
#define KBI_KEY_PARTS_H

#include "transport/key.h"
#include "transport/wire.h"

#define KBI_KEY_ITERATIONS_A_ROUND 1024		/* of PBKDF2: about as much work as a round of bcrypt */

kb_status kbi_key_fail(struct kb_err *err, kb_status code, const char *id, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
kb_status kbi_key_damaged(const char *name, struct kb_err *err);
kb_status kbi_key_refuse_size(const char *name, long long size_bytes, struct kb_err *err);
kb_status kbi_key_refuse_type(const char *name, const char *type, size_t type_bytes, struct kb_err *err);
kb_status kbi_key_refuse_rounds(const char *name, long long rounds, long long most, struct kb_err *err);
/* No passphrase was given, or one that does not open it. */
kb_status kbi_key_refuse_passphrase(const char *name, const struct kbi_key_way *way, struct kb_err *err);

/* Both: NULL with err set. */
EVP_PKEY *kbi_key_pem(
	const char *name, const char *data, size_t size_bytes, const struct kbi_key_way *way, struct kb_err *err);
/* OpenSSH's own format, from the text between its BEGIN and END lines already decoded. */
EVP_PKEY *kbi_key_openssh(const char *name, const unsigned char *data, size_t size_bytes,
	const struct kbi_key_way *way, struct kb_err *err);

struct kbi_sealed {		/* the private half of a key in OpenSSH's format, encrypted */
	const char *name;
	struct kbi_wire cipher, kdf, kdf_options;
	struct kbi_wire data, tag;
};

/* KB_EAUTH when its tag says that the passphrase was another; most ciphers have none. */
kb_status kbi_key_unseal(
	const struct kbi_sealed *sealed, const struct kbi_key_way *way, struct kbi_buf *plain, struct kb_err *err);

#endif
