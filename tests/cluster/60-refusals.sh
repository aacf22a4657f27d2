#!/bin/bash
# Hosts that must be refused, and how it is said: another host key, a wrong sudo password, a host that answers nothing.
. "$(dirname "$0")/lib.sh"

# variant NAME SED: the description, changed
variant() {
	sed "$2" "$cluster" >"$KB_LAB/$1.yaml"
	echo "$KB_LAB/$1.yaml"
}

ssh-keygen -q -t ed25519 -N '' -f "$out/other"
awk -v key="$(cut -d' ' -f1,2 "$out/other.pub")" '{print $1, key}' "$KB_LAB/known_hosts" | sort -u >"$KB_LAB/known_hosts.other"
since=$(lab enter 1 date +%s)
installer 1 plan "$(variant other-key 's/known_hosts:[^,}]*/known_hosts: known_hosts.other/')"
wants KB_ETRUST "$out/log"
wants host-key.changed "$out/log"
wants SHA256: "$out/log"
if lab enter 1 journalctl --since "@$since" -o cat -t sshd | grep -E 'Accepted|Failed|userauth|Postponed'; then fail 'a login was tried'; fi
ok 'another host key is refused before any login'

echo 'not the password' >"$KB_LAB/wrong"
chmod 600 "$KB_LAB/wrong"
installer 1 plan "$(variant wrong-sudo 's/^ssh: {user: vagrant/ssh: {sudo_password_file: wrong, user: secret/')"
wants KB_EPRIVILEGE "$out/log"
if grep -F 'not the password' "$out/log"; then fail 'the password was shown'; fi
ok 'a wrong sudo password is named'
printf 'correct horse\n' >"$KB_LAB/right"
chmod 600 "$KB_LAB/right"
installer 0 plan "$(variant right-sudo 's/^ssh: {user: vagrant/ssh: {sudo_password_file: right, user: secret/')" --only host.facts
ok 'and the right one works'

# a peer that accepts and says nothing, then one that is not there
lab exec timeout 120 python3 -c '
import socket, time
s = socket.create_server(("192.168.1.1", 2222)); c = []
s.settimeout(100)
while True: c.append(s.accept())' >/dev/null 2>&1 &
silent=$!
sleep 1
begin=$(date +%s%N)
installer 1 plan "$(variant silent 's/address: 192.168.1.3,/address: 192.168.1.1, ssh: {port: 2222, connect_timeout_ms: 4000},/')"
took=$((($(date +%s%N) - begin) / 1000000))
kill "$silent" 2>/dev/null || true
wants cluster1-worker1 "$out/log"
grep -qE 'KB_ETIMEOUT|KB_EUNREACHABLE' "$out/log" || fail 'the silence has no name'
[ "$took" -lt 6000 ] || fail "a silent host took $took ms, with 4 s allowed"
ok "a host that answers nothing ends after $took ms of 4 s"
