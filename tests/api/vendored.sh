#!/bin/bash
# vendored.sh SOURCE: libkb as a folder of somebody else's project, by add_subdirectory and by one command of the compiler. It installs
# nothing, tests nothing, and leaves the project's own flags, names and choices alone.
set -euo pipefail
source=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
	echo "FAILED: $*" >&2
	exit 1
}

# what a project copies: nothing else is needed
mkdir -p "$work/project/libkb"
cp -r "$source/CMakeLists.txt" "$source/include" "$source/libkb" "$source/LICENSE" "$work/project/libkb/"
cat >"$work/project/use.c" <<'C'
#include <libkb.h>
#include <string.h>
int main(void) { return strcmp(kb_version(), KB_VERSION) != 0; }
C
echo 'int own(void); int own(void) { return 0; }' >"$work/project/own.c"
# targets, tests and options with the names that such projects have themselves
cat >"$work/project/CMakeLists.txt" <<'CMAKE'
cmake_minimum_required(VERSION 3.22)
project(use C)
enable_testing()
add_custom_target(check)
add_custom_target(tests)
add_custom_target(docs)
add_library(generated STATIC own.c)
add_subdirectory(libkb)
add_executable(use use.c)
target_link_libraries(use PRIVATE kb::kb)
add_test(NAME use COMMAND use)
install(TARGETS use)
CMAKE

configure() { # configure FOLDER GENERATOR OPTION...
	cmake -S "$work/project" -B "$1" -G "$2" -Wdev -Werror=dev -DCMAKE_EXPORT_COMPILE_COMMANDS=ON "${@:3}" >"$work/log" 2>&1 || {
		cat "$work/log" >&2
		fail "$2 does not take it"
	}
}

configure "$work/ninja" Ninja
ninja -C "$work/ninja" -n use >/dev/null
configure "$work/make" 'Unix Makefiles' -DKB_SHARED=OFF
cmake --build "$work/make" -j2 >"$work/log" 2>&1 || { tail -n 40 "$work/log" >&2; fail 'it does not build'; }
"$work/make/use"
echo 'ok: builds by add_subdirectory, with Make; Ninja takes it'

cmake --install "$work/make" --prefix "$work/own" >/dev/null
[ "$(find "$work/own" -type f)" = "$work/own/bin/use" ] || fail "it installs: $(find "$work/own" -type f)"
tests=$(ctest --test-dir "$work/make" -N | grep -c 'Test *#')
[ "$tests" = 1 ] || fail "$tests tests, where the project has one"
echo 'ok: nothing of it is installed, no test is added'

# what is in the cache that is not of CMake, of its modules, or begins with our name
odd=$(sed -n 's/^\([A-Za-z_0-9]*\):.*/\1/p' "$work/make/CMakeCache.txt" |
	grep -vE '^(CMAKE_|_CMAKE_|KB_|use_|libkb_|kb_|OPENSSL_|PKG_CONFIG|_GNUInstallDirs_|prefix_result|FIND_PACKAGE_MESSAGE_|pkgcfg_lib_(KB|_OPENSSL)_|_OPENSSL_|__pkg_config_)' || true)
[ -z "$odd" ] || fail "options with names of everybody: $odd"
own=$(grep -h '"command".*/project/own\.c' "$work/make/compile_commands.json")
if grep -E -e '-W|-std|-D|-fvis|libkb' <<<"$own"; then fail 'its flags are on a file of the project'; fi
echo 'ok: its options begin with KB_, its flags are its own'

# no CMake in the project: two commands, as libkb/README.md has them. The steps' scripts become C first
cd "$work/project"
cmake -DFROM=libkb/libkb/steps -DTO="$work/plain/steps" -P libkb/libkb/steps/embed.cmake
read -ra flags < <(pkg-config --cflags --libs yaml-0.1 libcurl libssh2 libcrypto)
"${CC:-cc}" -std=gnu11 -D_GNU_SOURCE -Ilibkb/include -Ilibkb/libkb -I"$work/plain" use.c libkb/libkb/*.c libkb/libkb/*/*.c "$work"/plain/steps/*.c \
	"${flags[@]}" -pthread -o "$work/plain/use"
"$work/plain/use"
echo 'ok: builds by one command of the compiler'
