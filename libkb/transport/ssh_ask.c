/* SPDX-License-Identifier: Apache-2.0 */
/* What a connection asks the program for: the login's password, and whether an unknown host is the right one. The socket is not
 * looked at meanwhile: a host that has no patience is met again when there is an answer. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "transport/ssh.h"

static void
answered(void *owner, const struct kbi_entry *answer)
{
	struct kbi_ssh *s = owner;

	s->ask.question = NULL;
	s->ask.is_declined = !answer;
	kbi_buf_free(&s->ask.answer);
	s->ask.answer = (struct kbi_buf){.max_bytes = KBI_SIZE_TEXT, .secret = true};
	if (answer)
		kbi_buf_add_bytes(&s->ask.answer, answer->value, answer->size_bytes);
	kbi_loop_timer(s->loop, &s->retry, 0);
}

static enum kbi_turn
ask(struct kbi_ssh *s, const char *what, const char *subject, const char *text, enum kbi_turn (*resume)(struct kbi_ssh *s))
{
	const struct kbi_question_want want = {.what = what, .subject = subject, .text = text, .host = s->host,
		.attempt = s->ask.attempt, .answered = answered, .owner = s};

	s->ask.resume = resume;
	s->ask.question = kbi_question_open(s->asker, &want);
	if (!s->ask.question)
		return kbi_ssh_fail(s, KB_ENOMEM, "question.memory", "out of memory");
	return kbi_ssh_go(s, WAIT_ANSWER);
}

enum kbi_turn
kbi_ssh_wait_answer(struct kbi_ssh *s)
{
	if (s->ask.question)
		return TURN_WAIT;
	if (kbi_buf_failed(&s->ask.answer))
		return kbi_ssh_fail(s, KB_ENOMEM, "question.memory", "out of memory");
	return s->ask.resume(s);
}

void
kbi_ssh_forget_question(struct kbi_ssh *s)
{
	kbi_question_withdraw(s->ask.question);
	s->ask.question = NULL;
	kbi_buf_free(&s->ask.answer);
}

/* -- the password */

static void
name_login(const struct kbi_ssh *s, struct kbi_buf *name)
{
	kbi_buf_add_format(name, "%s@%s:%d", s->user, s->address, s->port);
}

static enum kbi_turn
try_password(struct kbi_ssh *s, const char *data, size_t size_bytes)
{
	if (kbi_map_set_secret(&s->settings, "password", data, size_bytes))
		return kbi_ssh_fail(s, KB_ENOMEM, "question.memory", "out of memory");
	s->was_password_refused = s->were_answers_refused = false;
	return kbi_ssh_go(s, s->ask.login);
}

static enum kbi_turn
take_password(struct kbi_ssh *s)
{
	if (s->ask.is_declined)
		return kbi_ssh_fail(s, KB_EAUTH, "question.declined", "the password of %s was asked for, and declined", s->user);
	return try_password(s, kbi_buf_text(&s->ask.answer), s->ask.answer.size_bytes);
}

bool
kbi_ssh_may_ask_password(const struct kbi_ssh *s)
{
	return s->ask.attempt < KBI_ASK_ATTEMPTS && kbi_may_ask(s->asker, &s->settings, "password");
}

/* An answer that was right before is tried first, so that a connection made again asks nobody. */
enum kbi_turn
kbi_ssh_ask_password(struct kbi_ssh *s)
{
	struct kbi_buf login = KBI_BUF(KBI_SIZE_TEXT), text = KBI_BUF(KBI_SIZE_TEXT);

	name_login(s, &login);
	kbi_buf_add_format(&text, "Password of %s on %s (%s port %d)", s->user, s->host, s->address, s->port);
	const struct kbi_entry *kept = s->ask.has_tried_kept
		? NULL
		: kbi_question_kept(s->asker->questions, "password", kbi_buf_text(&login));
	s->ask.has_tried_kept = true;
	s->ask.attempt += !kept;
	enum kbi_turn turn = kept ? try_password(s, kept->value, kept->size_bytes)
				  : ask(s, "password", kbi_buf_text(&login), kbi_buf_text(&text), take_password);
	kbi_buf_free(&login);
	kbi_buf_free(&text);
	return turn;
}

/* It logged in. */
void
kbi_ssh_keep_password(struct kbi_ssh *s)
{
	const struct kbi_entry *password = kbi_map_find(&s->settings, "password");
	struct kbi_buf login = KBI_BUF(KBI_SIZE_TEXT);

	if (!s->ask.attempt || !password || s->was_password_refused)
		return;
	name_login(s, &login);
	kbi_question_keep(s->asker->questions, "password", kbi_buf_text(&login), password->value, password->size_bytes);
	kbi_buf_free(&login);
}

/* -- the host key */

static void
name_host_key(const struct kbi_ssh *s, const char *fingerprint, struct kbi_buf *name)
{
	kbi_buf_add_format(name, "%s %s", kbi_buf_text(&s->known_name), fingerprint);
}

bool
kbi_ssh_is_key_trusted(const struct kbi_ssh *s, const char *fingerprint)
{
	struct kbi_buf name = KBI_BUF(KBI_SIZE_TEXT);

	if (!kbi_may_ask(s->asker, &s->settings, "host_key"))
		return false;
	name_host_key(s, fingerprint, &name);
	bool is = !kbi_buf_failed(&name) && kbi_question_kept(s->asker->questions, "host_key", name.data);
	kbi_buf_free(&name);
	return is;
}

bool
kbi_ssh_may_ask_host_key(const struct kbi_ssh *s)
{
	return !s->ask.was_key_asked && kbi_may_ask(s->asker, &s->settings, "host_key");
}

/* Kept under the very fingerprint that was shown; then the key is looked at again, as if nobody had asked. */
static enum kbi_turn
take_host_key(struct kbi_ssh *s)
{
	struct kbi_buf name = KBI_BUF(KBI_SIZE_TEXT);
	const char *answer = kbi_buf_text(&s->ask.answer);

	if (!s->ask.is_declined && (kbi_str_is(answer, "yes") || kbi_str_is(answer, s->ask.fingerprint))) {
		name_host_key(s, s->ask.fingerprint, &name);
		if (!kbi_buf_failed(&name))
			kbi_question_keep(s->asker->questions, "host_key", name.data, "yes", 3);
		kbi_buf_free(&name);
	}
	s->ask.attempt = 0;
	return kbi_ssh_go(s, CHECK_HOST_KEY);
}

enum kbi_turn
kbi_ssh_ask_host_key(struct kbi_ssh *s, const char *type, const char *fingerprint)
{
	struct kbi_buf text = KBI_BUF(KBI_SIZE_TEXT);

	kbi_buf_add_format(&text, "%s (%s) is not known: it shows %s %s. Is that its key? (yes, or the fingerprint)", s->host,
		kbi_buf_text(&s->known_name), type, fingerprint);
	snprintf(s->ask.fingerprint, sizeof(s->ask.fingerprint), "%s", fingerprint);
	s->ask.was_key_asked = true;
	s->ask.attempt = 1;
	enum kbi_turn turn = ask(s, "host_key", fingerprint, kbi_buf_text(&text), take_host_key);
	kbi_buf_free(&text);
	return turn;
}
