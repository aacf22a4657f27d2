#!/bin/sh
# thread.sh SOURCE: builds the library and the tests that have several threads with ThreadSanitizer, in build/thread, and runs them.
# setarch -R: ThreadSanitizer before GCC 14 cannot live with the randomness of addresses that kernels from 6.6 on have.
set -eu
cd "$1"
tests='api/test_misuse loop/test_loop loop/test_session engine/test_embedder engine/test_plan engine/test_step'

[ -f build/thread/CMakeCache.txt ] || cmake --preset thread >/dev/null
targets=$(for test in $tests; do printf '%s ' "${test#*/}"; done)
# shellcheck disable=SC2086 # a list
cmake --build build/thread -j2 --target $targets >build/thread/log 2>&1 || { tail -20 build/thread/log; exit 1; }
for test in $tests; do
	echo "== $test"
	TSAN_OPTIONS='exitcode=66 second_deadlock_stack=1' setarch -R "build/thread/tests/$test"
done
