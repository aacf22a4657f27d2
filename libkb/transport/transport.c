/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/transport.h"

#include "base/str.h"

static const struct kbi_transport_ops *const ways[] = {&kbi_transport_ssh, &kbi_transport_local, &kbi_transport_replay};

const struct kbi_transport_ops *
kbi_transport_find(const char *scheme)
{
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (kbi_str_is(ways[i]->scheme, scheme))
			return ways[i];
	return NULL;
}
