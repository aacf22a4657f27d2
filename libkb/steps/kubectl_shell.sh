# shellcheck shell=sh disable=SC2154,SC2016 # wants come as variables; the format is dpkg's own
# kubectl.shell: for root

kb_home() {
	getent passwd root | cut -d: -f6
}

probe() {
	fact installed "$(dpkg-query -W -f '${Package} ${Version} ${db:Status-Abbrev}\n' -- bash-completion 2>/dev/null)"
	fact bashrc_path "$(kb_home)/.bashrc"
	fact_file bashrc "$(kb_home)/.bashrc"
}

apply() {
	if [ -n "$want_package" ]; then
		kb_apt_ready
		kb_apt_update
		kb_apt_install bash-completion
	fi
	if [ -n "${want_bashrc+set}" ]; then
		kb_file=$(kb_home)/.bashrc
		put "$kb_file" "$(stat -L -c %a "$kb_file" 2>/dev/null || echo 644)" "$want_bashrc"
	fi
}
