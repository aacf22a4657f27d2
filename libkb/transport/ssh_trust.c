/* SPDX-License-Identifier: Apache-2.0 */
/* The handshake, and whether the host is who it should be: decided before a byte of the login is sent. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "transport/known_hosts.h"
#include "transport/ssh.h"

/* Without chacha20-poly1305, whose packet length libssh2 1.11 does not bound; without CBC, SHA-1 and MD5. The
 * last two of the key exchanges are no algorithms: they switch on what keeps a man in the middle from cutting
 * packets off (Terrapin), where libssh2 has it. */
static const char *const kex[] = {
	"curve25519-sha256",
	"curve25519-sha256@libssh.org",
	"ecdh-sha2-nistp256",
	"ecdh-sha2-nistp384",
	"ecdh-sha2-nistp521",
	"diffie-hellman-group-exchange-sha256",
	"diffie-hellman-group16-sha512",
	"diffie-hellman-group18-sha512",
	"diffie-hellman-group14-sha256",
	"ext-info-c",
	"kex-strict-c-v00@openssh.com",
	NULL,
};
static const char *const ciphers[] = {
	"aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr", "aes192-ctr", "aes256-ctr", NULL,
};
static const char *const macs[] = {
	"hmac-sha2-256-etm@openssh.com",
	"hmac-sha2-512-etm@openssh.com",
	"hmac-sha2-256",
	"hmac-sha2-512",
	NULL,
};

static const struct host_key_method {
	const char *name;
	enum kbi_key_type type;
} host_keys[] = {
	{"ssh-ed25519", KBI_KEY_ED25519},
	{"ecdsa-sha2-nistp256", KBI_KEY_ECDSA256},
	{"ecdsa-sha2-nistp384", KBI_KEY_ECDSA384},
	{"ecdsa-sha2-nistp521", KBI_KEY_ECDSA521},
	{"rsa-sha2-512", KBI_KEY_RSA},
	{"rsa-sha2-256", KBI_KEY_RSA},
};

static bool
is_supported(const char *name, const char **supported, int count)
{
	for (int i = 0; i < count; i++)
		if (kbi_str_is(name, supported[i]))
			return true;
	return false;
}

/* We ask for those alone that libssh2 has: it edits longer lists itself, by copying strings over themselves. */
static kb_status
prefer(struct kbi_ssh *s, int method, const char *const *names)
{
	struct kbi_buf list = KBI_BUF(KBI_SIZE_TEXT);
	const char **supported = NULL;
	int count = libssh2_session_supported_algs(s->session, method, &supported);

	for (; *names && count > 0; names++)
		if (is_supported(*names, supported, count))
			kbi_buf_add_format(&list, "%s%s", list.size_bytes ? "," : "", *names);
	if (count > 0)
		libssh2_free(s->session, supported);
	bool is_set = !kbi_buf_failed(&list) && list.size_bytes
		&& libssh2_session_method_pref(s->session, method, list.data) == 0;
	kbi_buf_free(&list);
	return is_set ? KB_OK : KB_ENOMEM;
}

/* First the types that known_hosts has for this host, then the others, so that what a stranger shows can be
 * reported. */
static kb_status
prefer_host_keys(struct kbi_ssh *s)
{
	const char *names[2 * (sizeof(host_keys) / sizeof(host_keys[0])) + 2];
	size_t count = 0;

	for (int is_known = 1; is_known >= 0; is_known--)
		for (size_t i = 0; i < sizeof(host_keys) / sizeof(host_keys[0]); i++)
			if (!(s->known_types & host_keys[i].type) == !is_known)
				names[count++] = host_keys[i].name;
	if (s->known_types & KBI_KEY_RSA && libssh2_version(0x010b00) == NULL)
		names[count++] = "ssh-rsa";	/* all that 1.10 has for RSA; only old servers still offer it */
	names[count] = NULL;
	return prefer(s, LIBSSH2_METHOD_HOSTKEY, names);
}

kb_status
kbi_ssh_prefer_methods(struct kbi_ssh *s)
{
	kb_status failed = prefer_host_keys(s);

	if (!failed)
		failed = prefer(s, LIBSSH2_METHOD_KEX, kex);
	for (int method = LIBSSH2_METHOD_CRYPT_CS; method <= LIBSSH2_METHOD_CRYPT_SC && !failed; method++)
		failed = prefer(s, method, ciphers);
	for (int method = LIBSSH2_METHOD_MAC_CS; method <= LIBSSH2_METHOD_MAC_SC && !failed; method++)
		failed = prefer(s, method, macs);
	return failed;
}

static kb_status
read_known_file(struct kbi_ssh *s, const char *path, size_t path_bytes, struct kb_err *err)
{
	struct kbi_buf name = KBI_BUF(KBI_SIZE_TEXT), full = KBI_BUF(KBI_SIZE_TEXT);

	kbi_buf_add_bytes(&name, path, path_bytes);
	kbi_ssh_home(&full, kbi_buf_text(&name));
	kb_status failed = kbi_buf_failed(&name) || kbi_buf_failed(&full) ? kbi_fail_memory(err) : KB_OK;
	if (!failed && full.size_bytes)
		failed = kbi_known_files_add(&s->known_files, full.data, err);
	kbi_buf_free(&name);
	kbi_buf_free(&full);
	return failed;
}

/* The setting may be there several times (from ssh_config), and each may name several files. */
static kb_status
read_known_hosts(struct kbi_ssh *s, struct kb_err *err)
{
	static const char fallback[] = "~/.ssh/known_hosts";
	const struct kbi_entry *entry = NULL;
	kb_status failed = KB_OK;

	if (!kbi_map_has(&s->settings, "known_hosts"))
		return read_known_file(s, fallback, strlen(fallback), err);
	while (!failed && (entry = kbi_map_next(&s->settings, "known_hosts", entry)))
		for (const char *at = entry->value; *at && !failed;) {
			size_t length = strcspn(at, ":");
			failed = read_known_file(s, at, length, err);
			at += length + (at[length] == ':');
		}
	return failed;
}

static void
look(const struct kbi_ssh *s, const void *key, size_t key_bytes, struct kbi_known_host *host)
{
	kbi_known_hosts_look(kbi_buf_text(&s->known_files.text), s->known_files.text.size_bytes,
		kbi_buf_text(&s->known_name), key, key_bytes, host);
}

/* The files are read here, for the types of keys to ask for, and again when a key was shown: they grow with the number of
 * hosts, and as many hosts may be connecting. */
static kb_status
learn_types(struct kbi_ssh *s, struct kb_err *err)
{
	struct kbi_known_host host;
	kb_status failed = read_known_hosts(s, err);

	if (!failed) {
		look(s, NULL, 0, &host);
		s->known_types = host.types;
		failed = host.has_failed ? kbi_fail_memory(err) : KB_OK;
	}
	kbi_known_files_free(&s->known_files);
	return failed;
}

kb_status
kbi_ssh_prepare_trust(struct kbi_ssh *s, struct kb_err *err)
{
	const char *pin = kbi_map_get(&s->settings, "host_key");

	kbi_known_hosts_name(&s->known_name, s->address, s->port);
	if (kbi_str_is_set(pin))
		return kbi_is_fingerprint(pin)
			? KB_OK
			: kbi_fail(err, KB_EINVAL, "%s: host_key: not SHA256: and 43 characters of base64",
				  s->host);
	return kbi_buf_failed(&s->known_name) ? kbi_fail_memory(err) : learn_types(s, err);
}

static bool
says_ssh(const struct kbi_ssh *s)
{
	return s->first_bytes >= 4 && memcmp(s->first, "SSH-", 4) == 0;
}

/* sshd's own words when it has no time for us, before it has said its version (drop_connection() of sshd.c) */
static const struct turn_away {
	const char *words, *how;
	bool is_ban;
} turns[] = {
	{"Exceeded MaxStartups", "has too many logins under way (MaxStartups)", false},
	{"Not allowed at this time", "takes no login from this address for now (MaxStartups or PerSourcePenalties)",
		true},
};

static const struct turn_away *
turned_away(const struct kbi_ssh *s)
{
	for (size_t i = 0; i < sizeof(turns) / sizeof(turns[0]); i++)
		if (memmem(s->first, s->first_bytes, turns[i].words, strlen(turns[i].words)))
			return &turns[i];
	return NULL;
}

/* It spoke, but not SSH. */
static enum kbi_turn
fail_first_words(struct kbi_ssh *s)
{
	const struct turn_away *turn = turned_away(s);

	if (turn)
		kbi_ssh_fail(s, KB_EUNREACHABLE, "connect.turned-away", "%s port %d %s", s->address, s->port,
			turn->how);
	else
		kbi_ssh_fail(s, KB_EPROTOCOL, "ssh.not-ssh", "%s port %d is not an SSH server", s->address,
			s->port);
	kbi_err_evidence(&s->base.err, "it said: %.*s", (int)s->first_bytes, s->first);
	return turn ? kbi_ssh_come_again(s, turn->is_ban) : TURN_LOST;
}

static enum kbi_turn
fail_handshake(struct kbi_ssh *s, int rc)
{
	char *why = NULL;

	if (s->first_bytes && !says_ssh(s) && !kbi_ssh_has_lost_jump(s))
		return fail_first_words(s);
	if (kbi_ssh_is_broken(s, rc) && s->first_bytes)
		return kbi_ssh_fail_socket(s, "in the handshake");
	if (kbi_ssh_is_broken(s, rc)) {
		/* What sshd says when it turns somebody away is lost when it has not read what we said. */
		kbi_ssh_fail_socket(s, "before it said who it is");
		s->base.state = KBI_CONNECTING;
		return kbi_ssh_come_again(s, false);
	}
	if (rc == LIBSSH2_ERROR_ALLOC)
		return kbi_ssh_fail_memory(s, "in the handshake");
	libssh2_session_last_error(s->session, &why, NULL, 0);
	if (rc == LIBSSH2_ERROR_HOSTKEY_SIGN || rc == LIBSSH2_ERROR_HOSTKEY_INIT)
		return kbi_ssh_fail(s, KB_ETRUST, "host-key.signature",
			"it could not prove that its host key is its own: %s", why ? why : "");
	if (rc == LIBSSH2_ERROR_KEX_FAILURE || rc == LIBSSH2_ERROR_METHOD_NONE)
		return kbi_ssh_fail(s, KB_EUNSUPPORTED, "ssh.algorithms",
			"no algorithm in common with it: %s", why ? why : "");
	return kbi_ssh_fail(s, KB_EPROTOCOL, "ssh.handshake", "the handshake failed: %s (%d)",
		why ? why : "no reason", rc);
}

enum kbi_turn
kbi_ssh_wait_handshake(struct kbi_ssh *s)
{
	int rc = libssh2_session_handshake(s->session, s->watch.fd);

	if (rc == LIBSSH2_ERROR_EAGAIN)
		return TURN_WAIT;
	return rc ? fail_handshake(s, rc) : kbi_ssh_go(s, CHECK_HOST_KEY);
}

struct shown {			/* the key that the host showed */
	const char *blob;
	size_t blob_bytes;
	char type[KBI_FINGERPRINT_BYTES];
	char fingerprint[KBI_FINGERPRINT_BYTES];
};

static enum kbi_turn
distrust(struct kbi_ssh *s, const struct shown *shown, const char *id, const char *how)
{
	kbi_ssh_fail(s, KB_ETRUST, id, "its host key %s", how);
	kbi_err_evidence(
		&s->base.err, "%s port %d shows %s %s", s->address, s->port, shown->type, shown->fingerprint);
	return TURN_LOST;
}

static enum kbi_turn
fail_look_up(struct kbi_ssh *s)
{
	return kbi_ssh_fail(s, KB_ENOMEM, "host-key.memory", "its host key cannot be compared: out of memory");
}

static enum kbi_turn
check_pin(struct kbi_ssh *s, const struct shown *shown, const char *pin)
{
	size_t length = strlen(pin);

	while (length && pin[length - 1] == '=')
		length--;
	if (length == strlen(shown->fingerprint) && memcmp(pin, shown->fingerprint, length) == 0)
		return kbi_ssh_start_login(s);
	distrust(s, shown, "host-key.pin-differs", "is not the pinned one");
	kbi_err_evidence(&s->base.err, "pinned is %s", pin);
	kbi_err_fix(&s->base.err,
		"compare with what the host itself says: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub");
	return TURN_LOST;
}

static void
add_known_types(struct kbi_ssh *s, unsigned types)
{
	struct kbi_buf names = KBI_BUF(KBI_SIZE_TEXT);
	unsigned seen = 0;

	for (size_t i = 0; i < sizeof(host_keys) / sizeof(host_keys[0]); i++) {
		if (types & host_keys[i].type && !(seen & host_keys[i].type))
			kbi_buf_add_format(&names, " %s",
				host_keys[i].type == KBI_KEY_RSA ? "ssh-rsa" : host_keys[i].name);
		seen |= host_keys[i].type;
	}
	if (names.size_bytes)
		kbi_err_evidence(&s->base.err, "known_hosts has other types of keys for this host:%s",
			kbi_buf_text(&names));
	if (types == KBI_KEY_RSA && libssh2_version(0x010b00) == NULL)
		kbi_err_evidence(&s->base.err,
			"libssh2 %s checks RSA host keys with SHA-1 alone, which servers do not offer any "
			"more",
			libssh2_version(0));
	kbi_buf_free(&names);
}

static enum kbi_turn
lose_by(struct kbi_ssh *s, struct kb_err *err)
{
	kbi_err_copy(&s->base.err, err);
	kbi_err_clear(err);
	return TURN_LOST;
}

static enum kbi_turn
accept_new(struct kbi_ssh *s, const struct shown *shown)
{
	struct kb_err err = {0};

	if (kbi_known_hosts_add(s->known_files.files[0].path, kbi_buf_text(&s->known_name), shown->blob,
		    shown->blob_bytes, &err))
		return lose_by(s, &err);
	return kbi_ssh_start_login(s);
}

static enum kbi_turn
refuse_unknown(struct kbi_ssh *s, const struct shown *shown, const struct kbi_known_host *host)
{
	distrust(s, shown, "host-key.unknown", "is not known");
	for (size_t i = 0; i < s->known_files.count; i++)
		kbi_err_evidence(&s->base.err, "%s has no %s key for %s", s->known_files.files[i].path,
			shown->type, kbi_buf_text(&s->known_name));
	add_known_types(s, host->types);
	kbi_err_fix(&s->base.err,
		"when the host itself says the same (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub "
		"there): "
		"kb_host_set(host, \"host_key\", \"%s\"), or add it to %s",
		shown->fingerprint, s->known_files.count ? s->known_files.files[0].path : "known_hosts");
	return TURN_LOST;
}

static enum kbi_turn
refuse_line(struct kbi_ssh *s, const struct shown *shown, const struct kbi_known_host *host)
{
	size_t line = host->line;
	const char *path = kbi_known_files_where(&s->known_files, &line);

	if (host->known == KBI_KNOWN_REVOKED) {
		distrust(s, shown, "host-key.revoked", "is revoked");
		kbi_err_evidence(&s->base.err, "%s:%zu revokes it", path, line);
	} else if (host->known == KBI_KNOWN_AUTHORITY) {
		distrust(s, shown, "host-key.cert-authority",
			"is to be certified by an authority, and certificates are not supported");
		kbi_err_evidence(&s->base.err, "%s:%zu is a @cert-authority line", path, line);
		kbi_err_fix(&s->base.err,
			"a line with the host's own key in %s, or kb_host_set(host, \"host_key\", ...)",
			path);
	} else {
		distrust(s, shown, "host-key.changed", "has changed");
		kbi_err_evidence(
			&s->base.err, "%s:%zu knows %s %s", path, line, shown->type, host->fingerprint);
		kbi_err_fix(&s->base.err,
			"when the host was made anew: ssh-keygen -R %s -f %s, then add the new key",
			kbi_buf_text(&s->known_name), path);
	}
	return TURN_LOST;
}

static enum kbi_turn
judge_shown(struct kbi_ssh *s, const struct shown *shown)
{
	struct kbi_known_host host;

	look(s, shown->blob, shown->blob_bytes, &host);
	if (host.has_failed)
		return fail_look_up(s);
	if (host.known == KBI_KNOWN_SAME)
		return kbi_ssh_start_login(s);
	if (host.known != KBI_KNOWN_NOT)
		return refuse_line(s, shown, &host);
	/* A name that has a key of any type is no new one: who stands between could show another type. */
	if (kbi_str_is_yes(kbi_map_get(&s->settings, "accept_new")) && !host.types
		&& s->known_files.count)
		return accept_new(s, shown);
	if (!host.types && kbi_ssh_is_key_trusted(s, shown->fingerprint))
		return kbi_ssh_start_login(s);
	if (!host.types && kbi_ssh_may_ask_host_key(s))
		return kbi_ssh_ask_host_key(s, shown->type, shown->fingerprint);
	return refuse_unknown(s, shown, &host);
}

static enum kbi_turn
check_known_hosts(struct kbi_ssh *s, const struct shown *shown)
{
	struct kb_err err = {0};
	enum kbi_turn turn = read_known_hosts(s, &err) ? lose_by(s, &err) : judge_shown(s, shown);

	kbi_known_files_free(&s->known_files);
	return turn;
}

enum kbi_turn
kbi_ssh_check_host_key(struct kbi_ssh *s)
{
	const char *pin = kbi_map_get(&s->settings, "host_key");
	struct shown shown = {0};
	int type;

	shown.blob = libssh2_session_hostkey(s->session, &shown.blob_bytes, &type);
	if (!shown.blob || !shown.blob_bytes)
		return kbi_ssh_fail(s, KB_ETRUST, "host-key.missing", "it showed no host key");
	kbi_key_type_name(shown.blob, shown.blob_bytes, shown.type);
	kbi_fingerprint(shown.blob, shown.blob_bytes, shown.fingerprint);
	if (!*shown.fingerprint)
		return fail_look_up(s);
	kbi_log(s->log, KB_LOG_DEBUG, s->host, "shows the host key %s %s", shown.type, shown.fingerprint);
	return kbi_str_is_set(pin) ? check_pin(s, &shown, pin) : check_known_hosts(s, &shown);
}
