# shellcheck shell=bash
# Where a lab keeps what, and what it calls it. Two labs with different KB_LAB and KB_LAB_NAME live side by side.

LAB_DIR=$(realpath -m "${KB_LAB:-/var/tmp/kb-lab}")
export LAB_DIR
export LAB_NAME=${KB_LAB_NAME:-kb}
export LAB_NAT=${KB_LAB_NAT:-10.0.2.0/24}
export LAB_CACHE=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/libkb-lab
export LAB_NET=192.168.1 LAB_CLUSTER=cluster1
export LAB_NETNS=$LAB_NAME-lab

say() { printf 'lab: %s\n' "$*" >&2; }

die() {
	say "$*"
	exit 1
}
