# shellcheck shell=sh disable=SC2154 # parameters come as variables
# kubeadm.images: kubernetes_version, image_repository, cri_socket

# kb_images VERB [OPTION...]: without a version kubeadm would ask the internet for the newest
kb_images() {
	kb_verb=$1
	shift
	[ -z "${image_repository-}" ] || set -- --image-repository "$image_repository" "$@"
	briefly kubeadm config images "$kb_verb" --kubernetes-version "${kubernetes_version:-$(kubeadm version -o short)}" "$@"
}

# kb_pulled: the names of all images that the runtime has
kb_pulled() {
	case $cri_socket in
	*/containerd.sock) ctr -a "${cri_socket#unix://}" -n k8s.io images ls -q ;;
	*) crictl -r "$cri_socket" images -o json | sed -n 's/^ *"\([^" ]*:[^" ]*\)",*$/\1/p' ;;
	esac
}

probe() {
	have kubeadm || return 0
	: "${kubernetes_version:=$(kubeadm version -o short 2>/dev/null)}"
	fact kubeadm "$kubernetes_version"
	# what it warns of is log
	kb_list=$(kb_images list)
	fact list.status "$?"
	kb_names=$(kb_pulled 2>&1)
	kb_status=$?
	fact pulled.status "$kb_status"
	[ "$kb_status" -eq 0 ] || fact pulled "$kb_names"
	# of all that is there only what matters
	while IFS= read -r kb_image; do
		[ -n "$kb_image" ] || continue
		fact wanted "$kb_image"
		case "$kb_newline$kb_names$kb_newline" in *"$kb_newline$kb_image$kb_newline"*) fact there "$kb_image" ;; esac
	done <<EOF_LIST
$kb_list
EOF_LIST
}

apply() {
	have kubeadm || die STEP images.no-kubeadm "kubeadm is not installed"
	kb_said=$(kb_run kb_images pull --cri-socket "$cri_socket")
	kb_code=${kb_said##* }
	[ "$kb_code" -ne 0 ] || return 0
	clue "$(printf '%s\n' "$kb_said" | grep -E 'failed to pull|rror' | tail -n 8)"
	die STEP images.pull-failed "kubeadm config images pull ended with $kb_code"
}
