/* SPDX-License-Identifier: Apache-2.0 */
/* How every text function begins and ends: its input has a bound, and so has what it writes. */
#ifndef KBI_BOUND_H
#define KBI_BOUND_H

#include "base/buf.h"
#include "base/err.h"

#define KBI_SIZE_MANIFEST ((size_t)8 << 20)	/* Calico's manifests: 3 MiB in 2026 */

kb_status kbi_bound_in(const char *who, const void *data, size_t size_bytes, size_t max_bytes, struct kb_err *err);	/* NULL with a size is KB_EINVAL */
kb_status kbi_bound_out(const char *who, const struct kbi_buf *out, struct kb_err *err);	/* asks the buffer once, at the end */

#endif
