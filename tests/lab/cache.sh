# shellcheck shell=bash
# What takes long is made once and kept under the user's cache, in a folder whose name says what it was made from.

# key_of ARG...: a file or folder of the lab's sources counts by its content, anything else by its text
key_of() {
	local arg
	for arg; do
		case $arg in
		"$LAB_HERE"/*|"$LAB_CALICO"*) (cd "$(dirname "$arg")" && find "${arg##*/}" -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum) ;;
		*) printf '%s\n' "$arg" ;;
		esac
	done | sha256sum | cut -c1-16
}

# parts_of BUILDER: itself and what it sources
parts_of() {
	printf '%s\n' "$1"
	sed -n "s#^\. \"\\\${0%/\*}/\(.*\)\"\$#$LAB_HERE/builders/\1#p" "$1"
}

# made NAME BUILDER ARG...: runs BUILDER FOLDER ARG... unless its folder is there already; prints the folder
made() {
	local name=$1 builder=$LAB_HERE/builders/$2 key dir began=$SECONDS parts
	shift 2
	mapfile -t parts < <(parts_of "$builder")
	key=$(key_of "${parts[@]}" "$@")
	dir=$LAB_CACHE/$name-$key
	if [ ! -d "$dir" ]; then
		mkdir -p "$LAB_CACHE"
		exec 8>"$LAB_CACHE/.$name.lock"
		flock 8			# another lab may be at the same work
	fi
	if [ ! -d "$dir" ]; then
		forget_old "$name"
		say "$name: building (log: $dir.log)"
		rm -rf "$dir.part"
		still "$name" "$dir.log" "$BASHPID" >/dev/null 8>&- &
		"$builder" "$dir.part" "$@" >"$dir.log" 2>&1 </dev/null 8>&- || {
			kill $! 2>/dev/null || true
			tail -n 20 "$dir.log" >&2
			die "$name: ${builder##*/}: failed"
		}
		kill $! 2>/dev/null || true
		mv "$dir.part" "$dir"
		say "$name: built in $((SECONDS - began)) s"
	fi
	touch "$dir"
	printf '%s\n' "$dir"
}

# still NAME LOG BUILDER: a sign of life a minute, as long as the shell that builds lives
still() {
	while sleep 60 >/dev/null 2>&1 && kill -0 "$3" 2>/dev/null; do
		say "$1: still building: $(tail -n 1 "$2" | cut -c 1-100)"
	done
}

# forget_old NAME: what no run has touched for two weeks
forget_old() {
	find "$LAB_CACHE" -mindepth 1 -maxdepth 1 -name "$1-*" -mtime +14 -exec rm -rf {} +
}
