# shellcheck shell=bash
# What is built once and found again in the cache. Each function prints the folder that it made or found.

build_kubernetes() { made kubernetes kubernetes.sh "$LAB_HERE/kubernetes"; }

build_programs() { made programs programs.sh "$LAB_HERE/guard" "$LAB_HERE/mirror" "$LAB_HERE/pod"; }

build_base() { made "base-$1" base.sh "$1" "$(uname -r)"; }

build_mirror() { made "mirror-$1" mirror.sh "$1" "$(build_base "$1")"; }

build_repository() { made repository repository.sh "$(build_kubernetes)" "$(build_mirror bookworm)"; }

build_operator() {
	local versions=("$LAB_CALICO"/v*)
	made operator operator.sh "$LAB_HERE/operator" "${versions[@]##*/}"
}

build_distribution() { made distribution distribution.sh; }

build_registry() {
	made registry registry.sh "$(build_distribution)/docker-registry" "$LAB_HERE/images.py" "$(build_kubernetes)" "$(build_base bookworm)/root" "$(build_programs)" \
		"$(build_operator)" "$LAB_CALICO"
}

# build_all SUITE: the two long ones side by side; sets where everything is
build_all() {
	local kubernetes
	build_kubernetes >/dev/null &
	kubernetes=$!
	LAB_BASE=$(build_base "$1") LAB_MIRROR=$(build_mirror "$1") LAB_GUARD=$(build_programs)
	wait "$kubernetes"
	LAB_KUBERNETES=$(build_kubernetes)
	LAB_DISTRIBUTION=$(build_distribution) LAB_REPOSITORY=$(build_repository) LAB_OPERATOR=$(build_operator) LAB_REGISTRY=$(build_registry)
	export LAB_BASE LAB_MIRROR LAB_GUARD LAB_KUBERNETES LAB_DISTRIBUTION LAB_REPOSITORY LAB_OPERATOR LAB_REGISTRY
}
