/* SPDX-License-Identifier: Apache-2.0 */
/* The pin of a cluster's certificate authority. */
#ifndef KBI_CA_H
#define KBI_CA_H

#include "base/err.h"

struct kbi_buf;

/* "sha256:" and the hash of the first certificate's public key, as kubeadm's --discovery-token-ca-cert-hash wants it. */
kb_status kbi_ca_hash(const void *pem, size_t pem_bytes, struct kbi_buf *out, struct kb_err *err);
kb_status kbi_ca_hash_check(const char *hash, struct kb_err *err);	/* sha256: and 64 hexadecimal digits */

#endif
