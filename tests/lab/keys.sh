# shellcheck shell=bash
# Keys and certificates of one lab, made anew for each: for the clients of its hosts, and for its mirror.

keys_ssh() {
	ssh-keygen -q -t ed25519 -N '' -C lab -f "$LAB_DIR/id"
	ssh-keygen -q -t rsa -b 3072 -N '' -C lab-rsa -f "$LAB_DIR/id_rsa"
	ssh-keygen -q -t ecdsa -N '' -C lab-ecdsa -f "$LAB_DIR/id_ecdsa"
}

# keys_ca: an authority of the lab's own, and the mirror's certificate by it
keys_ca() {
	local dir=$LAB_DIR/tls
	install -d -m 700 "$dir"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj '/CN=lab authority' \
		-keyout "$dir/ca.key" -out "$LAB_DIR/ca.pem" 2>/dev/null
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj '/CN=mirror.lab' \
		-keyout "$dir/mirror.key" -out "$dir/mirror.csr" 2>/dev/null
	openssl x509 -req -in "$dir/mirror.csr" -CA "$LAB_DIR/ca.pem" -CAkey "$dir/ca.key" -CAcreateserial -days 30 \
		-extfile <(printf 'subjectAltName=IP:%s.1,DNS:mirror.lab\nextendedKeyUsage=serverAuth\n' "$LAB_NET") \
		-out "$dir/mirror.pem" 2>/dev/null
}
