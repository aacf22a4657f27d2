#!/bin/bash
# record.sh: records the hosts of own-plan anew, from two bare hosts of the lab with one card each, as root. KB_BUILD is the build folder (build/test).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
build=${KB_BUILD:-$top/build/test}
export KB_LAB=${KB_TEST_LAB:-/var/tmp/kb-test} KB_LAB_NAME=${KB_TEST_LAB_NAME:-kbtest} KB_LAB_NAT=none
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

lab() { bash "$top/tests/lab/lab" "$@"; }

lab down >/dev/null 2>&1 || true
lab up 2
cat >"$work/record.py" <<'PY'
import importlib.util
import sys

import kb

program, folder, lab, *args = sys.argv[1:]
spec = importlib.util.spec_from_file_location("example", program)
example = importlib.util.module_from_spec(spec)
spec.loader.exec_module(example)
plain = kb.Context.host


def recorded(self, name, uri, /, **settings):
    return plain(self, name, uri, record=f"{folder}/{name}.rec", identity=f"{lab}/id", known_hosts=f"{lab}/known_hosts", **settings)


kb.Context.host = recorded
sys.exit(example.main(*args))
PY
lab exec env PYTHONPATH="$build/bindings/python" "${PYTHON:-python3}" "$work/record.py" "$top/examples/python/02-own-plan.py" "$work" "$KB_LAB" \
	ssh://vagrant@192.168.1.2 ssh://vagrant@192.168.1.3 192.168.1.3
lab down
for name in cp-1 worker-1; do
	{
		head -n 1 "$work/$name.rec"
		echo '# a bare Debian 12 host of the lab with one card: 02-own-plan'
		tail -n +2 "$work/$name.rec"
	} >"$here/own-plan/$name.rec"
done
