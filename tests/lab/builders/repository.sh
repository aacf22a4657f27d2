#!/bin/bash
# Debs of kubeadm, kubelet, kubectl and kubernetes-cni, in a signed repository of each of the two layouts that clusters know:
#
#   repository.sh OUT KUBERNETES MIRROR
#
# OUT/core:/stable:/vX.Y/deb/	flat, with the key beside it, armoured, as the community serves it
# OUT/apt/			suite kubernetes-xenial, component main, with a binary key, as the retired one was
# OUT/fingerprint		of the key of both
set -euo pipefail
out=$1 kubernetes=$2 mirror=$3
# shellcheck source=/dev/null
. "${0%/*}/signing.sh"
version=$(<"$kubernetes/version")
version=${version#v}
minor=v${version%.*}
cni=1.7.1
arch=$(dpkg --print-architecture)
tree=$out/tree

# trees: what each package installs
trees() {
	local program
	mkdir -p "$tree/unpacked" "$tree/kubernetes-cni/opt/cni/bin" "$tree/kubelet/etc/default" "$tree/kubelet/DEBIAN" \
		"$tree/kubelet/usr/lib/systemd/system" "$tree/kubeadm/usr/lib/systemd/system/kubelet.service.d"
	for program in kubeadm kubelet kubectl; do
		install -D -m 755 "$kubernetes/$program" "$tree/$program/usr/bin/$program"
	done
	dpkg-deb -x "$mirror"/debian/pool/containernetworking-plugins_*.deb "$tree/unpacked"
	cp "$tree"/unpacked/usr/lib/cni/* "$tree/kubernetes-cni/opt/cni/bin/"
	echo 'KUBELET_EXTRA_ARGS=' >"$tree/kubelet/etc/default/kubelet"
	echo /etc/default/kubelet >"$tree/kubelet/DEBIAN/conffiles"
	kubelet_unit >"$tree/kubelet/usr/lib/systemd/system/kubelet.service"
	kubelet_dropin >"$tree/kubeadm/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf"
	kubelet_postinst >"$tree/kubelet/DEBIAN/postinst"
	kubelet_prerm >"$tree/kubelet/DEBIAN/prerm"
	chmod 755 "$tree/kubelet/DEBIAN/postinst" "$tree/kubelet/DEBIAN/prerm"
}

kubelet_unit() {
	cat <<-'UNIT'
		[Unit]
		Description=kubelet: The Kubernetes Node Agent
		Documentation=https://kubernetes.io/docs/
		Wants=network-online.target
		After=network-online.target

		[Service]
		ExecStart=/usr/bin/kubelet
		Restart=always
		StartLimitInterval=0
		RestartSec=10

		[Install]
		WantedBy=multi-user.target
	UNIT
}

kubelet_dropin() {
	cat <<-'UNIT'
		[Service]
		Environment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf"
		Environment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml"
		EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
		EnvironmentFile=-/etc/default/kubelet
		ExecStart=
		ExecStart=/usr/bin/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS
	UNIT
}

kubelet_postinst() {
	cat <<-'SH'
		#!/bin/sh
		set -e
		if [ "$1" = configure ] && [ -d /run/systemd/system ]; then
			systemctl daemon-reload
			systemctl enable kubelet
			systemctl start kubelet
		fi
	SH
}

kubelet_prerm() {
	cat <<-'SH'
		#!/bin/sh
		set -e
		if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
			systemctl disable --now kubelet
		fi
	SH
}

# deb NAME VERSION DEPENDS FOLDER: packs a tree
deb() {
	mkdir -p "$tree/$1/DEBIAN"
	cat >"$tree/$1/DEBIAN/control" <<-CONTROL
		Package: $1
		Version: $2
		Architecture: $arch
		Maintainer: lab <lab@lab.example>
		Section: admin
		Priority: optional${3:+
		Depends: $3}
		Description: $1, compiled by the lab
	CONTROL
	dpkg-deb -Zzstd -z1 --root-owner-group -b "$tree/$1" "$4/$1_$2_$arch.deb" >/dev/null
}

# debs REVISION FOLDER: the four packages
debs() {
	mkdir -p "$2"
	deb kubernetes-cni "$cni$1" "libc6" "$2"
	deb kubectl "$version$1" "" "$2"
	deb kubelet "$version$1" "iptables (>= 1.4.21), kubernetes-cni (>= 1.2.0), mount, util-linux" "$2"
	deb kubeadm "$version$1" "" "$2"
}

community() {
	local folder=$out/core:/stable:/$minor/deb
	debs -1.1 "$folder/$arch"
	(cd "$folder" && apt-ftparchive packages . >Packages && gzip -9k Packages)
	release "$folder" -o "APT::FTPArchive::Release::Origin=obs://lab/isv:kubernetes:core:stable:$minor/deb" \
		-o "APT::FTPArchive::Release::Label=isv:kubernetes:core:stable:$minor"
	gpg -q --armor --export >"$folder/Release.key"
}

legacy() {
	local suite=$out/apt/dists/kubernetes-xenial
	local index=$suite/main/binary-$arch
	debs -00 "$out/apt/pool"
	mkdir -p "$index" "$out/apt/doc"
	(cd "$out/apt" && apt-ftparchive packages pool) >"$index/Packages"
	gzip -9k "$index/Packages"
	release "$suite" -o APT::FTPArchive::Release::Origin=kubernetes-xenial -o APT::FTPArchive::Release::Label=kubernetes-xenial \
		-o APT::FTPArchive::Release::Suite=kubernetes-xenial -o APT::FTPArchive::Release::Codename=kubernetes-xenial \
		-o APT::FTPArchive::Release::Components=main -o "APT::FTPArchive::Release::Architectures=$arch"
	gpg -q --export >"$out/apt/doc/apt-key.gpg"
}

mkdir -p "$out"
new_key "$out/key" "lab repository"
fingerprint >"$out/fingerprint"
trees
community
legacy
rm -rf "$tree"
