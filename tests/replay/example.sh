#!/bin/sh
# example.sh EXAMPLE DATA: the example of an installer's test, on recorded hosts: it ends well with the description that was recorded, and not
# with another one.
set -eu
example=$1 data=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/calico/v3.32.1"
ln -s "$data/calico/v3.32.1" "$work/calico/v3.32.1/manifests"
cp "$data/replay/Release.key" "$work/"

# describe FOLDER: the recorded description, played from that folder
describe() {
	sed "s,CALICO,$work/calico," "$data/replay/cluster.yaml"
	printf 'replay: %s\n' "$data/replay/$1"
}

fail() {
	echo "$1" >&2
	cat "$work/out" >&2
	exit 1
}

describe fresh >"$work/cluster.yaml"
"$example" "$work/cluster.yaml" >"$work/out" || fail 'the recorded installation does not end well'
grep -q '^two workers join it  *yes$' "$work/out" || fail 'it says nothing'
describe fresh | sed 's,172.16.0.0/16,172.20.0.0/16,' >"$work/cluster.yaml"
if "$example" "$work/cluster.yaml" >"$work/out"; then fail 'another network is taken for the recorded one'; fi
grep -q 'nothing recorded for .* with these parameters' "$work/out" || fail 'what was not recorded is not told'
grep -q 'asked: arg pods=172.20.0.0/16' "$work/out" || fail 'the parameter is not told'
describe broken >"$work/cluster.yaml"
if "$example" "$work/cluster.yaml" >"$work/out"; then fail 'a killed kubeadm is a success'; fi
grep -q '^the hosts become a cluster  *NO$' "$work/out" || fail 'a killed kubeadm is not told'
