#!/bin/bash
# A reset leaves nothing of ours and everything of others; then the same hosts become a cluster again.
. "$(dirname "$0")/lib.sh"
plant='
iptables-legacy -N cali-planted && iptables-legacy -A cali-planted -j ACCEPT && iptables-legacy -A FORWARD -j cali-planted
iptables-nft -N cali-planted && iptables-nft -A cali-planted -j ACCEPT && iptables-nft -A FORWARD -j cali-planted
ip link add vxlan.calico type vxlan id 4096 dstport 4789 dev eth1 2>/dev/null || ip link add vxlan.calico type dummy
mkdir -p /etc/cni/net.d && echo "{}" >/etc/cni/net.d/10-calico.conflist
iptables-nft -N FOREIGN && iptables-nft -A FOREIGN -s 203.0.113.7 -j DROP && iptables-nft -A INPUT -j FOREIGN
iptables-legacy -N FOREIGN && iptables-legacy -A FOREIGN -s 203.0.113.8 -j DROP && iptables-legacy -A INPUT -j FOREIGN
echo "{}" >/etc/cni/net.d/99-foreign.conflist'
foreign='iptables-nft-save 2>/dev/null | grep FOREIGN; iptables-legacy-save 2>/dev/null | grep FOREIGN; ls /etc/cni/net.d/99-foreign.conflist; systemctl is-active ssh'
ours='for t in iptables-nft ip6tables-nft iptables-legacy ip6tables-legacy; do $t-save 2>/dev/null | grep -E "KUBE-|cali" | sed "s/^/$t: /"; done
ip -o link | grep -E "vxlan.calico|cali|tunl0@|cni0|kube-ipvs0"; ls /etc/cni/net.d 2>/dev/null | grep -v 99-foreign
grep -E " /var/lib/kubelet/| /run/netns/cni| /var/run/calico" /proc/self/mounts; ls -d /etc/kubernetes/admin.conf /etc/kubernetes/kubelet.conf /var/lib/etcd/member 2>/dev/null; true'
for i in $(hosts_of_lab); do
	lab enter "$i" sh -ec "$plant"
	lab enter "$i" sh -c "$foreign" >"$out/foreign.$i"
done
installer 0 reset "$cluster"
for i in $(hosts_of_lab); do
	lab enter "$i" sh -c "$ours" >"$out/ours"
	[ ! -s "$out/ours" ] || { cat "$out/ours" >&2; fail "host $i: left behind"; }
	lab enter "$i" sh -c "$foreign" | diff "$out/foreign.$i" - || fail "host $i: something foreign is gone"
done
ok 'nothing of ours is left, and nothing foreign is gone'
rm "$KB_LAB/kubeconfig"	# of the cluster that is gone
state "$out/before"
installer 0 reset "$cluster"
state "$out/after"
unchanged "$out/before" "$out/after" 'the second reset'
installer 0 up "$cluster"
KUBECONFIG=$KB_LAB/kubeconfig lab proof >"$out/proof" 2>&1 || { cat "$out/proof" >&2; fail 'the proof after up again'; }
ok 'up again, and it works'
