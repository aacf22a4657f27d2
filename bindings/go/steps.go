// Code generated from the records of libkb/steps by tests/gen/steps_go.c. DO NOT EDIT.
// SPDX-License-Identifier: Apache-2.0

package kb

import (
	"net/netip"
	"time"
)

// APIServerReachable is the step apiserver.reachable: the host reaches the API server, and it is the right one.
//
// Outputs:
//   - version: of the API server, such as v1.34.4
type APIServerReachable struct {
	// where the API server is, as HOST:PORT: an output of kubeadm.init (required, or bound)
	Endpoint string
	// the certificate authority that it must be of, PEM: an output of kubeadm.init; default: the one it names itself
	CACert string
	// the pin of that authority, sha256:HEX
	CACertHash []string
	// how many seconds an answer may take; default 10
	Timeout time.Duration
}

// StepName is apiserver.reachable.
func (APIServerReachable) StepName() string { return "apiserver.reachable" }

func (s APIServerReachable) set(p *params) {
	p.text("endpoint", s.Endpoint)
	p.text("ca-cert", s.CACert)
	p.texts("ca-cert-hash", s.CACertHash)
	p.seconds("timeout", s.Timeout)
}

// AptRepo is the step apt.repo: apt knows the repository of this Kubernetes, by its pinned key, and no other one.
//
// Outputs:
//   - key-expires: until when the key on the host is good, such as 2026-12-29; empty: for ever
type AptRepo struct {
	// X.Y.Z: decides the repository of a minor
	KubernetesVersion string
	// auto (by version), community (pkgs.k8s.io or a mirror), legacy (a mirror of apt.kubernetes.io) or custom; default auto
	Flavour string
	// the repository's address, when it is not the community's own
	URL string
	// of a custom repository; / when it is flat
	Suite string
	// of a custom repository's suite
	Components []string
	// where the controller gets the key that signs it: an address or an absolute path
	KeyURL string
	// that key itself, armoured
	Key string
	// the only keys that are trusted, 40 hexadecimal digits each; the flavour's known ones when not given
	KeyFingerprint []string
	// a PEM file of the controller: the authorities it trusts for the key's download; when the key comes from `url`, the host's apt trusts them for that address, too
	DownloadCA string
	// the proxy for the key's download
	Proxy string
}

// StepName is apt.repo.
func (AptRepo) StepName() string { return "apt.repo" }

func (s AptRepo) set(p *params) {
	p.text("kubernetes-version", s.KubernetesVersion)
	p.text("flavour", s.Flavour)
	p.text("url", s.URL)
	p.text("suite", s.Suite)
	p.texts("components", s.Components)
	p.text("key-url", s.KeyURL)
	p.text("key", s.Key)
	p.texts("key-fingerprint", s.KeyFingerprint)
	p.text("download-ca", s.DownloadCA)
	p.text("proxy", s.Proxy)
}

// CalicoInstall is the step calico.install: the cluster's pods have a network, Calico's, and it is available.
type CalicoInstall struct {
	// of Calico, such as v3.32.1 (required, or bound)
	Version string
	// the network that pods get their addresses from: the cluster's pod-network-cidr, or a part of it (required, or bound)
	PodCIDR netip.Prefix
	// prefix length of the block that a node takes at a time; default 26
	BlockSize int
	// IPIP, IPIPCrossSubnet, VXLAN, VXLANCrossSubnet or None; default VXLANCrossSubnet
	Encapsulation string
	// which address of a node Calico uses: kubernetes-internal-ip, first-found, interface=REGEX, skip-interface=REGEX or can-reach=ADDRESS; default kubernetes-internal-ip
	NodeAddressAutodetection string
	// where the images come from; default: as published
	ImageRegistry string
	// where the manifests are, as URL/VERSION/manifests/FILE; default https://raw.githubusercontent.com/projectcalico/calico
	URL string
	// FILE=HEX: the sum that a manifest must have; for versions outside of the table of pins
	SHA256 []string
	// a file of the controller with the authorities that the server of the manifests is trusted by, PEM
	DownloadCA string
	// the proxy that the controller fetches over
	Proxy Secret
	// how many seconds Calico may take to become available; default 600
	Timeout time.Duration
}

// StepName is calico.install.
func (CalicoInstall) StepName() string { return "calico.install" }

func (s CalicoInstall) set(p *params) {
	p.text("version", s.Version)
	p.network("pod-cidr", s.PodCIDR)
	p.number("block-size", s.BlockSize)
	p.text("encapsulation", s.Encapsulation)
	p.text("node-address-autodetection", s.NodeAddressAutodetection)
	p.text("image-registry", s.ImageRegistry)
	p.text("url", s.URL)
	p.texts("sha256", s.SHA256)
	p.text("download-ca", s.DownloadCA)
	p.secret("proxy", s.Proxy)
	p.seconds("timeout", s.Timeout)
}

// CalicoRemove is the step calico.remove: nothing of Calico is left in the cluster: its resources, then its operator.
type CalicoRemove struct {
	// how many seconds the operator may take to clean up; default 300
	Timeout time.Duration
	// yes: an API server that does not answer is a warning, and nothing is done: for taking down a broken cluster; default no
	SkipUnreachable bool
}

// StepName is calico.remove.
func (CalicoRemove) StepName() string { return "calico.remove" }

func (s CalicoRemove) set(p *params) {
	p.seconds("timeout", s.Timeout)
	p.isTrue("skip-unreachable", s.SkipUnreachable)
}

// CalicoctlInstall is the step calicoctl.install: calicoctl of the cluster's version is in /usr/local/bin.
type CalicoctlInstall struct {
	// vX.Y.Z, the same as the cluster's Calico: calicoctl refuses any other (required, or bound)
	Version string
	// amd64 or arm64; the host's own when not given
	Arch string
	// where the program is, with {version} and {arch}; an address that does not end in calicoctl-... is the folder of it; default https://github.com/projectcalico/calico/releases/download/{version}/calicoctl-linux-{arch}
	URL string
	// the program's sum, 64 hexadecimal digits; the known one of the version when not given
	SHA256 string
	// the sum of the release's file SHA256SUMS, when the program's own is not known
	SumsSHA256 string
	// a PEM file of the controller: the authorities it trusts for the download
	DownloadCA string
	// the proxy for the download
	Proxy string
}

// StepName is calicoctl.install.
func (CalicoctlInstall) StepName() string { return "calicoctl.install" }

func (s CalicoctlInstall) set(p *params) {
	p.text("version", s.Version)
	p.text("arch", s.Arch)
	p.text("url", s.URL)
	p.text("sha256", s.SHA256)
	p.text("sums-sha256", s.SumsSHA256)
	p.text("download-ca", s.DownloadCA)
	p.text("proxy", s.Proxy)
}

// ClusterAuthority is the step cluster.authority: which cluster the host is of, by its certificate authority; refused when it is another than the one meant.
//
// Outputs:
//   - ca-cert-hash: the pin of the certificate authority of the host's cluster, sha256:HEX; of a host in no cluster ca-cert-hash, or none
type ClusterAuthority struct {
	// the authority of the cluster that is meant, sha256:HEX: a host of another one is refused; none: a host of any is
	CACertHash string
}

// StepName is cluster.authority.
func (ClusterAuthority) StepName() string { return "cluster.authority" }

func (s ClusterAuthority) set(p *params) {
	p.text("ca-cert-hash", s.CACertHash)
}

// ClusterStatus is the step cluster.status: how the cluster is: its nodes, its own pods, its network.
//
// Outputs:
//   - status: what there is, as JSON: version, endpoint, nodes, pods_not_ready, tigerastatus, pools
type ClusterStatus struct{}

// StepName is cluster.status.
func (ClusterStatus) StepName() string { return "cluster.status" }

func (ClusterStatus) set(*params) {}

// ContainerdInstall is the step containerd.install: containerd runs, is held at its version, and answers as Kubernetes' container runtime.
//
// Outputs:
//   - version: containerd's own version, such as 1.7.28
//   - endpoint: the CRI endpoint
type ContainerdInstall struct {
	// X.Y.Z: which containerd it takes, and its sandbox image
	KubernetesVersion string
	// distribution, docker (download.docker.com), or auto: the distribution's if it is new enough, else Docker's; default auto
	Source string
	// the version of containerd, such as 1.7.28; the newest of the source when not given
	Version string
	// the image that holds a pod's namespaces; the one of this Kubernetes when not given
	SandboxImage string
	// where CNI plugins are; default /opt/cni/bin
	BinDir string
	// REGISTRY=URL each, such as registry.k8s.io=https://mirror.example; several of one registry are tried in order
	RegistryMirrors []string
	// Docker's repository, without the distribution's name; default https://download.docker.com/linux
	DockerURL string
	// the only keys that are trusted for it; Docker's own when not given
	DockerKeyFingerprint []string
	// a PEM file of the controller: the authorities it trusts for the key's download
	DownloadCA string
	// the proxy for the key's download
	Proxy string
}

// StepName is containerd.install.
func (ContainerdInstall) StepName() string { return "containerd.install" }

func (s ContainerdInstall) set(p *params) {
	p.text("kubernetes-version", s.KubernetesVersion)
	p.text("source", s.Source)
	p.text("version", s.Version)
	p.text("sandbox-image", s.SandboxImage)
	p.text("bin-dir", s.BinDir)
	p.texts("registry-mirrors", s.RegistryMirrors)
	p.text("docker-url", s.DockerURL)
	p.texts("docker-key-fingerprint", s.DockerKeyFingerprint)
	p.text("download-ca", s.DownloadCA)
	p.text("proxy", s.Proxy)
}

// HostFacts is the step host.facts: what the host is: system, addresses, clock; refused when it cannot become a node of this network.
//
// Outputs:
//   - address: the host's address in the nodes' network
//   - interface: the interface that has it
//   - default-route-address: the address of the interface that the default route goes over
//   - default-route-interface: that interface
//   - hostname: what the host calls itself
//   - os: debian or ubuntu
//   - os-version: such as 12 or 24.04
//   - codename: such as bookworm
//   - arch: amd64 or arm64
//   - kernel: its release
//   - machine-id: from /etc/machine-id
//   - product-uuid: of the firmware; empty when it has none
//   - memory-mib: in MiB
//   - cpus: how many
//   - cgroup: 1 or 2
//   - container: what kind of container the host is; none: it is a machine of its own
//   - clock: what its clock showed, in seconds since 1970
type HostFacts struct {
	// the nodes' network: the address is the host's only one in it
	Network []netip.Prefix
	// the address that the host is expected to have
	Address netip.Addr
	// the pods' network, which must not overlap with what the host is in or has routes to
	Pods []netip.Prefix
	// the services' network, likewise
	Services []netip.Prefix
	// the Node's name; another hostname is a warning
	NodeName string
	// the version to come: some hosts are too old for it
	KubernetesVersion string
}

// StepName is host.facts.
func (HostFacts) StepName() string { return "host.facts" }

func (s HostFacts) set(p *params) {
	p.networks("network", s.Network)
	p.address("address", s.Address)
	p.networks("pods", s.Pods)
	p.networks("services", s.Services)
	p.text("node-name", s.NodeName)
	p.text("kubernetes-version", s.KubernetesVersion)
}

// HostsEntries is the step hosts.entries: /etc/hosts names every host of the cluster by its cluster address.
type HostsEntries struct {
	// lines of "ADDRESS NAME..."; none: the block is taken away
	Entries []string
}

// StepName is hosts.entries.
func (HostsEntries) StepName() string { return "hosts.entries" }

func (s HostsEntries) set(p *params) {
	p.texts("entries", s.Entries)
}

// KernelModules is the step kernel.modules: kernel modules are loaded, and will be after a reboot.
type KernelModules struct {
	// kernel modules to load now and at every boot; default overlay br_netfilter
	Modules []string
}

// StepName is kernel.modules.
func (KernelModules) StepName() string { return "kernel.modules" }

func (s KernelModules) set(p *params) {
	p.texts("modules", s.Modules)
}

// KernelSysctl is the step kernel.sysctl: kernel settings have their values, and will after a reboot.
type KernelSysctl struct {
	// kernel settings, NAME=VALUE each, now and at every boot; default net.ipv4.ip_forward=1 net.bridge.bridge-nf-call-iptables=1 net.bridge.bridge-nf-call-ip6tables=1
	Settings []string
}

// StepName is kernel.sysctl.
func (KernelSysctl) StepName() string { return "kernel.sysctl" }

func (s KernelSysctl) set(p *params) {
	p.texts("settings", s.Settings)
}

// KubeadmImages is the step kubeadm.images: the control plane's images are on the host.
type KubeadmImages struct {
	// whose images; default: kubeadm's own version
	KubernetesVersion string
	// where the control plane's images come from; default: kubeadm's own
	ImageRepository string
	// the container runtime's socket; default unix:///run/containerd/containerd.sock
	CRISocket string
}

// StepName is kubeadm.images.
func (KubeadmImages) StepName() string { return "kubeadm.images" }

func (s KubeadmImages) set(p *params) {
	p.text("kubernetes-version", s.KubernetesVersion)
	p.text("image-repository", s.ImageRepository)
	p.text("cri-socket", s.CRISocket)
}

// KubeadmInit is the step kubeadm.init: the host is a control plane, made by kubeadm.
//
// Outputs:
//   - endpoint: where the API server is, as HOST:PORT
//   - ca-cert-hash: the pin of the cluster's certificate authority, sha256:HEX
//   - ca.crt: the certificate authority's certificate, PEM
//   - version: of the control plane, such as v1.34.4
type KubeadmInit struct {
	// the address that the API server tells others; of the host. Default: node-ip; refused when neither is given and the host has several interfaces with addresses
	APIServerAdvertiseAddress netip.Addr
	// the API server's port; default: kubeadm's own, 6443
	APIServerBindPort int
	// flags of the API server, NAME=VALUE each
	APIServerExtraArgs []string
	// further names and addresses in the API server's certificate
	APIServerCertExtraSANs []string
	// where certificates are made, or lie already; default /etc/kubernetes/pki
	CertDir string
	// the key that uploaded certificates are encrypted with
	CertificateKey Secret
	// kubeadm documents of the caller's own (YAML), merged by kind over what these parameters give
	Config string
	// name or address, with or without port, by which all nodes reach the API server
	ControlPlaneEndpoint string
	// flags of the controller manager, NAME=VALUE each
	ControllerManagerExtraArgs []string
	// the container runtime's socket; default unix:///run/containerd/containerd.sock
	CRISocket string
	// NAME=true or NAME=false each, kubeadm's own
	FeatureGates []string
	// names of checks whose errors are taken as warnings
	IgnorePreflightErrors []string
	// where the control plane's images come from; default: kubeadm's own
	ImageRepository string
	// the version of the control plane; default: kubeadm's own version
	KubernetesVersion string
	// flags of the kubelet, NAME=VALUE each
	KubeletExtraArgs []string
	// the Node's InternalIP; default: apiserver-advertise-address
	NodeIP netip.Addr
	// labels of the Node, NAME=VALUE each
	NodeLabels []string
	// the Node's name; default: the host's name
	NodeName string
	// a folder of the host with patches for kubeadm
	Patches string
	// the pods' network; without it kube-proxy does not masquerade, and hosts with two cards cannot reach services
	PodNetworkCIDR netip.Prefix
	// yes: it is meant that there is no pod-network-cidr; default no
	WithoutPodNetworkCIDR bool
	// yes: pods may run on the control plane
	Schedulable Switch
	// flags of the scheduler, NAME=VALUE each
	SchedulerExtraArgs []string
	// the services' network; default: kubeadm's own, 10.96.0.0/12
	ServiceCIDR netip.Prefix
	// the cluster's DNS domain; default: kubeadm's own, cluster.local
	ServiceDNSDomain string
	// phases of kubeadm init to leave out
	SkipPhases []string
	// taints of the Node, KEY=VALUE:EFFECT or KEY:EFFECT each; default: the control plane's
	Taints []string
	// a bootstrap token to make; token.create makes them one by one
	Token Secret
	// its lifetime, such as 30m; default: kubeadm's own, 24h
	TokenTTL string
	// yes: certificates are stored in the cluster for further control planes; default no
	UploadCerts bool
	// the only certificate authority that an existing control plane may have
	CACertHash string
}

// StepName is kubeadm.init.
func (KubeadmInit) StepName() string { return "kubeadm.init" }

func (s KubeadmInit) set(p *params) {
	p.address("apiserver-advertise-address", s.APIServerAdvertiseAddress)
	p.number("apiserver-bind-port", s.APIServerBindPort)
	p.texts("apiserver-extra-args", s.APIServerExtraArgs)
	p.texts("apiserver-cert-extra-sans", s.APIServerCertExtraSANs)
	p.text("cert-dir", s.CertDir)
	p.secret("certificate-key", s.CertificateKey)
	p.text("config", s.Config)
	p.text("control-plane-endpoint", s.ControlPlaneEndpoint)
	p.texts("controller-manager-extra-args", s.ControllerManagerExtraArgs)
	p.text("cri-socket", s.CRISocket)
	p.texts("feature-gates", s.FeatureGates)
	p.texts("ignore-preflight-errors", s.IgnorePreflightErrors)
	p.text("image-repository", s.ImageRepository)
	p.text("kubernetes-version", s.KubernetesVersion)
	p.texts("kubelet-extra-args", s.KubeletExtraArgs)
	p.address("node-ip", s.NodeIP)
	p.texts("node-labels", s.NodeLabels)
	p.text("node-name", s.NodeName)
	p.text("patches", s.Patches)
	p.network("pod-network-cidr", s.PodNetworkCIDR)
	p.isTrue("without-pod-network-cidr", s.WithoutPodNetworkCIDR)
	p.choice("schedulable", s.Schedulable)
	p.texts("scheduler-extra-args", s.SchedulerExtraArgs)
	p.network("service-cidr", s.ServiceCIDR)
	p.text("service-dns-domain", s.ServiceDNSDomain)
	p.texts("skip-phases", s.SkipPhases)
	p.texts("taints", s.Taints)
	p.secret("token", s.Token)
	p.text("token-ttl", s.TokenTTL)
	p.isTrue("upload-certs", s.UploadCerts)
	p.text("ca-cert-hash", s.CACertHash)
}

// KubeadmJoin is the step kubeadm.join: the host is a worker of the cluster.
type KubeadmJoin struct {
	// where the API server is, as HOST:PORT: an output of kubeadm.init (required, or bound)
	Endpoint string
	// the bootstrap token: an output of token.create (required, or bound)
	Token Secret
	// the pin of the cluster's certificate authority, sha256:HEX: an output of kubeadm.init (required, or bound)
	CACertHash []string
	// that authority itself, PEM: an output of kubeadm.init; with it the token need not be signed for (kubeadm's discovery by file)
	CACert string
	// kubeadm documents of the caller's own (YAML), merged by kind over what these parameters give
	Config string
	// the container runtime's socket; default unix:///run/containerd/containerd.sock
	CRISocket string
	// names of checks whose errors are taken as warnings
	IgnorePreflightErrors []string
	// flags of the kubelet, NAME=VALUE each
	KubeletExtraArgs []string
	// which form the configuration has; default: kubeadm's own version
	KubernetesVersion string
	// the Node's InternalIP; refused when it is not given and the host has several interfaces with addresses
	NodeIP netip.Addr
	// labels of the Node, NAME=VALUE each
	NodeLabels []string
	// the Node's name; default: the host's name
	NodeName string
	// a folder of the host with patches for kubeadm
	Patches string
	// phases of kubeadm join to leave out
	SkipPhases []string
	// taints of the Node, KEY=VALUE:EFFECT or KEY:EFFECT each
	Taints []string
}

// StepName is kubeadm.join.
func (KubeadmJoin) StepName() string { return "kubeadm.join" }

func (s KubeadmJoin) set(p *params) {
	p.text("endpoint", s.Endpoint)
	p.secret("token", s.Token)
	p.texts("ca-cert-hash", s.CACertHash)
	p.text("ca-cert", s.CACert)
	p.text("config", s.Config)
	p.text("cri-socket", s.CRISocket)
	p.texts("ignore-preflight-errors", s.IgnorePreflightErrors)
	p.texts("kubelet-extra-args", s.KubeletExtraArgs)
	p.text("kubernetes-version", s.KubernetesVersion)
	p.address("node-ip", s.NodeIP)
	p.texts("node-labels", s.NodeLabels)
	p.text("node-name", s.NodeName)
	p.text("patches", s.Patches)
	p.texts("skip-phases", s.SkipPhases)
	p.texts("taints", s.Taints)
}

// KubeadmReset is the step kubeadm.reset: the host is in no cluster: nothing of kubeadm's and the kubelet's state is left.
type KubeadmReset struct {
	// the certificate authority of the cluster that is meant: a host of another one is left alone
	CACertHash []string
	// where the certificates are; all of it goes; default /etc/kubernetes/pki
	CertDir string
	// the container runtime's socket; default unix:///run/containerd/containerd.sock
	CRISocket string
}

// StepName is kubeadm.reset.
func (KubeadmReset) StepName() string { return "kubeadm.reset" }

func (s KubeadmReset) set(p *params) {
	p.texts("ca-cert-hash", s.CACertHash)
	p.text("cert-dir", s.CertDir)
	p.text("cri-socket", s.CRISocket)
}

// KubeconfigInstall is the step kubeconfig.install: root, and the users named, reach the cluster with kubectl.
//
// Outputs:
//   - kubeconfig: the administrator's kubeconfig, for the controller to keep
type KubeconfigInstall struct {
	// users beside root who get it too
	User []string
	// yes: a file that leads to another cluster is overwritten; default no
	Replace bool
}

// StepName is kubeconfig.install.
func (KubeconfigInstall) StepName() string { return "kubeconfig.install" }

func (s KubeconfigInstall) set(p *params) {
	p.texts("user", s.User)
	p.isTrue("replace", s.Replace)
}

// KubectlShell is the step kubectl.shell: root's bash completes kubectl, also as k.
type KubectlShell struct{}

// StepName is kubectl.shell.
func (KubectlShell) StepName() string { return "kubectl.shell" }

func (KubectlShell) set(*params) {}

// NetClean is the step net.clean: nothing of a former cluster's network is left: rules, links, routes, files, mounts.
type NetClean struct {
	// the pods' network: routes and a tunnel's address in it are taken away too
	PodNetworkCIDR netip.Prefix
	// the certificate authority of the cluster that was left: a ~/.kube/config of it goes
	CACertHash string
	// its endpoint, HOST:PORT: a ~/.kube/config that leads there goes
	Endpoint string
	// users beside root whose ~/.kube/config is looked at
	User []string
	// yes: all rules and chains of filter, nat and mangle go, whoever made them; default no
	FlushAll bool
}

// StepName is net.clean.
func (NetClean) StepName() string { return "net.clean" }

func (s NetClean) set(p *params) {
	p.network("pod-network-cidr", s.PodNetworkCIDR)
	p.text("ca-cert-hash", s.CACertHash)
	p.text("endpoint", s.Endpoint)
	p.texts("user", s.User)
	p.isTrue("flush-all", s.FlushAll)
}

// NodeConfigure is the step node.configure: a Node has its labels and taints.
type NodeConfigure struct {
	// which Node (required, or bound)
	NodeName string
	// NAME=VALUE each, set; others stay
	Labels []string
	// KEY=VALUE:EFFECT or KEY:EFFECT each, set; others stay
	Taints []string
	// yes: a control plane's own taint is taken away; no: it is there
	Schedulable Switch
}

// StepName is node.configure.
func (NodeConfigure) StepName() string { return "node.configure" }

func (s NodeConfigure) set(p *params) {
	p.text("node-name", s.NodeName)
	p.texts("labels", s.Labels)
	p.texts("taints", s.Taints)
	p.choice("schedulable", s.Schedulable)
}

// NodeDelete is the step node.delete: the cluster has no Node of this name.
type NodeDelete struct {
	// which Node; its kubelet should not run any more, or it comes back (required, or bound)
	NodeName string
	// yes: an API server that does not answer is a warning, and nothing is done: for taking down a broken cluster; default no
	SkipUnreachable bool
}

// StepName is node.delete.
func (NodeDelete) StepName() string { return "node.delete" }

func (s NodeDelete) set(p *params) {
	p.text("node-name", s.NodeName)
	p.isTrue("skip-unreachable", s.SkipUnreachable)
}

// NodeDrain is the step node.drain: a Node takes no new pods, and those that can go have gone.
type NodeDrain struct {
	// which Node (required, or bound)
	NodeName string
	// how many seconds pods may take to go; default 120
	Timeout time.Duration
	// yes: pods are deleted, past their disruption budgets; default no
	DisableEviction bool
	// yes: an API server that does not answer is a warning, and nothing is done: for taking down a broken cluster; default no
	SkipUnreachable bool
}

// StepName is node.drain.
func (NodeDrain) StepName() string { return "node.drain" }

func (s NodeDrain) set(p *params) {
	p.text("node-name", s.NodeName)
	p.seconds("timeout", s.Timeout)
	p.isTrue("disable-eviction", s.DisableEviction)
	p.isTrue("skip-unreachable", s.SkipUnreachable)
}

// NodeReady is the step node.ready: the Nodes are Ready at their addresses, and the cluster's DNS is there.
type NodeReady struct {
	// NAME ADDRESS each: the Nodes that there are to be, and the InternalIP of each; the address may be left out (required, or bound)
	Nodes []string
	// no: the cluster's DNS is not waited for; default yes
	DNS Switch
	// how many seconds it may take; default 300
	Timeout time.Duration
}

// StepName is node.ready.
func (NodeReady) StepName() string { return "node.ready" }

func (s NodeReady) set(p *params) {
	p.texts("nodes", s.Nodes)
	p.choice("dns", s.DNS)
	p.seconds("timeout", s.Timeout)
}

// PackagesHold is the step packages.hold: the packages of Kubernetes and its runtime stay at their versions.
type PackagesHold struct {
	// packages that no upgrade of the system may change; default kubeadm kubelet kubectl
	Packages []string
	// likewise, those of them that are installed; default cri-tools kubernetes-cni containerd containerd.io
	Also []string
}

// StepName is packages.hold.
func (PackagesHold) StepName() string { return "packages.hold" }

func (s PackagesHold) set(p *params) {
	p.texts("packages", s.Packages)
	p.texts("also", s.Also)
}

// PackagesInstall is the step packages.install: kubeadm, kubelet and kubectl are installed at exactly one version, and the tools that they call.
type PackagesInstall struct {
	// X.Y.Z: the version of the packages, whatever their revision (required, or bound)
	KubernetesVersion string
	// packages of exactly this version; default kubeadm kubelet kubectl
	Packages []string
	// packages of any version; one that no source has is left out; default cri-tools kubernetes-cni conntrack socat ebtables ethtool iproute2
	Helpers []string
}

// StepName is packages.install.
func (PackagesInstall) StepName() string { return "packages.install" }

func (s PackagesInstall) set(p *params) {
	p.text("kubernetes-version", s.KubernetesVersion)
	p.texts("packages", s.Packages)
	p.texts("helpers", s.Helpers)
}

// SwapOff is the step swap.off: no swap now, and none after a reboot.
type SwapOff struct{}

// StepName is swap.off.
func (SwapOff) StepName() string { return "swap.off" }

func (SwapOff) set(*params) {}

// TokenCreate is the step token.create: there is a new bootstrap token that nodes can join with.
//
// Outputs:
//   - token: the bootstrap token
//   - token-id: its public part, by which token.delete knows it
//   - join-command: the kubeadm join line for a worker, when the token is for both
type TokenCreate struct {
	// its lifetime: 90s, 30m, 24h, 1h30m; 0: for ever, which is warned of; default 30m
	TTL string
	// what it is for: signing (a join finds the cluster by it), authentication (the kubelet's first login); default signing authentication
	Usages []string
}

// StepName is token.create.
func (TokenCreate) StepName() string { return "token.create" }

func (s TokenCreate) set(p *params) {
	p.text("ttl", s.TTL)
	p.texts("usages", s.Usages)
}

// TokenDelete is the step token.delete: a bootstrap token is gone.
type TokenDelete struct {
	// the public part of the token: an output of token.create (required, or bound)
	TokenID string
}

// StepName is token.delete.
func (TokenDelete) StepName() string { return "token.delete" }

func (s TokenDelete) set(p *params) {
	p.text("token-id", s.TokenID)
}
