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

# kb_is_pulled IMAGE: among kb_names
kb_is_pulled() {
	case "$kb_newline$kb_names$kb_newline" in *"$kb_newline$1$kb_newline"*) ;; *) return 1 ;; esac
}

# kb_lacking: of the images on stdin those that the runtime does not have
kb_lacking() {
	kb_names=$(kb_pulled 2>/dev/null)
	while IFS= read -r kb_image; do
		kb_is_pulled "$kb_image" || printf '%s\n' "$kb_image"
	done
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
		! kb_is_pulled "$kb_image" || fact there "$kb_image"
	done <<EOF_LIST
$kb_list
EOF_LIST
}

# kb_tell: each second, which of the images on stdin have come since
kb_tell() {
	kb_left=$(cat)
	while [ -n "$kb_left" ]; do
		sleep 1
		kb_still=$(printf '%s\n' "$kb_left" | kb_lacking)
		printf '%s\n' "$kb_left" | while IFS= read -r kb_image; do
			case "$kb_newline$kb_still$kb_newline" in *"$kb_newline$kb_image$kb_newline"*) ;; *) printf 'pulled %s\n' "$kb_image" ;; esac
		done
		kb_left=$kb_still
	done
}

# kb_pull_together LIST: all at a time. kubeadm does so in the checks before init, since 1.31 and when its configuration says so; what else these
# find is not asked here, and what they could not pull is left
kb_pull_together() {
	kb_minor=$(kubeadm version -o short)
	kb_minor=${kb_minor#v1.}
	[ "${kb_minor%%[!0-9]*}" -ge 31 ] || return 0
	kb_file=$(umask 077 && mktemp /run/libkb-images.XXXXXX) || return 1
	cat >"$kb_file" <<EOF_CONFIG
apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
nodeRegistration:
  criSocket: "$cri_socket"
  imagePullSerial: false
localAPIEndpoint:
  advertiseAddress: 192.0.2.1
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: "${kubernetes_version:-$(kubeadm version -o short)}"
${image_repository:+imageRepository: "$image_repository"}
EOF_CONFIG
	printf '%s\n' "$1" | kb_tell 3>&- &
	kb_teller=$!
	kubeadm init phase preflight --config "$kb_file" --ignore-preflight-errors all >/dev/null 2>&1 3>&-
	kill "$kb_teller" 2>/dev/null
	rm -f "$kb_file"
}

apply() {
	have kubeadm || die STEP images.no-kubeadm "kubeadm is not installed"
	kb_list=$(kb_images list) || return 1
	kb_pull_together "$kb_list"
	[ -n "$(printf '%s\n' "$kb_list" | kb_lacking)" ] || return 0
	kb_said=$(kb_run kb_images pull --cri-socket "$cri_socket")
	kb_code=${kb_said##* }
	[ "$kb_code" -ne 0 ] || return 0
	clue "$(printf '%s\n' "$kb_said" | grep -E 'failed to pull|rror' | tail -n 8)"
	die STEP images.pull-failed "kubeadm config images pull ended with $kb_code"
}
