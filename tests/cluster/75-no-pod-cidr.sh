#!/bin/bash
# What happens without a pod CIDR on hosts with two cards, left out on purpose: the service address of the API times out from a worker.
. "$(dirname "$0")/lib.sh"
unset KB_LAB_NAT
fresh_hosts 2
prepare=()
for step in host.facts hosts.entries swap.off 'kernel.*' containerd.install apt.repo 'packages.*'; do prepare+=(--only "$step"); done
installer 0 up "$cluster" "${prepare[@]}"
lab exec "$KB_BUILD/tests/cluster/raw" apply "$KB_LAB" cluster1-master1 192.168.1.2 kubeadm.init kubernetes-version=1.34.4 apiserver-advertise-address=192.168.1.2 \
	without-pod-network-cidr=yes "config=$(sed -n '/kind: KubeProxyConfiguration/,$p' "$cluster" | sed 's/^ *- //; s/^ *//')" >"$out/log" 2>&1 ||
	{ cat "$out/log" >&2; fail 'init as it was meant'; }
join=$(lab enter 1 kubeadm --kubeconfig /etc/kubernetes/admin.conf token create --print-join-command --ttl 10m)
lab enter 2 sh -c 'echo KUBELET_EXTRA_ARGS=--node-ip=192.168.1.3 >/etc/default/kubelet'
lab enter 2 sh -c "$join" >"$out/join" 2>&1 || { cat "$out/join" >&2; fail 'the join by hand'; }
n=0
until lab enter 2 sh -c 'iptables-save | grep -q KUBE-SVC'; do
	n=$((n + 1))
	[ $n -lt 90 ] || fail 'kube-proxy made no rules on the worker'
	sleep 1
done
ask_version 2 https://192.168.1.2:6443 >/dev/null || fail 'the API itself does not answer'
if ask_version 2 https://10.96.0.1 >"$out/answer" 2>&1; then fail '10.96.0.1 answers without a pod CIDR: the accident is not shown'; fi
grep -qiE 'timeout|timed out|deadline' "$out/answer" || { cat "$out/answer" >&2; fail 'not a time-out'; }
lab down >/dev/null 2>&1
ok 'without a pod CIDR, 10.96.0.1 times out from a worker with two cards'
