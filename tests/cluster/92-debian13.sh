#!/bin/bash
# Debian 13's own gcc, libssh2, OpenSSL and OpenSSH: libkb builds there without a warning, and the tests of its transports pass; with KB_LONG
# all that need no lab. Inside namespaces of its own, on a root that is kept in the lab's cache and not written to.
set -euo pipefail
shopt -s inherit_errexit
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)
suite=trixie
[ "$(id -u)" -eq 0 ] || { echo 'skipped: needs root'; exit 77; }
command -v debootstrap >/dev/null || { echo 'skipped: debootstrap is not installed'; exit 77; }
export LAB_HERE=$top/tests/lab LAB_CALICO=$top/tests/data/calico
for part in env cache; do
	# shellcheck source=/dev/null
	. "$LAB_HERE/$part.sh"
done

# which tests. What a host costs and how large the library is was promised of Debian 12; the ABI dump is of its compiler
short='-j4 -R ^loop\.test_(agent|frames|jump|jump_shared|key|key_locked|keyring|known_hosts|known_ssh|login|prompts|question|round_trips|session|sh|ssh|ssh_config|trust)$'
long='-L unit|loop -E ^(style|unit\.sanitize|bench\.(test_scale|size)|abi\.compare|musl)'
case ${KB_LONG:-0} in 0 | OFF) tests=$short ;; *) tests=$long ;; esac

# enter ROOT: mounts, then the build and the tests; the first process of a namespace, so that nothing outlives it
enter() {
	local root=$1
	mount -t proc proc "$root/proc"
	mount -t sysfs -o ro sysfs "$root/sys"
	mount --rbind /dev "$root/dev"
	mount -t tmpfs tmpfs "$root/run"
	mkdir -p "$root/run/lock" "$root/run/sshd" "$root/src"
	mount --bind "$top" "$root/src"
	mount -o remount,bind,ro "$root/src"
	mount -t tmpfs tmpfs "$root/src/build"
	ip link set lo up
	hostname trixie
	exec chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 TESTS="$tests" /bin/sh -e -c '
		. /etc/os-release
		echo "$PRETTY_NAME: gcc $(gcc -dumpfullversion), libssh2 $(pkg-config --modversion libssh2), $(ssh -V 2>&1)"
		cd /src
		cmake --preset test -G Ninja -DKB_LONG=0 >/root/log 2>&1 || { cat /root/log; exit 1; }
		cmake --build build/test -j"$(nproc)" >/root/log 2>&1 || { tail -n 40 /root/log; exit 1; }
		set -f
		ctest --test-dir build/test $TESTS --output-on-failure --no-tests=error >/root/log 2>&1 || { tail -n 200 /root/log; exit 1; }
		sed -n "s/^ *[0-9]*\/[0-9]* Test *#[0-9]*: //p; /tests passed/p" /root/log'
}

if [ "${1-}" = enter ]; then
	enter "$2"
fi
root=$(made "toolchain-$suite" toolchain.sh "$suite")/root
work=$(mktemp -d -p /var/tmp)
trap 'umount -l "$work/root" 2>/dev/null || true; rm -rf "$work"' EXIT
mkdir "$work/root" "$work/upper" "$work/work"
mkdir -p "$top/build"
mount -t overlay overlay -o "lowerdir=$root,upperdir=$work/upper,workdir=$work/work" "$work/root"
unshare --mount --net --pid --ipc --uts --fork --kill-child bash "$0" enter "$work/root"
echo 'ok: it builds and its tests pass on Debian 13'
