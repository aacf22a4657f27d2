/* SPDX-License-Identifier: Apache-2.0 */
/* What goes to the shell, in its order: its first lines, the requests, the input of one that waits for it. */
#include <inttypes.h>

#include "session_parts.h"

/* Moves what fits of buf from *sent on into the next write. True when all of it is there. */
static bool
push(struct kbi_session *s, const struct kbi_buf *buf, size_t *sent)
{
	size_t left = buf->size_bytes - *sent;
	size_t room = s->out.size_bytes < KBI_SESSION_CHUNK ? KBI_SESSION_CHUNK - s->out.size_bytes : 0;
	size_t count = left < room ? left : room;

	if (count)
		kbi_buf_add_bytes(&s->out, buf->data + *sent, count);
	*sent += count;
	return count == left;
}

static void
ask(struct kbi_session *s, struct kbi_session_request *r)
{
	const struct kbi_transport_question question = {
		.number = r->number,
		.about = r->about ? r->about : "",
		.frame_bytes = r->frame.size_bytes,
		.input_bytes = r->input.size_bytes,
		.has_input = r->has_input,
	};

	if (s->transport->ops->ask && !r->was_asked)
		s->transport->ops->ask(s->transport, &question, &r->refused);
	if (!r->was_asked && kbi_log_is_on(s->log, KB_LOG_TRACE)) {
		kbi_log_add(s->log, KB_LOG_TRACE, s->host, "sends %" PRIu64 ": %zu bytes, %zu of input", r->number, r->frame.size_bytes, r->input.size_bytes);
		kbi_log_add_text(s->log, s->host, "script", r->frame.data, r->frame.size_bytes);
	}
	r->was_asked = true;
}

/* Nothing follows a request with input until it is answered: what reads the input may read ahead. */
static bool
push_request(struct kbi_session *s, struct kbi_session_request *r)
{
	ask(s, r);
	bool is_whole = push(s, &r->frame, &r->frame_sent);

	r->may_have_run = r->may_have_run || r->frame_sent;
	if (is_whole && r->has_input && r->is_ready)
		push(s, &r->input, &r->input_sent);
	return is_whole && !r->has_input;
}

static void
fill(struct kbi_session *s)
{
	if (s->phase < WAIT_SHELL || !push(s, &s->login.boot, &s->boot_sent))
		return;
	while (s->writing && push_request(s, s->writing)) {
		struct kbi_session_request *r = s->writing;
		s->writing = r->next;
		kbi_buf_free(&r->frame);
		r->frame_sent = 0;
	}
}

/* False when nothing more can be written now. */
static bool
write_out(struct kbi_session *s)
{
	struct kbi_transport *t = s->transport;
	ssize_t count = t->ops->write(t, s->out.data + s->out_sent, s->out.size_bytes - s->out_sent);

	if (count < 0)
		return false;	/* no room; or the transport is lost, which is seen where it is read */
	s->has_written = true;
	s->out_sent += (size_t)count;
	if (s->out_sent == s->out.size_bytes) {
		kbi_buf_free(&s->out);
		s->out_sent = 0;
	}
	return true;
}

void
kbi_session_flush(struct kbi_session *s)
{
	if (s->state == KBI_SESSION_LOST || s->transport->state != KBI_OPEN)
		return;
	do
		fill(s);
	while (!kbi_buf_failed(&s->out) && s->out.size_bytes && write_out(s));	/* a write forgets that it failed */
	if (kbi_buf_failed(&s->out))
		kbi_session_lose_by(s, KB_ENOMEM, "session.memory", "out of memory");
}
