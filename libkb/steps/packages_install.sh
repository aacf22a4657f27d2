# shellcheck shell=sh disable=SC2154,SC2034,SC2016 # parameters and wants come as variables; read takes what is not wanted, too
# packages.install: packages, helpers (one a line), kubernetes_version

# kb_has PACKAGE VERSION: among kb_here, installed, and at a version that begins so
kb_has() {
	while read -r kb_name kb_version kb_status; do
		[ "$kb_name" = "$1" ] || continue
		case "$kb_version $kb_status" in "$2"*' '[hi]i) return 0 ;; esac
	done <<EOF_HERE
$kb_here
EOF_HERE
	return 1
}

# kb_may_offer PACKAGE...: fails when the lists lie where apt puts them, as they are, and none of them names one of these; apt takes longer to say so
kb_may_offer() {
	for kb_list in /var/lib/apt/lists/*_Packages.*; do [ ! -e "$kb_list" ] || return 0; done
	for kb_package; do set -- "$@" -e "Package: $kb_package"; shift; done
	for kb_list in /var/lib/apt/lists/*_Packages; do
		[ -s "$kb_list" ] || return 0
		if grep -qxF "$@" "$kb_list"; then return 0; fi
	done
	return 1
}

probe() {
	if [ -s /etc/kubernetes/kubelet.conf ]; then fact is_node yes; fi
	# shellcheck disable=SC2086 # names of packages
	kb_here=$(dpkg-query -W -f '${Package} ${Version} ${db:Status-Abbrev}\n' -- $packages $helpers 2>/dev/null)
	fact installed "$kb_here"
	kb_missing=
	for kb_package in $packages; do kb_has "$kb_package" "$kubernetes_version-" || kb_missing="$kb_missing $kb_package"; done
	for kb_package in $helpers; do kb_has "$kb_package" '' || kb_missing="$kb_missing $kb_package"; done
	[ -n "$kb_missing" ] || return 0
	# shellcheck disable=SC2086 # names of packages
	kb_may_offer $kb_missing || { fact offered ''; return 0; }
	# the lists are read without leaving a cache behind, which would be a write
	# shellcheck disable=SC2086 # names of packages
	fact offered "$(apt-cache -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= madison -- $kb_missing 2>/dev/null)"
}

# kb_choose: fills kb_list with NAME=VERSION of all that is to be installed
kb_choose() {
	for kb_package in $want_packages; do
		if ! kb_version=$(kb_apt_version "$kb_package" "$kubernetes_version"); then
			clue "$kb_package: the sources have $(kb_apt_versions "$kb_package" | head -n 20 | tr '\n' ' ')"
			kb_apt_none packages.version-missing "$kb_package $kubernetes_version: no source of this host has it"
		fi
		kb_list="$kb_list $kb_package=$kb_version"
	done
	for kb_package in $want_helpers; do
		kb_version=$(kb_apt_candidate "$kb_package") && kb_list="$kb_list $kb_package=$kb_version"
	done
}

apply() {
	kb_apt_ready
	kb_apt_update
	kb_list=
	kb_choose
	if [ -n "$want_unhold" ]; then
		# shellcheck disable=SC2086 # names of packages
		kb_locked apt-mark unhold $want_unhold || die STEP apt.hold "apt-mark unhold: $(kb_apt_words)"
	fi
	[ -n "$kb_list" ] || return 0
	# what was held is held again when it fails
	# shellcheck disable=SC2086 # names of packages
	(kb_apt_install $kb_list) || {
		[ -z "$want_unhold" ] || kb_locked apt-mark hold $want_unhold
		return 1
	}
}

evidence() {
	dpkg --audit
	df -k / /var /usr
}
