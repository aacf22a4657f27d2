#!/bin/bash
# The second run writes nothing, shown by what the hosts hold; and a step that does write is found out.
. "$(dirname "$0")/lib.sh"
state "$out/before"
installer 0 up "$cluster"
state "$out/after"
unchanged "$out/before" "$out/after" 'the second run'
if grep -E ' (changed|running) ' "$out/log"; then fail 'a step was applied'; fi
grep -qE '^done: [0-9]+ present' "$out/log" || { tail -n 3 "$out/log" >&2; fail 'not every step was present'; }
if grep -E '^done: .* changed' "$out/log"; then fail 'something was changed, by its own words'; fi
installer 0 plan "$cluster"
ok 'and a dry run says that nothing is to do'

# the comparison itself: a step that touches a file each time must not get past it
lab exec "$KB_BUILD/tests/cluster/restless" "$KB_LAB" >"$out/restless" 2>&1 || { cat "$out/restless" >&2; fail 'restless'; }
state "$out/restless-after"
if diff -q "$out/after" "$out/restless-after" >/dev/null; then fail 'a step that is not idempotent was not found out'; fi
ok 'a step that is not idempotent is found out'
