# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# Sourced by the scripts here, with $build and $top set: skip(), and cgo finds the libkb of the build tree. An installed library answers
# pkg-config for itself; this one is answered for.
skip() {
	echo "go: skipped: $*"
	exit 77
}
command -v go >/dev/null || skip "there is no go"
[ -e "${build:?}/libkb.so" ] || skip "$build has no libkb.so"

mkdir -p "$build/go"
# under a name of its own first: scripts run side by side
cat >"$build/go/libkb.pc.$$" <<PC
Name: libkb
Description: libkb in its build tree
Version: 0
Libs: -L$build -lkb -Wl,-rpath,$build
Cflags: -I${top:?}/include
PC
mv "$build/go/libkb.pc.$$" "$build/go/libkb.pc"
export PKG_CONFIG_PATH="$build/go" CGO_ENABLED=1 GOFLAGS=-mod=readonly GOWORK=off
