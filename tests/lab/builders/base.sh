#!/bin/bash
# The root file system that all hosts of a suite share, bare as an installer leaves it:
#
#   base.sh OUT SUITE KERNEL		OUT/root, and OUT/debs with the packages it was made from
#
# KERNEL is the release of the machine's kernel, for which the base says what is built in.
set -euo pipefail
out=$1 suite=$2 kernel=$3
root=$out/root
# shellcheck source=/dev/null
. "${0%/*}/debian.sh"

packages=(systemd systemd-sysv libpam-systemd dbus openssh-server sudo iproute2 iptables kmod procps ca-certificates gpgv mount login)
built_in=(kernel/fs/overlayfs/overlay kernel/net/bridge/bridge kernel/net/bridge/br_netfilter kernel/drivers/net/vxlan/vxlan
	kernel/drivers/net/veth kernel/net/netfilter/nf_conntrack kernel/net/netfilter/nf_nat kernel/net/netfilter/nf_tables
	kernel/net/ipv4/netfilter/ip_tables kernel/net/ipv6/netfilter/ip6_tables)
idle=(systemd-udevd.service systemd-udevd-kernel.socket systemd-udevd-control.socket getty.target console-getty.service
	apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer fstrim.timer dpkg-db-backup.timer)

include() { local IFS=,; echo "${packages[*]}"; }

user() {	# user NAME SHELL PASSWORD-HASH
	chroot "$root" useradd --create-home --shell "$2" --password "$3" "$1"
}

use_apt_proxy
mkdir -p "$out/debs"
debootstrap --variant=minbase --include="$(include)" "$suite" "$root" "$(debian_uri)"
mv "$root"/var/cache/apt/archives/*.deb "$out/debs/"
rm -rf "$root"/var/lib/apt/lists/* "$root"/etc/ssh/ssh_host_* "$root"/var/log/*.log
: >"$root/etc/machine-id"
: >"$root/etc/apt/sources.list"
: >"$root/etc/resolv.conf"

# what a stock kernel has as modules, this one may have built in: modprobe then answers as usual
mkdir -p "$root/lib/modules/$kernel"
printf '%s.ko\n' "${built_in[@]}" >"$root/lib/modules/$kernel/modules.builtin"
: >"$root/lib/modules/$kernel/modules.order"
depmod -b "$root" "$kernel"

user vagrant /bin/bash '!'
echo 'vagrant ALL=(ALL) NOPASSWD:ALL' >"$root/etc/sudoers.d/vagrant"
user secret /bin/bash "$(openssl passwd -6 'correct horse')"
chroot "$root" usermod --append --groups sudo secret

# it belongs to no package of the base, as on a machine whose owner tuned containerd before it was there
mkdir -p "$root/etc/containerd"
cat >"$root/etc/containerd/config.toml" <<'TOML'
version = 2

# Root may lack CAP_SYS_RESOURCE here, and then no process may lower its oom_score_adj.
[plugins."io.containerd.grpc.v1.cri"]
  restrict_oom_score_adj = true
TOML
echo '/swapfile none swap sw 0 0' >"$root/etc/fstab"
for unit in "${idle[@]}"; do
	ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
