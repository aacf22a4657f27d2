#!/bin/bash
# Runs the tests: tests/run.sh [--long] [--unit] [--help]
#
# Installs what is missing (Debian and Ubuntu, as root), builds with gcc and clang, and runs every tier:
#   unit   no network, no root, seconds; also with ASan and UBSan
#   replay recorded hosts: whole clusters without a host, root or network, in seconds; also with ASan and UBSan
#   loop   a real sshd on loopback
#   fuzz   harnesses for everything that reads what others wrote, two seconds each (--long: ten minutes each; or KB_FUZZ_SECONDS)
#   fault  each call of libkb's own objects failed, once and from then on
#   thread, valgrind   tests again with ThreadSanitizer, and under memcheck
#   package   Debian packages, and lintian about them
#   lab    real hosts and a real Kubernetes in namespaces of this machine (root); skipped by name where they cannot be
# --unit runs all but fuzz, lab, packages and the bindings. The last lines are ctest's.
# --long adds what takes longer, and gives those that ask for KB_LONG larger numbers. On two cores, beside what each run takes: fuzz five hours
# (KB_FUZZ_SECONDS=20: ten minutes), all programs under memcheck 20 minutes, all tests on Debian 13 ten, those with sshd under sanitizers five,
# known_hosts ten, cuts, meetings and jumps five, a thousand hosts three, wheels and pages six; and Go again, more faults, a machine with cgroup v2
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top"
packages=(gcc g++ clang cmake ninja-build pkg-config libyaml-dev libcurl4-openssl-dev libssh2-1-dev libssl-dev libcmocka-dev
	shellcheck dash zsh fish tcsh openssh-server openssh-client openssl sudo gnupg valgrind swig python3 python3-dev python3-venv python3-pytest python3-yaml patch python3-asyncssh iproute2 musl-tools abigail-tools
	debhelper dh-python lintian libpython3-dev)
labels='unit|replay|loop|fault|thread|valgrind|fuzz|lab|python|go|package'
long=0

for arg; do
	case $arg in
	--long) long=1 ;;
	--unit) labels='unit|replay|loop|fault|thread|valgrind' ;;
	*)
		sed -n '2,/^set/s/^# \{0,1\}//p' "$0"
		[ "$arg" = --help ] && exit 0 || exit 2
		;;
	esac
done

say() { printf '\n== %s\n' "$*"; }

# the sanitizers' runtime comes in a package of clang's own version
clang_runtime() { printf 'libclang-rt-%s-dev' "$(apt-cache depends clang | sed -n 's/^ *Depends: clang-\([0-9]*\)$/\1/p' | head -n 1)"; }

install_missing() {
	local missing=() p
	for p in "${packages[@]}"; do
		[ "$(dpkg-query -Wf '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || missing+=("$p")
	done
	compgen -G '/usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer*' >/dev/null || missing+=(clang-runtime)
	[ ${#missing[@]} -gt 0 ] || return 0
	say "installing ${missing[*]}"
	apt-get -qq update
	DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install "${missing[@]/#clang-runtime/$(clang_runtime)}" >/dev/null
}

build() { # build PRESET
	say "building: $1"
	cmake --preset "$1" -G Ninja "${@:2}" >"build/$1.log" 2>&1 || { cat "build/$1.log"; return 1; }
	cmake --build --preset "$1" 2>&1 | grep -vE '^\[[0-9]+/[0-9]+\]|^ninja: no work' || [ "${PIPESTATUS[0]}" -eq 0 ]
}

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then install_missing; fi
mkdir -p build
build sanitize
build clang
build fuzz
build test -DKB_LONG=$long -DKB_PYTHON=ON -DKB_PYTHON_DIR=lib/python

say 'running'
# two at a time; which of them must be alone, or share a thing, is said where they are added (RUN_SERIAL, RESOURCE_LOCK)
exec ctest --test-dir build/test -j2 -L "$labels" --output-on-failure --no-tests=error
