/* SPDX-License-Identifier: Apache-2.0 */
/* Versions, and what each minor of Kubernetes needs. */
#ifndef KBI_VERSION_H
#define KBI_VERSION_H

#include <stdbool.h>

#include "base/err.h"

struct kbi_buf;

struct kbi_version {
	int major;
	int minor;
	int patch;
};

/* What one minor of Kubernetes 1.x needs. */
struct kbi_kubernetes {
	int minor;
	const char *kubeadm_api;	/* "v1beta3": the newest that is safe */
	const char *pause;		/* tag of the sandbox image */
	const char *apt_flavour;	/* "legacy" or "community" */
	const char *containerd;		/* the oldest patch of each series that will do: "1.7.28 2.0.6 2.1.3"; newer series will do too */
	const char *containerd_end;	/* from this one on it will not; NULL when there is no such end */
	const char *registry;		/* kubeadm's default image repository */
};

kb_status kbi_version_parse(struct kbi_version *version, const char *text, struct kb_err *err);		/* X.Y.Z or vX.Y.Z, nothing else */
kb_status kbi_version_parse_minor(struct kbi_version *version, const char *text, struct kb_err *err);	/* also X.Y, with patch 0 */
bool kbi_version_find(struct kbi_version *version, const char *text);		/* the first X.Y.Z in a text: "containerd github.com/... 1.7.28~ds1" */
int kbi_version_compare(const struct kbi_version *a, const struct kbi_version *b);
void kbi_version_print(struct kbi_buf *out, const struct kbi_version *version);

/* The row of a minor; a newer one than the table knows gets the newest row, NULL when it is older than any. */
const struct kbi_kubernetes *kbi_kubernetes(const struct kbi_version *version);
bool kbi_kubernetes_knows(const struct kbi_version *version);		/* false for minors newer or older than the table */
bool kbi_kubernetes_takes_containerd(const struct kbi_kubernetes *kubernetes, const struct kbi_version *containerd);

#endif
