# shellcheck shell=sh disable=SC2154 # line_of sets kb_line
# host.facts: reads only. What it prints is taken apart by the judge

probe() {
	fact_text os_release /etc/os-release
	# shellcheck disable=SC2046 # words without blanks: the host's name, the kernel's release, the machine
	set -- $(uname -nrm)
	fact kernel "$2"
	fact machine "$3"
	if have dpkg; then fact arch "$(dpkg --print-architecture)"; fi
	fact hostname "$1"
	if line_of /etc/machine-id; then fact machine_id "$kb_line"; fi
	if line_of /sys/class/dmi/id/product_uuid; then fact product_uuid "$kb_line"; fi
	while read -r kb_key kb_kib kb_unit; do
		if [ "$kb_key $kb_unit" = 'MemTotal: kB' ]; then fact memory_kib "$kb_kib"; break; fi
	done </proc/meminfo
	fact cpus "$(nproc)"
	# only the second version's root has that
	if [ -e /sys/fs/cgroup/cgroup.controllers ]; then fact cgroup_fs cgroup2fs; else fact cgroup_fs "$(stat -fc %T /sys/fs/cgroup 2>/dev/null)"; fi
	# where systemd itself says what it is in
	if line_of /run/systemd/container; then
		fact container "$kb_line"
	elif have systemd-detect-virt; then
		fact container "$(systemd-detect-virt --container)"
	fi
	fact clock "$(date +%s)"
	if [ -s /etc/kubernetes/kubelet.conf ]; then fact is_node yes; fi
	have ip || return 0
	fact_of addresses ip -o address show
	fact_of routes ip -o route show table main
	fact_of routes6 ip -6 -o route show table main
}
