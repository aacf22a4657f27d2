#!/bin/bash
# run.sh FOLDER: builds libkb/base and libkb/text with musl in FOLDER, and runs their unit tests there.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../.." && pwd)
deps=$("$here/deps.sh") || exit $?
mkdir -p "$1"
make -s -C "$1" -f "$here/Makefile" -j2 SOURCE="$source" DEPS="$deps" check
