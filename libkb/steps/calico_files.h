/* SPDX-License-Identifier: Apache-2.0 */
/* The files that Calico is installed from, and what they must be. */
#ifndef KBI_CALICO_FILES_H
#define KBI_CALICO_FILES_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"

enum kbi_calico_file { KBI_CALICO_CRDS, KBI_CALICO_OPERATOR, KBI_CALICO_RESOURCES, KBI_CALICO_FILES };

struct kbi_prepare;

/* "v3.32.1" of "3.32.1" or "v3.32.1". KB_EINVAL when it is no version, KB_EUNSUPPORTED before 3.24, whose files are not published. */
kb_status kbi_calico_version(const char *text, struct kbi_buf *out, struct kb_err *err);
/* The operator's version that belongs to it; NULL when it is not in the table of pins. */
const char *kbi_calico_operator(const char *version);
/* Every FILE=HEX of the parameter `sha256` is one. */
kb_status kbi_calico_check_pins(const struct kbi_map *args, struct kb_err *err);
/* Fetches the files of this version from `url`, each against its pin: that of the caller before that of the table. A file without one is
 * KB_EINTEGRITY, with the sums that came as evidence. files[KBI_CALICO_CRDS] stays empty when the CRDs are in the operator's file. */
kb_status kbi_calico_fetch(const struct kbi_prepare *p, const char *version, struct kbi_buf files[KBI_CALICO_FILES]);

#endif
