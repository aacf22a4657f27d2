/* SPDX-License-Identifier: Apache-2.0 */
/* Unified diffs, as diff -u prints them: three lines of context, "a/NAME" and "b/NAME". Equal texts give nothing. What is binary, too
 * large or too different to be worth reading is one line that says so. */
#ifndef KBI_DIFF_H
#define KBI_DIFF_H

#include "base/err.h"

struct kbi_buf;

kb_status kbi_diff(const char *name, const void *before, size_t before_bytes, const void *after, size_t after_bytes,
	struct kbi_buf *out, struct kb_err *err);

#endif
