/* SPDX-License-Identifier: Apache-2.0 */
/* What comes from the shell: noise until it answers, then the data and marks of one request after the other,
 * on two streams. */
#include <string.h>

#include "base/str.h"
#include "session_parts.h"

#define READ_BYTES ((size_t)32 << 10)
#define ROUND_BYTES ((size_t)1 << 20)	/* read before other hosts get their turn */

static const char stray[] = "an answer to nothing that was asked";

static void
garbled(struct kbi_session *s, const char *cause)
{
	kbi_session_lose_by(s, KB_EPROTOCOL, "session.garbled", "%s", cause);
}

static void
add_noise(struct kbi_buf *noise, const char *data, size_t size_bytes)
{
	if (size_bytes > KBI_SESSION_NOISE) {
		data += size_bytes - KBI_SESSION_NOISE;
		size_bytes = KBI_SESSION_NOISE;
	}
	kbi_buf_add_bytes(noise, data, size_bytes);
	if (noise->size_bytes > KBI_SESSION_NOISE)
		kbi_buf_drop_front(noise, noise->size_bytes - KBI_SESSION_NOISE);
	for (size_t i = 0; i < noise->size_bytes; i++)
		if (!noise->data[i])
			noise->data[i] = '?';	/* it is looked through as text */
}

static void
add_facts(struct kbi_session_request *r, const char *data, size_t size_bytes)
{
	if (r->failed)
		return;
	kbi_buf_add_bytes(&r->facts, data, size_bytes);
	if (!kbi_buf_failed(&r->facts))
		return;
	r->failed = kbi_buf_failed(&r->facts);
	kbi_buf_free(&r->facts);
}

static void
add_log(struct kbi_session *s, struct kbi_session_request *r, const char *data, size_t size_bytes)
{
	kbi_buf_add_bytes(&r->log, data, size_bytes);
	if (r->log.size_bytes > 2 * KBI_LOG_MAX)	/* not each time: dropping moves what stays */
		kbi_buf_drop_front(&r->log, r->log.size_bytes - KBI_LOG_MAX);
	kbi_recorder_output(s->recorder, r->number, data, size_bytes);
	if (r->output)
		r->output(r->owner, data, size_bytes);
}

static void
take_data(struct kbi_session *s, int which, const struct kbi_frame *frame)
{
	struct kbi_session_stream *stream = &s->streams[which];

	if (!stream->is_greeted)
		add_noise(&stream->noise, frame->data, frame->size_bytes);
	else if (!stream->at)
		return;		/* between two answers: a process that a script left behind */
	else if (which == KBI_STDOUT)
		add_facts(stream->at, frame->data, frame->size_bytes);
	else
		add_log(s, stream->at, frame->data, frame->size_bytes);
}

static void
become_ready(struct kbi_session *s, int64_t user_id)
{
	if (s->login.wants_root && user_id != 0) {
		kbi_session_lose_login(s, KBI_LOGIN_NOT_ROOT);
		return;
	}
	kbi_log(s->log, KB_LOG_DEBUG, s->host, "the shell is there, as user %lld", (long long)user_id);
	kbi_recorder_login(s->recorder, user_id, &s->streams[KBI_STDOUT].noise, &s->streams[KBI_STDERR].noise);
	s->phase = RUNNING;
	s->state = KBI_SESSION_READY;
	kbi_session_keep_password(s);
	kbi_buf_free(&s->login.boot);
	s->boot_sent = 0;
	for (int i = 0; i < KBI_SESSION_STREAMS; i++) {
		kbi_buf_free(&s->streams[i].noise);
		s->streams[i].at = s->first;
	}
	s->changed(s->owner);
}

static void
greet(struct kbi_session *s, struct kbi_session_stream *stream, const struct kbi_frame *frame)
{
	if (frame->kind != KBI_FRAME_END || frame->number != 0) {
		garbled(s, stray);
		return;
	}
	stream->is_greeted = true;
	if (s->streams[KBI_STDOUT].is_greeted && s->streams[KBI_STDERR].is_greeted)
		become_ready(s, frame->status);
}

static void
finish_first(struct kbi_session *s)
{
	struct kbi_session_request *r = s->first;
	int64_t status = r->status[KBI_STDOUT];

	if (status != r->status[KBI_STDERR] || status > 255) {
		garbled(s, "its two streams disagree on how a script ended");
		return;
	}
	s->first = r->next;
	if (s->last == r)
		s->last = NULL;
	if (s->writing == r)
		s->writing = r->next;
	kbi_session_answer(s, r, r->failed, (int)status);
}

static void
take_mark(struct kbi_session *s, int which, const struct kbi_frame *frame)
{
	struct kbi_session_stream *stream = &s->streams[which];
	struct kbi_session_request *r = stream->at;

	if (s->state == KBI_SESSION_OPENING) {
		greet(s, stream, frame);
	} else if (!r || frame->number != r->number) {
		garbled(s, stray);
	} else if (frame->kind == KBI_FRAME_READY) {
		r->is_ready = true;
	} else {
		r->is_marked[which] = true;
		r->status[which] = frame->status;
		stream->at = r->next;
		if (r->is_marked[KBI_STDOUT] && r->is_marked[KBI_STDERR])
			finish_first(s);
	}
}

/* The streams are read one after the other: answers on one have to wait until mark 0 came on both. */
static bool
must_wait(const struct kbi_session *s, int which)
{
	return s->state == KBI_SESSION_OPENING && s->streams[which].is_greeted;
}

static void
take_frames(struct kbi_session *s, int which)
{
	while (s->state != KBI_SESSION_LOST && !must_wait(s, which)) {
		struct kbi_frame frame = kbi_frames_next(&s->streams[which].frames);
		if (frame.kind == KBI_FRAME_NONE)
			return;
		if (frame.kind == KBI_FRAME_BAD)
			garbled(s, "an answer that is not one");
		else if (frame.kind == KBI_FRAME_DATA)
			take_data(s, which, &frame);
		else
			take_mark(s, which, &frame);
	}
}

static void
take_bytes(struct kbi_session *s, int which, const char *data, size_t size_bytes)
{
	if (s->phase < WAIT_SHELL)
		add_noise(&s->streams[which].noise, data, size_bytes);
	else if (kbi_frames_add(&s->streams[which].frames, data, size_bytes))
		kbi_session_lose_by(s, KB_ENOMEM, "session.memory", "out of memory");
	else
		take_frames(s, which);
}

/* Returns how many bytes came, 0 when there are none now. */
static size_t
read_stream(struct kbi_session *s, int which)
{
	struct kbi_session_stream *stream = &s->streams[which];
	char data[READ_BYTES];

	if (s->state == KBI_SESSION_LOST || stream->has_ended)
		return 0;
	ssize_t count = s->transport->ops->read(
		s->transport, which == KBI_STDOUT ? KBI_STDOUT : KBI_STDERR, data, sizeof(data));
	if (count == 0)
		stream->has_ended = true;
	if (count <= 0)
		return 0;
	if (s->has_written)
		s->round_trips++;
	s->has_written = false;
	take_bytes(s, which, data, (size_t)count);
	kbi_wipe(data, (size_t)count);
	return (size_t)count;
}

/* Both until neither has more. A peer without end is left to the next turn of the loop. */
void
kbi_session_drain(struct kbi_session *s)
{
	size_t total = 0, count;

	do {
		count = read_stream(s, KBI_STDOUT) + read_stream(s, KBI_STDERR);
		total += count;
	} while (count && total < ROUND_BYTES);
	for (int i = 0; i < KBI_SESSION_STREAMS; i++)
		take_frames(s, i);
	if (count && s->state != KBI_SESSION_LOST)
		kbi_loop_timer(s->loop, &s->kick, 0);
}
