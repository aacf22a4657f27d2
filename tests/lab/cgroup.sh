# shellcheck shell=bash
# Control groups of the lab: one folder a host in every hierarchy, which becomes the root of the host's cgroup namespace.
# Machines with the v1 hierarchies have about ten of them, those with v2 alone have one.

export LAB_CGROUP=$LAB_NAME-lab

# cgroup_mounts: where this machine has its hierarchies
cgroup_mounts() { awk '($3 == "cgroup" || $3 == "cgroup2") && $2 ~ "^/sys/fs/cgroup" { print $2 }' /proc/mounts; }

cgroup_is_v2() { [ "$(stat -fc %T /sys/fs/cgroup)" = cgroup2fs ]; }

# cgroup_open: a v2 folder hands down only the controllers that its parents were told to; what we add is noted for cgroup_close
cgroup_open() {
	local controller
	cgroup_is_v2 || return 0
	mkdir -p "/sys/fs/cgroup/$LAB_CGROUP" "$LAB_DIR"
	for controller in $(</sys/fs/cgroup/cgroup.controllers); do
		grep -qw "$controller" /sys/fs/cgroup/cgroup.subtree_control || {
			echo "+$controller" >/sys/fs/cgroup/cgroup.subtree_control || continue
			echo "$controller" >>"$LAB_DIR/controllers"
		}
		echo "+$controller" >"/sys/fs/cgroup/$LAB_CGROUP/cgroup.subtree_control"
	done
}

cgroup_close() {
	local controller
	[ -e "$LAB_DIR/controllers" ] || return 0
	while read -r controller; do
		echo "-$controller" >/sys/fs/cgroup/cgroup.subtree_control || true
	done <"$LAB_DIR/controllers"
}

# cgroup_join NAME: the calling shell and what it starts from now on
cgroup_join() {
	local mount folder file
	while read -r mount; do
		folder=$mount/$LAB_CGROUP/$1
		mkdir -p "$folder"
		for file in cpuset.cpus cpuset.mems; do		# in v1 a cpuset takes nobody before it has both
			if [ ! -e "$mount/cgroup.clone_children" ] || [ ! -e "$mount/$file" ]; then continue; fi
			cat "$mount/$file" >"$mount/$LAB_CGROUP/$file"
			cat "$mount/$file" >"$folder/$file"
		done
		echo "$BASHPID" >"$folder/cgroup.procs"
	done < <(cgroup_mounts)
}

# cgroup_pids [NAME]: everything that runs in a group of the lab, or in all of them
cgroup_pids() {
	local mount
	while read -r mount; do
		[ ! -d "$mount/$LAB_CGROUP/${1-}" ] || find "$mount/$LAB_CGROUP/${1-}" -name cgroup.procs -exec cat {} + 2>/dev/null || true
	done < <(cgroup_mounts) | sort -un
}

# cgroup_kill [NAME]: ends them and removes the group. Nothing is ever ended by its program's name.
cgroup_kill() {
	local pids mount n
	for ((n = 0; n < 100; n++)); do
		mapfile -t pids < <(cgroup_pids "${1-}")
		[ ${#pids[@]} -gt 0 ] || break
		kill -KILL "${pids[@]}" 2>/dev/null || true
		sleep 0.1
	done
	while read -r mount; do
		[ ! -d "$mount/$LAB_CGROUP/${1-}" ] || find "$mount/$LAB_CGROUP/${1-}" -depth -type d -exec rmdir {} + 2>/dev/null || true
	done < <(cgroup_mounts)
}
