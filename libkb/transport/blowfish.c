/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/blowfish.h"

#include <stdbool.h>
#include <string.h>

/* -- the start: the first 33,344 bits of pi behind its point. As a table they are 4 KiB of the library */

#define STATE_WORDS (18 + 4 * 256)
#define WORDS (1 + STATE_WORDS + 2)	/* one before the point, and two for what each of some 15,000 terms is wrong by */

/* A fixed-point number, its first word before the point; the words in front of `first` are 0. */
struct number {
	uint32_t words[WORDS];
	size_t first;
};

static void
divide(struct number *n, uint32_t by)
{
	uint64_t rest = 0;

	for (size_t i = n->first; i < WORDS; i++) {
		rest = rest << 32 | n->words[i];
		n->words[i] = (uint32_t)(rest / by);
		rest %= by;
	}
	while (n->first < WORDS && !n->words[n->first])
		n->first++;
}

static void
add(uint32_t *sum, const struct number *n, bool is_minus)
{
	uint64_t carry = 0;

	for (size_t i = WORDS; i-- > 0 && (i >= n->first || carry);) {
		uint64_t word = i < n->first ? 0 : n->words[i];
		carry = is_minus ? sum[i] - word - carry : sum[i] + word + carry;
		sum[i] = (uint32_t)carry;
		carry = carry >> 32 & 1;
	}
}

/* factor * atan(1 / n): n^-1 - n^-3 / 3 + n^-5 / 5 ... */
static void
add_arctan(uint32_t *sum, uint32_t factor, uint32_t n, bool is_minus)
{
	struct number power = {.words = {factor}}, term;

	divide(&power, n);
	for (uint32_t k = 1; power.first < WORDS; k += 2, is_minus = !is_minus) {
		term = power;
		divide(&term, k);
		add(sum, &term, is_minus);
		divide(&power, n * n);
	}
}

void
kbi_blowfish_start(struct kbi_blowfish *state)
{
	uint32_t pi[WORDS] = {0};

	add_arctan(pi, 16, 5, false);	/* J. Machin, 1706: pi / 4 = 4 atan(1 / 5) - atan(1 / 239) */
	add_arctan(pi, 4, 239, true);
	memcpy(state->p, pi + 1, sizeof(state->p));
	memcpy(state->s, pi + 1 + 18, sizeof(state->s));
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
