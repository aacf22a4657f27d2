/* SPDX-License-Identifier: Apache-2.0 */
#include "text/token.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/random.h>

#include "base/buf.h"
#include "base/str.h"
#include "text/bound.h"

#define ID_CHARACTERS 6		/* k8s.io/cluster-bootstrap/token/api: [a-z0-9]{6}.[a-z0-9]{16} */
#define SECRET_CHARACTERS 16
#define TOKEN_CHARACTERS (ID_CHARACTERS + 1 + SECRET_CHARACTERS)

static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";

static kb_status
random_bytes(unsigned char *bytes, size_t size_bytes, struct kb_err *err)
{
	ssize_t got;

	do	/* up to 256 bytes come whole, once the kernel's pool is ready (getrandom(2)) */
		got = getrandom(bytes, size_bytes, 0);
	while (got < 0 && errno == EINTR);
	if (got != (ssize_t)size_bytes)
		return kbi_fail(err, KB_EIO, "getrandom: %s", got < 0 ? strerror(errno) : "too few bytes");
	return KB_OK;
}

/* 252 is the largest multiple of 36 that a byte can hold: what is over it is thrown away, or the first letters would come more often. */
static kb_status
random_letter(char *letter, struct kb_err *err)
{
	const unsigned char end = 252;
	unsigned char byte;

	do {
		kb_status status = random_bytes(&byte, 1, err);
		if (status)
			return status;
	} while (byte >= end);
	*letter = letters[byte % (sizeof(letters) - 1)];
	return KB_OK;
}

kb_status
kbi_token_make(struct kbi_buf *out, struct kb_err *err)
{
	char token[TOKEN_CHARACTERS];
	kb_status status = KB_OK;

	for (size_t i = 0; i < sizeof(token) && !status; i++) {
		if (i == ID_CHARACTERS)
			token[i] = '.';
		else
			status = random_letter(&token[i], err);
	}
	out->secret = true;
	if (!status)
		kbi_buf_add_bytes(out, token, sizeof(token));
	kbi_wipe(token, sizeof(token));
	return status ? status : kbi_bound_out("token", out, err);
}

kb_status
kbi_token_check(const char *token, struct kb_err *err)
{
	bool is_token = token && strnlen(token, TOKEN_CHARACTERS + 1) == TOKEN_CHARACTERS;

	for (size_t i = 0; is_token && i < TOKEN_CHARACTERS; i++)
		is_token = i == ID_CHARACTERS ? token[i] == '.' : strchr(letters, token[i]) != NULL;
	if (!is_token)
		return kbi_fail(err, KB_EINVAL, "token: not of the form [a-z0-9]{6}.[a-z0-9]{16}");
	return KB_OK;
}
