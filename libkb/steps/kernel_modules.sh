# shellcheck shell=sh disable=SC2154 # parameters come as variables
# kernel.modules: modules (one a line)

probe() {
	for kb_module in $modules; do
		# built in counts as loaded: such a module has no line in /proc/modules, and modprobe -n knows it
		if grep -q "^$(printf '%s' "$kb_module" | tr - _) " /proc/modules || [ -d "/sys/module/$(printf '%s' "$kb_module" | tr - _)" ] ||
			grep -qs "/$kb_module\.ko" "/lib/modules/$(uname -r)/modules.builtin"; then
			fact loaded "$kb_module"
		fi
	done
	fact_file conf /etc/modules-load.d/libkb.conf
}

apply() {
	folder /etc/modules-load.d
	if [ -n "${want_conf+set}" ]; then put /etc/modules-load.d/libkb.conf 0644 "$want_conf" || return 1; fi
	for kb_module in $want_load; do
		modprobe "$kb_module" || die UNSUPPORTED kernel.module-missing "modprobe $kb_module failed on kernel $(uname -r)"
	done
}
