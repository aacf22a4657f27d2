# SPDX-License-Identifier: Apache-2.0
# Generated from the records of libkb/steps by tests/gen/steps_py.c: change those.
"""The steps of libkb, each with a constructor of its own."""

from __future__ import annotations

from typing import Never

from ._step import Secret, Step, Value, Values

__all__ = [
    "apiserver_reachable",
    "apt_repo",
    "calico_install",
    "calico_remove",
    "calicoctl_install",
    "cluster_authority",
    "cluster_status",
    "containerd_install",
    "host_facts",
    "hosts_entries",
    "kernel_modules",
    "kernel_sysctl",
    "kubeadm_images",
    "kubeadm_init",
    "kubeadm_join",
    "kubeadm_reset",
    "kubeconfig_install",
    "kubectl_shell",
    "net_clean",
    "node_configure",
    "node_delete",
    "node_drain",
    "node_ready",
    "packages_hold",
    "packages_install",
    "swap_off",
    "token_create",
    "token_delete",
]


def apiserver_reachable(
    *,
    endpoint: Value = None,
    ca_cert: Value = None,
    ca_cert_hash: Values = None,
    timeout: Value = None,
    **unknown: Never,
) -> Step:
    """`apiserver.reachable`: the host reaches the API server, and it is the right one.

    Parameters:
        endpoint: where the API server is, as HOST:PORT: an output of kubeadm.init (required)
        ca_cert: the certificate authority that it must be of, PEM: an output of kubeadm.init; default: the one it names itself
        ca_cert_hash: the pin of that authority, sha256:HEX
        timeout: how many seconds an answer may take; default `10`

    Outputs:
        version: of the API server, such as v1.34.4
    """
    return Step(
        "apiserver.reachable",
        endpoint=endpoint,
        ca_cert=ca_cert,
        ca_cert_hash=ca_cert_hash,
        timeout=timeout,
        **unknown,
    )


def apt_repo(
    *,
    kubernetes_version: Value = None,
    flavour: Value = None,
    url: Value = None,
    suite: Value = None,
    components: Values = None,
    key_url: Value = None,
    key: Value = None,
    key_fingerprint: Values = None,
    download_ca: Value = None,
    proxy: Value = None,
    **unknown: Never,
) -> Step:
    """`apt.repo`: apt knows the repository of this Kubernetes, by its pinned key, and no other one.

    Parameters:
        kubernetes_version: X.Y.Z: decides the repository of a minor
        flavour: auto (by version), community (pkgs.k8s.io or a mirror), legacy (a mirror of apt.kubernetes.io) or custom; default `auto`
        url: the repository's address, when it is not the community's own
        suite: of a custom repository; / when it is flat
        components: of a custom repository's suite
        key_url: where the controller gets the key that signs it: an address or an absolute path
        key: that key itself, armoured
        key_fingerprint: the only keys that are trusted, 40 hexadecimal digits each; the flavour's known ones when not given
        download_ca: a PEM file of the controller: the authorities it trusts for the key's download; when the key comes from `url`, the host's apt trusts them for that address, too
        proxy: the proxy for the key's download

    Outputs:
        key-expires: until when the key on the host is good, such as 2026-12-29; empty: for ever
    """
    return Step(
        "apt.repo",
        kubernetes_version=kubernetes_version,
        flavour=flavour,
        url=url,
        suite=suite,
        components=components,
        key_url=key_url,
        key=key,
        key_fingerprint=key_fingerprint,
        download_ca=download_ca,
        proxy=proxy,
        **unknown,
    )


def calico_install(
    *,
    version: Value = None,
    pod_cidr: Value = None,
    block_size: Value = None,
    encapsulation: Value = None,
    node_address_autodetection: Value = None,
    image_registry: Value = None,
    url: Value = None,
    sha256: Values = None,
    download_ca: Value = None,
    proxy: Secret = None,
    timeout: Value = None,
    **unknown: Never,
) -> Step:
    """`calico.install`: the cluster's pods have a network, Calico's, and it is available.

    Parameters:
        version: of Calico, such as v3.32.1 (required)
        pod_cidr: the network that pods get their addresses from: the cluster's pod-network-cidr, or a part of it (required)
        block_size: prefix length of the block that a node takes at a time; default `26`
        encapsulation: IPIP, IPIPCrossSubnet, VXLAN, VXLANCrossSubnet or None; default `VXLANCrossSubnet`
        node_address_autodetection: which address of a node Calico uses: kubernetes-internal-ip, first-found, interface=REGEX, skip-interface=REGEX or can-reach=ADDRESS; default `kubernetes-internal-ip`
        image_registry: where the images come from; default: as published
        url: where the manifests are, as URL/VERSION/manifests/FILE; default `https://raw.githubusercontent.com/projectcalico/calico`
        sha256: FILE=HEX: the sum that a manifest must have; for versions outside of the table of pins
        download_ca: a file of the controller with the authorities that the server of the manifests is trusted by, PEM
        proxy: the proxy that the controller fetches over
        timeout: how many seconds Calico may take to become available; default `600`
    """
    return Step(
        "calico.install",
        version=version,
        pod_cidr=pod_cidr,
        block_size=block_size,
        encapsulation=encapsulation,
        node_address_autodetection=node_address_autodetection,
        image_registry=image_registry,
        url=url,
        sha256=sha256,
        download_ca=download_ca,
        proxy=proxy,
        timeout=timeout,
        **unknown,
    )


def calico_remove(
    *,
    timeout: Value = None,
    skip_unreachable: Value = None,
    **unknown: Never,
) -> Step:
    """`calico.remove`: nothing of Calico is left in the cluster: its resources, then its operator.

    Parameters:
        timeout: how many seconds the operator may take to clean up; default `300`
        skip_unreachable: yes: an API server that does not answer is a warning, and nothing is done: for taking down a broken cluster; default `no`
    """
    return Step(
        "calico.remove",
        timeout=timeout,
        skip_unreachable=skip_unreachable,
        **unknown,
    )


def calicoctl_install(
    *,
    version: Value = None,
    arch: Value = None,
    url: Value = None,
    sha256: Value = None,
    sums_sha256: Value = None,
    download_ca: Value = None,
    proxy: Value = None,
    **unknown: Never,
) -> Step:
    """`calicoctl.install`: calicoctl of the cluster's version is in /usr/local/bin.

    Parameters:
        version: vX.Y.Z, the same as the cluster's Calico: calicoctl refuses any other (required)
        arch: amd64 or arm64; the host's own when not given
        url: where the program is, with {version} and {arch}; an address that does not end in calicoctl-... is the folder of it; default `https://github.com/projectcalico/calico/releases/download/{version}/calicoctl-linux-{arch}`
        sha256: the program's sum, 64 hexadecimal digits; the known one of the version when not given
        sums_sha256: the sum of the release's file SHA256SUMS, when the program's own is not known
        download_ca: a PEM file of the controller: the authorities it trusts for the download
        proxy: the proxy for the download
    """
    return Step(
        "calicoctl.install",
        version=version,
        arch=arch,
        url=url,
        sha256=sha256,
        sums_sha256=sums_sha256,
        download_ca=download_ca,
        proxy=proxy,
        **unknown,
    )


def cluster_authority(
    *,
    ca_cert_hash: Value = None,
    **unknown: Never,
) -> Step:
    """`cluster.authority`: which cluster the host is of, by its certificate authority; refused when it is another than the one meant.

    Parameters:
        ca_cert_hash: the authority of the cluster that is meant, sha256:HEX: a host of another one is refused; none: a host of any is

    Outputs:
        ca-cert-hash: the pin of the certificate authority of the host's cluster, sha256:HEX; of a host in no cluster ca-cert-hash, or none
    """
    return Step(
        "cluster.authority",
        ca_cert_hash=ca_cert_hash,
        **unknown,
    )


def cluster_status(
    **unknown: Never,
) -> Step:
    """`cluster.status`: how the cluster is: its nodes, its own pods, its network.

    Outputs:
        status: what there is, as JSON: version, endpoint, nodes, pods_not_ready, tigerastatus, pools
    """
    return Step(
        "cluster.status",
        **unknown,
    )


def containerd_install(
    *,
    kubernetes_version: Value = None,
    source: Value = None,
    version: Value = None,
    sandbox_image: Value = None,
    bin_dir: Value = None,
    registry_mirrors: Values = None,
    docker_url: Value = None,
    docker_key_fingerprint: Values = None,
    download_ca: Value = None,
    proxy: Value = None,
    **unknown: Never,
) -> Step:
    """`containerd.install`: containerd runs, is held at its version, and answers as Kubernetes' container runtime.

    Parameters:
        kubernetes_version: X.Y.Z: which containerd it takes, and its sandbox image
        source: distribution, docker (download.docker.com), or auto: the distribution's if it is new enough, else Docker's; default `auto`
        version: the version of containerd, such as 1.7.28; the newest of the source when not given
        sandbox_image: the image that holds a pod's namespaces; the one of this Kubernetes when not given
        bin_dir: where CNI plugins are; default `/opt/cni/bin`
        registry_mirrors: REGISTRY=URL each, such as registry.k8s.io=https://mirror.example; several of one registry are tried in order
        docker_url: Docker's repository, without the distribution's name; default `https://download.docker.com/linux`
        docker_key_fingerprint: the only keys that are trusted for it; Docker's own when not given
        download_ca: a PEM file of the controller: the authorities it trusts for the key's download
        proxy: the proxy for the key's download

    Outputs:
        version: containerd's own version, such as 1.7.28
        endpoint: the CRI endpoint
    """
    return Step(
        "containerd.install",
        kubernetes_version=kubernetes_version,
        source=source,
        version=version,
        sandbox_image=sandbox_image,
        bin_dir=bin_dir,
        registry_mirrors=registry_mirrors,
        docker_url=docker_url,
        docker_key_fingerprint=docker_key_fingerprint,
        download_ca=download_ca,
        proxy=proxy,
        **unknown,
    )


def host_facts(
    *,
    network: Values = None,
    address: Value = None,
    pods: Values = None,
    services: Values = None,
    node_name: Value = None,
    kubernetes_version: Value = None,
    **unknown: Never,
) -> Step:
    """`host.facts`: what the host is: system, addresses, clock; refused when it cannot become a node of this network.

    Parameters:
        network: the nodes' network: the address is the host's only one in it
        address: the address that the host is expected to have
        pods: the pods' network, which must not overlap with what the host is in or has routes to
        services: the services' network, likewise
        node_name: the Node's name; another hostname is a warning
        kubernetes_version: the version to come: some hosts are too old for it

    Outputs:
        address: the host's address in the nodes' network
        interface: the interface that has it
        default-route-address: the address of the interface that the default route goes over
        default-route-interface: that interface
        hostname: what the host calls itself
        os: debian or ubuntu
        os-version: such as 12 or 24.04
        codename: such as bookworm
        arch: amd64 or arm64
        kernel: its release
        machine-id: from /etc/machine-id
        product-uuid: of the firmware; empty when it has none
        memory-mib: in MiB
        cpus: how many
        cgroup: 1 or 2
        container: what kind of container the host is; none: it is a machine of its own
        clock: what its clock showed, in seconds since 1970
    """
    return Step(
        "host.facts",
        network=network,
        address=address,
        pods=pods,
        services=services,
        node_name=node_name,
        kubernetes_version=kubernetes_version,
        **unknown,
    )


def hosts_entries(
    *,
    entries: Values = None,
    **unknown: Never,
) -> Step:
    """`hosts.entries`: /etc/hosts names every host of the cluster by its cluster address.

    Parameters:
        entries: lines of "ADDRESS NAME..."; none: the block is taken away
    """
    return Step(
        "hosts.entries",
        entries=entries,
        **unknown,
    )


def kernel_modules(
    *,
    modules: Values = None,
    **unknown: Never,
) -> Step:
    """`kernel.modules`: kernel modules are loaded, and will be after a reboot.

    Parameters:
        modules: kernel modules to load now and at every boot; default `overlay br_netfilter`
    """
    return Step(
        "kernel.modules",
        modules=modules,
        **unknown,
    )


def kernel_sysctl(
    *,
    settings: Values = None,
    **unknown: Never,
) -> Step:
    """`kernel.sysctl`: kernel settings have their values, and will after a reboot.

    Parameters:
        settings: kernel settings, NAME=VALUE each, now and at every boot; default `net.ipv4.ip_forward=1 net.bridge.bridge-nf-call-iptables=1 net.bridge.bridge-nf-call-ip6tables=1`
    """
    return Step(
        "kernel.sysctl",
        settings=settings,
        **unknown,
    )


def kubeadm_images(
    *,
    kubernetes_version: Value = None,
    image_repository: Value = None,
    cri_socket: Value = None,
    **unknown: Never,
) -> Step:
    """`kubeadm.images`: the control plane's images are on the host.

    Parameters:
        kubernetes_version: whose images; default: kubeadm's own version
        image_repository: where the control plane's images come from; default: kubeadm's own
        cri_socket: the container runtime's socket; default `unix:///run/containerd/containerd.sock`
    """
    return Step(
        "kubeadm.images",
        kubernetes_version=kubernetes_version,
        image_repository=image_repository,
        cri_socket=cri_socket,
        **unknown,
    )


def kubeadm_init(
    *,
    apiserver_advertise_address: Value = None,
    apiserver_bind_port: Value = None,
    apiserver_extra_args: Values = None,
    apiserver_cert_extra_sans: Values = None,
    cert_dir: Value = None,
    certificate_key: Secret = None,
    config: Value = None,
    control_plane_endpoint: Value = None,
    controller_manager_extra_args: Values = None,
    cri_socket: Value = None,
    feature_gates: Values = None,
    ignore_preflight_errors: Values = None,
    image_repository: Value = None,
    kubernetes_version: Value = None,
    kubelet_extra_args: Values = None,
    node_ip: Value = None,
    node_labels: Values = None,
    node_name: Value = None,
    patches: Value = None,
    pod_network_cidr: Value = None,
    without_pod_network_cidr: Value = None,
    schedulable: Value = None,
    scheduler_extra_args: Values = None,
    service_cidr: Value = None,
    service_dns_domain: Value = None,
    skip_phases: Values = None,
    taints: Values = None,
    token: Secret = None,
    token_ttl: Value = None,
    upload_certs: Value = None,
    ca_cert_hash: Value = None,
    **unknown: Never,
) -> Step:
    """`kubeadm.init`: the host is a control plane, made by kubeadm.

    Parameters:
        apiserver_advertise_address: the address that the API server tells others; of the host. Default: node-ip; refused when neither is given and the host has several interfaces with addresses
        apiserver_bind_port: the API server's port; default: kubeadm's own, 6443
        apiserver_extra_args: flags of the API server, NAME=VALUE each
        apiserver_cert_extra_sans: further names and addresses in the API server's certificate
        cert_dir: where certificates are made, or lie already; default `/etc/kubernetes/pki`
        certificate_key: the key that uploaded certificates are encrypted with
        config: kubeadm documents of the caller's own (YAML), merged by kind over what these parameters give
        control_plane_endpoint: name or address, with or without port, by which all nodes reach the API server
        controller_manager_extra_args: flags of the controller manager, NAME=VALUE each
        cri_socket: the container runtime's socket; default `unix:///run/containerd/containerd.sock`
        feature_gates: NAME=true or NAME=false each, kubeadm's own
        ignore_preflight_errors: names of checks whose errors are taken as warnings
        image_repository: where the control plane's images come from; default: kubeadm's own
        kubernetes_version: the version of the control plane; default: kubeadm's own version
        kubelet_extra_args: flags of the kubelet, NAME=VALUE each
        node_ip: the Node's InternalIP; default: apiserver-advertise-address
        node_labels: labels of the Node, NAME=VALUE each
        node_name: the Node's name; default: the host's name
        patches: a folder of the host with patches for kubeadm
        pod_network_cidr: the pods' network; without it kube-proxy does not masquerade, and hosts with two cards cannot reach services
        without_pod_network_cidr: yes: it is meant that there is no pod-network-cidr; default `no`
        schedulable: yes: pods may run on the control plane
        scheduler_extra_args: flags of the scheduler, NAME=VALUE each
        service_cidr: the services' network; default: kubeadm's own, 10.96.0.0/12
        service_dns_domain: the cluster's DNS domain; default: kubeadm's own, cluster.local
        skip_phases: phases of kubeadm init to leave out
        taints: taints of the Node, KEY=VALUE:EFFECT or KEY:EFFECT each; default: the control plane's
        token: a bootstrap token to make; token.create makes them one by one
        token_ttl: its lifetime, such as 30m; default: kubeadm's own, 24h
        upload_certs: yes: certificates are stored in the cluster for further control planes; default `no`
        ca_cert_hash: the only certificate authority that an existing control plane may have

    Outputs:
        endpoint: where the API server is, as HOST:PORT
        ca-cert-hash: the pin of the cluster's certificate authority, sha256:HEX
        ca.crt: the certificate authority's certificate, PEM
        version: of the control plane, such as v1.34.4
    """
    return Step(
        "kubeadm.init",
        apiserver_advertise_address=apiserver_advertise_address,
        apiserver_bind_port=apiserver_bind_port,
        apiserver_extra_args=apiserver_extra_args,
        apiserver_cert_extra_sans=apiserver_cert_extra_sans,
        cert_dir=cert_dir,
        certificate_key=certificate_key,
        config=config,
        control_plane_endpoint=control_plane_endpoint,
        controller_manager_extra_args=controller_manager_extra_args,
        cri_socket=cri_socket,
        feature_gates=feature_gates,
        ignore_preflight_errors=ignore_preflight_errors,
        image_repository=image_repository,
        kubernetes_version=kubernetes_version,
        kubelet_extra_args=kubelet_extra_args,
        node_ip=node_ip,
        node_labels=node_labels,
        node_name=node_name,
        patches=patches,
        pod_network_cidr=pod_network_cidr,
        without_pod_network_cidr=without_pod_network_cidr,
        schedulable=schedulable,
        scheduler_extra_args=scheduler_extra_args,
        service_cidr=service_cidr,
        service_dns_domain=service_dns_domain,
        skip_phases=skip_phases,
        taints=taints,
        token=token,
        token_ttl=token_ttl,
        upload_certs=upload_certs,
        ca_cert_hash=ca_cert_hash,
        **unknown,
    )


def kubeadm_join(
    *,
    endpoint: Value = None,
    token: Secret = None,
    ca_cert_hash: Values = None,
    ca_cert: Value = None,
    config: Value = None,
    cri_socket: Value = None,
    ignore_preflight_errors: Values = None,
    kubelet_extra_args: Values = None,
    kubernetes_version: Value = None,
    node_ip: Value = None,
    node_labels: Values = None,
    node_name: Value = None,
    patches: Value = None,
    skip_phases: Values = None,
    taints: Values = None,
    **unknown: Never,
) -> Step:
    """`kubeadm.join`: the host is a worker of the cluster.

    Parameters:
        endpoint: where the API server is, as HOST:PORT: an output of kubeadm.init (required)
        token: the bootstrap token: an output of token.create (required)
        ca_cert_hash: the pin of the cluster's certificate authority, sha256:HEX: an output of kubeadm.init (required)
        ca_cert: that authority itself, PEM: an output of kubeadm.init; with it the token need not be signed for (kubeadm's discovery by file)
        config: kubeadm documents of the caller's own (YAML), merged by kind over what these parameters give
        cri_socket: the container runtime's socket; default `unix:///run/containerd/containerd.sock`
        ignore_preflight_errors: names of checks whose errors are taken as warnings
        kubelet_extra_args: flags of the kubelet, NAME=VALUE each
        kubernetes_version: which form the configuration has; default: kubeadm's own version
        node_ip: the Node's InternalIP; refused when it is not given and the host has several interfaces with addresses
        node_labels: labels of the Node, NAME=VALUE each
        node_name: the Node's name; default: the host's name
        patches: a folder of the host with patches for kubeadm
        skip_phases: phases of kubeadm join to leave out
        taints: taints of the Node, KEY=VALUE:EFFECT or KEY:EFFECT each
    """
    return Step(
        "kubeadm.join",
        endpoint=endpoint,
        token=token,
        ca_cert_hash=ca_cert_hash,
        ca_cert=ca_cert,
        config=config,
        cri_socket=cri_socket,
        ignore_preflight_errors=ignore_preflight_errors,
        kubelet_extra_args=kubelet_extra_args,
        kubernetes_version=kubernetes_version,
        node_ip=node_ip,
        node_labels=node_labels,
        node_name=node_name,
        patches=patches,
        skip_phases=skip_phases,
        taints=taints,
        **unknown,
    )


def kubeadm_reset(
    *,
    ca_cert_hash: Values = None,
    cert_dir: Value = None,
    cri_socket: Value = None,
    **unknown: Never,
) -> Step:
    """`kubeadm.reset`: the host is in no cluster: nothing of kubeadm's and the kubelet's state is left.

    Parameters:
        ca_cert_hash: the certificate authority of the cluster that is meant: a host of another one is left alone
        cert_dir: where the certificates are; all of it goes; default `/etc/kubernetes/pki`
        cri_socket: the container runtime's socket; default `unix:///run/containerd/containerd.sock`
    """
    return Step(
        "kubeadm.reset",
        ca_cert_hash=ca_cert_hash,
        cert_dir=cert_dir,
        cri_socket=cri_socket,
        **unknown,
    )


def kubeconfig_install(
    *,
    user: Values = None,
    replace: Value = None,
    **unknown: Never,
) -> Step:
    """`kubeconfig.install`: root, and the users named, reach the cluster with kubectl.

    Parameters:
        user: users beside root who get it too
        replace: yes: a file that leads to another cluster is overwritten; default `no`

    Outputs:
        kubeconfig: the administrator's kubeconfig, for the controller to keep
    """
    return Step(
        "kubeconfig.install",
        user=user,
        replace=replace,
        **unknown,
    )


def kubectl_shell(
    **unknown: Never,
) -> Step:
    """`kubectl.shell`: root's bash completes kubectl, also as k.
    """
    return Step(
        "kubectl.shell",
        **unknown,
    )


def net_clean(
    *,
    pod_network_cidr: Value = None,
    ca_cert_hash: Value = None,
    endpoint: Value = None,
    user: Values = None,
    flush_all: Value = None,
    **unknown: Never,
) -> Step:
    """`net.clean`: nothing of a former cluster's network is left: rules, links, routes, files, mounts.

    Parameters:
        pod_network_cidr: the pods' network: routes and a tunnel's address in it are taken away too
        ca_cert_hash: the certificate authority of the cluster that was left: a ~/.kube/config of it goes
        endpoint: its endpoint, HOST:PORT: a ~/.kube/config that leads there goes
        user: users beside root whose ~/.kube/config is looked at
        flush_all: yes: all rules and chains of filter, nat and mangle go, whoever made them; default `no`
    """
    return Step(
        "net.clean",
        pod_network_cidr=pod_network_cidr,
        ca_cert_hash=ca_cert_hash,
        endpoint=endpoint,
        user=user,
        flush_all=flush_all,
        **unknown,
    )


def node_configure(
    *,
    node_name: Value = None,
    labels: Values = None,
    taints: Values = None,
    schedulable: Value = None,
    **unknown: Never,
) -> Step:
    """`node.configure`: a Node has its labels and taints.

    Parameters:
        node_name: which Node (required)
        labels: NAME=VALUE each, set; others stay
        taints: KEY=VALUE:EFFECT or KEY:EFFECT each, set; others stay
        schedulable: yes: a control plane's own taint is taken away; no: it is there
    """
    return Step(
        "node.configure",
        node_name=node_name,
        labels=labels,
        taints=taints,
        schedulable=schedulable,
        **unknown,
    )


def node_delete(
    *,
    node_name: Value = None,
    skip_unreachable: Value = None,
    **unknown: Never,
) -> Step:
    """`node.delete`: the cluster has no Node of this name.

    Parameters:
        node_name: which Node; its kubelet should not run any more, or it comes back (required)
        skip_unreachable: yes: an API server that does not answer is a warning, and nothing is done: for taking down a broken cluster; default `no`
    """
    return Step(
        "node.delete",
        node_name=node_name,
        skip_unreachable=skip_unreachable,
        **unknown,
    )


def node_drain(
    *,
    node_name: Value = None,
    timeout: Value = None,
    disable_eviction: Value = None,
    skip_unreachable: Value = None,
    **unknown: Never,
) -> Step:
    """`node.drain`: a Node takes no new pods, and those that can go have gone.

    Parameters:
        node_name: which Node (required)
        timeout: how many seconds pods may take to go; default `120`
        disable_eviction: yes: pods are deleted, past their disruption budgets; default `no`
        skip_unreachable: yes: an API server that does not answer is a warning, and nothing is done: for taking down a broken cluster; default `no`
    """
    return Step(
        "node.drain",
        node_name=node_name,
        timeout=timeout,
        disable_eviction=disable_eviction,
        skip_unreachable=skip_unreachable,
        **unknown,
    )


def node_ready(
    *,
    nodes: Values = None,
    dns: Value = None,
    timeout: Value = None,
    **unknown: Never,
) -> Step:
    """`node.ready`: the Nodes are Ready at their addresses, and the cluster's DNS is there.

    Parameters:
        nodes: NAME ADDRESS each: the Nodes that there are to be, and the InternalIP of each; the address may be left out (required)
        dns: no: the cluster's DNS is not waited for; default `yes`
        timeout: how many seconds it may take; default `300`
    """
    return Step(
        "node.ready",
        nodes=nodes,
        dns=dns,
        timeout=timeout,
        **unknown,
    )


def packages_hold(
    *,
    packages: Values = None,
    also: Values = None,
    **unknown: Never,
) -> Step:
    """`packages.hold`: the packages of Kubernetes and its runtime stay at their versions.

    Parameters:
        packages: packages that no upgrade of the system may change; default `kubeadm kubelet kubectl`
        also: likewise, those of them that are installed; default `cri-tools kubernetes-cni containerd containerd.io`
    """
    return Step(
        "packages.hold",
        packages=packages,
        also=also,
        **unknown,
    )


def packages_install(
    *,
    kubernetes_version: Value = None,
    packages: Values = None,
    helpers: Values = None,
    **unknown: Never,
) -> Step:
    """`packages.install`: kubeadm, kubelet and kubectl are installed at exactly one version, and the tools that they call.

    Parameters:
        kubernetes_version: X.Y.Z: the version of the packages, whatever their revision (required)
        packages: packages of exactly this version; default `kubeadm kubelet kubectl`
        helpers: packages of any version; one that no source has is left out; default `cri-tools kubernetes-cni conntrack socat ebtables ethtool iproute2`
    """
    return Step(
        "packages.install",
        kubernetes_version=kubernetes_version,
        packages=packages,
        helpers=helpers,
        **unknown,
    )


def swap_off(
    **unknown: Never,
) -> Step:
    """`swap.off`: no swap now, and none after a reboot.
    """
    return Step(
        "swap.off",
        **unknown,
    )


def token_create(
    *,
    ttl: Value = None,
    usages: Values = None,
    **unknown: Never,
) -> Step:
    """`token.create`: there is a new bootstrap token that nodes can join with.

    Parameters:
        ttl: its lifetime: 90s, 30m, 24h, 1h30m; 0: for ever, which is warned of; default `30m`
        usages: what it is for: signing (a join finds the cluster by it), authentication (the kubelet's first login); default `signing authentication`

    Outputs:
        token: the bootstrap token
        token-id: its public part, by which token.delete knows it
        join-command: the kubeadm join line for a worker, when the token is for both
    """
    return Step(
        "token.create",
        ttl=ttl,
        usages=usages,
        **unknown,
    )


def token_delete(
    *,
    token_id: Value = None,
    **unknown: Never,
) -> Step:
    """`token.delete`: a bootstrap token is gone.

    Parameters:
        token_id: the public part of the token: an output of token.create (required)
    """
    return Step(
        "token.delete",
        token_id=token_id,
        **unknown,
    )
