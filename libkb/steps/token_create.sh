# shellcheck shell=sh disable=SC2154 # wants and what was made come as variables
# token.create: usages; made_token is the token, want_lifetime its seconds (0: for ever)

probe() {
	[ -e /etc/kubernetes/admin.conf ] || return 0
	fact server "$(kb_in_kubeconfig /etc/kubernetes/admin.conf server)"
	if [ -r /etc/kubernetes/pki/ca.crt ]; then fact ca "$(cat /etc/kubernetes/pki/ca.crt)"; fi
	have kubectl || return 0
	fact_of tokens kb_ask -n kube-system get secrets --field-selector type=bootstrap.kubernetes.io/token -o name
}

# kb_is_for USAGE: true or false, as a manifest has it
kb_is_for() {
	for kb_usage in $usages; do
		if [ "$kb_usage" = "$1" ]; then
			echo true
			return
		fi
	done
	echo false
}

# kb_secret ID SECRET: what kubeadm token create makes, in the form of a manifest
kb_secret() {
	cat <<EOF_SECRET
apiVersion: v1
kind: Secret
metadata:
  name: bootstrap-token-$1
  namespace: kube-system
type: bootstrap.kubernetes.io/token
stringData:
  token-id: "$1"
  token-secret: "$2"
  usage-bootstrap-authentication: "$(kb_is_for authentication)"
  usage-bootstrap-signing: "$(kb_is_for signing)"
  auth-extra-groups: system:bootstrappers:kubeadm:default-node-token
  description: made by libkb
EOF_SECRET
	[ "$want_lifetime" -eq 0 ] || date -u -d "@$(($(date +%s) + want_lifetime))" '+  expiration: "%Y-%m-%dT%H:%M:%SZ"'
}

kb_is_signed() {
	[ -n "$(kb_ask -n kube-public get configmap cluster-info -o "jsonpath={.data.jws-kubeconfig-$1}" 2>/dev/null)" ]
}

apply() {
	[ -e /etc/kubernetes/admin.conf ] || die STEP token.no-admin-conf "/etc/kubernetes/admin.conf is not there: the host is no control plane"
	[ -n "${made_token-}" ] || return 1
	kb_id=${made_token%%.*}
	kb_secret "$kb_id" "${made_token#*.}" |
		kb_do apply --server-side --force-conflicts --field-manager=libkb -f - || return 1
	[ "$(kb_is_for signing)" = true ] || return 0
	# until the controller manager has signed for it, a join that finds the cluster by it is told that the token is unknown
	until_ok 60 kb_is_signed "$kb_id" ||
		die TIMEOUT token.not-signed "cluster-info was not signed for the token $kb_id within 60 s: the controller manager may be down"
}
