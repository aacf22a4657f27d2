# shellcheck shell=sh disable=SC2154,SC2016 # wants come as variables; the format is dpkg's own
# kubectl.shell: for root

# kb_bashrc: sets kb_file to root's
kb_bashrc() {
	kb_file=$(getent passwd root)
	kb_file=${kb_file%:*}
	kb_file=${kb_file##*:}/.bashrc
}

probe() {
	fact installed "$(dpkg-query -W -f '${Package} ${Version} ${db:Status-Abbrev}\n' -- bash-completion 2>/dev/null)"
	kb_bashrc
	fact bashrc_path "$kb_file"
	fact_file bashrc "$kb_file"
}

apply() {
	if [ -n "$want_package" ]; then
		kb_apt_ready
		kb_apt_update
		kb_apt_install bash-completion
	fi
	if [ -n "${want_bashrc+set}" ]; then
		kb_bashrc
		put "$kb_file" "$(stat -L -c %a "$kb_file" 2>/dev/null || echo 644)" "$want_bashrc"
	fi
}
