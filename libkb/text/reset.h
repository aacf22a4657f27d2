/* SPDX-License-Identifier: Apache-2.0 */
/* In which order a cluster is taken down. */
#ifndef KBI_RESET_H
#define KBI_RESET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct kbi_buf;

struct kbi_reset_host {
	const char *name;
	bool is_control_plane;
};

struct kbi_reset_action {
	const char *step;	/* "node.drain", "kubeadm.reset", "net.clean", "node.delete" */
	size_t where;		/* the host that runs it: for what is done to a Node, the first control plane */
	size_t host;		/* the host that it is about */
};

/* order: "default", or "seed": that of the playbook which this library replaces. The first control plane is the last to go. What is asked
 * of the API server is left out when there is no control plane. *actions is freed by the caller. KB_EINVAL, KB_ENOMEM. */
kb_status kbi_reset_actions(const char *order, const struct kbi_reset_host *hosts, size_t count, struct kbi_reset_action **actions,
	size_t *action_count, struct kb_err *err);
/* The same as text. hosts: lines of "NAME control-plane" or "NAME worker"; out: lines of "STEP WHERE HOST". */
kb_status kbi_reset_order(const char *order, const char *hosts, struct kbi_buf *out, struct kb_err *err);

#endif
