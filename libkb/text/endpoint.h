/* SPDX-License-Identifier: Apache-2.0 */
/* HOST:PORT, where HOST is a name, an IPv4 address or an IPv6 address in brackets. */
#ifndef KBI_ENDPOINT_H
#define KBI_ENDPOINT_H

#include <stdbool.h>

#include "base/err.h"

struct kbi_buf;

struct kbi_endpoint {
	char host[254];		/* without brackets */
	int port;		/* 0 when none was written */
	bool is_ip;
};

kb_status kbi_endpoint_parse(struct kbi_endpoint *endpoint, const char *text, struct kb_err *err);	/* the port may be left out */
void kbi_endpoint_print(struct kbi_buf *out, const struct kbi_endpoint *endpoint);

#endif
