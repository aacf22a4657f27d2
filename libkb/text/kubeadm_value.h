/* SPDX-License-Identifier: Apache-2.0 */
/* One option's values, checked and put into a document. */
#ifndef KBI_KUBEADM_VALUE_H
#define KBI_KUBEADM_VALUE_H

#include "base/err.h"
#include "base/map.h"
#include "text/yaml.h"

/* Where a value goes. */
struct kbi_kubeadm_slot {
	struct kbi_yaml *yaml;
	struct kbi_yaml_node *document;
	const char *path;		/* "nodeRegistration.kubeletExtraArgs" */
	const struct kbi_map *options;
	const char *option;		/* its name */
	const char *argument;		/* of a component, when the option is one of its flags */
	bool has_lists;			/* v1beta4: extra arguments are a list of {name, value} */
	struct kb_err *err;
};

typedef kb_status (*kbi_kubeadm_putter)(const struct kbi_kubeadm_slot *slot);

kb_status kbi_kubeadm_put_text(const struct kbi_kubeadm_slot *slot);		/* any text */
kb_status kbi_kubeadm_put_path(const struct kbi_kubeadm_slot *slot);		/* absolute */
kb_status kbi_kubeadm_put_bool(const struct kbi_kubeadm_slot *slot);
kb_status kbi_kubeadm_put_port(const struct kbi_kubeadm_slot *slot);
kb_status kbi_kubeadm_put_list(const struct kbi_kubeadm_slot *slot);		/* several values, or parted by commas */
kb_status kbi_kubeadm_put_gates(const struct kbi_kubeadm_slot *slot);		/* NAME=true */
kb_status kbi_kubeadm_put_version(const struct kbi_kubeadm_slot *slot);		/* with a v */
kb_status kbi_kubeadm_put_ip(const struct kbi_kubeadm_slot *slot);
kb_status kbi_kubeadm_put_networks(const struct kbi_kubeadm_slot *slot);	/* one, or one of each family */
kb_status kbi_kubeadm_put_endpoint(const struct kbi_kubeadm_slot *slot);
kb_status kbi_kubeadm_put_name(const struct kbi_kubeadm_slot *slot);		/* of a Node */
kb_status kbi_kubeadm_put_domain(const struct kbi_kubeadm_slot *slot);
kb_status kbi_kubeadm_put_token(const struct kbi_kubeadm_slot *slot);
kb_status kbi_kubeadm_put_ttl(const struct kbi_kubeadm_slot *slot);
kb_status kbi_kubeadm_put_key(const struct kbi_kubeadm_slot *slot);		/* certificate key */
kb_status kbi_kubeadm_put_hashes(const struct kbi_kubeadm_slot *slot);
kb_status kbi_kubeadm_put_taints(const struct kbi_kubeadm_slot *slot);
kb_status kbi_kubeadm_put_schedulable(const struct kbi_kubeadm_slot *slot);
kb_status kbi_kubeadm_put_arg_ip(const struct kbi_kubeadm_slot *slot);		/* one argument of a component */
kb_status kbi_kubeadm_put_arg_list(const struct kbi_kubeadm_slot *slot);	/* one, its values joined by commas */
kb_status kbi_kubeadm_put_args(const struct kbi_kubeadm_slot *slot);		/* NAME=VALUE each */

/* Makes the maps on the way, and puts the node at the end of the path. */
kb_status kbi_kubeadm_put_at(struct kbi_yaml *yaml, struct kbi_yaml_node *document, const char *path, struct kbi_yaml_node *value,
	struct kb_err *err);

#endif
