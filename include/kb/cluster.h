/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file cluster.h
 * A whole cluster from one description, and the plans that bring it up, look at it and take it down.
 *
 * The description is a YAML file (kb_cluster_load()), or the same made by calls: kb_cluster_set() takes the dotted path of a field
 * ("kubernetes.version", "network.pods", "ssh.user"), kb_cluster_add_host() and kb_cluster_set_host() the hosts. Every field and its
 * default is in the table of kb_cluster_key(). Unknown keys are errors, with line and column when they come from a file.
 *
 *     kubernetes: {version: 1.34.4}
 *     network: {nodes: 192.168.1.0/24, pods: 172.16.0.0/16}
 *     ssh: {user: vagrant}
 *     hosts:
 *       - {name: master1, address: 192.168.1.2, role: control-plane}
 *       - {name: worker1, address: 192.168.1.3, labels: {disk: ssd}, ssh: {port: 2222}}
 *
 * Any parameter of any step can be given too, over what follows from the fields: `steps: {kubeadm.init: {upload-certs: yes}}` in a file,
 * "steps.kubeadm.init.upload-certs" by call.
 */
#ifndef KB_CLUSTER_H
#define KB_CLUSTER_H

#include <kb/plan.h>

KB_BEGIN_DECLS

/** A cluster's description. Since: 0.1 */
typedef struct kb_cluster kb_cluster;

/** Makes an empty description. Returns: to be freed by kb_cluster_free(); NULL on failure. Since: 0.1 */
KB_API kb_cluster *kb_cluster_new(kb_ctx *kb);

/**
 * Reads a description.
 * @param path  a file; paths in it are relative to its folder
 * Returns: to be freed by kb_cluster_free(); NULL on failure.
 * Errors: KB_EIO (cannot be read), KB_EINVAL ("cluster.yaml:7:3: ..."), KB_ETOOBIG (over 1 MiB), KB_ENOMEM, KB_EBUSY.
 * Since: 0.1
 */
KB_API kb_cluster *kb_cluster_load(kb_ctx *kb, const char *path);

/**
 * As kb_cluster_load(), from memory.
 * @param name  what errors call it
 * @param folder  what relative paths in it start from; NULL: the current directory
 * Since: 0.1
 */
KB_API kb_cluster *kb_cluster_parse(kb_ctx *kb, const char *name, const char *folder, const void *data, size_t size_bytes);

/**
 * Sets a field by its dotted path, as the file would have it; lists are comma-separated.
 * @param value  copied; NULL puts the default back
 * Errors: KB_EINVAL (unknown key, or a value that it cannot have), KB_ENOMEM, KB_EBUSY. Since: 0.1
 */
KB_API kb_status kb_cluster_set(kb_cluster *cluster, const char *key, const char *value);

/** What a field is, or its default. Borrowed until the next kb_cluster_set() or kb_cluster_free(); NULL when it has none. Since: 0.1 */
KB_API const char *kb_cluster_get(const kb_cluster *cluster, const char *key);

/** The dotted path of a field, by index from 0; NULL past the end. Those that only hosts have begin with "hosts[].". Since: 0.1 */
KB_API const char *kb_cluster_key(size_t index);
/** What a field means and what its default is. A constant string; NULL for an unknown key. Since: 0.1 */
KB_API const char *kb_cluster_key_doc(const char *key);

/**
 * Adds a host.
 * @param name     the Node's name
 * @param address  its address in the node network; or "local" for the machine of the caller
 * @param role     "control-plane" or "worker"
 * Errors: KB_EINVAL, KB_ENOMEM, KB_EBUSY. Since: 0.1
 */
KB_API kb_status kb_cluster_add_host(kb_cluster *cluster, const char *name, const char *address, const char *role);

/**
 * Sets a field of one host ("ssh.port", "schedulable", "labels", ...): of those that only hosts have, and of ssh and containerd over what
 * the cluster says. A map is NAME=VALUE,NAME=VALUE. Errors: as kb_cluster_set(). Since: 0.1
 */
KB_API kb_status kb_cluster_set_host(kb_cluster *cluster, const char *name, const char *key, const char *value);

/** A secret of one host, or of all when name is NULL: keys as kb_host_set_secret(). Errors: KB_EINVAL, KB_ENOMEM, KB_EBUSY. Since: 0.1 */
KB_API kb_status kb_cluster_set_secret(kb_cluster *cluster, const char *name, const char *key, const void *data, size_t size_bytes);

/**
 * Adds kubeadm documents of the caller's own (YAML), merged by kind into what is written. Errors: KB_EINVAL, KB_ETOOBIG (over 1 MiB),
 * KB_ENOMEM, KB_EBUSY. Since: 0.1
 */
KB_API kb_status kb_cluster_add_kubeadm(kb_cluster *cluster, const void *data, size_t size_bytes);

/** How many hosts there are. Since: 0.1 */
KB_API size_t kb_cluster_host_count(const kb_cluster *cluster);
/** The name of a host by index from 0; borrowed until kb_cluster_free(); NULL past the end. Since: 0.1 */
KB_API const char *kb_cluster_host_name(const kb_cluster *cluster, size_t index);

/**
 * Looks at the description alone, before any host is touched: missing fields, overlapping or too small networks, versions that nobody
 * serves, doubled names and addresses. kb_cluster_up() does it too.
 * Returns: KB_OK. Errors: KB_EINVAL with a stable id, KB_EUNSUPPORTED, KB_ENOMEM, KB_EBUSY.
 * Since: 0.1
 */
KB_API kb_status kb_cluster_check(kb_cluster *cluster);

/**
 * The plan that brings it up. No host is touched before every host was looked at; run again, it changes only what differs. The output
 * "kubeconfig" of its task kubeconfig.install is the administrator's kubeconfig.
 * Returns: to be freed by kb_plan_free(); NULL on failure. Errors: as kb_cluster_check(), and KB_EIO or KB_EINVAL for a file with a secret
 * that cannot be read or that others can read. Since: 0.1
 */
KB_API kb_plan *kb_cluster_up(kb_cluster *cluster);

/**
 * The plan that takes it down: workers first, while there is an API server to tell; the control plane last. Packages and settings of the
 * hosts stay. A host of another cluster is refused, and so is any that is of one while the control plane is of none, unless the field
 * steps.cluster.authority.ca-cert-hash names it. As kb_cluster_up(). Since: 0.1
 */
KB_API kb_plan *kb_cluster_reset(kb_cluster *cluster);

/** The plan that only looks: nodes, control plane, network. As kb_cluster_up(). Since: 0.1 */
KB_API kb_plan *kb_cluster_status(kb_cluster *cluster);

/** Lets go of a description; plans made from it keep what they need. Any thread. NULL is nothing. Since: 0.1 */
KB_API void kb_cluster_free(kb_cluster *cluster);

KB_END_DECLS

#endif
