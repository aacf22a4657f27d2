/* SPDX-License-Identifier: Apache-2.0 */
/* The few settings of containerd's CRI plugin that Kubernetes needs, in a configuration of any version that is in use (containerd,
 * docs/cri/config.md and docs/man/containerd-config.toml.5.md). */
#ifndef KBI_CONTAINERD_CONFIG_H
#define KBI_CONTAINERD_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "steps/step.h"
#include "text/version.h"

#define KBI_CONTAINERD_CERTS "/etc/containerd/certs.d"

struct kbi_containerd_want {
	const char *sandbox_image;	/* "": left as it is */
	const char *bin_dir;
	bool has_mirrors;
	bool is_known;			/* containerd is installed, and this is its version: */
	struct kbi_version version;
};

/* Merges them into a file ("" for none), every other key kept. KB_ECONFLICT for what cannot be merged; KB_EINVAL when it is not TOML. */
kb_status kbi_containerd_merge(const struct kbi_containerd_want *want, const char *data, size_t size_bytes, struct kbi_buf *out,
	struct kb_err *err);
/* What `containerd config dump` says after all imports: the first setting that is not as wanted fails the judge by name. */
kb_status kbi_containerd_check_dump(const struct kbi_containerd_want *want, struct kbi_judge *judge, const char *dump);

#endif
