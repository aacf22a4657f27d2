# shellcheck shell=sh disable=SC2154 # parameters and wants come as variables
# net.clean: pod_network_cidr, user, flush_all
#
# Ours are the chains KUBE-* and cali-*, the rules that lead into them and those that Calico signs (comment "cali:...") or node-local-dns ("NodeLocal
# DNS Cache..."). Every other rule stays as it is: rules are taken out one by one, by number, never by writing all of them anew.

kb_backends() {
	kb_found=
	for kb_backend in iptables-nft ip6tables-nft iptables-legacy ip6tables-legacy; do
		if have "$kb_backend-save"; then
			kb_found=yes
			echo "$kb_backend"
		fi
	done
	[ -n "$kb_found" ] || ! have iptables-save || printf 'iptables\nip6tables\n'
}

# kb_rules BACKEND MODE: of what BACKEND-save prints, "count": our chains, our rules elsewhere, rules of others that flush_all takes; or "remove": what
# BACKEND-restore --noflush takes to be rid of ours
kb_rules() {
	"$1-save" 2>/dev/null | awk -v mode="$2" '
		function is_ours(name) { return name ~ /^(KUBE-|cali-)/ }
		function target(i) { for (i = 3; i < NF; i++) if ($i == "-j" || $i == "-g") return $(i + 1); return "" }
		/^\*/ { table = $0; remove = flush = drop = ""; split("", number); next }
		/^:/ {
			chain = substr($1, 2)
			if (is_ours(chain)) { chains++; flush = flush "-F " chain "\n"; drop = drop "-X " chain "\n" }
			next
		}
		/^-A/ {
			number[$2]++
			if (is_ours($2)) next
			if (is_ours(target()) || /--comment "?(cali:|NodeLocal DNS Cache)/) { rules++; remove = "-D " $2 " " number[$2] "\n" remove }
			else if (table ~ /filter|nat|mangle/) others++
			next
		}
		/^COMMIT/ && mode == "remove" && remove flush != "" { printf "%s\n%s%s%sCOMMIT\n", table, remove, flush, drop }
		END { if (mode == "count") print chains + 0, rules + 0, others + 0 }'
}

kb_links() {
	ip -o link show | sed -n 's/^[0-9]*: \([^:@]*\)[:@].*/\1/p' | while IFS= read -r kb_link; do
		case $kb_link in
		cali* | vxlan.calico | vxlan-v6.calico | wireguard.cali | wg-v6.cali | flannel.1 | kube-ipvs0 | nodelocaldns) echo "$kb_link" ;;
		cni0) [ -n "$(kb_cni_others_of cni0)" ] || echo cni0 ;;
		tunl0)
			# the kernel makes it with the module ipip, for whomever; Calico gives it an address of the pods
			[ -n "${pod_network_cidr-}" ] || continue
			[ -z "$(ip -o -4 address show dev tunl0 to "$pod_network_cidr")" ] || echo tunl0
			;;
		esac
	done
}

# kb_routes: Felix marks its own with protocol 80; those of a BIRD are Calico's when they lead to pods
kb_routes() {
	ip route show proto 80
	[ -z "${pod_network_cidr-}" ] || ip route show proto 12 root "$pod_network_cidr"
}

kb_cni_ours() {
	for kb_path in /etc/cni/net.d/10-calico.conflist /etc/cni/net.d/10-calico.conf /etc/cni/net.d/calico-kubeconfig /etc/cni/net.d/calico-tls \
		/etc/cni/net.d/10-canal.conflist /etc/cni/net.d/10-flannel.conflist; do
		if [ -e "$kb_path" ]; then echo "$kb_path"; fi
	done
	grep -lsE '"type": *"calico"' /etc/cni/net.d/*.conf /etc/cni/net.d/*.conflist |
		grep -vxE '/etc/cni/net.d/10-(calico|canal)\.conf(list)?'
}

# kb_cni_others: configurations that stay
kb_cni_others() {
	for kb_path in /etc/cni/net.d/*.conf /etc/cni/net.d/*.conflist; do
		[ -e "$kb_path" ] || continue
		kb_cni_ours | grep -qxF "$kb_path" || echo "$kb_path"
	done
}

# kb_cni_others_of LINK: those of them that name this link
kb_cni_others_of() {
	kb_cni_others | while IFS= read -r kb_path; do
		grep -lF "\"$1\"" "$kb_path"
	done
}

kb_files() {
	kb_cni_ours
	for kb_path in /var/lib/calico /run/calico; do
		if [ -e "$kb_path" ]; then echo "$kb_path"; fi
	done
	# another network of containers keeps its books there too
	if [ -e /var/lib/cni ] && [ -z "$(kb_cni_others)" ]; then echo /var/lib/cni; fi
}

kb_mounts() {
	awk '$2 ~ "^/var/lib/kubelet/" { print $2 }' /proc/mounts | sort -r
}

kb_nft_tables() {
	have nft || return 0
	nft list tables 2>/dev/null | sed -n 's/^table \([a-z0-9]* \(kube-proxy\|calico\)\)$/\1/p'
}

kb_sets() {
	have ipset || return 0
	ipset list -n 2>/dev/null | grep -E '^(cali|KUBE-)'
}

# kb_left KIND LINES
kb_left() {
	printf '%s\n' "$2" | while IFS= read -r kb_line; do
		[ -z "$kb_line" ] || fact left "$1 $kb_line"
	done
}

kb_users() {
	echo root
	[ -z "${user-}" ] || printf '%s\n' "$user" | grep -vx root
}

kb_as() {
	kb_who=$1
	shift
	if [ "$kb_who" = root ]; then "$@"; else runuser -u "$kb_who" -- "$@"; fi
}

probe() {
	if [ -e /etc/kubernetes/kubelet.conf ]; then fact live yes; fi
	for kb_backend in $(kb_backends); do
		fact rules "$kb_backend $(kb_rules "$kb_backend" count)"
		if [ "$flush_all" = yes ]; then
			"$kb_backend-save" 2>/dev/null | sed -n "s/^:\([A-Z]* DROP\).*/$kb_backend \1/p" | while IFS= read -r kb_line; do fact policy "$kb_line"; done
		fi
	done
	if have ip; then
		kb_left link "$(kb_links)"
		kb_left route "$(kb_routes)"
	fi
	kb_left file "$(kb_files)"
	kb_left mount "$(kb_mounts)"
	kb_left nft-table "$(kb_nft_tables)"
	kb_left ipset "$(kb_sets)"
	kb_users | while IFS= read -r kb_user; do
		kb_home=$(getent passwd "$kb_user" | cut -d: -f6)
		kb_file=$kb_home/.kube/config
		if [ -z "$kb_home" ] || ! kb_as "$kb_user" test -f "$kb_file"; then continue; fi
		kb_text=$(kb_as "$kb_user" head -c 1048576 "$kb_file")
		fact "user" "$kb_user $kb_home"
		fact "server.$kb_user" "$(printf '%s\n' "$kb_text" | kb_in_kubeconfig - server)"
		fact "clusters.$kb_user" "$(printf '%s\n' "$kb_text" | grep -c '^ *server:')"
		fact "ca.$kb_user" "$(printf '%s\n' "$kb_text" | kb_in_kubeconfig - certificate-authority-data | base64 -d 2>/dev/null)"
	done
	return 0
}

kb_flush() {
	for kb_table in filter nat mangle; do
		"$1" -w 10 -t "$kb_table" -F
		"$1" -w 10 -t "$kb_table" -X
	done
}

kb_clean_sets() {
	kb_sets | while IFS= read -r kb_line; do ipset destroy "$kb_line" 2>/dev/null; done
}

kb_clean_rules() {
	for kb_backend in $(kb_backends); do
		kb_text=$(kb_rules "$kb_backend" remove)
		[ -z "$kb_text" ] || printf '%s\n' "$kb_text" | "$kb_backend-restore" --noflush || return 1
		[ "$flush_all" != yes ] || [ "$(kb_rules "$kb_backend" count)" = '0 0 0' ] || kb_flush "$kb_backend"
	done
	kb_nft_tables | while IFS= read -r kb_line; do
		# shellcheck disable=SC2086 # family and name
		nft delete table $kb_line
	done
	# a set that another one counts on goes in the second round
	kb_clean_sets
	kb_clean_sets
	return 0
}

kb_clean_links() {
	have ip || return 0
	kb_routes | while IFS= read -r kb_line; do
		# shellcheck disable=SC2086 # as ip printed it
		ip route del $kb_line 2>/dev/null || ip route del ${kb_line%% linkdown*}
	done
	kb_links | while IFS= read -r kb_line; do
		case $kb_line in
		tunl0)
			ip address flush dev tunl0
			ip link set tunl0 down
			modprobe -r ipip 2>/dev/null
			;;
		*) ip link del "$kb_line" ;;
		esac
	done
	return 0
}

apply() {
	[ ! -e /etc/kubernetes/kubelet.conf ] || die CONFLICT net.node-is-live "the host is a node of a cluster: its network is in use"
	kb_clean_rules || return 1
	kb_clean_links
	kb_mounts | while IFS= read -r kb_line; do umount "$kb_line" 2>/dev/null || umount -l "$kb_line"; done
	kb_files | while IFS= read -r kb_line; do rm -rf --one-file-system -- "$kb_line"; done
	printf '%s\n' "$want_forget" | while read -r kb_user kb_home; do
		[ -n "$kb_user" ] || continue
		kb_as "$kb_user" rm -f -- "$kb_home/.kube/config"
	done
}
