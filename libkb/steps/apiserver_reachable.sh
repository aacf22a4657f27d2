# shellcheck shell=sh disable=SC2154 # parameters come as variables
# apiserver.reachable: endpoint, ca_cert, timeout. Reads only
#
# When its authority is not known, or the question that trusts nothing else is not answered, one is asked without trust, to learn what answers
# there; what is concluded about the cluster is what the one that is checked against its authority says. Neither carries credentials: the API server takes the empty password for nobody's.

# kb_get OPTION... PATH: past any proxy, as the kubelet goes
kb_get() {
	KUBECTL_KUBERC=false NO_PROXY='*' no_proxy='*' briefly kubectl --kubeconfig=/dev/null --cache-dir=/dev/null --username=- --password=- \
		--server="https://$kb_server" --request-timeout="${timeout}s" "$@" 2>&1
}

# kb_connect HOST PORT: TCP alone, with what even the smallest Debian has
kb_connect() {
	perl -e '
		use IO::Socket::IP;
		my $socket = IO::Socket::IP->new(PeerHost => $ARGV[0], PeerPort => $ARGV[1], Timeout => $ARGV[2]);
		exit 0 if $socket;
		print "$!\n";
		exit 1' "$1" "$2" "$timeout" 2>&1
}

# kb_get_checked CA: as kb_get /version, trusting this authority alone; kubectl wants a file, and nothing is written here
kb_get_checked() {
	kb_get --certificate-authority=/dev/fd/4 get --raw /version 4<<EOF_CA
$1
EOF_CA
}

# kb_get_briefly CA: the same in a third of the time, by what mostly lies beside the certificates of a host; it fails where kubectl has more to say
kb_get_briefly() {
	have openssl || return 1
	kb_name=-verify_ip
	case $kb_host in *:*) ;; *[!0-9.]*) kb_name=-verify_hostname ;; esac
	kb_said=$(printf 'GET /version HTTP/1.0\r\nHost: %s\r\n\r\n' "$kb_server" |
		timeout "$timeout" openssl s_client -connect "$kb_server" "$kb_name" "$kb_host" \
			-CAfile /dev/fd/4 -verify_return_error -quiet 2>/dev/null 4<<EOF_CA
$1
EOF_CA
	)
	case $kb_said in 'HTTP/1.'?' 200 '*"$kb_cr$kb_newline$kb_cr$kb_newline"*) ;; *) return 1 ;; esac
	kb_version=${kb_said#*"$kb_cr$kb_newline$kb_cr$kb_newline"}
}

# kb_public_ca: the authority that the cluster says it has
kb_public_ca() {
	kb_get --insecure-skip-tls-verify get --raw /api/v1/namespaces/kube-public/configmaps/cluster-info |
		grep -o 'certificate-authority-data: [A-Za-z0-9+/=]*' | head -n 1 | cut -d' ' -f2 | base64 -d 2>/dev/null
}

probe() {
	kb_server_of "$endpoint"
	kb_host=${kb_server%:*}
	kb_host=${kb_host#[}
	kb_host=${kb_host%]}
	if have ip; then fact route "$(ip -o route get "$kb_host" 2>/dev/null | head -n 1)"; fi
	if ! have kubectl; then
		fact_of connect kb_connect "$kb_host" "${kb_server##*:}"
		return 0
	fi
	# who passes the check would answer without it, too
	if [ -n "${ca_cert-}" ] && { kb_get_briefly "$ca_cert" || kb_version=$(kb_get_checked "$ca_cert"); }; then
		fact ca "$ca_cert"
		fact plain "$kb_version"
		fact plain.status 0
		fact checked "$kb_version"
		fact checked.status 0
		return 0
	fi
	fact_of plain kb_get --insecure-skip-tls-verify get --raw /version
	# shellcheck disable=SC2154 # fact_of sets it
	[ "$kb_status" -eq 0 ] || return 0
	kb_ca=${ca_cert-}
	if [ -z "$kb_ca" ]; then kb_ca=$(kb_public_ca); fi
	[ -n "$kb_ca" ] || return 0
	fact ca "$kb_ca"
	fact_of checked kb_get_checked "$kb_ca"
	return 0
}
