#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# rename.sh PATH: gives the module another path. It stands in go.mod; the imports follow. `rename.sh github.com/you/libkb/bindings/go`
set -eu
new=${1:?which path?}
cd "$(dirname "$0")"
old=$(sed -n 's/^module //p' go.mod)
case $new in
*[!A-Za-z0-9._~/-]* | /* | */)
	echo "rename.sh: $new is no module path" >&2
	exit 2
	;;
esac
pattern=$(printf '%s' "$old" | sed 's/[.]/\\./g')
find . -name '*.go' -exec sed -i -e "s,\"$pattern\",\"$new\"," -e "s,\"$pattern/,\"$new/," {} +
sed -i "s,^module .*,module $new," go.mod
gofmt -w .
