/* SPDX-License-Identifier: Apache-2.0 */
/* Before the shell behind sudo is there: sudo's own prompt is the only thing that is answered, with the password that was given beforehand,
 * once, or with the one that the program is asked for. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "session_parts.h"

kb_status
kbi_session_name_sudo(struct kbi_session *s, const struct kbi_session_want *want, const struct kbi_map *settings)
{
	struct kbi_buf subject = KBI_BUF(KBI_SIZE_TEXT), text = KBI_BUF(KBI_SIZE_TEXT);
	const char *user = kbi_map_get_or(settings, "user", "root"), *address = kbi_map_get_or(settings, "address", want->host);

	if (kbi_str_is(want->scheme, "local"))
		kbi_buf_add_format(&subject, "local:%s", want->host);
	else
		kbi_buf_add_format(&subject, "%s@%s:%s", user, address, kbi_map_get_or(settings, "port", "22"));
	if (kbi_str_is(want->scheme, "local"))
		kbi_buf_add_format(&text, "Password for sudo on %s", want->host);
	else
		kbi_buf_add_format(&text, "Password for sudo of %s on %s (%s)", user, want->host, address);
	s->ask.subject = kbi_buf_take(&subject);
	s->ask.text = kbi_buf_take(&text);
	kbi_buf_free(&subject);
	kbi_buf_free(&text);
	return s->ask.subject && s->ask.text ? KB_OK : KB_ENOMEM;
}

void
kbi_session_forget_question(struct kbi_session *s)
{
	kbi_question_withdraw(s->ask.question);
	s->ask.question = NULL;
	kbi_buf_free(&s->ask.given);
}

/* It was right: a connection made again asks nobody. */
void
kbi_session_keep_password(struct kbi_session *s)
{
	if (s->ask.given.size_bytes)
		kbi_question_keep(s->asker->questions, "sudo_password", s->ask.subject, s->ask.given.data, s->ask.given.size_bytes);
	kbi_buf_free(&s->ask.given);
}

/* -- asking */

static void
set_given(struct kbi_session *s, const char *data, size_t size_bytes)
{
	kbi_buf_free(&s->ask.given);
	kbi_buf_add_bytes(&s->ask.given, data, size_bytes);
	kbi_buf_add_bytes(&s->password, data, size_bytes);
	kbi_buf_add_char(&s->password, '\n');
}

static void
answered(void *owner, const struct kbi_entry *answer)
{
	struct kbi_session *s = owner;

	s->ask.question = NULL;
	s->ask.is_declined = !answer;
	if (answer)
		set_given(s, answer->value, answer->size_bytes);
	kbi_loop_timer(s->loop, &s->kick, 0);
}

static bool
has_kept(struct kbi_session *s)
{
	const struct kbi_entry *kept = kbi_question_kept(s->asker->questions, "sudo_password", s->ask.subject);

	if (!kept || s->ask.has_tried_kept)
		return false;
	s->ask.has_tried_kept = true;
	set_given(s, kept->value, kept->size_bytes);
	return true;
}

static void
ask(struct kbi_session *s)
{
	const struct kbi_question_want want = {.what = "sudo_password", .subject = s->ask.subject, .text = s->ask.text, .host = s->host,
		.attempt = ++s->ask.attempt, .answered = answered, .owner = s};

	s->phase = WAIT_ANSWER;
	s->ask.question = kbi_question_open(s->asker, &want);
	if (!s->ask.question)
		kbi_session_lose_by(s, KB_ENOMEM, "question.memory", "out of memory");
}

/* -- sudo */

static void
write_password(struct kbi_session *s)
{
	s->phase = WAIT_SUDO;
	kbi_buf_truncate(&s->streams[KBI_STDERR].noise, 0);
	kbi_buf_add_bytes(&s->out, s->password.data, s->password.size_bytes);
	kbi_buf_free(&s->password);
}

static void
meet_prompt(struct kbi_session *s)
{
	bool was_wrong = s->phase == WAIT_SUDO;

	kbi_log(s->log, KB_LOG_DEBUG, s->host, "sudo asks for the password%s", was_wrong ? " again" : "");
	if (was_wrong && (!s->ask.given.size_bytes || s->ask.attempt >= KBI_ASK_ATTEMPTS))
		kbi_session_lose_login(s, KBI_LOGIN_REFUSED);
	else if (s->password.size_bytes || has_kept(s))
		write_password(s);
	else
		ask(s);
}

/* What came from the program is sudo's only as long as sudo still asks for it. */
static void
take_answer(struct kbi_session *s, bool is_asked)
{
	if (s->ask.question)
		return;
	if (s->ask.is_declined)
		kbi_session_lose_by(s, KB_EPRIVILEGE, "question.declined", "become root by sudo: its password was asked for, and declined");
	else if (kbi_buf_failed(&s->password) || kbi_buf_failed(&s->ask.given))
		kbi_session_lose_by(s, KB_ENOMEM, "question.memory", "out of memory");
	else if (!kbi_login_is_password(kbi_buf_text(&s->ask.given), s->ask.given.size_bytes))
		kbi_session_lose_by(s, KB_EINVAL, "question.answer", "become root by sudo: the password that was answered holds a newline or a NUL");
	else if (is_asked)
		write_password(s);
}

void
kbi_session_watch_sudo(struct kbi_session *s)
{
	const struct kbi_buf *out = &s->streams[KBI_STDOUT].noise, *error = &s->streams[KBI_STDERR].noise;
	bool is_asked = kbi_str_ends(kbi_buf_text(error), s->login.prompt);

	if (s->state != KBI_SESSION_OPENING || s->phase < WAIT_PROMPT || s->phase > WAIT_SUDO)
		return;
	if (strstr(kbi_buf_text(out), s->login.hello)) {
		s->phase = WAIT_SHELL;
		kbi_question_withdraw(s->ask.question);
		s->ask.question = NULL;
	} else if (s->phase == WAIT_SUDO && kbi_login_is_expired(kbi_buf_text(error))) {
		kbi_session_lose_login(s, KBI_LOGIN_ENDED);
	} else if (s->phase == WAIT_ANSWER) {
		take_answer(s, is_asked);
	} else if (is_asked) {
		meet_prompt(s);
	}
}
