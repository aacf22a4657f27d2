#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh BUILD LANGUAGE: what the text functions give in a language against cases.tsv. 77: cannot run here.
#   c, python (the public layer), python-raw, go
#   oracle    the table itself against what is known without libkb
#   covered   the table has cases of every function of text.h, good ones and bad ones
# PYTHON is the interpreter, of the version that the module was built for.
set -eu
build=$(cd "${1:?no build folder given}" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
table=$here/cases.tsv data=$top/tests/data
python=${PYTHON:-python3}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

skip() {
	echo "agree: skipped: $*"
	exit 77
}

agree_c() { "$build/tests/agree/agree" "$table" "$data" "$@"; }

agree_python() { # agree_python [raw]
	[ -e "$build/bindings/python/kb/_core.py" ] || skip "$build has no Python module: KB_PYTHON is OFF"
	PYTHONPATH="$build/bindings/python" PYTHONDONTWRITEBYTECODE=1 "$python" -W error "$here/agree.py" "$table" "$data" "$@"
}

agree_go() {
	# shellcheck source=tests/go/env.sh
	. "$top/tests/go/env.sh"
	(cd "$here/go" && test -z "$(gofmt -l .)" && go vet . && go build -o "$out/agree" .)
	"$out/agree" "$table" "$data"
}

# compare MOST_UNSAID: the runner's results with the table's; "-" is a case that the language has no words for
compare() {
	grep -v -e '^#' -e '^$' "$table" | awk -F '\t' '{print $NF}' >"$out/want"
	awk -v most="$1" 'NR == FNR {got[FNR] = $0; next} FNR in got && got[FNR] == "-" {unsaid++; print "-"; next} {print}
		END {if (unsaid > most) print "more cases than " most " cannot be said"}' "$out/got" "$out/want" >"$out/can"
	diff -u "$out/can" "$out/got" >"$out/diff" || {
		sed -n '4,40p' "$out/diff"
		echo "agree: the results differ from the table (the numbers are those of cases, not of lines)"
		exit 1
	}
	echo "agree: $(wc -l <"$out/got") cases"
}

covered() {
	bare=0
	sed -n 's/^KB_API .*kb_\([a-z_]*\)(kb_ctx.*/\1/p' "$top/include/kb/text.h" >"$out/names"
	while read -r name; do
		good=$(awk -F '\t' -v f="$name" '$1 == f && $NF !~ /^KB_/' "$table" | wc -l)
		bad=$(awk -F '\t' -v f="$name" '$1 == f && $NF ~ /^KB_/' "$table" | wc -l)
		[ "$name" != token_make ] || bad=any	# it takes nothing that could be wrong
		if [ "$good" = 0 ] || [ "$bad" = 0 ]; then
			echo "agree: $name: $good good cases and $bad bad ones"
			bare=1
		fi
	done <"$out/names"
	echo "agree: $(wc -l <"$out/names") functions"
	return $bare
}

case $2 in
c) agree_c >"$out/got"; compare 8 ;;
go) agree_go >"$out/got"; compare 1 ;;
python) agree_python >"$out/got"; compare 0 ;;
python-raw) agree_python raw >"$out/got"; compare 0 ;;
oracle)
	"$python" -c 'import yaml, tomllib' 2>/dev/null || skip "$python has no PyYAML or no tomllib"
	agree_c whole >"$out/whole"
	PYTHONDONTWRITEBYTECODE=1 "$python" "$here/oracle.py" "$table" "$data" "$out/whole"
	;;
covered) covered ;;
*) echo "agree: no language $2" >&2; exit 2 ;;
esac
