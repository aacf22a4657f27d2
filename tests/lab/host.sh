# shellcheck shell=bash
# Hosts: their disks, their power switch, and the way into them. A host's disk is a folder over the base; nothing is mounted outside of
# the host's own mount namespace, so that a host that died leaves no mount behind.

host_dir() { printf '%s/hosts/%s\n' "$LAB_DIR" "$(name_of "$1")"; }

# hosts_known: the numbers of the hosts that have a disk
hosts_known() {
	local i
	for ((i = 1; i <= 250; i++)); do
		[ ! -d "$(host_dir "$i")" ] || echo "$i"
	done
}

# host_disk I: what distinguishes the host from the base
host_disk() {
	local i=$1 name dir etc user
	name=$(name_of "$i")
	dir=$(host_dir "$i") etc=$dir/disk/etc
	mkdir -p "$dir"/{disk,work,root,volumes} "$etc/ssh" "$etc/apt/keyrings"
	echo "$i" >"$dir/number"
	echo "$name" >"$etc/hostname"
	printf '127.0.0.1\tlocalhost\n127.0.1.1\t%s\n\n::1\tlocalhost ip6-localhost ip6-loopback\n' "$name" >"$etc/hosts"
	head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$etc/machine-id"
	echo >>"$etc/machine-id"
	echo "nameserver $LAB_NET.1" >"$etc/resolv.conf"
	cp "$LAB_MIRROR/archive-key.asc" "$etc/apt/keyrings/lab-archive.asc"
	echo "deb [signed-by=/etc/apt/keyrings/lab-archive.asc] http://$LAB_NET.1/debian $LAB_SUITE main" >"$etc/apt/sources.list"
	ssh-keygen -A -f "$dir/disk" >/dev/null
	rm -f "$etc"/ssh/ssh_host_dsa_key*
	for user in vagrant:1000 secret:1001; do
		install -d -o "${user#*:}" -g "${user#*:}" -m 755 "$dir/disk/home/${user%:*}"
		install -d -o "${user#*:}" -g "${user#*:}" -m 700 "$dir/disk/home/${user%:*}/.ssh"
		cat "$LAB_DIR"/id*.pub >"$dir/disk/home/${user%:*}/.ssh/authorized_keys"
		chown "${user#*:}:${user#*:}" "$dir/disk/home/${user%:*}/.ssh/authorized_keys"
		chmod 600 "$dir/disk/home/${user%:*}/.ssh/authorized_keys"
	done
}

# host_on I: the power switch; the keeper goes on as long as the host reboots
host_on() {
	local dir
	dir=$(host_dir "$1")
	setsid "$LAB_HERE/keeper" "$1" "$(name_of "$1")" "$dir" </dev/null >"$dir/console.log" 2>&1 9>&- &
	echo $! >"$dir/keeper.pid"
}

# host_off I: as when the plug is pulled
host_off() { cgroup_kill "$(name_of "$1")-keeper"; cgroup_kill "$(name_of "$1")"; }

host_is_on() { [ -n "$(cgroup_pids "$(name_of "$1")-keeper")" ]; }

# host_answers I: its sshd greets
host_answers() {
	# shellcheck disable=SC2016	# for the inner shell
	[ "$(ip netns exec "$LAB_NETNS" timeout 1 bash -c 'head -c 4 <"/dev/tcp/$1/22"' - "$(address_of "$1")" 2>/dev/null)" = SSH- ]
}

host_wait() {
	local n
	for ((n = 0; n < 300; n++)); do
		! host_answers "$1" || return 0
		kill -0 "$(<"$(host_dir "$1")/keeper.pid")" 2>/dev/null || break
		sleep 0.2
	done
	say "$(name_of "$1"): no sshd; its console:"
	tail -n 20 "$(host_dir "$1")/console.log" >&2
	return 1
}

# host_init_pid I: process 1 of the host, as this machine numbers it
host_init_pid() {
	local pid
	for pid in $(cgroup_pids "$(name_of "$1")"); do
		# one number a PID namespace: this machine's, then the host's; a container has three
		! awk '/^NSpid:/ { exit !(NF == 3 && $3 == 1) }' "/proc/$pid/status" 2>/dev/null || { echo "$pid"; return; }
	done
	die "$(name_of "$1"): not running"
}

# host_enter I COMMAND...: as root, without its network: for tests that plant something
host_enter() {
	local pid
	pid=$(host_init_pid "$1")
	shift
	exec "$LAB_GUARD/guard" nsenter --target "$pid" --all --wdns=/root env -i HOME=/root TERM="${TERM-dumb}" \
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

# host_keys I: its lines for known_hosts
host_keys() {
	local key
	for key in "$(host_dir "$1")"/disk/etc/ssh/ssh_host_*_key.pub; do
		printf '%s %s\n' "$(address_of "$1")" "$(cut -d' ' -f1,2 "$key")"
	done
}
