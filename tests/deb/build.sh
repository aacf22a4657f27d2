#!/bin/bash
# build.sh: Debian packages of this tree, by dpkg-buildpackage in a copy of it. Prints the folder that holds them, which is kept under the user's
# cache and named after what they were made from. 77: cannot run here.
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/libkb-deb
# what the binary packages are made from: a change elsewhere does not make them again
parts=(CMakeLists.txt LICENSE README.md CHANGELOG.md bindings debian include libkb pkgconfig)
needs=(debhelper dh-python cmake ninja-build swig libpython3-dev libyaml-dev libcurl4-openssl-dev libssh2-1-dev libssl-dev dpkg-dev)

skip() {
	echo "packages: skipped: $*" >&2
	exit 77
}

# what is there of the tree, or of some parts, without what a build or a loaded module left
sources() {
	cd "$top"
	if git rev-parse --git-dir >/dev/null 2>&1; then git ls-files -coz --exclude-standard -- "$@"; else find "${@:-.}" -type f -not -path './build/*' -print0; fi |
		LC_ALL=C sort -z
}

key() {
	{
		sources "${parts[@]}" | (cd "$top" && xargs -0 sha256sum)
		dpkg-query -Wf '${Package} ${Version}\n' "${needs[@]}" gcc libc6-dev python3
	} | sha256sum | cut -c1-16
}

command -v dpkg-buildpackage >/dev/null || skip 'there is no dpkg-buildpackage'
for name in "${needs[@]}"; do
	[ "$(dpkg-query -Wf '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || skip "package $name is not installed"
done
folder=$cache/$(key)
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
if [ ! -d "$folder" ]; then
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	mkdir "$work/libkb"
	sources | (cd "$top" && xargs -0 cp --parents -t "$work/libkb")
	(cd "$work/libkb" && env -u MAKEFLAGS -u PYTHONPATH dpkg-buildpackage -us -uc) >"$work/log" 2>&1 </dev/null 9>&- || {
		tail -n 40 "$work/log" >&2
		exit 1
	}
	find "$cache" -mindepth 1 -maxdepth 1 -type d -mtime +14 -exec rm -rf {} +
	rm -rf "$work/libkb"
	mkdir "$folder.part"
	mv "$work"/* "$folder.part/"
	mv "$folder.part" "$folder"
fi
touch "$folder"
echo "$folder"
