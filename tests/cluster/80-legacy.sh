#!/bin/bash
# Packages from a repository of the retired layout (suite kubernetes-xenial on whatever host), and one host alone as a cluster.
. "$(dirname "$0")/lib.sh"
unset KB_LAB_NAT
fresh_hosts 1
lab cluster legacy | sed 's/role: control-plane}/role: control-plane, schedulable: true}/' >"$KB_LAB/legacy.yaml"
rm -f "$KB_LAB/kubeconfig"
installer 0 up "$KB_LAB/legacy.yaml" --kubeconfig "$KB_LAB/kubeconfig"
lab enter 1 sh -c 'cat /etc/apt/sources.list.d/*.list' >"$out/sources"
wants 'kubernetes-xenial main' "$out/sources"
[ "$(lab enter 1 dpkg-query -Wf '${Version}' kubeadm)" = 1.34.4-00 ] || fail 'kubeadm is not of the retired layout'
[ "$(kube get nodes -o 'jsonpath={.items[*].status.conditions[?(@.type=="Ready")].status}')" = True ] || fail 'the one Node is not Ready'
[ -z "$(kube get nodes -o 'jsonpath={.items[*].spec.taints}')" ] || fail 'the one Node is tainted'
kube -n kube-system rollout status deployment/coredns --timeout=120s >/dev/null || fail 'CoreDNS does not run on the one host'
installer 0 plan "$KB_LAB/legacy.yaml"
lab down >/dev/null 2>&1
ok 'one host alone is a cluster, from the retired layout'
