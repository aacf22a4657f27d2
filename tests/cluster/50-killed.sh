#!/bin/bash
# The installer is killed (SIGKILL) while a step runs, again and again; the next run converges: one CA, no Node twice.
. "$(dirname "$0")/lib.sh"
fresh_hosts

# kill_during STEP SECONDS: kills it so long after the step began
kill_during() {
	local pid installer n=0
	lab exec "$install" up "$cluster" --json >"$out/events" 2>&1 &
	pid=$!
	until grep -q "\"event\":\"step-started\".*\"step\":\"$1\"" "$out/events"; do
		kill -0 "$pid" 2>/dev/null || { tail -n 5 "$out/events" >&2; fail "it ended before $1 began"; }
		n=$((n + 1))
		[ $n -lt 3000 ] || fail "$1 never began"
		sleep 0.1
	done
	sleep "$2"
	installer=$(pgrep -P "$pid")	# a shell of ours waits for it
	grep -qx kb-install "/proc/$installer/comm" || fail 'what was to be killed is not the installer'
	kill -9 "$installer"
	wait "$pid" 2>/dev/null || true
	ok "killed during $1"
}

kill_during packages.install 2
kill_during kubeadm.init 3
kill_during kubeadm.join 0.2	# before calico.install, which begins beside it, and would go on to its end
kill_during calico.install 4
installer 0 up "$cluster"
for i in $(hosts_of_lab); do
	lab enter "$i" sh -c 'sha256sum </etc/kubernetes/pki/ca.crt'
done | sort -u >"$out/ca"
[ "$(wc -l <"$out/ca")" = 1 ] || fail 'there is more than one CA'
[ "$(kube get nodes -o name | sort)" = "$(printf 'node/cluster1-%s\n' master1 worker1 worker2)" ] || fail 'the Nodes are not the three described'
KUBECONFIG=$KB_LAB/kubeconfig lab proof >"$out/proof" 2>&1 || { cat "$out/proof" >&2; fail 'the proof'; }
installer 0 plan "$cluster"
ok 'one CA, three Nodes, a cluster that works, and nothing left to do'
