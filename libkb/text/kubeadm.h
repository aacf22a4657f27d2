/* SPDX-License-Identifier: Apache-2.0 */
/* kubeadm's configuration, from an option map in kubeadm's own flag names. */
#ifndef KBI_KUBEADM_H
#define KBI_KUBEADM_H

#include "base/err.h"

struct kbi_buf;
struct kbi_map;

/* kind is "init", "join" or "reset". Deterministic: the same options give the same bytes. When an option is secret, `out` becomes so. */
kb_status kbi_kubeadm_config(const char *kind, const struct kbi_map *options, struct kbi_buf *out, struct kb_err *err);
/* The caller's documents merged by kind (and API group) into those of data; kinds that data has not are appended. */
kb_status kbi_kubeadm_merge(const void *data, size_t size_bytes, const char *documents, struct kbi_buf *out, struct kb_err *err);
/* A YAML or JSON mapping of options as a map: lists become several values, mappings of scalars become k=v. */
kb_status kbi_kubeadm_options(const char *text, struct kbi_map *options, struct kb_err *err);

#endif
