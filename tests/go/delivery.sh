#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# delivery.sh BUILD [--static]: the ways in which the Go package gets into a program of someone else's: under another module path; copied by go mod
# vendor; and with --static from a plain copy of the tree, linked statically, for which libkb is built again. 77: cannot run here.
set -euo pipefail
build=$(cd "${1:?no build folder given}" && pwd)
top=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/go/env.sh
. "$top/tests/go/env.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export GOFLAGS=-mod=mod GOPROXY=off

# The copy has what a checkout has.
mkdir "$work/copy"
(cd "$top" && git ls-files -z --cached --others --exclude-standard libkb include bindings pkgconfig CMakeLists.txt |
	xargs -0 tar -cf - --ignore-failed-read) | tar -xf - -C "$work/copy"
copy=$work/copy/bindings/go

fail() {
	echo "$*" >&2
	exit 1
}

# program FOLDER MODULE: a program of someone else's that uses the module
program() {
	mkdir -p "$1"
	printf 'module example.net/program\n\ngo 1.24\n\nrequire %s v0.0.0\n\nreplace %s => %s\n' "$2" "$2" "$copy" >"$1/go.mod"
	cat >"$1/main.go" <<-GO
		package main

		import (
			"fmt"

			kb "$2"
		)

		func main() {
			overlaps, err := kb.CIDROverlaps("10.0.0.0/8", "10.1.0.0/16")
			fmt.Println(overlaps, err, kb.Version())
		}
	GO
}

# answers PROGRAM: it does what it should
answers() {
	local got
	got=$("$1") || fail "$1 fails"
	[[ $got =~ ^true\ \<nil\>\ [0-9]+\.[0-9]+\.[0-9]+$ ]] || fail "$1 says: $got"
}

module=$(sed -n 's/^module //p' "$copy/go.mod")

link_statically() {
	echo 'linked statically from a plain copy'
	sh "$copy/vendored.sh" >"$work/log" 2>&1 || { cat "$work/log"; fail 'libkb cannot be built'; }
	program "$work/static" "$module"
	(cd "$work/static" && PKG_CONFIG_PATH='' go build -tags libkb_vendored -o program .)
	answers "$work/static/program"
	if ldd "$work/static/program" | grep -q libkb; then fail 'libkb is a shared library of it'; fi
}
[ "${2-}" != --static ] || link_statically

echo 'under another path'
sh "$copy/rename.sh" example.com/other/kb
[ "$(sed -n 's/^module //p' "$copy/go.mod")" = example.com/other/kb ] || fail 'the path in go.mod is the old one'
if grep -rn "\"$module" "$copy"; then fail 'the old path is still there'; fi
if sh "$copy/rename.sh" 'not a path' 2>/dev/null; then fail 'anything is a path'; fi
[ -z "$(gofmt -l "$copy")" ] || fail 'gofmt would change it'
(cd "$copy" && go list ./... >/dev/null)

echo 'copied by go mod vendor'
program "$work/vendor" example.com/other/kb
# shellcheck disable=SC2016 # those are no commands
sed -n '/^```go$/,/^```$/{/^```/d;p}' "$top/README.md" | sed "s,\"$module\",\"example.com/other/kb\"," >"$work/readme.go"
grep -q 'range cluster.Up' "$work/readme.go" || fail 'the README has no program'
mkdir "$work/vendor/readme" && cp "$work/readme.go" "$work/vendor/readme/main.go"
(cd "$work/vendor" && go mod vendor && rm -rf "$work/copy" && GOFLAGS=-mod=vendor go build -o program . && GOFLAGS=-mod=vendor go build -o readme/program ./readme)
answers "$work/vendor/program"
[ -e "$work/vendor/vendor/example.com/other/kb/internal/ckb/ckb_wrap.c" ] || fail 'the copy has no C in it'
