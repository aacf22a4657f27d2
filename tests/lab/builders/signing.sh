# shellcheck shell=bash
# Sourced by the builders of apt repositories: a key that lives as long as its builder does, and signed Release files.

# new_key HOME NAME: whoever finds the key's home in the cache could sign with it, so HOME is a folder that the builder removes
new_key() {
	export GNUPGHOME=$1
	install -d -m 700 "$GNUPGHOME"
	trap forget_key EXIT
	gpg -q --batch --passphrase '' --quick-gen-key "$2 <lab@lab.example>" rsa3072 sign 2y
}

fingerprint() { gpg -q --with-colons --list-keys | sed -n 's/^fpr:*\([0-9A-F]*\):*$/\1/p' | head -n 1; }

# forget_key: gpg's agent would outlive the builder
forget_key() {
	gpgconf --kill all
	rm -rf "$GNUPGHOME"
}

# release FOLDER APT-FTPARCHIVE-OPTION...: Release, InRelease and Release.gpg of what lies in the folder
release() {
	local folder=$1
	shift
	apt-ftparchive "$@" release "$folder" >"$folder/../Release.new"
	mv "$folder/../Release.new" "$folder/Release"
	gpg -q --batch --yes --clearsign -o "$folder/InRelease" "$folder/Release"
	gpg -q --batch --yes --armor --detach-sign -o "$folder/Release.gpg" "$folder/Release"
}
