/* SPDX-License-Identifier: Apache-2.0 */
/* bcrypt_pbkdf: how ssh-keygen makes a key of a passphrase (bcrypt_pbkdf(3) of OpenBSD). Slow on purpose: some milliseconds
 * a round. */
#ifndef KBI_BCRYPT_H
#define KBI_BCRYPT_H

#include <stdatomic.h>
#include <stdint.h>

#include <kb/common.h>

#define KBI_BCRYPT_KEY_MAX ((size_t)128)

struct kbi_bcrypt {
	const void *passphrase, *salt;
	size_t passphrase_bytes, salt_bytes;	/* neither is 0 */
	uint32_t rounds;			/* from 1 */
	const atomic_bool *is_cancelled;	/* looked at in each round; NULL: never */
};

/* Fills key. KB_ECANCELED, KB_EINVAL (a size of 0, or more than KBI_BCRYPT_KEY_MAX), KB_ENOMEM. */
kb_status kbi_bcrypt(const struct kbi_bcrypt *want, unsigned char *key, size_t key_bytes);

#endif
