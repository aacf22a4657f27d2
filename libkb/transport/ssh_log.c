/* SPDX-License-Identifier: Apache-2.0 */
/* What the log tells of a connection's way through its states. */
#include <netdb.h>
#include <stdio.h>

#include "base/log.h"
#include "transport/ssh.h"

static const char *const begins[] = {
	[WAIT_KEYS] = "waits for its keys to be read", [WAIT_JUMP] = "waits for the jump host", [WAIT_NAME] = "looks its name up: ",
	[WAIT_GATE] = "waits for its turn", [DIAL] = "tries ", [WAIT_TCP] = "waits for the connection", [WAIT_HANDSHAKE] = "connected: SSH handshake",
	[CHECK_HOST_KEY] = "checks the host key", [ASK_PASSWORD] = "login: asks the caller for the password", [WAIT_ANSWER] = "login: waits for the caller",
	[WAIT_AGENT] = "asks the agent for its keys", [WAIT_AGENT_LOGIN] = "login: a key of the agent", [WAIT_KEY_LOGIN] = "login: key ",
	[WAIT_PASSWORD_LOGIN] = "login: password", [WAIT_PROMPTS_LOGIN] = "login: keyboard-interactive",
	[WAIT_METHODS] = "login: asks which methods it takes", [WAIT_CHANNEL] = "logged in: opens a channel", [WAIT_EXEC] = "starts the shell",
	[OPEN] = "the shell is started", [LOST] = "lost",
};

static void
add_address(struct kbi_buf *out, const struct kbi_ssh *s)
{
	char text[NI_MAXHOST];
	const struct addrinfo *a = s->next_address;

	if (a && getnameinfo(a->ai_addr, a->ai_addrlen, text, sizeof(text), NULL, 0, NI_NUMERICHOST) == 0)
		kbi_buf_add_format(out, "%s port %d", text, s->port);
}

void
kbi_ssh_log_state(const struct kbi_ssh *s)
{
	struct kbi_buf detail = KBI_BUF(KBI_SIZE_TEXT);

	if (!kbi_log_is_on(s->log, KB_LOG_DEBUG))
		return;
	if (s->state == DIAL)
		add_address(&detail, s);
	else if (s->state == WAIT_NAME)
		kbi_buf_add(&detail, s->address);
	else if (s->state == WAIT_KEY_LOGIN && s->key_at < s->key_count)
		kbi_buf_add_format(&detail, "%s (%s)", s->keys[s->key_at]->name, s->keys[s->key_at]->type);
	kbi_log_add(s->log, KB_LOG_DEBUG, s->host, "%s%s", begins[s->state], kbi_buf_text(&detail));
	kbi_buf_free(&detail);
}
