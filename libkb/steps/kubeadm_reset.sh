# shellcheck shell=sh disable=SC2154 # parameters come as variables
# kubeadm.reset: cri_socket, cert_dir

# kb_leftovers: paths of what kubeadm, the kubelet and we put on a host; state only, no programs
kb_leftovers() {
	for kb_path in /etc/kubernetes/admin.conf /etc/kubernetes/super-admin.conf /etc/kubernetes/kubelet.conf /etc/kubernetes/bootstrap-kubelet.conf \
		/etc/kubernetes/controller-manager.conf /etc/kubernetes/scheduler.conf /etc/kubernetes/libkb-init.yaml \
		/etc/kubernetes/libkb-join.yaml /etc/kubernetes/libkb-discovery.conf /etc/kubernetes/manifests/*.yaml "$cert_dir"/* /etc/kubernetes/tmp/* \
		/var/lib/kubelet/config.yaml /var/lib/kubelet/instance-config.yaml /var/lib/kubelet/kubeadm-flags.env /var/lib/kubelet/pki/* \
		/var/lib/kubelet/pods/* /var/lib/etcd/member; do
		if [ -e "$kb_path" ] || [ -h "$kb_path" ]; then printf '%s\n' "$kb_path"; fi
	done
}

# kb_mounts: below the kubelet's folder, the deepest first
kb_mounts() {
	awk '$2 ~ "^/var/lib/kubelet/" { print $2 }' /proc/mounts | sort -r
}

probe() {
	kb_leftovers | while IFS= read -r kb_path; do
		fact left "$kb_path"
	done
	kb_mounts | while IFS= read -r kb_path; do
		fact mounted "$kb_path"
	done
	if [ -r "$cert_dir/ca.crt" ]; then
		fact ca "$(cat "$cert_dir/ca.crt")"
	elif [ -r /etc/kubernetes/kubelet.conf ]; then
		fact ca "$(kb_ca_of /etc/kubernetes/kubelet.conf)"
	fi
	return 0
}

# kb_stop_pods: what a kubeadm that is not there, or failed, would have stopped
kb_stop_pods() {
	have ctr || return 0
	ctr -a "${cri_socket#unix://}" -n k8s.io tasks ls -q 2>/dev/null | while IFS= read -r kb_task; do
		ctr -a "${cri_socket#unix://}" -n k8s.io tasks kill -s KILL "$kb_task" 2>/dev/null
	done
	sleep 1
	ctr -a "${cri_socket#unix://}" -n k8s.io containers ls -q 2>/dev/null | while IFS= read -r kb_container; do
		ctr -a "${cri_socket#unix://}" -n k8s.io tasks rm -f "$kb_container" 2>/dev/null
		ctr -a "${cri_socket#unix://}" -n k8s.io containers rm "$kb_container" 2>/dev/null
	done
}

kb_clear() {
	if have systemctl; then systemctl stop kubelet 2>/dev/null; fi
	kb_mounts | while IFS= read -r kb_path; do
		umount "$kb_path" 2>/dev/null || umount -l "$kb_path"
	done
	kb_leftovers | while IFS= read -r kb_path; do
		rm -rf --one-file-system -- "$kb_path"
	done
}

apply() {
	kb_code=0
	if have kubeadm; then
		set -- -f --cri-socket "$cri_socket"
		[ "$cert_dir" = /etc/kubernetes/pki ] || set -- "$@" --cert-dir "$cert_dir"
		kb_said=$(kb_run kubeadm reset "$@")
		kb_code=${kb_said##* }
	fi
	if ! have kubeadm || [ "$kb_code" -ne 0 ]; then
		if have systemctl; then systemctl stop kubelet 2>/dev/null; fi
		kb_stop_pods
	fi
	kb_clear
	[ -n "$(kb_leftovers)$(kb_mounts)" ] || return 0
	kb_leftovers | while IFS= read -r kb_path; do clue "left: $kb_path"; done
	die STEP reset.leftovers "kubeadm reset ended with $kb_code, and not everything could be taken away"
}
