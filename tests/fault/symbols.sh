#!/bin/sh
# symbols.sh ARCHIVE CALLS_OBJECTS CANNOT: what libkb calls of others is failed in a test (fault_NAME is defined by the objects), or is said
# not to be able to fail (a line of CANNOT, with a reason). Sanitizers' and the compiler's own calls begin with __asan, __ubsan, __tsan.
set -eu
archive=$1
objects=$2
cannot=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# shellcheck disable=SC2086 # a list
nm --defined-only $objects | sed -n 's/.* T fault_\([A-Za-z0-9_]*\)$/\1/p' | sort -u >"$work/failed"
grep -v '^#' "$cannot" | awk -F '\t' 'NF != 2 || $2 == "" { print "no reason: " $0 >"/dev/stderr"; exit 1 } { print $1 }' | sort -u >"$work/cannot"
nm "$archive" | awk 'NF == 3 && $2 ~ /^[TDBRVW]$/ { print $3 }' | sort -u >"$work/own"
nm -u "$archive" | awk '$1 == "U" || $1 == "w" { print $2 }' | grep -Ev '^__(asan|ubsan|tsan|sanitizer|lsan)_' | sort -u >"$work/calls"
if [ ! -s "$work/failed" ] || [ ! -s "$work/calls" ]; then
	echo 'nm told nothing'
	exit 1
fi
comm -12 "$work/failed" "$work/cannot" | sed 's/^/both failed and said not to fail: /' >"$work/wrong"
sort -u "$work/failed" "$work/cannot" "$work/own" >"$work/known"
comm -23 "$work/calls" "$work/known" | sed 's/$/: a call that no test fails: calls_*.c or cannot.txt/' >>"$work/wrong"
cat "$work/wrong"
[ ! -s "$work/wrong" ]
