#!/bin/bash
# The Debian packages on a host that became a cluster: apt installs them with what they need from the lab's mirror, Python and C look at the
# host's own cluster by local:, and apt takes them away again.
. "$(dirname "$0")/lib.sh"
packages=$("$top/tests/deb/build.sh") || { [ $? = 77 ] && skip 'no packages can be built here'; fail 'the packages'; }
for deb in "$packages"/libkb0_*.deb "$packages"/python3-kb_*.deb; do
	lab enter 1 sh -c "cat >/tmp/${deb##*/}" <"$deb"
done
lab enter 1 sh -ec 'export DEBIAN_FRONTEND=noninteractive
	apt-get -q update && apt-get -q -y --no-install-recommends install /tmp/libkb0_*.deb /tmp/python3-kb_*.deb
	dpkg -s libkb0 python3-kb | grep -c "^Status: install ok installed" | grep -qx 2' </dev/null >"$out/apt" 2>&1 ||
	{ tail -n 40 "$out/apt" >&2; fail 'apt does not install them'; }
ok "apt installs them, and $(grep -c '^Setting up' "$out/apt") packages in all"

# a program built with libkb-dev, which runs with the host's libkb0
mkdir "$out/dev"
for deb in "$packages"/libkb0_*.deb "$packages"/libkb-dev_*.deb; do
	dpkg-deb -x "$deb" "$out/dev"
done
cc -o "$out/one-step" "$top/examples/01-one-step.c" -I"$out/dev/usr/include" -L"$out/dev/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH)" -lkb
lab enter 1 sh -c 'cat >/tmp/one-step && chmod +x /tmp/one-step && /tmp/one-step local:' <"$out/one-step" >"$out/c" 2>&1 ||
	{ cat "$out/c" >&2; fail 'C'; }
wants 'swap.off: ' "$out/c"
ok "C: $(head -n 1 "$out/c")"

lab enter 1 python3 -W error - <<'PY' >"$out/python" 2>&1 || { cat "$out/python" >&2; fail 'Python'; }
import json

import kb

nodes = ["cluster1-master1 192.168.1.2", "cluster1-worker1 192.168.1.3", "cluster1-worker2 192.168.1.4"]
with kb.Context() as c:
    here = c.host("cluster1-master1", "local:")
    status = here.check(kb.cluster_status(), timeout=120)
    names = [node["name"] for node in json.loads(status.outputs["status"])["nodes"]]
    ready = here.run(kb.node_ready(nodes=nodes), timeout=300)
    print(kb.__version__, status.verdict, *names)
    print(ready.verdict, "changed" if ready.changed else "unchanged")
PY
version=$(dpkg-deb -f "$packages"/libkb0_*.deb Version)
diff - "$out/python" <<-WANT || fail 'Python: another answer'
	$version present cluster1-master1 cluster1-worker1 cluster1-worker2
	present unchanged
WANT
ok 'Python: the host looks at its own cluster by local:'

lab enter 1 sh -ec 'export DEBIAN_FRONTEND=noninteractive
	apt-get -q -y purge --auto-remove python3-kb libkb0 && rm /tmp/*.deb /tmp/one-step
	! ls -d /usr/lib/*/libkb* /usr/lib/python3/dist-packages/kb 2>/dev/null' </dev/null >"$out/apt" 2>&1 ||
	{ tail -n 40 "$out/apt" >&2; fail 'apt does not take them away'; }
ok 'apt takes them away'
