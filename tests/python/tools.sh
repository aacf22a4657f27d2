#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tools.sh [REQUIREMENTS [INTERPRETER]]: prints a virtual environment with the pinned packages, made at the first time in the user's cache folder.
# 77: it cannot be made here (no network, no venv).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
wanted=${1-$here/requirements.txt}
python=${2:-${PYTHON:-python3}}

skip() {
	echo "python tools: $*" >&2
	exit 77
}
key=$({ "$python" -c 'import sys; print(sys.version, sys.base_prefix)'; cat "$wanted"; } | sha256sum | cut -c 1-16)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/libkb-python
venv=$cache/$key
mkdir -p "$cache"
exec 9>"$cache/$key.lock"
flock 9
if [ ! -e "$venv/complete" ]; then
	rm -rf "$venv"
	"$python" -m venv "$venv" >&2 || skip "$python has no venv"
	"$venv/bin/python" -m pip install -q --disable-pip-version-check --no-deps -r "$wanted" >&2 || skip "the packages of $wanted cannot be had"
	: >"$venv/complete"
fi
echo "$venv"
