/* SPDX-License-Identifier: Apache-2.0 */
/* Logging in by the keys of an agent. libssh2 asks for the signature by a callback that may say "later"
 * (LIBSSH2_ERROR_EAGAIN; 1.10 and 1.11 then call it again with the same bytes), so that nothing waits. */
#include "transport/ssh_agent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/scarce.h"
#include "base/str.h"

#define EVIDENCE_KEYS 10
#define PUBLIC_MAX 16384

static void
answered(void *owner)
{
	struct kbi_ssh *s = owner;

	if (s->state == WAIT_AGENT)	/* or it will be looked at when the login comes to it */
		kbi_loop_timer(s->loop, &s->retry, 0);
}

static kb_status
find_socket(struct kbi_ssh *s, const char *setting, struct kbi_buf *path, struct kb_err *err)
{
	const char *from = kbi_str_is(setting, "yes") ? getenv("SSH_AUTH_SOCK") : setting;

	if (kbi_str_is_set(from)) {
		kbi_ssh_home(path, from);
		return kbi_buf_failed(path) ? kbi_fail_memory(err) : KB_OK;
	}
	kbi_fail(err, KB_EAUTH, "%s: agent: SSH_AUTH_SOCK is not set", s->host);
	kbi_err_id(err, "agent.unset");
	kbi_err_fix(err, "kb_host_set(host, \"agent\", \"/path/of/the/socket\")");
	return KB_EAUTH;
}

kb_status
kbi_ssh_agent_prepare(struct kbi_ssh *s, struct kb_err *err)
{
	const char *setting = kbi_map_get(&s->settings, "agent");
	struct kbi_buf path = KBI_BUF(KBI_SIZE_TEXT);

	if (!kbi_str_is_set(setting) || kbi_str_is(setting, "no"))
		return KB_OK;
	kb_status failed = find_socket(s, setting, &path, err);
	if (!failed) {
		s->agent = calloc(1, sizeof(*s->agent));
		failed = s->agent ? KB_OK : kbi_fail_memory(err);
	}
	if (!failed) {
		s->agent->offer = KBI_BUF(KBI_AGENT_MAX);
		s->agent->client = kbi_agent_new(s->loop, kbi_buf_text(&path), answered, s, err);
		failed = s->agent->client ? KB_OK : KB_EINVAL;
	}
	kbi_buf_free(&path);
	return failed;
}

bool
kbi_ssh_agent_is_fingerprint(const char *identity)
{
	return kbi_str_starts(identity, "SHA256:");
}

static void
set_blob(struct kbi_ssh_wish *wish, const struct kbi_wire *blob)
{
	wish->blob = KBI_BUF(KBI_AGENT_MAX);
	kbi_buf_add_bytes(&wish->blob, blob->data, blob->size_bytes);
	wish->kind = kbi_agent_kind(blob->data, blob->size_bytes);
}

static kb_status
fail_file(const struct kbi_ssh *s, const char *path, const char *how, struct kb_err *err)
{
	return kbi_fail(err, KB_EINVAL, "%s: identity: %s: %s", s->host, path, how);
}

/* What the caller can mend by another path, and what it cannot. */
static kb_status
fail_to_read(const struct kbi_ssh *s, const char *path, int why, struct kb_err *err)
{
	if (why != EMFILE && why != ENFILE && why != ENOMEM && why != EIO)
		return fail_file(s, path, strerror(why), err);
	return kbi_fail(err, KB_EIO, "%s: identity: %s: %s", s->host, path, strerror(why));
}

/* Its first PUBLIC_MAX bytes: no public key is longer. */
static kb_status
read_text(const struct kbi_ssh *s, int fd, const char *path, struct kbi_buf *text, struct kb_err *err)
{
	char part[PUBLIC_MAX];
	struct stat st;
	ssize_t count;

	if (fstat(fd, &st) < 0)
		return fail_to_read(s, path, errno, err);
	if (!S_ISREG(st.st_mode))
		return fail_file(s, path, "not a plain file", err);
	do
		count = read(fd, part, sizeof(part));
	while (count < 0 && errno == EINTR);
	if (count < 0)
		return fail_to_read(s, path, errno, err);
	kbi_buf_add_bytes(text, part, (size_t)count);
	return kbi_buf_failed(text) ? kbi_fail_memory(err) : KB_OK;
}

/* A file that has to be there and to hold a public key, or one that may. */
static kb_status
read_public(const struct kbi_ssh *s, const char *path, bool must_be, struct kbi_buf *blob, struct kb_err *err)
{
	struct kbi_buf text = KBI_BUF(KBI_AGENT_MAX);
	int fd = kbi_fd_lift(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));

	if (fd < 0)
		return must_be ? fail_to_read(s, path, errno, err) : KB_OK;
	kb_status failed = read_text(s, fd, path, &text, err);
	if (!failed && !kbi_agent_public(blob, kbi_buf_text(&text), text.size_bytes)) {
		kbi_buf_truncate(blob, 0);
		failed = must_be ? fail_file(s, path, "not a public key", err) : KB_OK;
	}
	kbi_fd_close(&fd);
	kbi_buf_free(&text);
	return failed;
}

static kb_status
find_public(struct kbi_ssh *s, struct kbi_ssh_wish *wish, bool *is_wished, struct kb_err *err)
{
	struct kbi_buf path = KBI_BUF(KBI_SIZE_TEXT), blob = KBI_BUF(KBI_AGENT_MAX);
	bool is_public = kbi_str_ends(wish->name, ".pub");

	kbi_buf_add_format(&path, "%s%s", wish->name, is_public ? "" : ".pub");
	kb_status failed = read_public(s, kbi_buf_text(&path), is_public, &blob, err);
	wish->has_file = !is_public;
	*is_wished = !failed && blob.size_bytes;
	if (*is_wished)
		set_blob(wish, &(struct kbi_wire){(const unsigned char *)blob.data, blob.size_bytes});
	if (*is_wished && !wish->kind && is_public)
		failed = kbi_fail(err, KB_EUNSUPPORTED, "%s: %s: a key of a type that cannot log in here",
			s->host, wish->name);
	*is_wished = *is_wished && wish->kind;
	kbi_buf_free(&path);
	kbi_buf_free(&blob);
	return failed;
}

static void
free_wish(struct kbi_ssh_wish *wish)
{
	kbi_buf_free(&wish->blob);
	free(wish->name);
	*wish = (struct kbi_ssh_wish){0};
}

kb_status
kbi_ssh_agent_wish(struct kbi_ssh *s, const char *path, bool is_named, bool *is_wished, struct kb_err *err)
{
	struct kbi_ssh_agent *agent = s->agent;
	struct kbi_buf name = KBI_BUF(KBI_SIZE_TEXT);

	if (agent->wish_count == KBI_SSH_KEYS_MAX)
		return kbi_fail(err, KB_EINVAL, "%s: identity: more than %d", s->host, KBI_SSH_KEYS_MAX);
	struct kbi_ssh_wish *wish = &agent->wishes[agent->wish_count];
	*wish = (struct kbi_ssh_wish){.is_named = is_named};
	unsigned before = kbi_scarce_count();
	kbi_ssh_home(&name, path);
	wish->name = kbi_buf_take(&name);
	if (!wish->name)
		return kbi_fail_memory(err);
	kb_status failed = KB_OK;
	*is_wished = kbi_ssh_agent_is_fingerprint(path);
	if (!*is_wished)
		failed = find_public(s, wish, is_wished, err);
	else if (!kbi_is_fingerprint(path))
		failed = kbi_fail(err, KB_EINVAL, "%s: identity: not SHA256: and 43 characters of base64", s->host);
	else
		memcpy(wish->fingerprint, path, strcspn(path, "="));
	if (kbi_scarce_count() != before)	/* half a path or half a key is another one */
		failed = kbi_fail_memory(err);
	if (*is_wished && !failed)
		agent->wish_count++;
	else
		free_wish(wish);
	return failed;
}

void
kbi_ssh_agent_ask(struct kbi_ssh *s)
{
	struct kbi_buf message = KBI_BUF(KBI_AGENT_MAX);

	kbi_agent_write_list(&message);
	kbi_agent_ask(s->agent->client, &message);
}

static enum kbi_turn
fail_garbled(struct kbi_ssh *s, const char *how)
{
	return kbi_ssh_fail(
		s, KB_EAUTH, "agent.garbled", "the agent at %s %s", kbi_agent_path(s->agent->client), how);
}

static bool
is_wish(const struct kbi_ssh_wish *wish, const struct kbi_wire *blob)
{
	char fingerprint[KBI_FINGERPRINT_BYTES];

	if (wish->blob.size_bytes)
		return wish->blob.size_bytes == blob->size_bytes
			&& memcmp(wish->blob.data, blob->data, blob->size_bytes) == 0;
	kbi_fingerprint(blob->data, blob->size_bytes, fingerprint);
	return kbi_str_is(wish->fingerprint, fingerprint);	/* which is a whole one: it was checked */
}

static void
grant(struct kbi_ssh_agent *agent, const struct kbi_wire *blob)
{
	for (size_t i = 0; i < agent->wish_count; i++) {
		struct kbi_ssh_wish *wish = &agent->wishes[i];
		if (wish->is_held || !is_wish(wish, blob))
			continue;
		if (!wish->blob.size_bytes)
			set_blob(wish, blob);
		wish->is_held = wish->kind && !kbi_buf_failed(&wish->blob);
	}
}

/* What the agent holds, as evidence for one who has to name a key of it. */
static void
show_held(struct kbi_ssh *s, const struct kbi_buf *answer)
{
	char fingerprint[KBI_FINGERPRINT_BYTES];
	struct kbi_wire wire, blob;
	int64_t left = 0;

	if (!kbi_agent_read_list(answer, &wire, &left) || !left)
		kbi_err_evidence(&s->base.err, "the agent shows no keys; it may be locked (ssh-add -X)");
	for (int i = 0; i < EVIDENCE_KEYS && kbi_agent_read_key(&wire, &left, &blob); i++) {
		const struct kbi_agent_kind *kind = kbi_agent_kind(blob.data, blob.size_bytes);
		kbi_fingerprint(blob.data, blob.size_bytes, fingerprint);
		kbi_err_evidence(&s->base.err, "the agent holds: %s (%s)", fingerprint,
			kind ? kind->type : "of a type that cannot log in here");
	}
}

static enum kbi_turn
fail_no_key(struct kbi_ssh *s, const char *id, const struct kbi_buf *answer, const char *format, const char *name)
{
	struct kbi_buf how = KBI_BUF(KBI_SIZE_TEXT);

	kbi_buf_add_format(&how, format, name);
	kbi_ssh_fail(s, KB_EAUTH, id, "%s", kbi_buf_text(&how));
	kbi_buf_free(&how);
	show_held(s, answer);
	kbi_err_fix(&s->base.err, "kb_host_set(host, \"identity\", \"SHA256:...\") with a key of the agent "
				  "(ssh-add -l), or ssh-add");
	return TURN_LOST;
}

/* Those that the agent does not hold are read from their files. */
static enum kbi_turn
read_others(struct kbi_ssh *s, const struct kbi_buf *answer)
{
	struct kbi_ssh_agent *agent = s->agent;
	size_t held = 0;

	for (size_t i = 0; i < agent->wish_count; i++) {
		struct kbi_ssh_wish *wish = &agent->wishes[i];
		struct kb_err err = {0};
		held += wish->is_held;
		if (wish->is_held)
			continue;
		if (wish->is_named && !wish->has_file)
			return fail_no_key(s, "agent.no-key", answer, "the agent does not hold %s", wish->name);
		if (kbi_ssh_load_key(s, wish->name, wish->is_named, &err)) {
			kbi_err_copy(&s->base.err, &err);
			kbi_err_where(&s->base.err, s->host, NULL);
			kbi_err_clear(&err);
			show_held(s, answer);
			return TURN_LOST;
		}
	}
	bool has_none = !held && !s->hold_count && !kbi_ssh_may_ask_to_log_in(s);
	if (has_none && s->key_err.code) {
		kbi_err_copy(&s->base.err, &s->key_err);
		kbi_err_where(&s->base.err, s->host, NULL);
		show_held(s, answer);
		return TURN_LOST;
	}
	if (has_none)
		return fail_no_key(s, "agent.unnamed", answer,
			"no key to log in with: %s, and none of an agent is offered unless it is named",
			"none of the default ones is there");
	return kbi_ssh_go(s, WAIT_KEYS);
}

static enum kbi_turn
take_list(struct kbi_ssh *s, const struct kbi_buf *answer)
{
	struct kbi_wire wire, blob;
	int64_t left;
	unsigned before = kbi_scarce_count();

	s->agent->is_listed = true;
	if (!kbi_agent_read_list(answer, &wire, &left))
		return fail_garbled(s, "does not say which keys it holds");
	while (kbi_agent_read_key(&wire, &left, &blob))
		grant(s->agent, &blob);
	if (kbi_scarce_count() != before)	/* a key that it holds may not have been seen as one that was named */
		return kbi_ssh_fail_memory(s, "while the agent was asked");
	if (left)
		return fail_garbled(s, "names its keys by something that is no list of keys");
	return read_others(s, answer);
}

/* Meanwhile the host may hang up, or say something: libssh2 does not look before it has its signature. */
static enum kbi_turn
look_at_host(struct kbi_ssh *s)
{
	char byte;
	ssize_t count = recv(s->watch.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

	if (count == 0)
		s->has_peer_closed = true;
	else if (count < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
		s->socket_errno = errno;
	if (s->has_peer_closed || s->socket_errno)
		return kbi_ssh_fail_socket(s, "while the agent was asked");
	s->agent->has_unread = count > 0;
	return TURN_WAIT;
}

/* NULL, and the reason in s->base.err, when there is none. */
static const struct kbi_buf *
find_answer(struct kbi_ssh *s)
{
	struct kb_err err = {0};
	const struct kbi_buf *answer = kbi_agent_answer(s->agent->client, &err);

	if (!answer)
		kbi_ssh_fail(s, err.code, kb_err_id(&err), "%s", kb_err_cause(&err));
	kbi_err_clear(&err);
	return answer;
}

enum kbi_turn
kbi_ssh_wait_agent(struct kbi_ssh *s)
{
	if (kbi_agent_is_asked(s->agent->client))
		return look_at_host(s);
	s->agent->has_unread = false;
	const struct kbi_buf *answer = find_answer(s);
	if (!answer)
		return TURN_LOST;
	return s->agent->is_listed ? kbi_ssh_go(s, WAIT_AGENT_LOGIN) : take_list(s, answer);
}

bool
kbi_ssh_agent_is_beside(const struct kbi_ssh *s)
{
	return s->state == WAIT_AGENT && s->agent->has_unread;
}

size_t
kbi_ssh_agent_keys(const struct kbi_ssh *s)
{
	size_t count = 0;

	for (size_t i = s->agent ? s->agent->at : 0; s->agent && i < s->agent->wish_count; i++)
		count += s->agent->wishes[i].is_held;
	return count;
}

static struct kbi_ssh_wish *
next_held(const struct kbi_ssh_agent *agent)
{
	for (size_t i = agent->at; i < agent->wish_count; i++)
		if (agent->wishes[i].is_held)
			return (struct kbi_ssh_wish *)&agent->wishes[i];
	return NULL;
}

bool
kbi_ssh_agent_has_key(const struct kbi_ssh *s)
{
	return kbi_ssh_agent_keys(s) > 0;
}

static void
ask_to_sign(struct kbi_ssh_agent *agent, const struct kbi_ssh_wish *wish, const void *data, size_t data_bytes)
{
	struct kbi_buf message = KBI_BUF(2 * KBI_AGENT_MAX);

	kbi_agent_write_sign(&message, &wish->blob, data, data_bytes, wish->kind->flags);
	kbi_agent_ask(agent->client, &message);
	agent->is_signing = true;
}

/* libssh2 frees the signature with its own free(), which is the C library's. */
static int
sign(LIBSSH2_SESSION *session, unsigned char **signature, size_t *signature_bytes, const unsigned char *data,
	size_t data_bytes, void **owner)
{
	struct kbi_ssh *s = *owner;
	struct kbi_ssh_wish *wish = next_held(s->agent);
	struct kbi_wire format, bare;

	(void)session;
	*signature = NULL;
	*signature_bytes = 0;
	if (!s->agent->is_signing)
		ask_to_sign(s->agent, wish, data, data_bytes);
	if (kbi_agent_is_asked(s->agent->client))
		return LIBSSH2_ERROR_EAGAIN;
	const struct kbi_buf *answer = find_answer(s);
	wish->has_refused = answer && kbi_agent_is_refusal(answer);
	if (!answer || wish->has_refused)
		return -1;
	if (!kbi_agent_read_signature(answer, &format, &bare))
		fail_garbled(s, "signs with something that is no signature");
	else if (!kbi_wire_is(&format, wish->kind->algorithm))
		fail_garbled(s, "signs by another algorithm than it was asked for");
	else if ((*signature = malloc(bare.size_bytes)))
		memcpy(*signature, bare.data, *signature_bytes = bare.size_bytes);
	else
		kbi_ssh_fail_memory(s, "in the login");
	s->has_signed = *signature;
	return *signature ? 0 : -1;
}

/* The name of the algorithm in place of the key's type, for the reason that key.c gives. */
static void
make_offer(struct kbi_buf *offer, const struct kbi_ssh_wish *wish)
{
	struct kbi_wire wire = {(const unsigned char *)wish->blob.data, wish->blob.size_bytes}, type;

	kbi_buf_truncate(offer, 0);
	kbi_wire_string(&wire, &type);
	kbi_wire_add_text(offer, wish->kind->algorithm);
	kbi_buf_add_bytes(offer, wire.data, wire.size_bytes);
}

enum kbi_turn
kbi_ssh_wait_agent_login(struct kbi_ssh *s)
{
	struct kbi_ssh_agent *agent = s->agent;
	struct kbi_ssh_wish *wish = next_held(agent);

	make_offer(&agent->offer, wish);
	if (kbi_buf_failed(&agent->offer))	/* half an offer would be refused */
		return kbi_ssh_fail_memory(s, "in the login");
	s->signing = s;
	int rc = libssh2_userauth_publickey(s->session, s->user, (const unsigned char *)agent->offer.data,
		agent->offer.size_bytes, sign, &s->signing);
	if (rc == 0)
		return kbi_ssh_go(s, WAIT_CHANNEL);
	if (rc == LIBSSH2_ERROR_EAGAIN)
		return kbi_agent_is_asked(agent->client) ? kbi_ssh_go(s, WAIT_AGENT) : kbi_ssh_wait_for_login(s);
	agent->is_signing = false;
	if (s->base.err.code)	/* of the agent */
		return TURN_LOST;
	if (kbi_ssh_is_broken(s, rc) || !kbi_ssh_is_refusal(rc))
		return kbi_ssh_fail_socket(s, "in the login");
	agent->at = (size_t)(wish - agent->wishes) + 1;
	return kbi_ssh_next_login(s, NULL);
}

bool
kbi_ssh_agent_has_refused(const struct kbi_ssh *s)
{
	return s->agent && s->agent->at && s->agent->wishes[s->agent->at - 1].has_refused;
}

void
kbi_ssh_agent_explain(struct kbi_ssh *s)
{
	if (!s->agent)
		return;
	for (size_t i = 0; i < s->agent->at; i++)
		if (s->agent->wishes[i].is_held)
			kbi_err_evidence(&s->base.err, "%s: %s (%s, of the agent)",
				s->agent->wishes[i].has_refused ? "the agent did not sign with" : "refused",
				s->agent->wishes[i].name, s->agent->wishes[i].kind->type);
}

void
kbi_ssh_agent_free(struct kbi_ssh *s)
{
	if (!s->agent)
		return;
	for (size_t i = 0; i < s->agent->wish_count; i++)
		free_wish(&s->agent->wishes[i]);
	kbi_agent_free(s->agent->client);
	kbi_buf_free(&s->agent->offer);
	free(s->agent);
	s->agent = NULL;
}
