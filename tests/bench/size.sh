#!/bin/bash
# size.sh SOURCE BUILD: the library as its users build it (the release preset), stripped, is under 500 KiB.
set -euo pipefail
source=$1 build=$2 most=$((500 * 1024))
cd "$source"
# its own folder: nobody's build/release is touched
cmake --preset release -B "$build" -DKB_STATIC=OFF -DKB_EXAMPLES=OFF >/dev/null
cmake --build "$build" -j2 >/dev/null
library=$(readlink -f "$build/libkb.so")
strip -o "$build/stripped.so" "$library"
size=$(stat -c %s "$build/stripped.so")
echo "libkb.so, stripped: $size bytes, $((size / 1024)) KiB"
[ "$size" -lt "$most" ]
