/* SPDX-License-Identifier: Apache-2.0 */
/* "kubeadm join ..." as people copy it from a terminal. */
#ifndef KBI_JOIN_H
#define KBI_JOIN_H

#include "base/err.h"

struct kbi_buf;
struct kbi_map;

/* Into kubeadm's own names: "endpoint", "token" (secret), "discovery-token-ca-cert-hash" (one or more), "control-plane" ("true"),
 * "certificate-key" (secret), "node-name", "cri-socket", ... The map must be freed also after a failure. */
kb_status kbi_join_options(const char *command, struct kbi_map *options, struct kb_err *err);
kb_status kbi_join_parse(const char *command, struct kbi_buf *out, struct kb_err *err);		/* the same as JSON; makes `out` secret */
/* hashes: one or more, parted by white space. certificate_key: NULL for a worker. Makes `out` secret. */
kb_status kbi_join_print(const char *endpoint, const char *token, const char *hashes, const char *certificate_key, struct kbi_buf *out,
	struct kb_err *err);

#endif
