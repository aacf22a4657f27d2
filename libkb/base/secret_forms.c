/* SPDX-License-Identifier: Apache-2.0 */
#include "base/secret_forms.h"

#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "base/sh.h"
#include "base/str.h"

#define LEAST 4			/* shorter ones have no other forms, and make no lines of a longer one */
#define LONG_WORD 32		/* of a document: keys, tokens and their base64, not its names */
#define LONG_PIECE 24		/* of a name, between what joins its pieces */

struct forms {
	kbi_secret_form *tell;
	void *owner;
	kb_status failed;
};

static void
tell_buf(struct forms *forms, struct kbi_buf *buf, size_t from, size_t size_bytes)
{
	if (kbi_buf_failed(buf))
		forms->failed = KB_ENOMEM;
	else if (size_bytes >= LEAST)
		forms->tell(forms->owner, buf->data + from, size_bytes);
}

/* Within base64 of a longer text a value begins at one of three places. What stays of it are the characters that none of its
 * neighbours share. */
static void
tell_base64(struct forms *forms, const char *data, size_t size_bytes)
{
	static const size_t shared[] = {0, 2, 3};	/* characters that hold bits of what stands before it */

	for (size_t before = 0; before < 3; before++) {
		struct kbi_buf padded = KBI_BUF(SIZE_MAX / 4), text = KBI_BUF(SIZE_MAX / 4);
		padded.secret = text.secret = true;
		kbi_buf_add_bytes(&padded, "\0\0", before);
		kbi_buf_add_bytes(&padded, data, size_bytes);
		kbi_str_base64(&text, kbi_buf_text(&padded), padded.size_bytes);
		size_t whole = padded.size_bytes * 8 / 6;
		if (whole > shared[before])
			tell_buf(forms, &text, shared[before], whole - shared[before]);
		kbi_buf_free(&padded);
		kbi_buf_free(&text);
	}
}

/* 'it'\''s': what stands between the outer quotes, and that quoted once more. */
static void
tell_quoted(struct forms *forms, const char *data, size_t size_bytes)
{
	struct kbi_buf once = KBI_BUF(SIZE_MAX / 4), twice = KBI_BUF(SIZE_MAX / 4);

	if (!memchr(data, '\'', size_bytes) || memchr(data, '\0', size_bytes))
		return;
	once.secret = twice.secret = true;
	kbi_sh_quote(&once, data, size_bytes);
	if (once.size_bytes > 2) {
		tell_buf(forms, &once, 1, once.size_bytes - 2);
		kbi_sh_quote(&twice, once.data + 1, once.size_bytes - 2);
		if (twice.size_bytes > 2)
			tell_buf(forms, &twice, 1, twice.size_bytes - 2);
	}
	kbi_buf_free(&once);
	kbi_buf_free(&twice);
}

static void
tell_escaped(struct forms *forms, const char *data, size_t size_bytes)
{
	struct kbi_buf text = KBI_BUF(SIZE_MAX / 4);

	text.secret = true;
	kbi_str_escape(&text, data, size_bytes);
	if (text.size_bytes != size_bytes)
		tell_buf(forms, &text, 0, text.size_bytes);
	kbi_buf_free(&text);
}

static void
tell_all(struct forms *forms, const char *data, size_t size_bytes)
{
	forms->tell(forms->owner, data, size_bytes);
	if (size_bytes < LEAST)
		return;
	tell_base64(forms, data, size_bytes);
	tell_quoted(forms, data, size_bytes);
	tell_escaped(forms, data, size_bytes);
}

static void
trim(const char **data, size_t *size_bytes)
{
	while (*size_bytes && isspace((unsigned char)**data)) {
		++*data;
		--*size_bytes;
	}
	while (*size_bytes && isspace((unsigned char)(*data)[*size_bytes - 1]))
		--*size_bytes;
}

/* The first and last line of a PEM are in every other one too. */
static bool
tell_lines(struct forms *forms, const char *data, size_t size_bytes)
{
	const char *at = data, *end = data + size_bytes, *line;
	size_t length;
	bool has_told = false;

	while (at && (at = kbi_str_line(at, end, &line, &length))) {
		trim(&line, &length);
		if (length < LEAST || (length >= 5 && memcmp(line, "-----", 5) == 0))
			continue;
		tell_all(forms, line, length);
		has_told = true;
	}
	return has_told;
}

/* Host names, API versions, images, paths: lower case, in short pieces. A random word of this length has a capital or no joints. */
static bool
is_name(const char *word, size_t length)
{
	size_t piece = 0;

	for (size_t i = 0; i < length && piece < LONG_PIECE; i++) {
		if (isupper((unsigned char)word[i]) || word[i] == '+')
			return false;
		piece = strchr(".:/=,", word[i]) ? 0 : piece + 1;
	}
	return piece < LONG_PIECE;
}

/* sha256:HEX, by which a public thing is known: a certificate authority, an image */
static bool
is_digest(const char *word, size_t length)
{
	static const char prefix[] = "sha256:";

	if (length != strlen(prefix) + 64 || memcmp(word, prefix, strlen(prefix)) != 0)
		return false;
	for (size_t i = strlen(prefix); i < length; i++)
		if (!isxdigit((unsigned char)word[i]))
			return false;
	return true;
}

static bool
is_public(const char *word, size_t length)
{
	return memmem(word, length, "://", 3) || is_digest(word, length) || is_name(word, length);
}

static void
tell_words(struct forms *forms, const char *data, size_t size_bytes)
{
	const char *at = data, *end = data + size_bytes;

	while (at < end) {
		const char *word = at;
		while (at < end && !isspace((unsigned char)*at) && *at != '"' && *at != '\'')
			at++;
		size_t length = (size_t)(at - word);
		if (length >= LONG_WORD && !is_public(word, length))
			tell_all(forms, word, length);
		at += at < end;
	}
}

kb_status
kbi_secret_forms(const char *data, size_t size_bytes, bool is_document, kbi_secret_form *tell, void *owner)
{
	struct forms forms = {.tell = tell, .owner = owner};

	if (is_document)
		tell_words(&forms, data, size_bytes);
	else if (!memchr(data, '\n', size_bytes) || !tell_lines(&forms, data, size_bytes))
		tell_all(&forms, data, size_bytes);
	return forms.failed;
}
