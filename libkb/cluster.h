/* SPDX-License-Identifier: Apache-2.0 */
/* A kb_cluster, and what its plans are built with. */
#ifndef KBI_CLUSTER_H
#define KBI_CLUSTER_H

#include <kb/cluster.h>

#include "base/map.h"
#include "spec.h"

struct kb_cluster {
	struct kb_ctx *kb;
	struct kbi_spec spec;
	struct kbi_map *shown;		/* lists as kb_cluster_get() gave them out, until the next kb_cluster_set() */
};

/* Reads a file whole, up to 1 MiB. what is how errors call it. */
kb_status kbi_file_read(const char *path, const char *what, struct kbi_buf *out, struct kb_err *err);
/* The first line of a file that nobody but its owner can read (ssh asks the same of a key). "~/" is the caller's home. */
kb_status kbi_file_secret(const char *path, struct kbi_buf *secret, struct kb_err *err);

/* From the root: "~/" is the home of the user, and any other path starts from the current directory. Owned by the caller; NULL on failure. */
char *kbi_file_absolute(const char *path);

#endif
