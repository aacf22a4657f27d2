# shellcheck shell=bash
# The kernel's settings that no namespace keeps apart: systemd, sysctl and the kubelet of the hosts set some of them. They are recorded
# before the first host of the first lab boots, and put back when the last lab goes.

export KERNEL_STATE=/run/libkb-lab KERNEL_MODULES="overlay br_netfilter vxlan veth bridge"

# kernel_settings: every setting that a host could change for all, as PATH<tab>VALUE
kernel_settings() {
	local file value
	find /proc/sys/kernel /proc/sys/vm /proc/sys/fs -type f -perm -u+rw 2>/dev/null |
		grep -vE '/(random|binfmt_misc|sched_domain|pty)/|/ns_last_pid$|/(inode|file|dentry)-|/hostname$|/domainname$' |
		while read -r file; do
			value=$(cat "$file" 2>/dev/null) || continue
			case $value in *$'\n'*) continue ;; esac
			printf '%s\t%s\n' "$file" "$value"
		done
}

# kernel_lock COMMAND...: one lab at a time
kernel_lock() {
	mkdir -p "$KERNEL_STATE/users"
	(
		flock 7
		"$@" 7>&-
	) 7>"$KERNEL_STATE/lock"
}

kernel_hold() { kernel_lock kernel_hold_locked; }

kernel_hold_locked() {
	if [ -z "$(ls "$KERNEL_STATE/users")" ]; then
		kernel_settings >"$KERNEL_STATE/settings"
		kernel_load
	fi
	kernel_raise fs/inotify/max_user_instances 8192
	kernel_raise fs/inotify/max_user_watches 524288
	: >"$KERNEL_STATE/users/$LAB_NAME"
}

# kernel_raise SETTING LEAST: root of all hosts is one user to the kernel, and a kubelet without a free inotify instance gives up
kernel_raise() {
	[ "$(<"/proc/sys/$1")" -ge "$2" ] || echo "$2" >"/proc/sys/$1"
}

# kernel_load: what a host's modprobe believes to be built in; where it already is, modprobe finds nothing to do
kernel_load() {
	local module
	: >"$KERNEL_STATE/modules"
	for module in $KERNEL_MODULES; do
		[ ! -d "/sys/module/$module" ] || continue
		modprobe -q "$module" && [ -d "/sys/module/$module" ] && echo "$module" >>"$KERNEL_STATE/modules"
	done
	return 0
}

kernel_release() {
	[ ! -e "$KERNEL_STATE/users/$LAB_NAME" ] || kernel_lock kernel_release_locked
}

kernel_release_locked() {
	rm -f "$KERNEL_STATE/users/$LAB_NAME"
	[ -z "$(ls "$KERNEL_STATE/users")" ] || return 0
	local file value
	while IFS=$'\t' read -r file value; do
		[ "$(cat "$file" 2>/dev/null)" = "$value" ] || printf '%s\n' "$value" >"$file" 2>/dev/null ||
			say "$file: could not be put back to $value"
	done <"$KERNEL_STATE/settings"
	xargs -r -n 1 modprobe -q -r <"$KERNEL_STATE/modules" || true
	rm -f "$KERNEL_STATE/settings" "$KERNEL_STATE/modules"
}
