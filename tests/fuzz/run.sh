#!/bin/bash
# run.sh BUILD NOUN: the harness looks on from its seeds: 2,000 inputs, the same ones each time, so that a change is judged by what it changed; or for
# KB_FUZZ_SECONDS (600 when KB_LONG is 1), others each time. An input that breaks it is left in
# BUILD/found, and shown. What is new and does not break it is kept in BUILD/corpus, where the next run goes on.
set -euo pipefail
build=$1 noun=$2
here=$(cd "$(dirname "$0")" && pwd)
seconds=0 largest=4096
if [ "${KB_LONG:-0}" = 1 ]; then seconds=600; fi
seconds=${KB_FUZZ_SECONDS:-$seconds}
program=$build/tests/fuzz/fuzz_$noun
mkdir -p "$build/found" "$build/corpus/$noun"

# look SECONDS LARGEST: a slow input is one that takes a minute on a machine that others have too; the harness itself counts its own time
look() {
	timeout $(($1 * 3 + 300)) "$program" "${@:3}" -max_total_time="$1" -max_len="$2" -timeout=60 -rss_limit_mb=2048 -print_final_stats=1 \
		-verbosity=0 -artifact_prefix="$build/found/$noun-" "$build/corpus/$noun" "$here/corpus/$noun"
}

if [ "$seconds" = 0 ]; then
	look 120 "$largest" -seed=1 -runs=2000 2>&1 | tail -n 60
	exit
fi
look "$seconds" "$largest" 2>&1 | tail -n 60
if [ "$seconds" -ge 60 ]; then	# large inputs are slow, and find what is quadratic
	look $((seconds / 4)) 1048576 2>&1 | tail -n 60
fi
