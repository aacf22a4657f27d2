#!/bin/bash
# The Python and Go modules on the lab's hosts: each loads the description, runs a step over ssh, and takes the events of a plan; and the numbered
# examples do the same in each language.
. "$(dirname "$0")/lib.sh"
python=$(sed -n 's/^_Python_EXECUTABLE:INTERNAL=//p' "$KB_BUILD/CMakeCache.txt")
lab exec env KB_LAB="$KB_LAB" PYTHON="${python:-python3}" bash "$top/tests/python/run.sh" "$KB_BUILD" -k lab >"$out/python" 2>&1 || { tail -n 40 "$out/python" >&2; fail 'Python'; }
grep -qE '[1-9][0-9]* passed' "$out/python" || { cat "$out/python" >&2; fail 'Python: nothing ran'; }
if grep -qi skipped "$out/python"; then cat "$out/python" >&2; fail 'Python: something was skipped'; fi
ok 'Python'
lab exec env KB_LAB="$KB_LAB" bash "$top/tests/go/run.sh" "$KB_BUILD" -run Lab -v >"$out/go" 2>&1 || { tail -n 40 "$out/go" >&2; fail 'Go'; }
grep -q -- '--- PASS.*Lab' "$out/go" || { cat "$out/go" >&2; fail 'Go: nothing ran'; }
ok 'Go'
lab exec "${python:-python3}" "$top/tests/examples/run.py" "$KB_BUILD" "$KB_LAB" >"$out/examples" 2>&1 || { cat "$out/examples" >&2; fail 'the numbered examples differ'; }
! grep -qi skipped "$out/examples" || { cat "$out/examples" >&2; fail 'the numbered examples: something was skipped'; }
ok "the numbered examples in C, Python and Go: $(grep -c '^ok' "$out/examples") cases"
