# shellcheck shell=sh
# host.facts: reads only. What it prints is taken apart by the judge

probe() {
	fact_file os_release /etc/os-release
	fact kernel "$(uname -r)"
	fact machine "$(uname -m)"
	if have dpkg; then fact arch "$(dpkg --print-architecture)"; fi
	fact hostname "$(uname -n)"
	if [ -r /etc/machine-id ]; then fact machine_id "$(cat /etc/machine-id)"; fi
	if [ -r /sys/class/dmi/id/product_uuid ]; then fact product_uuid "$(cat /sys/class/dmi/id/product_uuid)"; fi
	fact memory_kib "$(sed -n 's/^MemTotal: *\([0-9]*\) kB$/\1/p' /proc/meminfo)"
	fact cpus "$(nproc)"
	fact cgroup_fs "$(stat -fc %T /sys/fs/cgroup 2>/dev/null)"
	if have systemd-detect-virt; then fact container "$(systemd-detect-virt --container)"; fi
	fact clock "$(date +%s)"
	if [ -s /etc/kubernetes/kubelet.conf ]; then fact is_node yes; fi
	have ip || return 0
	fact_of addresses ip -o address show
	fact_of routes ip -o route show table main
	fact_of routes6 ip -6 -o route show table main
}
