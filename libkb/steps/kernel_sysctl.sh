# shellcheck shell=sh disable=SC2154 # parameters and wants come as variables
# kernel.sysctl: settings (NAME=VALUE, one a line)

# the first separator decides what the others mean (sysctl.d(5)): net.ipv4.conf.eth0/1.forwarding is net/ipv4/conf/eth0.1/forwarding
kb_sysctl_path() {
	case $1 in
	*[./]*) ;;
	*) printf '/proc/sys/%s' "$1"; return ;;
	esac
	kb_first=${1%%[./]*}
	case ${1#"$kb_first"} in
	.*) printf '/proc/sys/%s' "$(printf '%s' "$1" | tr ./ /.)" ;;
	*) printf '/proc/sys/%s' "$1" ;;
	esac
}

# what systemd-sysctl and the firewall read at boot: of two files with one name the first folder's counts, and all together go by name
kb_sysctl_files() {
	for kb_folder in /etc/sysctl.d /run/sysctl.d /usr/local/lib/sysctl.d /usr/lib/sysctl.d /lib/sysctl.d; do
		for kb_file in "$kb_folder"/*.conf; do
			[ -r "$kb_file" ] && printf '%s\n' "$kb_file"
		done
	done
	grep -qsi '^ENABLED=yes' /etc/ufw/ufw.conf && [ -r /etc/ufw/sysctl.conf ] && printf '%s\n' /etc/ufw/sysctl.conf
}

probe() {
	printf '%s\n' "$settings" | while IFS= read -r kb_setting; do
		kb_path=$(kb_sysctl_path "${kb_setting%%=*}")
		[ -r "$kb_path" ] && fact value "${kb_setting%%=*}=$(tr -s '[:space:]' ' ' <"$kb_path")"
	done
	fact_file conf /etc/sysctl.d/99-libkb.conf
	kb_sysctl_files | while IFS= read -r kb_file; do
		[ "$kb_file" = /etc/sysctl.d/99-libkb.conf ] && continue
		fact file "$kb_file"
		grep -E '^[[:space:]]*-?[a-zA-Z*]' "$kb_file" | while IFS= read -r kb_line; do
			fact line "$kb_file $kb_line"
		done
	done
	return 0
}

kb_sysctl_set() {
	kb_path=$(kb_sysctl_path "${1%%=*}")
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
