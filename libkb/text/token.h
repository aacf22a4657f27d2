/* SPDX-License-Identifier: Apache-2.0 */
/* Bootstrap tokens. */
#ifndef KBI_TOKEN_H
#define KBI_TOKEN_H

#include "base/err.h"

struct kbi_buf;

kb_status kbi_token_make(struct kbi_buf *out, struct kb_err *err);	/* makes `out` secret */
kb_status kbi_token_check(const char *token, struct kb_err *err);	/* the error never holds the token */

#endif
