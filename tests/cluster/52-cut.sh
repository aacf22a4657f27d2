#!/bin/bash
# Connections that break while long steps run, and a host that reboots under one: the same run goes on where it was, nothing is begun twice.
# With KB_LONG the connections break, and fall silent, at many more points.
. "$(dirname "$0")/lib.sh"
fresh_hosts 2

# begin: the installer in the background; its events are in $out/events
begin() {
	: >"$out/events"
	lab exec timeout 1200 "$install" up "$cluster" --json >"$out/events" 2>&1 &
	pid=$!
}

# until_begun HOST STEP
until_begun() {
	local n=0
	until grep -q "\"event\":\"step-started\".*\"host\":\"$1\",\"step\":\"$2\"" "$out/events"; do
		kill -0 "$pid" 2>/dev/null || { tail -n 5 "$out/events" >&2; fail "it ended before $2 began on $1"; }
		n=$((n + 1))
		[ $n -lt 6000 ] || fail "$2 never began on $1"
		sleep 0.1
	done
}

# hang_up I: the connections of the controller to that host end, as if its sshd had been killed
hang_up() {
	lab enter "$1" sh -c 'for p in /proc/[0-9]*; do
		if grep -qs "^sshd: vagrant@notty" "$p/cmdline"; then kill -9 "${p#/proc/}"; fi
	done'
}

# is_over STEP HOST
is_over() { grep -q "\"event\":\"step-done\".*\"host\":\"$2\",\"step\":\"$1\"" "$out/events"; }

# hang_up_during I HOST STEP TIMES: again and again while it runs
hang_up_during() {
	local cuts=0
	until_begun "$2" "$3"
	while [ $cuts -lt "$4" ] && ! is_over "$3" "$2"; do
		sleep "0.$((RANDOM % 8 + 1))"
		hang_up "$1"
		cuts=$((cuts + 1))
		# not more often than it connects again
		until is_over "$3" "$2" || [ "$(grep -c "\"host-connected\".*\"host\":\"$2\"" "$out/events")" -gt $cuts ]; do sleep 0.2; done
	done
	[ $cuts -gt 0 ] || fail "$3 on $2 was over before it could be cut"
	ok "the connection to $2 broke $cuts times during $3"
}

# begun_once HOST STEP
begun_once() {
	local n
	n=$(grep -c "\"event\":\"step-started\".*\"host\":\"$1\",\"step\":\"$2\"" "$out/events") || true
	[ "$n" = 1 ] || fail "$2 on $1 was begun $n times"
	grep -q "\"event\":\"step-done\".*\"host\":\"$1\",\"step\":\"$2\".*\"status\":\"KB_OK\"" "$out/events" || fail "$2 on $1 did not end well"
}

# nothing_left: no journal and nothing in memory of ended steps
nothing_left() {
	local i
	for i in $(hosts_of_lab); do
		[ -z "$(lab enter "$i" find /var/lib/libkb /run/libkb -mindepth 1 ! -name apt-updated 2>/dev/null)" ] || fail "something of libkb is left on host $i"
	done
}

times=2 silence=no
case ${KB_LONG:-0} in 0 | OFF) ;; *) times=20 silence=yes ;; esac

# a worker loses its power while packages are installed there, and is back soon; then init and join lose their connections
begin
until_begun cluster1-worker1 packages.install
sleep 2
lab enter 2 systemctl reboot -ff >/dev/null 2>&1 || true
hang_up_during 1 cluster1-master1 kubeadm.init "$times"
hang_up_during 2 cluster1-worker1 kubeadm.join "$times"
wait "$pid" || { grep -v step-output "$out/events" | tail -n 5 >&2; fail 'the run whose connections broke'; }
grep -q '"host":"cluster1-worker1".*"id":"step.rebooted"' "$out/events" || fail 'nobody says that a step was running when the host rebooted'
ok 'it was told that the step was running when the host rebooted'
begun_once cluster1-master1 kubeadm.init
begun_once cluster1-worker1 kubeadm.join
nothing_left
installer 0 plan "$cluster"
ok 'the same run went on, nothing was begun twice, and nothing is left to do'

# a removed package is installed again, and one that was being unpacked when the power went is unpacked again, while its connection breaks, and in the long run falls silent for longer than the kernel waits
lab enter 2 apt-get -qq -y --allow-change-held-packages purge kubectl >/dev/null 2>&1 || fail 'apt-get purge'
lab enter 2 sed -i '/^Package: kubeadm$/,/^$/s/^Status: .*/Status: install reinstreq half-installed/' /var/lib/dpkg/status
begin
hang_up_during 2 cluster1-worker1 packages.install "$times"
if [ $silence = yes ] && ! is_over packages.install cluster1-worker1; then
	lab enter 2 ip route add blackhole 192.168.1.1
	sleep 120
	lab enter 2 ip route del blackhole 192.168.1.1
fi
wait "$pid" || { tail -n 5 "$out/events" >&2; fail 'packages.install'; }
begun_once cluster1-worker1 packages.install
nothing_left
installer 0 plan "$cluster"
ok 'packages.install went on too'
