/* SPDX-License-Identifier: Apache-2.0 */
/* Blowfish (B. Schneier, 1993), as far as bcrypt needs it: OpenSSL 3 has it in a module that few programs
 * load, and not the salted key schedule at all. */
#ifndef KBI_BLOWFISH_H
#define KBI_BLOWFISH_H

#include <stddef.h>
#include <stdint.h>

struct kbi_blowfish {
	uint32_t p[18];
	uint32_t s[4][256];
};

void kbi_blowfish_start(struct kbi_blowfish *state);	/* from pi, which is calculated: a tenth of a second */
/* The key schedule; size_bytes is a multiple of 4. With a salt (a multiple of 8 bytes) it is bcrypt's own
 * (N. Provos and D. Mazieres, 1999); NULL is Schneier's. */
void kbi_blowfish_expand(struct kbi_blowfish *state, const unsigned char *key, size_t key_bytes,
	const unsigned char *salt, size_t salt_bytes);
void kbi_blowfish_encrypt(const struct kbi_blowfish *state, uint32_t block[2]);

#endif
