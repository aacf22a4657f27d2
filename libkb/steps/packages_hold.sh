# shellcheck shell=sh disable=SC2154,SC2016 # parameters and wants come as variables
# packages.hold: packages, also (one a line)

probe() {
	# shellcheck disable=SC2086 # names of packages
	fact installed "$(dpkg-query -W -f '${Package} ${Version} ${db:Status-Abbrev}\n' -- $packages $also 2>/dev/null)"
}

apply() {
	# shellcheck disable=SC2086 # names of packages
	[ -z "$want_hold" ] || kb_apt_hold $want_hold
}
