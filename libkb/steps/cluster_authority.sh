# shellcheck shell=sh
# cluster.authority: no parameter is for the host

probe() {
	if [ -r /etc/kubernetes/pki/ca.crt ]; then
		fact ca "$(cat /etc/kubernetes/pki/ca.crt)"
	elif [ -r /etc/kubernetes/kubelet.conf ]; then
		fact ca "$(kb_ca_of /etc/kubernetes/kubelet.conf)"
	fi
	return 0
}
