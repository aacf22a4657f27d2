#!/bin/sh
# symbols.sh LIBRARY INCLUDE: exports kb_* and nothing else, all of version LIBKB_0.1, and exactly what the headers declare.
set -eu
exported=$(nm -D --defined-only "$1" | awk '{print $3}' | grep -v '^LIBKB_0\.1$' | sort)
odd=$(printf '%s\n' "$exported" | grep -vE '^kb_[a-z0-9_]+@@LIBKB_0\.1$' || true)
if [ -n "$odd" ]; then
	printf 'exported, and should not be:\n%s\n' "$odd" >&2
	exit 1
fi
declared=$(cat "$2"/kb/*.h | grep -oE '^KB_API [^;(]*\(' | grep -oE 'kb_[a-z0-9_]+\($' | tr -d '(' | sort -u)
printf '%s\n' "$exported" | sed 's/@@.*//' | sort -u >"${TMPDIR:-/tmp}/kb-exported.$$"
trap 'rm -f "${TMPDIR:-/tmp}/kb-exported.$$"' EXIT
printf '%s\n' "$declared" | diff "${TMPDIR:-/tmp}/kb-exported.$$" -
