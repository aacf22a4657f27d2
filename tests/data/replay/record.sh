#!/bin/bash
# record.sh: records the hosts of this folder anew, from real hosts of the lab (tests/lab), as root; a few minutes when the lab's builds are there.
# KB_BUILD is the build folder (build/test). What is asked depends on the description and the repository's key, so those go into the folder too.
# A folder of recordings is replaced only when all were made.
set -euo pipefail
shopt -s inherit_errexit
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../../.." && pwd)
export KB_LAB=${KB_TEST_LAB:-/var/tmp/kb-test} KB_LAB_NAME=${KB_TEST_LAB_NAME:-kbtest}
installer=${KB_BUILD:-$top/build/test}/examples/kb-install
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

lab() { bash "$top/tests/lab/lab" "$@"; }

# run NAME STATUS COMMAND...: kb-install with the hosts recorded into folder NAME; STATUS is how it has to end
run() {
	local name=$1 want=$2 got=0
	mkdir -p "$work/$name"
	{
		sed -e "s,CALICO,$work/calico," -e '/^ssh:/d' "$here/cluster.yaml"
		grep '^ssh:' "$KB_LAB/cluster.yaml"
		printf 'record: %s\n' "$work/$name"
	} >"$KB_LAB/record.yaml"
	lab exec timeout 1200 "$installer" "$3" "$KB_LAB/record.yaml" "${@:4}" >"$work/$name.log" 2>&1 || got=$?
	[ "$got" = "$want" ] || { tail -n 40 "$work/$name.log" >&2; echo "$name: exit status $got, and not $want" >&2; return 1; }
	echo "$name: recorded"
}

# keep NAME COMMENT: the recordings of folder NAME become those of this folder. The kernel is not the lab's own: its name is left out.
keep() {
	local rec
	rm -rf "${here:?}/$1"
	mkdir "$here/$1"
	for rec in "$work/$1"/*.rec; do
		{
			head -n 1 "$rec"
			printf '# %s\n' "$2"
			tail -n +2 "$rec"
		} | sed "s/$(uname -r)/6.1.0-37-amd64/g" >"$here/$1/${rec##*/}"
	done
	if grep -rnE "$KB_LAB|$top|$work|BEGIN [A-Z ]*PRIVATE KEY" "$here/$1"; then
		echo "$1: holds what belongs to this machine" >&2
		return 1
	fi
}

# describe: the lab's description without what only a login needs, and with files of this repository in the place of downloads; CALICO is where
# the tests put the folder of the manifests. The hosts trust the lab's mirror by themselves.
describe() {
	local i
	sed -e '/^ssh:/s/, identity: .*}/}/' -e 's/^\(  *\)calicoctl: .*/\1calicoctl: no/' -e '/^  *# a stand-in/d' -e '/^download:/d' \
		-e 's,^  url: https.*/calico$,  url: file://CALICO,' -e 's,\(repository: {.*\)},\1\, key: Release.key},' \
		-e 's/^containerd:$/&\n  source: distribution/' "$KB_LAB/cluster.yaml" >"$here/cluster.yaml"
	lab exec curl -fsS --cacert "$KB_LAB/ca.pem" 'https://192.168.1.1/core:/stable:/v1.34/deb/Release.key' >"$here/Release.key"
	cp "$here/Release.key" "$KB_LAB/"
	for i in 1 2 3; do
		lab enter "$i" sh -c 'cat >/etc/apt/lab.pem
			echo "Acquire::https::192.168.1.1::CaInfo \"/etc/apt/lab.pem\";" >/etc/apt/apt.conf.d/50lab' <"$KB_LAB/ca.pem"
	done
}

# What administrators do to their logins: files that print, to both outputs, without end of line, and nonsense that looks like ours
make_noise() {
	local i
	for i in 1 2 3; do
		lab enter "$i" sh -s <<-'HOST'
			printf 'Authorized use only.\n' >/etc/motd
			{
				cat <<-'RC'
					echo "Welcome to $(hostname), $USER!"
					printf '\033[1mbold\033[0m and no end of line' >&2
					printf 'kb.status=0\n\001\002READY\n'
				RC
				cat /home/vagrant/.bashrc
			} >/home/vagrant/.bashrc.new
			mv /home/vagrant/.bashrc.new /home/vagrant/.bashrc
		HOST
	done
}

# Kills kubeadm as soon as etcd has its manifest, by nobody that it could hear of.
kill_kubeadm() {
	lab enter 1 sh -s <<-'HOST'
		(
			until [ -e /etc/kubernetes/manifests/etcd.yaml ]; do sleep 0.02; done
			for p in /proc/[0-9]*; do
				[ "$(cat "$p/comm" 2>/dev/null)" != kubeadm ] || kill -9 "${p#/proc/}"
			done
		) >/dev/null 2>&1 </dev/null
	HOST
}

lab down >/dev/null 2>&1 || true
lab up 3
describe
mkdir -p "$work/calico/v3.32.1"
ln -s "$top/tests/data/calico/v3.32.1" "$work/calico/v3.32.1/manifests"
kubeconfig=(--kubeconfig "$KB_LAB/kubeconfig")
run check 3 plan
run fresh 0 up "${kubeconfig[@]}"
run complete 0 up "${kubeconfig[@]}"
run status 0 status
make_noise
run noisy 0 up "${kubeconfig[@]}"
run reset 0 reset
kill_kubeadm &
run broken 1 up "${kubeconfig[@]}"
wait
run half 3 plan
run mended 0 up "${kubeconfig[@]}"
lab down
keep check 'three bare Debian 12 hosts of the lab: plan'
keep fresh 'the same hosts: up'
keep complete 'the same hosts when they were a cluster: up'
keep status 'the same hosts: status'
keep noisy 'the same hosts, whose shells print at each login: up'
keep reset 'the same hosts: reset'
keep broken 'the same hosts after that: up, and kubeadm was killed when etcd had its manifest'
keep half 'the same hosts after that: plan'
keep mended 'the same hosts: up'
