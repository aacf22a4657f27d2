/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/bcrypt.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "transport/blowfish.h"

#define HASH_BYTES 32
#define HASH_WORDS (HASH_BYTES / 4)
#define DIGEST_BYTES 64
#define EXPANSIONS 64		/* 2^6: bcrypt's cost, fixed here; the rounds are what varies */
#define ENCRYPTIONS 64

struct work {			/* all of it secret */
	struct kbi_blowfish start, state;
	unsigned char passphrase[DIGEST_BYTES], salt[DIGEST_BYTES];
	unsigned char hash[HASH_BYTES], sum[HASH_BYTES];
};

static uint32_t
word_of(const char *text)
{
	const unsigned char *d = (const unsigned char *)text;

	return (uint32_t)d[0] << 24 | (uint32_t)d[1] << 16 | (uint32_t)d[2] << 8 | d[3];
}

/* bcrypt of two digests: 32 bytes, where the password hash has 24, of another text, with each word turned round */
static void
hash(struct work *work)
{
	static const char text[HASH_BYTES + 1] = "OxychromaticBlowfishSwatDynamite";
	uint32_t words[HASH_WORDS];

	work->state = work->start;
	kbi_blowfish_expand(&work->state, work->passphrase, DIGEST_BYTES, work->salt, DIGEST_BYTES);
	for (int i = 0; i < EXPANSIONS; i++) {
		kbi_blowfish_expand(&work->state, work->salt, DIGEST_BYTES, NULL, 0);
		kbi_blowfish_expand(&work->state, work->passphrase, DIGEST_BYTES, NULL, 0);
	}
	for (size_t i = 0; i < HASH_WORDS; i++)
		words[i] = word_of(text + 4 * i);
	for (int n = 0; n < ENCRYPTIONS; n++)
		for (size_t i = 0; i < HASH_WORDS; i += 2)
			kbi_blowfish_encrypt(&work->state, words + i);
	for (size_t i = 0; i < HASH_BYTES; i++)
		work->hash[i] = (unsigned char)(words[i / 4] >> 8 * (i % 4));
	kbi_wipe(words, sizeof(words));
}

static bool
digest(const void *data, size_t data_bytes, const void *more, size_t more_bytes, unsigned char out[DIGEST_BYTES])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool is_done = ctx && EVP_DigestInit_ex(ctx, EVP_sha512(), NULL) == 1
		&& EVP_DigestUpdate(ctx, data, data_bytes) == 1 && EVP_DigestUpdate(ctx, more, more_bytes) == 1
		&& EVP_DigestFinal_ex(ctx, out, NULL) == 1;

	EVP_MD_CTX_free(ctx);
	return is_done;
}

/* Block number `count` of the key, from 1, into work->sum. */
static kb_status
make_block(struct work *work, const struct kbi_bcrypt *want, uint32_t count)
{
	const unsigned char number[4] = {
		(unsigned char)(count >> 24), (unsigned char)(count >> 16), (unsigned char)(count >> 8), (unsigned char)count};

	if (!digest(want->salt, want->salt_bytes, number, sizeof(number), work->salt))
		return KB_ENOMEM;
	hash(work);
	memcpy(work->sum, work->hash, HASH_BYTES);
	for (uint32_t round = 1; round < want->rounds; round++) {
		if (want->is_cancelled && atomic_load(want->is_cancelled))
			return KB_ECANCELED;
		if (!digest(work->hash, HASH_BYTES, "", 0, work->salt))
			return KB_ENOMEM;
		hash(work);
		for (size_t i = 0; i < HASH_BYTES; i++)
			work->sum[i] ^= work->hash[i];
	}
	return KB_OK;
}

/* The blocks are not put one behind the other: each gives every n-th byte, so that no part of the key comes cheaper. */
static kb_status
make_key(struct work *work, const struct kbi_bcrypt *want, unsigned char *key, size_t key_bytes)
{
	size_t blocks = (key_bytes + HASH_BYTES - 1) / HASH_BYTES;
	kb_status failed = KB_OK;

	for (size_t block = 0; block < blocks && !failed; block++) {
		failed = make_block(work, want, (uint32_t)block + 1);
		for (size_t i = 0; !failed && i < HASH_BYTES && i * blocks + block < key_bytes; i++)
			key[i * blocks + block] = work->sum[i];
	}
	return failed;
}

kb_status
kbi_bcrypt(const struct kbi_bcrypt *want, unsigned char *key, size_t key_bytes)
{
	if (!want->passphrase_bytes || !want->salt_bytes || !want->rounds || !key_bytes || key_bytes > KBI_BCRYPT_KEY_MAX)
		return KB_EINVAL;
	struct work *work = calloc(1, sizeof(*work));
	if (!work)
		return KB_ENOMEM;
	kbi_blowfish_start(&work->start);
	kb_status failed = digest(want->passphrase, want->passphrase_bytes, "", 0, work->passphrase)
		? make_key(work, want, key, key_bytes)
		: KB_ENOMEM;
	kbi_wipe(work, sizeof(*work));
	free(work);
	return failed;
}
