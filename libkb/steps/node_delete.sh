# shellcheck shell=sh disable=SC2154 # parameters come as variables
# node.delete: node_name

probe() {
	kb_fact_api || return 0
	fact_of node kb_ask get node "$node_name" --ignore-not-found -o name
}

apply() {
	kb_do delete node --ignore-not-found --timeout=60s -- "$node_name"
}
