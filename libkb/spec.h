/* SPDX-License-Identifier: Apache-2.0 */
/* The description of a cluster: text in, values with defaults out. Pure. Fields are known by their dotted path; the table in spec_field.c
 * is the one place that says which there are. A field that is a list has several values under its path. */
#ifndef KBI_SPEC_H
#define KBI_SPEC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"

#define KBI_SPEC_HOSTS_MAX 5000		/* kubeadm's own documents name 5000 nodes as the most that Kubernetes is made for */

struct kbi_spec_host {
	char *name;
	struct kbi_map fields;		/* path to values: only what was set */
	struct kbi_map marks;		/* path to "cluster.yaml:7:3", of what came from a file */
	struct kbi_map secrets;		/* key of kb_host_set_secret() to bytes */
};

struct kbi_spec {
	char *folder;			/* what relative paths start from; NULL: the current directory */
	struct kbi_map fields;
	struct kbi_map marks;
	struct kbi_map steps;		/* "STEP PARAM" to values: parameters of steps as the caller wants them, over everything else */
	struct kbi_map secrets;		/* of every host that has none of its own */
	struct kbi_buf documents;	/* kubeadm documents of the caller's own, one YAML stream */
	struct kbi_spec_host *hosts;
	size_t host_count;
};

/* Reads a description into an empty spec. name is what errors call it. */
kb_status kbi_spec_read(struct kbi_spec *spec, const char *name, const char *folder, const void *data, size_t size_bytes,
	struct kb_err *err);
void kbi_spec_free(struct kbi_spec *spec);	/* wipes secrets; may be used again */

/* Sets one field as kb_cluster_set() takes it: lists are comma-separated, NULL puts the default back. host NULL: of the cluster. */
kb_status kbi_spec_set(struct kbi_spec *spec, struct kbi_spec_host *host, const char *path, const char *value, struct kb_err *err);
/* Forgets what a path was; then adds values to it, one by one, each checked. where is "cluster.yaml:7:3", or NULL. */
void kbi_spec_forget(struct kbi_spec *spec, struct kbi_spec_host *host, const char *path);
kb_status kbi_spec_add(struct kbi_spec *spec, struct kbi_spec_host *host, const char *path, const char *value, const char *where,
	struct kb_err *err);
kb_status kbi_spec_add_host(struct kbi_spec *spec, const char *name, const char *where, struct kbi_spec_host **host, struct kb_err *err);
void kbi_spec_drop_host(struct kbi_spec *spec);	/* the last one added */
struct kbi_spec_host *kbi_spec_host(const struct kbi_spec *spec, const char *name);
/* Adds kubeadm documents after reading them: each must be a map with a kind. */
kb_status kbi_spec_add_documents(struct kbi_spec *spec, const char *name, const void *data, size_t size_bytes, struct kb_err *err);

/* Answers. The default when nothing was set, NULL when there is none. Borrowed from the spec. */
const char *kbi_spec_get(const struct kbi_spec *spec, const char *path);
const char *kbi_spec_host_get(const struct kbi_spec *spec, const struct kbi_spec_host *host, const char *path);	/* else the cluster's */
bool kbi_spec_is_yes(const struct kbi_spec *spec, const char *path);
/* The values of a list, one after another: begin with NULL. Of a host its own list, else the cluster's. */
const struct kbi_entry *kbi_spec_next(const struct kbi_spec *spec, const struct kbi_spec_host *host, const char *path,
	const struct kbi_entry *after);
/* Where a path was set, with a colon and a blank behind it ("cluster.yaml:7:3: "), or "". */
void kbi_spec_where(struct kbi_buf *out, const struct kbi_spec *spec, const struct kbi_spec_host *host, const char *path);
const char *kbi_spec_calico(const struct kbi_spec *spec);	/* its version, of the file or by default; "none" */
bool kbi_spec_is_control_plane(const struct kbi_spec *spec, const struct kbi_spec_host *host);
bool kbi_spec_is_local(const struct kbi_spec *spec, const struct kbi_spec_host *host);
/* A path in the description, as the file system has it: owned by the caller; NULL when there is no memory. */
char *kbi_spec_path(const struct kbi_spec *spec, const char *path);
/* The address of a host in the node network; NULL when only the machine itself can say (a local host without node_ip). */
const char *kbi_spec_address(const struct kbi_spec *spec, const struct kbi_spec_host *host);

/* Everything that can be known before a host is asked. The first thing found, with its stable id. */
kb_status kbi_spec_check(const struct kbi_spec *spec, struct kb_err *err);

#endif
