#!/bin/bash
# A dry run on bare hosts: a verdict for every step of every host, exit status 3, and nothing touched.
. "$(dirname "$0")/lib.sh"
fresh_hosts
state "$out/before"
installer 3 plan "$cluster"
state "$out/after"
unchanged "$out/before" "$out/after" 'a dry run'
for step in host.facts hosts.entries swap.off kernel.modules kernel.sysctl containerd.install apt.repo packages.install packages.hold; do
	[ "$(grep -c " $step " "$out/log")" = 3 ] || fail "$step was not told for each of 3 hosts"
done
wants '#kb# /swapfile' "$out/log"	# a diff of bytes, not only a verdict
ok 'every step has its verdict and diff'
