#!/bin/bash
# deps.sh: libyaml, libcrypto and cmocka built with musl, from the sources of this machine's own distribution. Prints the folder; what was
# made once is kept under the user's cache, in a folder named after what it was made from. Status 77 and a reason where it cannot be made.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/libkb-lab

skip() {
	echo "skipped: $*" >&2
	exit 77
}

command -v musl-gcc >/dev/null || skip 'musl-gcc is not installed (Debian: musl-tools)'
key=$({ cat "$0"; musl-gcc -dumpfullversion; dpkg-query -W musl-dev libssl-dev libyaml-dev; } 2>/dev/null | sha256sum | cut -c1-16)
out=$cache/musl-$key
[ ! -d "$out" ] || { echo "$out"; exit 0; }

mkdir -p "$cache"
exec 8>"$cache/.musl.lock"
flock 8
[ ! -d "$out" ] || { echo "$out"; exit 0; }
# shellcheck source=/dev/null
. "$here/../lab/builders/debian.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
log=$out.log

# fetch PACKAGE...: sources by apt, with lists of its own
fetch() {
	mkdir -p "$work"/apt/{lists,archives}/partial
	echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(debian_uri) $(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release) main" \
		>"$work/apt/sources.list"
	cat >"$work/apt/apt.conf" <<-CONF
		Dir::Etc::SourceList "$work/apt/sources.list";
		Dir::Etc::SourceParts "/dev/null";
		Dir::State::Lists "$work/apt/lists";
		Dir::Cache "$work/apt";
		APT::Sandbox::User "root";
	CONF
	(cd "$work" && export APT_CONFIG=$work/apt/apt.conf && apt-get -q update && apt-get -q --download-only source "$@")
	local archive
	for archive in "$work"/*.orig.tar.*[!c]; do tar -C "$work" -xf "$archive"; done
}

yaml() {
	cd "$work"/libyaml-*/
	musl-gcc -O1 -c -Iinclude -DYAML_VERSION_MAJOR=0 -DYAML_VERSION_MINOR=2 -DYAML_VERSION_PATCH=5 -DYAML_VERSION_STRING='"0.2.5"' src/*.c
	ar rcs "$work/out/lib/libyaml.a" ./*.o
	cp include/yaml.h "$work/out/include/"
}

cmocka() {
	cd "$work"/cmocka-*/
	musl-gcc -O1 -c -Iinclude -DHAVE_UNISTD_H -DHAVE_SYS_TYPES_H -DHAVE_SIGNAL_H -DHAVE_STRINGS_H -DHAVE_STRSIGNAL -DHAVE_CLOCK_GETTIME -DHAVE_TIME_H \
		-DHAVE_STRUCT_TIMESPEC -DHAVE_STDINT_H -DHAVE_INTTYPES_H -DHAVE_SETJMP_H -DHAVE_GCC_THREAD_LOCAL_STORAGE -D_GNU_SOURCE src/cmocka.c
	ar rcs "$work/out/lib/libcmocka.a" cmocka.o
	cp include/cmocka*.h "$work/out/include/"
}

crypto() {	# of it: keys, certificates, hashes
	cd "$work"/openssl-*/
	local without=(async tests engine asm module legacy secure-memory sock ui-console dso afalgeng ssl tls dtls cms ct ocsp ts srp cmp comp
		aria bf blake2 camellia cast des dh gost idea md4 mdc2 rc2 rc4 rmd160 seed siphash sm2 sm3 sm4 whirlpool scrypt psk ec2m)
	CC=musl-gcc ./Configure linux-"$(uname -m)" no-shared "${without[@]/#/no-}" -O1
	make -s -j2 build_generated
	make -s -j2 libcrypto.a
	cp libcrypto.a "$work/out/lib/"
	cp -r include/openssl "$work/out/include/"
}

mkdir -p "$work/out/lib" "$work/out/include"
{ fetch libyaml openssl cmocka || exit 1; } >"$log" 2>&1 8>&- || skip "the sources of libyaml, OpenSSL and cmocka cannot be had from apt: $(tail -n 1 "$log")"
for part in yaml cmocka crypto; do
	("$part") >>"$log" 2>&1 8>&- || { tail -n 20 "$log" >&2; echo "$part does not build with musl" >&2; exit 1; }
done
mv "$work/out" "$out"
echo "$out"
