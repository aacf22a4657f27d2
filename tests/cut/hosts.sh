#!/bin/sh
# hosts.sh FOLDER PORT...: real sshds on loopback, one a port, each of them another host to the library: as root it gets a mount namespace in which
# the places of the library's lock and journals are its own. Ends when it is killed. FOLDER gets: known_hosts, key.
set -eu
folder=$1
shift

if [ "$1" = inside ]; then
	for place in /run /root /var/lib /dev/shm; do
		mount -t tmpfs tmpfs $place
	done
	mkdir -p /run/sshd
	exec /usr/sbin/sshd -D -f "$folder/config.$2" -E "$folder/log.$2"
fi

ssh-keygen -q -t ed25519 -N '' -C host -f "$folder/host"
ssh-keygen -q -t ed25519 -N '' -C user -f "$folder/key"
for port in "$@"; do
	cat >"$folder/config.$port" <<-END
		Port $port
		ListenAddress 127.0.0.1
		HostKey $folder/host
		AuthorizedKeysFile $folder/key.pub
		PidFile none
		StrictModes no
		UsePAM no
		PasswordAuthentication no
		KbdInteractiveAuthentication no
		PermitRootLogin yes
		MaxStartups 200
	END
	# from OpenSSH 9.8 on, connections that break off would ban us; sshd before that does not know the word
	if /usr/sbin/sshd -t -f "$folder/config.$port" -o PerSourcePenalties=no 2>/dev/null; then
		echo 'PerSourcePenalties no' >>"$folder/config.$port"
	fi
	if [ "$(id -u)" = 0 ]; then
		unshare -m --propagation private /bin/sh "$0" "$folder" inside "$port" &
	else
		/usr/sbin/sshd -D -f "$folder/config.$port" -E "$folder/log.$port" &
	fi
done
wait
