#!/bin/bash
# Debian 13: every step that comes before kubeadm, and the second run writes nothing.
. "$(dirname "$0")/lib.sh"
unset KB_LAB_NAT
fresh_hosts 1 --suite trixie
rm -f "$KB_LAB/kubeconfig"
steps=(--only host.facts --only hosts.entries --only swap.off --only 'kernel.*' --only containerd.install --only apt.repo --only 'packages.*')
installer 0 up "$cluster" "${steps[@]}"
lab enter 1 kubeadm version -o short >"$out/version"
wants v1.34.4 "$out/version"
state "$out/before"
installer 0 up "$cluster" "${steps[@]}"
state "$out/after"
unchanged "$out/before" "$out/after" 'the second run on Debian 13'
lab down >/dev/null 2>&1
ok 'Debian 13 is ready for kubeadm'
