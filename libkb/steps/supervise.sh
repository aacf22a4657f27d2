# shellcheck shell=sh disable=SC2154 # kb_me, kb_vars and kb_prelude are set by the controller
# How a step's functions are called on the host. Part of the prelude, behind prelude.sh.
#
# kb_me says which controller this is, kb_vars holds the assignments of one call (parameters, wants), kb_text_N the texts of the steps, kb_library_N what several of them share, kb_prelude all of the prelude itself.
# A controller that applies holds the host's lock: descriptor 9 of its shell, inherited by what it starts, so that the lock is held for
# as long as its shell or a step of it runs, and not a moment longer.

kb_state=/run/libkb # root only; gone after a reboot, as is everything that ran
[ "$(id -u)" = 0 ] || kb_state=${XDG_RUNTIME_DIR:-$HOME/.local/state}/libkb

# kb_probe LIBRARY TEXT: the library is what several steps share, and may be empty
kb_probe() {
	eval "$kb_vars"
	eval "$1"
	eval "$2"
	probe
}

# kb_hold: tells others who holds the lock; only before something is applied, so that a run that finds nothing to do writes nothing
kb_hold() {
	[ "$(cat "$kb_state/holder" 2>/dev/null)" = "$kb_me" ] || printf '%s\n' "$kb_me" >"$kb_state/holder"
}

kb_ended() {
	kb_code=$?
	trap - EXIT
	if [ "$kb_code" -ne 0 ] && have evidence; then
		kb_clues=$(evidence 2>&1 | tail -n 80)
		[ -z "$kb_clues" ] || clue "$kb_clues"
	fi
	exit "$kb_code"
}

# kb_apply LIBRARY TEXT
kb_apply() {
	kb_hold
	eval "$kb_vars"
	eval "$1"
	eval "$2"
	trap kb_ended EXIT
	apply
	exit $?
}

# kb_apply_input LIBRARY TEXT BYTES: with stdin for apply
kb_apply_input() {
	head -c "$3" | kb_apply "$1" "$2"
}

# kb_take_lock SECONDS: holds the host's lock for this shell, or says who holds it. A step that a lost controller left running is waited for.
kb_take_lock() {
	flock -n 9 2>/dev/null && return 0
	[ -e "$kb_state/lock" ] || die STEP host.lock-failed "$kb_state/lock cannot be made"
	kb_who=$(cat "$kb_state/holder" 2>/dev/null)
	kb_what=$(cat "$kb_state/job/step" 2>/dev/null)
	# held by this run for this very host: what a lost connection of ours left running. For another host: this machine is both
	[ "$kb_who" = "$kb_me" ] || [ "${kb_who%, host *}" != "${kb_me%, host *}" ] || die CONFLICT host.twice "this machine is in the plan under two names"
	printf 'waiting for %s%s\n' "${kb_what:-another controller}" "${kb_who:+, started by $kb_who}"
	if flock -w "$1" 9; then return 0; fi
	clue "lock: $kb_state/lock"
	clue "holder: ${kb_who:-unknown}"
	clue "step: ${kb_what:-none}"
	die LOCKED host.locked "held by ${kb_who:-another controller}${kb_what:+ (running $kb_what)} for more than $1 s"
}

# kb_lock_seen: says whether another controller holds the lock, without taking it
kb_lock_seen() {
	[ -e "$kb_state/lock" ] || return 0
	if ! flock -n "$kb_state/lock" true; then
		note warning host.busy "another controller is at work here: $(cat "$kb_state/holder" 2>/dev/null)"
	fi
}

# kb_long STEP LIBRARY TEXT [BYTES]: applies in a session of its own that outlives this shell, and follows it. The script goes there in a file that
# is unlinked before it runs: whole or not at all, and no secret stays on disk.
kb_long() {
	kb_job=$kb_state/job
	kb_hold
	rm -rf "$kb_job"
	mkdir -m 0700 "$kb_job" || return 1
	printf '%s\n' "$1" >"$kb_job/step"
	kb_stdin=/dev/null
	if [ -n "${4-}" ]; then
		(umask 077 && head -c "$4" >"$kb_job/input") || return 1
		kb_stdin=$kb_job/input
	fi
	(
		umask 077
		{
			printf 'kb_prelude=\nkb_me=%s\nkb_vars=%s\n' "$(kb_quote "$kb_me")" "$(kb_quote "$kb_vars")"
			printf 'kb_library=%s\nkb_text=%s\n' "$(kb_quote "$2")" "$(kb_quote "$3")"
			# shellcheck disable=SC2016 # expands there, not here
			printf '%s\nkb_apply "$kb_library" "$kb_text"\n' "$kb_prelude"
		} >"$kb_job/script"
	) || return 1
	exec 8<"$kb_job/script"
	rm -f "$kb_job/script"
	: >"$kb_job/log" # so that it is there when it is followed
	setsid sh /dev/fd/8 <"$kb_stdin" >"$kb_job/log" 2>&1 3>"$kb_job/facts" &
	kb_pid=$!
	exec 8<&-
	tail -c +1 -s 0.1 --pid="$kb_pid" -f "$kb_job/log"
	wait "$kb_pid"
	kb_code=$?
	cat "$kb_job/facts" >&3
	rm -rf "$kb_job"
	return "$kb_code"
}

# kb_quote TEXT: as one word for a shell
kb_quote() {
	printf "'"
	printf '%s\n' "$1" | sed "s/'/'\\\\''/g; \$s/\$/'/"
}
