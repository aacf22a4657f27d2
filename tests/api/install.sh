#!/bin/bash
# install.sh BUILD: installs, and builds a program against what was installed: by pkg-config (shared and static) and by find_package(kb).
set -euo pipefail
build=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cmake --install "$build" --prefix "$work/prefix" >/dev/null
cat >"$work/use.c" <<'C'
#include <libkb.h>
#include <string.h>
int main(void) { return strcmp(kb_version(), KB_VERSION) != 0; }
C
export PKG_CONFIG_PATH
PKG_CONFIG_PATH=$(dirname "$(find "$work/prefix" -name libkb.pc)")
# the file names the prefix that it was configured for; pkg-config can be told another
pc() { pkg-config --define-variable=prefix="$work/prefix" --define-variable=libdir="$(dirname "$PKG_CONFIG_PATH")" \
	--define-variable=includedir="$work/prefix/include" "$@" libkb; }
libdir=$(dirname "$PKG_CONFIG_PATH")

read -ra flags < <(pc --cflags --libs)
cc -o "$work/shared" "$work/use.c" "${flags[@]}"
LD_LIBRARY_PATH=$libdir "$work/shared"
readelf -d "$work/shared" | grep -q 'NEEDED.*\[libkb.so.0\]'
echo 'ok: a program by pkg-config'

# libkb itself static, what it stands on as this machine has it
read -ra flags < <(echo "$(pc --cflags)" "$libdir/libkb.a" "$(pkg-config --libs yaml-0.1 libcurl libssh2 libcrypto)" -pthread)
cc -o "$work/static" "$work/use.c" "${flags[@]}"
"$work/static"
if readelf -d "$work/static" | grep 'libkb\.so'; then exit 1; fi
echo 'ok: a program with libkb.a in it'

mkdir "$work/cmake"
printf '%s\n' 'cmake_minimum_required(VERSION 3.22)' 'project(use C)' 'find_package(kb REQUIRED)' 'add_executable(use ../use.c)' \
	'target_link_libraries(use PRIVATE kb::kb)' >"$work/cmake/CMakeLists.txt"
cmake -S "$work/cmake" -B "$work/cmake/b" -DCMAKE_PREFIX_PATH="$work/prefix" >/dev/null
cmake --build "$work/cmake/b" >/dev/null
"$work/cmake/b/use"
echo 'ok: a program by find_package(kb)'
