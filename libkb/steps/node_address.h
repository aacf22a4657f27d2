/* SPDX-License-Identifier: Apache-2.0 */
/* Which of a host's addresses the cluster is to know it by. With two cards kubeadm and the kubelet take the one of the default route, which
 * behind Vagrant's NAT is 10.0.2.15 on every host: so on such a host the choice is the caller's, and it must be an address of the host. */
#ifndef KBI_NODE_ADDRESS_H
#define KBI_NODE_ADDRESS_H

#include "steps/host_net.h"
#include "steps/step.h"

struct kbi_address_ask {
	const char *given;		/* what the caller chose; "": nothing */
	const char *param;		/* the parameter that it was, or should be, chosen by */
	const char *missing_id;		/* of the error when there is a choice and none was made */
	const char *wrong_id;		/* of the error when the host has no such address */
};

/* Reads the facts `addresses` and `routes`. KB_ENOMEM. */
kb_status kbi_judge_net(const struct kbi_judge *judge, struct kbi_net *net);
/* Fails the judge with the addresses as evidence. A host that could not say its addresses passes. */
kb_status kbi_judge_address(struct kbi_judge *judge, const struct kbi_net *net, const struct kbi_address_ask *ask);
/* A host's network that overlaps with one of these, comma-separated; those of pods, bridges and so on do not count. NULL: none does. */
const struct kbi_net_address *kbi_net_overlap(const struct kbi_net *net, const char *networks);

#endif
