#!/bin/sh
# run.sh PROGRAM [ARGUMENT...]: a test program under valgrind's memcheck. Any error, any memory lost, any descriptor left open that was not there before
# fails it. What libraries do is suppressed only with its reason: libraries.supp.
set -eu
here=$(dirname "$0")
if ! command -v valgrind >/dev/null; then
	echo 'skipped: valgrind is not installed (Debian: valgrind)'
	exit 77
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT

status=0
export KB_MEMCHECK=1
valgrind --quiet --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite,indirect --track-fds=yes --child-silent-after-fork=yes \
	--suppressions="$here/libraries.supp" --log-file="$log" "$@" 3>&- || status=$?

# An open descriptor is told with where it was opened, or with "inherited"
left=$(awk '/Open (file descriptor|AF_|pipe|socket)/ { what = $0; next } what && /inherited from parent/ { what = ""; next }
	what { print what; what = "" }' "$log")
if [ "$status" -ne 0 ] || [ -n "$left" ]; then
	grep -v '^--' "$log" | head -c 20000	# without its own warnings: calls of newer kernels that it does not know, which then fail
	[ -z "$left" ] || echo "left open: $left"
	[ "$status" -ne 0 ] || status=98
fi
exit "$status"
