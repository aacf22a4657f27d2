# shellcheck shell=sh disable=SC2154,SC2016 # wants come as variables; the format is apt's own
# apt.repo: the judge decides which files; other source files come to it whole

kb_source=/etc/apt/sources.list.d/libkb-kubernetes.list
kb_keyring=/etc/apt/keyrings/libkb-kubernetes.asc
kb_ca=/etc/apt/keyrings/libkb-kubernetes-ca.pem
kb_ca_conf=/etc/apt/apt.conf.d/99libkb-kubernetes

# kb_has_list: the list of a flat repository lies where apt puts it, under its address with _ for /. No means nothing: then apt is asked
kb_has_list() {
	while read -r kb_type kb_options kb_url kb_suite; do
		[ "$kb_type $kb_suite" = 'deb /' ] || continue
		kb_name=${kb_url#*://}
		case $kb_options$kb_name in '[signed-by='*']'[!/]*) ;; *) return 1 ;; esac
		case $kb_name in *[!A-Za-z0-9./:-]*) return 1 ;; esac
		while :; do
			case $kb_name in */*) kb_name=${kb_name%%/*}_${kb_name#*/} ;; *) break ;; esac
		done
		[ -s "/var/lib/apt/lists/${kb_name%_}_Packages" ]
		return
	done 2>/dev/null <"$kb_source"
	return 1
}

probe() {
	fact clock "$(date +%s)"
	fact_file source "$kb_source" keyring "$kb_keyring" ca "$kb_ca" ca_conf "$kb_ca_conf"
	for kb_file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
		if [ ! -f "$kb_file" ] || [ "$kb_file" = "$kb_source" ]; then continue; fi
		fact other "$kb_file"
		fact_bytes other_text "$kb_file" "$(stat -L -c %s "$kb_file")"
	done
	if kb_has_list; then
		fact list "$kb_url"
		return 0
	fi
	# only what is really there is shown
	have apt-get && apt-get -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= indextargets --format '$(SOURCESENTRY)|$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
		while IFS= read -r kb_list; do
			case $kb_list in "$kb_source":*) fact list "${kb_list#*|}" ;; esac
		done
	return 0
}

# the mirror's own authority, for this mirror alone
kb_write_ca() {
	if [ -n "$want_no_ca" ]; then rm -f "$kb_ca" "$kb_ca_conf" || return 1; fi
	if [ -n "${want_ca+set}" ]; then put "$kb_ca" 0644 "$want_ca" || return 1; fi
	if [ -n "${want_ca_conf+set}" ]; then put "$kb_ca_conf" 0644 "$want_ca_conf" || return 1; fi
}

apply() {
	kb_apt_ready
	kb_fresh=
	! kb_apt_is_fresh || kb_fresh=yes
	folder /etc/apt/keyrings
	[ -z "${made_keyring+set}" ] || [ -z "$want_key" ] || put "$kb_keyring" 0644 "$made_keyring" || return 1
	kb_write_ca || return 1
	# lines of "PATH BASE64"; without the second the file goes
	printf '%s\n' "$want_others" | while read -r kb_file kb_text; do
		[ -n "$kb_file" ] || continue
		if [ -z "$kb_text" ]; then
			rm -f -- "$kb_file" || exit 1
			continue
		fi
		# the dot keeps the newlines at the end
		kb_text=$(printf '%s' "$kb_text" | base64 -d && printf .) || exit 1
		put "$kb_file" "$(stat -L -c %a "$kb_file")" "${kb_text%.}" || exit 1
	done || return 1
	kb_apt_trust "${want_source-$(cat "$kb_source")}"
	if [ -n "${want_source+set}" ]; then put "$kb_source" 0644 "$want_source" || return 1; fi
	kb_apt_get -o Dir::Etc::sourcelist="$kb_source" -o Dir::Etc::sourceparts=- -o APT::Get::List-Cleanup=0 \
		-o APT::Update::Error-Mode=any update || kb_apt_repo_fail
	# the others are as fresh as they were
	[ -z "$kb_fresh" ] || touch "$kb_apt_stamp"
}

# what apt said, told apart by what would mend it
kb_apt_repo_fail() {
	kb_words=$(kb_apt_words)
	clue "$(cat "$kb_source")"
	case $kb_said in
	*EXPKEYSIG*) die INTEGRITY apt.key-expired "the repository is signed by a key that has expired: $kb_words" ;;
	*NO_PUBKEY* | *'Missing key'*) die INTEGRITY apt.key-unknown "the repository is signed by another key: $kb_words" ;;
	*'Policy rejected'* | *'not considered secure'*) die UNSUPPORTED apt.signature-refused "the repository's signature is too weak for this apt: $kb_words" ;;
	*'Certificate verification failed'* | *'certificate is NOT trusted'*)
		die INTEGRITY apt.repository-certificate "the host does not trust the repository's certificate: $kb_words" ;;
	*'no longer has a Release file'* | *'does not have a Release file'* | *'404 '*) die UNSUPPORTED apt.repository-missing "no such repository: $kb_words" ;;
	*'Could not resolve'* | *'Temporary failure resolving'* | *'Could not connect'* | *'Unable to connect'* | *'timed out'*)
		die UNREACHABLE apt.repository-unreachable "the host cannot reach the repository: $kb_words" ;;
	*) die STEP apt.update "apt-get update: $kb_words" ;;
	esac
}
