/* SPDX-License-Identifier: Apache-2.0 */
/* kubeadm's configuration as a step needs it: made from its parameters with the caller's own documents merged in, and asked about. */
#ifndef KBI_KUBEADM_DOCUMENTS_H
#define KBI_KUBEADM_DOCUMENTS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"

/* Options without those named in `not_kubeadms` (ended by NULL), rendered for kind, with the documents of the option "config" merged in. */
kb_status kbi_documents_make(const char *kind, const struct kbi_map *options, const char *const *not_kubeadms, struct kbi_buf *out,
	struct kb_err *err);
/* A scalar in the document of this kind, by its path; appended to out. False: there is no such document or value. Unreadable text has none. */
bool kbi_documents_value(const char *text, const char *kind, const char *path, struct kbi_buf *out);
/* A flag of the kubelet: in nodeRegistration.kubeletExtraArgs of the document of this kind, whose form depends on its version. */
bool kbi_documents_kubelet_arg(const char *text, const char *kind, const char *name, struct kbi_buf *out);
/* Are these two lists of networks (comma-separated) the same ones? */
bool kbi_networks_are(const char *a, const char *b);

#endif
