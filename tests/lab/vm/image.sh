#!/bin/bash
# What a virtual machine boots from: Debian with its cloud kernel, systemd, sshd, and swap in each of the ways in which hosts have it.
#
#   image.sh OUT SUITE		OUT/disk.raw, OUT/kernel, OUT/initrd, OUT/swap.raw
#
# It holds no key: those come on a disk of each run, as a tar archive (see keys.service).
set -euo pipefail
out=$1 suite=$2
root=$out/root
# shellcheck source=/dev/null
. "${0%/*}/../builders/debian.sh"

packages=(linux-image-cloud-amd64 initramfs-tools systemd systemd-sysv dbus udev openssh-server openssh-client sudo
	iproute2 iptables kmod procps ca-certificates gpgv mount login util-linux e2fsprogs dnsmasq-base openssl)
idle=(getty.target systemd-networkd-wait-online.service apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer e2scrub_reap.service
	fstrim.timer dpkg-db-backup.timer man-db.timer)
swap_uuid=5b1f6d3c-2d0f-4c57-9a44-1f0c6a7e9b21

include() { local IFS=,; echo "${packages[*]}"; }

# boot_files: the initial file system has what this machine's disk needs, and no more: it is unpacked without an accelerator
boot_files() {
	sed -i 's/^MODULES=.*/MODULES=list/' "$root/etc/initramfs-tools/initramfs.conf"
	printf '%s\n' virtio_pci virtio_blk ext4 crc32c_generic >"$root/etc/initramfs-tools/modules"
	chroot "$root" update-initramfs -u
	cp "$root"/boot/vmlinuz-* "$out/kernel"
	cp "$root"/boot/initrd.img-* "$out/initrd"
}

network() {
	printf '[Match]\nName=eth0\n\n[Network]\nAddress=10.0.2.15/24\nGateway=10.0.2.2\n' >"$root/etc/systemd/network/eth0.network"
	chroot "$root" systemctl enable systemd-networkd.service
	echo kb-vm >"$root/etc/hostname"
	printf '127.0.0.1\tlocalhost\n127.0.1.1\tkb-vm\n' >"$root/etc/hosts"
}

users() {
	chroot "$root" useradd --create-home --shell /bin/bash --password '!' vagrant
	echo 'vagrant ALL=(ALL) NOPASSWD:ALL' >"$root/etc/sudoers.d/vagrant"
	cat >"$root/etc/systemd/system/keys.service" <<-'UNIT'
	[Unit]
	Description=Keys of this run
	ConditionPathExists=!/etc/ssh/ssh_host_ed25519_key
	Before=ssh.service

	[Service]
	Type=oneshot
	ExecStart=tar --extract --no-overwrite-dir --directory / --file /dev/disk/by-id/virtio-keys

	[Install]
	RequiredBy=ssh.service
	UNIT
	chroot "$root" systemctl enable keys.service
}

# swap_file PATH: not a byte of it is zero before it is made swap, for mkfs leaves holes where it sees zeros, and swapon refuses those
swap_file() {
	head -c 33554432 /dev/zero | tr '\0' x >"$root$1"
	chmod 600 "$root$1"
	mkswap -q "$root$1"
}

# swap: a partition by UUID and a file, both in fstab among lines that only look like swap; and a unit of its own
swap() {
	truncate -s 128M "$out/swap.raw"
	mkswap -q -U "$swap_uuid" "$out/swap.raw"
	swap_file /swapfile
	swap_file /var/lib/swap-more
	cat >"$root/etc/fstab" <<-FSTAB
	# swap and other file systems
	UUID=$swap_uuid	none	swap	sw	0	0
	/swapfile none swap sw,pri=5 0 0
	tmpfs /srv/swap tmpfs nofail,size=1m 0 0
	FSTAB
	mkdir -p "$root/srv/swap"
	cat >"$root/etc/systemd/system/var-lib-swap\\x2dmore.swap" <<-'UNIT'
	[Unit]
	Description=Swap that no fstab knows

	[Swap]
	What=/var/lib/swap-more

	[Install]
	WantedBy=swap.target
	UNIT
	chroot "$root" systemctl enable 'var-lib-swap\x2dmore.swap'
}

use_apt_proxy
mkdir -p "$out"
debootstrap --variant=minbase --include="$(include)" "$suite" "$root" "$(debian_uri)"
boot_files
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*.bin "$root"/var/cache/apt/archives/*.deb "$root"/etc/ssh/ssh_host_* "${root:?}"/boot/*
: >"$root/etc/machine-id"
: >"$root/etc/apt/sources.list"
: >"$root/etc/resolv.conf"
network
users
swap
for unit in "${idle[@]}"; do
	ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
truncate -s 16G "$out/disk.raw"
mkfs.ext4 -q -F -m 0 -i 32768 -E lazy_itable_init=1,lazy_journal_init=1 -d "$root" "$out/disk.raw"
rm -rf --one-file-system "$root"
