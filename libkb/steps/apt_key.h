/* SPDX-License-Identifier: Apache-2.0 */
/* The keys that sign apt's repositories: fetched by the controller, known by their fingerprints, and good for a while yet. */
#ifndef KBI_APT_KEY_H
#define KBI_APT_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "steps/step.h"
#include "text/openpgp.h"

#define KBI_APT_KEY_SOON_S ((int64_t)30 * 86400)

struct kbi_apt_key_want {
	const char *name;			/* of the repository, for messages */
	const char *url;			/* where the key is; NULL: it is in `text` */
	const char *text;			/* the key itself; NULL: fetch it */
	const struct kbi_map *args;		/* has download-ca and proxy */
	const char *pins_arg;			/* the list parameter with the fingerprints; none set: pins */
	const char *const *pins;		/* ended by NULL */
	int64_t timeout_ms;
};

/* Every primary key must be pinned; KB_EINTEGRITY otherwise, with those that came as evidence. */
kb_status kbi_apt_key_check(const struct kbi_apt_key_want *want, const struct kbi_pgp *pgp, struct kb_err *err);
/* apt.key-expired, apt.key-revoked: when no key of the file is good at that time. *expires_s: the latest end, 0: never. */
kb_status kbi_apt_key_check_time(const struct kbi_apt_key_want *want, const struct kbi_pgp *pgp, int64_t now_s, int64_t *expires_s,
	struct kb_err *err);
/* Fetches, checks, and gives the key armoured. */
kb_status kbi_apt_key_prepare(const struct kbi_apt_key_want *want, const struct kbi_prepare *prepare, struct kbi_buf *armoured,
	struct kb_err *err);
/* What lies on a host: the file of fact `name`. "" when it is as it should be, else how it is. */
const char *kbi_apt_key_state(const struct kbi_apt_key_want *want, const struct kbi_judge *judge, const char *name, int64_t now_s,
	int64_t *expires_s);

#endif
