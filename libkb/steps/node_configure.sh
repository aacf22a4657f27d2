# shellcheck shell=sh disable=SC2154 # parameters and wants come as variables
# node.configure: node_name, labels, taints, schedulable; the judge says what is to be set

probe() {
	kb_fact_api || return 0
	fact_of node kb_ask get node "$node_name" --ignore-not-found -o 'jsonpath={"labels: "}{.metadata.labels}{"\ntaints: "}{.spec.taints}{"\n"}'
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
	kb_set label "$want_labels" && kb_set taint "$want_taints"
}
