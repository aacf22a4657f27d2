/* SPDX-License-Identifier: Apache-2.0 */
/* Keyboard-interactive (RFC 4256): the host asks, and what was given beforehand answers. libssh2 asks by a
 * callback that cannot wait and cannot refuse: where an answer is missing the connection is closed, so that
 * nothing is sent in its place. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "transport/ssh.h"

#define PROMPT_MAX 200	/* bytes of a prompt that are shown */

/* What answers the next prompt, and how many bytes; NULL: nothing. Answers are the lines of `answers`, in the order of
 * the prompts; without them the password answers one prompt that stands alone and does not echo. */
static const char *
next_answer(struct kbi_ssh *s, bool is_alone, size_t *size_bytes)
{
	const struct kbi_entry *answers = kbi_map_find(&s->settings, "answers");
	const struct kbi_entry *password = kbi_map_find(&s->settings, "password");
	const char *line = NULL;

	if (answers) {
		const char *at = s->next_answer ? s->next_answer : answers->value;
		const char *next = kbi_str_line(at, answers->value + answers->size_bytes, &line, size_bytes);
		s->next_answer = next ? next : at;
		return next ? line : NULL;
	}
	if (!password || !is_alone || s->was_password_refused)
		return NULL;
	s->was_password_refused = s->has_answered_by_password = true;	/* unless the login ends well: once is enough */
	*size_bytes = password->size_bytes;
	return password->value;
}

static bool
give(LIBSSH2_USERAUTH_KBDINT_RESPONSE *response, const char *answer, size_t size_bytes)
{
	response->text = malloc(size_bytes + 1);	/* libssh2 frees it with free() */
	if (!response->text)
		return false;
	memcpy(response->text, answer, size_bytes);
	response->text[size_bytes] = '\0';
	response->length = (unsigned)size_bytes;
	return true;
}

static void
show_prompt(struct kbi_ssh *s, const LIBSSH2_USERAUTH_KBDINT_PROMPT *prompt)
{
	int size_bytes = prompt->length < PROMPT_MAX ? (int)prompt->length : PROMPT_MAX;

	kbi_err_evidence(&s->base.err, "it asks: %.*s", size_bytes, (const char *)prompt->text);
}

static void
fail_prompts(struct kbi_ssh *s, int count, const LIBSSH2_USERAUTH_KBDINT_PROMPT *prompts)
{
	bool has_answers = kbi_map_find(&s->settings, "answers");

	kbi_ssh_fail(s, KB_EAUTH, "auth.prompts", "the login of %s asks for what was not given beforehand", s->user);
	for (int i = 0; i < count; i++)
		show_prompt(s, &prompts[i]);
	kbi_err_fix(&s->base.err, has_answers ? "a line more in kb_host_set_secret(host, \"answers\", ...)"
					      : "kb_host_set_secret(host, \"answers\", ...), a line for each prompt");
	s->has_open_prompts = s->is_closing = true;
}

static void
fail_memory(struct kbi_ssh *s)
{
	kbi_fail_memory(&s->base.err);
	s->has_open_prompts = s->is_closing = true;
}

static void
answer(const char *name, int name_bytes, const char *instruction, int instruction_bytes, int count,
	const LIBSSH2_USERAUTH_KBDINT_PROMPT *prompts, LIBSSH2_USERAUTH_KBDINT_RESPONSE *responses, void **abstract)
{
	struct kbi_ssh *s = *abstract;

	(void)name;
	(void)name_bytes;
	(void)instruction;
	(void)instruction_bytes;
	for (int i = 0; i < count && !s->has_open_prompts; i++) {
		size_t size_bytes = 0;
		const char *text = next_answer(s, count == 1 && !prompts[i].echo, &size_bytes);
		if (!text)
			fail_prompts(s, count, prompts);
		else if (!give(&responses[i], text, size_bytes))
			fail_memory(s);
	}
}

enum kbi_turn
kbi_ssh_wait_prompts_login(struct kbi_ssh *s)
{
	int rc = libssh2_userauth_keyboard_interactive_ex(s->session, s->user, (unsigned)strlen(s->user), answer);

	if (s->has_open_prompts)
		return TURN_LOST;
	if (rc == 0) {
		s->was_password_refused = s->was_password_refused && !s->has_answered_by_password;
		return kbi_ssh_go(s, WAIT_CHANNEL);
	}
	if (rc == LIBSSH2_ERROR_EAGAIN)
		return TURN_WAIT;
	if (kbi_ssh_is_broken(s, rc) || !kbi_ssh_is_refusal(rc))
		return kbi_ssh_fail_socket(s, "in the login");
	s->were_answers_refused = true;
	return kbi_ssh_next_login(s, NULL);
}
