# shellcheck shell=bash
# Sourced by the builders that need packages of Debian: they come from where this machine gets its own.

# debian_uri: the archive among the machine's apt sources, or what KB_LAB_DEBIAN names
debian_uri() {
	local uri=${KB_LAB_DEBIAN-}
	# shellcheck disable=SC2016	# apt's own variables
	[ -n "$uri" ] || uri=$(apt-get indextargets --format '$(ORIGIN) $(LABEL) $(COMPONENT) $(REPO_URI)' 'Identifier: Packages' |
		sed -n 's/^Debian Debian main //p' | head -n 1)
	if [ -z "$uri" ]; then
		echo "no Debian archive among this machine's apt sources; KB_LAB_DEBIAN can name one" >&2
		return 1
	fi
	printf '%s\n' "$uri"
}

# use_apt_proxy: debootstrap does not read apt's configuration
use_apt_proxy() {
	local proxy=
	eval "$(apt-config shell proxy Acquire::http::Proxy)"
	[ -z "$proxy" ] || [ "$proxy" = DIRECT ] || export http_proxy=$proxy
}
