# shellcheck shell=bash
# The services on 192.168.1.1, inside the lab's network: names, mirror, registry. They run in groups of their own.

# service NAME COMMAND...: in the lab's network, until its group is ended
service() {
	local name=$1
	shift
	(
		cgroup_join "service-$name"
		exec setsid ip netns exec "$LAB_NETNS" "$@" </dev/null >>"$LAB_DIR/$name.log" 2>&1 9>&-
	) &
}

service_is_on() { [ -n "$(cgroup_pids "service-$1")" ]; }

# service_wait NAME PORT
service_wait() {
	local n
	for ((n = 0; n < 100; n++)); do
		ip netns exec "$LAB_NETNS" bash -c ": </dev/tcp/$LAB_NET.1/$2" 2>/dev/null && return 0
		sleep 0.1
	done
	tail -n 5 "$LAB_DIR/$1.log" >&2
	die "$1: does not listen on port $2"
}

# services_tree: what the mirror serves
services_tree() {
	local www=$LAB_DIR/www version
	mkdir -p "$www/calico" "$www/calicoctl"
	ln -sfn "$LAB_MIRROR/debian" "$www/debian"
	ln -sfn "$LAB_REPOSITORY/core:" "$www/core:"
	ln -sfn "$LAB_REPOSITORY/apt" "$www/apt"
	for version in "$LAB_CALICO"/v*; do
		mkdir -p "$www/calico/${version##*/}"
		ln -sfn "$version" "$www/calico/${version##*/}/manifests"
		ln -sfn "$LAB_OPERATOR/calicoctl/${version##*/}" "$www/calicoctl/${version##*/}"
	done
	cp "$LAB_REPOSITORY/fingerprint" "$LAB_DIR/repository.fingerprint"
}

services_up() {
	services_tree
	service names dnsmasq --keep-in-foreground --conf-file=/dev/null --no-hosts --no-resolv --no-poll --user=root --pid-file= \
		--bind-interfaces --listen-address="$LAB_NET.1" --address="/mirror.lab/$LAB_NET.1" --local=/#/
	service mirror "$LAB_GUARD/mirror" -root "$LAB_DIR/www" -address "$LAB_NET.1" \
		-cert "$LAB_DIR/tls/mirror.pem" -key "$LAB_DIR/tls/mirror.key"
	sed "s#@ROOT@#$LAB_REGISTRY/storage#; s#@ADDRESS@#$LAB_NET.1:5000#" "$LAB_HERE/registry.yml" >"$LAB_DIR/registry.yml"
	service registry "$LAB_DISTRIBUTION/docker-registry" serve "$LAB_DIR/registry.yml"
	service_wait mirror 80
	service_wait mirror 443
	service_wait registry 5000
}
