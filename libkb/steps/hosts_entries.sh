# shellcheck shell=sh disable=SC2154 # parameters and wants come as variables
# hosts.entries: the judge makes the text

probe() {
	fact_file hosts /etc/hosts
	# cloud-init would write the file anew at every boot
	[ ! -d /etc/cloud ] || fact rewritten_by "$(grep -lsE '^manage_etc_hosts:[[:space:]]*(true|True|template)' /etc/cloud/cloud.cfg /etc/cloud/cloud.cfg.d/*.cfg)"
}

apply() {
	if [ -n "${want_hosts+set}" ]; then put /etc/hosts 0644 "$want_hosts" || return 1; fi
}
