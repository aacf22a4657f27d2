#!/bin/bash
# A root file system of a suite in which libkb can be built and tested:
#
#   toolchain.sh OUT SUITE		OUT/root
set -euo pipefail
out=$1 suite=$2
# shellcheck source=/dev/null
. "${0%/*}/debian.sh"

packages=(gcc g++ libc6-dev cmake ninja-build make pkgconf libyaml-dev libcurl4-openssl-dev libssh2-1-dev libssl-dev libcmocka-dev
	openssh-server openssh-client openssl ca-certificates sudo gnupg zsh fish tcsh busybox iproute2 procps locales python3
	python3-asyncssh python3-cffi-backend shellcheck)	# the last but one: debootstrap knows nobody who provides a name

include() { local IFS=,; echo "${packages[*]}"; }

use_apt_proxy
mkdir -p "$out"
debootstrap --variant=minbase --include="$(include)" "$suite" "$out/root" "$(debian_uri)"
rm -rf "$out"/root/var/cache/apt/archives/*.deb "$out"/root/var/lib/apt/lists/*
