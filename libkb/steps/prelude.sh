# shellcheck shell=sh
# What every step's script may use. Sent once per session; each script runs in a subshell of its own with descriptor 3 open for facts:
# whatever is printed otherwise, on stdout or stderr, is log.
#
# A step's script defines probe (reads only, prints facts) and, unless it only reads, apply. Parameters are shell variables; so are
# want_NAME (from the judge) and made_NAME (from prepare) in apply. An apply may define evidence (prints lines that explain a failure).

kb_newline='
'
[ -n "${kb_cr-}" ] || kb_cr=$(printf '\r')	# a session has set it: that costs a process

# fact NAME VALUE: one fact; several of one name make a list. NAME=VALUE; or NAME>LINE, and >LINE for each that follows; or NAME:BASE64. The
# second needs no program, and takes the shell longer the longer the text is. A line ends with or without a carriage return
fact() {
	case $2 in
	*"$kb_newline"* | *"$kb_cr"*) ;;
	*)
		printf '%s=%s\n' "$1" "$2" >&3
		return
		;;
	esac
	kb_text=$2
	case $kb_text in *"$kb_cr"*) kb_weight=4097 ;; *) kb_weight=${#kb_text} ;; esac
	if [ "$kb_weight" -gt 4096 ]; then
		{ printf '%s:' "$1"; printf '%s' "$kb_text" | base64 -w0; echo; } >&3
		return
	fi
	while :; do
		case $kb_text in *"$kb_newline"*) ;; *) break ;; esac
		set -- "$1>${kb_text%%"$kb_newline"*}$kb_newline"
		kb_text=${kb_text#*"$kb_newline"}
	done
	printf '%s>%s\n' "$1" "$kb_text" >&3
}

# fact_of NAME COMMAND...: the command's output as a fact, without its last newline; NAME.status is its exit status
fact_of() {
	kb_name=$1
	shift
	kb_value=$("$@")
	kb_status=$?
	fact "$kb_name" "$kb_value"
	fact "$kb_name.status" "$kb_status"
}

# fact_bytes NAME PATH SIZE: a file's bytes. Those of a small one are read by the shell: it would drop a NUL, and then it is too short
fact_bytes() {
	if [ "$3" -le 2048 ]; then
		kb_bytes=
		while IFS= read -r kb_line; do kb_bytes=$kb_bytes$kb_line$kb_newline; done <"$2"
		kb_bytes=$kb_bytes$kb_line
		if [ "${#kb_bytes}" -eq "$3" ]; then
			fact "$1" "$kb_bytes"
			return
		fi
	fi
	{ printf '%s:' "$1"; head -c 1048576 "$2" | base64 -w0; echo; } >&3
}

# kb_stat NAME PATH...: "SIZE MODE OWNER //PATH" of each that is a file, or a link that leads to one
kb_stat() {
	kb_left=$(($# / 2))
	while [ "$kb_left" -gt 0 ]; do
		if [ -f "$2" ]; then set -- "$@" "$2"; fi
		shift 2
		kb_left=$((kb_left - 1))
	done
	[ $# -eq 0 ] || stat -L -c '%s 0%a %U:%G //%n' -- "$@"
}

# kb_fact_file NAME PATH: what fact_file says of one
kb_fact_file() {
	kb_type=other
	if [ -h "$2" ]; then
		kb_type='link'
		fact "$1.target" "$(readlink "$2")"
	elif [ -d "$2" ]; then
		kb_type=directory
	elif [ -f "$2" ]; then
		kb_type='file'
	elif [ ! -e "$2" ]; then
		kb_type=absent
	fi
	fact "$1.type" "$kb_type"
	case $kb_stats in *" //$2$kb_newline"*) ;; *) return 0 ;; esac
	kb_found=${kb_stats%%" //$2$kb_newline"*}
	kb_found=${kb_found##*"$kb_newline"}
	fact "$1.owner" "${kb_found##* }"
	kb_size=${kb_found%% *} kb_found=${kb_found% *}
	fact "$1.mode" "${kb_found#* }"
	[ "$kb_size" -gt 1048576 ] || fact_bytes "$1" "$2" "$kb_size"
}

# fact_file NAME PATH...: what lies there. NAME.type is absent, file, link, directory or other; of a file (or of what a link leads to) also
# NAME.mode, NAME.owner and its bytes. Of one over 1 MiB the bytes are not told: a part of it, edited and written back, would lose the rest
fact_file() {
	kb_stats=$kb_newline$(kb_stat "$@")$kb_newline
	while [ $# -gt 1 ]; do
		kb_fact_file "$1" "$2"
		shift 2
	done
}

# put PATH MODE TEXT [OWNER]: writes a file whole or not at all, with its mode from the first byte; follows a link to its file
put() (
	umask 077
	kb_path=$1
	if [ -h "$kb_path" ]; then kb_path=$(readlink -f "$kb_path") || return 1; fi
	kb_part=$(mktemp "${kb_path%/*}/.${kb_path##*/}.kb.XXXXXX") || return 1
	if printf '%s' "$3" >"$kb_part" && chmod "$2" "$kb_part" && chown "${4-root:root}" "$kb_part" && sync "$kb_part" &&
		mv -f "$kb_part" "$kb_path"; then
		return 0
	fi
	rm -f "$kb_part"
	return 1
)

# folder PATH [MODE]: makes it, and its parents, when it is not there
folder() {
	[ -d "$1" ] || install -d -m "${2-0755}" "$1"
}

# die CODE ID TEXT: ends the script with an error of libkb's own. CODE is a name without KB_E: INVAL, LOCKED, CONFLICT, STEP, TIMEOUT,
# UNREACHABLE, INTEGRITY, UNSUPPORTED
die() {
	fact error.code "$1"
	fact error.id "$2"
	fact error.text "$3"
	exit 1
}

# clue TEXT: a line of evidence for the error that this script ends with
clue() {
	fact error.evidence "$1"
}

# note SEVERITY ID TEXT: a finding that is no failure; SEVERITY is info, warning or error
note() {
	fact note "$1 $2 $3"
}

# output NAME VALUE: an output of the step, made by apply (what the judge can read from facts it puts there itself)
output() {
	fact "output.$1" "$2"
}

# line_of FILE: the first line of a file, in kb_line; no program is started for it
line_of() {
	kb_line=
	[ -r "$1" ] || return 1
	IFS= read -r kb_line <"$1" || [ -n "$kb_line" ]
}

# fact_text NAME PATH: what a small text of the system's says, as far as a shell reads it; no program is started for it
fact_text() {
	kb_bytes=
	[ -r "$2" ] || return 0
	while IFS= read -r kb_line || [ -n "$kb_line" ]; do kb_bytes=$kb_bytes$kb_line$kb_newline; done <"$2"
	fact "$1" "$kb_bytes"
}

have() {
	command -v "$1" >/dev/null 2>&1
}

# until_ok SECONDS COMMAND...: repeats it every second until it succeeds; its last words are kept for the log
until_ok() {
	kb_left=$1
	shift
	until kb_said=$("$@" 2>&1); do
		kb_left=$((kb_left - 1))
		if [ "$kb_left" -le 0 ]; then
			printf '%s\n' "$kb_said"
			return 1
		fi
		sleep 1
	done
}

# briefly COMMAND...: a program in Go that is asked one thing: it need not collect garbage, which is a fifth of its time
briefly() {
	GOGC=off GOMEMLIMIT=500MiB "$@"
}

# kube ...: kubectl as the cluster's administrator, with a bound on each request. A proxy that root's environment names is for the world outside
kube() {
	NO_PROXY='*' no_proxy='*' briefly kubectl --kubeconfig "${kubeconfig:-/etc/kubernetes/admin.conf}" --request-timeout=20s "$@"
}
