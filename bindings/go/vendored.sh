#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# vendored.sh: builds the static libkb of the tree that this folder is in, for `go build -tags libkb_vendored`. Needs CMake, and the headers of
# libyaml, libcurl, libssh2 and OpenSSL. Run it again when the tree has changed.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
cmake -S "$top" -B "$top/build/go-vendored" -DCMAKE_BUILD_TYPE=Release -DKB_SHARED=OFF -DKB_STATIC=ON -DKB_EXAMPLES=OFF -DKB_INSTALL=OFF
cmake --build "$top/build/go-vendored" --target kb_static -j"$(nproc)"
