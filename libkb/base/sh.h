/* SPDX-License-Identifier: Apache-2.0 */
/* Values into POSIX shell text. A value reaches a script only as a quoted variable set above it, never pasted into code. */
#ifndef KBI_SH_H
#define KBI_SH_H

#include <stddef.h>

#include "base/buf.h"

/* 'data', with each ' written as '\''. A NUL cannot be in a shell's word: KB_EINVAL, and nothing is added. */
kb_status kbi_sh_quote(struct kbi_buf *buf, const void *data, size_t size_bytes);

/* name='data' and a newline; hyphens of the name become underscores. KB_EINVAL as above, or when name could not be a variable's. */
kb_status kbi_sh_set(struct kbi_buf *buf, const char *name, const void *data, size_t size_bytes);

#endif
