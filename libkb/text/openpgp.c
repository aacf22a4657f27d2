/* SPDX-License-Identifier: Apache-2.0 */
#include "text/openpgp.h"

#include <string.h>
#include <time.h>

#include <openssl/evp.h>

#include "base/scarce.h"
#include "base/str.h"
#include "text/bound.h"

#define FINGERPRINT_BYTES 20
#define LINE_BYTES 48		/* 64 characters of base64 */

static const char begin_mark[] = "-----BEGIN PGP PUBLIC KEY BLOCK-----", end_mark[] = "-----END PGP PUBLIC KEY BLOCK-----";

enum { TAG_SIGNATURE = 2, TAG_SECRET_KEY = 5, TAG_PUBLIC_KEY = 6, TAG_SECRET_SUBKEY = 7, TAG_PUBLIC_SUBKEY = 14 };

enum {	/* signature types and subpackets that matter here (RFC 9580 5.2.1, 5.2.3.7) */
	CERTIFICATION_FIRST = 0x10, CERTIFICATION_LAST = 0x13, DIRECT_KEY = 0x1f, REVOCATION = 0x20,
	SUB_CREATED = 2, SUB_KEY_EXPIRES = 9, SUB_ISSUER = 16, SUB_ISSUER_FINGERPRINT = 33
};

struct reader {
	struct kbi_pgp *pgp;
	const char *name;
	struct kb_err *err;
	struct kbi_pgp_key *key;		/* the primary key that the packets before belong to */
	unsigned char fingerprint[FINGERPRINT_BYTES];
	int64_t certified_s, direct_s;		/* when the newest signatures on a user id and on the key itself were made */
	bool is_in_subkey;
};

struct span {
	const unsigned char *at;
	size_t left;
};

static kb_status
fail(const struct reader *r, const char *what)
{
	return kbi_fail(r->err, KB_EINTEGRITY, "%s: %s", r->name, what);
}

static uint32_t
number(const unsigned char *at, size_t bytes)
{
	uint32_t value = 0;

	for (size_t i = 0; i < bytes; i++)
		value = value << 8 | at[i];
	return value;
}

/* Takes bytes from the front; false when there are not as many. */
static bool
take(struct span *from, size_t bytes, struct span *piece)
{
	if (bytes > from->left)
		return false;
	*piece = (struct span){ from->at, bytes };
	from->at += bytes;
	from->left -= bytes;
	return true;
}

static bool
take_number(struct span *from, size_t bytes, uint32_t *value)
{
	struct span piece;

	if (!take(from, bytes, &piece))
		return false;
	*value = number(piece.at, bytes);
	return true;
}

/* -- armour */

/* CRC-24 (RFC 9580 6.1.1) */
static uint32_t
crc24(const unsigned char *data, size_t bytes)
{
	uint32_t crc = 0xb704ce;

	for (size_t i = 0; i < bytes; i++) {
		crc ^= (uint32_t)data[i] << 16;
		for (int bit = 0; bit < 8; bit++)
			crc = (crc << 1) ^ (crc & 0x800000 ? 0x1864cfb : 0);
	}
	return crc & 0xffffff;
}

static bool
line_is(const char *line, size_t line_bytes, const char *text)
{
	while (line_bytes && (line[line_bytes - 1] == ' ' || line[line_bytes - 1] == '\t'))
		line_bytes--;
	return line_bytes == strlen(text) && memcmp(line, text, line_bytes) == 0;
}

static kb_status
end_block(const struct reader *r, const struct kbi_buf *base64, const char *crc_text)
{
	struct kbi_buf *packets = &r->pgp->packets, crc = KBI_BUF(16);
	size_t before = packets->size_bytes;
	kb_status status = KB_OK;

	if (!kbi_str_unbase64(packets, kbi_buf_text(base64), base64->size_bytes))
		return fail(r, "its armour is not base64");
	const unsigned char *data = (const unsigned char *)kbi_buf_text(packets) + before;
	if (crc_text && (!kbi_str_unbase64(&crc, crc_text, 4) || crc.size_bytes != 3 ||
			 number((const unsigned char *)kbi_buf_text(&crc), 3) != crc24(data, packets->size_bytes - before)))
		status = fail(r, "its armour has a wrong check sum");
	kbi_buf_free(&crc);
	return status;
}

enum where { OUTSIDE, IN_HEADERS, IN_BODY };

/* Any number of blocks, and any text between them. */
static kb_status
unarmour(const struct reader *r, const char *text, size_t text_bytes)
{
	const char *end = text + text_bytes, *line, *crc = NULL;
	struct kbi_buf base64 = KBI_BUF(2 * KBI_SIZE_TEXT);
	enum where where = OUTSIDE;
	kb_status status = KB_OK;
	size_t line_bytes;

	while (!status && (text = kbi_str_line(text, end, &line, &line_bytes))) {
		if (where == OUTSIDE) {
			where = line_is(line, line_bytes, begin_mark) ? IN_HEADERS : OUTSIDE;
			kbi_buf_truncate(&base64, 0);
			crc = NULL;
		} else if (line_is(line, line_bytes, end_mark)) {
			status = end_block(r, &base64, crc);
			where = OUTSIDE;
		} else if (where == IN_HEADERS) {
			where = line_is(line, line_bytes, "") ? IN_BODY : IN_HEADERS;
		} else if (line_bytes >= 5 && *line == '=') {
			crc = line + 1;
		} else {
			kbi_buf_add_bytes(&base64, line, line_bytes);
		}
	}
	kbi_buf_free(&base64);
	if (!status && where != OUTSIDE)
		status = fail(r, "its armour has no end");
	return status;
}

void
kbi_pgp_armour(struct kbi_buf *out, const struct kbi_pgp *pgp)
{
	const unsigned char *data = (const unsigned char *)kbi_buf_text(&pgp->packets);
	size_t left = pgp->packets.size_bytes;
	uint32_t sum = crc24(data, left);
	const unsigned char crc[3] = { (unsigned char)(sum >> 16), (unsigned char)(sum >> 8), (unsigned char)sum };

	kbi_buf_add_format(out, "%s\n\n", begin_mark);
	while (left) {
		size_t bytes = left < LINE_BYTES ? left : LINE_BYTES;
		kbi_str_base64(out, data, bytes);
		kbi_buf_add_char(out, '\n');
		data += bytes;
		left -= bytes;
	}
	kbi_buf_add_char(out, '=');
	kbi_str_base64(out, crc, sizeof(crc));
	kbi_buf_add_format(out, "\n%s\n", end_mark);
}

/* -- packets */

static kb_status
read_public_key(struct reader *r, struct span body)
{
	unsigned char head[3] = { 0x99, (unsigned char)(body.left >> 8), (unsigned char)body.left };
	unsigned bytes = 0;

	if (body.left < 6 || body.left > 0xffff)
		return fail(r, "a key packet of a wrong size");
	if (*body.at != 4)
		return kbi_fail(r->err, KB_EUNSUPPORTED, "%s: a key of version %u, and only version 4 is known", r->name, *body.at);
	if (r->pgp->count == KBI_PGP_KEYS_MAX)
		return kbi_fail(r->err, KB_ETOOBIG, "%s: more than %d keys", r->name, KBI_PGP_KEYS_MAX);
	EVP_MD_CTX *sha1 = EVP_MD_CTX_new();	/* a version 4 fingerprint is a SHA-1 (RFC 4880 12.2) */
	bool is_made = sha1 && EVP_DigestInit_ex(sha1, EVP_sha1(), NULL) && EVP_DigestUpdate(sha1, head, sizeof(head)) &&
		EVP_DigestUpdate(sha1, body.at, body.left) && EVP_DigestFinal_ex(sha1, r->fingerprint, &bytes);
	EVP_MD_CTX_free(sha1);
	if (!sha1)
		return kbi_fail_memory(r->err);
	if (!is_made)
		kbi_scarce();
	if (!is_made)
		return kbi_fail(r->err, KB_EUNSUPPORTED, "%s: no SHA-1 in this OpenSSL", r->name);
	r->key = &r->pgp->keys[r->pgp->count++];
	*r->key = (struct kbi_pgp_key){ .created_s = number(body.at + 1, 4) };
	for (size_t i = 0; i < FINGERPRINT_BYTES; i++) {
		r->key->fingerprint[2 * i] = "0123456789ABCDEF"[r->fingerprint[i] >> 4];
		r->key->fingerprint[2 * i + 1] = "0123456789ABCDEF"[r->fingerprint[i] & 15];
	}
	r->certified_s = r->direct_s = -1;
	r->is_in_subkey = false;
	return KB_OK;
}

struct signature {
	int type;
	int64_t created_s;
	int64_t key_expires_s;	/* seconds after the key was made; 0: never */
	bool is_own;		/* by the key itself */
};

static void
read_subpacket(const struct reader *r, struct span body, struct signature *signature)
{
	struct span kind;

	if (!take(&body, 1, &kind))
		return;
	int type = *kind.at & 0x7f;	/* the top bit says "critical" */
	if (type == SUB_CREATED && body.left == 4)
		signature->created_s = number(body.at, 4);
	else if (type == SUB_KEY_EXPIRES && body.left == 4)
		signature->key_expires_s = number(body.at, 4);
	else if (type == SUB_ISSUER && body.left == 8)
		signature->is_own |= memcmp(body.at, r->fingerprint + FINGERPRINT_BYTES - 8, 8) == 0;
	else if (type == SUB_ISSUER_FINGERPRINT && body.left == 1 + FINGERPRINT_BYTES)
		signature->is_own |= memcmp(body.at + 1, r->fingerprint, FINGERPRINT_BYTES) == 0;
}

/* One, two or five bytes (RFC 9580 5.2.3.7). */
static bool
take_subpacket_length(struct span *from, uint32_t *length)
{
	uint32_t first, second;

	if (!take_number(from, 1, &first))
		return false;
	*length = first;
	if (first < 192)
		return true;
	if (first == 255)
		return take_number(from, 4, length);
	if (!take_number(from, 1, &second))
		return false;
	*length = ((first - 192) << 8) + second + 192;
	return true;
}

static bool
read_subpackets(const struct reader *r, struct span *body, struct signature *signature)
{
	struct span area, piece;
	uint32_t length;

	if (!take_number(body, 2, &length) || !take(body, length, &area))
		return false;
	while (area.left) {
		if (!take_subpacket_length(&area, &length) || !take(&area, length, &piece))
			return false;
		read_subpacket(r, piece, signature);
	}
	return true;
}

/* As GnuPG has it: the newest signature on a user id says when the key expires, unless one on the key itself does. */
static void
use_expiry(struct reader *r, const struct signature *signature)
{
	bool is_certification = signature->type >= CERTIFICATION_FIRST && signature->type <= CERTIFICATION_LAST;
	bool is_direct = signature->type == DIRECT_KEY && signature->key_expires_s;

	if (is_direct && signature->created_s >= r->direct_s)
		r->direct_s = signature->created_s;
	else if (is_certification && r->direct_s < 0 && signature->created_s >= r->certified_s)
		r->certified_s = signature->created_s;
	else
		return;
	r->key->expires_s = signature->key_expires_s ? r->key->created_s + signature->key_expires_s : 0;
}

static kb_status
read_signature(struct reader *r, struct span body)
{
	struct signature signature = { 0 };
	struct span head;

	if (!r->key || r->is_in_subkey || !body.left || *body.at != 4)
		return KB_OK;
	if (!take(&body, 4, &head))
		return fail(r, "a signature that is cut off");
	signature.type = head.at[1];
	if (!read_subpackets(r, &body, &signature) || !read_subpackets(r, &body, &signature))
		return fail(r, "a signature that is cut off");
	if (signature.is_own && signature.type == REVOCATION)
		r->key->is_revoked = true;
	else if (signature.is_own)
		use_expiry(r, &signature);
	return KB_OK;
}

static kb_status
read_packet(struct reader *r, int tag, struct span body)
{
	switch (tag) {
	case TAG_PUBLIC_KEY:
		return read_public_key(r, body);
	case TAG_SECRET_KEY:
	case TAG_SECRET_SUBKEY:
		return kbi_fail(r->err, KB_EINVAL, "%s: it holds a private key", r->name);
	case TAG_PUBLIC_SUBKEY:
		r->is_in_subkey = true;
		return KB_OK;
	case TAG_SIGNATURE:
		return read_signature(r, body);
	default:
		return KB_OK;
	}
}

/* Old and new headers (RFC 9580 4.2). Lengths that only the end tells are not for keys. */
static bool
take_header(struct span *from, int *tag, uint32_t *length)
{
	uint32_t first, second;

	if (!take_number(from, 1, &first) || !(first & 0x80))
		return false;
	*tag = first & 0x40 ? (int)(first & 0x3f) : (int)(first >> 2 & 0xf);
	if (!(first & 0x40))
		return (first & 3) != 3 && take_number(from, (size_t)1 << (first & 3), length);
	if (!take_number(from, 1, length))
		return false;
	if (*length < 192)
		return true;
	if (*length == 255)
		return take_number(from, 4, length);
	if (*length >= 224 || !take_number(from, 1, &second))
		return false;
	*length = ((*length - 192) << 8) + second + 192;
	return true;
}

static kb_status
read_packets(struct reader *r)
{
	struct span rest = { (const unsigned char *)kbi_buf_text(&r->pgp->packets), r->pgp->packets.size_bytes }, body;
	uint32_t length;
	int tag;

	while (rest.left) {
		if (!take_header(&rest, &tag, &length) || !take(&rest, length, &body))
			return fail(r, "not an OpenPGP key, or cut off");
		kb_status status = read_packet(r, tag, body);
		if (status)
			return status;
	}
	return r->pgp->count ? KB_OK : fail(r, "no OpenPGP public key in it");
}

kb_status
kbi_pgp_read(struct kbi_pgp *pgp, const char *name, const void *data, size_t size_bytes, struct kb_err *err)
{
	struct reader r = { .pgp = pgp, .name = name, .err = err };
	kb_status status = kbi_bound_in(name, data, size_bytes, KBI_SIZE_TEXT, err);

	*pgp = (struct kbi_pgp){ .packets = KBI_BUF(KBI_SIZE_TEXT) };
	if (status)
		return status;
	if (size_bytes && (*(const unsigned char *)data & 0x80))
		kbi_buf_add_bytes(&pgp->packets, data, size_bytes);
	else
		status = unarmour(&r, data, size_bytes);
	if (!status && kbi_buf_failed(&pgp->packets))
		status = kbi_fail(err, kbi_buf_failed(&pgp->packets), "%s: its packets do not fit", name);
	if (!status)
		status = read_packets(&r);
	if (status)
		kbi_pgp_free(pgp);
	return status;
}

void
kbi_pgp_free(struct kbi_pgp *pgp)
{
	kbi_buf_free(&pgp->packets);
	pgp->count = 0;
}

/* -- fingerprints and dates */

static bool
next_digit(const char **text, char *digit)
{
	while (**text == ' ')
		(*text)++;
	char c = **text;
	if (c >= 'a' && c <= 'f')
		c = (char)(c - 'a' + 'A');
	if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'F')))
		return false;
	(*text)++;
	*digit = c;
	return true;
}

bool
kbi_pgp_is(const struct kbi_pgp_key *key, const char *fingerprint)
{
	const char *at = key->fingerprint;
	char digit;

	while (next_digit(&fingerprint, &digit)) {
		if (*at != digit)
			return false;
		at++;
	}
	return !*at && !*fingerprint;
}

bool
kbi_pgp_is_fingerprint(const char *text)
{
	char digit;
	size_t count = 0;

	while (next_digit(&text, &digit))
		count++;
	return count == 2 * FINGERPRINT_BYTES && !*text;
}

void
kbi_pgp_print_date(struct kbi_buf *out, int64_t seconds)
{
	time_t t = (time_t)seconds;
	struct tm date;

	if (gmtime_r(&t, &date))
		kbi_buf_add_format(out, "%04d-%02d-%02d", date.tm_year + 1900, date.tm_mon + 1, date.tm_mday);
}
