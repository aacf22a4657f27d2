/* SPDX-License-Identifier: Apache-2.0 */
/* A host's addresses and routes, as `ip -o address show` and `ip -o route show` print them (iproute2). */
#ifndef KBI_HOST_NET_H
#define KBI_HOST_NET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "text/cidr.h"

struct kbi_net_address {
	struct kbi_ip ip;
	struct kbi_cidr network;	/* what it is in */
	const char *text;		/* "10.0.2.15/24" */
	const char *interface;
	bool is_global;			/* neither the host's own nor the link's */
	bool is_passing;		/* of short life (RFC 8981), deprecated, or not proved to be the only one yet */
};

struct kbi_net_route {
	struct kbi_cidr to;
	const char *text;
	const char *interface;		/* "" when it leads nowhere (blackhole) */
	const char *source;		/* the address it prefers; NULL: it does not say */
	bool is_default;
	bool is_by_router;
};

struct kbi_net {
	struct kbi_net_address *addresses;
	size_t address_count;
	struct kbi_net_route *routes;	/* in the kernel's order: of two defaults the first is the better one */
	size_t route_count;
	char *texts[3];			/* what all the words point into */
};

kb_status kbi_net_read(struct kbi_net *net, const char *addresses, const char *routes, const char *routes6, struct kb_err *err);
void kbi_net_free(struct kbi_net *net);
/* What the host speaks with when it goes out by the default route, IPv4 before IPv6; NULL when there is none. */
const struct kbi_net_address *kbi_net_default_address(const struct kbi_net *net);
/* An interface that only pod networks and service proxies make. */
bool kbi_net_is_of_pods(const char *interface);

#endif
