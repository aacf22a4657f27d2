# shellcheck shell=sh disable=SC2154,SC2034 # kb_me and the like, kb_vars and kb_prelude are set by the controller; kb_journal is for journal.sh
# How a step's functions are called on the host. Part of the prelude, behind prelude.sh.
#
# kb_me says which run of which controller this is, for which host; kb_nonce is that controller's, kb_word nobody can guess, kb_live holds the numbers of its runs that go on, kb_way is "ssh" or "local". kb_text_N are
# the texts of the steps, kb_library_N what several of them share, kb_prelude all of the prelude itself. A call has its parameters assigned above it; one of a long step, which runs in another
# shell, has them in kb_vars.
#
# A controller that applies holds the host's lock: descriptor 9 of its shell, inherited by what it starts, so that the lock is held for as long as its shell or a step of it runs, and not a
# moment longer. It is a lock on root's own folder: nothing has to be made, and none but root can take it. Descriptor 8 says who that is: a file without a name, that dies with its holders too.
#
# A long step has a journal, a folder on disk: entry (what, since which boot, for whom), alive (locked by all that runs of it), log.N (its output from byte N on, bounded), status. What it may
# know of secrets, its script, input and facts, is in memory only.

# in memory, and gone with the boot
kb_run=/run/libkb
kb_journal=/var/lib/libkb/journal
kb_lock=/root
if [ "${kbs_uid:-$(id -u)}" != 0 ]; then
	kb_run=${XDG_RUNTIME_DIR:-$HOME/.local/state}/libkb
	kb_journal=$HOME/.local/state/libkb/journal
	kb_lock=$kb_run/lock
elif [ ! -d "$kb_lock" ]; then
	kb_lock=$kb_run/lock
fi

# kb_load TEXT [LIBRARY]: by their numbers
kb_load() {
	[ -z "${2-}" ] || eval "eval \"\$kb_library_$2\""
	eval "eval \"\$kb_text_$1\""
}

# kb_probe TEXT [LIBRARY]: an exit status alone is no answer: its last fact says that it came to its end.
kb_probe() {
	kb_load "$@"
	probe || return
	fact probe.ended yes
}

# kb_share QUESTION LIBRARY WHAT: in the session's own shell: what several probes that were sent together (QUESTION is their number) ask for is asked
# once. WHAT is a function of the library; what it prints is then kb_shared for all of them, kb_shared_status how it went.
kb_share() {
	[ "${kb_shared_by-}" != "$1 $3" ] || return 0
	kb_shared=$(eval "eval \"\$kb_library_$2\""; "$3")
	kb_shared_status=$?
	kb_shared_by="$1 $3"
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

# kb_apply TEXT [LIBRARY]
kb_apply() {
	kb_load "$@"
	trap kb_ended EXIT
	apply
	exit $?
}

# kb_apply_input BYTES TEXT [LIBRARY]: with stdin for apply
kb_apply_input() {
	kb_bytes=$1
	shift
	head -c "$kb_bytes" | kb_apply "$@"
}

# kb_quote TEXT: as one word for a shell
kb_quote() {
	printf "'"
	printf '%s\n' "$1" | sed "s/'/'\\\\''/g; \$s/\$/'/"
}
