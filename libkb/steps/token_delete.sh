# shellcheck shell=sh disable=SC2154 # parameters come as variables
# token.delete: token_id

probe() {
	[ -e /etc/kubernetes/admin.conf ] && [ -n "${token_id-}" ] || return 0
	have kubectl || return 0
	fact_of secret kb_ask -n kube-system get secret "bootstrap-token-$token_id" --ignore-not-found -o name
}

apply() {
	kb_do -n kube-system delete secret "bootstrap-token-$token_id" --ignore-not-found
}
