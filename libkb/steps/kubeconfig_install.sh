# shellcheck shell=sh disable=SC2154 # parameters and wants come as variables
# kubeconfig.install: user (one a line); the judge says which files are to be written

# kb_users: root first
kb_users() {
	echo root
	[ -z "${user-}" ] || printf '%s\n' "$user" | grep -vx root
}

# kb_as USER COMMAND...: in a home of somebody else nothing is done with more than his own rights, so that no link of his leads root astray
kb_as() {
	kb_who=$1
	shift
	if [ "$kb_who" = root ]; then "$@"; else runuser -u "$kb_who" -- "$@"; fi
}

# kb_value FILE KEY: the first in a kubeconfig
kb_value() {
	sed -n "s/^ *$2: *//p" "$1" | head -n 1
}

probe() {
	fact_file admin /etc/kubernetes/admin.conf
	kb_users | while IFS= read -r kb_user; do
		kb_entry=$(getent passwd "$kb_user") || { fact "user" "$kb_user missing"; continue; }
		kb_home=${kb_entry%:*}
		kb_home=${kb_home##*:}
		fact "user" "$kb_user $kb_home"
		kb_file=$kb_home/.kube/config
		if kb_as "$kb_user" test -f "$kb_file"; then
			fact "there.$kb_user" yes
			kb_stat=$(kb_as "$kb_user" stat -L -c '0%a %U' "$kb_file")
			fact "mode.$kb_user" "${kb_stat%% *}"
			fact "owner.$kb_user" "${kb_stat#* }"
			kb_text=$(kb_as "$kb_user" head -c 1048576 "$kb_file"; echo .)
			if [ "$kb_text" = "$(cat /etc/kubernetes/admin.conf 2>/dev/null; echo .)" ]; then
				fact "same.$kb_user" yes
				continue
			fi
			fact "server.$kb_user" "$(printf '%s\n' "$kb_text" | kb_value - server)"
			fact "ca.$kb_user" "$(printf '%s\n' "$kb_text" | kb_value - certificate-authority-data)"
			fact "clusters.$kb_user" "$(printf '%s\n' "$kb_text" | grep -c '^ *server:')"
		fi
	done
}

# the text comes on stdin, never as an argument
kb_install() {
	# shellcheck disable=SC2016 # expands in the shell of that user
	printf '%s' "$want_config" | kb_as "$1" sh -c '
		umask 077
		[ -d "$1/.kube" ] || mkdir "$1/.kube" || exit 1
		part=$(mktemp "$1/.kube/.config.kb.XXXXXX") || exit 1
		if cat >"$part" && sync "$part" && mv -f "$part" "$1/.kube/config"; then exit 0; fi
		rm -f "$part"
		exit 1' sh "$2"
}

apply() {
	[ -e /etc/kubernetes/admin.conf ] || die STEP kubeconfig.no-admin-conf "/etc/kubernetes/admin.conf is not there: the host is no control plane"
	[ -n "${want_config-}" ] || return 1
	printf '%s\n' "$want_users" | while read -r kb_user kb_home; do
		[ -n "$kb_user" ] || continue
		kb_install "$kb_user" "$kb_home" || exit 1
	done
}
