#!/bin/bash
# old.sh LIBRARY: programs built on each kept version's headers and its stub run on today's library.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
library=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/today"
ln -s "$library" "$work/today/libkb.so.0"
built=0
for include in "$here"/*/include; do
	version=$(basename "$(dirname "$include")")
	"$here/stub.sh" "$include" "$work/$version"
	for program in "$here"/use_*.c; do
		name=$(basename "$program" .c)
		"${CC:-cc}" -std=c99 -Wall -Wextra -pedantic -Werror -I"$include" -o "$work/$version/$name" "$program" "$work/$version/libkb.so"
		LD_LIBRARY_PATH=$work/today "$work/$version/$name" "$version"
		echo "ok: $name of $version on today's library"
		built=$((built + 1))
	done
done
[ "$built" -gt 0 ]
