/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file text.h
 * Pure functions: text and values in, text and values out. They touch no file, no descriptor, no clock and no environment (kb_token_make()
 * asks the kernel for random bytes), so they can be used alone.
 *
 * Input is bounded: more than 1 MiB (8 MiB for Calico's manifests) is KB_ETOOBIG, and nesting deeper than 64 is KB_EINVAL. Text is UTF-8.
 * What is returned as kb_bytes is owned by the caller and freed by kb_bytes_free(), which wipes it. The context only receives the error.
 *
 * Data is given as a pointer and a size in bytes, and copied; a NULL with size 0 is empty data, a NULL with another size is KB_EINVAL.
 * Strings end in a NUL; NULL is KB_EINVAL where nothing else is said. Every function below can fail with KB_EINVAL, also for a NULL
 * context, KB_EBUSY and KB_ENOMEM; "Errors" names what else there is, and what makes it KB_EINVAL.
 *
 * Messages about a place in a text read "NAME:LINE:COLUMN: what", lines and columns from 1, columns in characters. No message holds a token
 * or a key.
 */
#ifndef KB_TEXT_H
#define KB_TEXT_H

#include <kb/common.h>

KB_BEGIN_DECLS

/**
 * Is this a network, such as 172.16.0.0/16 or fd00:10::/48? Strictly: no short forms, no octal numbers, no zone, and no bits set behind the
 * prefix. (RFC 4632, RFC 4291)
 * @param cidr  ADDRESS/PREFIX
 * Returns: KB_OK.
 * Errors: KB_EINVAL when it is not; for 172.16.5.0/16 the error names the network that was meant, and kb_err_fix() is that network.
 * Since: 0.1
 */
KB_API kb_status kb_cidr_check(kb_ctx *kb, const char *cidr);

/**
 * Does a network hold an address, or a whole network?
 * @param cidr     the network
 * @param address  an address, or a network; bits behind its prefix may be set (192.168.1.2/24 counts as 192.168.1.0/24)
 * Returns: 1 or 0; IPv4 and IPv6 never hold each other.
 * Errors: KB_EINVAL when either is not what it should be.
 * Since: 0.1
 */
KB_API int kb_cidr_contains(kb_ctx *kb, const char *cidr, const char *address);

/**
 * Do two networks share an address? Pods, services and nodes need three that do not.
 * Returns: 1 or 0, the same whichever comes first.
 * Errors: KB_EINVAL when either is no network.
 * Since: 0.1
 */
KB_API int kb_cidr_overlaps(kb_ctx *kb, const char *a, const char *b);

/**
 * How many blocks a pool has. Calico gives each node blocks of its own: with fewer blocks than nodes some nodes borrow single addresses.
 * (Calico documentation, IPPool, "Block sizes")
 * @param cidr        the pool
 * @param block_size  the prefix length of one block, such as 26
 * Returns: 2 to the power of the difference of the two prefix lengths.
 * Errors: KB_EINVAL when a block is larger than the pool or longer than an address; KB_ETOOBIG over 2^62 blocks.
 * Since: 0.1
 */
KB_API int64_t kb_cidr_block_count(kb_ctx *kb, const char *cidr, int block_size);

/**
 * A private IPv4 network (RFC 1918) that is free of others: the first that fits in 172.16.0.0/12, then 10.0.0.0/8, then 192.168.0.0/16.
 * @param prefix_length  of the network wanted, 8 to 30
 * @param taken          networks and addresses in use, parted by white space or commas; IPv6 is ignored, host bits may be set; NULL: none
 * Returns: the network, such as "172.16.0.0/16".
 * Errors: KB_EINVAL when none is left, or something taken cannot be read; KB_ETOOBIG.
 * Since: 0.1
 */
KB_API kb_bytes *kb_cidr_suggest(kb_ctx *kb, int prefix_length, const char *taken);

/**
 * The pod network in one of Calico's manifests: Installation.spec.calicoNetwork.ipPools[0].cidr in custom-resources.yaml, or the variable
 * CALICO_IPV4POOL_CIDR of the container calico-node in calico.yaml.
 * @param data  a YAML stream of any number of documents, at most 8 MiB
 * Returns: the network as it is written; empty when the manifest leaves it to Calico (calico.yaml, where the variable is a comment).
 * Errors: KB_EINVAL when there is no such place or more than one (two Installations, two pools); KB_ETOOBIG.
 * Since: 0.1
 */
KB_API kb_bytes *kb_calico_pod_cidr(kb_ctx *kb, const void *data, size_t size_bytes);

/**
 * Writes the pod network into one of Calico's manifests. Only the bytes of the value change: comments, quotes, order and line endings stay.
 * In calico.yaml the variable is taken out of its comment, with its indentation.
 * @param data  as for kb_calico_pod_cidr()
 * @param cidr  the network; at most as long as the block size in the manifest (26 when it has none)
 * Returns: the manifest.
 * Errors: as kb_calico_pod_cidr(); KB_EINVAL for a network that is none, or too small for one block.
 * Since: 0.1
 */
KB_API kb_bytes *kb_calico_set_pod_cidr(kb_ctx *kb, const void *data, size_t size_bytes, const char *cidr);

/**
 * Writes the pool's block size: ipPools[0].blockSize, or the variable CALICO_IPV4POOL_BLOCK_SIZE.
 * @param data        as for kb_calico_pod_cidr()
 * @param block_size  prefix length of a block: 20 to 32 for IPv4, 116 to 128 for IPv6 (Calico's own bounds), and not larger than the pool
 * Returns: the manifest.
 * Errors: as kb_calico_pod_cidr(); KB_EINVAL for another block size.
 * Since: 0.1
 */
KB_API kb_bytes *kb_calico_set_block_size(kb_ctx *kb, const void *data, size_t size_bytes, int block_size);

/**
 * Writes how packets between hosts are wrapped: ipPools[0].encapsulation, or the variables CALICO_IPV4POOL_IPIP and CALICO_IPV4POOL_VXLAN.
 * @param data           as for kb_calico_pod_cidr()
 * @param encapsulation  IPIP, IPIPCrossSubnet, VXLAN, VXLANCrossSubnet or None (operator.tigera.io/v1, IPPool)
 * Returns: the manifest.
 * Errors: as kb_calico_pod_cidr(); KB_EUNSUPPORTED for VXLAN in calico.yaml, which also needs another backend there.
 * Since: 0.1
 */
KB_API kb_bytes *kb_calico_set_encapsulation(kb_ctx *kb, const void *data, size_t size_bytes, const char *encapsulation);

/**
 * kubeadm's configuration from kubeadm's own flag names: InitConfiguration, ClusterConfiguration and KubeletConfiguration (with the systemd
 * cgroup driver), JoinConfiguration, or ResetConfiguration. The same options always give the same bytes.
 *
 * The API follows from "kubernetes-version": v1beta2 before 1.22, v1beta3 to 1.30, v1beta4 from 1.31, and v1beta4 when it is not given
 * (kubeadm's app/apis/kubeadm; kinder's pkg/kubeadm/config.go).
 *
 * Besides the flags of kubeadm init, join and reset there are: "node-ip"; "node-labels"; "kubelet-extra-args", "apiserver-extra-args",
 * "controller-manager-extra-args" and "scheduler-extra-args" (NAME=VALUE each); "taints" (KEY=VALUE:EFFECT each, or "none" for a control
 * plane that takes pods); "schedulable" (true is the same as taints: none); for join "endpoint" (HOST:PORT), and "ca-cert-hash" for
 * "discovery-token-ca-cert-hash". What belongs to a control plane is left out for a worker, as kubeadm does.
 *
 * @param kind     "init", "join" or "reset"
 * @param options  one YAML or JSON mapping; a list is several values, a mapping of scalars is NAME=VALUE each, null is not given
 * Returns: a YAML stream. It may hold a token: keep it as one.
 * Errors: KB_EINVAL for an option that there is not (the nearest one is named) or a value that it cannot have; KB_EUNSUPPORTED for an option
 * that this version's API does not know, for versions before 1.19, and for a join that would not pin the cluster's authority; KB_ETOOBIG.
 * Since: 0.1
 */
KB_API kb_bytes *kb_kubeadm_config(kb_ctx *kb, const char *kind, const char *options);

/**
 * Merges the caller's own documents into a kubeadm configuration, by kind and API group: mappings member by member, lists and scalars
 * replace. Extra arguments are merged by name, also where v1beta4 has them as lists. Kinds that the configuration does not have, such as
 * KubeProxyConfiguration, are put behind it.
 * @param data       a configuration, as from kb_kubeadm_config()
 * @param documents  a YAML stream of mappings, each with a kind; apiVersion may be left out for the kinds that kubeadm reads
 * Returns: a YAML stream, comments and layout not kept. It may hold a token.
 * Errors: KB_EINVAL for a document without kind, with another version of the API than it is merged into, or of unknown kind without
 * apiVersion; KB_ETOOBIG, also over 64 documents.
 * Since: 0.1
 */
KB_API kb_bytes *kb_kubeadm_merge(kb_ctx *kb, const void *data, size_t size_bytes, const char *documents);

/**
 * Makes a bootstrap token from the kernel's random numbers (getrandom(2)), each letter as likely as any other.
 * Returns: a token of the form [a-z0-9]{6}.[a-z0-9]{16}. It is a secret.
 * Errors: KB_EIO when the kernel gives no random numbers.
 * Since: 0.1
 */
KB_API kb_bytes *kb_token_make(kb_ctx *kb);

/**
 * Has a bootstrap token its form? (k8s.io/cluster-bootstrap, token/api)
 * @param token  a secret; no error repeats it
 * Returns: KB_OK.
 * Errors: KB_EINVAL when it has not.
 * Since: 0.1
 */
KB_API kb_status kb_token_check(kb_ctx *kb, const char *token);

/**
 * The pin of a cluster's certificate authority: SHA-256 of the DER form of its public key (SubjectPublicKeyInfo; RFC 7469, section 2.4), as
 * kubeadm join takes it by --discovery-token-ca-cert-hash. RSA, ECDSA and Ed25519 keys.
 * @param data  one or more certificates in PEM, such as /etc/kubernetes/pki/ca.crt; of a chain the first one counts
 * Returns: "sha256:" and 64 hexadecimal digits.
 * Errors: KB_EINVAL when there is no certificate; KB_ETOOBIG.
 * Since: 0.1
 */
KB_API kb_bytes *kb_ca_hash(kb_ctx *kb, const void *data, size_t size_bytes);

/**
 * Reads "kubeadm join ..." as people copy it from a terminal: with a prompt or sudo before it, over several lines with backslashes, with
 * carriage returns, among other lines.
 * @param command  text that holds the command once
 * Returns: a JSON object with kubeadm's names: "endpoint", "token", "discovery-token-ca-cert-hash" (a list), and where they were given
 * "control-plane" (true), "certificate-key" and other flags of kubeadm join. It holds a secret. It is an option map for kb_kubeadm_config().
 * Errors: KB_EINVAL when there is no command or more than one, for a flag that kubeadm join does not have, a token, hash or key that has not
 * its form, and when no hash is given; KB_EUNSUPPORTED for a join that does not pin the authority, and for --config; KB_ETOOBIG.
 * Since: 0.1
 */
KB_API kb_bytes *kb_join_parse(kb_ctx *kb, const char *command);

/**
 * Writes a join command on one line. (Steps do not need it: they hand kubeadm a configuration file, where the token is in no argument list.)
 * @param endpoint         HOST:PORT of the API server, an IPv6 address in brackets
 * @param token            a bootstrap token
 * @param ca_cert_hash     as from kb_ca_hash(); several parted by white space
 * @param certificate_key  64 hexadecimal digits, for a further control plane; NULL for a worker
 * Returns: the line, without a newline. It holds a secret.
 * Errors: KB_EINVAL when a part has not its form.
 * Since: 0.1
 */
KB_API kb_bytes *kb_join_print(kb_ctx *kb, const char *endpoint, const char *token, const char *ca_cert_hash, const char *certificate_key);

/**
 * Turns swap off in /etc/fstab: lines whose third field is "swap" (fstab(5)) are commented with the mark "#kb# ". Every other byte stays.
 * @param data  the file; other bytes than text are no matter
 * Returns: the file. The same again when there was nothing to do.
 * Errors: KB_ETOOBIG.
 * Since: 0.1
 */
KB_API kb_bytes *kb_fstab_swap_off(kb_ctx *kb, const void *data, size_t size_bytes);

/**
 * Takes the mark of kb_fstab_swap_off() away again; other comments stay.
 * @param data  the file
 * Returns: the file.
 * Errors: KB_ETOOBIG.
 * Since: 0.1
 */
KB_API kb_bytes *kb_fstab_swap_on(kb_ctx *kb, const void *data, size_t size_bytes);

/**
 * Names hosts in /etc/hosts: the entries stand in a block of their own between two marks, where the block was or at the end. From lines of
 * loopback addresses (127.0.1.1 NAME, as Debian, Ubuntu and Vagrant write them) the names of the block are taken out, since they would
 * shadow it: a kubelet that finds its name there has no address to offer. Every other byte stays.
 * @param data     the file
 * @param entries  lines of "ADDRESS NAME..."; empty lines and comments are left out; "" takes the block away
 * Returns: the file.
 * Errors: KB_EINVAL for an entry without address or with something that is no DNS name (RFC 1123), and for a file whose block does not end
 * or is there twice; KB_ETOOBIG.
 * Since: 0.1
 */
KB_API kb_bytes *kb_hosts_block(kb_ctx *kb, const void *data, size_t size_bytes, const char *entries);

/**
 * The line of an apt source for Kubernetes' packages (sources.list(5)).
 *
 * "legacy" is the layout of apt.kubernetes.io, whose one suite was kubernetes-xenial for every release of Ubuntu and Debian. It was frozen
 * at 1.28.2 and taken away in 2024-03 (kubernetes/release#3485, kubernetes/website#45685): give the URL of a mirror. "community" is
 * pkgs.k8s.io, with one repository a minor from 1.24 on. "custom" is whatever the caller says.
 *
 * @param flavour  "legacy", "community" or "custom"
 * @param url      http, https or file, without user and password; NULL or "": the official one. For "custom" the URL, the suite and the
 *                 components as in the line: "https://example.org/deb stable main"
 * @param version  of Kubernetes, X.Y or X.Y.Z; may be NULL where it does not matter ("custom", and "legacy" with a URL)
 * @param keyring  absolute path on the host, ending in .gpg (binary) or .asc (armored)
 * Returns: one line with its newline.
 * Errors: KB_EINVAL for a part that has not its form, and for a suite with "legacy"; KB_EUNSUPPORTED for a version that the official
 * repository of this flavour never had.
 * Since: 0.1
 */
KB_API kb_bytes *kb_apt_source(kb_ctx *kb, const char *flavour, const char *url, const char *version, const char *keyring);

/**
 * Which layout official packages of a version have.
 * @param version  of Kubernetes, X.Y or X.Y.Z
 * Returns: "legacy" before 1.24, else "community": a constant string. NULL on failure.
 * Errors: KB_EINVAL when it is no version; KB_EUNSUPPORTED when it is not 1.Y.
 * Since: 0.1
 */
KB_API const char *kb_apt_flavour(kb_ctx *kb, const char *version);

/**
 * Sets one key in a TOML document (TOML 1.0). Only the bytes of its value change; a key that is not there is added where its table was
 * made: in its section, its inline table, or beside its dotted keys; a table that is not there at the end.
 * @param data   the document
 * @param table  its name as TOML writes it, parts with dots quoted: plugins."io.containerd.grpc.v1.cri".containerd; "" is the root
 * @param key    the key itself; it is quoted when it has to be
 * @param value  raw TOML: true, 3, "text" with its quotes, ["a", "b"]
 * Returns: the document.
 * Errors: KB_EINVAL, with line and column, for a document that cannot be understood, a key that is there twice or is a table, a table that is
 * a plain value or an array of tables, and for a value that is not one; KB_ETOOBIG, also for names over 4 KiB.
 * Since: 0.1
 */
KB_API kb_bytes *kb_toml_set(kb_ctx *kb, const void *data, size_t size_bytes, const char *table, const char *key, const char *value);

/**
 * The difference of two texts as diff -u prints it, with three lines of context and the names a/NAME and b/NAME.
 * @param name    what the texts are called; slashes at its beginning are left out
 * @param before  the old text; what is not text gives the one line "Binary files ... differ"
 * @param after   the new one
 * Returns: the diff; empty when they are equal. Of texts over 1 MiB, or too different to be worth reading (about 2,000 lines), one line that
 * says so.
 * Errors: KB_EINVAL for a name that is empty or holds control characters; KB_ETOOBIG for one over 1 MiB.
 * Since: 0.1
 */
KB_API kb_bytes *kb_diff(kb_ctx *kb, const char *name, const void *before, size_t before_bytes, const void *after, size_t after_bytes);

KB_END_DECLS

#endif
