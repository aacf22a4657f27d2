#!/bin/bash
# Three bare hosts become a cluster, and it works.
. "$(dirname "$0")/lib.sh"
rm -f "$KB_LAB/kubeconfig"
installer 0 up "$cluster"
[ "$(stat -c %a "$KB_LAB/kubeconfig")" = 600 ] || fail 'the kubeconfig is not 0600'

kube get nodes -o 'jsonpath={range .items[*]}{.metadata.name} {.status.addresses[?(@.type=="InternalIP")].address} {.status.conditions[?(@.type=="Ready")].status}{"\n"}{end}' >"$out/nodes"
diff - "$out/nodes" <<-NODES || fail 'the Nodes are not as described'
	cluster1-master1 192.168.1.2 True
	cluster1-worker1 192.168.1.3 True
	cluster1-worker2 192.168.1.4 True
NODES
ok 'three Nodes are Ready at their own InternalIP'
[ "$(kube get installation default -o 'jsonpath={.spec.calicoNetwork.ipPools[*].cidr}')" = 172.16.0.0/16 ] || fail 'Installation: another CIDR'
[ "$(kube get ippools.crd.projectcalico.org -o 'jsonpath={.items[*].spec.cidr}')" = 172.16.0.0/16 ] || fail 'IPPool: another CIDR'
ok 'Installation and IPPool hold 172.16.0.0/16'
kube -n kube-system rollout status deployment/coredns --timeout=60s >/dev/null || fail 'CoreDNS is not ready'
[ -z "$(kube -n kube-system get secrets --field-selector type=bootstrap.kubernetes.io/token -o name)" ] || fail 'a bootstrap token was left'
KUBECONFIG=$KB_LAB/kubeconfig lab proof >"$out/proof" 2>&1 || { cat "$out/proof" >&2; fail 'the proof'; }
ok 'a pod on each node reaches every pod, the API and the DNS; logs can be read'
installer 0 status "$cluster"
ok 'status says so too'
