#!/bin/sh
# dump.sh INCLUDE OUT: what the public headers promise in binary, as libabigail writes it: functions, their types, the values of all names.
# It is made of a stub, so that it holds nothing of the inside, nor of the machine.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$here/stub.sh" "$1" "$work"
abidw --load-all-types --no-show-locs --no-comp-dir-path --no-corpus-path --no-elf-needed --no-write-default-sizes \
	--out-file "$work/abi" "$work/libkb.so"
sed "s#$work/##" "$work/abi" >"$2"
