/* SPDX-License-Identifier: Apache-2.0 */
/* apt's sources and the versions of Kubernetes' packages. */
#ifndef KBI_APT_H
#define KBI_APT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct kbi_buf;

#define KBI_APT_LEGACY_URL "https://apt.kubernetes.io/"
#define KBI_APT_COMMUNITY_URL "https://pkgs.k8s.io"

const char *kbi_apt_flavour(const char *version, struct kb_err *err);	/* "legacy" or "community", NULL on failure */
kb_status kbi_apt_source(const char *flavour, const char *url, const char *version, const char *keyring, struct kbi_buf *out,
	struct kb_err *err);
/* Does a sources file (one-line or deb822) name the repository at this URL? Lines that are off (commented, Enabled: no) don't count. */
bool kbi_apt_names_url(const char *text, size_t text_bytes, const char *url);
/* Is a package's version (1.34.4-1.1, 1.23.6-00) some revision of X.Y.Z? */
bool kbi_apt_version_matches(const char *package_version, const char *version);

#endif
