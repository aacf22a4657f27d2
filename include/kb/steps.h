/* SPDX-License-Identifier: Apache-2.0 */
/* Generated from the records of libkb/steps by tests/gen/steps_h.c: change those. */
/**
 * @file steps.h
 * The steps of the library, each with a constructor of its own over kb_step_new().
 */
#ifndef KB_STEPS_H
#define KB_STEPS_H

#include <kb/step.h>

KB_BEGIN_DECLS

/**
 * `apiserver.reachable`: the host reaches the API server, and it is the right one.
 *
 * Parameters, by kb_step_set():
 * - `endpoint` (required): where the API server is, as HOST:PORT: an output of kubeadm.init
 * - `ca-cert`: the certificate authority that it must be of, PEM: an output of kubeadm.init; default: the one it names itself
 * - `ca-cert-hash` (list: kb_step_add()): the pin of that authority, sha256:HEX
 * - `timeout`: how many seconds an answer may take; default `10`
 * Outputs:
 * - `version`: of the API server, such as v1.34.4
 * Returns: a step to be freed by kb_step_free(); NULL on failure. Errors: KB_EINVAL, KB_ENOMEM, KB_EBUSY. Since: 0.1
 */
static inline kb_step *
kb_step_apiserver_reachable(kb_ctx *kb)
{
	return kb_step_new(kb, "apiserver.reachable");
}

/**
 * `apt.repo`: apt knows the repository of this Kubernetes, by its pinned key, and no other one.
 *
 * Parameters, by kb_step_set():
 * - `kubernetes-version`: X.Y.Z: decides the repository of a minor
 * - `flavour`: auto (by version), community (pkgs.k8s.io or a mirror), legacy (a mirror of apt.kubernetes.io) or custom; default `auto`
 * - `url`: the repository's address, when it is not the community's own
 * - `suite`: of a custom repository; / when it is flat
 * - `components` (list: kb_step_add()): of a custom repository's suite
 * - `key-url`: where the controller gets the key that signs it: an address or an absolute path
 * - `key`: that key itself, armoured
 * - `key-fingerprint` (list: kb_step_add()): the only keys that are trusted, 40 hexadecimal digits each; the flavour's known ones when not given
 * - `download-ca`: a PEM file of the controller: the authorities it trusts for the key's download; when the key comes from `url`, the host's apt trusts them for that address, too
 * - `proxy`: the proxy for the key's download
 * Outputs:
 * - `key-expires`: until when the key on the host is good, such as 2026-12-29; empty: for ever
 * Returns: a step to be freed by kb_step_free(); NULL on failure. Errors: KB_EINVAL, KB_ENOMEM, KB_EBUSY. Since: 0.1
 */
static inline kb_step *
kb_step_apt_repo(kb_ctx *kb)
{
	return kb_step_new(kb, "apt.repo");
}

/**
 * `calico.install`: the cluster's pods have a network, Calico's, and it is available.
 *
 * Parameters, by kb_step_set():
 * - `version` (required): of Calico, such as v3.32.1
 * - `pod-cidr` (required): the network that pods get their addresses from: the cluster's pod-network-cidr, or a part of it
 * - `block-size`: prefix length of the block that a node takes at a time; default `26`
 * - `encapsulation`: IPIP, IPIPCrossSubnet, VXLAN, VXLANCrossSubnet or None; default `VXLANCrossSubnet`
 * - `node-address-autodetection`: which address of a node Calico uses: kubernetes-internal-ip, first-found, interface=REGEX, skip-interface=REGEX or can-reach=ADDRESS; default `kubernetes-internal-ip`
 * - `image-registry`: where the images come from; default: as published
 * - `url`: where the manifests are, as URL/VERSION/manifests/FILE; default `https://raw.githubusercontent.com/projectcalico/calico`
 * - `sha256` (list: kb_step_add()): FILE=HEX: the sum that a manifest must have; for versions outside of the table of pins
 * - `download-ca`: a file of the controller with the authorities that the server of the manifests is trusted by, PEM
 * - `proxy` (secret): the proxy that the controller fetches over
 * - `timeout`: how many seconds Calico may take to become available; default `600`
 * Returns: a step to be freed by kb_step_free(); NULL on failure. Errors: KB_EINVAL, KB_ENOMEM, KB_EBUSY. Since: 0.1
 */
static inline kb_step *
kb_step_calico_install(kb_ctx *kb)
{
	return kb_step_new(kb, "calico.install");
}

/**
 * `calico.remove`: nothing of Calico is left in the cluster: its resources, then its operator.
 *
 * Parameters, by kb_step_set():
 * - `timeout`: how many seconds the operator may take to clean up; default `300`
 * - `skip-unreachable`: yes: an API server that does not answer is a warning, and nothing is done: for taking down a broken cluster; default `no`
 * Returns: a step to be freed by kb_step_free(); NULL on failure. Errors: KB_EINVAL, KB_ENOMEM, KB_EBUSY. Since: 0.1
 */
static inline kb_step *
kb_step_calico_remove(kb_ctx *kb)
{
	return kb_step_new(kb, "calico.remove");
}

/**
 * `calicoctl.install`: calicoctl of the cluster's version is in /usr/local/bin.
 *
 * Parameters, by kb_step_set():
 * - `version` (required): vX.Y.Z, the same as the cluster's Calico: calicoctl refuses any other
 * - `arch`: amd64 or arm64; the host's own when not given
 * - `url`: where the program is, with {version} and {arch}; an address that does not end in calicoctl-... is the folder of it; default `https://github.com/projectcalico/calico/releases/download/{version}/calicoctl-linux-{arch}`
 * - `sha256`: the program's sum, 64 hexadecimal digits; the known one of the version when not given
 * - `sums-sha256`: the sum of the release's file SHA256SUMS, when the program's own is not known
 * - `download-ca`: a PEM file of the controller: the authorities it trusts for the download
 * - `proxy`: the proxy for the download
 * Returns: a step to be freed by kb_step_free(); NULL on failure. Errors: KB_EINVAL, KB_ENOMEM, KB_EBUSY. Since: 0.1
 */
static inline kb_step *
kb_step_calicoctl_install(kb_ctx *kb)
{
	return kb_step_new(kb, "calicoctl.install");
}

/**
 * `cluster.authority`: which cluster the host is of, by its certificate authority; refused when it is another than the one meant.
 *
 * Parameters, by kb_step_set():
 * - `ca-cert-hash`: the authority of the cluster that is meant, sha256:HEX: a host of another one is refused; none: a host of any is
 * Outputs:
 * - `ca-cert-hash`: the pin of the certificate authority of the host's cluster, sha256:HEX; of a host in no cluster ca-cert-hash, or none
 * Returns: a step to be freed by kb_step_free(); NULL on failure. Errors: KB_EINVAL, KB_ENOMEM, KB_EBUSY. Since: 0.1
 */
static inline kb_step *
kb_step_cluster_authority(kb_ctx *kb)
{
	return kb_step_new(kb, "cluster.authority");
}

/**
 * `cluster.status`: how the cluster is: its nodes, its own pods, its network.
 *
 * Parameters, by kb_step_set():
 * It takes no parameters.
 * Outputs:
 * - `status`: what there is, as JSON: version, endpoint, nodes, pods_not_ready, tigerastatus, pools
 * Returns: a step to be freed by kb_step_free(); NULL on failure. Errors: KB_EINVAL, KB_ENOMEM, KB_EBUSY. Since: 0.1
 */
static inline kb_step *
kb_step_cluster_status(kb_ctx *kb)
{
	return kb_step_new(kb, "cluster.status");
}

/**
 * `containerd.install`: containerd runs, is held at its version, and answers as Kubernetes' container runtime.
 *
 * Parameters, by kb_step_set():
 * - `kubernetes-version`: X.Y.Z: which containerd it takes, and its sandbox image
 * - `source`: distribution, docker (download.docker.com), or auto: the distribution's if it is new enough, else Docker's; default `auto`
 * - `version`: the version of containerd, such as 1.7.28; the newest of the source when not given
 * - `sandbox-image`: the image that holds a pod's namespaces; the one of this Kubernetes when not given
 * - `bin-dir`: where CNI plugins are; default `/opt/cni/bin`
 * - `registry-mirrors` (list: kb_step_add()): REGISTRY=URL each, such as registry.k8s.io=https://mirror.example; several of one registry are tried in order
 * - `docker-url`: Docker's repository, without the distribution's name; default `https://download.docker.com/linux`
 * - `docker-key-fingerprint` (list: kb_step_add()): the only keys that are trusted for it; Docker's own when not given
 * - `download-ca`: a PEM file of the controller: the authorities it trusts for the key's download
 * - `proxy`: the proxy for the key's download
 * Outputs:
 * - `version`: containerd's own version, such as 1.7.28
 * - `endpoint`: the CRI endpoint
 * Returns: a step to be freed by kb_step_free(); NULL on failure. Errors: KB_EINVAL, KB_ENOMEM, KB_EBUSY. Since: 0.1
 */
static inline kb_step *
kb_step_containerd_install(kb_ctx *kb)
{
	return kb_step_new(kb, "containerd.install");
}

/**
 * `host.facts`: what the host is: system, addresses, clock; refused when it cannot become a node of this network.
 *
 * Parameters, by kb_step_set():
 * - `network` (list: kb_step_add()): the nodes' network: the address is the host's only one in it
 * - `address`: the address that the host is expected to have
 * - `pods` (list: kb_step_add()): the pods' network, which must not overlap with what the host is in or has routes to
 * - `services` (list: kb_step_add()): the services' network, likewise
 * - `node-name`: the Node's name; another hostname is a warning
 * - `kubernetes-version`: the version to come: some hosts are too old for it
 * Outputs:
 * - `address`: the host's address in the nodes' network
 * - `interface`: the interface that has it
 * - `default-route-address`: the address of the interface that the default route goes over
 * - `default-route-interface`: that interface
 * - `hostname`: what the host calls itself
 * - `os`: debian or ubuntu
 * - `os-version`: such as 12 or 24.04
 * - `codename`: such as bookworm
 * - `arch`: amd64 or arm64
 * - `kernel`: its release
 * - `machine-id`: from /etc/machine-id
 * - `product-uuid`: of the firmware; empty when it has none
 * - `memory-mib`: in MiB
 * - `cpus`: how many
 * - `cgroup`: 1 or 2
 * - `container`: what kind of container the host is; none: it is a machine of its own
 * - `clock`: what its clock showed, in seconds since 1970
 * Returns: a step to be freed by kb_step_free(); NULL on failure. Errors: KB_EINVAL, KB_ENOMEM, KB_EBUSY. Since: 0.1
 */
static inline kb_step *
kb_step_host_facts(kb_ctx *kb)
{
	return kb_step_new(kb, "host.facts");
}

/**
 * `hosts.entries`: /etc/hosts names every host of the cluster by its cluster address.
 *
 * Parameters, by kb_step_set():
 * - `entries` (list: kb_step_add()): lines of "ADDRESS NAME..."; none: the block is taken away
 * Returns: a step to be freed by kb_step_free(); NULL on failure. Errors: KB_EINVAL, KB_ENOMEM, KB_EBUSY. Since: 0.1
 */
static inline kb_step *
kb_step_hosts_entries(kb_ctx *kb)
{
	return kb_step_new(kb, "hosts.entries");
}

/**
 * `kernel.modules`: kernel modules are loaded, and will be after a reboot.
 *
 * Parameters, by kb_step_set():
 * - `modules` (list: kb_step_add()): kernel modules to load now and at every boot; default `overlay br_netfilter`
 * Returns: a step to be freed by kb_step_free(); NULL on failure. Errors: KB_EINVAL, KB_ENOMEM, KB_EBUSY. Since: 0.1
 */
static inline kb_step *
kb_step_kernel_modules(kb_ctx *kb)
{
	return kb_step_new(kb, "kernel.modules");
}

/**
 * `kernel.sysctl`: kernel settings have their values, and will after a reboot.
 *
 * Parameters, by kb_step_set():
 * - `settings` (list: kb_step_add()): kernel settings, NAME=VALUE each, now and at every boot; default `net.ipv4.ip_forward=1 net.bridge.bridge-nf-call-iptables=1 net.bridge.bridge-nf-call-ip6tables=1`
 * Returns: a step to be freed by kb_step_free(); NULL on failure. Errors: KB_EINVAL, KB_ENOMEM, KB_EBUSY. Since: 0.1
 */
static inline kb_step *
kb_step_kernel_sysctl(kb_ctx *kb)
{
	return kb_step_new(kb, "kernel.sysctl");
}

/**
 * `kubeadm.images`: the control plane's images are on the host.
 *
 * Parameters, by kb_step_set():
 * - `kubernetes-version`: whose images; default: kubeadm's own version
 * - `image-repository`: where the control plane's images come from; default: kubeadm's own
 * - `cri-socket`: the container runtime's socket; default `unix:///run/containerd/containerd.sock`
 * Returns: a step to be freed by kb_step_free(); NULL on failure. Errors: KB_EINVAL, KB_ENOMEM, KB_EBUSY. Since: 0.1
 */
static inline kb_step *
kb_step_kubeadm_images(kb_ctx *kb)
{
	return kb_step_new(kb, "kubeadm.images");
}

/**
 * `kubeadm.init`: the host is a control plane, made by kubeadm.
 *
 * Parameters, by kb_step_set():
 * - `apiserver-advertise-address`: the address that the API server tells others; of the host. Default: node-ip; refused when neither is given and the host has several interfaces with addresses
 * - `apiserver-bind-port`: the API server's port; default: kubeadm's own, 6443
 * - `apiserver-extra-args` (list: kb_step_add()): flags of the API server, NAME=VALUE each
 * - `apiserver-cert-extra-sans` (list: kb_step_add()): further names and addresses in the API server's certificate
 * - `cert-dir`: where certificates are made, or lie already; default `/etc/kubernetes/pki`
 * - `certificate-key` (secret): the key that uploaded certificates are encrypted with
 * - `config`: kubeadm documents of the caller's own (YAML), merged by kind over what these parameters give
 * - `control-plane-endpoint`: name or address, with or without port, by which all nodes reach the API server
 * - `controller-manager-extra-args` (list: kb_step_add()): flags of the controller manager, NAME=VALUE each
 * - `cri-socket`: the container runtime's socket; default `unix:///run/containerd/containerd.sock`
 * - `feature-gates` (list: kb_step_add()): NAME=true or NAME=false each, kubeadm's own
 * - `ignore-preflight-errors` (list: kb_step_add()): names of checks whose errors are taken as warnings
 * - `image-repository`: where the control plane's images come from; default: kubeadm's own
 * - `kubernetes-version`: the version of the control plane; default: kubeadm's own version
 * - `kubelet-extra-args` (list: kb_step_add()): flags of the kubelet, NAME=VALUE each
 * - `node-ip`: the Node's InternalIP; default: apiserver-advertise-address
 * - `node-labels` (list: kb_step_add()): labels of the Node, NAME=VALUE each
 * - `node-name`: the Node's name; default: the host's name
 * - `patches`: a folder of the host with patches for kubeadm
 * - `pod-network-cidr`: the pods' network; without it kube-proxy does not masquerade, and hosts with two cards cannot reach services
 * - `without-pod-network-cidr`: yes: it is meant that there is no pod-network-cidr; default `no`
 * - `schedulable`: yes: pods may run on the control plane
 * - `scheduler-extra-args` (list: kb_step_add()): flags of the scheduler, NAME=VALUE each
 * - `service-cidr`: the services' network; default: kubeadm's own, 10.96.0.0/12
 * - `service-dns-domain`: the cluster's DNS domain; default: kubeadm's own, cluster.local
 * - `skip-phases` (list: kb_step_add()): phases of kubeadm init to leave out
 * - `taints` (list: kb_step_add()): taints of the Node, KEY=VALUE:EFFECT or KEY:EFFECT each; default: the control plane's
 * - `token` (secret): a bootstrap token to make; token.create makes them one by one
 * - `token-ttl`: its lifetime, such as 30m; default: kubeadm's own, 24h
 * - `upload-certs`: yes: certificates are stored in the cluster for further control planes; default `no`
 * - `ca-cert-hash`: the only certificate authority that an existing control plane may have
 * Outputs:
 * - `endpoint`: where the API server is, as HOST:PORT
 * - `ca-cert-hash`: the pin of the cluster's certificate authority, sha256:HEX
 * - `ca.crt`: the certificate authority's certificate, PEM
 * - `version`: of the control plane, such as v1.34.4
 * Returns: a step to be freed by kb_step_free(); NULL on failure. Errors: KB_EINVAL, KB_ENOMEM, KB_EBUSY. Since: 0.1
 */
static inline kb_step *
kb_step_kubeadm_init(kb_ctx *kb)
{
	return kb_step_new(kb, "kubeadm.init");
}

/**
 * `kubeadm.join`: the host is a worker of the cluster.
 *
 * Parameters, by kb_step_set():
 * - `endpoint` (required): where the API server is, as HOST:PORT: an output of kubeadm.init
 * - `token` (required) (secret): the bootstrap token: an output of token.create
 * - `ca-cert-hash` (required) (list: kb_step_add()): the pin of the cluster's certificate authority, sha256:HEX: an output of kubeadm.init
 * - `ca-cert`: that authority itself, PEM: an output of kubeadm.init; with it the token need not be signed for (kubeadm's discovery by file)
 * - `config`: kubeadm documents of the caller's own (YAML), merged by kind over what these parameters give
 * - `cri-socket`: the container runtime's socket; default `unix:///run/containerd/containerd.sock`
 * - `ignore-preflight-errors` (list: kb_step_add()): names of checks whose errors are taken as warnings
 * - `kubelet-extra-args` (list: kb_step_add()): flags of the kubelet, NAME=VALUE each
 * - `kubernetes-version`: which form the configuration has; default: kubeadm's own version
 * - `node-ip`: the Node's InternalIP; refused when it is not given and the host has several interfaces with addresses
 * - `node-labels` (list: kb_step_add()): labels of the Node, NAME=VALUE each
 * - `node-name`: the Node's name; default: the host's name
 * - `patches`: a folder of the host with patches for kubeadm
 * - `skip-phases` (list: kb_step_add()): phases of kubeadm join to leave out
 * - `taints` (list: kb_step_add()): taints of the Node, KEY=VALUE:EFFECT or KEY:EFFECT each
 * Returns: a step to be freed by kb_step_free(); NULL on failure. Errors: KB_EINVAL, KB_ENOMEM, KB_EBUSY. Since: 0.1
 */
static inline kb_step *
kb_step_kubeadm_join(kb_ctx *kb)
{
	return kb_step_new(kb, "kubeadm.join");
}

/**
 * `kubeadm.reset`: the host is in no cluster: nothing of kubeadm's and the kubelet's state is left.
 *
 * Parameters, by kb_step_set():
 * - `ca-cert-hash` (list: kb_step_add()): the certificate authority of the cluster that is meant: a host of another one is left alone
 * - `cert-dir`: where the certificates are; all of it goes; default `/etc/kubernetes/pki`
 * - `cri-socket`: the container runtime's socket; default `unix:///run/containerd/containerd.sock`
 * Returns: a step to be freed by kb_step_free(); NULL on failure. Errors: KB_EINVAL, KB_ENOMEM, KB_EBUSY. Since: 0.1
 */
static inline kb_step *
kb_step_kubeadm_reset(kb_ctx *kb)
{
	return kb_step_new(kb, "kubeadm.reset");
}

/**
 * `kubeconfig.install`: root, and the users named, reach the cluster with kubectl.
 *
 * Parameters, by kb_step_set():
 * - `user` (list: kb_step_add()): users beside root who get it too
 * - `replace`: yes: a file that leads to another cluster is overwritten; default `no`
 * Outputs:
 * - `kubeconfig`: the administrator's kubeconfig, for the controller to keep
 * Returns: a step to be freed by kb_step_free(); NULL on failure. Errors: KB_EINVAL, KB_ENOMEM, KB_EBUSY. Since: 0.1
 */
static inline kb_step *
kb_step_kubeconfig_install(kb_ctx *kb)
{
	return kb_step_new(kb, "kubeconfig.install");
}

/**
 * `kubectl.shell`: root's bash completes kubectl, also as k.
 *
 * Parameters, by kb_step_set():
 * It takes no parameters.
 * Returns: a step to be freed by kb_step_free(); NULL on failure. Errors: KB_EINVAL, KB_ENOMEM, KB_EBUSY. Since: 0.1
 */
static inline kb_step *
kb_step_kubectl_shell(kb_ctx *kb)
{
	return kb_step_new(kb, "kubectl.shell");
}

/**
 * `net.clean`: nothing of a former cluster's network is left: rules, links, routes, files, mounts.
 *
 * Parameters, by kb_step_set():
 * - `pod-network-cidr`: the pods' network: routes and a tunnel's address in it are taken away too
 * - `ca-cert-hash`: the certificate authority of the cluster that was left: a ~/.kube/config of it goes
 * - `endpoint`: its endpoint, HOST:PORT: a ~/.kube/config that leads there goes
 * - `user` (list: kb_step_add()): users beside root whose ~/.kube/config is looked at
 * - `flush-all`: yes: all rules and chains of filter, nat and mangle go, whoever made them; default `no`
 * Returns: a step to be freed by kb_step_free(); NULL on failure. Errors: KB_EINVAL, KB_ENOMEM, KB_EBUSY. Since: 0.1
 */
static inline kb_step *
kb_step_net_clean(kb_ctx *kb)
{
	return kb_step_new(kb, "net.clean");
}

/**
 * `node.configure`: a Node has its labels and taints.
 *
 * Parameters, by kb_step_set():
 * - `node-name` (required): which Node
 * - `labels` (list: kb_step_add()): NAME=VALUE each, set; others stay
 * - `taints` (list: kb_step_add()): KEY=VALUE:EFFECT or KEY:EFFECT each, set; others stay
 * - `schedulable`: yes: a control plane's own taint is taken away; no: it is there
 * Returns: a step to be freed by kb_step_free(); NULL on failure. Errors: KB_EINVAL, KB_ENOMEM, KB_EBUSY. Since: 0.1
 */
static inline kb_step *
kb_step_node_configure(kb_ctx *kb)
{
	return kb_step_new(kb, "node.configure");
}

/**
 * `node.delete`: the cluster has no Node of this name.
 *
 * Parameters, by kb_step_set():
 * - `node-name` (required): which Node; its kubelet should not run any more, or it comes back
 * - `skip-unreachable`: yes: an API server that does not answer is a warning, and nothing is done: for taking down a broken cluster; default `no`
 * Returns: a step to be freed by kb_step_free(); NULL on failure. Errors: KB_EINVAL, KB_ENOMEM, KB_EBUSY. Since: 0.1
 */
static inline kb_step *
kb_step_node_delete(kb_ctx *kb)
{
	return kb_step_new(kb, "node.delete");
}

/**
 * `node.drain`: a Node takes no new pods, and those that can go have gone.
 *
 * Parameters, by kb_step_set():
 * - `node-name` (required): which Node
 * - `timeout`: how many seconds pods may take to go; default `120`
 * - `disable-eviction`: yes: pods are deleted, past their disruption budgets; default `no`
 * - `skip-unreachable`: yes: an API server that does not answer is a warning, and nothing is done: for taking down a broken cluster; default `no`
 * Returns: a step to be freed by kb_step_free(); NULL on failure. Errors: KB_EINVAL, KB_ENOMEM, KB_EBUSY. Since: 0.1
 */
static inline kb_step *
kb_step_node_drain(kb_ctx *kb)
{
	return kb_step_new(kb, "node.drain");
}

/**
 * `node.ready`: the Nodes are Ready at their addresses, and the cluster's DNS is there.
 *
 * Parameters, by kb_step_set():
 * - `nodes` (required) (list: kb_step_add()): NAME ADDRESS each: the Nodes that there are to be, and the InternalIP of each; the address may be left out
 * - `dns`: no: the cluster's DNS is not waited for; default `yes`
 * - `timeout`: how many seconds it may take; default `300`
 * Returns: a step to be freed by kb_step_free(); NULL on failure. Errors: KB_EINVAL, KB_ENOMEM, KB_EBUSY. Since: 0.1
 */
static inline kb_step *
kb_step_node_ready(kb_ctx *kb)
{
	return kb_step_new(kb, "node.ready");
}

/**
 * `packages.hold`: the packages of Kubernetes and its runtime stay at their versions.
 *
 * Parameters, by kb_step_set():
 * - `packages` (list: kb_step_add()): packages that no upgrade of the system may change; default `kubeadm kubelet kubectl`
 * - `also` (list: kb_step_add()): likewise, those of them that are installed; default `cri-tools kubernetes-cni containerd containerd.io`
 * Returns: a step to be freed by kb_step_free(); NULL on failure. Errors: KB_EINVAL, KB_ENOMEM, KB_EBUSY. Since: 0.1
 */
static inline kb_step *
kb_step_packages_hold(kb_ctx *kb)
{
	return kb_step_new(kb, "packages.hold");
}

/**
 * `packages.install`: kubeadm, kubelet and kubectl are installed at exactly one version, and the tools that they call.
 *
 * Parameters, by kb_step_set():
 * - `kubernetes-version` (required): X.Y.Z: the version of the packages, whatever their revision
 * - `packages` (list: kb_step_add()): packages of exactly this version; default `kubeadm kubelet kubectl`
 * - `helpers` (list: kb_step_add()): packages of any version; one that no source has is left out; default `cri-tools kubernetes-cni conntrack socat ebtables ethtool iproute2`
 * Returns: a step to be freed by kb_step_free(); NULL on failure. Errors: KB_EINVAL, KB_ENOMEM, KB_EBUSY. Since: 0.1
 */
static inline kb_step *
kb_step_packages_install(kb_ctx *kb)
{
	return kb_step_new(kb, "packages.install");
}

/**
 * `swap.off`: no swap now, and none after a reboot.
 *
 * Parameters, by kb_step_set():
 * It takes no parameters.
 * Returns: a step to be freed by kb_step_free(); NULL on failure. Errors: KB_EINVAL, KB_ENOMEM, KB_EBUSY. Since: 0.1
 */
static inline kb_step *
kb_step_swap_off(kb_ctx *kb)
{
	return kb_step_new(kb, "swap.off");
}

/**
 * `token.create`: there is a new bootstrap token that nodes can join with.
 *
 * Parameters, by kb_step_set():
 * - `ttl`: its lifetime: 90s, 30m, 24h, 1h30m; 0: for ever, which is warned of; default `30m`
 * - `usages` (list: kb_step_add()): what it is for: signing (a join finds the cluster by it), authentication (the kubelet's first login); default `signing authentication`
 * Outputs:
 * - `token`: the bootstrap token
 * - `token-id`: its public part, by which token.delete knows it
 * - `join-command`: the kubeadm join line for a worker, when the token is for both
 * Returns: a step to be freed by kb_step_free(); NULL on failure. Errors: KB_EINVAL, KB_ENOMEM, KB_EBUSY. Since: 0.1
 */
static inline kb_step *
kb_step_token_create(kb_ctx *kb)
{
	return kb_step_new(kb, "token.create");
}

/**
 * `token.delete`: a bootstrap token is gone.
 *
 * Parameters, by kb_step_set():
 * - `token-id` (required): the public part of the token: an output of token.create
 * Returns: a step to be freed by kb_step_free(); NULL on failure. Errors: KB_EINVAL, KB_ENOMEM, KB_EBUSY. Since: 0.1
 */
static inline kb_step *
kb_step_token_delete(kb_ctx *kb)
{
	return kb_step_new(kb, "token.delete");
}

KB_END_DECLS

#endif
