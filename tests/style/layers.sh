#!/bin/sh
# layers.sh CHECKOUT: a file includes its own layer and lower ones. base < text < steps, transport < the engine (libkb/*.c); examples see libkb.h alone.
set -eu
cd "$1"
failed=0
# forbid FOLDER PATTERN WHY
forbid() {
	if grep -rnE "^#include \"($2)" "$1" --include='*.c' --include='*.h'; then
		echo "$1: $3" >&2
		failed=1
	fi
}
forbid libkb/base '(text|transport|steps)/|(loop|session|plan|run|step|host|event|spec|cluster|fetch)\.h' 'base knows nothing above it'
forbid libkb/text '(transport|steps)/|(loop|session|plan|run|step|host|event|spec|cluster|fetch)\.h' 'text is pure: it knows base alone'
forbid libkb/transport '(text|steps)/|(session|plan|run|step|event|spec|cluster|fetch)\.h' 'a transport knows base and the loop alone'
forbid libkb/steps 'transport/|(loop|session|plan|run|host|event|spec|cluster)\.h' 'a step is a record: it knows base, text, fetch and steps alone'
if grep -rlE 'epoll_' libkb --include='*.c' --include='*.h' | grep -v '^libkb/loop\.'; then
	echo 'only loop.c knows epoll' >&2
	failed=1
fi
if grep -rnE '\bpoll\(|\bselect\(' libkb --include='*.c' | grep -vE '^libkb/sync\.c'; then
	echo 'only sync.c waits' >&2
	failed=1
fi
if grep -rnE '^#include [<"]' examples --include='*.c' | grep -E '"(base|text|steps|transport|[a-z_]*libkb/)|<kb/'; then
	echo 'an example includes libkb.h alone' >&2
	failed=1
fi
exit $failed
