#!/bin/bash
# The Debian packages: they are built, lintian has nothing to say, and what they hold is used from an unpacked tree: the library by pkg-config and
# by CMake, the module by Debian's Python. (Installed by apt they are in tests/cluster.) 77: cannot run here.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

fail() {
	echo "FAILED: $*" >&2
	exit 1
}

packages=$("$here/build.sh") || exit $?
echo "ok: built in $packages"
command -v lintian >/dev/null || { echo 'packages: skipped: there is no lintian'; exit 77; }
for changes in "$packages"/*.changes; do
	lintian --display-info --pedantic --tag-display-limit 0 --fail-on warning,info,pedantic --allow-root "$changes" >"$out/lintian" 2>&1 ||
		{ cat "$out/lintian"; fail "lintian: ${changes##*/}"; }
	[ ! -s "$out/lintian" ] || { cat "$out/lintian"; fail "lintian has something to say: ${changes##*/}"; }
done
echo 'ok: lintian has nothing to say'

for deb in "$packages"/*.deb; do
	dpkg-deb -x "$deb" "$out/root"
done
multiarch=$(dpkg-architecture -qDEB_HOST_MULTIARCH)
lib=$out/root/usr/lib/$multiarch
version=$(dpkg-deb -f "$packages"/libkb0_*.deb Version)
for name in libkb.so.0 libkb.so libkb.a pkgconfig/libkb.pc cmake/kb/kb-config.cmake; do
	[ -e "$lib/$name" ] || fail "no usr/lib/$multiarch/$name"
done
needs=$(dpkg-deb -f "$packages"/libkb0_*.deb Depends | tr ',' '\n' | sed 's/^ *//; s/ .*//' | sort | tr '\n' ' ')
[ "$needs" = 'libc6 libcurl4 libssh2-1 libssl3 libyaml-0-2 ' ] || fail "libkb0 depends on: $needs"

cat >"$out/use.c" <<'C'
#include <libkb.h>
#include <stdio.h>
int main(void) { return puts(kb_version()) == EOF; }
C
export PKG_CONFIG_LIBDIR=$lib/pkgconfig:/usr/lib/$multiarch/pkgconfig
pkg-config --exists libkb || fail 'pkg-config does not find libkb'
cc -o "$out/use" "$out/use.c" -I"$out/root$(pkg-config --variable=includedir libkb)" -L"$out/root$(pkg-config --variable=libdir libkb)" -lkb
[ "$(LD_LIBRARY_PATH=$lib "$out/use")" = "$version" ] || fail 'a program by pkg-config'
mkdir "$out/cmake"
printf '%s\n' 'cmake_minimum_required(VERSION 3.22)' 'project(use C)' 'find_package(kb 0.1 REQUIRED)' 'add_executable(use ../use.c)' \
	'target_link_libraries(use PRIVATE kb::kb)' >"$out/cmake/CMakeLists.txt"
cmake -S "$out/cmake" -B "$out/cmake/b" -DCMAKE_PREFIX_PATH="$out/root/usr" >/dev/null
cmake --build "$out/cmake/b" >/dev/null
[ "$("$out/cmake/b/use")" = "$version" ] || fail 'a program by find_package(kb)'
echo 'ok: a program by pkg-config and by CMake'

LD_LIBRARY_PATH=$lib PYTHONPATH=$out/root/usr/lib/python3/dist-packages /usr/bin/python3 -W error -c \
	'import kb; print(kb.__version__); kb.token.check(kb.token.make())' >"$out/python"
[ "$(cat "$out/python")" = "$version" ] || fail 'the module'
echo "ok: Debian's Python has the module"
