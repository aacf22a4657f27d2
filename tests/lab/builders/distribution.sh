#!/bin/bash
# The registry's program, distribution.sh OUT: taken out of Debian's package rather than installed, which would start it as a service.
set -euo pipefail
out=$1
mkdir -p "$out"
cd "$out"
apt-get -o APT::Sandbox::User=root -q download docker-registry
dpkg-deb -x docker-registry_*.deb unpacked
mv unpacked/usr/bin/docker-registry .
rm -rf unpacked docker-registry_*.deb
