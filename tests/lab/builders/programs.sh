#!/bin/bash
# The lab's own programs: programs.sh OUT GUARD MIRROR POD, each a folder of sources
set -euo pipefail
out=$1 guard=$2
shift 2
mkdir -p "$out"
gcc -O2 -Wall -Wextra -Wconversion -Werror -o "$out/guard" "$guard/guard.c" -l:libseccomp.a
export CGO_ENABLED=0 GOTOOLCHAIN=local GOFLAGS="-mod=readonly -buildvcs=false"
for module; do
	(cd "$module" && go build -trimpath -ldflags '-s -w' -o "$out/${module##*/}" .)
done
