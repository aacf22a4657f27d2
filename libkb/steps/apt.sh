# shellcheck shell=sh disable=SC2034 # read takes what is not wanted, too
# What the steps that install packages share. Put in front of their texts.
#
# kb_apt_patience: seconds that apt's and dpkg's locks are waited for.

kb_apt_patience=600
kb_apt_stamp=/run/libkb/apt-updated
kb_apt_sources=/etc/apt/sources.list
kb_apt_authorities=/etc/ssl/certs/ca-certificates.crt
kb_apt_locks='/var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/apt/lists/lock /var/cache/apt/archives/lock'

# needrestart's hook would ask, or restart services while they are being set up; a pager or a question would wait for ever
export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 APT_LISTCHANGES_FRONTEND=none UCF_FORCE_CONFFOLD=1 LC_ALL=C.UTF-8

# kb_lock_pid FILE: who holds a record lock on it, by the kernel's table; 0 when the holder is outside of this PID namespace. The table names
# a file by device and inode, and on some file systems (btrfs) by another device than stat does: then the holder must have the file open.
# It is read twice and in large pieces, since a table that changes while it is read can leave out a line.
kb_lock_pid() {
	kb_device=$(stat -c %d "$1" 2>/dev/null) || return 1
	kb_inode=$(stat -c %i "$1") || return 1
	kb_device=$(printf '%02x:%02x' "$((kb_device >> 8 & 0xfff))" "$((kb_device & 0xff | kb_device >> 12 & 0xfff00))")
	kb_found=$({ cat /proc/locks; cat /proc/locks; } 2>/dev/null |
		while read -r kb_id kb_class kb_mode kb_type kb_pid kb_where kb_rest; do
			case "$kb_class $kb_type $kb_where" in	# a line with "->" is of one who waits
			"POSIX WRITE $kb_device:$kb_inode") ;;
			"POSIX WRITE "*":$kb_inode") find "/proc/$kb_pid/fd" -lname "$1" 2>/dev/null | grep -q . || continue ;;
			*) continue ;;
			esac
			printf '%s' "$kb_pid"
			break
		done)
	printf '%s' "$kb_found"
	[ -n "$kb_found" ]
}

# kb_lock_holder: "FILE is held by PID (COMMAND)" for the first lock that is held; fails when none is
kb_lock_holder() {
	for kb_lock in $kb_apt_locks; do
		kb_holder=$(kb_lock_pid "$kb_lock") || continue
		kb_comm=$(cat "/proc/$kb_holder/comm" 2>/dev/null)
		printf '%s is held by process %s (%s)' "$kb_lock" "$kb_holder" "${kb_comm:-not visible from here}"
		return 0
	done
	return 1
}

# kb_apt_wait UNTIL: until nobody holds a lock
kb_apt_wait() {
	kb_last=
	while kb_held=$(kb_lock_holder); do
		if [ "$kb_held" != "$kb_last" ]; then
			printf 'waiting: %s\n' "$kb_held"
			note info apt.waiting "$kb_held"
			kb_last=$kb_held
		fi
		[ "$(date +%s)" -lt "$1" ] || die LOCKED apt.locked "$kb_held, for more than $kb_apt_patience s"
		sleep 1
	done
}

# kb_follow: what it reads goes on to the log and to the caller; the line that tells the exit status only to the caller
kb_follow() {
	while IFS= read -r kb_line; do
		case $kb_line in kb_code=*) ;; *) printf '%s\n' "$kb_line" >&2 ;; esac
		printf '%s\n' "$kb_line"
	done
}

# kb_locked COMMAND...: runs it when no lock is held, and again when somebody was faster. Its words are in kb_said.
# Descriptors 3 and 9 are not for daemons that a package starts.
kb_locked() {
	kb_until=$(($(date +%s) + kb_apt_patience))
	while :; do
		kb_apt_wait "$kb_until"
		kb_said=$({ "$@" 2>&1 </dev/null 3>&- 9>&-; printf 'kb_code=%s\n' "$?"; } | kb_follow)
		kb_code=${kb_said##*kb_code=}
		[ "$kb_code" -ne 0 ] || return 0
		case $kb_said in
		*'Could not get lock'* | *'Unable to acquire the dpkg'* | *'Unable to lock'* | *'is locked by another process'*)
			[ "$(date +%s)" -lt "$kb_until" ] || die LOCKED apt.locked "apt's locks were taken by others for more than $kb_apt_patience s"
			sleep 1
			;;
		*) return "$kb_code" ;;
		esac
	done
}

kb_apt_get() {
	kb_locked apt-get -q -y -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold \
		-o Dpkg::Use-Pty=0 -o APT::Install-Recommends=false -o Acquire::Retries=2 "$@"
}

# kb_apt_half: packages that were being unpacked when dpkg was killed: it configures the others, and apt takes these for installed
kb_apt_half() {
	dpkg-query -W -f '${db:Status-Abbrev} ${binary:Package}\n' 2>/dev/null | sed -n 's/^.H. //p; s/^..R //p'
}

# kb_apt_again PACKAGE...: unpacks them once more
kb_apt_again() {
	kb_apt_update
	kb_apt_get --reinstall install "$@"
}

# kb_apt_ready: a fresh machine may still be setting itself up, and a killed dpkg may have left packages in the middle
kb_apt_ready() {
	if [ -d /run/cloud-init ] && have cloud-init; then
		timeout "$kb_apt_patience" cloud-init status --wait >/dev/null 2>&1
	fi
	if [ -n "$(dpkg --audit 2>&1)" ] || [ -n "$(find /var/lib/dpkg/updates -type f 2>/dev/null)" ]; then
		printf 'dpkg was interrupted: configuring what it left\n'
		kb_locked dpkg --force-confdef --force-confold --configure -a ||
			kb_apt_get --fix-broken install || die STEP apt.broken "dpkg could not finish what was interrupted: $(kb_apt_words)"
		kb_half=$(kb_apt_half | tr '\n' ' ')
		# shellcheck disable=SC2086 # names of packages
		[ -z "$kb_half" ] || kb_apt_again $kb_half || die STEP apt.broken "half installed, and could not be again: $kb_half: $(kb_apt_words)"
	fi
}

# kb_apt_is_fresh: all lists were fetched less than ten minutes ago, and no source has changed since
kb_apt_is_fresh() {
	# shellcheck disable=SC3013 # dash, bash and busybox all know it; a file that is not there is not newer
	[ ! "$kb_apt_sources" -nt "$kb_apt_stamp" ] && [ -n "$(find "$kb_apt_stamp" -mmin -10 -newer "$kb_apt_sources.d" 2>/dev/null)" ]
}

# kb_apt_update: all lists, unless they are fresh. A list that fails may be one that is not needed: then that is a warning,
# and what is missing is missed by name.
kb_apt_update() {
	! kb_apt_is_fresh || return 0
	if kb_apt_get -o APT::Update::Error-Mode=any update; then
		(umask 077 && mkdir -p "${kb_apt_stamp%/*}" && : >"$kb_apt_stamp")
	else
		kb_update_failed=$(kb_apt_words)
		note warning apt.update "apt-get update: $kb_update_failed"
	fi
}

# kb_apt_trust SOURCES: before one of them is asked by https: a minimal system knows no authority. When there is none to be had, apt says what that means
kb_apt_trust() {
	case $1 in
	*https://*) [ -s "$kb_apt_authorities" ] || kb_apt_get install ca-certificates || { kb_apt_update; kb_apt_get install ca-certificates; } ;;
	esac
}

# kb_apt_none ID TEXT: ends the script because no source has a package; of lists that could not be fetched that is not known
kb_apt_none() {
	[ -z "${kb_update_failed-}" ] || die UNREACHABLE apt.update "$2, and the lists could not be fetched: $kb_update_failed"
	die UNSUPPORTED "$1" "$2"
}

# kb_apt_words: the errors among what apt or dpkg said last, on one line; its last words when there are none
kb_apt_words() {
	kb_errors=$(printf '%s\n' "$kb_said" | grep -v '^kb_code=' | sed -n 's/^E: //p; s/^Error: //p; s/^dpkg: error[^:]*: //p' |
		grep -v '^Some index files failed to download' | head -n 5 | tr '\n' ' ')
	[ -n "$kb_errors" ] || kb_errors=$(printf '%s\n' "$kb_said" | grep -v -e '^kb_code=' -e '^ *$' | tail -n 2 | tr '\n' ' ')
	printf '%s' "${kb_errors% }"
}

# kb_apt_versions PACKAGE: all that the lists offer, newest first
kb_apt_versions() {
	apt-cache madison -- "$1" 2>/dev/null | while IFS='| ' read -r kb_package kb_version kb_rest; do
		printf '%s\n' "$kb_version"
	done
}

# kb_apt_candidate PACKAGE: what would be installed; fails when there is none
kb_apt_candidate() {
	kb_version=$(apt-cache policy -- "$1" 2>/dev/null | sed -n 's/^ *Candidate: //p')
	case $kb_version in '' | '(none)') return 1 ;; esac
	printf '%s' "$kb_version"
}

# kb_apt_version PACKAGE VERSION: the newest package version that is some revision of VERSION (1.34.4 is 1.34.4-1.1, 1.6.20 is 1.6.20~ds1-1)
kb_apt_version() {
	for kb_version in $(kb_apt_versions "$1"); do
		case ${kb_version#*:} in
		"$2" | "$2"[-+~]*) printf '%s' "$kb_version"; return 0 ;;
		esac
	done
	return 1
}

# kb_apt_install NAME=VERSION...: lists that are older than the archive make it fail with 404: then once more with new ones
kb_apt_install() {
	kb_apt_get install "$@" && return 0
	case $kb_said in
	*'404 '* | *'Failed to fetch'*)
		rm -f "$kb_apt_stamp"
		kb_apt_update
		kb_apt_get install "$@" && return 0
		;;
	esac
	die STEP apt.install "apt-get install $*: $(kb_apt_words)"
}

kb_select_hold() {
	printf '%s hold\n' "$@" | dpkg --set-selections
}

# kb_apt_hold PACKAGE...: as apt-mark hold does it, which reads all lists for that
kb_apt_hold() {
	kb_locked kb_select_hold "$@" || die STEP apt.hold "dpkg --set-selections: hold $*: $(kb_apt_words)"
}
