#!/bin/bash
# The lab on a machine that has control groups of version 2 alone: in a virtual machine it boots a host, which answers, has groups of its
# own with limits that bind, reboots, and leaves nothing behind. Slow: every instruction is computed.
#
# KB_VM is the folder of the virtual machine's state (/var/tmp/kb-vm-cgroup2); what a killed run left there is ended first.
set -euo pipefail
shopt -s inherit_errexit
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
LAB_HERE=$(dirname "$here")
LAB_CALICO=$(dirname "$LAB_HERE")/data/calico
export LAB_HERE LAB_CALICO
for part in env machine cache build; do
	# shellcheck source=/dev/null
	. "$LAB_HERE/$part.sh"
done
tree=$LAB_CACHE/.cgroup2
export KB_VM=${KB_VM:-/var/tmp/kb-vm-cgroup2}
disk=$KB_VM.data

finish() {
	"$here/vm" down || true
	rm -rf --one-file-system "$tree" "$disk"
}

# data: the lab's sources and what was built for it, as a disk. Files are linked, not copied: the tree lies beside them
data() {
	mkdir -p "$tree/base" "$tree/tests/data"
	cp -al "$LAB_BASE/root" "$tree/base/root"
	cp -al "$LAB_MIRROR" "$tree/mirror"
	cp -al "$LAB_GUARD" "$tree/programs"
	cp -al "$LAB_DISTRIBUTION" "$tree/distribution"
	cp -al "$LAB_REPOSITORY" "$tree/repository"
	cp -al "$LAB_OPERATOR" "$tree/operator"
	cp -al "$LAB_REGISTRY" "$tree/registry"
	cp -a "$LAB_HERE" "$tree/tests/lab"
	cp -a "$LAB_CALICO" "$tree/tests/data/calico"
	truncate -s 4G "$disk"
	mkfs.ext4 -q -F -m 0 -d "$tree" "$disk"
	rm -rf --one-file-system "$tree"
}

[ "$(id -u)" = 0 ] || { say 'skipped: needs root, for it builds hosts'; exit 77; }
mkdir -p /run/lock
exec 8>"/run/lock/kb-vm-cgroup2"
flock -n 8 || die "cgroup2: another run is at it"
trap finish EXIT
trap 'exit 130' INT TERM
machine_check
machine_needs
build_all bookworm
finish
data
"$here/vm" up --memory 3072 --data "$disk"
"$here/vm" ssh 'mount -o ro /dev/disk/by-id/virtio-data /mnt && bash /mnt/tests/lab/vm/inside.sh' </dev/null
