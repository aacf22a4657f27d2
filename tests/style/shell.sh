#!/bin/sh
# shell.sh CHECKOUT: every script passes shellcheck; those for hosts also dash -n.
set -eu
cd "$1"
if ! command -v shellcheck >/dev/null; then
	echo 'shellcheck is not installed' >&2
	exit 1
fi
for script in libkb/steps/*.sh; do
	dash -n "$script"
done
find libkb examples tests bindings .ci -type f \( -name '*.sh' -o -name run \) -print0 | xargs -0 shellcheck -x
