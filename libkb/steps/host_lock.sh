# shellcheck shell=sh disable=SC2154 # kb_lock and the like are of supervise.sh, kb_me and the like are set by the controller
# Who may apply on this host: one controller at a time. Part of the prelude, behind supervise.sh.

# kb_open_lock: descriptors 9 and 8 of the shell that calls it. Nobody can have been at the name of the second before, or it is not written.
kb_open_lock() {
	[ -d "$kb_lock" ] || (umask 077 && mkdir -p "$kb_run" && : >>"$kb_lock") 2>/dev/null
	{ command exec 9<"$kb_lock"; } 2>/dev/null # without "command", a redirection that fails would end the shell
	kb_note=/dev/shm/libkb.$kb_word
	umask 077
	set -C
	if { printf '%s\n' "$kb_me" >"$kb_note"; } 2>/dev/null; then
		exec 8<"$kb_note"
		rm -f "$kb_note"
	fi
	set +C
	umask 022
}

# kb_holders: the processes that hold the lock, as the kernel tells of their descriptor 9
kb_holders() {
	kb_inode=$(stat -L -c %d:%i "$kb_lock")
	# shellcheck disable=SC2013 # words without blanks
	for kb_info in $(grep -ls '^lock:.*FLOCK' /proc/[0-9]*/fdinfo/9); do
		kb_pid=${kb_info#/proc/}
		kb_pid=${kb_pid%%/*}
		[ "$(stat -L -c %d:%i "/proc/$kb_pid/fd/9" 2>/dev/null)" != "$kb_inode" ] || printf '%s\n' "$kb_pid"
	done
}

# kb_holder: who holds the lock
kb_holder() {
	for kb_pid in $(kb_holders); do
		if kb_said=$(cat "/proc/$kb_pid/fd/8" 2>/dev/null) && [ -n "$kb_said" ]; then
			printf '%s\n' "$kb_said"
			return
		fi
	done
}

# kb_is_given_up WHO: a connection of this very run and host before this one, or of a run of this controller that is over
kb_is_given_up() {
	[ "$1" != "$kb_me" ] || return 0
	case $1 in
	*"run $kb_nonce."*) kb_other=${1##*"run $kb_nonce."} ;;
	*) return 1 ;;
	esac
	case $kb_live in
	*" ${kb_other%%,*} "*) return 1 ;;
	esac
}

# kb_hang_up: ends the connections that were given up. A network that went silent leaves their shells waiting for words that never come, with the lock. What they are doing goes on to its end,
# as it does after any lost connection.
kb_hang_up() {
	[ "$kb_way" = ssh ] || return 0
	for kb_pid in $(kb_holders); do
		kb_is_given_up "$(cat "/proc/$kb_pid/fd/8" 2>/dev/null)" || continue
		while [ "${kb_pid:-0}" -gt 1 ]; do
			case $(cat "/proc/$kb_pid/comm" 2>/dev/null) in
			sshd* | dropbear*)
				kill "$kb_pid" 2>/dev/null
				break
				;;
			esac
			kb_pid=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$kb_pid/status" 2>/dev/null)
		done
	done
}

# kb_wait_for_lock SECONDS ID: until it is ours, or our own long step ID turns out to be what holds it: then that is followed first
kb_wait_for_lock() {
	kb_left=$(($1 * 2))
	until flock -w 0.5 9; do
		if [ -n "$2" ] && kb_is_alive "$2"; then return 0; fi
		kb_left=$((kb_left - 1))
		[ "$kb_left" -gt 0 ] || return 1
	done
	kb_sweep "$2"
}

# kb_take_lock SECONDS [ID]: holds the host's lock for this shell, or says who holds it. A step that a lost controller left running is waited for.
kb_take_lock() {
	kb_tries=0 kb_who=
	# who ended just now has no name any more
	until [ -n "$kb_who" ] || [ "$kb_tries" -ge 5 ]; do
		flock -w "0.$kb_tries" 9 2>/dev/null
		case $? in
		0)
			kb_sweep "${2-}"
			return 0
			;;
		1) ;;
		*) die STEP host.lock-failed "$kb_lock cannot be locked" ;;
		esac
		kb_who=$(kb_holder)
		kb_tries=$((kb_tries + 1))
	done
	kb_what=$(kb_running)
	if [ -n "$kb_who" ] && kb_is_given_up "$kb_who"; then
		kb_hang_up
	elif [ "${kb_who%, host *}" = "${kb_me%, host *}" ]; then
		die CONFLICT host.twice "this machine is in the plan under two names"
	fi
	if [ -z "${2-}" ] || ! kb_is_alive "$2"; then printf 'waiting for %s%s\n' "${kb_what:-another controller}" "${kb_who:+, started by $kb_who}"; fi
	kb_wait_for_lock "$1" "${2-}" && return 0
	clue "lock: $kb_lock"
	clue "holder: ${kb_who:-unknown}"
	clue "processes: $(kb_holders | tr '\n' ' ')"
	clue "step: ${kb_what:-none}"
	die LOCKED host.locked "held by ${kb_who:-another controller}${kb_what:+ (running $kb_what)} for more than $1 s"
}

# kb_lock_seen: says whether another controller holds the lock, without taking it
kb_lock_seen() {
	[ -e "$kb_lock" ] || return 0
	kb_tries=0
	until flock -w "0.$kb_tries" "$kb_lock" true; do
		# who ended just now has no name any more, and a connection of ours that is over may be about to end
		kb_who=$(kb_holder)
		kb_tries=$((kb_tries + 1))
		if [ "$kb_tries" -ge 5 ] || { [ -n "$kb_who" ] && ! kb_is_given_up "$kb_who"; }; then
			note warning host.busy "another controller is at work here: $kb_who"
			return 0
		fi
	done
	kb_tell_left ''
}
