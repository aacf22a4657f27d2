/* SPDX-License-Identifier: Apache-2.0 */
/* Files of apt's sources, in both forms (sources.list(5)): which of their entries are about certain repositories, and those turned off. */
#ifndef KBI_APT_SOURCES_H
#define KBI_APT_SOURCES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct kbi_apt_about {			/* an entry is about it when one of these is so */
	const char *const *urls;	/* its URI is one of these or below; ended by NULL */
	const char *suites;		/* its suite matches this pattern; NULL: none does */
	const char *url, *suite;	/* it has both, exactly; NULL: not asked */
};

/* Writes the file anew: lines that are about it become comments, stanzas get "Enabled: no", every other byte stays. path tells the form.
 * Returns how many were turned off. *is_any_left: whether an entry is left that is on. */
size_t kbi_apt_turn_off(struct kbi_buf *out, const char *path, const char *text, size_t text_bytes, const struct kbi_apt_about *about,
	bool *is_any_left);

#endif
