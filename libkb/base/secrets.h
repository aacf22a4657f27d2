/* SPDX-License-Identifier: Apache-2.0 */
/* The secret values that a context knows, and the one place where they are taken out of whatever is shown: events,
 * errors, logs, recordings.
 *
 * A value is looked for as it is, as our own scripts carry it (quoted for a shell once and twice, in base64 at any
 * of its three places within a longer text) and as it looks escaped. One of several lines is looked for line by
 * line. Values under four bytes are masked only where they stand as a word of their own: anywhere else they would
 * make holes in every text, and so say what they are. */
#ifndef KBI_SECRETS_H
#define KBI_SECRETS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/map.h"

#define KBI_MASK "***"

struct kbi_secrets;	/* has its own lock: what it was told of may be freed by any thread */

struct kbi_secrets *kbi_secrets_new(void);
void kbi_secrets_free(struct kbi_secrets *secrets);	/* wipes; NULL is nothing */

/* Counted: what was added twice is known until it was dropped twice. Each takes NULL secrets, and does nothing. */
kb_status kbi_secrets_add(struct kbi_secrets *secrets, const void *data, size_t size_bytes);
void kbi_secrets_drop(struct kbi_secrets *secrets, const void *data, size_t size_bytes);
/* Of a document of which only some words are secret (a kubeconfig): its long words that are no names and no digests. */
kb_status kbi_secrets_add_document(struct kbi_secrets *secrets, const void *data, size_t size_bytes);
/* The entries of a map that are secret. */
kb_status kbi_secrets_add_map(struct kbi_secrets *secrets, const struct kbi_map *map);
void kbi_secrets_drop_map(struct kbi_secrets *secrets, const struct kbi_map *map);

/* Appends the text with KBI_MASK in the place of each secret. Returns whether there was one. */
bool kbi_secrets_mask(struct kbi_secrets *secrets, const char *data, size_t size_bytes, struct kbi_buf *out);
/* Of the same length and form: its letters and digits become zeros, so that what reads the text still can. */
void kbi_secrets_blank(struct kbi_secrets *secrets, const char *data, size_t size_bytes, struct kbi_buf *out);
/* As kbi_secrets_mask(), in the place of a string; what was there is wiped. A string that was cut is masked where a secret may have been cut with it.
 * With no memory it is emptied. */
void kbi_secrets_mask_string(struct kbi_secrets *secrets, char **text);

/* A text that comes in pieces: the end of one that may be the beginning of a secret is held back until more is known. */
struct kbi_mask_stream {
	struct kbi_buf held;
};

#define KBI_MASK_STREAM ((struct kbi_mask_stream){.held = {.max_bytes = (size_t)64 << 20, .secret = true}})

void kbi_mask_stream_add(struct kbi_mask_stream *stream, struct kbi_secrets *secrets, const char *data, size_t size_bytes,
	struct kbi_buf *out);
void kbi_mask_stream_end(struct kbi_mask_stream *stream, struct kbi_secrets *secrets, struct kbi_buf *out);	/* may be used again */

#endif
