/* SPDX-License-Identifier: Apache-2.0 */
/* Calico's manifests, edited in place: only the bytes of the value change. */
#ifndef KBI_CALICO_H
#define KBI_CALICO_H

#include "base/err.h"

struct kbi_buf;

kb_status kbi_calico_pod_cidr(const void *data, size_t size_bytes, struct kbi_buf *out, struct kb_err *err);
kb_status kbi_calico_set_pod_cidr(const void *data, size_t size_bytes, const char *cidr, struct kbi_buf *out, struct kb_err *err);
kb_status kbi_calico_set_block_size(const void *data, size_t size_bytes, int block_size, struct kbi_buf *out, struct kb_err *err);
kb_status kbi_calico_set_encapsulation(const void *data, size_t size_bytes, const char *encapsulation, struct kbi_buf *out,
	struct kb_err *err);
/* Installation.spec.registry; Calico wants it to end in a slash, which is added when it is not there. */
kb_status kbi_calico_set_registry(const void *data, size_t size_bytes, const char *registry, struct kbi_buf *out, struct kb_err *err);
/* Replaces or inserts a scalar under Installation.spec: "calicoNetwork.nodeAddressAutodetectionV4.kubernetes", "NodeInternalIP". */
kb_status kbi_calico_set_field(const void *data, size_t size_bytes, const char *path, const char *value, struct kbi_buf *out,
	struct kb_err *err);

#endif
