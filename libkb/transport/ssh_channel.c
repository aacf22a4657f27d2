/* SPDX-License-Identifier: Apache-2.0 */
/* The one channel: a command, its stdin, and its two streams.
 * libssh2 has room for one outbound packet a session. A call that left one half sent (EAGAIN, blocked
 * outward) is repeated, with the same bytes, until it is through; until then nothing else may be called that
 * could send, and reading can: it opens the window. */
#include <string.h>

#include "transport/ssh.h"

#define WINDOW_BYTES (512u << 10)	/* a peer can have this much unread with us, no more */
#define PACKET_BYTES (32u << 10)

bool
kbi_ssh_is_half_sent(const struct kbi_ssh *s)
{
	return libssh2_session_block_directions(s->session) & LIBSSH2_SESSION_BLOCK_OUTBOUND;
}

static void
open_channel(struct kbi_ssh *s)
{
	if (!s->channel)
		s->channel = libssh2_channel_open_ex(
			s->session, "session", strlen("session"), WINDOW_BYTES, PACKET_BYTES, NULL, 0);
}

/* Once; and again while it is half sent. How it ends is heard behind the login. */
bool
kbi_ssh_open_ahead(struct kbi_ssh *s)
{
	if (s->is_opening_ahead != kbi_ssh_is_half_sent(s))	/* it is on its way; or the login's own request is half sent */
		return false;
	s->is_opening_ahead = true;
	open_channel(s);
	return !kbi_ssh_is_half_sent(s);
}

enum kbi_turn
kbi_ssh_wait_channel(struct kbi_ssh *s)
{
	char *why = NULL;

	if (!s->command)
		return kbi_ssh_go(s, OPEN);
	open_channel(s);
	if (s->channel)
		return kbi_ssh_go(s, WAIT_EXEC);
	int rc = libssh2_session_last_error(s->session, &why, NULL, 0);
	if (rc == LIBSSH2_ERROR_EAGAIN)
		return TURN_WAIT;
	if (kbi_ssh_is_broken(s, rc))
		return kbi_ssh_fail_socket(s, "after the login");
	if (rc == LIBSSH2_ERROR_ALLOC)
		return kbi_ssh_fail_memory(s, "after the login");
	return kbi_ssh_fail(s, KB_EPROTOCOL, "ssh.channel", "logged in, but no channel was given: %s",
		why ? why : "no reason");
}

enum kbi_turn
kbi_ssh_wait_exec(struct kbi_ssh *s)
{
	int rc = libssh2_channel_process_startup(
		s->channel, "exec", strlen("exec"), s->command, (unsigned)strlen(s->command));

	/* It may say -1 where it means EAGAIN. */
	if (rc == LIBSSH2_ERROR_EAGAIN
		|| (rc == -1 && libssh2_session_last_errno(s->session) == LIBSSH2_ERROR_EAGAIN))
		return TURN_WAIT;
	if (rc == 0)
		return kbi_ssh_go(s, OPEN);
	if (kbi_ssh_is_broken(s, rc))
		return kbi_ssh_fail_socket(s, "after the login");
	if (rc == LIBSSH2_ERROR_ALLOC)
		return kbi_ssh_fail_memory(s, "after the login");
	return kbi_ssh_fail(s, KB_EPROTOCOL, "ssh.exec", "logged in, but no command may be run");
}

static unsigned long
count_waiting(const struct kbi_ssh *s)
{
	unsigned long waiting = 0;

	libssh2_channel_window_read_ex(s->channel, &waiting, NULL);
	return waiting;
}

/* Nothing came. Is that for now, or for ever? */
static ssize_t
end_of_read(struct kbi_ssh *s, ssize_t rc)
{
	bool is_cut = (s->has_peer_closed || s->socket_errno) && !count_waiting(s);

	if (rc == LIBSSH2_ERROR_ALLOC) {
		kbi_ssh_fail_memory(s, "while a command ran");
		return s->base.err.code;
	}
	if (libssh2_channel_eof(s->channel) == 1) {
		s->has_seen_eof = true;
		return 0;
	}
	if ((rc == LIBSSH2_ERROR_EAGAIN || rc == 0) && !is_cut)
		return KBI_AGAIN;
	kbi_ssh_fail_socket(s, "while a command ran");
	return s->base.err.code;
}

ssize_t
kbi_ssh_read(struct kbi_transport *t, enum kbi_stream stream, void *data, size_t size_bytes)
{
	struct kbi_ssh *s = (struct kbi_ssh *)t;
	enum kbi_ssh_op op = stream == KBI_STDOUT ? OP_READ_OUT : OP_READ_ERR;

	if (s->state == LOST)
		return t->err.code;
	if (s->state != OPEN || (s->op != OP_NONE && s->op != op))
		return KBI_AGAIN;
	ssize_t rc = libssh2_channel_read_ex(
		s->channel, stream == KBI_STDOUT ? 0 : SSH_EXTENDED_DATA_STDERR, data, size_bytes);
	s->op = rc == LIBSSH2_ERROR_EAGAIN && kbi_ssh_is_half_sent(s) ? op : OP_NONE;
	kbi_ssh_watch(s);
	if (rc <= 0)
		return end_of_read(s, rc);
	s->is_quick = false;
	return rc;
}

bool
kbi_ssh_has_ended(ssize_t rc)
{
	return rc == LIBSSH2_ERROR_CHANNEL_CLOSED || rc == LIBSSH2_ERROR_CHANNEL_EOF_SENT;
}

/* One packet. False when it did not go, or not wholly. */
static bool
write_once(struct kbi_ssh *s)
{
	ssize_t rc = libssh2_channel_write_ex(
		s->channel, 0, s->out.data + s->out_sent, s->out.size_bytes - s->out_sent);

	s->op = rc == LIBSSH2_ERROR_EAGAIN && kbi_ssh_is_half_sent(s) ? OP_WRITE : OP_NONE;
	if (rc == LIBSSH2_ERROR_EAGAIN || rc == 0)
		return false;	/* or the window is closed, and a packet that comes in will open it */
	if (rc < 0 && !kbi_ssh_has_ended(rc)) {	/* what is not written now must not be missing in the middle of what is */
		if (rc == LIBSSH2_ERROR_ALLOC)
			kbi_ssh_fail_memory(s, "while a command ran");
		else
			kbi_ssh_fail_socket(s, "while a command ran");
		return false;
	}
	/* To a command that has ended nothing can be written; what it said, and its end, tell more than that.
	 */
	s->out_sent += rc < 0 ? s->out.size_bytes - s->out_sent : (size_t)rc;
	return true;
}

void
kbi_ssh_flush(struct kbi_ssh *s)
{
	bool goes_on = s->state == OPEN && (s->op == OP_NONE || s->op == OP_WRITE);

	while (goes_on && s->out_sent < s->out.size_bytes)
		goes_on = write_once(s);
	if (s->out_sent == s->out.size_bytes) {
		kbi_buf_free(&s->out);
		s->out_sent = 0;
	}
	kbi_ssh_watch(s);
}

ssize_t
kbi_ssh_write(struct kbi_transport *t, const void *data, size_t size_bytes)
{
	struct kbi_ssh *s = (struct kbi_ssh *)t;

	if (s->state == LOST)
		return t->err.code;
	kbi_ssh_flush(s);
	if (s->state != OPEN || s->out.size_bytes)
		return s->state == LOST ? t->err.code : KBI_AGAIN;
	size_t count = size_bytes < KBI_SSH_OUT_BYTES ? size_bytes : KBI_SSH_OUT_BYTES;
	kbi_buf_add_bytes(&s->out, data, count);
	if (kbi_buf_failed(&s->out)) {
		kbi_buf_free(&s->out);
		kbi_ssh_fail_memory(s, "while a command ran");
		return t->err.code;
	}
	kbi_ssh_flush(s);
	return (ssize_t)count;
}

bool
kbi_ssh_has_more(struct kbi_ssh *s)
{
	if (s->state != OPEN || s->op != OP_NONE || !s->channel)
		return false;
	return count_waiting(s) > 0 || (!s->has_seen_eof && libssh2_channel_eof(s->channel) == 1);
}
