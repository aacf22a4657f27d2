# shellcheck shell=bash
# What the lab needs of the machine it runs on.

MACHINE_PACKAGES=(apt-utils debootstrap dnsmasq-base gcc gnupg iproute2 iptables kmod libc6-dev libseccomp-dev
	openssh-client openssl procps python3 skopeo util-linux xz-utils)

machine_check() {
	[ "$(id -u)" = 0 ] || die "needs root: it makes namespaces and mounts"
	[ -e /etc/debian_version ] || die "needs Debian or one of its kind: it installs packages and builds hosts from them"
	command -v go >/dev/null || die "needs Go 1.24 or newer on the PATH"
}

# machine_needs: installs what is missing
machine_needs() {
	local missing=() package
	for package in "${MACHINE_PACKAGES[@]}"; do
		# shellcheck disable=SC2016	# dpkg's own variable
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
	done
	if [ ${#missing[@]} -gt 0 ]; then
		say "packages: installing ${missing[*]}"
		apt-get -qq update
		DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install "${missing[@]}" >/dev/null
	elif [ -z "$(find /var/lib/apt/lists -name '*_Packages*' -print -quit)" ]; then
		apt-get -qq update		# the builders ask apt where this machine gets its packages
	fi
}
