#!/bin/bash
# A small signed Debian archive of one suite: what the base was made from, and what steps install beyond it.
#
#   mirror.sh OUT SUITE BASE		OUT/debian (dists, pool) and OUT/archive-key.asc
set -euo pipefail
out=$1 suite=$2 base=$3
# shellcheck source=/dev/null
. "${0%/*}/debian.sh"
# shellcheck source=/dev/null
. "${0%/*}/signing.sh"

packages=(containerd runc containernetworking-plugins conntrack socat ebtables ethtool curl gnupg bash-completion binutils
	iputils-ping netcat-openbsd nftables ipset openssl python3 libcurl4 libyaml-0-2 vim-tiny jq zsh fish tcsh busybox tcpdump strace)

# fetch FOLDER: the packages and all they depend on that the base lacks, by this machine's apt on the base's status
fetch() {
	local apt=$out/apt
	mkdir -p "$apt"/{lists/partial,archives/partial}
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(debian_uri) $suite main" >"$apt/sources.list"
	cat >"$apt/apt.conf" <<-CONF
		Dir::Etc::SourceList "$apt/sources.list";
		Dir::Etc::SourceParts "/dev/null";
		Dir::Etc::Preferences "/dev/null";
		Dir::Etc::PreferencesParts "/dev/null";
		Dir::State::Lists "$apt/lists";
		Dir::State::Status "$base/root/var/lib/dpkg/status";
		Dir::State::Extended_States "$apt/extended_states";
		Dir::Cache "$apt";
		APT::Install-Recommends "false";
		APT::Sandbox::User "root";
		Debug::NoLocking "true";
	CONF
	APT_CONFIG=$apt/apt.conf apt-get -q update
	APT_CONFIG=$apt/apt.conf apt-get -q -y --download-only install "${packages[@]}"
	mv "$apt"/archives/*.deb "$1/"
	rm -rf "$apt"
}

arch=$(dpkg --print-architecture)
index=$out/debian/dists/$suite/main/binary-$arch
mkdir -p "$out/debian/pool" "$index"
cp -l "$base"/debs/*.deb "$out/debian/pool/"
fetch "$out/debian/pool"
(cd "$out/debian" && apt-ftparchive packages pool) >"$index/Packages"
gzip -9k "$index/Packages"
new_key "$out/key" "lab archive"
gpg -q --armor --export >"$out/archive-key.asc"
release "$out/debian/dists/$suite" -o APT::FTPArchive::Release::Origin=Debian -o APT::FTPArchive::Release::Label=Debian \
	-o "APT::FTPArchive::Release::Suite=$suite" -o "APT::FTPArchive::Release::Codename=$suite" \
	-o APT::FTPArchive::Release::Components=main -o "APT::FTPArchive::Release::Architectures=$arch"
