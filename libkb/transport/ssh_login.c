/* SPDX-License-Identifier: Apache-2.0 */
/* The login: keys in their order, those of an agent first; then the password or the answers, whichever the
 * host takes. One connection, each key and secret once: what was refused is never tried again. */
#include <string.h>

#include "base/str.h"
#include "transport/ssh_agent.h"

static bool
has_key(const struct kbi_ssh *s)
{
	return s->key_at < s->key_count;
}

static bool
has_password(const struct kbi_ssh *s)
{
	return !s->was_password_refused && kbi_map_find(&s->settings, "password");
}

/* The password answers a prompt only where it was not given as itself. */
static bool
has_answers(const struct kbi_ssh *s)
{
	return !s->were_answers_refused && (kbi_map_find(&s->settings, "answers") || has_password(s));
}

static const struct method {
	const char *name;	/* in the host's list of what it takes; NULL: tried without asking for that */
	bool (*is_left)(const struct kbi_ssh *s);
	enum kbi_ssh_state state;
} methods[] = {
	{NULL, kbi_ssh_agent_has_key, WAIT_AGENT_LOGIN},
	{NULL, has_key, WAIT_KEY_LOGIN},
	{"password", has_password, WAIT_PASSWORD_LOGIN},
	{"keyboard-interactive", has_answers, WAIT_PROMPTS_LOGIN},
	{"password", kbi_ssh_may_ask_password, ASK_PASSWORD},
	{"keyboard-interactive", kbi_ssh_may_ask_password, ASK_PASSWORD},
};

static bool
has_word(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (; list; list = strchr(list, ',')) {
		list += *list == ',';
		if (strncmp(list, word, length) == 0 && (list[length] == ',' || !list[length]))
			return true;
	}
	return false;
}

static enum kbi_turn
refuse(struct kbi_ssh *s, const char *taken)
{
	bool by_agent = kbi_ssh_agent_has_refused(s) && !s->key_count && !s->was_password_refused
		&& !s->were_answers_refused;

	if (by_agent)
		kbi_ssh_fail(s, KB_EAUTH, "agent.refused", "the agent did not sign for the login of %s", s->user);
	else
		kbi_ssh_fail(s, KB_EAUTH, "auth.refused", "the login of %s was refused", s->user);
	kbi_ssh_agent_explain(s);
	for (size_t i = 0; i < s->key_at; i++)
		kbi_err_evidence(&s->base.err, "refused: %s (%s)", s->keys[i]->name, s->keys[i]->type);
	if (s->was_password_refused)
		kbi_err_evidence(&s->base.err, "refused: the password");
	if (s->were_answers_refused)
		kbi_err_evidence(&s->base.err, "refused: the answers to its prompts");
	if (taken)
		kbi_err_evidence(&s->base.err, "the host takes: %s", taken);
	kbi_err_fix(&s->base.err,
		"a public key in ~%s/.ssh/authorized_keys there, or kb_host_set(host, \"identity\", ...)",
		s->user);
	return TURN_LOST;
}

enum kbi_turn
kbi_ssh_next_login(struct kbi_ssh *s, const char *taken)
{
	s->has_signed = false;
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		const struct method *method = &methods[i];
		if (method->state == ASK_PASSWORD && taken && has_word(taken, method->name) && !s->ask.login)
			s->ask.login = kbi_str_is(method->name, "password") ? WAIT_PASSWORD_LOGIN : WAIT_PROMPTS_LOGIN;
		if (method->is_left(s) && (!method->name || has_word(taken, method->name)))
			return kbi_ssh_go(s, method->state);
	}
	/* what the host takes is known by now, and sshd counts it as a failed login to be asked that again */
	if (!taken && s->ask.attempt && kbi_ssh_may_ask_password(s))
		return kbi_ssh_go(s, ASK_PASSWORD);
	/* nor can it be asked while what was asked ahead is half sent */
	return taken || (s->is_opening_ahead && kbi_ssh_is_half_sent(s)) ? refuse(s, taken) : kbi_ssh_go(s, WAIT_METHODS);
}

enum kbi_turn
kbi_ssh_start_login(struct kbi_ssh *s)
{
	if (s->agent && !s->agent->is_listed)
		return kbi_ssh_go(s, WAIT_AGENT);
	return kbi_ssh_next_login(s, NULL);
}

/* libssh2 frees what we return as it frees its own: with the C library's free(). */
static int
sign(LIBSSH2_SESSION *session, unsigned char **signature, size_t *signature_bytes, const unsigned char *data,
	size_t data_bytes, void **key)
{
	struct kbi_ssh *s = *libssh2_session_abstract(session);

	*signature = kbi_key_sign(*key, data, data_bytes, signature_bytes);
	s->has_signed = *signature;
	s->could_not_sign = !*signature;
	return *signature ? 0 : -1;
}

bool
kbi_ssh_is_refusal(int rc)
{
	return rc == LIBSSH2_ERROR_AUTHENTICATION_FAILED || rc == LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED
		|| rc == LIBSSH2_ERROR_PASSWORD_EXPIRED;
}

/* No other one is left should this one be refused. */
static bool
is_last_way(const struct kbi_ssh *s)
{
	size_t keys = s->key_count - s->key_at + kbi_ssh_agent_keys(s);

	return keys == 1 && !has_password(s) && !has_answers(s) && !kbi_ssh_may_ask_password(s);
}

/* A server may also look at the signature beside what follows it, and refuse that: these do not. */
static bool
keeps_what_follows(const struct kbi_ssh *s)
{
	const char *banner = libssh2_session_banner_get(s->session);

	return kbi_str_starts(banner, "SSH-2.0-OpenSSH_") || kbi_str_starts(banner, "SSH-2.0-dropbear");
}

/* RFC 4252, section 5.1: what follows the request that logs in is kept for what comes behind the login. So the channel is asked for without
 * waiting for that, which is a round trip less. Not where something else could be tried: a refused login would leave libssh2 waiting
 * for a channel that never comes. */
enum kbi_turn
kbi_ssh_wait_for_login(struct kbi_ssh *s)
{
	bool may_ask = s->has_signed && s->command && is_last_way(s) && keeps_what_follows(s);

	return may_ask && kbi_ssh_open_ahead(s) ? TURN_GO : TURN_WAIT;
}

enum kbi_turn
kbi_ssh_wait_key_login(struct kbi_ssh *s)
{
	const struct kbi_key *key = s->keys[s->key_at];

	s->signing = (void *)(uintptr_t)key;
	int rc = libssh2_userauth_publickey(s->session, s->user, (const unsigned char *)key->blob.data,
		key->blob.size_bytes, sign, &s->signing);
	if (rc == 0)
		return kbi_ssh_go(s, WAIT_CHANNEL);
	if (rc == LIBSSH2_ERROR_EAGAIN)
		return kbi_ssh_wait_for_login(s);
	if (s->could_not_sign)		/* the key was read: what it lacks is memory */
		return kbi_ssh_fail_memory(s, "in the login");
	if (kbi_ssh_is_broken(s, rc) || !kbi_ssh_is_refusal(rc))
		return kbi_ssh_fail_socket(s, "in the login");
	s->key_at++;
	return kbi_ssh_next_login(s, NULL);
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
	if (kbi_ssh_is_broken(s, rc) || !kbi_ssh_is_refusal(rc))
		return kbi_ssh_fail_socket(s, "in the login");
	s->was_password_refused = true;
	return kbi_ssh_next_login(s, NULL);
}

/* Asked when no key is left: what a host does not take must not be tried, since sshd counts it as a failed
 * login. It costs a round trip. A server that has had enough hangs up instead, which says as much. */
enum kbi_turn
kbi_ssh_wait_methods(struct kbi_ssh *s)
{
	const char *taken = libssh2_userauth_list(s->session, s->user, (unsigned)strlen(s->user));

	if (taken)
		return kbi_ssh_next_login(s, taken);
	int rc = libssh2_session_last_errno(s->session);
	if (rc == LIBSSH2_ERROR_EAGAIN)
		return TURN_WAIT;
	if (libssh2_userauth_authenticated(s->session))		/* it wants to know nothing */
		return kbi_ssh_go(s, WAIT_CHANNEL);
	bool was_refused = s->key_at || s->was_password_refused || s->were_answers_refused
		|| (s->agent && s->agent->at);
	if (kbi_ssh_is_broken(s, rc) && (!was_refused || kbi_ssh_has_lost_jump(s)))
		return kbi_ssh_fail_socket(s, "in the login");
	return refuse(s, NULL);
}
