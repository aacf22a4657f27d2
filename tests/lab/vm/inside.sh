#!/bin/bash
# Run by cgroup2.sh inside its virtual machine, with the lab and its builds on /mnt. Ends with a line "N passed, N failed".
set -euo pipefail
export KB_LAB=/var/tmp/kb-lab
# shellcheck source=/dev/null
. /mnt/tests/lab/lab help >/dev/null

# everything was built outside
lab_build() {
	LAB_BASE=/mnt/base LAB_MIRROR=/mnt/mirror LAB_GUARD=/mnt/programs LAB_DISTRIBUTION=/mnt/distribution
	LAB_REPOSITORY=/mnt/repository LAB_OPERATOR=/mnt/operator LAB_REGISTRY=/mnt/registry
	export LAB_BASE LAB_MIRROR LAB_GUARD LAB_DISTRIBUTION LAB_REPOSITORY LAB_OPERATOR LAB_REGISTRY
}

passed=0 failed=0

# test_ NAME COMMAND...: one case
test_() {
	local name=$1 began=$SECONDS status=0
	shift
	(set -e; "$@") >/tmp/log 2>&1 & wait $! || status=$?
	if [ "$status" = 0 ]; then
		passed=$((passed + 1))
		printf 'ok      %s (%s s)\n' "$name" $((SECONDS - began))
	else
		failed=$((failed + 1))
		printf 'FAILED  %s (%s s)\n' "$name" $((SECONDS - began))
		sed 's/^/        /' /tmp/log
	fi
}

# same WHAT WANTED GOT
same() { [ "$2" = "$3" ] || { printf '%s: %q, and not %q\n' "$1" "$3" "$2"; return 1; }; }

on() { timeout 120 bash /mnt/tests/lab/lab ssh 1 "$@" </dev/null; }

# traces: what a lab could leave behind. Two mounts are not the lab's: ip's own folder of namespaces stays once it was used, and systemd
# mounts binfmt_misc as soon as anybody looks there.
traces() {
	find /sys/fs/cgroup -mindepth 1 -maxdepth 1 -name 'kb*'
	cat /sys/fs/cgroup/cgroup.subtree_control
	ip netns list
	findmnt -rno TARGET | grep -vxE '/run/netns|/proc/sys/fs/binfmt_misc' | sort
	sysctl -n vm.overcommit_memory vm.panic_on_oom kernel.panic kernel.panic_on_oops
}

this_machine_has_v2_alone() {
	same 'file system' cgroup2fs "$(stat -fc %T /sys/fs/cgroup)"
	same 'hierarchies of version 1' '' "$(findmnt -rnt cgroup -o TARGET || true)"
}

host_boots() { LAB_SUITE=bookworm alone lab_up 1; }

host_is_well() {
	same 'state' running "$(on systemctl is-system-running --wait || on systemctl --failed --no-legend)"
}

host_has_its_own_groups() {
	same 'file system' cgroup2fs "$(on stat -fc %T /sys/fs/cgroup)"
	same 'the group of process 1' 0::/init.scope "$(on cat /proc/1/cgroup)"
	same 'controllers that a kubelet wants' 'cpu cpuset io memory pids' \
		"$(on cat /sys/fs/cgroup/cgroup.controllers | tr ' ' '\n' | grep -xE 'cpu|cpuset|io|memory|pids' | sort | xargs)"
}

limit_binds() {
	same 'memory.max' 16777216 "$(on sudo systemd-run --quiet --pipe --wait -p MemoryMax=16M sh -c \
		"'cat /sys/fs/cgroup\$(cut -d: -f3 /proc/self/cgroup)/memory.max'")"
	! on sudo systemd-run --quiet --pipe --wait -p MemoryMax=16M -p MemorySwapMax=0 sh -c "'head -c 64m /dev/zero | tail -c 48m | wc -c'" || return 1
}

host_reboots() {
	local before n
	before=$(on cat /proc/sys/kernel/random/boot_id)
	on sudo systemctl reboot || true
	for ((n = 0; n < 180; n++)); do
		[ "$(on cat /proc/sys/kernel/random/boot_id 2>/dev/null)" = "$before" ] || ! on true || return 0
		sleep 1
	done
	return 1
}

nothing_is_left() {
	bash /mnt/tests/lab/lab status
	alone lab_clean
	traces >/tmp/after
	diff /tmp/before /tmp/after
	same 'processes' '' "$(pgrep -fl '^(/mnt/|/sbin/init|dnsmasq)|/keeper ' | grep -vx '1 .*' || true)"
}

traces >/tmp/before
test_ 'this machine has control groups of version 2 alone' this_machine_has_v2_alone
test_ 'a host boots, and its sshd answers' host_boots
test_ 'its systemd is well' host_is_well
test_ 'it has groups of its own, and the controllers' host_has_its_own_groups
test_ 'a limit binds' limit_binds
test_ 'it reboots' host_reboots
test_ 'after lab down nothing is left' nothing_is_left
printf '%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
