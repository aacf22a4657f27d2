#!/bin/sh
# Run as root on a host: prints what it holds, one line a thing, for comparing before and after. Files with type, mode, owner, size, ctime and (of
# those that somebody configures) hash; packages, holds, units, kernel settings. A folder has no ctime here: on an overlay it is set by the first
# look, and what is made or removed in a folder shows as a line of its own.
#
# Left out, each for its reason:
#   /var/log /run /tmp            what runs writes there by itself
#   /var/lib/etcd                 the cluster's own data: its objects are compared by their generation
#   /var/lib/containerd /var/lib/kubelet/{pods,plugins*,device-plugins,*_state*,pod-resources}   what containers and kubelet keep while they run
#   /var/lib/systemd /var/cache/ldconfig /var/lib/apt/periodic   timers' stamps
#   /etc/resolv.conf /etc/mtab    belongs to the network of the host
#   /var/lib/calico /var/lib/cni  leases of running pods
#   /root/.kube/cache /home/*/.kube/cache  kubectl's own cache of what the API offers
find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp -o -path /var/log -o -path /var/tmp \
	-o -path /var/lib/etcd -o -path /var/lib/containerd -o -path /var/lib/kubelet -o -path /var/lib/systemd -o -path /var/cache/ldconfig \
	-o -path /var/lib/apt/periodic -o -path /var/lib/cni -o -path /var/lib/calico -o -path '*/.kube/cache' \) -prune -o \
	! -path / \( -type d -printf '%p %y %m %u:%g\n' -o -printf '%p %y %m %u:%g %s %C@ %l\n' \) 2>/dev/null |
	grep -vE '^/(etc/resolv.conf|etc/mtab) ' | sort
for tree in /var/lib/kubelet /var/lib/containerd; do	# bind-mounted, so -xdev did not see what is in them
	[ ! -d "$tree" ] || find "$tree" -maxdepth 1 -type f ! -name '*_state*' ! -name '.*' -printf '%p %y %m %u:%g %s %C@\n' | sort
done
find /etc /opt/cni /root /home /usr/local -xdev -type f ! -path '*/.kube/cache/*' ! -name resolv.conf -print0 2>/dev/null | sort -z | xargs -0 sha256sum
dpkg-query -W -f '${Package} ${Version} ${db:Status-Status}\n' | sed 's/^/package /'
dpkg --get-selections | awk '$2 == "hold" {print "hold", $1}'
systemctl list-unit-files --no-legend --no-pager --type=service,swap,target 2>/dev/null | awk '{print "unit", $1, $2}' | grep -v '\.mount ' | sort
for unit in containerd kubelet; do
	systemctl show -p Id,ActiveState,ExecMainStartTimestampMonotonic "$unit" 2>/dev/null | tr '\n' ' '
	echo
done
sysctl -n net.ipv4.ip_forward net.bridge.bridge-nf-call-iptables net.bridge.bridge-nf-call-ip6tables 2>&1 | tr '\n' ' '
echo
