/* SPDX-License-Identifier: Apache-2.0 */
/* Downloads by the controller: HTTPS (or a file), bounded in size and time, and pinned. Blocking: called on helper threads only. */
#ifndef KBI_FETCH_H
#define KBI_FETCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct kbi_fetcher;	/* a cache of what was fetched, by URL and pin; one a context; its own lock */

struct kbi_fetch {
	const char *url;		/* https://, or http:// when it is pinned; file:// or an absolute path; redirects to https only */
	const char *sha256;		/* hex; NULL: not pinned by sum */
	bool is_pinned_by_caller;	/* who checks a key's fingerprint in what comes: http is allowed then, too */
	const char *ca_file;		/* PEM; NULL: the system's */
	const char *proxy;		/* URL; NULL: none; the environment is not read */
	size_t max_bytes;
	int64_t timeout_ms;
	const atomic_bool *is_cancelled;
};

struct kbi_fetcher *kbi_fetcher_new(void);
struct kbi_fetcher *kbi_fetcher_ref(struct kbi_fetcher *fetcher);
void kbi_fetcher_unref(struct kbi_fetcher *fetcher);
/* Errors: KB_EUNREACHABLE, KB_ETIMEOUT, KB_ETOOBIG, KB_EINTEGRITY (with the sum that came as evidence), KB_EINVAL, KB_ECANCELED. */
kb_status kbi_fetch(struct kbi_fetcher *fetcher, const struct kbi_fetch *what, struct kbi_buf *out, struct kb_err *err);

#endif
