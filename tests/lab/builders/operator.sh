#!/bin/bash
# The stand-ins for Calico's programs: operator.sh OUT SOURCES VERSION...
#
# OUT/operator and OUT/node go into images; OUT/calicoctl/VERSION/ holds what a release of calicoctl holds.
set -euo pipefail
out=$1 sources=$2
shift 2
export CGO_ENABLED=0 GOTOOLCHAIN=local GOFLAGS="-mod=readonly -buildvcs=false"
arch=$(go env GOARCH)
mkdir -p "$out"
cd "$sources"
nice go build -trimpath -ldflags '-s -w' -o "$out/operator" .
nice go build -trimpath -ldflags '-s -w' -o "$out/node" ./node
for version; do
	mkdir -p "$out/calicoctl/$version"
	go build -trimpath -ldflags "-s -w -X main.version=$version" -o "$out/calicoctl/$version/calicoctl-linux-$arch" ./calicoctl
	(cd "$out/calicoctl/$version" && sha256sum calicoctl-linux-* >SHA256SUMS)
done
