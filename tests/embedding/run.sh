#!/bin/bash
# run.sh BUILD: the programs of examples/embedding, each by its own build: from an installed libkb, and from one that is a folder of the program.
# Then they do their work on recorded hosts. Python's and Go's are left out, by name, where their tools are not. PYTHON is the interpreter that
# the module was built for; what it needs of PyPI is kept under the user's cache, and so is what pip built.
# KB_LONG=1 adds the service's page in a browser.
set -euo pipefail
build=$(cd "${1:?no build folder given}" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
programs=$top/examples/embedding
python=${PYTHON:-python3}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

fail() {
	echo "FAILED: $*" >&2
	exit 1
}

ok() { echo "ok: $*"; }

left_out() { echo "embedding: skipped: $*"; }

quietly() { "$@" >"$out/log" 2>&1 || { tail -n 40 "$out/log" >&2; fail "$*"; }; }

# describe RECORDING: a description in $out/clusters whose hosts were recorded
describe() {
	sed "s,CALICO,$out/clusters/calico," "$top/tests/data/replay/cluster.yaml" >"$out/clusters/$1.yaml"
	printf 'replay: %s\n' "$top/tests/data/replay/$1" >>"$out/clusters/$1.yaml"
}
mkdir -p "$out/clusters/calico/v3.32.1"
ln -s "$top/tests/data/calico/v3.32.1" "$out/clusters/calico/v3.32.1/manifests"
cp "$top/tests/data/replay/Release.key" "$out/clusters/"
for recording in check complete fresh; do
	describe "$recording"
done

# the library, installed; its folder says of itself where it is
prefix=$out/prefix
quietly cmake --install "$build" --prefix "$prefix"
lib=$(dirname "$(find "$prefix" -name libkb.so.0)")
sed -i "s,^prefix=.*,prefix=$prefix," "$lib/pkgconfig/libkb.pc"
installed=$lib/pkgconfig

# and as a folder that a program has: what libkb/README.md says is enough
mkdir -p "$out/vendored"
cp -r "$top/CMakeLists.txt" "$top/include" "$top/libkb" "$top/LICENSE" "$out/vendored/"

try_installer() { # try_installer PROGRAM HOW
	LD_LIBRARY_PATH=$lib "$1" "$out/clusters/complete.yaml" >"$out/up" 2>&1 || { cat "$out/up" >&2; fail "the installer $2: up"; }
	grep -qE '^ok +cluster1-worker2 +kubeadm.join' "$out/up" || { cat "$out/up" >&2; fail "the installer $2: says nothing of a join"; }
	LD_LIBRARY_PATH=$lib "$1" "$out/clusters/check.yaml" plan >"$out/plan" 2>&1 || { cat "$out/plan" >&2; fail "the installer $2: plan"; }
	grep -qE '^changed +cluster1-master1 +kubeadm.init' "$out/plan" || { cat "$out/plan" >&2; fail "the installer $2: plans no init"; }
	if "$1" "$out/clusters/none.yaml" >/dev/null 2>&1; then fail "the installer $2: takes a description that is not there"; fi
	ok "the C installer $2"
}

cp -r "$programs/c-installer" "$out/c-make"
PKG_CONFIG_PATH=$installed quietly make -C "$out/c-make"
try_installer "$out/c-make/installer" 'by make and pkg-config'
quietly cmake -S "$programs/c-installer" -B "$out/c-cmake" -DCMAKE_PREFIX_PATH="$prefix"
quietly cmake --build "$out/c-cmake"
try_installer "$out/c-cmake/installer" 'by find_package(kb)'
quietly cmake -S "$programs/c-installer" -B "$out/c-vendored" -DLIBKB="$out/vendored"
quietly cmake --build "$out/c-vendored" -j2
if readelf -d "$out/c-vendored/installer" | grep 'libkb\.so'; then fail 'the vendored installer wants an installed libkb'; fi
try_installer "$out/c-vendored/installer" 'with a vendored libkb in it'

go_cli() { # go_cli PKG-CONFIG-PATH HOW
	# Go keeps what it compiled without regard to what pkg-config says: the folder, unused otherwise, tells it that this is another libkb
	(cd "$programs/go-cli" && env PKG_CONFIG_PATH="$1" CGO_CPPFLAGS="-I$1" CGO_ENABLED=1 GOFLAGS=-mod=readonly GOWORK=off go build -o "$out/kbctl" .) ||
		fail "the Go command line $2 does not build"
	export LD_LIBRARY_PATH=$lib
	"$out/kbctl" status --help >/dev/null
	[ "$("$out/kbctl" suggest --size 24 172.16.0.0/16)" = 172.17.0.0/24 ] || fail "the Go command line $2: suggest"
	"$out/kbctl" up "$out/clusters/complete.yaml" >"$out/up" 2>&1 || { cat "$out/up" >&2; fail "the Go command line $2: up"; }
	grep -q 'step-done cluster1-worker2 kubeadm.join present' "$out/up" || { cat "$out/up" >&2; fail "the Go command line $2: says nothing of a join"; }
	[ "$("$out/kbctl" plan --json "$out/clusters/check.yaml" | tail -n 1 | grep -c '"event":"plan-done".*"status":"KB_OK"')" = 1 ] || fail "the Go command line $2: plan"
	if "$out/kbctl" up "$out/clusters/none.yaml" 2>/dev/null; then fail "the Go command line $2: takes a description that is not there"; fi
	unset LD_LIBRARY_PATH
	ok "the Go command line $2"
}

if ! command -v go >/dev/null; then
	left_out 'Go: there is no go'
elif ! (cd "$programs/go-cli" && GOWORK=off go mod download) >"$out/log" 2>&1; then
	left_out "Go: its modules cannot be had: $(tail -n 1 "$out/log")"
else
	(cd "$programs/go-cli" && GOWORK=off PKG_CONFIG_PATH=$installed CGO_CPPFLAGS=-I$installed go vet ./...) || fail 'go vet'
	go_cli "$installed" 'with an installed libkb'
	# the library that the vendored folder was built into, for a program that has all of it
	mkdir "$out/pc"
	static=$(find "$out/c-vendored" -name libkb.a)
	cat >"$out/pc/libkb.pc" <<-PC
		Name: libkb
		Description: libkb, vendored
		Version: 0
		Requires: yaml-0.1 libcurl libssh2 libcrypto
		Libs: $static -pthread
		Cflags: -I$out/vendored/include
	PC
	go_cli "$out/pc" 'with a vendored libkb in it'
	if readelf -d "$out/kbctl" | grep 'libkb\.so'; then fail 'the vendored kbctl wants an installed libkb'; fi
fi

cache=${XDG_CACHE_HOME:-$HOME/.cache}/libkb-embedding
wants=$programs/python-service/requirements.txt
mkdir -p "$cache"

key() { { cat; "$python" -VV; } | sha256sum | cut -c 1-16; } # of what is read, and of the interpreter

environment() { # environment FOLDER PIP-ARGUMENT...: a virtual environment that pip made by one install, and that stays; one that is there is taken as it is
	(
		flock 9
		[ ! -e "$1/ready" ] || exit 0
		rm -rf "$1"
		"$python" -m venv "$1" && "$1/bin/pip" install -q --disable-pip-version-check "${@:2}" && touch "$1/ready"
	) 9>"$1.lock" >"$out/log" 2>&1
}

service() { # service HOW COMMAND...: COMMAND is the interpreter that has kb and aiohttp
	PYTHONDONTWRITEBYTECODE=1 "${@:2}" "$here/service.py" "$programs/python-service/service.py" "$out/clusters" || fail "the Python service $1"
	ok "the Python service $1"
}

installed_service() {
	local module venv
	module=$(find "$prefix" -name _core.py)
	[ -n "$module" ] || { left_out 'Python, installed: KB_PYTHON is OFF'; return; }
	venv=$cache/$(key <"$wants")
	environment "$venv" -r "$wants" || { left_out "Python, installed: aiohttp cannot be had: $(tail -n 1 "$out/log")"; return; }
	service 'with an installed libkb' env PYTHONPATH="$(dirname "$(dirname "$module")")" LD_LIBRARY_PATH="$lib" "$venv/bin/python"
}

# A folder of the program again, with the bindings: pip builds it. The environment stays until something of the folder, or a library below, is another.
vendored_service() {
	local folder=$out/service/libkb venv module
	mkdir -p "$folder/bindings"
	(cd "$top" && cp -r CMakeLists.txt pyproject.toml README.md LICENSE include libkb pkgconfig "$folder/" && cp -r bindings/kb.i bindings/handle.h bindings/python "$folder/bindings/")
	venv=$cache/vendored-$({
		cat "$wants"
		pkg-config --modversion yaml-0.1 libcurl libssh2 libcrypto
		(cd "$folder" && find . -type f ! -name '*.pyc' -print0 | sort -z | xargs -0 sha256sum)
	} | key)
	if ! environment "$venv" -r "$wants" "$folder"; then
		cp "$out/log" "$out/why"
		if "$venv/bin/pip" download -q --no-deps -d "$out/index" scikit-build-core >/dev/null 2>&1; then
			tail -n 40 "$out/why" >&2
			fail 'pip does not build the vendored libkb'
		fi
		left_out "Python, vendored: what builds it cannot be had: $(grep -m 1 ERROR "$out/why")"
		return
	fi
	touch "$venv"
	find "$cache" -maxdepth 1 -name 'vendored-*' -mtime +7 -exec rm -rf {} + # those of sources that are no more
	module=$(cd / && "$venv/bin/python" -c 'import kb._kb; print(kb._kb.__file__)')
	[[ $module == "$venv"/* ]] || fail "the vendored service would use $module"
	if readelf -d "$module" | grep 'libkb\.so'; then fail 'the vendored module wants an installed libkb'; fi
	service 'with a vendored libkb in it' env -u PYTHONPATH -u LD_LIBRARY_PATH "$venv/bin/python"
	its_page "$venv/bin/python"
}

its_page() { # its_page INTERPRETER: what a person sees who presses its buttons
	case ${KB_LONG:-0} in 0 | OFF | '') left_out 'the page in a browser: takes longer, KB_LONG=1'; return ;; esac
	local chromium
	chromium=$(command -v chromium) || { left_out 'the page in a browser: there is no chromium'; return; }
	env -u PYTHONPATH -u LD_LIBRARY_PATH PYTHONDONTWRITEBYTECODE=1 "$1" "$here/page.py" "$chromium" "$programs/python-service/service.py" "$out/clusters" || fail 'the page'
	ok 'the page in a browser'
}
installed_service
vendored_service
