# shellcheck shell=bash
# The description of the lab's cluster, as a user of libkb would write it.

# cluster_file [community|legacy]: of packages in this layout; the first host is the control plane
cluster_file() {
	local i role=control-plane flavour=${1-community} url=https://$LAB_NET.1 calico=v3.32.1
	[ "$flavour" = community ] || url+=/apt
	cat <<-YAML
		kubernetes:
		  version: $(sed -n 's,^require k8s.io/kubernetes v,,p' "$LAB_HERE/kubernetes/kubernetes/go.mod")
		  repository: {flavour: $flavour, url: $url, fingerprint: $(<"$LAB_DIR/repository.fingerprint")}
		endpoint: {address: $LAB_NET.2, port: 6443}
		network: {nodes: $LAB_NET.0/24, pods: 172.16.0.0/16, services: 10.96.0.0/12}
		cni:
		  calico: $calico
		  url: https://$LAB_NET.1/calico
		  # a stand-in, which no table of known sums holds
		  calicoctl: {url: https://$LAB_NET.1/calicoctl, sha256: $(cut -d' ' -f1 "$LAB_OPERATOR/calicoctl/$calico/SHA256SUMS")}
		containerd:
		  mirrors: {registry.k8s.io: "http://$LAB_NET.1:5000", quay.io: "http://$LAB_NET.1:5000"}
		download: {ca: $LAB_DIR/ca.pem}
		ssh: {user: vagrant, identity: $LAB_DIR/id, known_hosts: $LAB_DIR/known_hosts}
		hosts:
	YAML
	for i in $(hosts_known); do
		printf '  - {name: %s, address: %s, role: %s}\n' "$(name_of "$i")" "$(address_of "$i")" "$role"
		role=worker
	done
	cat <<-'YAML'
		kubeadm:
		  # a host is not the first namespace of its kernel, which alone may set the size of the connection table
		  - kind: KubeProxyConfiguration
				    conntrack: {maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}
	YAML
}
