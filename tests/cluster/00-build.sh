#!/bin/bash
# The lab can be here, and everything that it needs is built.
. "$(dirname "$0")/lib.sh"
[ "$(id -u)" -eq 0 ] || skip 'the lab needs root'
if ! ip netns add kbprobe 2>/dev/null || ! ip netns del kbprobe; then skip 'the lab needs network namespaces'; fi
lab build
lab clean
ok 'the lab is built'
