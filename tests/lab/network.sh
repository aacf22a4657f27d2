# shellcheck shell=bash
# The lab's network: a namespace with a bridge, which is the controller's, the mirror's and the registry's place; and for each host a
# namespace with eth1 on that bridge and eth0 behind a NAT of its own, the same address on every host, as Vagrant makes it.

address_of() { printf '%s.%s\n' "$LAB_NET" "$(($1 + 1))"; }

name_of() {
	if [ "$1" = 1 ]; then echo "$LAB_CLUSTER-master1"; else echo "$LAB_CLUSTER-worker$(($1 - 1))"; fi
}

network_up() {
	! ip netns list | grep -qw "$LAB_NETNS" || return 0
	ip netns add "$LAB_NETNS"
	ip -n "$LAB_NETNS" link set lo up
	ip -n "$LAB_NETNS" link add cluster type bridge
	ip -n "$LAB_NETNS" addr add "$LAB_NET.1/24" dev cluster
	ip -n "$LAB_NETNS" link set cluster up
}

# network_host I: its two cards
network_host() {
	local i=$1 ns=$LAB_NAME-host$1 mac
	ip netns add "$ns"
	ip -n "$ns" link set lo up
	mac=$(printf '52:54:00:c0:a8:%02x' "$i")
	ip -n "$ns" link add eth1 address "$mac" type veth peer name "host$i" netns "$LAB_NETNS"
	ip -n "$LAB_NETNS" link set "host$i" master cluster up
	ip -n "$ns" addr add "$(address_of "$i")/24" dev eth1
	ip -n "$ns" link set eth1 up
	if [ "$LAB_NAT" = none ]; then
		ip -n "$ns" route add default via "$LAB_NET.1"
	else
		network_nat "$i" "${LAB_NAT%.*/*}" "${LAB_NAT#*/}"
	fi
}

# network_nat I PREFIX LENGTH: a router that answers on its inner side and leads nowhere
network_nat() {
	local ns=$LAB_NAME-host$1 nat=$LAB_NAME-host$1-nat
	ip netns add "$nat"
	ip -n "$ns" link add eth0 type veth peer name eth0 netns "$nat"
	ip -n "$nat" addr add "$2.2/$3" dev eth0
	ip -n "$nat" link set eth0 up
	ip -n "$ns" addr add "$2.15/$3" dev eth0
	ip -n "$ns" link set eth0 up
	ip -n "$ns" route add default via "$2.2"
}

# network_list: the lab's namespaces
network_list() { ip netns list | awk -v name="$LAB_NAME" '$1 ~ "^" name "-(lab|host[0-9]+(-nat)?)$" { print $1 }'; }

# network_strays: what clients that were killed left running in them; not those that this shell's own caller started
network_strays() {
	local ns pid session
	session=$(ps -o sid= -p $$)
	for ns in $(network_list); do
		for pid in $(ip netns pids "$ns"); do
			[ "$(ps -o sid= -p "$pid")" = "$session" ] || echo "$pid"
		done
	done
}

network_forget() {
	local ns pids
	mapfile -t pids < <(network_strays)
	[ ${#pids[@]} = 0 ] || kill -KILL "${pids[@]}" 2>/dev/null || true
	for ns in $(network_list); do
		ip netns del "$ns"
	done
}
