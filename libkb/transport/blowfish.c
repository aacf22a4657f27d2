/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/blowfish.h"

#include "transport/blowfish_pi.h"

void
kbi_blowfish_start(struct kbi_blowfish *state)
{
	*state = pi;
}

static inline uint32_t
mix(const struct kbi_blowfish *state, uint32_t x)
{
	uint32_t sum = state->s[0][x >> 24] + state->s[1][x >> 16 & 0xff];

	return (sum ^ state->s[2][x >> 8 & 0xff]) + state->s[3][x & 0xff];
}

void
kbi_blowfish_encrypt(const struct kbi_blowfish *state, uint32_t block[2])
{
	uint32_t left = block[0] ^ state->p[0], right = block[1];

	for (int i = 1; i < 17; i += 2) {
		right ^= mix(state, left) ^ state->p[i];
		left ^= mix(state, right) ^ state->p[i + 1];
	}
	block[0] = right ^ state->p[17];
	block[1] = left;
}

struct words {			/* read again and again from the start */
	const unsigned char *data;
	size_t size_bytes, at;
};

static uint32_t
next_word(struct words *words)
{
	const unsigned char *d = words->data + words->at;

	words->at = (words->at + 4) % words->size_bytes;
	return (uint32_t)d[0] << 24 | (uint32_t)d[1] << 16 | (uint32_t)d[2] << 8 | d[3];
}

static void
refill(const struct kbi_blowfish *state, uint32_t *words, size_t count, uint32_t block[2], struct words *salt)
{
	for (size_t i = 0; i < count; i += 2) {
		if (salt->data) {
			block[0] ^= next_word(salt);
			block[1] ^= next_word(salt);
		}
		kbi_blowfish_encrypt(state, block);
		words[i] = block[0];
		words[i + 1] = block[1];
	}
}

void
kbi_blowfish_expand(struct kbi_blowfish *state, const unsigned char *key, size_t key_bytes,
	const unsigned char *salt, size_t salt_bytes)
{
	struct words keys = {key, key_bytes, 0}, salts = {salt, salt_bytes, 0};
	uint32_t block[2] = {0, 0};

	for (size_t i = 0; i < 18; i++)
		state->p[i] ^= next_word(&keys);
	refill(state, state->p, 18, block, &salts);
	for (size_t i = 0; i < 4; i++)
		refill(state, state->s[i], 256, block, &salts);
}
