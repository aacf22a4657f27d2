#!/bin/bash
# installer.sh KB-INSTALL: the reference installer's command line, its exit codes and what it says, without any host.
set -uo pipefail
installer=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failed=0

cat >"$folder/cluster.yaml" <<'YAML'
kubernetes: {version: 1.34.4}
network: {nodes: 127.0.0.0/8, pods: 172.16.0.0/16}
ssh: {user: nobody, port: 1, connect_timeout_ms: 2000, identity: id}
hosts:
  - {name: cp, address: 127.0.0.2, role: control-plane}
  - {name: w1, address: 127.0.0.3}
YAML
ssh-keygen -q -t ed25519 -N '' -f "$folder/id"
sed 's/pods: 172/podz: 172/' "$folder/cluster.yaml" >"$folder/unknown.yaml"
sed 's/172.16/127.16/' "$folder/cluster.yaml" >"$folder/overlap.yaml"

# expect STATUS STREAM PATTERN ARG...: runs it; the exit status, and a line of stdout (1) or stderr (2)
expect() {
	local status=$1 stream=$2 pattern=$3 got
	shift 3
	(cd "$folder" && timeout 30 "$installer" "$@") >"$folder/1" 2>"$folder/2" </dev/null
	got=$?
	if [ "$got" != "$status" ] || ! grep -qE -e "$pattern" "$folder/$stream"; then
		printf 'kb-install %s: ended with %s, not %s, or does not say %s:\n' "$*" "$got" "$status" "$pattern"
		sed 's/^/  /' "$folder/1" "$folder/2"
		failed=1
	fi
}

expect 0 1 '^usage: ' --help
expect 0 1 '^usage: ' up --help
expect 0 1 '^kb-install [0-9.]+, libkb [0-9.]+$' --version
expect 0 1 '^kubeadm.init +' steps
expect 0 1 '^    pod-network-cidr ' steps 'kubeadm.i*'
expect 0 1 '^network.pods +' fields
expect 0 1 '^kubernetes.repository.fingerprint +[A-Z]' fields
expect 2 2 'what is missing: plan'
expect 2 2 'what is missing: CLUSTER.yaml' up
expect 2 2 'no such command: frob' frob cluster.yaml
expect 2 2 'no such option: --frob' up cluster.yaml --frob
expect 2 2 'one word too many: b' up cluster.yaml b
expect 2 2 'needs a value: --only' up cluster.yaml --only
expect 2 2 'not a time: 5x' up cluster.yaml --timeout 5x
expect 2 2 'not a time: -5' up cluster.yaml --timeout=-5
expect 2 2 'No such file' plan no.yaml
expect 2 2 'unknown.yaml:2:31: no such key: network.podz; the nearest is network.pods' plan unknown.yaml
expect 2 2 'overlap.yaml:2:37: network.pods 127.16.0.0/16 overlaps network.nodes 127.0.0.0/8' plan overlap.yaml
expect 2 2 'no step fits the pattern nothing' plan cluster.yaml --only nothing

# Hosts that nobody listens on: a failure with its class, not bad input; nothing is left behind, and a kubeconfig is not made up.
expect 1 2 'KB_EUNREACHABLE' plan cluster.yaml --timeout 20
expect 1 1 '^failed: 0 present, 2 failed, ' up cluster.yaml --plain --timeout 20 --only host.facts
expect 1 2 'KB_EUNREACHABLE' status cluster.yaml --timeout 20
[ ! -e "$folder/kubeconfig" ] || { echo 'a kubeconfig was written'; failed=1; }

expect 1 1 '"event":"plan-done"' up cluster.yaml --json --timeout 20
if command -v python3 >/dev/null; then
	python3 - "$folder/1" <<'PY' || failed=1
import json, sys
events = [json.loads(line) for line in open(sys.argv[1])]
assert events[0]["event"] == "plan-started" and events[-1]["event"] == "plan-done", events
assert sum(e["event"] == "plan-done" for e in events) == 1
assert {e["host"] for e in events if e["event"] == "step-done"} == {"cp", "w1"}
PY
fi
exit "$failed"
