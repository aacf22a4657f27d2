/* SPDX-License-Identifier: Apache-2.0 */
#include "recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/scarce.h"
#include "base/secrets.h"
#include "base/str.h"
#include "session.h"
#include "transport/recording.h"

#define RECORD_MAX (2 * KBI_RECORDING_MAX)

struct piece {				/* of what a script printed, as it came */
	struct piece *next;
	uint64_t number;
	size_t size_bytes;
	char data[];
};

struct answer {
	struct answer *next;
	char *about;			/* NULL: the login */
	int64_t took_ms;
	kb_status status;
	int exit_status;
	struct kbi_buf facts;		/* of a login what it printed on stdout */
	struct piece *pieces;
	struct kb_err err;
};

struct kbi_recorder {
	int fd;
	struct kbi_secrets *secrets;
	const struct kbi_map *named;
	struct piece *pieces, **last_piece;	/* of what is not answered yet */
	struct answer *first, **last;		/* of this session */
	bool has_login, is_lost;
	kb_status failed;
};

static void
write_out(struct kbi_recorder *rec, const struct kbi_buf *text)
{
	size_t written = 0;

	while (written < text->size_bytes && !rec->failed) {
		ssize_t count = write(rec->fd, text->data + written, text->size_bytes - written);
		if (count < 0 && errno != EINTR)
			rec->failed = KB_EIO;
		written += count > 0 ? (size_t)count : 0;
	}
}

struct kbi_recorder *
kbi_recorder_new(const char *path, const char *host, struct kbi_secrets *secrets, const struct kbi_map *named, struct kb_err *err)
{
	struct kbi_recorder *rec = calloc(1, sizeof(*rec));
	struct kbi_buf head = KBI_BUF(KBI_SIZE_TEXT);

	if (!rec) {
		kbi_fail_memory(err);
		return NULL;
	}
	rec->secrets = secrets;
	rec->named = named;
	rec->last = &rec->first;
	rec->last_piece = &rec->pieces;
	rec->fd = kbi_fd_lift(open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0600));
	kbi_buf_add_format(&head, KBI_RECORDING_FIRST "\nhost %s\n", host);
	kb_status failed = kbi_buf_failed(&head);
	if (rec->fd >= 0 && !failed)
		write_out(rec, &head);
	int why = errno;
	kbi_buf_free(&head);
	if (rec->fd >= 0 && !failed && !rec->failed)
		return rec;
	if (failed)
		kbi_fail_memory(err);
	else
		kbi_fail(err, KB_EIO, "%s: record: %s: %s", host, path, strerror(why));
	kbi_recorder_free(rec);
	return NULL;
}

static void
free_pieces(struct piece *piece)
{
	while (piece) {
		struct piece *next = piece->next;
		kbi_wipe(piece->data, piece->size_bytes);
		free(piece);
		piece = next;
	}
}

static void
forget(struct kbi_recorder *rec)
{
	struct answer *answer;

	while ((answer = rec->first)) {
		rec->first = answer->next;
		free(answer->about);
		kbi_buf_free(&answer->facts);
		free_pieces(answer->pieces);
		kbi_err_clear(&answer->err);
		free(answer);
	}
	rec->last = &rec->first;
	free_pieces(rec->pieces);
	rec->pieces = NULL;
	rec->last_piece = &rec->pieces;
	rec->has_login = rec->is_lost = false;
}

void
kbi_recorder_free(struct kbi_recorder *rec)
{
	if (!rec)
		return;
	forget(rec);
	kbi_fd_close(&rec->fd);
	free(rec);
}

kb_status
kbi_recorder_failed(const struct kbi_recorder *rec)
{
	return rec ? rec->failed : KB_OK;
}

/* -- what happened, kept until the session ends */

static struct answer *
add_answer(struct kbi_recorder *rec, const char *about)
{
	struct answer *answer = calloc(1, sizeof(*answer));

	if (!answer || (about && !(answer->about = strdup(about)))) {
		free(answer);
		rec->failed = KB_ENOMEM;
		return NULL;
	}
	answer->facts = KBI_BUF(SIZE_MAX / 4);
	answer->facts.secret = true;
	*rec->last = answer;
	rec->last = &answer->next;
	return answer;
}

void
kbi_recorder_output(struct kbi_recorder *rec, uint64_t number, const char *data, size_t size_bytes)
{
	struct piece *piece;

	if (!rec || !size_bytes)
		return;
	if (!(piece = malloc(sizeof(*piece) + size_bytes))) {
		rec->failed = KB_ENOMEM;
		return;
	}
	piece->next = NULL;
	piece->number = number;
	piece->size_bytes = size_bytes;
	memcpy(piece->data, data, size_bytes);
	*rec->last_piece = piece;
	rec->last_piece = &piece->next;
}

/* Its own: the next one's may have begun to come. */
static struct piece *
take_pieces(struct kbi_recorder *rec, uint64_t number)
{
	struct piece *taken = NULL, **last = &taken, **at = &rec->pieces;

	while (*at) {
		struct piece *piece = *at;
		if (piece->number != number) {
			at = &piece->next;
			continue;
		}
		*at = piece->next;
		piece->next = NULL;
		*last = piece;
		last = &piece->next;
	}
	rec->last_piece = at;
	return taken;
}

void
kbi_recorder_login(struct kbi_recorder *rec, int64_t user_id, const struct kbi_buf *out, const struct kbi_buf *err)
{
	struct answer *login = rec ? add_answer(rec, NULL) : NULL;

	if (!login)
		return;
	rec->has_login = true;
	login->exit_status = (int)user_id;
	kbi_buf_add_bytes(&login->facts, kbi_buf_text(out), out->size_bytes);
	kbi_recorder_output(rec, 0, kbi_buf_text(err), err->size_bytes);
	login->pieces = take_pieces(rec, 0);
}

static void
copy_err(struct kbi_recorder *rec, struct answer *answer, const struct kb_err *err)
{
	unsigned before = kbi_scarce_count();

	kbi_err_copy(&answer->err, err);
	if (kbi_scarce_count() != before)
		rec->failed = KB_ENOMEM;
}

/* What there was no memory for here is nothing that the host said, and what came behind it may be recorded no more. */
static bool
is_ours(struct kbi_recorder *rec, kb_status code)
{
	if (code == KB_ENOMEM)
		rec->failed = KB_ENOMEM;
	return code == KB_ENOMEM;
}

void
kbi_recorder_lost(struct kbi_recorder *rec, const struct kb_err *err)
{
	if (rec && is_ours(rec, err->code))
		return;
	struct answer *login = rec && !rec->failed && !rec->has_login && !rec->is_lost ? add_answer(rec, NULL) : NULL;
	if (!login)
		return;
	rec->is_lost = true;
	login->status = err->code;
	copy_err(rec, login, err);
}

void
kbi_recorder_answer(struct kbi_recorder *rec, uint64_t number, const char *about, int64_t took_ms, const struct kbi_reply *reply)
{
	if (!rec || rec->failed || !about || rec->is_lost || kbi_str_starts(about, "forget "))
		return;
	if (!rec->has_login) {
		kbi_recorder_lost(rec, reply->err);
		return;
	}
	if (is_ours(rec, reply->status))
		return;
	struct answer *answer = add_answer(rec, about);
	if (!answer)
		return;
	answer->took_ms = took_ms;
	answer->status = reply->status;
	answer->exit_status = reply->exit_status;
	kbi_buf_add_bytes(&answer->facts, kbi_buf_text(&reply->facts), reply->facts.size_bytes);
	answer->pieces = take_pieces(rec, number);
	if (reply->err)
		copy_err(rec, answer, reply->err);
	rec->is_lost = reply->status && reply->status != KB_ETOOBIG;
}

/* -- written when it ends */

static void
add_masked(struct kbi_buf *out, struct kbi_secrets *secrets, const char *word, const char *text)
{
	struct kbi_buf masked = KBI_BUF(KBI_SIZE_TEXT);

	kbi_secrets_mask(secrets, text, strlen(text), &masked);
	kbi_buf_add_format(out, "%s ", word);
	kbi_recording_escape(out, kbi_buf_text(&masked), masked.size_bytes);
	kbi_buf_add_char(out, '\n');
	kbi_buf_free(&masked);
}

/* The error begins with the host's name, which whoever plays it gives itself. */
static void
add_lost(struct kbi_buf *out, struct kbi_secrets *secrets, const struct kb_err *err)
{
	const char *cause = err->cause ? err->cause : "the connection was lost", *rest = strstr(cause, ": ");

	if (rest && err->host && strncmp(cause, err->host, (size_t)(rest - cause)) == 0)
		cause = rest + 2;
	add_masked(out, secrets, "cause", cause);
	for (size_t i = 0; i < err->evidence_count; i++)
		add_masked(out, secrets, "evidence", err->evidence[i]);
	kbi_buf_add_format(out, "lost %s %s\n\n", kb_err_name(err->code), err->id ? err->id : "replay.lost");
}

static void
add_block(struct kbi_buf *out, const char *word, const struct kbi_buf *data)
{
	if (!data->size_bytes)
		return;
	kbi_buf_add_format(out, "%s\n", word);
	kbi_recording_block(out, data->data, data->size_bytes);
}

static void
add_pieces(struct kbi_buf *out, struct kbi_secrets *secrets, const char *word, const struct piece *piece)
{
	struct kbi_mask_stream stream = KBI_MASK_STREAM;
	struct kbi_buf masked = KBI_BUF(RECORD_MAX);

	for (; piece; piece = piece->next) {
		kbi_mask_stream_add(&stream, secrets, piece->data, piece->size_bytes, &masked);
		if (!piece->next)
			kbi_mask_stream_end(&stream, secrets, &masked);
		add_block(out, word, &masked);
		kbi_buf_truncate(&masked, 0);
	}
	kbi_buf_free(&masked);
}

static void
add_login(struct kbi_buf *out, struct kbi_secrets *secrets, const struct answer *login)
{
	struct kbi_buf masked = KBI_BUF(RECORD_MAX);

	kbi_buf_add(out, "\nlogin\n");
	if (login->status) {
		add_lost(out, secrets, &login->err);
		return;
	}
	kbi_secrets_mask(secrets, kbi_buf_text(&login->facts), login->facts.size_bytes, &masked);
	add_block(out, "out", &masked);
	add_pieces(out, secrets, "err", login->pieces);
	kbi_buf_add_format(out, "user %d\n\n", login->exit_status);
	kbi_buf_free(&masked);
}

static void
add_asked(struct kbi_buf *out, struct kbi_secrets *secrets, const struct answer *answer)
{
	kbi_buf_add(out, answer->about);
	kbi_buf_add_format(out, "ms %lld\n", (long long)answer->took_ms);
	if (answer->status == KB_ETOOBIG)
		kbi_buf_add_format(out, "facts\n*%zu x=................................................................\n", KBI_FACTS_MAX / 64);
	kbi_recording_facts(out, secrets, kbi_buf_text(&answer->facts), answer->facts.size_bytes);
	add_pieces(out, secrets, "log", answer->pieces);
	if (answer->status && answer->status != KB_ETOOBIG)
		add_lost(out, secrets, &answer->err);
	else
		kbi_buf_add_format(out, "exit %d\n\n", answer->exit_status);
}

/* Nothing is written that still holds a secret: the forms are the same, so this finds only what was put together from two pieces. */
static void
write_session(struct kbi_recorder *rec, struct kbi_buf *text, unsigned scarce_before)
{
	struct kbi_buf masked = KBI_BUF(2 * RECORD_MAX), named = KBI_BUF(2 * RECORD_MAX);

	named.secret = true;
	kbi_recording_blank(text);
	kbi_secrets_mask(rec->secrets, kbi_buf_text(text), text->size_bytes, &masked);
	kbi_recording_name(&named, rec->named, kbi_buf_text(&masked), masked.size_bytes);
	if (kbi_scarce_count() != scarce_before)	/* half an answer is another one */
		rec->failed = KB_ENOMEM;
	else if (kbi_buf_failed(text) || kbi_buf_failed(&masked) || kbi_buf_failed(&named))
		rec->failed = KB_ETOOBIG;
	else if (!rec->failed)
		write_out(rec, &named);
	kbi_buf_free(&masked);
	kbi_buf_free(&named);
}

void
kbi_recorder_end(struct kbi_recorder *rec)
{
	struct kbi_buf text = KBI_BUF(RECORD_MAX);

	if (!rec || !rec->first)
		return;
	unsigned before = kbi_scarce_count();
	text.secret = true;
	for (const struct answer *answer = rec->first; answer; answer = answer->next)
		if (answer->about)
			add_asked(&text, rec->secrets, answer);
		else
			add_login(&text, rec->secrets, answer);
	for (const struct answer *answer = rec->first; answer; answer = answer->next)
		if (kbi_buf_failed(&answer->facts))
			rec->failed = KB_ENOMEM;
	write_session(rec, &text, before);
	kbi_buf_free(&text);
	forget(rec);
}
