# shellcheck shell=sh disable=SC2154 # kb_own_probe and kb_own_apply are set in front of this text
# A step of the caller's own: its scripts are data, and none can end what is around it.

# kb_own_ended: both facts in one write, when the probe has ended in whatever way
kb_own_ended() {
	kb_code=$?
	trap - EXIT
	printf 'kb.status=%s\nprobe.ended=yes\n' "$kb_code" >&3
	exit 0
}

# The shell that runs it ends with it, so that one process is enough; where it could lose our trap it gets one of its own.
probe() {
	case $kb_own_probe in
	*trap* | *exec*) (eval "$kb_own_probe") ;;
	*)
		trap kb_own_ended EXIT
		eval "$kb_own_probe"
		;;
	esac
	kb_own_ended
}

apply() (
	eval "$kb_own_apply"
)
