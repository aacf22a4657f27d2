/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of a login: held in the context's keyring, and waited for where one is still being opened, or its passphrase asked
 * for. That comes before the first packet to the host, which would not wait for a person. */
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "transport/ssh_agent.h"

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

static void
key_changed(void *owner)
{
	struct kbi_ssh *s = owner;

	kbi_loop_timer(s->loop, &s->retry, 0);
}

static kb_status
hold(struct kbi_ssh *s, struct kbi_key_want *want, struct kb_err *err)
{
	if (s->hold_count == KBI_SSH_KEYS_MAX)
		return kbi_fail(err, KB_EINVAL, "%s: identity: more than %d", s->host, KBI_SSH_KEYS_MAX);
	want->host = s->host;
	want->passphrase = kbi_map_find(&s->settings, "passphrase");
	want->changed = key_changed;
	want->owner = s;
	struct kbi_key_hold *held = kbi_keyring_hold(s->keyring, want, err);
	if (!held)
		return err->code;
	s->holds[s->hold_count++] = held;
	return KB_OK;
}

static struct kbi_asker *
asker_of(const struct kbi_ssh *s)
{
	return kbi_may_ask(s->asker, &s->settings, "passphrase") ? s->asker : NULL;
}

static kb_status
hold_file(struct kbi_ssh *s, const char *path, struct kbi_asker *asker, struct kb_err *err)
{
	struct kbi_buf full = KBI_BUF(KBI_SIZE_TEXT);

	kbi_ssh_home(&full, path);
	struct kbi_key_want want = {.path = kbi_buf_text(&full), .asker = asker};
	kb_status failed = kbi_buf_failed(&full) ? kbi_fail_memory(err) : hold(s, &want, err);
	kbi_buf_free(&full);
	return failed;
}

static kb_status
hold_data(struct kbi_ssh *s, const struct kbi_entry *data, struct kb_err *err)
{
	struct kbi_key_want want = {.name = "identity_data", .data = data, .asker = asker_of(s)};

	return hold(s, &want, err);
}

static bool
is_there(const char *path)
{
	struct kbi_buf full = KBI_BUF(KBI_SIZE_TEXT);

	kbi_ssh_home(&full, path);
	bool is = access(kbi_buf_text(&full), F_OK) == 0;
	kbi_buf_free(&full);
	return is;
}

/* A default key that cannot be used is passed over when another one can: s->key_err is the first one's. Their passphrases are
 * not asked for yet: another may need none. */
static void
pass_over(struct kbi_ssh *s, const struct kb_err *err)
{
	if (s->key_err.code == KB_OK)
		kbi_err_copy(&s->key_err, err);
}

kb_status
kbi_ssh_load_key(struct kbi_ssh *s, const char *path, bool is_named, struct kb_err *err)
{
	struct kb_err why = {0};

	if (is_named)
		return hold_file(s, path, asker_of(s), err);
	if (!is_there(path) || !hold_file(s, path, NULL, &why))
		return KB_OK;
	if (!s->locked_key && kbi_str_is(why.id, "key.encrypted"))
		s->locked_key = path;
	pass_over(s, &why);
	kbi_err_clear(&why);
	return KB_OK;
}

/* Now, or when the agent does not have it. */
static kb_status
take_identity(struct kbi_ssh *s, const char *path, bool is_named, struct kb_err *err)
{
	bool is_wished = false;
	kb_status failed = s->agent ? kbi_ssh_agent_wish(s, path, is_named, &is_wished, err) : KB_OK;

	if (failed || is_wished)
		return failed;
	if (kbi_ssh_agent_is_fingerprint(path))
		return kbi_fail(err, KB_EINVAL, "%s: identity: a fingerprint names a key of an agent, and none is to be asked",
			s->host);
	return kbi_ssh_load_key(s, path, is_named, err);
}

static kb_status
take_defaults(struct kbi_ssh *s, struct kb_err *err)
{
	kb_status failed = KB_OK;

	s->has_default_keys = true;
	for (size_t i = 0; i < sizeof(default_keys) / sizeof(default_keys[0]) && !failed; i++)
		failed = take_identity(s, default_keys[i], false, err);
	return failed;
}

static bool
is_waiting(const struct kbi_ssh *s)
{
	for (size_t i = 0; i < s->hold_count; i++)
		if (kbi_key_hold_state(s->holds[i]) == KBI_KEY_WAITING)
			return true;
	return false;
}

bool
kbi_ssh_is_asking_passphrase(const struct kbi_ssh *s)
{
	for (size_t i = 0; i < s->hold_count; i++)
		if (kbi_key_hold_is_asking(s->holds[i]))
			return true;
	return false;
}

static kb_status
fail_none(struct kbi_ssh *s, struct kb_err *err)
{
	if (s->key_err.code) {
		kbi_err_copy(err, &s->key_err);
		return s->key_err.code;
	}
	kbi_fail(err, KB_EAUTH,
		"%s: no key to log in with: none of ~/.ssh/id_ed25519, id_ecdsa and id_rsa is there",
		s->host);
	kbi_err_id(err, "auth.no-key");
	kbi_err_fix(err, "kb_host_set(host, \"identity\", ...)");
	return KB_EAUTH;
}

/* No default key could be used: the first encrypted one may be asked for. */
static kb_status
ask_for_default(struct kbi_ssh *s, struct kb_err *err)
{
	const char *path = s->locked_key;

	s->locked_key = NULL;
	s->has_default_keys = false;	/* from here on it is as if it had been named */
	return hold_file(s, path, asker_of(s), err);
}

bool
kbi_ssh_may_ask_to_log_in(const struct kbi_ssh *s)
{
	return (s->locked_key && asker_of(s)) || kbi_may_ask(s->asker, &s->settings, "password");
}

/* Nothing is waited for any more (or again). */
static kb_status
settle(struct kbi_ssh *s, struct kb_err *err)
{
	s->key_count = 0;
	for (size_t i = 0; i < s->hold_count; i++) {
		if (kbi_key_hold_state(s->holds[i]) == KBI_KEY_READY) {
			s->keys[s->key_count++] = kbi_key_hold_key(s->holds[i]);
			continue;
		}
		if (!s->has_default_keys) {
			kbi_err_copy(err, kbi_key_hold_err(s->holds[i]));
			return err->code;
		}
		pass_over(s, kbi_key_hold_err(s->holds[i]));
	}
	bool may_have_one = s->agent && (!s->agent->is_listed || kbi_ssh_agent_has_key(s));
	if (s->key_count || may_have_one || !s->has_default_keys)
		return KB_OK;
	if (s->locked_key && asker_of(s))
		return ask_for_default(s, err);
	return kbi_may_ask(s->asker, &s->settings, "password") ? KB_OK : fail_none(s, err);
}

static bool
has_secret(const struct kbi_ssh *s)
{
	return kbi_map_find(&s->settings, "password") || kbi_map_find(&s->settings, "answers");
}

static kb_status
take_keys(struct kbi_ssh *s, struct kb_err *err)
{
	const struct kbi_entry *file = NULL;
	kb_status failed = kbi_ssh_agent_prepare(s, err);

	while (!failed && (file = kbi_map_next(&s->settings, "identity", file)))
		failed = kbi_str_is_set(file->value) ? take_identity(s, file->value, true, err) : KB_OK;
	/* who gives a password and names no key means the password */
	bool has_key = s->hold_count || (s->agent && s->agent->wish_count);
	if (!failed && !has_key && !has_secret(s))
		failed = take_defaults(s, err);
	if (!failed && s->agent && (s->agent->wish_count || !has_secret(s)))
		kbi_ssh_agent_ask(s);
	else if (s->agent)
		kbi_ssh_agent_free(s);
	return failed;
}

kb_status
kbi_ssh_prepare_login(struct kbi_ssh *s, struct kb_err *err)
{
	const struct kbi_entry *data = kbi_map_find(&s->settings, "identity_data");
	kb_status failed = data && data->size_bytes ? hold_data(s, data, err) : take_keys(s, err);

	return failed || is_waiting(s) ? failed : settle(s, err);
}

/* Before the connection; and again behind it when an agent did not hold what it was asked for. */
enum kbi_turn
kbi_ssh_wait_keys(struct kbi_ssh *s)
{
	if (!is_waiting(s) && settle(s, &s->base.err)) {
		kbi_err_where(&s->base.err, s->host, NULL);
		return TURN_LOST;
	}
	if (is_waiting(s))
		return TURN_WAIT;
	if (s->watch.fd >= 0)
		return kbi_ssh_start_login(s);
	return kbi_ssh_go(s, s->passage ? WAIT_JUMP : WAIT_NAME);
}

void
kbi_ssh_forget_login(struct kbi_ssh *s)
{
	kbi_ssh_forget_question(s);
	for (size_t i = 0; i < s->hold_count; i++)
		kbi_key_release(s->holds[i]);
	s->hold_count = s->key_count = s->key_at = 0;
	kbi_err_clear(&s->key_err);
	kbi_ssh_agent_free(s);
}
