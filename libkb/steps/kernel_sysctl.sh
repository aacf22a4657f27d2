# shellcheck shell=sh disable=SC2154 # parameters and wants come as variables
# kernel.sysctl: settings (NAME=VALUE, one a line)

# kb_sysctl_path NAME: in kb_path. The first separator decides what the others mean (sysctl.d(5)): net.ipv4.conf.eth0/1.forwarding is
# net/ipv4/conf/eth0.1/forwarding
kb_sysctl_path() {
	kb_path=/proc/sys/$1
	kb_first=${1%%[./]*}
	case ${1#"$kb_first"} in
	.*/*) kb_path=/proc/sys/$(printf '%s' "$1" | tr ./ /.) ;;
	.*)
		kb_path=/proc/sys kb_words=$1
		while [ -n "$kb_words" ]; do
			kb_path=$kb_path/${kb_words%%.*}
			case $kb_words in *.*) kb_words=${kb_words#*.} ;; *) kb_words= ;; esac
		done
		;;
	esac
}

# kb_sysctl_lines: what systemd-sysctl and the firewall read at boot: of two files with one name the first folder's counts, and all
# together go by name
kb_sysctl_lines() {
	set --
	for kb_file in /etc/sysctl.d/*.conf /run/sysctl.d/*.conf /usr/local/lib/sysctl.d/*.conf /usr/lib/sysctl.d/*.conf /lib/sysctl.d/*.conf; do
		if [ -r "$kb_file" ] && [ "$kb_file" != /etc/sysctl.d/99-libkb.conf ]; then set -- "$@" "$kb_file"; fi
	done
	if [ -r /etc/ufw/sysctl.conf ] && grep -qsi '^ENABLED=yes' /etc/ufw/ufw.conf; then set -- "$@" /etc/ufw/sysctl.conf; fi
	[ $# -gt 0 ] || return 0
	for kb_file; do fact file "$kb_file"; done
	awk '/^[ \t]*-?[a-zA-Z*]/ { print FILENAME " " $0 }' "$@" | while IFS= read -r kb_line; do
		fact line "$kb_line"
	done
}

# kb_sysctl_values: of all settings that this kernel has; grep says which file each line is of. Not by read, which asks byte for byte: of a number
# the kernel gives the first one only
kb_sysctl_values() {
	kb_names=$kb_newline
	set --
	while IFS= read -r kb_setting; do
		kb_sysctl_path "${kb_setting%%=*}"
		[ -f "$kb_path" ] || continue
		kb_names=$kb_names$kb_path=${kb_setting%%=*}$kb_newline
		set -- "$@" "$kb_path"
	done <<EOF_SETTINGS
$settings
EOF_SETTINGS
	[ $# -gt 0 ] || return 0
	grep -H '' -- "$@" 2>/dev/null | while IFS= read -r kb_line; do
		kb_setting=${kb_names#*"$kb_newline${kb_line%%:*}="}
		fact value "${kb_setting%%"$kb_newline"*}=${kb_line#*:}"
	done
}

probe() {
	kb_sysctl_values
	fact_file conf /etc/sysctl.d/99-libkb.conf
	kb_sysctl_lines
	return 0
}

kb_sysctl_set() {
	kb_sysctl_path "${1%%=*}"
	[ -e "$kb_path" ] || die UNSUPPORTED kernel.sysctl-missing "${1%%=*}: this kernel has no such setting (net.bridge needs the module br_netfilter)"
	kb_said=$({ printf '%s\n' "${1#*=}" >"$kb_path"; } 2>&1) || die STEP kernel.sysctl-refused "${1%%=*}: the kernel refused ${1#*=}: $kb_said"
}

apply() {
	if [ -n "${want_conf+set}" ]; then
		folder /etc/sysctl.d && put /etc/sysctl.d/99-libkb.conf 0644 "$want_conf" || return 1
	fi
	[ -n "$want_set" ] || return 0
	printf '%s\n' "$want_set" | while IFS= read -r kb_setting; do
		[ -z "$kb_setting" ] || kb_sysctl_set "$kb_setting"
	done
}
