# shellcheck shell=sh disable=SC2154 # parameters and wants come as variables
# calicoctl.install: the program comes on stdin

kb_program=/usr/local/bin/calicoctl

# kb_sha256 FILE: openssl uses what the processor has for it, a fifth of the time; it is on most hosts, and not needed
kb_sha256() {
	if have openssl && kb_sum=$(openssl dgst -sha256 -r "$1" 2>/dev/null); then :; else
		kb_sum=$(sha256sum "$1") || return 1
	fi
	printf '%s' "${kb_sum%% *}"
}

probe() {
	fact arch "$(dpkg --print-architecture)"
	if [ -f "$kb_program" ] && [ ! -h "$kb_program" ]; then
		kb_sum=$(kb_sha256 "$kb_program") || return 1
		fact sha256 "$kb_sum"
		kb_stat=$(stat -c '0%a %U:%G' "$kb_program")
		fact mode "${kb_stat%% *}"
		fact owner "${kb_stat#* }"
	elif [ -e "$kb_program" ] || [ -h "$kb_program" ]; then
		fact other "$(stat -c %F "$kb_program")"
	fi
}

apply() {
	folder "${kb_program%/*}"
	rm -f "${kb_program%/*}"/.calicoctl.kb.*	# of a run that was killed
	kb_part=$(umask 077 && mktemp "${kb_program%/*}/.calicoctl.kb.XXXXXX") || return 1
	if cat >"$kb_part" && printf '%s  %s\n' "$want_sha256" "$kb_part" | sha256sum -c --status &&
		chmod 0755 "$kb_part" && chown root:root "$kb_part" && sync "$kb_part" && mv -fT "$kb_part" "$kb_program"; then
		return 0
	fi
	rm -f "$kb_part"
	die STEP calicoctl.write "$kb_program could not be written whole"
}

evidence() {
	df -k "${kb_program%/*}"
}
