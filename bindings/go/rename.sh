#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# rename.sh PATH: gives the module another path. It stands in go.mod; the imports follow, and the modules of this checkout that use it. `rename.sh github.com/you/libkb/bindings/go`
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

# the examples and the tests: modules of their own, which require this one
for mod in ../../examples/go ../../examples/embedding/go-cli ../../tests/agree/go ../../tests/bench/bindings; do
	[ -e "$mod/go.mod" ] || continue
	find "$mod" -name '*.go' -exec sed -i "s,\"$pattern\"\$,\"$new\"," {} +
	sed -i -e "s,^\(.*require \|	\)$pattern v,\1$new v," -e "s,^replace $pattern =>,replace $new =>," "$mod/go.mod"
	gofmt -w "$mod"
done
