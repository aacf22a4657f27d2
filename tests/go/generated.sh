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
command -v "${SWIG:-swig}" >/dev/null || skip "there is no swig"
status=0
sh "$top/bindings/go/generate.sh" "$new" || status=$?
[ "$status" != 3 ] || skip "the committed files are pinned to another SWIG"
[ "$status" = 0 ] || exit "$status"
for file in ckb.go ckb_wrap.c; do
	diff -u "$top/bindings/go/internal/ckb/$file" "$new/$file" || {
		echo "go generated: $file is not what bindings/go/generate.sh makes"
		exit 1
	}
done
