#!/bin/bash
# With the pod CIDR given, every host gets an answer from the service address of the API.
. "$(dirname "$0")/lib.sh"
for i in $(hosts_of_lab); do
	lab enter "$i" kubectl --server https://10.96.0.1 --insecure-skip-tls-verify --request-timeout 10s get --raw /version >"$out/version" 2>&1 ||
		{ cat "$out/version" >&2; fail "host $i: no answer at 10.96.0.1"; }
done
ok 'every host gets an answer at 10.96.0.1'
