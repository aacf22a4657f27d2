#!/bin/bash
# The lab leaves the machine as it was.
. "$(dirname "$0")/lib.sh"
lab down >"$out/down" 2>&1 || { cat "$out/down" >&2; fail 'down'; }
[ -z "$(ip netns list | grep "^$KB_LAB_NAME-" || true)" ] || fail 'a namespace is left'
if grep -F " $KB_LAB/" /proc/self/mounts; then fail 'a mount is left'; fi
[ -z "$(find /sys/fs/cgroup -maxdepth 2 -name "$KB_LAB_NAME-*" 2>/dev/null)" ] || fail 'a control group is left'
ok 'nothing is left'
