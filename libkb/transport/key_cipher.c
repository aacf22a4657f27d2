/* SPDX-License-Identifier: Apache-2.0 */
/* The private half of an encrypted key in OpenSSH's format: the passphrase gives a key and an IV by bcrypt, and
 * these open it. */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/str.h"
#include "transport/bcrypt.h"
#include "transport/key_parts.h"

static bool open_evp(const struct kbi_sealed *sealed, const unsigned char *key, unsigned char *plain);
static bool open_chacha(const struct kbi_sealed *sealed, const unsigned char *key, unsigned char *plain);

/* cipher.c of OpenSSH */
static const struct cipher {
	const char *name;
	const char *evp;
	size_t key_bytes, iv_bytes, block_bytes, tag_bytes;
	bool (*open)(const struct kbi_sealed *sealed, const unsigned char *key, unsigned char *plain);
} ciphers[] = {
	{"aes256-ctr", "AES-256-CTR", 32, 16, 16, 0, open_evp},
	{"aes192-ctr", "AES-192-CTR", 24, 16, 16, 0, open_evp},
	{"aes128-ctr", "AES-128-CTR", 16, 16, 16, 0, open_evp},
	{"aes256-cbc", "AES-256-CBC", 32, 16, 16, 0, open_evp},
	{"aes192-cbc", "AES-192-CBC", 24, 16, 16, 0, open_evp},
	{"aes128-cbc", "AES-128-CBC", 16, 16, 16, 0, open_evp},
	{"aes256-gcm@openssh.com", "AES-256-GCM", 32, 12, 16, 16, open_evp},
	{"aes128-gcm@openssh.com", "AES-128-GCM", 16, 12, 16, 16, open_evp},
	{"chacha20-poly1305@openssh.com", NULL, 64, 0, 8, 16, open_chacha},
	{"3des-cbc", "DES-EDE3-CBC", 24, 8, 8, 0, open_evp},
};

static const struct cipher *
find_cipher(const struct kbi_wire *name)
{
	for (size_t i = 0; i < sizeof(ciphers) / sizeof(ciphers[0]); i++)
		if (kbi_wire_is(name, ciphers[i].name))
			return &ciphers[i];
	return NULL;
}

/* The IV stands behind the key. */
static bool
open_evp(const struct kbi_sealed *sealed, const unsigned char *key, unsigned char *plain)
{
	const struct cipher *cipher = find_cipher(&sealed->cipher);
	EVP_CIPHER *evp = EVP_CIPHER_fetch(NULL, cipher->evp, NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int count = 0, last = 0;

	bool is_open = evp && ctx && EVP_DecryptInit_ex(ctx, evp, NULL, key, key + cipher->key_bytes) == 1
		&& EVP_CIPHER_CTX_set_padding(ctx, 0) == 1
		&& (!cipher->tag_bytes
			|| EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, (int)cipher->tag_bytes,
				   (void *)(uintptr_t)sealed->tag.data) == 1)
		&& EVP_DecryptUpdate(ctx, plain, &count, sealed->data.data, (int)sealed->data.size_bytes) == 1
		&& EVP_DecryptFinal_ex(ctx, plain + count, &last) == 1;
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(evp);
	return is_open;
}

static bool
is_authentic(const struct kbi_sealed *sealed, const unsigned char key[32])
{
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "POLY1305", NULL);
	EVP_MAC_CTX *ctx = mac ? EVP_MAC_CTX_new(mac) : NULL;
	unsigned char tag[16];
	size_t tag_bytes = 0;

	bool is = ctx && EVP_MAC_init(ctx, key, 32, NULL) == 1
		&& EVP_MAC_update(ctx, sealed->data.data, sealed->data.size_bytes) == 1
		&& EVP_MAC_final(ctx, tag, &tag_bytes, sizeof(tag)) == 1 && tag_bytes == sizeof(tag)
		&& CRYPTO_memcmp(tag, sealed->tag.data, sizeof(tag)) == 0;
	EVP_MAC_CTX_free(ctx);
	EVP_MAC_free(mac);
	return is;
}

/* PROTOCOL.chacha20poly1305 of OpenSSH, for packet 0: block 0 of the stream is the key of the tag, the data begins
 * with block 1. The second half of the key is for lengths of packets, and there are none here. */
static bool
open_chacha(const struct kbi_sealed *sealed, const unsigned char *key, unsigned char *plain)
{
	const unsigned char zeros[64] = {0};
	unsigned char first[64];
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int count;

	bool is_open = ctx && EVP_DecryptInit_ex(ctx, EVP_chacha20(), NULL, key, zeros) == 1
		&& EVP_DecryptUpdate(ctx, first, &count, zeros, sizeof(zeros)) == 1 && is_authentic(sealed, first)
		&& EVP_DecryptUpdate(ctx, plain, &count, sealed->data.data, (int)sealed->data.size_bytes) == 1;
	EVP_CIPHER_CTX_free(ctx);
	kbi_wipe(first, sizeof(first));
	return is_open;
}

static kb_status
refuse_name(const char *id, const char *what, const struct kbi_sealed *sealed, const struct kbi_wire *name,
	struct kb_err *err)
{
	struct kbi_buf text = KBI_BUF(1024);

	kbi_str_escape(&text, (const char *)name->data, name->size_bytes < 64 ? name->size_bytes : 64);
	kbi_key_fail(err, KB_EUNSUPPORTED, id, "%s: encrypted with %s %s: not one that can be read here",
		sealed->name, what, kbi_buf_text(&text));
	kbi_buf_free(&text);
	return KB_EUNSUPPORTED;
}

static kb_status
read_options(const struct kbi_sealed *sealed, const struct kbi_key_way *way, struct kbi_bcrypt *bcrypt,
	struct kb_err *err)
{
	struct kbi_wire options = sealed->kdf_options, salt;
	uint32_t most = way->rounds_max ? way->rounds_max : KBI_KEY_ROUNDS_MAX;

	if (!kbi_wire_is(&sealed->kdf, "bcrypt"))
		return refuse_name("key.kdf", "the key derivation", sealed, &sealed->kdf, err);
	if (!kbi_wire_string(&options, &salt) || !salt.size_bytes || !kbi_wire_u32(&options, &bcrypt->rounds)
		|| !bcrypt->rounds || options.size_bytes)
		return kbi_key_damaged(sealed->name, err);
	if (bcrypt->rounds > most)
		return kbi_key_refuse_rounds(sealed->name, bcrypt->rounds, most, err);
	bcrypt->salt = salt.data;
	bcrypt->salt_bytes = salt.size_bytes;
	bcrypt->is_cancelled = way->is_cancelled;
	return KB_OK;
}

static kb_status
open_with(const struct kbi_sealed *sealed, const struct cipher *cipher, const struct kbi_key_way *way,
	struct kbi_bcrypt *bcrypt, unsigned char *plain, struct kb_err *err)
{
	unsigned char key[KBI_BCRYPT_KEY_MAX];

	bcrypt->passphrase = way->passphrase->value;
	bcrypt->passphrase_bytes = way->passphrase->size_bytes;
	kb_status failed = kbi_bcrypt(bcrypt, key, cipher->key_bytes + cipher->iv_bytes);
	if (failed)
		kbi_fail(err, failed, "%s: its passphrase could not be tried: %s", sealed->name, kb_err_name(failed));
	else if (!cipher->open(sealed, key, plain))
		failed = kbi_key_refuse_passphrase(sealed->name, way, err);
	kbi_wipe(key, sizeof(key));
	return failed;
}

kb_status
kbi_key_unseal(
	const struct kbi_sealed *sealed, const struct kbi_key_way *way, struct kbi_buf *plain, struct kb_err *err)
{
	const struct cipher *cipher = find_cipher(&sealed->cipher);
	struct kbi_bcrypt bcrypt = {0};

	if (!cipher)
		return refuse_name("key.cipher", "the cipher", sealed, &sealed->cipher, err);
	kb_status failed = read_options(sealed, way, &bcrypt, err);
	if (failed)
		return failed;
	if (!sealed->data.size_bytes || sealed->data.size_bytes % cipher->block_bytes
		|| sealed->tag.size_bytes != cipher->tag_bytes)
		return kbi_key_damaged(sealed->name, err);
	if (!way->passphrase || !way->passphrase->size_bytes)
		return kbi_key_refuse_passphrase(sealed->name, way, err);
	kbi_buf_add_bytes(plain, sealed->data.data, sealed->data.size_bytes);
	if (kbi_buf_failed(plain))
		return kbi_fail_memory(err);
	return open_with(sealed, cipher, way, &bcrypt, (unsigned char *)plain->data, err);
}
