#!/bin/bash
# The accidents of hosts with a NAT card: refused before init, whatever the NAT's network; hosts with one card hear nothing of it.
. "$(dirname "$0")/lib.sh"
raw=$KB_BUILD/tests/cluster/raw

refused_for() { # refused_for NAT-ADDRESS
	local got=0
	lab exec "$raw" check "$KB_LAB" cluster1-master1 192.168.1.2 kubeadm.init kubernetes-version=1.34.4 pod-network-cidr=172.16.0.0/16 >"$out/log" 2>&1 || got=$?
	[ "$got" = 1 ] || { cat "$out/log" >&2; fail "init without an address was not refused: $got"; }
	wants 'id init.advertise-address-ambiguous' "$out/log"
	grep -q "^evidence .*$1.*eth0" "$out/log" || { cat "$out/log" >&2; fail "no evidence names $1 and eth0"; }
	lab exec "$raw" check "$KB_LAB" cluster1-master1 192.168.1.2 kubeadm.join kubernetes-version=1.34.4 endpoint=192.168.1.9:6443 \
		ca-cert-hash=sha256:0000000000000000000000000000000000000000000000000000000000000000 token=abcdef.0123456789abcdef >"$out/log" 2>&1 && fail 'join was not refused'
	wants 'id join.node-ip-ambiguous' "$out/log"
	ok "a raw init and join are refused, naming $1 on eth0"
}

lab down >/dev/null 2>&1 || true
fresh_hosts 1
refused_for 10.0.2.15
lab exec "$raw" check "$KB_LAB" cluster1-master1 192.168.1.2 kubeadm.init kubernetes-version=1.34.4 apiserver-advertise-address=192.168.1.2 >"$out/log" 2>&1 &&
	fail 'init without a pod CIDR was not refused'
wants 'init.pod-network-cidr-missing' "$out/log"
ok 'init without a pod CIDR is refused'
lab down >/dev/null 2>&1
export KB_LAB_NAT=10.99.7.0/24
fresh_hosts 1
refused_for 10.99.7.15
lab down >/dev/null 2>&1
export KB_LAB_NAT=none
fresh_hosts 1
lab exec "$raw" check "$KB_LAB" cluster1-master1 192.168.1.2 kubeadm.init kubernetes-version=1.34.4 pod-network-cidr=172.16.0.0/16 >"$out/log" 2>&1 ||
	{ cat "$out/log" >&2; fail 'a host with one card was refused'; }
wants 'verdict absent' "$out/log"
lab down >/dev/null 2>&1
ok 'a host with one card hears nothing of it'
