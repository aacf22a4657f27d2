#!/bin/sh
# sshd.sh FOLDER PORT: a real sshd for the tests, on loopback alone, with users of its own. As root it gets a mount namespace in which
# /etc/passwd, /etc/shadow and /etc/sudoers are ours and /run, /root and /var/lib are empty: nothing of the machine is touched. Ends when it is killed.
# FOLDER gets: host_ed25519 (which authority.pub certifies), host_ecdsa, host_rsa (.pub), key_ed25519, key_ecdsa, key_rsa (.pub), log.
set -eu
folder=$1
port=$2
password=correct-horse

# From OpenSSH 9.8 on, our connections that break off would ban us; sshd before that does not know the word.
serve() {
	if /usr/sbin/sshd -t -f "$folder/sshd_config" -o PerSourcePenalties=no 2>/dev/null; then
		grep -q PerSourcePenalties "$folder/sshd_config.more" || sed -i '1i PerSourcePenalties no' "$folder/sshd_config"
	fi
	exec /usr/sbin/sshd -D -f "$folder/sshd_config" -E "$folder/log"
}

if [ "${3-}" != inside ]; then
	chmod 755 "$folder"
	for kind in 'ed25519 256' 'ecdsa 256' 'rsa 2048'; do	# longer ones would take each sshd half a second
		type=${kind% *}
		ssh-keygen -q -t "$type" -b "${kind#* }" -N '' -C "host $type" -f "$folder/host_$type"
		ssh-keygen -q -t "$type" -b "${kind#* }" -N '' -C "user $type" -f "$folder/key_$type"
	done
	cat "$folder"/key_*.pub >"$folder/authorized_keys"
	ssh-keygen -q -t ed25519 -N '' -C authority -f "$folder/authority"
	cp "$folder/host_ed25519.pub" "$folder/certified.pub"
	ssh-keygen -q -s "$folder/authority" -I host -h "$folder/certified.pub"
	chmod 644 "$folder/authorized_keys"
	# what a test adds comes first, since sshd takes the first of two lines; its Match blocks come last
	sed '/^Match/,$d' "$folder/sshd_config.more" >"$folder/sshd_config"
	cat >>"$folder/sshd_config" <<-END
		Port $port
		ListenAddress 127.0.0.1
		ListenAddress [::1]
		HostKey $folder/host_ed25519
		HostKey $folder/host_ecdsa
		HostKey $folder/host_rsa
		HostCertificate $folder/certified-cert.pub
		AuthorizedKeysFile $folder/authorized_keys
		PidFile none
		StrictModes no
		UsePAM no
		PasswordAuthentication yes
		KbdInteractiveAuthentication no
		PermitRootLogin yes
		LogLevel DEBUG1
		MaxAuthTries 4
	END
	sed -n '/^Match/,$p' "$folder/sshd_config.more" >"$folder/sshd_config.match"
	grep -q MaxStartups "$folder/sshd_config.more" || echo 'MaxStartups 200' >>"$folder/sshd_config"
	cat "$folder/sshd_config.match" >>"$folder/sshd_config"
	printf 'Match User kb-both\n\tAuthenticationMethods publickey,password\n' >>"$folder/sshd_config"
	[ "$(id -u)" = 0 ] || serve
	exec unshare -m --propagation private /bin/sh "$0" "$folder" "$port" inside
fi

# user NAME SHELL [CHANGED [EXPIRES]]: one that can log in, with a home of its own; the last two are the days of shadow(5)
id=60000
user() {
	id=$((id + 1))
	mkdir -p "$folder/home/$1"
	printf '%s:x:%d:%d::%s/home/%s:%s\n' "$1" $id $id "$folder" "$1" "$2" >>"$folder/passwd"
	printf '%s:x:%d:\n' "$1" $id >>"$folder/group"
	printf '%s:%s:%s:0:99999:7::%s:\n' "$1" "$hash" "${3-19000}" "${4-}" >>"$folder/shadow"
	chown $id:$id "$folder/home/$1"
}

hash=$(openssl passwd -6 "$password")
cp /etc/passwd /etc/group "$folder/"
sed "s|^root:[^:]*:|root:$hash:|" /etc/shadow >"$folder/shadow"
user kb-bash /bin/bash
user kb-dash /bin/dash
user kb-zsh /bin/zsh
user kb-fish /usr/bin/fish
user kb-tcsh /bin/tcsh
user kb-password /bin/bash
user kb-stranger /bin/bash
user kb-tty /bin/bash
user kb-pty /bin/bash
user kb-other /bin/bash
user kb-rbash /bin/rbash
user kb-nologin /usr/sbin/nologin
user kb-false /bin/false
user kb-noisy /bin/bash
user kb-traced /bin/bash
user kb-tracedpw /bin/bash
user kb-reads /bin/bash
user kb-exits /bin/bash
user kb-eats /bin/bash
user kb-liar /bin/bash
user kb-ptypw /bin/bash
user kb-zero /bin/bash
user kb-ttypw /bin/bash
user kb-old /bin/bash 0
user kb-oldfree /bin/bash 0
user kb-gone /bin/bash 19000 1
user kb-asked /bin/bash
user kb-both /bin/bash
for shell in zsh fish tcsh; do
	for what in noisy reads exits; do
		case $shell in
		fish) user kb-$shell-$what /usr/bin/fish ;;
		*) user kb-$shell-$what /bin/$shell ;;
		esac
	done
	mkdir -p "$folder/home/kb-fish-noisy/.config/fish" "$folder/home/kb-fish-reads/.config/fish" "$folder/home/kb-fish-exits/.config/fish"
done

# root under another name, whose every login has a /run and a lock of its own, so that one machine is as many hosts as there are logins
printf 'kb-alone:x:0:0::%s:%s/alone\n' "$folder" "$folder" >>"$folder/passwd"
printf 'kb-alone:%s:19000:0:99999:7:::\n' "$hash" >>"$folder/shadow"
cat >"$folder/alone" <<'END'
#!/bin/sh
exec unshare -m /bin/sh -c 'for place in /run /root /var/lib; do mount -t tmpfs tmpfs $place || exit 1; done; exec /bin/sh "$@"' sh "$@"
END
chmod 755 "$folder/alone"

# What rc files do to a login. Debian's bash reads .bashrc when sshd starts it.
cat >"$folder/home/kb-noisy/.bashrc" <<'END'
head -c 300000 /dev/urandom
printf '\nkb0123456789abcdef0123456789abcdef 0 0\nno newline at the end: [sudo] password for kb-noisy: '
printf 'noise on stderr, without a newline' >&2
END
echo 'set -x' >"$folder/home/kb-traced/.bashrc"
echo 'set -xv' >"$folder/home/kb-tracedpw/.bashrc"
echo 'read -r line' >"$folder/home/kb-reads/.bashrc"
echo 'echo going away; exit 0' >"$folder/home/kb-exits/.bashrc"
echo 'cat >/dev/null' >"$folder/home/kb-eats/.bashrc"
# It imitates sudo, and keeps what it is told.
cat >"$folder/home/kb-liar/.bashrc" <<END
printf '[sudo] password for kb-liar: ' >&2
read -r -t 2 line && echo "\$line" >$folder/home/kb-liar/stolen
END

# The same for shells that read other files, also when they are not asked to talk to anybody.
for noisy in kb-zsh-noisy/.zshenv kb-fish-noisy/.config/fish/config.fish kb-tcsh-noisy/.tcshrc; do
	echo 'printf "noise without a newline: Password:"; printf "on stderr" | cat' >"$folder/home/$noisy"
done
echo 'read -r line' >"$folder/home/kb-zsh-reads/.zshenv"
echo 'read -l line' >"$folder/home/kb-fish-reads/.config/fish/config.fish"
# shellcheck disable=SC2016 # tcsh reads a line by this name
echo 'set line = "$<"' >"$folder/home/kb-tcsh-reads/.tcshrc"
for exits in kb-zsh-exits/.zshenv kb-fish-exits/.config/fish/config.fish kb-tcsh-exits/.tcshrc; do
	echo 'echo going away; exit 0' >"$folder/home/$exits"
done
# Something in sudo's place that asks for another secret.
mkdir -p "$folder/home/kb-asked/bin"
cat >"$folder/home/kb-asked/bin/sudo" <<END
#!/bin/bash
printf 'Verification code: ' >&2
read -r -t 2 line && echo "\$line" >$folder/home/kb-asked/stolen
exit 1
END
chmod 755 "$folder/home/kb-asked/bin/sudo"
# shellcheck disable=SC2016 # as its shell reads it
echo 'PATH=~/bin:$PATH' >"$folder/home/kb-asked/.bashrc"

cat >"$folder/sudoers" <<'END'
Defaults env_reset
Defaults secure_path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
Defaults:kb-tty requiretty
Defaults:kb-ttypw requiretty
Defaults:kb-pty use_pty
Defaults:kb-ptypw use_pty, lecture=always
Defaults:kb-zero timestamp_timeout=0
Defaults:kb-password lecture=always
root ALL=(ALL:ALL) ALL
kb-bash,kb-dash,kb-zsh,kb-fish,kb-tcsh,kb-tty,kb-pty,kb-noisy,kb-traced,kb-reads,kb-exits,kb-eats,kb-rbash,kb-oldfree ALL=(ALL:ALL) NOPASSWD: ALL
kb-zsh-noisy,kb-zsh-reads,kb-zsh-exits,kb-fish-noisy,kb-fish-reads,kb-fish-exits,kb-tcsh-noisy,kb-tcsh-reads,kb-tcsh-exits ALL=(ALL:ALL) NOPASSWD: ALL
kb-password,kb-tracedpw,kb-liar,kb-ptypw,kb-zero,kb-ttypw,kb-old,kb-gone,kb-asked ALL=(ALL:ALL) ALL
kb-other ALL=(ALL:ALL) NOPASSWD: /bin/true
END
chmod 440 "$folder/sudoers"
chmod 640 "$folder/shadow"

for file in passwd group shadow sudoers; do
	mount --bind "$folder/$file" /etc/$file
done
for place in /run /root /var/lib; do	# where the library's lock and journals are: these are another host's
	mount -t tmpfs tmpfs $place
done
mkdir -p /run/sshd /run/sudo /run/lock
serve
