#!/bin/bash
# Three bare hosts become a Kubernetes cluster on this machine, by the reference installer. Root, Debian or Ubuntu, Go 1.24 or newer.
#
#   examples/demo.sh           install what is missing, build the library and the lab, boot three hosts, make them a cluster, prove it;
#                              run again: every step is present, and nothing is written on any host
#   examples/demo.sh plan      show what that would change on the hosts, and touch nothing
#   examples/demo.sh status    ask the cluster how it is
#   examples/demo.sh reset     take the cluster down in the right order; the hosts stay
#   examples/demo.sh down      remove the hosts
#
# The first run builds Kubernetes from its sources, once: some ten minutes on two cores. KB_LAB is where the lab lies (/var/tmp/kb-lab).
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
lab=$top/tests/lab/lab
folder=${KB_LAB:-/var/tmp/kb-lab}
packages=(gcc make cmake pkg-config libyaml-dev libcurl4-openssl-dev libssh2-1-dev libssl-dev)

usage() { sed -n '2,/^set -e/{/^set -e/d;s/^# \{0,1\}//;p}' "$0"; }

say() { printf '\n== %s\n' "$*"; }

die() {
	printf 'demo: %s\n' "$*" >&2
	exit 1
}

install_missing() {
	local missing=() package
	for package in "${packages[@]}"; do
		# shellcheck disable=SC2016	# dpkg's own variable
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	say "installing ${missing[*]}"
	apt-get -qq update
	DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install "${missing[@]}" >/dev/null
}

build() {
	say 'the library and its installer'
	(cd "$top" && cmake --preset release >/dev/null && cmake --build --preset release --parallel "$(nproc)" --target kb-install >/dev/null) ||
		die 'the build failed'
	"$top/build/release/examples/kb-install" --version
}

# installer COMMAND...: beside the hosts, as a controller in their network would be
installer() {
	[ -e "$folder/cluster.yaml" ] || die "no hosts are up: $0 boots them"
	"$lab" exec "$top/build/release/examples/kb-install" "$@"
}

kubectl() { KUBECONFIG=$folder/kubeconfig "$lab" kubectl "$@"; }

# holds WHAT WANTED GOT: a line of the summary, or the end
holds() {
	[ "$2" = "$3" ] || die "$1: $3, and not $2"
	printf '%-44s %s\n' "$1" "$3"
}

# the_network: what the description asked for is what the cluster has
the_network() {
	local pods=172.16.0.0/16 path='{.spec.calicoNetwork.ipPools[*].cidr}'
	holds 'Installation default: pools' "$pods" "$(kubectl get installations.operator.tigera.io default -o "jsonpath=$path")"
	holds 'IPPools' "$pods" "$(kubectl get ippools.crd.projectcalico.org -o 'jsonpath={.items[*].spec.cidr}')"
	holds 'CoreDNS: pods ready' 2 "$(kubectl -n kube-system get deployment coredns -o 'jsonpath={.status.readyReplicas}')"
	# shellcheck disable=SC2016	# a path of kubectl's
	path='{range .items[*]}{.status.addresses[?(@.type=="InternalIP")].address}{" "}{end}'
	holds 'InternalIPs' '192.168.1.2 192.168.1.3 192.168.1.4 ' "$(kubectl get nodes -o "jsonpath=$path")"
}

look_around() {
	cat <<-TEXT

		The cluster is up. To look around:
		    alias k='KUBECONFIG=$folder/kubeconfig $lab kubectl'
		    k get pods -A -o wide
		    $lab ssh 1                      # the control plane, as vagrant
		    $0 status; $0 reset; $0 down
		The description that it was made from is $folder/cluster.yaml.
	TEXT
}

up() {
	install_missing
	build
	say 'the lab (Kubernetes is built once, then kept under the user cache)'
	"$lab" build
	"$lab" up 3
	say 'kb-install up'
	installer up "$folder/cluster.yaml"
	say 'what came of it'
	kubectl get nodes -o wide
	the_network
	say 'the proof'
	KUBECONFIG=$folder/kubeconfig "$lab" proof
	look_around
}

case ${1-up} in
-h | --help | help)
	usage
	exit 0
	;;
esac
[ $# -le 1 ] || {
	usage >&2
	exit 2
}
[ "$(id -u)" = 0 ] || die 'needs root: the lab makes namespaces and mounts'
command -v go >/dev/null || die 'needs Go 1.24 or newer on the PATH, to build Kubernetes for the lab'
case ${1-up} in
up) up ;;
plan | status | reset) installer "$1" "$folder/cluster.yaml" ;;
down) "$lab" down ;;
*)
	usage >&2
	exit 2
	;;
esac
