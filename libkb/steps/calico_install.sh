# shellcheck shell=sh disable=SC2154 # parameters, wants and what was made come as variables
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

kb_has() {
	printf '%s\n' "$kb_known" | grep -qxF "$1"
}

kb_statuses() {
	kb_ask get tigerastatuses.operator.tigera.io \
		-o 'jsonpath={range .items[*]}{.metadata.name}{range .status.conditions[*]} {.type}={.status}{end}{"\n"}{end}'
}

# kb_components: the TigeraStatus of each custom resource that is there
kb_components() {
	kb_kinds=
	for kb_kind in installations apiservers goldmanes whiskers; do
		if kb_has "$kb_kind.operator.tigera.io"; then kb_kinds="$kb_kinds,$kb_kind.operator.tigera.io"; fi
	done
	[ -n "$kb_kinds" ] || return 0
	kb_ask get "${kb_kinds#,}" -o name | sed -n 's#^installation.operator.tigera.io/default$#calico#p
		s#^\(apiserver\|goldmane\|whisker\).operator.tigera.io/default$#\1#p'
}

kb_lines() {
	printf '%s\n' "$2" | while IFS= read -r kb_line; do
		[ -z "$kb_line" ] || fact "$1" "$kb_line"
	done
}

probe() {
	kb_fact_api || return 0
	fact_of operator kb_ask -n tigera-operator get deployment tigera-operator --ignore-not-found \
		-o 'jsonpath={.spec.template.spec.containers[0].image} {.metadata.annotations.libkb-calico-version}'
	kb_known=$(kb_crds)
	fact crds.status "$?"
	kb_lines crd "$kb_known"
	if kb_has installations.operator.tigera.io; then
		fact_of installation kb_ask get installations.operator.tigera.io default --ignore-not-found -o 'jsonpath={.spec}'
	fi
	if kb_has ippools.crd.projectcalico.org; then
		kb_lines pool "$(kb_ask get ippools.crd.projectcalico.org \
			-o 'jsonpath={range .items[*]}{.spec.cidr} {.spec.blockSize} {.metadata.name}{"\n"}{end}')"
	fi
	kb_lines component "$(kb_components)"
	if kb_has tigerastatuses.operator.tigera.io; then kb_lines tigerastatus "$(kb_statuses)"; fi
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

kb_apply_manifests() {
	kb_file=$(umask 077 && mktemp /run/libkb-calico.XXXXXX) || return 1
	cat >"$kb_file"
	if [ -s "$kb_file" ] && until_ok 5 kb_apply_file "$kb_file"; then
		rm -f "$kb_file"
	else
		rm -f "$kb_file"
		die STEP calico.apply-failed "the manifests of Calico's operator could not be applied"
	fi
	until_ok 10 kb_established || die TIMEOUT calico.crds-not-established "the API server did not take up Calico's CRDs"
	kb_do -n tigera-operator annotate deployment tigera-operator --overwrite "libkb-calico-version=$want_version"
}

kb_apply_resources() {
	printf '%s' "$made_resources" | kb_do apply --server-side --force-conflicts --field-manager=libkb -f -
}

# kb_verdict: available, degraded NAME or waiting NAME, of all components that there are to be
kb_verdict() {
	kb_now=$(kb_statuses)
	kb_known=$(kb_crds)
	{
		echo calico
		kb_components
		printf '%s\n' "$kb_now" | cut -d' ' -f1
	} | grep . | awk '!seen[$0]++' | {
		kb_all=available
		while IFS= read -r kb_name; do
			kb_line=$(printf '%s\n' "$kb_now" | grep "^$kb_name ")
			case $kb_line in
			*' Degraded=True'*)
				case $kb_line in
				*' Progressing=True'*) kb_all="waiting $kb_name" ;;
				*)
					kb_all="degraded $kb_name"
					break
					;;
				esac
				;;
			*' Available=True'*) ;;
			*) kb_all="waiting $kb_name" ;;
			esac
		done
		echo "$kb_all"
	}
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
	if [ "$want_manifests" = yes ]; then kb_apply_manifests || return 1; fi
	if [ "$want_resources" = yes ]; then
		until_ok 15 kb_apply_resources || die STEP calico.apply-failed "Calico's custom resources could not be applied: $kb_said"
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
