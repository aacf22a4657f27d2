# shellcheck shell=bash
# The proof that a cluster is one: what runs on any node reaches what runs on any other, the API and the names.

# lab_kubectl ARG...: with the kubeconfig that KUBECONFIG names, or the one that init left on the first host
lab_kubectl() {
	[ -n "${KUBECONFIG-}" ] || {
		(host_enter 1 cat /etc/kubernetes/admin.conf) >"$LAB_DIR/admin.conf.new" || die "the first host has no cluster"
		chmod 600 "$LAB_DIR/admin.conf.new"
		mv "$LAB_DIR/admin.conf.new" "$LAB_DIR/admin.conf"
	}
	ip netns exec "$LAB_NETNS" env KUBECONFIG="${KUBECONFIG-$LAB_DIR/admin.conf}" "$LAB_KUBERNETES/kubectl" "$@"
}

# lab_proof: says what each node reaches; fails if one does not reach all
lab_proof() {
	local failed=0 pod addresses targets=()
	lab_kubectl apply -f "$LAB_HERE/proof.yaml" >/dev/null
	lab_kubectl rollout status daemonset/proof --timeout=120s >/dev/null || die "proof: its pods do not become ready"
	addresses=$(lab_kubectl get pods -l app=proof -o 'jsonpath={range .items[*]}{.status.podIP}{"\n"}{end}')
	[ "$(wc -w <<<"$addresses")" = "$(lab_kubectl get nodes -o name | wc -l)" ] || die "proof: not a pod on every node"
	for pod in $addresses; do
		targets+=("http://$pod:8080/")
	done
	targets+=(https://10.96.0.1:443/version dns:kubernetes.default.svc.cluster.local)
	for pod in $(lab_kubectl get pods -l app=proof -o name); do
		proof_of "$pod" "${targets[@]}" || failed=1
	done
	lab_kubectl delete -f "$LAB_HERE/proof.yaml" --wait=false >/dev/null
	[ "$failed" = 0 ] || die "proof: failed"
	echo "proof: every node's pod reaches every pod, the API and the cluster's names, and its log can be read"
}

# proof_of POD TARGET...
proof_of() {
	local pod=$1 node status=0
	shift
	node=$(lab_kubectl get "$pod" -o 'jsonpath={.spec.nodeName}')
	lab_kubectl exec "$pod" -- /pod reach "$@" | sed "s/^/$node: /" | cut -c 1-120 || status=1
	[[ $(lab_kubectl logs "$pod") == *"serves on"* ]] || {
		say "$node: the log of $pod could not be read"
		status=1
	}
	return "$status"
}
