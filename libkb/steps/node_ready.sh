# shellcheck shell=sh disable=SC2154,SC2034 # parameters come as variables; read takes the rest of a line
# node.ready: nodes (NAME ADDRESS, one a line), dns, timeout

# kb_nodes: name, Ready's status, InternalIPs
kb_nodes() {
	kb_ask get nodes -o 'jsonpath={range .items[*]}{.metadata.name} {.status.conditions[?(@.type=="Ready")].status} {.status.addresses[?(@.type=="InternalIP")].address}{"\n"}{end}'
}

kb_dns() {
	kb_ask -n kube-system get deployment coredns --ignore-not-found -o 'jsonpath={.status.conditions[?(@.type=="Available")].status}'
}

probe() {
	kb_fact_nodes || return 0
	fact nodes.status "$kb_answer_status"
	while IFS='|' read -r kb_kind kb_name kb_ready kb_addresses kb_labels kb_taints kb_available; do
		case $kb_kind/$kb_name in
		Node/*) fact node "$kb_name $kb_ready $kb_addresses" ;;
		Deployment/coredns) [ "$dns" = no ] || fact dns "$kb_available" ;;
		esac
	done <<EOF_NODES
$kb_answer
EOF_NODES
}

# kb_waits_for: what is not as it should be, as one line; nothing when all is well
kb_waits_for() {
	kb_list=$(kb_nodes) || { echo 'the API server'; return; }
	printf '%s\n' "$nodes" | while read -r kb_name kb_rest; do
		case $(printf '%s\n' "$kb_list" | grep "^$kb_name ") in
		'') printf 'node %s; ' "$kb_name" ;;
		"$kb_name True"*) ;;
		*) printf 'node %s to be Ready; ' "$kb_name" ;;
		esac
	done
	if [ "$dns" != no ] && [ "$(kb_dns)" != True ]; then printf 'coredns; '; fi
}

apply() {
	[ -e /etc/kubernetes/admin.conf ] || die STEP node.no-admin-conf "/etc/kubernetes/admin.conf is not there: the host is no control plane"
	kb_end=$(($(date +%s) + timeout))
	kb_last=
	until kb_wait=$(kb_waits_for) && [ -z "$kb_wait" ]; do
		[ "$kb_wait" = "$kb_last" ] || printf 'waiting for %s\n' "${kb_wait%; }"
		kb_last=$kb_wait
		if [ "$(date +%s)" -ge "$kb_end" ]; then die TIMEOUT node.not-ready "after $timeout s still waiting for ${kb_wait%; }"; fi
		sleep 1
	done
}

evidence() {
	kb_ask get nodes -o 'jsonpath={range .items[*]}{.metadata.name}: {.status.conditions[?(@.type=="Ready")].reason}: {.status.conditions[?(@.type=="Ready")].message}{"\n"}{end}' 2>&1 |
		cut -c 1-400
	echo 'pods that are not running:'
	kb_ask get pods -A -o wide 2>&1 | grep -vE ' (Running|Completed) ' | head -n 20
}
