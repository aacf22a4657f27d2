#!/bin/sh
# stub.sh INCLUDE FOLDER: makes FOLDER/libkb.so from the public headers alone: every function is there, with its types, and does nothing but
# trap. Programs are linked with it as with the library; its debug information knows what is public, and nothing else.
set -eu
include=$1 folder=$2
mkdir -p "$folder"
{
	echo '#include <libkb.h>'
	awk '/^KB_API / { is_open = 1 }
		is_open {
			line = $0
			sub(/^KB_API /, "__attribute__((visibility(\"default\"))) ", line)
			is_last = sub(/;$/, " { __builtin_trap(); }", line)
			print line
			if (is_last) is_open = 0
		}' "$include"/kb/*.h
} >"$folder/stub.c"
printf 'LIBKB_0.1 {\n\tglobal: kb_*;\n\tlocal: *;\n};\n' >"$folder/stub.map"
${CC:-cc} -std=gnu11 -g -fno-eliminate-unused-debug-types -fPIC -shared -w -I"$include" -o "$folder/libkb.so.0" "$folder/stub.c" -Wl,-soname,libkb.so.0 \
	-Wl,--version-script="$folder/stub.map"
ln -sf libkb.so.0 "$folder/libkb.so"
