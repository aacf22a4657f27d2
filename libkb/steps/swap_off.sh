# shellcheck shell=sh disable=SC2154,SC2034 # wants come as variables; read takes the rest of a line
# swap.off

# services that turn swap on by themselves: zram-tools, Ubuntu's zram-config, Raspberry Pi OS, swapspace
kb_swap_services='zramswap.service zram-config.service dphys-swapfile.service swapspace.service'

# "UNIT STATE ..." of every unit with a file: written by hand, by a package, or by a generator (fstab, GPT, zram)
kb_swap_units() {
	# shellcheck disable=SC2086 # a list of words
	systemctl list-unit-files --no-legend --no-pager --full swap.target '*.swap' $kb_swap_services 2>/dev/null
}

probe() {
	fact_file fstab /etc/fstab
	kb_is_on=
	if [ -r /proc/swaps ]; then
		while read -r kb_swap kb_type kb_rest; do
			[ "$kb_swap" != Filename ] || continue
			fact swap "$kb_swap $kb_type"
			kb_is_on=yes
		done </proc/swaps
	fi
	# whose swap that is
	if [ -n "$kb_is_on" ] && have systemd-detect-virt; then fact container "$(systemd-detect-virt --container)"; fi
	have systemctl || return 0
	kb_swap_units | while read -r kb_unit kb_state kb_rest; do
		fact unit "$kb_unit $kb_state"
	done
}

# a unit that has its file in /etc cannot be masked: then it is enough that nothing starts it
kb_swap_unit_off() {
	case $2 in
	masked | alias) return 0 ;;
	enabled* | linked*) systemctl disable --now -- "$1" || return 1 ;;
	esac
	[ -e "/etc/systemd/system/$1" ] || systemctl mask --now -- "$1"
}

# kb_swap_fits: when memory cannot take back what was swapped out, swapoff does not fail: the kernel ends process after process, and
# panics when none is left. So whether it can is asked before anything is touched.
kb_swap_fits() {
	kb_room=0 kb_used=0
	while read -r kb_key kb_kib kb_rest; do
		case $kb_key in
		MemAvailable:) kb_room=$kb_kib ;;
		SwapTotal:) kb_used=$((kb_used + kb_kib)) ;;
		SwapFree:) kb_used=$((kb_used - kb_kib)) ;;
		esac
	done </proc/meminfo
	[ "$kb_used" -eq 0 ] || [ "$kb_used" -lt "$kb_room" ] ||
		die STEP swap.busy "$kb_used KiB are swapped out, and memory has room for $kb_room KiB"
}

apply() {
	[ -z "$want_off" ] || kb_swap_fits
	if [ -n "${want_fstab+set}" ]; then
		put /etc/fstab "$(stat -L -c %a /etc/fstab)" "$want_fstab" || return 1
		# the units that came from it go
		systemctl daemon-reload || return 1
	fi
	kb_swap_units | while read -r kb_unit kb_state kb_rest; do
		kb_swap_unit_off "$kb_unit" "$kb_state" || exit 1
	done || return 1
	[ -n "$want_off" ] || return 0
	kb_said=$(swapoff -a 2>&1) || die STEP swap.busy "swapoff: $kb_said"
}

evidence() {
	cat /proc/swaps
	grep -E '^(MemTotal|MemAvailable|SwapTotal|SwapFree):' /proc/meminfo
}
