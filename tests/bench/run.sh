#!/bin/bash
# run.sh [BENCH.PY'S OPTIONS]: builds, gets the peers that requirements.txt pins into the user's cache, and measures. Root, since it makes hosts.
#   run.sh --counts           round trips and bytes: seconds, and checked by the tests, too
#   run.sh --peers            30 hosts 50 ms away: minutes
#   run.sh --seed             three hosts of the lab: ten minutes
#   run.sh --many             200 and 1,000 hosts
#   run.sh --bindings         Python and Go beside C: a minute; fails when they cost too much
#   run.sh --save             all of it, kept: results.json and results.svg
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
venv=${XDG_CACHE_HOME:-$HOME/.cache}/libkb-bench/$(sha256sum "$here/requirements.txt" | cut -c 1-16)
export KB_LAB=${KB_LAB:-/var/tmp/kb-bench} KB_LAB_NAME=${KB_LAB_NAME:-kbbench}
if [ ! -e "$venv/ready" ]; then
	python3 -m venv "$venv"
	"$venv/bin/pip" install -q -r "$here/requirements.txt"
	touch "$venv/ready"
fi
if [ -z "${KB_BUILD-}" ]; then
	KB_BUILD=$top/build/bench # with the tests' programs, and optimized as its users have it
	cmake -S "$top" --preset test -B "$KB_BUILD" -DCMAKE_BUILD_TYPE=Release >/dev/null
	cmake --build "$KB_BUILD" -j"$(nproc)" >/dev/null
fi
exec "$venv/bin/python" "$here/bench.py" "$KB_BUILD" "$@"
