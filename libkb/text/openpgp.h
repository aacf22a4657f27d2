/* SPDX-License-Identifier: Apache-2.0 */
/* Public keys as apt's keyrings have them (RFC 4880, RFC 9580), armoured or binary: whose they are and how long they are good. Signatures
 * are not verified: a fingerprint covers the key itself, and when it expires is for early words, since apt looks at that again. */
#ifndef KBI_OPENPGP_H
#define KBI_OPENPGP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define KBI_PGP_KEYS_MAX 32

struct kbi_pgp_key {			/* a primary key */
	char fingerprint[41];		/* upper-case hexadecimal */
	int64_t created_s;		/* since 1970 */
	int64_t expires_s;		/* since 1970; 0: never, by its newest signature on itself */
	bool is_revoked;
};

struct kbi_pgp {
	struct kbi_pgp_key keys[KBI_PGP_KEYS_MAX];
	size_t count;
	struct kbi_buf packets;		/* all of them, binary, as they came */
};

/* Refused, each by its cause: no key at all, a private one, versions other than 4, and what is cut off or not OpenPGP. */
kb_status kbi_pgp_read(struct kbi_pgp *pgp, const char *name, const void *data, size_t size_bytes, struct kb_err *err);
void kbi_pgp_free(struct kbi_pgp *pgp);
/* One block whatever the input was: apt reads only the first of a file. */
void kbi_pgp_armour(struct kbi_buf *out, const struct kbi_pgp *pgp);
/* Is this text (40 hexadecimal digits, blanks between them allowed) the key's fingerprint? */
bool kbi_pgp_is(const struct kbi_pgp_key *key, const char *fingerprint);
bool kbi_pgp_is_fingerprint(const char *text);
void kbi_pgp_print_date(struct kbi_buf *out, int64_t seconds);	/* 2026-12-29, UTC */

#endif
