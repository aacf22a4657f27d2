/* SPDX-License-Identifier: Apache-2.0 */
/* /etc/hosts: our names in a block of their own, and no 127.0.x.y line that shadows one of them. */
#ifndef KBI_HOSTS_H
#define KBI_HOSTS_H

#include "base/err.h"

struct kbi_buf;

#define KBI_HOSTS_BEGIN "# begin libkb: written by hosts.entries, changes between these two lines are lost"
#define KBI_HOSTS_END "# end libkb"

/* entries: lines of "ADDRESS NAME..."; "" takes the block away. */
kb_status kbi_hosts_block(const void *data, size_t size_bytes, const char *entries, struct kbi_buf *out, struct kb_err *err);

#endif
