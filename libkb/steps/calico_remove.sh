# shellcheck shell=sh disable=SC2154 # parameters come as variables
# calico.remove: timeout
#
# The custom resources hold finalizers that only the operator takes off: so they go first, and the operator last.

kb_kinds='apiservers goldmanes whiskers installations' # in the order in which they go

# kb_crds: all of Calico's; the names alone, since each is megabytes
kb_crds() {
	for kb_group in operator.tigera.io crd.projectcalico.org; do
		kb_said=$(kb_ask get --raw "/apis/$kb_group/v1" 2>&1) || case $kb_said in
		*NotFound* | *'could not find the requested resource'*) kb_said= ;;
		*)
			printf '%s\n' "$kb_said" >&2
			return 1
			;;
		esac
		printf '%s\n' "$kb_said" | grep -o '"name":"[a-z]*"' | sed "s/^\"name\":\"\(.*\)\"\$/\1.$kb_group/"
	done
}

# kb_resources: custom resources that are there, as KIND.GROUP/NAME
kb_resources() {
	kb_known=$(kb_crds) || return 1
	for kb_kind in $kb_kinds; do
		printf '%s\n' "$kb_known" | grep -qx "$kb_kind.operator.tigera.io" || continue
		kb_ask get "$kb_kind.operator.tigera.io" -o name || return 1
	done
}

# kb_objects: what belongs to the operator itself, and the namespaces that it makes
kb_objects() {
	kb_ask get namespace tigera-operator calico-system calico-apiserver --ignore-not-found -o name &&
		kb_ask get clusterrole tigera-operator tigera-operator-secrets --ignore-not-found -o name &&
		kb_ask get clusterrolebinding tigera-operator --ignore-not-found -o name
}

kb_lines() {
	printf '%s\n' "$2" | while IFS= read -r kb_line; do
		[ -z "$kb_line" ] || fact "$1" "$kb_line"
	done
}

probe() {
	kb_fact_api || return 0
	kb_list=$(kb_resources)
	fact resources.status "$?"
	kb_lines resource "$kb_list"
	kb_list=$(kb_objects)
	fact objects.status "$?"
	kb_lines object "$kb_list"
	kb_lines crd "$(kb_crds)"
}

kb_operator_lives() {
	[ "$(kb_ask -n tigera-operator get deployment tigera-operator -o 'jsonpath={.status.readyReplicas}' 2>/dev/null)" -ge 1 ] 2>/dev/null
}

kb_no_resources() {
	kb_rest=$(kb_resources) && [ -z "$kb_rest" ]
}

# kb_free: without an operator nobody else would take the finalizers off
kb_free() {
	for kb_object in $(kb_resources); do
		printf 'no operator is there to clean up: taking the finalizers off %s\n' "$kb_object"
		kb_do patch "$kb_object" --type=merge -p '{"metadata":{"finalizers":null}}'
	done
}

apply() {
	kb_end=$(($(date +%s) + timeout))
	for kb_object in $(kb_resources); do
		kb_do delete "$kb_object" --wait=false --ignore-not-found || return 1
	done
	until kb_no_resources; do
		kb_operator_lives || kb_free
		if [ "$(date +%s)" -ge "$kb_end" ]; then
			for kb_object in $(kb_resources); do clue "$kb_object: $(kb_ask get "$kb_object" -o 'jsonpath={.metadata.finalizers}')"; done
			die TIMEOUT calico.not-gone "Calico's custom resources are still there after $timeout s"
		fi
		sleep 1
	done
	kb_left=$(kb_objects | grep -v '^namespace/calico-')
	# shellcheck disable=SC2086 # names without blanks
	[ -z "$kb_left" ] || kb_do delete $kb_left --ignore-not-found --timeout=60s || return 1
	kb_left=$(kb_crds | sed 's/^/crd\//')
	# shellcheck disable=SC2086
	[ -z "$kb_left" ] || kb_do delete $kb_left --ignore-not-found --timeout=60s || return 1
	kb_left=$(kb_objects)
	# shellcheck disable=SC2086
	[ -z "$kb_left" ] || kb_do delete $kb_left --ignore-not-found --timeout=120s
}

evidence() {
	echo 'the operator says:'
	kb_ask -n tigera-operator logs deployment/tigera-operator --tail=15 2>&1 | cut -c 1-400
	kb_ask get pods -n calico-system -o wide 2>&1 | head -n 20
}
