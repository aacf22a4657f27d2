/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of kb_bytes. Made by kbi_bytes_new(), or by kbi_buf_take_bytes() without a copy. */
#ifndef KBI_BYTES_H
#define KBI_BYTES_H

#include <kb/common.h>

struct kb_bytes {
	char *data;		/* ends in a NUL that is not counted */
	size_t size_bytes;
};

kb_bytes *kbi_bytes_new(const void *data, size_t size_bytes);	/* a copy; NULL when there is no memory */
kb_bytes *kbi_bytes_own(char *data, size_t size_bytes);		/* takes data, which ends in a NUL; frees it when there is no memory */

#endif
