/* SPDX-License-Identifier: Apache-2.0 */
/* The login: keys in their order, then the password. One connection, no second try. */
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "transport/ssh.h"

static const char *const default_keys[] = {"~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa"};

void
kbi_ssh_home(struct kbi_buf *out, const char *path)
{
	const char *home = getenv("HOME");
	struct passwd entry, *found = NULL;
	char text[4096];

	if (!kbi_str_starts(path, "~/")) {
		kbi_buf_add(out, path);
		return;
	}
	if (!kbi_str_is_set(home) && getpwuid_r(geteuid(), &entry, text, sizeof(text), &found) == 0 && found)
		home = found->pw_dir;
	kbi_buf_add(out, kbi_str_is_set(home) ? home : "");
	kbi_buf_add(out, path + 1);
}

/* KB_OK with no key when the file is not there and need not be. */
static kb_status
load_key(struct kbi_ssh *s, const char *path, bool must_exist, struct kb_err *err)
{
	const struct kbi_key_way way = {.passphrase = kbi_map_find(&s->settings, "passphrase")};
	struct kbi_buf full = KBI_BUF(KBI_SIZE_TEXT);
	kb_status failed = KB_OK;

	kbi_ssh_home(&full, path);
	if (kbi_buf_failed(&full) || s->key_count == KBI_SSH_KEYS_MAX)
		failed = kbi_fail(err, KB_EINVAL, "%s: identity: more than %d", s->host, KBI_SSH_KEYS_MAX);
	else if (must_exist || access(kbi_buf_text(&full), F_OK) == 0)
		failed = kbi_key_load(&s->keys[s->key_count], kbi_buf_text(&full), &way, err);
	if (!failed && s->keys[s->key_count].pkey)
		s->key_count++;
	kbi_buf_free(&full);
	return failed;
}

/* A default key that cannot be used is passed over when another one can. */
static kb_status
load_default_keys(struct kbi_ssh *s, struct kb_err *err)
{
	kb_status first_failed = KB_OK;
	struct kb_err passed_over = {0};

	for (size_t i = 0; i < sizeof(default_keys) / sizeof(default_keys[0]); i++) {
		kb_status failed = load_key(s, default_keys[i], false, first_failed ? &passed_over : err);
		first_failed = first_failed ? first_failed : failed;
	}
	kbi_err_clear(&passed_over);
	if (s->key_count)
		return KB_OK;
	if (first_failed)
		return first_failed;
	kbi_fail(err, KB_EAUTH,
		"%s: no key to log in with: none of ~/.ssh/id_ed25519, id_ecdsa and id_rsa is there",
		s->host);
	kbi_err_id(err, "auth.no-key");
	kbi_err_fix(err, "kb_host_set(host, \"identity\", ...)");
	return KB_EAUTH;
}

kb_status
kbi_ssh_prepare_login(struct kbi_ssh *s, struct kb_err *err)
{
	const struct kbi_entry *data = kbi_map_find(&s->settings, "identity_data"), *file = NULL;
	bool has_password = kbi_map_find(&s->settings, "password");
	kb_status failed = KB_OK;

	if (data && data->size_bytes) {
		const struct kbi_key_way way = {.passphrase = kbi_map_find(&s->settings, "passphrase")};
		failed = kbi_key_parse(
			&s->keys[0], "identity_data", data->value, data->size_bytes, &way, err);
		s->key_count = failed ? 0 : 1;
		return failed;
	}
	while ((file = kbi_map_next(&s->settings, "identity", file)) && !failed)
		failed = kbi_str_is_set(file->value) ? load_key(s, file->value, true, err) : KB_OK;
	/* who gives a password and names no key means the password */
	if (failed || s->key_count || has_password)
		return failed;
	return load_default_keys(s, err);
}

void
kbi_ssh_forget_login(struct kbi_ssh *s)
{
	for (size_t i = 0; i < s->key_count; i++)
		kbi_key_free(&s->keys[i]);
	s->key_count = s->key_at = 0;
}

static enum kbi_turn
next_login(struct kbi_ssh *s)
{
	if (s->key_at < s->key_count)
		return kbi_ssh_go(s, WAIT_KEY_LOGIN);
	if (!s->was_password_refused && kbi_map_find(&s->settings, "password"))
		return kbi_ssh_go(s, WAIT_PASSWORD_LOGIN);
	return kbi_ssh_go(s, WAIT_METHODS);
}

enum kbi_turn
kbi_ssh_start_login(struct kbi_ssh *s)
{
	return next_login(s);
}

/* libssh2 frees what we return with its own free(), which is the C library's. */
static int
sign(LIBSSH2_SESSION *session, unsigned char **signature, size_t *signature_bytes, const unsigned char *data,
	size_t data_bytes, void **key)
{
	(void)session;
	*signature = kbi_key_sign(*key, data, data_bytes, signature_bytes);
	return *signature ? 0 : -1;
}

static bool
is_refusal(int rc)
{
	return rc == LIBSSH2_ERROR_AUTHENTICATION_FAILED || rc == LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED
		|| rc == LIBSSH2_ERROR_PASSWORD_EXPIRED;
}

enum kbi_turn
kbi_ssh_wait_key_login(struct kbi_ssh *s)
{
	struct kbi_key *key = &s->keys[s->key_at];

	s->signing = key;
	int rc = libssh2_userauth_publickey(s->session, s->user, (const unsigned char *)key->blob.data,
		key->blob.size_bytes, sign, &s->signing);
	if (rc == 0)
		return kbi_ssh_go(s, WAIT_CHANNEL);
	if (rc == LIBSSH2_ERROR_EAGAIN)
		return TURN_WAIT;
	if (kbi_ssh_is_broken(s, rc) || !is_refusal(rc))
		return kbi_ssh_fail_socket(s, "in the login");
	s->key_at++;
	return next_login(s);
}

enum kbi_turn
kbi_ssh_wait_password_login(struct kbi_ssh *s)
{
	const struct kbi_entry *password = kbi_map_find(&s->settings, "password");
	int rc = libssh2_userauth_password_ex(s->session, s->user, (unsigned)strlen(s->user), password->value,
		(unsigned)password->size_bytes, NULL);

	if (rc == 0)
		return kbi_ssh_go(s, WAIT_CHANNEL);
	if (rc == LIBSSH2_ERROR_EAGAIN)
		return TURN_WAIT;
	if (rc == LIBSSH2_ERROR_PASSWORD_EXPIRED)
		return kbi_ssh_fail(s, KB_EAUTH, "auth.password-expired",
			"the login of %s was refused: the password has expired", s->user);
	if (kbi_ssh_is_broken(s, rc) || !is_refusal(rc))
		return kbi_ssh_fail_socket(s, "in the login");
	s->was_password_refused = true;
	return next_login(s);
}

/* Only asked when all was refused: it costs a round trip. A server that has had enough hangs up instead,
 * which says as much. */
enum kbi_turn
kbi_ssh_wait_methods(struct kbi_ssh *s)
{
	const char *methods = libssh2_userauth_list(s->session, s->user, (unsigned)strlen(s->user));

	if (!methods && libssh2_session_last_errno(s->session) == LIBSSH2_ERROR_EAGAIN)
		return TURN_WAIT;
	kbi_ssh_fail(s, KB_EAUTH, "auth.refused", "the login of %s was refused", s->user);
	for (size_t i = 0; i < s->key_count; i++)
		kbi_err_evidence(&s->base.err, "refused: %s (%s)", s->keys[i].name, s->keys[i].type);
	if (s->was_password_refused)
		kbi_err_evidence(&s->base.err, "refused: the password");
	if (methods)
		kbi_err_evidence(&s->base.err, "the host takes: %s", methods);
	kbi_err_fix(&s->base.err,
		"a public key in ~%s/.ssh/authorized_keys there, or kb_host_set(host, \"identity\", ...)",
		s->user);
	return TURN_LOST;
}
