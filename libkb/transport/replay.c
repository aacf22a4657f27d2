/* SPDX-License-Identifier: Apache-2.0 */
/* A host that was recorded: it answers what the recording has an answer for, in the session's own framing, and refuses the rest by name.
 * Nothing is executed, and nothing is waited for. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/scarce.h"
#include "base/str.h"
#include "transport/recording.h"
#include "transport/transport.h"

enum action { SAY, LOSE, END };

struct chunk {				/* what comes next on a stream, or what happens then */
	struct chunk *next;
	enum action action;
	enum kbi_stream stream;
	struct kbi_buf data;
	size_t read_bytes;
	size_t due_bytes;		/* that must have been written before */
	const struct kbi_recorded *entry;
};

struct replay {
	struct kbi_transport base;
	struct kbi_loop *loop;
	struct kbi_timer wake;
	char *host;
	char *nonce;
	struct kbi_recording *recording;
	size_t written_bytes, expected_bytes;
	struct chunk *first, **last;
	bool has_ended;
	bool has_failed;		/* no memory */
};

static struct chunk *
add_chunk(struct replay *r, enum action action, enum kbi_stream stream)
{
	struct chunk *chunk = calloc(1, sizeof(*chunk));

	if (!chunk) {
		r->has_failed = true;
		return NULL;
	}
	*chunk = (struct chunk){.action = action, .stream = stream, .data = KBI_BUF(SIZE_MAX / 4), .due_bytes = r->expected_bytes};
	*r->last = chunk;
	r->last = &chunk->next;
	return chunk;
}

static void
drop_first(struct replay *r)
{
	struct chunk *chunk = r->first;

	r->first = chunk->next;
	if (!r->first)
		r->last = &r->first;
	kbi_buf_free(&chunk->data);
	free(chunk);
}

static void
say(struct replay *r, enum kbi_stream stream, const char *data, size_t size_bytes)
{
	struct chunk *chunk = size_bytes ? add_chunk(r, SAY, stream) : NULL;

	if (chunk)
		kbi_buf_add_bytes(&chunk->data, data, size_bytes);
}

/* What is said last comes with the mark, as its newline is told apart from the mark's only then. */
static struct chunk *
last_of(struct replay *r, enum kbi_stream stream)
{
	struct chunk *found = NULL;

	for (struct chunk *c = r->first; c; c = c->next)
		if (c->action != SAY || c->due_bytes != r->expected_bytes)
			found = NULL;
		else if (c->stream == stream)
			found = c;
	return found;
}

static void
say_mark(struct replay *r, uint64_t number, int status)
{
	for (enum kbi_stream stream = KBI_STDOUT; stream <= KBI_STDERR; stream++) {
		struct chunk *chunk = last_of(r, stream);
		if (!chunk)
			chunk = add_chunk(r, SAY, stream);
		if (chunk)
			kbi_buf_add_format(&chunk->data, "\n%s %" PRIu64 " %d\n", r->nonce, number, status);
	}
}

/* \N is the nonce, \R the number of the request. */
static void
say_wire(struct replay *r, enum kbi_stream stream, const struct kbi_buf *data, uint64_t number)
{
	struct chunk *chunk = add_chunk(r, SAY, stream);

	for (size_t i = 0; chunk && i < data->size_bytes; i++) {
		char c = data->data[i], next = i + 1 < data->size_bytes ? data->data[i + 1] : '\0';
		if (c == '\\' && next == 'N')
			kbi_buf_add(&chunk->data, r->nonce);
		else if (c == '\\' && next == 'R')
			kbi_buf_add_format(&chunk->data, "%" PRIu64, number);
		else
			kbi_buf_add_char(&chunk->data, c);
		i += c == '\\' && (next == 'N' || next == 'R');
	}
}

/* A fact, its log, a file: as this run has made what it names. */
static void
say_piece(struct replay *r, const struct kbi_piece *piece)
{
	struct kbi_buf data = KBI_BUF(SIZE_MAX / 4), encoded = KBI_BUF(SIZE_MAX / 4);
	const struct kbi_buf *said = &piece->data;

	if (kbi_recording_has_names(said)) {
		kbi_recording_unname(&data, r->recording->named, said->data, said->size_bytes);
		said = &data;
	}
	if (piece->kind == KBI_PIECE_FILE) {
		kbi_buf_add_format(&encoded, "%s:", piece->name);
		kbi_str_base64(&encoded, kbi_buf_text(said), said->size_bytes);
		kbi_buf_add_char(&encoded, '\n');
		said = &encoded;
	}
	r->has_failed |= kbi_buf_failed(said) != KB_OK;
	say(r, piece->kind == KBI_PIECE_LOG ? KBI_STDERR : KBI_STDOUT, kbi_buf_text(said), said->size_bytes);
	kbi_buf_free(&data);
	kbi_buf_free(&encoded);
}

static void
say_pieces(struct replay *r, const struct kbi_recorded *entry, uint64_t number)
{
	for (size_t i = 0; i < entry->piece_count; i++) {
		const struct kbi_piece *piece = &entry->pieces[i];
		if (piece->kind == KBI_PIECE_WIRE_OUT || piece->kind == KBI_PIECE_WIRE_ERR)
			say_wire(r, piece->kind == KBI_PIECE_WIRE_OUT ? KBI_STDOUT : KBI_STDERR, &piece->data, number);
		else
			say_piece(r, piece);
	}
}

static void
say_end(struct replay *r, const struct kbi_recorded *entry, uint64_t number)
{
	if (entry->end == KBI_RECORDED_EXIT) {
		if (!entry->has_no_mark)
			say_mark(r, number, entry->status);
		return;
	}
	struct chunk *chunk = add_chunk(r, entry->end == KBI_RECORDED_LOST ? LOSE : END, KBI_STDOUT);
	if (chunk)
		chunk->entry = entry;
}

static void
act(struct replay *r, const struct chunk *chunk)
{
	if (chunk->action == END) {
		r->has_ended = true;
		return;
	}
	const struct kb_err *lost = &chunk->entry->lost;
	kbi_fail(&r->base.err, lost->code, "%s: %s", r->host, lost->cause);
	kbi_err_id(&r->base.err, lost->id);
	for (size_t i = 0; i < lost->evidence_count; i++)
		kbi_err_evidence(&r->base.err, "%s", lost->evidence[i]);
	r->base.state = KBI_LOST;
}

static bool
is_over(const struct replay *r)
{
	return r->has_ended || r->base.state == KBI_LOST;
}

/* Forgets what was read, and does what comes behind it. */
static void
advance(struct replay *r)
{
	while (!is_over(r) && r->first && r->first->due_bytes <= r->written_bytes
		&& (r->first->action != SAY || r->first->read_bytes == r->first->data.size_bytes)) {
		if (r->first->action != SAY)
			act(r, r->first);
		drop_first(r);
	}
	if (r->has_failed && r->base.state != KBI_LOST) {
		kbi_fail_memory(&r->base.err);
		r->base.state = KBI_LOST;
	}
}

static void
wake(void *owner)
{
	struct replay *r = owner;

	r->base.changed(r->base.owner);
}

static void replay_free(struct kbi_transport *t);

static struct kbi_transport *
replay_open(const struct kbi_transport_want *want, struct kb_err *err)
{
	const struct kbi_recorded *login = want->recording ? kbi_recording_login(want->recording, want->host, err) : NULL;
	struct replay *r = login ? calloc(1, sizeof(*r)) : NULL;

	if (!r) {
		if (!want->recording)
			kbi_fail(err, KB_EINVAL, "%s: replay: no recording", want->host);
		else if (login)
			kbi_fail_memory(err);
		return NULL;
	}
	r->base = (struct kbi_transport){
		.ops = &kbi_transport_replay, .state = KBI_OPEN, .changed = want->changed, .owner = want->owner};
	r->loop = want->loop;
	r->wake = (struct kbi_timer){.due_ms = KBI_NEVER, .due = wake, .owner = r};
	r->recording = want->recording;
	r->host = strdup(want->host);
	r->nonce = strdup(want->nonce);
	r->last = &r->first;
	unsigned before = kbi_scarce_count();
	say_pieces(r, login, 0);
	r->expected_bytes = want->boot_bytes;
	say_end(r, login, 0);
	if (r->host && r->nonce && !r->has_failed && kbi_scarce_count() == before)
		return &r->base;
	replay_free(&r->base);
	kbi_fail_memory(err);
	return NULL;
}

static void
say_changed(struct replay *r, const char *what)
{
	struct chunk *chunk = add_chunk(r, SAY, KBI_STDOUT);

	if (chunk)
		kbi_buf_add_format(&chunk->data, "note=warning replay.changed %s\n", what);
}

static kb_status
answer(struct replay *r, const struct kbi_transport_question *question, struct kb_err *err)
{
	const char *changed;
	const struct kbi_recorded *entry = kbi_recording_answer(r->recording, r->host, question->about, &changed, err);

	r->expected_bytes += question->frame_bytes;
	if (question->has_input) {
		struct chunk *ready = add_chunk(r, SAY, KBI_STDOUT);
		if (ready)
			kbi_buf_add_format(&ready->data, "\n%s %" PRIu64 " ready\n", r->nonce, question->number);
		r->expected_bytes += question->input_bytes;
	}
	if (!entry) {
		say_mark(r, question->number, 1);
		return err->code;
	}
	if (changed)
		say_changed(r, changed);
	say_pieces(r, entry, question->number);
	say_end(r, entry, question->number);
	return KB_OK;
}

/* An answer that is not whole ends the connection. */
static kb_status
replay_ask(struct kbi_transport *t, const struct kbi_transport_question *question, struct kb_err *err)
{
	struct replay *r = (struct replay *)t;
	unsigned before = kbi_scarce_count();
	kb_status failed = answer(r, question, err);

	r->has_failed |= kbi_scarce_count() != before;
	return r->has_failed ? kbi_fail_memory(err) : failed;
}

static ssize_t
replay_read(struct kbi_transport *t, enum kbi_stream stream, void *data, size_t size_bytes)
{
	struct replay *r = (struct replay *)t;

	advance(r);
	for (struct chunk *c = r->first; !is_over(r) && c && c->action == SAY && c->due_bytes <= r->written_bytes; c = c->next) {
		size_t left = c->data.size_bytes - c->read_bytes;
		if (c->stream != stream || !left)
			continue;
		size_t count = left < size_bytes ? left : size_bytes;
		memcpy(data, c->data.data + c->read_bytes, count);
		c->read_bytes += count;
		advance(r);
		return (ssize_t)count;
	}
	return r->has_ended ? 0 : KBI_AGAIN;
}

static ssize_t
replay_write(struct kbi_transport *t, const void *data, size_t size_bytes)
{
	struct replay *r = (struct replay *)t;

	(void)data;
	r->written_bytes += size_bytes;
	kbi_loop_timer(r->loop, &r->wake, 0);
	return (ssize_t)size_bytes;
}

static void
replay_free(struct kbi_transport *t)
{
	struct replay *r = (struct replay *)t;

	if (!r)
		return;
	kbi_loop_timer(r->loop, &r->wake, KBI_NEVER);
	while (r->first)
		drop_first(r);
	free(r->host);
	free(r->nonce);
	kbi_err_clear(&t->err);
	free(r);
}

const struct kbi_transport_ops kbi_transport_replay = {
	.scheme = "replay", .is_recorded = true, .open = replay_open, .ask = replay_ask, .read = replay_read, .write = replay_write, .free = replay_free,
};
