#!/bin/bash
# A cluster is made with markers as password, sudo password, passphrase, key, token and certificate key; then they are looked for wherever
# none may be: events, errors, logs at the highest level, arguments and environment of every process while it runs, files of the hosts, and the
# memory of the controller when all is freed. Each search is shown to find what is there.
. "$(dirname "$0")/lib.sh"
secrets=$out/secrets

# clean: what runs in the background ends with the test
clean() {
	local child
	for child in $(pgrep -P $$); do
		pkill -P "$child" || true
		kill "$child" 2>/dev/null || true
	done
	rm -rf "$out"
}
trap clean EXIT
canary() { python3 "$top/tests/cluster/canary.py" "$@"; }

fresh_hosts 2
installer 0 up "$cluster" --only host.facts --only hosts.entries --only 'swap.*' --only 'kernel.*' --only 'containerd.*' --only 'apt.*' --only 'packages.*'
canary make "$secrets"

# user I FILE: an account whose sudo password is what the file holds
user() {
	lab enter "$1" useradd --create-home --shell /bin/bash --groups sudo canary
	{ printf 'canary:'; cat "$secrets/$2"; } | lab enter "$1" chpasswd
}
user 1 password
user 2 sudo_password
lab enter 2 install -d -o canary -m 700 /home/canary/.ssh
lab enter 2 sh -c 'cat >/home/canary/.ssh/authorized_keys' <"$secrets/key.pub"

mkfifo "$out/go" "$out/stop"
# the search of processes must find one that has a secret in its arguments
exec 8<>"$out/stop"
canary processes "$secrets" <"$out/stop" >"$out/processes" &
search=$!
lab enter 1 sh -c 'read -r x; sleep 2' "$(<"$secrets/control")" <<<x
exec 7<>"$out/go"
lab exec timeout 900 "$KB_BUILD/tests/cluster/canary" "$KB_LAB" "$secrets" <"$out/go" >"$out/log" 2>&1 &
pid=$!

# of: the process itself, below timeout and what entered the lab
of() {
	local p=$pid
	while [ "$(cat "/proc/$p/comm")" != canary ]; do p=$(pgrep -P "$p" | head -n 1); done
	echo "$p"
}
until_says() {
	local n
	for ((n = 0; n < 6000; n++)); do
		! grep -qx "$1" "$out/log" || return 0
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.1
	done
	tail -n 30 "$out/log" >&2
	fail "it did not come to: $1"
}
until_says holding
canary memory "$secrets" "$(of)" >"$out/memory"
for name in certificate_key key passphrase password sudo_password token; do
	grep -q "^$name " "$out/memory" || fail "the search of memory does not find $name while it is held"
done
echo >&7
until_says freed
canary memory "$secrets" "$(of)" >"$out/memory"
echo >&7
exec 7>&-
wait "$pid" || { tail -n 30 "$out/log" >&2; fail 'the cluster was not made'; }
ok 'two hosts became a cluster: by password, by a key with a passphrase, with a token and a certificate key of the caller'
[ ! -s "$out/memory" ] || { cut -c1-200 "$out/memory" >&2; fail 'secrets are in the memory of a controller that freed everything'; }
ok 'no secret is left in the memory of the controller'

echo >&8
wait "$search"
grep -q '^control cmdline' "$out/processes" || fail 'the search of processes does not find what is there'
grep -vE '^(rounds|control cmdline) ' "$out/processes" >"$out/found" || true
[ ! -s "$out/found" ] || { cat "$out/found" >&2; fail 'a secret was in the arguments or environment of a process'; }
ok "no secret in any process's arguments or environment: $(awk '/^rounds/ {print $2}' "$out/processes") rounds"

mkdir "$out/said"
cp "$out/log" "$out/said/"
canary files "$secrets" "$out/said" >"$out/found"
[ ! -s "$out/found" ] || { cat "$out/found" >&2; fail 'a secret was said'; }
grep -q '"step":"canary.tattle"' "$out/said/log" || fail 'the script that prints its secret did not run'
grep -q 'out: ' "$out/said/log" || fail 'what that script printed was not shown'
for what in 'login: ' 'the shell is there' script: answer facts:; do
	grep -q "^log .*: $what" "$out/said/log" || fail "the log does not trace: $what"
done
grep -q '^error ' "$out/said/log" || fail 'no error was shown'
ok "no secret in events, errors and logs: $(grep -c '^log ' "$out/said/log") entries of the log"

for i in 1 2; do	# what is in memory only is fetched; the rest lies in the host's disk
	mkdir -p "$out/volatile/$i"
	# again when a file changed, or went, while it was read; what is left of an attempt is searched too
	for ((n = 0; n < 10; n++)); do
		! lab enter "$i" tar -C / -cf - --ignore-failed-read --warning=none run tmp dev/shm | tar -C "$out/volatile/$i" --exclude='*/containerd/*' -xf - || break
	done
	[ "$n" -lt 10 ] || fail "what host $i has in memory could not be fetched"
done
canary files "$secrets" "$KB_LAB"/hosts/*/disk "$KB_LAB"/hosts/*/volumes "$out/volatile" >"$out/found"
grep -q '^token .*etcd' "$out/found" || fail 'the search of files does not find the token in etcd'
grep -vE '^token .*/var/lib/etcd/' "$out/found" >"$out/bad" || true
[ ! -s "$out/bad" ] || { cat "$out/bad" >&2; fail 'a secret was written to a file of a host'; }
ok 'no secret in any file of the hosts, but for the token in etcd'
