# shellcheck shell=sh disable=SC2154 # parameters come as variables
# cluster.status: reads only. What is said of each thing is parted by tabs; the judge makes the text

kb_lines() {
	printf '%s\n' "$2" | while IFS= read -r kb_line; do
		[ -z "$kb_line" ] || fact "$1" "$kb_line"
	done
}

kb_nodes() {
	kb_ask get nodes -o 'jsonpath={range .items[*]}{.metadata.name}{"\t"}{.status.conditions[?(@.type=="Ready")].status}{"\t"}{.status.addresses[?(@.type=="InternalIP")].address}{"\t"}{.status.nodeInfo.kubeletVersion}{"\t"}{.spec.unschedulable}{"\t"}{.metadata.labels}{"\n"}{end}'
}

# kb_pods NAMESPACE: those that are neither ready nor through
kb_pods() {
	kb_ask -n "$1" get pods -o 'jsonpath={range .items[*]}{.metadata.namespace}{"\t"}{.metadata.name}{"\t"}{.status.phase}{"\t"}{.status.conditions[?(@.type=="Ready")].status}{"\t"}{.status.containerStatuses[*].state.waiting.reason}{"\n"}{end}' |
		awk -F '\t' '$3 != "Succeeded" && $4 != "True"'
}

probe() {
	kb_fact_api || return 0
	fact server "$(kb_in_kubeconfig /etc/kubernetes/admin.conf server)"
	kb_list=$(kb_nodes)
	fact nodes.status "$?"
	kb_lines node "$kb_list"
	for kb_namespace in kube-system calico-system calico-apiserver tigera-operator; do
		kb_lines pod "$(kb_pods "$kb_namespace")"
	done
	kb_lines tigerastatus "$(kb_ask get tigerastatuses.operator.tigera.io \
		-o 'jsonpath={range .items[*]}{.metadata.name}{"\t"}{.status.conditions[?(@.type=="Available")].status}{"\t"}{.status.conditions[?(@.type=="Degraded")].status}{"\t"}{.status.conditions[?(@.type=="Degraded")].message}{"\n"}{end}' 2>/dev/null)"
	kb_lines pool "$(kb_ask get ippools.crd.projectcalico.org \
		-o 'jsonpath={range .items[*]}{.metadata.name}{"\t"}{.spec.cidr}{"\t"}{.spec.blockSize}{"\n"}{end}' 2>/dev/null)"
	fact version "$(kb_ask get --raw /version 2>/dev/null)"
	fact config "$(kb_ask -n kube-system get configmap kubeadm-config --ignore-not-found -o 'jsonpath={.data.ClusterConfiguration}')"
	fact proxy "$(kb_ask -n kube-system get configmap kube-proxy --ignore-not-found -o 'jsonpath={.data.config\.conf}')"
	return 0
}
