#!/bin/bash
# compare.sh LIBRARY: today's headers and library against each kept version. Additions are fine; what was removed or is another thing now
# fails. (How to keep a promise that was added: tests/abi/keep.sh VERSION.)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
library=$1 include=$here/../../include
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v abidiff >/dev/null || { echo 'skipped: abidiff is not installed (Debian: abigail-tools)'; exit 77; }

# holds WHAT DUMP LIBRARY OPTION...: libabigail's own status does not tell an added type from a changed one; its summaries do
holds() {
	local what=$1 status=0
	shift
	abidiff --no-added-syms "${@:3}" "$1" "$2" >"$work/said" 2>&1 || status=$?
	if (((status & 3) != 0)) || ! grep -q 'summary:' "$work/said" ||
		grep 'summary:' "$work/said" | grep -qvE 'summary: 0 [Rr]emoved, 0 [Cc]hanged'; then
		cat "$work/said" >&2
		echo "$what does not keep what ${1#"$here/"} promised" >&2
		exit 1
	fi
}

"$here/stub.sh" "$include" "$work"
compared=0
for dump in "$here"/*/libkb.abi; do
	holds 'a header' "$dump" "$work/libkb.so" --non-reachable-types
	holds 'the library' "$dump" "$library"
	echo "ok: all that ${dump#"$here/"} promised: $(grep -c '<function-decl' "$dump") functions"
	compared=$((compared + 1))
done
[ "$compared" -gt 0 ]
