# shellcheck shell=sh disable=SC2154 # kb_own_probe and kb_own_apply are set in front of this text
# A step of the caller's own: its scripts are data, and run in a subshell, so that neither can end or redefine what is around it.

probe() {
	(eval "$kb_own_probe")
	fact kb.status "$?"
}

apply() (
	eval "$kb_own_apply"
)
