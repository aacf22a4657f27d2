#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh BUILD [GO-TEST-ARGUMENT...]: the Go package against the libkb of a build tree that is not installed. 77: cannot run here.
set -eu
build=$(cd "${1:?no build folder given}" && pwd)
shift
top=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/go/env.sh
. "$top/tests/go/env.sh"

cd "$top/bindings/go"
unformatted=$(gofmt -l .)
[ -z "$unformatted" ] || { echo "gofmt would change: $unformatted"; exit 1; }
go vet ./...
go test -count=1 -timeout 10m "$@" .
