#!/bin/bash
# The steps that change a kernel, on a virtual machine that has one of its own: real swap off and off after a reboot, modules, settings.
#
#   run.sh [PROGRAM]	PROGRAM is vm_steps as the tests build it; without it, it is built
#
# KB_VM is the folder of the virtual machine's state (/var/tmp/kb-vm-steps); what a killed run left there is ended first.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)
vm=$top/tests/lab/vm/vm
work=$(mktemp -d)
export KB_VM=${KB_VM:-/var/tmp/kb-vm-steps}
passed=0 failed=0

finish() {
	"$vm" down || true
	rm -rf --one-file-system "$work"
}

program() {
	local build=$top/build/test
	(cd "$top" && cmake --preset test >/dev/null && cmake --build --preset test --target vm_steps >/dev/null) || return 1
	printf '%s\n' "$build/tests/vm/vm_steps"
}

# steps check|apply STEP...: as the user of a fresh host, who is not root; what was said is in out and err
steps() {
	"$program" "$1" "ssh://vagrant@127.0.0.1:$(<"$KB_VM/port")" "$KB_VM/id" "$KB_VM/known_hosts" "${@:2}" >"$work/out" 2>"$work/err" </dev/null
}

all=(swap.off kernel.modules kernel.sysctl)

# on COMMAND...: as root on the machine
on() { "$vm" ssh "$@" </dev/null; }

# test NAME FUNCTION: one case
test_() {
	local name=$1 began=$SECONDS status=0
	# not in a condition: there a shell goes on after a failed line
	(set -e; "$2") >"$work/log" 2>&1 & wait $! || status=$?
	if [ "$status" = 0 ]; then
		passed=$((passed + 1))
		printf 'ok      %s (%s s)\n' "$name" $((SECONDS - began))
		return
	fi
	failed=$((failed + 1))
	printf 'FAILED  %s (%s s)\n' "$name" $((SECONDS - began))
	sed 's/^/        /' "$work/log" "$work/out" "$work/err" 2>/dev/null
}

# same WHAT WANTED GOT
same() {
	[ "$2" = "$3" ] || { printf '%s: %q, and not %q\n' "$1" "$3" "$2"; return 1; }
}

# said LINE: the program printed it, whole
said() { grep -qxF -- "$1" "$work/out" || { printf 'not said: %s\n' "$1"; return 1; }; }

# -- what is on the machine

swaps() { on 'tail -n +2 /proc/swaps'; }

boot_id() { on cat /proc/sys/kernel/random/boot_id; }

# what_is: every file with mode, owner, ctime and bytes; and what the kernel was told. Left out: logs, for every login writes some; what
# systemd notes of its own clock; and the folder of what the library keeps in memory
what_is() {
	on 'find / -xdev \( -path /var/log -o -path /var/lib/systemd/timers -o -path /var/lib/systemd/timesync \) -prune -o -fstype ext4 -printf "%p %y %m %u:%g %s %C@ %l\n" | sort
		find /run -ipath "*kb*" -not -path /run/libkb -printf "%p %C@\n" | sort
		find /etc -type f -print0 | sort -z | xargs -0 sha256sum
		cat /proc/swaps; cut -d" " -f1 /proc/modules | sort
		sysctl net.ipv4.ip_forward net.bridge 2>&1; systemctl list-unit-files --no-legend --no-pager "*.swap" swap.target'
}

# unchanged_by COMMAND...
unchanged_by() {
	what_is >"$work/before"
	"$@"
	what_is >"$work/after"
	diff "$work/before" "$work/after"
}

# -- the cases

dry_run_touches_nothing() {
	[ "$(swaps | wc -l)" -ge 3 ]
	unchanged_by steps check "${all[@]}"
	said 'swap.off: differs changed'
	said 'kernel.modules: absent changed'
	said 'kernel.sysctl: differs changed' || said 'kernel.sysctl: absent changed'
}

swap_goes_off() {
	on cat /etc/fstab >"$work/fstab"
	steps apply "${all[@]}"
	same 'swaps' '' "$(swaps)"
	same 'swap total' 0 "$(on "awk '/^SwapTotal:/ { print \$2 }' /proc/meminfo")"
}

fstab_is_marked() {
	on cat /etc/fstab >"$work/fstab.now"
	diff <(sed -E '/^#/!{/^[^[:space:]]+[[:space:]]+[^[:space:]]+[[:space:]]+swap[[:space:]]/s/^/#kb# /}' "$work/fstab") "$work/fstab.now"
	same 'lines marked' 2 "$(grep -c '^#kb# ' "$work/fstab.now")"
	grep -q '^tmpfs /srv/swap ' "$work/fstab.now"
}

units_are_off() {
	same 'swap.target' masked "$(on systemctl is-enabled swap.target || true)"
	same 'units of fstab' '' "$(on 'systemctl list-unit-files --no-legend --state=generated "*.swap"')"
	same 'the unit' disabled "$(on 'systemctl is-enabled "var-lib-swap\\x2dmore.swap"' || true)"
}

modules_are_loaded() {
	same 'modules' 'br_netfilter overlay' "$(on 'cut -d" " -f1 /proc/modules | grep -xE "overlay|br_netfilter" | sort | xargs')"
}

settings_hold() {
	same 'settings' '1 1 1' "$(on 'sysctl -n net.ipv4.ip_forward net.bridge.bridge-nf-call-iptables net.bridge.bridge-nf-call-ip6tables | xargs')"
}

second_run_writes_nothing() {
	local step
	unchanged_by steps apply "${all[@]}"
	for step in "${all[@]}"; do
		said "$step: present not changed"
	done
}

reboot_leaves_swap_off() {
	local before
	before=$(boot_id)
	"$vm" reboot
	[ "$(boot_id)" != "$before" ]
	same 'swaps' '' "$(swaps)"
	same 'state' running "$(on 'systemctl is-system-running --wait' || true)"
}

swap_by_hand_goes_off() {
	on swapon /swapfile
	steps apply swap.off
	said 'swap.off: differs changed'
	same 'swaps' '' "$(swaps)"
}

# pages that are swapped out have to come back, and there is room for them
swap_in_use_comes_back() {
	# shellcheck disable=SC2016	# expands there
	on 'swapon /dev/vdb && mount -t tmpfs -o size=1g tmpfs /mnt && head -c 1000000 /dev/urandom >/mnt/seed &&
		for i in $(seq 420); do cat /mnt/seed; done >/mnt/fill && truncate -s 250000000 /mnt/fill && md5sum /mnt/fill' >"$work/sum"
	[ "$(swaps | awk '{ print $4 }')" -gt 0 ]
	steps apply swap.off
	same 'swaps' '' "$(swaps)"
	same 'what was swapped' "$(<"$work/sum")" "$(on 'md5sum /mnt/fill')"
	on umount /mnt
}

# swapoff would end in a panic of the kernel
swap_without_room_is_refused() {
	# shellcheck disable=SC2016	# expands there
	on 'swapon /dev/vdb && mount -t tmpfs -o size=1g tmpfs /mnt && head -c 1000000 /dev/urandom >/mnt/seed &&
		for i in $(seq 440); do cat /mnt/seed; done >/mnt/fill'
	[ "$(swaps | awk '{ print $4 }')" -gt "$(on "awk '/^MemAvailable:/ { print \$2 }' /proc/meminfo")" ]
	! steps apply swap.off || return 1
	grep -q 'swap.busy' "$work/err"
	[ -n "$(swaps)" ]
	on 'umount /mnt && swapoff -a'
}

missing_module_is_named() {
	! steps apply kernel.modules modules=kb_no_such_module || return 1
	grep -q 'kernel.module-missing' "$work/err"
	grep -q 'kb_no_such_module' "$work/err"
}

[ "$(id -u)" = 0 ] || { echo 'skipped: needs root, for the virtual machine is made by debootstrap' >&2; exit 77; }
program=${1-}
[ -n "$program" ] || program=$(program) || { echo 'vm_steps: could not be built' >&2; exit 1; }
mkdir -p /run/lock
exec 8>"/run/lock/kb-vm-steps"
flock -n 8 || { echo "$KB_VM: another run uses it" >&2; exit 1; }
trap finish EXIT
trap 'exit 130' INT TERM
"$vm" down
"$vm" up --memory 512
test_ 'a dry run says what would change, and touches nothing' dry_run_touches_nothing
test_ 'a partition, a file and a unit: swap is off' swap_goes_off
test_ 'fstab: lines of type swap are marked, every other byte is as it was' fstab_is_marked
test_ 'no unit is left that would turn swap on' units_are_off
test_ 'modules are loaded' modules_are_loaded
test_ 'settings have their values' settings_hold
test_ 'a second run writes nothing' second_run_writes_nothing
test_ 'after a real reboot swap is off, and no unit has failed' reboot_leaves_swap_off
test_ 'modules are loaded again after it' modules_are_loaded
test_ 'settings have their values after it' settings_hold
test_ 'a run after the reboot writes nothing' second_run_writes_nothing
test_ 'swap that was turned on by hand goes off' swap_by_hand_goes_off
test_ 'swap in use: what was swapped out is whole in memory' swap_in_use_comes_back
test_ 'swap that memory has no room for: refused, and the machine lives' swap_without_room_is_refused
test_ 'a module that the kernel does not have is named' missing_module_is_named
printf '%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
