/* SPDX-License-Identifier: Apache-2.0 */
/* The networks that kubeadm init is given, as kubeadm would judge them half-way through: before any host is touched. */
#ifndef KBI_KUBEADM_NETWORKS_H
#define KBI_KUBEADM_NETWORKS_H

#include "base/err.h"

/* Each one network, or two of different families, comma-separated; "": not given. Errors: KB_EINVAL with an id that begins with "init.". */
kb_status kbi_networks_check(const char *pods, const char *services, struct kb_err *err);

#endif
