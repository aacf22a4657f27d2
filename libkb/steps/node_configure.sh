# shellcheck shell=sh disable=SC2154,SC2034 # parameters and wants come as variables
# node.configure: node_name, labels, taints, schedulable; the judge says what is to be set

probe() {
	kb_fact_nodes || return 0
	fact node.status "$kb_answer_status"
	kb_node=$kb_newline$kb_answer$kb_newline
	case $kb_node in *"${kb_newline}Node|$node_name|"*) ;; *) return 0 ;; esac
	kb_node=${kb_node#*"${kb_newline}Node|$node_name|"}
	IFS='|' read -r kb_ready kb_addresses kb_labels kb_taints kb_available <<EOF_NODE
${kb_node%%"$kb_newline"*}
EOF_NODE
	fact node "labels: $kb_labels${kb_newline}taints: $kb_taints"
}

# kb_set VERB LINES: an argument a line, none of them an option
kb_set() {
	[ -n "$2" ] || return 0
	kb_verb=$1
	kb_lines=$2
	set --
	while IFS= read -r kb_line; do
		[ -z "$kb_line" ] || set -- "$@" "$kb_line"
	done <<EOF_LINES
$kb_lines
EOF_LINES
	kb_do "$kb_verb" --overwrite node "$node_name" -- "$@"
}

apply() {
	until_ok 30 kb_ask get node "$node_name" || die STEP node.missing "the cluster has no Node $node_name: $kb_said"
	kb_set label "$want_labels" && kb_set taint "$want_taints"
}
