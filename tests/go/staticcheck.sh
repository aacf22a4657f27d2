#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# staticcheck.sh BUILD: staticcheck, at the version of tools/go.mod, finds nothing in the Go package. 77: cannot run here, or it cannot be had.
set -eu
build=$(cd "${1:?no build folder given}" && pwd)
top=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/go/env.sh
. "$top/tests/go/env.sh"

tool=$build/go/staticcheck
go -C "$top/tests/go/tools" build -o "$tool" honnef.co/go/tools/cmd/staticcheck >"$tool.log" 2>&1 || {
	cat "$tool.log"
	skip "staticcheck cannot be built"
}
cd "$top/bindings/go"
"$tool" -checks 'all,-ST1000,-ST1003,-ST1020,-ST1021,-ST1022' .
# what SWIG writes is its own
"$tool" ./internal/ckb | grep -v '^internal/ckb/ckb\.go:' && exit 1
echo 'staticcheck: nothing'
