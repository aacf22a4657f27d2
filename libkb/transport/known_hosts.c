/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/known_hosts.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "base/scarce.h"
#include "base/str.h"
#include "transport/wire.h"

#define HASH_BYTES 20		/* SHA-1, of |1|salt|hash */
#define BLOB_MAX ((size_t)16 << 10)

static const struct {
	const char *name;
	enum kbi_key_type type;
} types[] = {
	{"ssh-ed25519", KBI_KEY_ED25519},
	{"ecdsa-sha2-nistp256", KBI_KEY_ECDSA256},
	{"ecdsa-sha2-nistp384", KBI_KEY_ECDSA384},
	{"ecdsa-sha2-nistp521", KBI_KEY_ECDSA521},
	{"ssh-rsa", KBI_KEY_RSA},
};

struct word {
	const char *text;
	size_t size_bytes;
};

enum marker { PLAIN, AUTHORITY, REVOKED, BROKEN };

struct line {
	enum marker marker;
	struct word names, type, key;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;	/* not by the locale */
}

void
kbi_known_hosts_name(struct kbi_buf *out, const char *address, int port)
{
	if (port != 22)
		kbi_buf_add_char(out, '[');
	for (; *address; address++)
		kbi_buf_add_char(out, lower(*address));
	if (port != 22)
		kbi_buf_add_format(out, "]:%d", port);
}

static struct word
take_word(const char **at, const char *end)
{
	struct word word;

	while (*at < end && is_blank(**at))
		(*at)++;
	word.text = *at;
	while (*at < end && !is_blank(**at))
		(*at)++;
	word.size_bytes = (size_t)(*at - word.text);
	return word;
}

static bool
is_word(const struct word *word, const char *text)
{
	return word->size_bytes == strlen(text) && memcmp(word->text, text, word->size_bytes) == 0;
}

/* Whose a line is: false for comments, blank lines and what is no entry at all. Most lines are of other hosts, so of those no more is read. */
static bool
take_names(const char **at, const char *end, struct line *line)
{
	line->marker = PLAIN;
	line->names = take_word(at, end);
	if (!line->names.size_bytes || *line->names.text == '#')
		return false;
	if (*line->names.text == '@') {
		line->marker = is_word(&line->names, "@cert-authority") ? AUTHORITY
			: is_word(&line->names, "@revoked")             ? REVOKED
									: BROKEN;
		line->names = take_word(at, end);
	}
	return line->marker != BROKEN && line->names.size_bytes;
}

static bool
take_key(const char **at, const char *end, struct line *line)
{
	line->type = take_word(at, end);
	line->key = take_word(at, end);
	return line->key.size_bytes && *line->type.text != '#';
}

/* The pattern of match_pattern() in OpenSSH's match.c: * and ?, with everything else lower case and literal. */
static bool
matches(const char *name, const char *pattern, const char *end)
{
	const char *star = NULL, *retry = NULL;

	while (*name) {
		if (pattern < end && *pattern == '*') {
			star = pattern++;
			retry = name;
		} else if (pattern < end && (*pattern == '?' || lower(*pattern) == *name)) {
			pattern++;
			name++;
		} else if (star) {
			pattern = star + 1;
			name = ++retry;
		} else {
			return false;
		}
	}
	while (pattern < end && *pattern == '*')
		pattern++;
	return pattern == end;
}

/* One negated pattern that matches undoes the whole line. */
static bool
matches_list(const char *name, const struct word *names)
{
	const char *at = names->text, *end = names->text + names->size_bytes;
	bool is_match = false;

	while (at <= end) {
		const char *comma = at < end ? memchr(at, ',', (size_t)(end - at)) : NULL;
		const char *stop = comma ? comma : end;
		bool is_negated = at < stop && *at == '!';
		if (matches(name, at + is_negated, stop)) {
			if (is_negated)
				return false;
			is_match = true;
		}
		at = stop + 1;
	}
	return is_match;
}

static bool
decode_hash(const char *text, const char *end, unsigned char out[HASH_BYTES], bool *has_failed)
{
	struct kbi_buf bytes = KBI_BUF(64);
	bool is_hash = end > text && kbi_str_unbase64(&bytes, text, (size_t)(end - text))
		&& bytes.size_bytes == HASH_BYTES;

	if (is_hash)
		memcpy(out, bytes.data, HASH_BYTES);
	*has_failed |= kbi_buf_failed(&bytes) == KB_ENOMEM;
	kbi_buf_free(&bytes);
	return is_hash;
}

/* |1|base64 of a salt|base64 of HMAC-SHA1(salt, name), hostfile.c of OpenSSH */
static bool
matches_hash(const char *name, const struct word *names, bool *has_failed)
{
	const char *end = names->text + names->size_bytes, *salt_text = names->text + 3;
	unsigned char salt[HASH_BYTES], want[HASH_BYTES], hash[EVP_MAX_MD_SIZE];
	unsigned hash_bytes = 0;

	if (names->size_bytes < 3 || memcmp(names->text, "|1|", 3) != 0)
		return false;
	const char *bar = memchr(salt_text, '|', (size_t)(end - salt_text));
	if (!bar || !decode_hash(salt_text, bar, salt, has_failed) || !decode_hash(bar + 1, end, want, has_failed))
		return false;
	if (!HMAC(EVP_sha1(), salt, HASH_BYTES, (const unsigned char *)name, strlen(name), hash, &hash_bytes)) {
		*has_failed = true;
		return false;
	}
	return hash_bytes == HASH_BYTES && memcmp(hash, want, HASH_BYTES) == 0;
}

static bool
is_for(const struct line *line, const char *name, bool *has_failed)
{
	if (*line->names.text == '|')
		return matches_hash(name, &line->names, has_failed);
	return matches_list(name, &line->names);
}

static enum kbi_key_type
type_of(const struct word *name)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (is_word(name, types[i].name))
			return types[i].type;
	return KBI_KEY_UNUSUAL;
}

/* The key, if the line's type is the one that the key itself names. */
static bool
decode_key(const struct line *line, struct kbi_buf *key)
{
	struct kbi_wire wire, type;

	if (!kbi_str_unbase64(key, line->key.text, line->key.size_bytes) || kbi_buf_failed(key))
		return false;
	wire = (struct kbi_wire){(const unsigned char *)kbi_buf_text(key), key->size_bytes};
	return kbi_wire_string(&wire, &type) && type.size_bytes == line->type.size_bytes
		&& memcmp(type.data, line->type.text, type.size_bytes) == 0;
}

static bool
is_of_type(const struct word *type, const void *key, size_t key_bytes)
{
	struct kbi_wire wire = {key, key_bytes}, own;

	return kbi_wire_string(&wire, &own) && own.size_bytes == type->size_bytes
		&& memcmp(own.data, type->text, own.size_bytes) == 0;
}

/* What is worse stays: revoked over all, then the same key, then another one, then an authority. */
static void
decide(struct kbi_known_host *host, enum kbi_known known, size_t number)
{
	static const int weight[] = {
		[KBI_KNOWN_NOT] = 0,
		[KBI_KNOWN_AUTHORITY] = 1,
		[KBI_KNOWN_OTHER] = 2,
		[KBI_KNOWN_SAME] = 3,
		[KBI_KNOWN_REVOKED] = 4,
	};

	if (weight[known] <= weight[host->known])
		return;
	host->known = known;
	host->line = number;
}

static void
look_at(const struct line *line, size_t number, const struct kbi_buf *known, const void *key,
	size_t key_bytes, struct kbi_known_host *host)
{
	bool is_same =
		key && known->size_bytes == key_bytes && memcmp(kbi_buf_text(known), key, key_bytes) == 0;
	bool was_other = host->known == KBI_KNOWN_OTHER;

	if (line->marker == AUTHORITY) {
		decide(host, KBI_KNOWN_AUTHORITY, number);
		return;
	}
	if (line->marker == REVOKED) {
		if (is_same)
			decide(host, KBI_KNOWN_REVOKED, number);
		return;
	}
	host->types |= type_of(&line->type);
	if (is_same)
		decide(host, KBI_KNOWN_SAME, number);
	else if (key && is_of_type(&line->type, key, key_bytes))
		decide(host, KBI_KNOWN_OTHER, number);
	if (host->known == KBI_KNOWN_OTHER && !was_other)
		kbi_fingerprint(kbi_buf_text(known), known->size_bytes, host->fingerprint);
}

void
kbi_known_hosts_look(const char *text, size_t text_bytes, const char *name, const void *key, size_t key_bytes,
	struct kbi_known_host *host)
{
	const char *end = text + text_bytes, *words;
	size_t words_bytes, number = 0;
	struct line line;

	*host = (struct kbi_known_host){.known = KBI_KNOWN_NOT};
	while ((text = kbi_str_line(text, end, &words, &words_bytes))) {
		const char *words_end = words + words_bytes;
		struct kbi_buf known = KBI_BUF(BLOB_MAX);
		number++;
		if (take_names(&words, words_end, &line) && is_for(&line, name, &host->has_failed) && take_key(&words, words_end, &line) && decode_key(&line, &known))
			look_at(&line, number, &known, key, key_bytes, host);
		host->has_failed |= kbi_buf_failed(&known) == KB_ENOMEM;
		kbi_buf_free(&known);
	}
}

void
kbi_fingerprint(const void *key, size_t key_bytes, char out[KBI_FINGERPRINT_BYTES])
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned hash_bytes = 0;
	struct kbi_buf text = KBI_BUF(KBI_FINGERPRINT_BYTES - 1);

	memset(out, 0, KBI_FINGERPRINT_BYTES);
	kbi_buf_add(&text, "SHA256:");
	if (EVP_Digest(key, key_bytes, hash, &hash_bytes, EVP_sha256(), NULL) == 1)
		kbi_str_base64(&text, hash, hash_bytes);
	else
		text.failed = KB_ENOMEM;
	if (kbi_buf_failed(&text) == KB_ENOMEM) {
		kbi_scarce();
		kbi_buf_truncate(&text, 0);	/* half of one is none */
	}
	while (text.size_bytes && text.data[text.size_bytes - 1] == '=')
		kbi_buf_truncate(&text, text.size_bytes - 1);
	memcpy(out, kbi_buf_text(&text), text.size_bytes);
	kbi_buf_free(&text);
}

/* 43 characters of base64 hold 32 bytes; two bits of the last one are left over, and 0. */
bool
kbi_is_fingerprint(const char *text)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	if (!kbi_str_starts(text, "SHA256:"))
		return false;
	const char *hash = text + strlen("SHA256:");
	size_t length = strspn(hash, digits);
	return length == 43 && strchr("AEIMQUYcgkosw048", hash[42]) && (!hash[43] || kbi_str_is(hash + 43, "="));
}

const char *
kbi_key_type_name(const void *key, size_t key_bytes, char out[KBI_FINGERPRINT_BYTES])
{
	struct kbi_wire wire = {key, key_bytes}, type = {NULL, 0};
	size_t length = 0;

	if (kbi_wire_string(&wire, &type))
		for (; length < type.size_bytes && length < KBI_FINGERPRINT_BYTES - 1; length++)
			out[length] = isgraph(type.data[length]) ? (char)type.data[length] : '?';
	out[length] = '\0';
	return out;
}
