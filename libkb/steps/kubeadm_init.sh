# shellcheck shell=sh disable=SC2154 # parameters and wants come as variables
# kubeadm.init: the options of kubeadm init; the judge makes its configuration
#
# While init has not ended well its configuration lies in $kb_begun, behind a line that names what was in the folder of certificates before.
# So a run that was killed is known as ours, and is gone on with: kubeadm takes up the certificates, files and etcd data that it finds.

kb_home=/etc/kubernetes
kb_begun=$kb_home/libkb-init.yaml
kb_manifests=$kb_home/manifests
kb_kubelet_config=/var/lib/kubelet/config.yaml

kb_pki_files() {
	(cd "$1" 2>/dev/null && find . -type f -printf '%P ')
}

kb_config_map() {
	kb_ask -n kube-system get configmap kubeadm-config --ignore-not-found -o 'jsonpath={.data.ClusterConfiguration}'
}

# kb_facts_of_api: what the API server says, when there should be one. On a host that just booted it comes in a while; whether it is ready is asked
# when it does not answer
kb_facts_of_api() {
	if [ "${kb_shared_status-1}" -eq 0 ]; then
		case $kb_shared in
		*"$kb_newline$kb_newline"*) kb_config=${kb_shared#*"$kb_newline$kb_newline"} ;;
		*) kb_config= ;;
		esac
	else
		kb_config=$(kb_config_map 2>/dev/null)
	fi
	# shellcheck disable=SC2181 # of whichever was asked
	if [ $? -eq 0 ]; then
		fact api.status 0
		fact config "$kb_config"
		fact config.status 0
		return
	fi
	kb_patience=0
	if [ ! -e "$kb_begun" ] && systemctl -q is-active kubelet 2>/dev/null; then kb_patience=15; fi
	kb_wait_ready "$kb_patience"
	kb_status=$?
	fact api.status "$kb_status"
	[ "$kb_status" -eq 0 ] || fact api "$kb_ready"
	[ "$kb_status" -eq 0 ] || return 0
	fact_of config kb_config_map
}

# kb_is_there KIND NAME...
kb_is_there() {
	[ -n "$(kb_ask get "$@" --ignore-not-found -o name 2>/dev/null)" ]
}

# kb_phase: how far kubeadm init came, by what it left behind
kb_phase() {
	if [ -e "$kb_home/admin.conf" ] && have kubectl && kb_ask get --raw /readyz >/dev/null 2>&1; then
		if kb_is_there -n kube-system daemonset/kube-proxy deployment/coredns; then
			echo addon
		elif kb_is_there -n kube-public configmap/cluster-info; then
			echo bootstrap-token
		elif kb_is_there nodes -l node-role.kubernetes.io/control-plane; then
			echo mark-control-plane
		elif kb_is_there -n kube-system configmap/kubeadm-config; then
			echo upload-config
		else
			echo wait-control-plane
		fi
	elif [ -e "$kb_kubelet_config" ]; then
		echo kubelet-start
	elif [ -e "$kb_manifests/kube-apiserver.yaml" ]; then
		echo control-plane
	elif [ -e "$kb_manifests/etcd.yaml" ]; then
		echo etcd
	elif [ -e "$kb_home/admin.conf" ]; then
		echo kubeconfig
	elif [ -n "$(kb_pki_files "$cert_dir")" ]; then
		echo certs
	else
		echo preflight
	fi
}

# kb_facts_for_init: what only one that is to be made, or to be gone on with, depends on
kb_facts_for_init() {
	if have kubeadm; then fact kubeadm "$(kubeadm version -o short 2>/dev/null)"; fi
	have ip || return 0
	fact_of addresses ip -o address show
	fact_of routes ip -o route show table main
}

probe() {
	for kb_file in admin.conf kubelet.conf bootstrap-kubelet.conf manifests/kube-apiserver.yaml; do
		if [ -e "$kb_home/$kb_file" ]; then fact found "$kb_file"; fi
	done
	if [ -d /var/lib/etcd/member ]; then fact found etcd; fi
	fact_file ca "$cert_dir/ca.crt"
	if [ -r "$kb_manifests/kube-apiserver.yaml" ]; then
		fact advertised "$(sed -n 's/^ *- --advertise-address=//p' "$kb_manifests/kube-apiserver.yaml")"
	fi
	if [ -r "$kb_home/admin.conf" ]; then fact server "$(kb_in_kubeconfig "$kb_home/admin.conf" server)"; fi
	if [ -r "$kb_begun" ]; then
		fact begun.advertise "$(sed -n 's/^ *advertiseAddress: *//p' "$kb_begun" | tr -d "\"'")"
		fact begun.name "$(sed -n '/^nodeRegistration:/,/^[^ ]/s/^ *name: *//p' "$kb_begun" | head -n 1 | tr -d "\"'")"
	fi
	if [ ! -e "$kb_home/admin.conf" ] || [ ! -e "$kb_manifests/kube-apiserver.yaml" ]; then
		kb_facts_for_init
	else
		if [ -e "$kb_begun" ]; then kb_facts_for_init; fi
		if have kubectl; then kb_facts_of_api; fi
	fi
	if [ -e "$kb_begun" ]; then fact phase "$(kb_phase)"; fi
	return 0
}

# kb_mend: what a killed kubeadm can leave that it does not take up itself: half a pair of files, or half a file. What was there before us stays.
kb_mend() {
	kb_before=" $(sed -n '1s/^# before: //p' "$kb_begun") "
	kb_pki_files "$cert_dir" | tr ' ' '\n' | while IFS= read -r kb_file; do
		case "$kb_before" in *" $kb_file "*) continue ;; esac
		kb_stem=$cert_dir/${kb_file%.*}
		case $kb_file in
		*sa.key) kb_other=$kb_stem.pub ;;
		*.key) kb_other=$kb_stem.crt ;;
		*.crt | *.pub) kb_other=$kb_stem.key ;;
		*) continue ;;
		esac
		if [ -e "$kb_other" ] && tail -n 1 "$cert_dir/$kb_file" | grep -q '^-----END '; then continue; fi
		printf 'half written: %s\n' "$cert_dir/$kb_file"
		rm -f "$cert_dir/$kb_file" "$kb_other"
	done
	have kubectl || return 0
	for kb_file in admin super-admin kubelet controller-manager scheduler; do
		kb_file=$kb_home/$kb_file.conf
		[ -e "$kb_file" ] || continue
		if kubectl --kubeconfig "$kb_file" --cache-dir=/dev/null config view --minify >/dev/null 2>&1; then continue; fi
		printf 'half written: %s\n' "$kb_file"
		rm -f "$kb_file"
	done
}

# kb_renew: the configuration is another than that of the run before: what was made from it is made anew, the authorities stay
kb_renew() {
	for kb_file in apiserver etcd/server etcd/peer; do
		case "$kb_before" in *" $kb_file.crt "*) continue ;; esac
		rm -f "$cert_dir/$kb_file.crt" "$cert_dir/$kb_file.key"
	done
	for kb_file in admin super-admin kubelet controller-manager scheduler; do
		rm -f "$kb_home/$kb_file.conf"
	done
}

# kb_begin: says that a run of ours is under way, and cleans up behind one that was
kb_begin() {
	folder "$kb_home"
	kb_ignore=
	if [ ! -e "$kb_begun" ]; then
		put "$kb_begun" 0600 "# before: $(kb_pki_files "$cert_dir")$kb_newline$want_config"
		return
	fi
	kb_mend
	if [ "$(sed 1d "$kb_begun")" != "$(printf '%s' "$want_config")" ]; then
		kb_renew
		put "$kb_begun" 0600 "# before:${kb_before% }$kb_newline$want_config" || return 1
	fi
	for kb_file in kube-apiserver kube-controller-manager kube-scheduler etcd; do
		if [ -e "$kb_manifests/$kb_file.yaml" ]; then kb_ignore="$kb_ignore FileAvailable--etc-kubernetes-manifests-$kb_file.yaml"; fi
	done
	if [ -n "$(ls -A /var/lib/etcd 2>/dev/null)" ]; then kb_ignore="$kb_ignore DirAvailable--var-lib-etcd"; fi
	# then it is our own kubelet and control plane that listen
	if [ -e "$kb_kubelet_config" ]; then kb_ignore="$kb_ignore Port-10250"; fi
	if [ -e "$kb_manifests/etcd.yaml" ]; then kb_ignore="$kb_ignore Port-${apiserver_bind_port:-6443} Port-10257 Port-10259 Port-2379 Port-2380"; fi
}

# kb_words TEXT: what the failing kubeadm said, as an error of its own
kb_words() {
	# then nothing was begun
	[ "$(kb_phase)" != preflight ] || rm -f "$kb_begun"
	kb_refused "$1" init.preflight
	clue "$(printf '%s\n' "$1" | grep -E 'error execution phase|^error:|\[(kubelet|control-plane)-check\].* (not|failed)|\[WARNING HTTPProxy' | tail -n 12)"
	case $1 in
	*'kubelet is not healthy'* | *"kubelet isn't running"* | *'[kubelet-check] The HTTP call equal to'*)
		die STEP init.kubelet-unhealthy "the kubelet did not become healthy" ;;
	*'error execution phase wait-control-plane'*) die STEP init.control-plane-unhealthy "the control plane did not become healthy" ;;
	esac
	die STEP init.failed "kubeadm init ended with ${1##* } in phase $(kb_phase)"
}

# kb_forget_token: the bootstrap token that kubeadm makes whether asked or not, with nothing that says what it is for. If it can't be taken
# away, its minute runs out.
kb_forget_token() {
	kb_ask -n kube-system get secrets --field-selector type=bootstrap.kubernetes.io/token \
		-o 'jsonpath={range .items[*]}{.metadata.name} {.data.description}{"\n"}{end}' |
		while read -r kb_secret kb_description; do
			[ -n "$kb_description" ] || kb_do -n kube-system delete secret "$kb_secret" --ignore-not-found
		done
	return 0
}

apply() {
	have kubeadm || die STEP init.no-kubeadm "kubeadm is not installed"
	[ -n "${want_config-}" ] || return 1
	kb_check_config "$want_config" init.config-refused
	kb_begin || return 1
	set -- --config "$kb_begun" --skip-token-print --skip-certificate-key-print
	[ "${upload_certs-}" != yes ] || set -- "$@" --upload-certs
	kb_ignore=$(kb_ignored "$kb_ignore" "${ignore_preflight_errors-}")
	[ -z "$kb_ignore" ] || set -- "$@" --ignore-preflight-errors "$kb_ignore"
	kb_said=$(kb_run kubeadm init "$@")
	[ "${kb_said##* }" -eq 0 ] || kb_words "$kb_said"
	[ -n "${token-}${token_ttl-}" ] || kb_forget_token
	rm -f "$kb_begun"
}

# kb_containers: their images, and whether they run
kb_containers() {
	have ctr || return 0
	{
		ctr -a "${cri_socket#unix://}" -n k8s.io tasks ls 2>&1 | sed '1d; s/^/task /'
		ctr -a "${cri_socket#unix://}" -n k8s.io containers ls 2>&1 | sed '1d; s/^/container /'
	} | awk '$1 == "task" { state[$2] = $4 } $1 == "container" && $3 !~ /pause/ { print "  " $3 " " ($2 in state ? state[$2] : "not running") }'
}

# kb_last_words COMPONENT: of its newest container, if it is of this run
kb_last_words() {
	kb_log=$(find /var/log/pods/kube-system_"$1"-*/"$1" -name '*.log' -newer "$kb_begun" -printf '%T@ %p\n' 2>/dev/null | sort -n | tail -n 1 | cut -d' ' -f2-)
	[ -n "$kb_log" ] || return 0
	printf 'last lines of %s:\n' "$1"
	tail -n 4 "$kb_log" | cut -d' ' -f4- | cut -c 1-400
}

evidence() {
	# otherwise nothing was begun that could tell more
	[ -e "$kb_begun" ] || return 0
	printf 'last phase reached: %s\n' "$(kb_phase)"
	kb_all=$(kb_containers)
	printf 'containers:\n%s\n' "${kb_all:-  none}"
	for kb_component in etcd kube-apiserver kube-controller-manager kube-scheduler; do
		if printf '%s\n' "$kb_all" | grep -q "/$kb_component:.* RUNNING" && [ "$kb_component" != kube-apiserver ]; then continue; fi
		kb_last_words "$kb_component"
	done
	kb_kubelet_journal 20 "$(stat -c %Y "$kb_begun")"
}
