# shellcheck shell=sh disable=SC2034,SC2154 # what is set here is read by the steps
# What the steps around kubeadm share. In front of their own texts.

# kb_ask ...: kubectl for questions: writes no cache, waits less
kb_ask() {
	KUBECTL_KUBERC=false kube --cache-dir=/dev/null --request-timeout=5s "$@"
}

# kb_do ...: kubectl for changes, likewise without a cache
kb_do() {
	KUBECTL_KUBERC=false kube --cache-dir=/dev/null "$@"
}

# kb_wait_ready SECONDS: until the API server says that it is ready; kb_ready is what it said last
kb_wait_ready() {
	kb_end=$(($(date +%s) + $1))
	until kb_ready=$(kb_ask get --raw /readyz 2>&1); do
		[ "$(date +%s)" -lt "$kb_end" ] || return 1
		sleep 1
	done
}

# kb_fact_api [QUESTION...]: api is none on a host that is no control plane, ok, or what went wrong. With a question (as for kb_ask) the API server
# is asked that, and its answer is in kb_answer, kb_answer_status: it answers when it answers this; when not, whether it is ready says who failed
kb_fact_api() {
	kb_answer='' kb_answer_status=1
	if [ ! -e /etc/kubernetes/admin.conf ]; then
		fact api none
		return 1
	fi
	if ! have kubectl; then
		fact api "kubectl is not installed"
		return 1
	fi
	if [ $# -gt 0 ]; then
		kb_answer=$(kb_ask "$@")
		kb_answer_status=$?
	fi
	if [ "$kb_answer_status" -eq 0 ] || kb_wait_ready 0; then
		fact api ok
	else
		fact api "$kb_ready"
		return 1
	fi
}

# kb_about_nodes COMMAND...: the question what Nodes there are, and whether the cluster's DNS is, for kb_ask or the like. A line each, parted by what no
# name, address, label or taint has: KIND|NAME|whether Ready|InternalIPs|labels|taints|whether available
kb_about_nodes() {
	"$@" -n kube-system get nodes,deployments -o "jsonpath=$kb_columns"
}

kb_columns='{range .items[*]}{.kind}|{.metadata.name}|{.status.conditions[?(@.type=="Ready")].status}|{.status.addresses[?(@.type=="InternalIP")].address}|{.metadata.labels}|{.spec.taints}|{.status.conditions[?(@.type=="Available")].status}{"\n"}{end}'

# kb_share_cluster: for kb_share: the same, and behind an empty line the ClusterConfiguration
kb_share_cluster() {
	[ -e /etc/kubernetes/admin.conf ] && have kubectl && kb_ask -n kube-system get nodes,deployments,configmaps \
		-o "jsonpath=$kb_columns{\"\\n\"}{.items[?(@.metadata.name==\"kubeadm-config\")].data.ClusterConfiguration}"
}

# kb_fact_nodes: as kb_fact_api, with the Nodes in kb_answer
kb_fact_nodes() {
	if [ "${kb_shared_status-1}" -ne 0 ]; then
		kb_about_nodes kb_fact_api
		return
	fi
	kb_answer=${kb_shared%%"$kb_newline$kb_newline"*} kb_answer_status=0
	fact api ok
}

# kb_in_kubeconfig FILE KEY: the first in it, without quotes
kb_in_kubeconfig() {
	sed -n "/^ *$2: */{ s///; s/[\"']//g; p; q; }" "$1"
}

# kb_server_of ENDPOINT: with kubeadm's port when it has none, in kb_server
kb_server_of() {
	case $1 in
	*]) kb_server=$1:6443 ;;
	*:*) kb_server=$1 ;;
	*) kb_server=$1:6443 ;;
	esac
}

# kb_ca_of FILE: the certificate authority of a kubeconfig, PEM
kb_ca_of() {
	kb_ca=$(kb_in_kubeconfig "$1" certificate-authority-data | base64 -d 2>/dev/null)
	if [ -n "$kb_ca" ]; then
		printf '%s\n' "$kb_ca"
	else
		cat "$(kb_in_kubeconfig "$1" certificate-authority)" 2>/dev/null
	fi
}

# kb_run COMMAND...: what it prints goes to the log as it comes, and to stdout, ended by a line with the exit status
kb_run() {
	{
		"$@" 2>&1 3>&-
		printf '\nexit status %s\n' "$?"
	} | while IFS= read -r kb_line; do
		printf '%s\n' "$kb_line"
		printf '%s\n' "$kb_line" >&2
	done
}

# kb_refused TEXT ID: when kubeadm's checks before the work found something, this is the error
kb_refused() {
	kb_names=$(printf '%s\n' "$1" | sed -n 's/^.*\[ERROR \([^]]*\)\].*/\1/p' | sort -u | tr '\n' ' ')
	[ -n "$kb_names" ] || return 0
	clue "$(printf '%s\n' "$1" | grep -F '[ERROR ' | tail -n 20)"
	die STEP "$2" "kubeadm refuses this host: ${kb_names% }"
}

# kb_check_config TEXT ID: kubeadm 1.26 and later can; an unknown field is found before anything is done
kb_check_config() {
	kubeadm config validate --help >/dev/null 2>&1 || return 0
	kb_said=$(kubeadm config validate --config /dev/fd/4 2>&1 3>&- 4<<EOF_CONFIG
$1
EOF_CONFIG
	) && return 0
	clue "$kb_said"
	die INVAL "$2" "kubeadm refuses the configuration"
}

# kb_ignored: names of checks, parted by white space, as kubeadm's flag wants them
kb_ignored() {
	printf '%s' "$*" | tr -s '[:space:]' ',' | sed 's/^,//; s/,$//'
}

# kb_kubelet_journal LINES SINCE: its errors and warnings, and what systemd says of it, since this second of the clock. That an API server or
# a folder is missing it says too often
kb_kubelet_journal() {
	have journalctl || return 0
	kb_journal=$(journalctl -u kubelet --since "@$2" --no-pager -o cat 2>&1 | tail -n 1000)
	kb_grave=$(printf '%s\n' "$kb_journal" | grep -vE '^I[0-9]{4} |connect: connection refused|nodes? \\*"[^"]*" not found|path does not exist, ignoring')
	[ -n "$kb_journal" ] || return 0
	echo 'journal of the kubelet:'
	printf '%s\n' "${kb_grave:-$kb_journal}" | tail -n "$1" | cut -c 1-400
}
