# shellcheck shell=sh disable=SC2154 # parameters come as variables
# node.drain: node_name, timeout, disable_eviction

# kb_pods: of the node, those that drain takes away for good: not the DaemonSets', not the kubelet's own, and none that is allowed on a node
# that takes no new pods, since it may be back at once
kb_pods() {
	kb_ask get pods -A --field-selector "spec.nodeName=$node_name,status.phase!=Succeeded,status.phase!=Failed" \
		-o 'jsonpath={range .items[*]}{.metadata.ownerReferences[0].kind}/ {range .spec.tolerations[*]}{.key}:{.operator}:{.effect},{end} {.metadata.namespace}/{.metadata.name}{"\n"}{end}' |
		sed '/^DaemonSet\/ /d; /^Node\/ /d; /[ ,]:Exists:\(NoSchedule\)\{0,1\},/d; /[ ,]node\.kubernetes\.io\/unschedulable:/d; s#^.* ##; /^$/d'
}

probe() {
	kb_fact_api || return 0
	fact_of node kb_ask get node "$node_name" --ignore-not-found -o 'jsonpath={.metadata.name} {.spec.unschedulable}'
	kb_list=$(kb_pods)
	fact pods.status "$?"
	printf '%s\n' "$kb_list" | while IFS= read -r kb_pod; do
		[ -z "$kb_pod" ] || fact pod "$kb_pod"
	done
}

apply() {
	# before 1.20 the flag had another name
	if kubectl drain --help 2>/dev/null | grep -q -- --delete-emptydir-data; then
		set -- --delete-emptydir-data
	else
		set -- --delete-local-data
	fi
	if [ "$disable_eviction" = yes ]; then set -- "$@" --disable-eviction; fi
	# a node whose kubelet is gone never says that its pods have ended
	set -- "$@" --force --ignore-daemonsets --skip-wait-for-delete-timeout=30 "--timeout=${timeout}s"
	kb_said=$(kb_run kb_do drain "$@" -- "$node_name")
	kb_code=${kb_said##* }
	[ "$kb_code" -ne 0 ] || return 0
	clue "$(printf '%s\n' "$kb_said" | grep -iE 'error|cannot' | tail -n 10)"
	case $kb_said in
	*'disruption budget'*) die TIMEOUT node.drain-blocked "a disruption budget keeps pods on $node_name for more than $timeout s" ;;
	esac
	die STEP node.drain-failed "kubectl drain $node_name ended with $kb_code"
}

evidence() {
	echo 'pods that are left:'
	kb_pods 2>&1 | head -n 20
}
