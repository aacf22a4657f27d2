# shellcheck shell=sh disable=SC2154,SC2034 # parameters, wants and what was made come as variables; read takes the rest of a line
# calico.install: stdin has the CRDs and the operator, made_resources the custom resources; want_manifests, want_resources say what is to be applied

# kb_crds: which of Calico's kinds the API server has taken up; asked for by group, since the CRDs themselves are megabytes
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

# what is looked at; of these kinds 3.30 and later have all
kb_kinds='installations.operator.tigera.io apiservers.operator.tigera.io goldmanes.operator.tigera.io whiskers.operator.tigera.io tigerastatuses.operator.tigera.io ippools.crd.projectcalico.org'

# kb_about KINDS COMMAND...: the question for kb_ask or the like, of the operator and of all objects of these kinds. A line each:
# KIND|NAME| TYPE=STATUS...|CIDR BLOCKSIZE|IMAGE VERSION|SPEC
kb_about() {
	kb_of=deployments.apps
	for kb_kind in $1; do kb_of=$kb_of,$kb_kind; done
	shift
	"$@" -n tigera-operator get "$kb_of" -o 'jsonpath={range .items[*]}{.kind}|{.metadata.name}|{range .status.conditions[*]} {.type}={.status}{end}|{.spec.cidr} {.spec.blockSize}|{.spec.template.spec.containers[0].image} {.metadata.annotations.libkb-calico-version}|{.spec}{"\n"}{end}'
}

# kb_look_closer: where not all of these kinds are known: those that are, in kb_kinds, and their objects in kb_answer
kb_look_closer() {
	kb_known=$(kb_crds) || return 1
	kb_all=$kb_kinds kb_kinds=
	for kb_kind in $kb_all; do
		case "$kb_newline$kb_known$kb_newline" in *"$kb_newline$kb_kind$kb_newline"*) kb_kinds="$kb_kinds $kb_kind" ;; esac
	done
	kb_answer=$(kb_about "$kb_kinds" kb_ask)
}

# kb_component KIND: the TigeraStatus of a custom resource, in kb_name; fails for what has none
kb_component() {
	case $1 in
	Installation) kb_name=calico ;;
	APIServer) kb_name=apiserver ;;
	Goldmane) kb_name=goldmane ;;
	Whisker) kb_name=whisker ;;
	*) return 1 ;;
	esac
}

# kb_facts_of: of one object
kb_facts_of() {
	case $1/$2 in
	Deployment/tigera-operator) fact operator "$5" ;;
	IPPool/*) fact pool "$4 $2" ;;
	TigeraStatus/*) fact tigerastatus "$2$3" ;;
	*/default)
		if kb_component "$1"; then fact component "$kb_name"; fi
		[ "$1" != Installation ] || fact installation "$6"
		;;
	esac
}

probe() {
	kb_about "$kb_kinds" kb_fact_api || return 0
	kb_known=$kb_kinds
	if [ "$kb_answer_status" -ne 0 ]; then
		kb_look_closer
		kb_answer_status=$?
	fi
	fact crds.status "$kb_answer_status"
	fact operator.status "$kb_answer_status"
	for kb_kind in $kb_known; do fact crd "$kb_kind"; done
	while IFS='|' read -r kb_kind kb_object kb_conditions kb_pool kb_operator kb_spec; do
		kb_facts_of "$kb_kind" "$kb_object" "$kb_conditions" "$kb_pool" "$kb_operator" "$kb_spec"
	done <<EOF_OBJECTS
$kb_answer
EOF_OBJECTS
	return 0
}

kb_apply_file() {
	kb_do apply --server-side --force-conflicts --field-manager=libkb -f "$1"
}

kb_established() {
	# shellcheck disable=SC2046 # words without blanks
	kb_do wait --for=condition=Established --timeout=10s crd/tigerastatuses.operator.tigera.io \
		$(printf '%s\n' "$made_resources" | sed -n 's/^kind: *\([A-Za-z]*\).*/\1/p' | tr '[:upper:]' '[:lower:]' | sed 's/.*/crd\/&s.operator.tigera.io/')
}

# kb_part_deployments FILE: its Deployments go to FILE.late, the rest to FILE.soon
kb_part_deployments() {
	awk -v first="$1" 'FNR == 1 { pass++; at = 0 }
		/^---/ { at++ }
		pass == 1 && /^kind: *Deployment[ \t\r]*$/ { late[at] = 1 }
		pass == 2 { print >(first (at in late ? ".late" : ".soon")) }' "$1" "$1"
}

# kb_services_run: each node's kube-proxy is up, where that is what makes services reachable
kb_services_run() {
	# shellcheck disable=SC2046 # two numbers, or none
	set -- $(kb_ask -n kube-system get daemonset kube-proxy --ignore-not-found -o 'jsonpath={.status.desiredNumberScheduled} {.status.numberReady}')
	[ "${1-0}" = "${2-0}" ]
}

# kb_apply_operator FILE: with the note of its version, at once: of an operator that a killed run left without one it may not be known
kb_apply_operator() {
	kb_do annotate --local -f "$1.late" -o yaml "libkb-calico-version=$want_version" >"$1.noted" && kb_apply_file "$1.noted"
}

# kb_apply_parts FILE: the custom resources as soon as their kinds are there; the operator last, and where it reaches the API server: when it starts
# on a node that has just joined, before the rules of kube-proxy, its first connection hangs for half a minute
kb_apply_parts() {
	{ kb_part_deployments "$1" && until_ok 5 kb_apply_file "$1.soon"; } ||
		die STEP calico.apply-failed "the manifests of Calico's operator could not be applied"
	until_ok 10 kb_established || die TIMEOUT calico.crds-not-established "the API server did not take up Calico's CRDs"
	if [ "$want_resources" = yes ]; then kb_apply_own; fi
	until_ok 30 kb_services_run || echo 'kube-proxy is not ready on every node'
	until_ok 5 kb_apply_operator "$1" || die STEP calico.apply-failed "Calico's operator could not be applied"
}

kb_apply_manifests() {
	kb_file=$(umask 077 && mktemp /run/libkb-calico.XXXXXX) || return 1
	cat >"$kb_file"
	(umask 077 && kb_apply_parts "$kb_file")
	kb_code=$?
	rm -f "$kb_file" "$kb_file".*
	return "$kb_code"
}

kb_apply_resources() {
	printf '%s' "$made_resources" | kb_do apply --server-side --force-conflicts --field-manager=libkb -f -
}

kb_apply_own() {
	until_ok 15 kb_apply_resources || die STEP calico.apply-failed "Calico's custom resources could not be applied: $kb_said"
}

# kb_verdict: available, degraded NAME or waiting NAME, of all components that there are to be
kb_verdict() {
	kb_answer=$(kb_about "$kb_kinds" kb_ask 2>/dev/null) || kb_look_closer
	kb_components=' calico ' kb_statuses=$kb_newline
	while IFS='|' read -r kb_kind kb_object kb_conditions kb_rest; do
		if [ "$kb_kind" = TigeraStatus ]; then
			kb_statuses="$kb_statuses$kb_object$kb_conditions $kb_newline"
			kb_name=$kb_object
		elif [ "$kb_object" != default ] || ! kb_component "$kb_kind"; then
			continue
		fi
		case $kb_components in *" $kb_name "*) ;; *) kb_components="$kb_components$kb_name " ;; esac
	done <<EOF_OBJECTS
$kb_answer
EOF_OBJECTS
	kb_all=available
	for kb_name in $kb_components; do
		kb_line=${kb_statuses#*"$kb_newline$kb_name "}
		[ "$kb_line" != "$kb_statuses" ] || kb_line=
		case " ${kb_line%%"$kb_newline"*}" in
		*' Degraded=True '*)
			case " ${kb_line%%"$kb_newline"*}" in
			*' Progressing=True '*) kb_all="waiting $kb_name" ;;
			*)
				kb_all="degraded $kb_name"
				break
				;;
			esac
			;;
		*' Available=True '*) ;;
		*) kb_all="waiting $kb_name" ;;
		esac
	done
	echo "$kb_all"
}

kb_conditions() {
	kb_ask get tigerastatuses.operator.tigera.io -o 'jsonpath={range .items[*]}{.metadata.name}:{range .status.conditions[?(@.status=="True")]} {.type}: {.reason}: {.message}{end}{"\n"}{end}'
}

# kb_await: until all is available. The operator may be degraded for a moment on its way; for half a minute on end is an answer
kb_await() {
	kb_end=$(($(date +%s) + timeout))
	kb_degraded_since=
	kb_last=
	while :; do
		kb_state=$(kb_verdict)
		kb_time=$(date +%s)
		[ "$kb_state" = "$kb_last" ] || printf '%s\n' "$kb_state"
		kb_last=$kb_state
		case $kb_state in
		available) return 0 ;;
		degraded*)
			: "${kb_degraded_since:=$kb_time}"
			if [ $((kb_time - kb_degraded_since)) -ge 30 ]; then
				kb_why=$(kb_conditions | sed -n "s/^${kb_state#degraded }:.* Degraded: //p")
				die STEP calico.degraded "${kb_state#degraded } is degraded: $kb_why"
			fi
			;;
		*) kb_degraded_since= ;;
		esac
		if [ "$kb_time" -ge "$kb_end" ]; then
			die TIMEOUT calico.not-available "Calico is not available after $timeout s: ${kb_state}"
		fi
		sleep 2
	done
}

apply() {
	[ -e /etc/kubernetes/admin.conf ] || die STEP calico.no-admin-conf "/etc/kubernetes/admin.conf is not there: the host is no control plane"
	if [ "$want_manifests" = yes ]; then
		kb_apply_manifests || return 1
	elif [ "$want_resources" = yes ]; then
		kb_apply_own
	fi
	kb_await
}

evidence() {
	echo 'status of the components:'
	kb_conditions | cut -c 1-500
	echo 'pods that are not running:'
	for kb_namespace in tigera-operator calico-system calico-apiserver; do
		kb_ask -n "$kb_namespace" get pods -o wide 2>&1 | grep -v ' Running ' | head -n 10
	done
	echo 'the operator says:'
	kb_ask -n tigera-operator logs deployment/tigera-operator --tail=15 2>&1 | cut -c 1-400
}
