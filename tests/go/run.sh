#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh BUILD [GO-TEST-ARGUMENT...]: Go's raw layer against the libkb of a build tree that is not installed. 77: cannot run here.
set -eu
build=$(cd "${1:?no build folder given}" && pwd)
shift
top=$(cd "$(dirname "$0")/../.." && pwd)

skip() {
	echo "go: skipped: $*"
	exit 77
}
command -v go >/dev/null || skip "there is no go"
[ -e "$build/libkb.so" ] || skip "$build has no libkb.so"

# cgo asks pkg-config for libkb. An installed library answers for itself; this one is answered for.
mkdir -p "$build/go"
cat >"$build/go/libkb.pc" <<PC
Name: libkb
Description: libkb in its build tree
Version: 0
Libs: -L$build -lkb -Wl,-rpath,$build
Cflags: -I$top/include
PC
export PKG_CONFIG_PATH="$build/go" CGO_ENABLED=1 GOFLAGS=-mod=readonly GOWORK=off

cd "$top/bindings/go"
unformatted=$(gofmt -l .)
[ -z "$unformatted" ] || { echo "gofmt would change: $unformatted"; exit 1; }
go vet ./...
go test -count=1 "$@" ./...
