/* SPDX-License-Identifier: Apache-2.0 */
/* /etc/fstab: swap lines off behind a marker, and on again; every other byte stays. */
#ifndef KBI_FSTAB_H
#define KBI_FSTAB_H

#include "base/err.h"

struct kbi_buf;

#define KBI_FSTAB_MARK "#kb# "

kb_status kbi_fstab_swap_off(const void *data, size_t size_bytes, struct kbi_buf *out, struct kb_err *err);
kb_status kbi_fstab_swap_on(const void *data, size_t size_bytes, struct kbi_buf *out, struct kb_err *err);

#endif
