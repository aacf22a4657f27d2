# shellcheck shell=sh disable=SC2154 # kb_journal and the like are of supervise.sh, kb_me and the like are set by the controller
# Long steps, which outlive the connection that began them. Part of the prelude, behind host_lock.sh.

# log.N begins with byte N of the output; all have as many digits, so that their order is that of their names
kb_log_first=1000000000000000
# of these files, of at most 4 MiB
kb_log_kept=4

kb_boot() {
	cat /proc/sys/kernel/random/boot_id
}

# kb_entry DIR NAME: a line of its entry
kb_entry() {
	sed -n "s/^$2=//p" "$1/entry" 2>/dev/null
}

# kb_is_over ID SECONDS: nothing of it runs any more; 1: it still does, after that long; else there is no such journal. That may go at any moment, and must not be made again by who asks:
# flock makes what is not there
kb_is_over() {
	(
		command exec 7<"$kb_journal/$1/alive" || exit 2
		flock -s -w "$2" 7
	) 2>/dev/null
}

# kb_is_alive ID: something of it still runs
kb_is_alive() {
	kb_is_over "$1" 0
	[ $? -eq 1 ]
}

# kb_running: the step that runs here detached
kb_running() {
	for kb_dir in "$kb_journal"/*; do
		if kb_is_alive "${kb_dir##*/}"; then kb_entry "$kb_dir" step; fi
	done
}

# kb_forget ID: the controller has its result, or nobody will ask for it
kb_forget() {
	rm -rf "$kb_journal/${1:?}" "$kb_journal/.$1" "$kb_run/$1.facts" "$kb_run/$1.script" "$kb_run/$1.input"
	rmdir "$kb_journal" "${kb_journal%/*}" "$kb_run" 2>/dev/null
	return 0
}

# kb_tell_left KEEP: what others left behind here, but for KEEP
kb_tell_left() {
	for kb_dir in "$kb_journal"/*; do
		[ -e "$kb_dir/entry" ] || continue
		[ "${kb_dir##*/}" != "$1" ] || continue
		kb_who="$(kb_entry "$kb_dir" step) of $(kb_entry "$kb_dir" who)"
		if [ -e "$kb_dir/status" ]; then
			note info step.ended-unheard "$kb_who ended with status $(cat "$kb_dir/status"), and nobody asked for it"
		elif [ "$(kb_entry "$kb_dir" boot)" != "$(kb_boot)" ]; then
			note warning step.rebooted "$kb_who was running when the host rebooted"
		else
			note warning step.killed "$kb_who was killed"
		fi
	done
}

# kb_sweep KEEP: with the lock in hand, nothing runs: what others left behind is told, and goes
kb_sweep() {
	kb_tell_left "$1"
	for kb_dir in "$kb_journal"/* "$kb_journal"/.[!.]*; do
		kb_id=${kb_dir##*/}
		if [ -d "$kb_dir" ] && [ "$kb_id" != "$1" ]; then kb_forget "${kb_id#.}"; fi
	done
}

# kb_keep DIR: stdin into its log, of which the last of it is kept. dd writes what it reads as it comes.
kb_keep() {
	kb_at=$kb_log_first
	while dd of="$1/log.$kb_at" bs=8192 count=512 status=none && kb_size=$(stat -c %s "$1/log.$kb_at") && [ "$kb_size" -gt 0 ]; do
		kb_at=$((kb_at + kb_size))
		find "$1" -name 'log.*' -printf '%f\n' | sort | head -n -"$kb_log_kept" | while read -r kb_old; do rm -f "$1/$kb_old"; done
	done
	# the disk is full: the step goes on
	cat >/dev/null
}

# kb_supervise ID: runs an apply to its end, in a session of its own. Descriptor 7 is the lock on its journal's alive, which all of it inherits.
kb_supervise() {
	kb_dir=$kb_journal/$1
	{
		(
			eval "$kb_vars"
			kb_apply 0 0
		) 3>"$kb_run/$1.facts"
		printf '%s\n' "$?" >"$kb_dir/.status"
		sync "$kb_dir/.status" && mv -f "$kb_dir/.status" "$kb_dir/status" && sync "$kb_dir"
	} 2>&1 | kb_keep "$kb_dir" >/dev/null 2>&1
}

# kb_launch ID STEP BYTES TEXT [LIBRARY]: the journal is on disk before anything of the step runs. Its script and input go there in files that are unlinked before it runs: whole or not at all,
# and no secret stays anywhere.
kb_launch() (
	umask 077
	kb_part=$kb_journal/.$1
	kb_stdin=/dev/null
	mkdir -p "$kb_run" "$kb_journal" && rm -rf "$kb_part" && mkdir "$kb_part" || exit 1
	printf 'step=%s\nboot=%s\nwho=%s\n' "$2" "$(kb_boot)" "$kb_me" >"$kb_part/entry" || exit 1
	exec 7>"$kb_part/alive"
	flock 7 || exit 1
	if [ "$3" -gt 0 ]; then
		kb_stdin=$kb_run/$1.input
		head -c "$3" >"$kb_stdin" || exit 1
	fi
	eval "kb_text=\$kb_text_$4 kb_library=\${kb_library_${5-none}-}"
	{
		printf 'kb_prelude=\nkb_me=%s\nkb_vars=%s\n' "$(kb_quote "$kb_me")" "$(kb_quote "$kb_vars")"
		printf 'kb_library_0=%s\nkb_text_0=%s\n' "$(kb_quote "$kb_library")" "$(kb_quote "$kb_text")"
		printf '%s\numask 022\nkb_supervise %s\n' "$kb_prelude" "$1"
	} >"$kb_run/$1.script" || exit 1
	# not 0: what a shell begins with & gets another
	exec 5<"$kb_stdin" 6<"$kb_run/$1.script"
	rm -f "$kb_run/$1.script" "$kb_run/$1.input"
	sync "$kb_part/entry" "$kb_part" && mv "$kb_part" "$kb_journal/$1" && sync "$kb_journal" || exit 1
	setsid sh /dev/fd/6 <&5 5<&- >/dev/null 2>&1 3>&- &
)

# kb_more DIR: its output from byte kb_pos on, as far as there is some
kb_more() {
	kb_sizes=$(stat -c '%s %n' "$1"/log.* 2>/dev/null)
	while read -r kb_size kb_file; do
		kb_start=$((${kb_file##*.} - kb_log_first))
		kb_end=$((kb_start + ${kb_size:-0}))
		[ "$kb_end" -gt "$kb_pos" ] || continue
		[ "$kb_start" -le "$kb_pos" ] || kb_lost=$((${kb_lost:-0} + kb_start - kb_pos))
		[ "$kb_start" -le "$kb_pos" ] || kb_pos=$kb_start
		tail -c +$((kb_pos - kb_start + 1)) "$kb_file" 2>/dev/null | head -c $((kb_end - kb_pos))
		kb_pos=$kb_end
	done <<-END
		$kb_sizes
	END
}

# kb_follow_step ID OFFSET: prints its output from a byte on until it ends, then its facts. Its exit status. Who follows it may not hold the lock: another controller has it as soon
# as the step has ended, and clears away what it left. A process that it left behind may keep its output open: that one is not waited for.
kb_follow_step() {
	kb_dir=$kb_journal/$1
	kb_pos=$2
	kb_done=
	until [ -n "$kb_done" ]; do
		kb_is_over "$1" 0.5
		case $? in
		0) kb_done=1 ;;
		1)
			if [ -e "$kb_dir/status" ]; then
				kb_is_over "$1" 1
				kb_done=1
			fi
			;;
		*) break ;;
		esac
		kb_more "$kb_dir"
	done
	[ -z "${kb_lost-}" ] || note warning step.output-lost "$kb_lost bytes of its output came too fast to be kept"
	kb_code=$(cat "$kb_dir/status" 2>/dev/null) || {
		[ ! -e "$kb_dir/alive" ] || die STEP step.killed "it was killed there"
		die CONFLICT step.unheard "another controller cleared its journal away"
	}
	cat "$kb_run/$1.facts" >&3
	return "$kb_code"
}

# kb_long ID STEP BYTES TEXT [LIBRARY]: applies, with so many bytes of input, in a session of its own that outlives this shell, and follows it. What has a journal is never begun again.
kb_long() {
	[ -e "$kb_journal/$1" ] || kb_launch "$@" || die STEP step.no-journal "$kb_journal/$1 cannot be written"
	kb_follow_step "$1" 0
}

# kb_attach ID OFFSET: to a long step that another connection of this run began, and then the lock is ours again. Fact "journal" is what there is instead of an answer.
kb_attach() {
	if [ ! -e "$kb_journal/$1/entry" ]; then
		fact journal none
	elif [ ! -e "$kb_journal/$1/status" ] && [ "$(kb_entry "$kb_journal/$1" boot)" != "$(kb_boot)" ]; then
		note warning step.rebooted "$(kb_entry "$kb_journal/$1" step) was running when the host rebooted"
		kb_forget "$1"
		fact journal rebooted
	else
		(kb_follow_step "$1" "$2")
		kb_code=$?
		flock -w 60 9 || die LOCKED host.locked "held by $(kb_holder)"
		return "$kb_code"
	fi
}
