#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# generated.sh: what is committed is what SWIG makes of today's interface files. 77: cannot run here.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
new=$(mktemp -d)
trap 'rm -rf "$new"' EXIT

skip() {
	echo "go generated: skipped: $*"
	exit 77
}
command -v gofmt >/dev/null || skip "there is no gofmt"
if [ -z "${SWIG-}" ]; then
	tools=$(sh "$top/tests/python/tools.sh" "$top/bindings/requirements.txt") || skip "there is no SWIG of the version that is pinned"
	SWIG=$tools/bin/swig
fi
SWIG=$SWIG sh "$top/bindings/go/generate.sh" "$new"
grep -q "\"$(cat "$top/bindings/requirements.txt")\"" "$top/pyproject.toml" || {
	echo "go generated: pyproject.toml pins another SWIG than bindings/requirements.txt"
	exit 1
}
for file in ckb.go ckb_wrap.c; do
	diff -u "$top/bindings/go/internal/ckb/$file" "$new/$file" || {
		echo "go generated: $file is not what bindings/go/generate.sh makes"
		exit 1
	}
done
