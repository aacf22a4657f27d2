#!/bin/bash
# The storage of a registry that holds the images of a cluster:
#
#   registry.sh OUT PROGRAM IMAGES.PY KUBERNETES BASE PROGRAMS OPERATOR CALICO
#
# A real registry takes them, by real pushes, in a network namespace of its own; its storage is what is kept.
set -euo pipefail
out=$1 program=$2 images=$3
shift 3
port=5000

mkdir -p "$out/storage" "$out/archives"
python3 "$images" "$out/archives" "$@"
cat >"$out/registry.yml" <<YML
version: 0.1
log: {level: warn}
storage: {filesystem: {rootdirectory: "$out/storage"}}
http: {addr: "127.0.0.1:$port"}
YML

# push ARCHIVE NAME: under the name without the registry's host, which is how a mirror is asked for it
push() { skopeo --insecure-policy copy -q --dest-tls-verify=false "docker-archive:$out/archives/$1" "docker://127.0.0.1:$port/${2#*/}"; }

fill() {
	local archive name
	ip link set lo up
	"$program" serve "$out/registry.yml" &
	for _ in {1..100}; do
		! : 2>/dev/null <"/dev/tcp/127.0.0.1/$port" || break
		sleep 0.1
	done
	while read -r archive name; do
		echo "$name"
		push "$archive" "$name"
	done <"$out/archives/index"
}

export out port program
export -f push fill
# the registry ends with its namespace
unshare --net --pid --fork --kill-child bash -euo pipefail -c fill
cp "$out/archives/index" "$out/index"
rm -rf "$out/archives" "$out/registry.yml"
