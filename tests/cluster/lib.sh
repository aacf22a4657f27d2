# shellcheck shell=bash
# What the tests on real hosts share. KB_BUILD is the build folder; the lab is one of their own, so that nobody's is disturbed.
set -euo pipefail
shopt -s inherit_errexit
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export KB_LAB=${KB_TEST_LAB:-/var/tmp/kb-test} KB_LAB_NAME=${KB_TEST_LAB_NAME:-kbtest}
install=$KB_BUILD/examples/kb-install
cluster=$KB_LAB/cluster.yaml
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

lab() { bash "$top/tests/lab/lab" "$@"; }

skip() {
	echo "skipped: $*"
	exit 77
}

fail() {
	echo "FAILED: $*" >&2
	exit 1
}

ok() { echo "ok: $*"; }

# wants TEXT FILE: the file holds it
wants() { grep -qF -- "$1" "$2" || { tail -n 40 "$2" >&2; fail "nothing says: $1"; }; }

# installer STATUS ARGUMENT...: runs it in the lab's network; its output is in $out/log
installer() {
	local want=$1 got=0
	shift
	lab exec timeout 900 "$install" "$@" >"$out/log" 2>&1 || got=$?
	[ "$got" = "$want" ] || { tail -n 60 "$out/log" >&2; fail "kb-install $*: exit status $got, and not $want"; }
}

# fresh_hosts [N]: bare hosts, whatever was there before
fresh_hosts() {
	lab down >/dev/null 2>&1 || true
	lab up "${1:-3}" "${@:2}" >"$out/up" 2>&1 || { cat "$out/up" >&2; fail 'the lab does not come up'; }
}

# kube ARGUMENT...: kubectl with the kubeconfig that the installer fetched
kube() { KUBECONFIG=$KB_LAB/kubeconfig lab kubectl "$@"; }

hosts_of_lab() { lab status | awk '$2 ~ /^cluster1-/ {print $1}'; }

# state FILE: what every host and the cluster hold, one line a thing
state() {
	local i
	for i in $(hosts_of_lab); do
		lab enter "$i" sh -s <"$top/tests/cluster/state.sh" | sed "s/^/$i /"
	done >"$1"
	[ ! -e "$KB_LAB/kubeconfig" ] || cluster_state >>"$1"
}

# generation counts what changed an object's spec; Secrets of tokens must neither come nor go
cluster_state() {
	kube get nodes,installations,ippools.crd.projectcalico.org,daemonsets,deployments,configmaps -A --no-headers \
		-o 'custom-columns=K:.kind,NS:.metadata.namespace,N:.metadata.name,G:.metadata.generation,L:.metadata.labels,T:.spec.taints' |
		grep -v ' kube-root-ca.crt ' | sed 's/^/object /'
	kube get secrets -A --no-headers -o 'custom-columns=NS:.metadata.namespace,N:.metadata.name' | sed 's/^/secret /'
}

# unchanged BEFORE AFTER WHAT
unchanged() {
	diff -u "$1" "$2" >"$out/diff" || { head -n 60 "$out/diff" >&2; fail "$3 changed something"; }
	ok "$3 changed nothing: $(wc -l <"$1") things compared"
}

# ask_version I SERVER: GET /version from a host as nobody. (Without a name kubectl would ask for one; the API server takes this one for nobody's.)
ask_version() {
	lab enter "$1" kubectl --kubeconfig=/dev/null --username=- --password=- --server="$2" --insecure-skip-tls-verify --request-timeout=5s \
		get --raw /version </dev/null
}
