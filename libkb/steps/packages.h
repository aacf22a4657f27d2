/* SPDX-License-Identifier: Apache-2.0 */
/* What dpkg and apt say about packages: lines of "NAME VERSION STATUS" (dpkg-query, Status-Abbrev), or "NAME | VERSION | ..." (madison). */
#ifndef KBI_PACKAGES_H
#define KBI_PACKAGES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct kbi_package {
	const char *name;
	const char *version;	/* "" when dpkg only remembers the name */
	const char *status;	/* "ii": installed, "hi": and held, "iU", "iF": half done, "rc": removed, "": of madison */
};

struct kbi_packages {
	struct kbi_package *items;
	size_t count;
	char *text;		/* what they point into */
};

kb_status kbi_packages_read(struct kbi_packages *packages, const char *text, struct kb_err *err);
void kbi_packages_free(struct kbi_packages *packages);
const struct kbi_package *kbi_packages_find(const struct kbi_packages *packages, const char *name);
/* The first, which is the newest, of this name whose version is some revision of `version`; NULL or "": of any version. */
const struct kbi_package *kbi_packages_find_version(const struct kbi_packages *packages, const char *name, const char *version);
bool kbi_package_is_installed(const struct kbi_package *package);	/* NULL is not */
bool kbi_package_is_held(const struct kbi_package *package);
/* 1.34.4-1.1 and 1.6.20~ds1-1 are revisions of 1.34.4 and 1.6.20; so is each of itself. */
bool kbi_package_version_is(const char *package_version, const char *version);

#endif
