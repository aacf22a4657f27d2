# shellcheck shell=sh disable=SC2154 # parameters, wants and what line_of gives come as variables
# kernel.modules: a module has one name with - and _ as it likes; the kernel says it with _

# kb_module_is_loaded NAME: built in counts as loaded: such a module has no line in /proc/modules, and not always a folder in /sys/module
kb_module_is_loaded() {
	kb_name='' kb_pattern='' kb_words=$1
	while :; do
		kb_name=$kb_name${kb_words%%[_-]*} kb_pattern=$kb_pattern${kb_words%%[_-]*}
		case $kb_words in *[_-]*) ;; *) break ;; esac
		kb_words=${kb_words#*[_-]} kb_name=${kb_name}_ kb_pattern="${kb_pattern}[_-]"
	done
	if [ -d "/sys/module/$kb_name" ] || grep -qs "^$kb_name " /proc/modules; then return 0; fi
	line_of /proc/sys/kernel/osrelease && grep -qs "/$kb_pattern\\.ko" "/lib/modules/$kb_line/modules.builtin"
}

probe() {
	for kb_module in $modules; do
		if kb_module_is_loaded "$kb_module"; then fact loaded "$kb_module"; fi
	done
	fact_file conf /etc/modules-load.d/libkb.conf
}

kb_module_load() {
	if ! kb_said=$(modprobe "$1" 2>&1); then
		[ -d "/lib/modules/$(uname -r)" ] ||
			die UNSUPPORTED kernel.modules-gone "module $1: no /lib/modules/$(uname -r): the running kernel's package was removed or replaced"
		die UNSUPPORTED kernel.module-missing "module $1 on kernel $(uname -r): $kb_said"
	fi
	kb_module_is_loaded "$1" ||
		die UNSUPPORTED kernel.module-missing "module $1 on kernel $(uname -r): not loaded although modprobe succeeded: $(modprobe --show-depends "$1" 2>&1)"
}

apply() {
	if [ -n "${want_conf+set}" ]; then
		folder /etc/modules-load.d && put /etc/modules-load.d/libkb.conf 0644 "$want_conf" || return 1
	fi
	for kb_module in $want_load; do
		kb_module_load "$kb_module"
	done
}
