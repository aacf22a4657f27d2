# shellcheck shell=sh disable=SC2154 # parameters and what was made come as variables
# kubeadm.join: cri_socket, ignore_preflight_errors, ...; made_config is the whole configuration, with the token in it
#
# While join has not ended well its configuration lies in $kb_begun.

kb_begun=/etc/kubernetes/libkb-join.yaml
kb_discovery=/etc/kubernetes/libkb-discovery.conf
kb_client=/var/lib/kubelet/pki/kubelet-client-current.pem

# kb_facts_for_join: what only a join that is to be made, or to be gone on with, depends on
kb_facts_for_join() {
	if have kubeadm; then fact kubeadm "$(kubeadm version -o short 2>/dev/null)"; fi
	have ip || return 0
	fact_of addresses ip -o address show
	fact_of routes ip -o route show table main
}

probe() {
	for kb_file in /etc/kubernetes/kubelet.conf /etc/kubernetes/bootstrap-kubelet.conf /etc/kubernetes/manifests/kube-apiserver.yaml \
		/var/lib/kubelet/config.yaml "$kb_client" "$kb_begun"; do
		if [ -e "$kb_file" ]; then fact found "${kb_file##*/}"; fi
	done
	if [ -r /etc/kubernetes/kubelet.conf ]; then
		fact ca "$(kb_ca_of /etc/kubernetes/kubelet.conf)"
		fact server "$(kb_in_kubeconfig /etc/kubernetes/kubelet.conf server)"
	fi
	kb_kubelet=
	if have systemctl; then
		kb_kubelet=$(systemctl is-active kubelet 2>/dev/null)
		fact kubelet "$kb_kubelet"
	fi
	if ! kb_is_joined || [ "$kb_kubelet" != active ] || [ -e "$kb_begun" ] || [ -e /etc/kubernetes/bootstrap-kubelet.conf ]; then
		kb_facts_for_join
	fi
	return 0
}

kb_is_joined() {
	[ -e /etc/kubernetes/kubelet.conf ] && [ -e "$kb_client" ]
}

# kb_end: the kubelet has its certificate, so the token has done its work
kb_end() {
	rm -f /etc/kubernetes/bootstrap-kubelet.conf "$kb_begun" "$kb_discovery"
	systemctl -q enable --now kubelet
}

# kb_clean: what a join that came to nothing left, so that kubeadm begins anew
kb_clean() {
	rm -f /etc/kubernetes/bootstrap-kubelet.conf /etc/kubernetes/kubelet.conf /etc/kubernetes/pki/ca.crt /var/lib/kubelet/config.yaml \
		/var/lib/kubelet/instance-config.yaml /var/lib/kubelet/kubeadm-flags.env /var/lib/kubelet/pki/kubelet-client-*
}

# kb_discover: the file by which kubeadm knows the cluster, when its authority is known; nothing in it is secret
kb_discover() {
	[ -n "${ca_cert-}" ] || return 0
	kb_server_of "$endpoint"
	kb_ca=$(printf '%s' "$ca_cert")		# kubeadm writes it as it is here: with one newline at its end, as on the control plane
	put "$kb_discovery" 0600 "apiVersion: v1
kind: Config
clusters:
- name: kubernetes
  cluster:
    server: https://$kb_server
    certificate-authority-data: $(printf '%s\n' "$kb_ca" | base64 -w0)
contexts:
- name: discovery
  context:
    cluster: kubernetes
    user: nobody
users:
- name: nobody
  user: {}
current-context: discovery
"
}

# kb_words TEXT: what the failing kubeadm said, as an error of its own. The token need not stay on disk: that a join was begun is enough
kb_words() {
	put "$kb_begun" 0600 ''
	kb_refused "$1" join.preflight
	clue "$(printf '%s\n' "$1" | grep -E 'error execution phase|^error:|\[kubelet-check\].* (not|failed)|JWS|x509|dial tcp|\[WARNING HTTPProxy' | tail -n 12)"
	case $1 in
	*'JWS signature'*) die STEP join.token-unknown "the cluster does not know the token: it has expired, or was deleted" ;;
	*'none of the public keys'*) die STEP join.ca-differs "the certificate authority at ${endpoint-} is not the pinned one" ;;
	*'a Node with name'*) die CONFLICT join.node-exists "a Node of this name is in the cluster already, and is Ready" ;;
	*'has expired or is not yet valid'*) die STEP join.certificate-time "a certificate is not valid now; the clock here says $(date -u)" ;;
	*'kubelet is not healthy'* | *"kubelet isn't running"* | *'[kubelet-check] The HTTP call equal to'*)
		die STEP join.kubelet-unhealthy "the kubelet did not become healthy" ;;
	*'waiting for TLS bootstrap'* | *'TLS Bootstrap'*'timed out'*) die STEP join.bootstrap-failed "the kubelet got no certificate from the cluster" ;;
	*"couldn't validate the identity of the API Server"* | *'dial tcp'*)
		die UNREACHABLE join.api-unreachable "the API server at ${endpoint-} could not be asked" ;;
	esac
	die STEP join.failed "kubeadm join ended with ${1##* }"
}

kb_join() {
	kb_since=$(date +%s)
	kb_discover || return 1
	put "$kb_begun" 0600 "$made_config" || return 1
	set -- --config "$kb_begun"
	kb_ignore=$(kb_ignored "${ignore_preflight_errors-}")
	[ -z "$kb_ignore" ] || set -- "$@" --ignore-preflight-errors "$kb_ignore"
	kb_said=$(kb_run kubeadm join "$@")
	rm -f "$kb_discovery"
}

apply() {
	have kubeadm || die STEP join.no-kubeadm "kubeadm is not installed"
	if kb_is_joined; then
		kb_end
		return
	fi
	[ -n "${made_config-}" ] || return 1
	folder /etc/kubernetes
	kb_discover || return 1
	( kb_check_config "$made_config" join.config-refused ) || {
		rm -f "$kb_discovery"
		exit 1
	}
	if [ -e "$kb_begun" ] || [ -e /etc/kubernetes/bootstrap-kubelet.conf ] || [ -e /var/lib/kubelet/config.yaml ]; then
		# the kubelet of that join may be about to get its certificate: so it is looked at when it stands still
		systemctl stop kubelet
		if kb_is_joined; then
			kb_end
			return
		fi
		kb_clean
	fi
	kb_join || return 1
	case $kb_said in
	*'a Node with name'*)
		# of a host that was here before, and is gone since: the cluster notices after 40 to 50 seconds
		echo 'waiting for the Node of this name to be not Ready'
		sleep 55
		kb_clean
		kb_join || return 1
		;;
	esac
	[ "${kb_said##* }" -eq 0 ] || kb_words "$kb_said"
	kb_end
}

evidence() {
	# otherwise nothing was begun that could tell more
	[ -n "${kb_since-}" ] || return 0
	for kb_file in "$kb_begun" /etc/kubernetes/bootstrap-kubelet.conf /var/lib/kubelet/config.yaml "$kb_client" /etc/kubernetes/kubelet.conf; do
		if [ -e "$kb_file" ]; then printf 'there is %s\n' "$kb_file"; fi
	done
	kb_kubelet_journal 30 "$kb_since"
}
