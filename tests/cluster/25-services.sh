#!/bin/bash
# With the pod CIDR given, every host gets an answer from the service address of the API.
. "$(dirname "$0")/lib.sh"
for i in $(hosts_of_lab); do
	ask_version "$i" https://10.96.0.1 >"$out/version" 2>&1 || { cat "$out/version" >&2; fail "host $i: no answer at 10.96.0.1"; }
	wants '"gitVersion": "v1.34.4"' "$out/version"
done
ok 'every host gets an answer at 10.96.0.1'
