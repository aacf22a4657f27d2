# shellcheck shell=sh disable=SC2154,SC2034,SC2016 # parameters and wants come as variables; read takes what is not wanted, too
# containerd.install: version, source, registry_mirrors (HOST=URL, one a line)

kb_config=/etc/containerd/config.toml
kb_socket=/run/containerd/containerd.sock

# the word that containerd has for its CRI plugin: ok, error, skip; "" when it does not answer
kb_cri_state() {
	briefly ctr --address "$kb_socket" --connect-timeout 20s --timeout 20s plugins ls 2>/dev/null | while read -r kb_type kb_id kb_platforms kb_state kb_rest; do
		[ "$kb_type $kb_id" = 'io.containerd.grpc.v1 cri' ] || continue
		# a plugin without platforms shows a dash or nothing there
		case $kb_state in '') printf '%s' "$kb_platforms" ;; *) printf '%s' "$kb_state" ;; esac
	done
}

# kb_is_merged: the configuration is more than its file: what that imports, or what newer ones import by themselves
kb_is_merged() {
	for kb_file in /etc/containerd/conf.d/*.toml; do [ ! -e "$kb_file" ] || return 0; done
	grep -qs imports "$kb_config"
}

# kb_fact_version: dpkg's, when the program is one that dpkg put there and nobody has touched since; else its own
kb_fact_version() {
	while read -r kb_package kb_version kb_status; do
		case $kb_status in [hi]i) ;; *) continue ;; esac
		kb_times=$(stat -c %Z /usr/bin/containerd "/var/lib/dpkg/info/$kb_package.list" 2>/dev/null) || continue
		if [ "$(command -v containerd)" = /usr/bin/containerd ] && [ "${kb_times%%"$kb_newline"*}" -le "${kb_times#*"$kb_newline"}" ]; then
			fact containerd "containerd $kb_version"
			return
		fi
	done <<EOF_HERE
$kb_here
EOF_HERE
	fact containerd "$(briefly containerd --version 2>/dev/null)"
}

# kb_service: what systemd says of it, in kb_enabled, kb_active and kb_started
kb_service() {
	kb_enabled='' kb_active='' kb_started=''
	while IFS='=' read -r kb_key kb_value; do
		case $kb_key in
		UnitFileState) kb_enabled=$kb_value ;;
		ActiveState) kb_active=$kb_value ;;
		ExecMainStartTimestamp) kb_started=$kb_value ;;
		esac
	done <<EOF_SERVICE
$(TZ=UTC systemctl show containerd -p UnitFileState -p ActiveState -p ExecMainStartTimestamp 2>/dev/null)
EOF_SERVICE
}

# kb_is_stale: a restart that a killed run did not get to: the service is older than its configuration
kb_is_stale() {
	[ -e "$kb_config" ] || return 1
	# shellcheck disable=SC3013 # dash, bash and busybox all know it
	if [ -S "$kb_socket" ] && [ "$kb_socket" -nt "$kb_config" ]; then return 1; fi
	kb_began=$(TZ=UTC date -d "$kb_started" +%s 2>/dev/null) || return 1
	[ "$(stat -L -c %Y "$kb_config")" -gt "$kb_began" ]
}

kb_probe_service() {
	kb_service
	fact enabled "$kb_enabled"
	fact active "$kb_active"
	[ "$kb_active" = active ] || return 0
	if kb_is_stale; then fact stale yes; fi
	fact cri "$(kb_cri_state)"
}

probe() {
	if [ -s /etc/kubernetes/kubelet.conf ]; then fact is_node yes; fi
	kb_here=$(dpkg-query -W -f '${Package} ${Version} ${db:Status-Abbrev}\n' -- containerd containerd.io 2>/dev/null)
	fact installed "$kb_here"
	fact_text os_release /etc/os-release
	set -- config "$kb_config" crictl /etc/crictl.yaml
	while IFS= read -r kb_mirror; do
		kb_mirror=${kb_mirror%%=*}
		# a fact's name holds no colon; of a registry's it parts the port
		case $kb_mirror in
		'') ;;
		*:*) set -- "$@" "hosts/${kb_mirror%%:*}@${kb_mirror#*:}" "/etc/containerd/certs.d/$kb_mirror/hosts.toml" ;;
		*) set -- "$@" "hosts/$kb_mirror" "/etc/containerd/certs.d/$kb_mirror/hosts.toml" ;;
		esac
	done <<EOF_MIRRORS
${registry_mirrors-}
EOF_MIRRORS
	fact_file "$@"
	if have containerd; then
		kb_fact_version
		if kb_is_merged; then fact_of dump briefly containerd config dump 2>/dev/null; fi
		kb_probe_service
	else
		# the lists are read without leaving a cache behind, which would be a write
		fact offered "$(apt-cache -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= madison -- containerd containerd.io 2>/dev/null)"
	fi
}

# -- the package

# kb_try PACKAGE: sets kb_found to its version
kb_try() {
	if [ -n "${version-}" ]; then
		kb_found=$(kb_apt_version "$1" "$version")
	else
		kb_found=$(kb_apt_candidate "$1")
	fi
}

# kb_is_enough VERSION: by the oldest good patch of each series, such as "1.7.28 2.0.6 2.1.3"; a series beyond the last will do, too
kb_is_enough() {
	[ -n "$want_oldest" ] || return 0
	kb_upstream=${1#*:}
	kb_upstream=${kb_upstream%%[~+-]*}
	for kb_oldest in $want_oldest; do
		if [ "${kb_oldest%.*}" = "${kb_upstream%.*}" ]; then
			dpkg --compare-versions "$kb_upstream" ge "$kb_oldest"
			return
		fi
	done
	dpkg --compare-versions "$kb_upstream" gt "$kb_oldest"
}

# as one of two ways it is not worth a long wait
kb_docker_update() {
	if [ "$source" = auto ]; then
		set -- "$@" -o Acquire::Retries=0 -o Acquire::http::Timeout=15 -o Acquire::https::Timeout=15
	fi
	kb_apt_get -o Dir::Etc::sourceparts=- -o APT::Get::List-Cleanup=0 -o APT::Update::Error-Mode=any "$@" update
}

# kb_docker: Docker's repository, unless a source file has it already; fails without a trace when the host cannot reach it
kb_docker() {
	grep -hsv '^[[:space:]]*#' /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources |
		grep -qF "$want_docker_url" && return 0
	[ -n "${made_docker_key-}" ] || return 1
	kb_apt_trust "$want_docker_source"
	folder /etc/apt/keyrings
	put /etc/apt/keyrings/libkb-docker.asc 0644 "$made_docker_key" || return 1
	put /etc/apt/sources.list.d/libkb-docker.list 0644 "$want_docker_source" || return 1
	kb_docker_update -o Dir::Etc::sourcelist=/etc/apt/sources.list.d/libkb-docker.list && return 0
	rm -f /etc/apt/sources.list.d/libkb-docker.list /etc/apt/keyrings/libkb-docker.asc
	return 1
}

kb_none() {
	for kb_package in containerd containerd.io; do
		clue "$kb_package: the sources have $(kb_apt_versions "$kb_package" | head -n 20 | tr '\n' ' ')"
	done
	kb_apt_none containerd.none "containerd${version:+ $version}: no source of this host has it (source: $source)"
}

# kb_choose: sets kb_package and kb_found
kb_choose() {
	kb_package=containerd
	case $source in
	distribution) kb_try containerd || kb_none; return ;;
	auto) kb_try containerd && kb_is_enough "$kb_found" && return ;;
	esac
	kb_package=containerd.io
	kb_docker && kb_try containerd.io && return
	[ "$source" = auto ] || kb_none
	kb_package=containerd
	kb_try containerd || kb_none
}

# kb_spare PACKAGE...: apt takes away what does not go with them (docker.io with the distribution's containerd). That was not asked for
kb_spare() {
	kb_gone=$(apt-get -s -qq install "$@" 2>/dev/null | sed -n 's/^Remv \([^ ]*\).*/\1/p' | grep -vxE 'containerd|containerd\.io|runc')
	[ -z "$kb_gone" ] || die CONFLICT containerd.removes "$* would remove $(printf '%s\n' "$kb_gone" | tr '\n' ' ')(source: $source)"
}

kb_install() {
	kb_apt_ready
	kb_apt_update
	kb_choose
	if [ -n "$want_unhold" ]; then kb_locked apt-mark unhold "$want_unhold"; fi
	# without certificates no image can be pulled; what was held is held again when it fails
	(kb_spare "$kb_package=$kb_found" && kb_apt_install "$kb_package=$kb_found" ca-certificates) || {
		[ -z "$want_unhold" ] || kb_locked apt-mark hold "$want_unhold"
		exit 1
	}
}

# -- all of it

# lines of "HOST BASE64"
kb_write_mirrors() {
	printf '%s\n' "$want_mirrors" | while read -r kb_host kb_text; do
		[ -n "$kb_host" ] || continue
		# the dot keeps the newlines at the end
		kb_text=$(printf '%s' "$kb_text" | base64 -d && printf .) || exit 1
		folder "/etc/containerd/certs.d/$kb_host" && put "/etc/containerd/certs.d/$kb_host/hosts.toml" 0644 "${kb_text%.}" || exit 1
	done
}

kb_cri_answers() {
	[ "$(kb_cri_state)" = ok ]
}

# the configuration comes first, so that a package that starts its service starts it with that
apply() {
	if [ -n "${want_config+set}" ]; then
		folder /etc/containerd && put "$kb_config" 0644 "$want_config" || return 1
	fi
	kb_write_mirrors || return 1
	if [ -n "${want_crictl+set}" ]; then put /etc/crictl.yaml 0644 "$want_crictl" || return 1; fi
	if [ -n "$want_package" ]; then kb_install; fi
	for kb_package in containerd containerd.io; do
		case $(dpkg-query -W -f '${db:Status-Abbrev}' -- "$kb_package" 2>/dev/null) in ii*) kb_apt_hold "$kb_package" ;; esac
	done
	systemctl enable containerd || return 1
	kb_service
	if kb_is_stale || [ -n "$want_restart" ]; then systemctl restart containerd; else systemctl start containerd; fi ||
		die STEP containerd.start 'containerd does not start'
	until_ok 60 kb_cri_answers || die STEP containerd.cri "containerd runs, and its CRI plugin is: $(kb_cri_state)"
}

evidence() {
	systemctl status --no-pager --full containerd 2>&1 | head -n 15
	journalctl -u containerd --no-pager -n 30 -o cat 2>/dev/null
}
