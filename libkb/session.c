/* SPDX-License-Identifier: Apache-2.0 */
#include "session.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "session_parts.h"

#define EVIDENCE_LINES 10

static void process(void *owner);

static void
free_request(struct kbi_session_request *r)
{
	kbi_buf_free(&r->frame);
	kbi_buf_free(&r->input);
	kbi_buf_free(&r->facts);
	kbi_buf_free(&r->log);
	kbi_err_clear(&r->refused);
	free(r->about);
	free(r);
}

static void
drop_requests(struct kbi_session *s)
{
	struct kbi_session_request *r;

	while ((r = s->first)) {
		s->first = r->next;
		free_request(r);
	}
	s->last = s->writing = s->streams[KBI_STDOUT].at = s->streams[KBI_STDERR].at = NULL;
}

static void
disconnect(struct kbi_session *s)
{
	kbi_loop_timer(s->loop, &s->deadline, KBI_NEVER);
	kbi_loop_timer(s->loop, &s->kick, KBI_NEVER);
	kbi_session_forget_question(s);
	if (s->transport)
		s->transport->ops->free(s->transport);
	s->transport = NULL;
	kbi_buf_free(&s->out);
	kbi_buf_free(&s->password);
	kbi_buf_free(&s->login.boot);
}

static void
destroy(struct kbi_session *s)
{
	for (int i = 0; i < KBI_SESSION_STREAMS; i++) {
		kbi_frames_free(&s->streams[i].frames);
		kbi_buf_free(&s->streams[i].noise);
	}
	kbi_login_free(&s->login);
	kbi_err_clear(&s->err);
	free(s->ask.subject);
	free(s->ask.text);
	free(s->host);
	free(s);
}

void
kbi_session_free(struct kbi_session *s)
{
	if (!s || s->is_freed)
		return;
	disconnect(s);
	drop_requests(s);
	kbi_recorder_end(s->recorder);
	s->is_freed = true;
	s->state = KBI_SESSION_LOST;
	if (!s->depth)
		destroy(s);
}

/* The owner may free the session from inside any of its callbacks; then it goes when the last of them has
 * returned. */
static void
enter(struct kbi_session *s)
{
	s->depth++;
}

static void
leave(struct kbi_session *s)
{
	if (--s->depth == 0 && s->is_freed)
		destroy(s);
}

/* One that was never begun took no time. */
static int64_t
took_ms(const struct kbi_session_request *r)
{
	return r->since_ms ? kbi_clock_ms() - r->since_ms : 0;
}

/* After its owner saw it: an answer may hold secrets that nobody knew of before (a token, a kubeconfig), and the owner tells of them. */
static void
log_answer(const struct kbi_session *s, const struct kbi_session_request *r, const struct kbi_reply *reply)
{
	if (!kbi_log_is_on(s->log, KB_LOG_TRACE))
		return;
	kbi_log_add(s->log, KB_LOG_TRACE, s->host, "answer %" PRIu64 ": %s, exit status %d, %zu bytes of facts, %zu of log, %" PRId64 " ms",
		r->number, kb_err_name(reply->status), reply->exit_status, reply->facts.size_bytes, reply->log.size_bytes, took_ms(r));
	kbi_log_add_text(s->log, s->host, "facts", reply->facts.data, reply->facts.size_bytes);
	kbi_log_add_text(s->log, s->host, "log", reply->log.data, reply->log.size_bytes);
}

void
kbi_session_answer(struct kbi_session *s, struct kbi_session_request *r, kb_status status, int exit_status)
{
	struct kb_err own = {0};	/* of this answer alone: the session goes on */
	bool is_own = status && status == r->failed;
	const struct kb_err *why = is_own ? &own : &s->err;
	if (!status && r->refused.code) {
		status = r->refused.code;
		why = &r->refused;
	}
	struct kbi_reply reply = {
		.status = status,
		.may_have_run = r->may_have_run,
		.exit_status = status ? -1 : exit_status,
		.facts = r->facts,
		.log = r->log,
		.err = status ? why : NULL,
	};

	r->facts = r->log = KBI_BUF(0);
	if (reply.log.size_bytes > KBI_LOG_MAX)
		kbi_buf_drop_front(&reply.log, reply.log.size_bytes - KBI_LOG_MAX);
	if (is_own && status == KB_ENOMEM)
		kbi_fail_memory(&own);
	else if (is_own)
		kbi_fail(&own, status, "%s: a script's answer: more than %zu bytes", s->host,
			KBI_FACTS_MAX);
	kbi_recorder_answer(s->recorder, r->number, r->about, took_ms(r), &reply);
	if (r->done)
		r->done(r->owner, &reply);
	log_answer(s, r, &reply);
	kbi_buf_free(&reply.facts);
	kbi_buf_free(&reply.log);
	kbi_err_clear(&own);
	free_request(r);
}

/* s->err says why. Every request is answered, then the owner told. */
void
kbi_session_lose(struct kbi_session *s)
{
	struct kbi_session_request *r;

	s->state = KBI_SESSION_LOST;
	kbi_err_where(&s->err, s->host, NULL);
	disconnect(s);
	if (!s->first)
		kbi_recorder_lost(s->recorder, &s->err);
	while ((r = s->first)) {
		s->first = r->next;
		kbi_session_answer(s, r, s->err.code, -1);
	}
	if (!s->is_freed) {
		s->last = s->writing = s->streams[KBI_STDOUT].at = s->streams[KBI_STDERR].at = NULL;
		s->changed(s->owner);
	}
}

void
kbi_session_lose_by(struct kbi_session *s, kb_status code, const char *id, const char *format, ...)
{
	struct kbi_buf cause = KBI_BUF(KBI_SIZE_TEXT);
	va_list args;

	va_start(args, format);
	kbi_buf_add_vformat(&cause, format, args);
	va_end(args);
	kbi_fail(&s->err, code, "%s: %s", s->host, kbi_buf_text(&cause));
	kbi_buf_free(&cause);
	kbi_err_id(&s->err, id);
	for (int i = 0; i < KBI_SESSION_STREAMS; i++)
		if (s->state == KBI_SESSION_OPENING)
			kbi_err_evidence_lines(&s->err, kbi_buf_text(&s->streams[i].noise), EVIDENCE_LINES);
	if (s->first)
		kbi_err_evidence_lines(&s->err, kbi_buf_text(&s->first->log), EVIDENCE_LINES);
	kbi_session_lose(s);
}

void
kbi_session_lose_login(struct kbi_session *s, enum kbi_login_end end)
{
	kbi_login_explain(&s->login, end, s->host, kbi_buf_text(&s->streams[KBI_STDOUT].noise),
			  kbi_buf_text(&s->streams[KBI_STDERR].noise), &s->err);
	kbi_session_lose(s);
}

/* The transport's own deadline runs out with ours; what it says is better, so it goes first. */
static void
pass_deadline(void *owner)
{
	struct kbi_session *s = owner;

	enter(s);
	if (s->state == KBI_SESSION_OPENING && s->phase == WAIT_CHANNEL)
		kbi_session_lose_by(s, KB_ETIMEOUT, "connect.timeout", "not connected in time");
	else if (s->state == KBI_SESSION_OPENING && s->phase == WAIT_ANSWER)
		kbi_session_lose_by(s, KB_ETIMEOUT, "question.unanswered", "become root by sudo: its password was asked for, and not answered in time");
	else if (s->state == KBI_SESSION_OPENING)
		kbi_session_lose_login(s, KBI_LOGIN_LATE);
	else if (s->state == KBI_SESSION_READY && s->first)
		kbi_session_lose_by(s, KB_ETIMEOUT, "session.timeout", "no answer for %" PRId64 " ms",
			kbi_clock_ms() - s->first->since_ms);
	leave(s);
}

static void
become_first(struct kbi_session_request *r)
{
	r->since_ms = kbi_clock_ms();
	r->due_ms = r->deadline_ms > 0 ? r->deadline_ms : KBI_NEVER;
	if (r->timeout_ms > 0)
		r->due_ms = kbi_clock_sooner(r->due_ms, kbi_clock_deadline(r->since_ms, r->timeout_ms));
}

/* What it waits behind others, for a place, does not count. */
static int64_t
opening_due_ms(const struct kbi_session *s)
{
	const struct kbi_transport *way = s->transport;

	if (!way || s->deadline_ms == KBI_NEVER)
		return s->deadline_ms;
	return way->waits_since_ms ? KBI_NEVER : s->deadline_ms + way->waited_ms;
}

static void
set_deadline(struct kbi_session *s)
{
	int64_t due_ms = KBI_NEVER;

	if (s->state == KBI_SESSION_OPENING)
		due_ms = opening_due_ms(s);
	else if (s->state == KBI_SESSION_READY && s->first) {
		if (!s->first->since_ms)
			become_first(s->first);
		due_ms = s->first->due_ms;
	}
	if (due_ms != s->deadline.due_ms)
		kbi_loop_timer(s->loop, &s->deadline, due_ms);
}

static void
watch_end(struct kbi_session *s)
{
	bool has_ended = s->streams[KBI_STDOUT].has_ended && s->streams[KBI_STDERR].has_ended;

	if (s->state == KBI_SESSION_LOST)
		return;
	if (s->transport->state == KBI_LOST) {
		kbi_err_copy(&s->err, &s->transport->err);
		if (s->first)
			kbi_err_evidence_lines(&s->err, kbi_buf_text(&s->first->log), EVIDENCE_LINES);
		kbi_session_lose(s);
	} else if (has_ended && s->state == KBI_SESSION_OPENING) {
		kbi_session_lose_login(s, KBI_LOGIN_ENDED);
	} else if (has_ended) {
		kbi_session_lose_by(s, KB_EUNREACHABLE, "session.ended",
			s->first ? "its shell ended without an answer" : "its shell ended");
	}
}

static void
watch_channel(struct kbi_session *s)
{
	if (s->state == KBI_SESSION_OPENING && s->phase == WAIT_CHANNEL && s->transport->state == KBI_OPEN) {
		s->phase = s->login.may_prompt ? WAIT_PROMPT : WAIT_SHELL;
		kbi_log(s->log, KB_LOG_DEBUG, s->host, "waits for the shell%s", s->login.may_prompt ? " behind sudo, which may ask" : "");
	}
}

/* Called whenever anything may have happened. */
static void
process(void *owner)
{
	struct kbi_session *s = owner;

	if (s->state == KBI_SESSION_LOST)
		return;
	enter(s);
	watch_channel(s);
	kbi_session_flush(s);
	if (s->state != KBI_SESSION_LOST && s->transport->state != KBI_CONNECTING)
		kbi_session_drain(s);
	kbi_session_watch_sudo(s);
	watch_end(s);
	if (s->state != KBI_SESSION_LOST) {
		kbi_session_flush(s);
		set_deadline(s);
	}
	leave(s);
}

static bool
copy_start(struct kbi_session *s, const struct kbi_session_want *want, const struct kbi_nonce *nonce)
{
	const struct kbi_entry *password = kbi_map_find(want->settings, "sudo_password");

	s->host = strdup(want->host);
	s->loop = want->loop;
	s->deadline_ms = want->deadline_ms;
	s->recorder = want->recorder;
	s->log = want->log;
	s->changed = want->changed;
	s->owner = want->owner;
	s->deadline = (struct kbi_timer){.due_ms = KBI_NEVER, .due = pass_deadline, .owner = s};
	s->kick = (struct kbi_timer){.due_ms = KBI_NEVER, .due = process, .owner = s};
	s->out = KBI_BUF(KBI_SESSION_CHUNK);
	s->password = KBI_BUF(KBI_SIZE_TEXT);
	s->ask.given = KBI_BUF(KBI_SIZE_TEXT);
	s->out.secret = s->password.secret = s->ask.given.secret = true;
	if (s->login.may_prompt && password && password->size_bytes) {
		kbi_buf_add_bytes(&s->password, password->value, password->size_bytes);
		kbi_buf_add_char(&s->password, '\n');
	}
	for (int i = 0; i < KBI_SESSION_STREAMS; i++) {
		s->streams[i].frames = KBI_FRAMES(*nonce);
		s->streams[i].noise = KBI_BUF(2 * KBI_SESSION_NOISE);
		s->streams[i].noise.secret = true;
	}
	return s->host && !kbi_buf_failed(&s->password);
}

static kb_status
open_transport(struct kbi_session *s, const struct kbi_session_want *want, struct kb_err *err)
{
	const struct kbi_transport_ops *ops = kbi_transport_find(want->scheme);
	const struct kbi_transport_want way = {
		.loop = want->loop,
		.host = want->host,
		.settings = want->settings,
		.jump = want->jump,
		.command = kbi_buf_text(&s->login.command),
		.deadline_ms = want->deadline_ms,
		.log = want->log,
		.recording = want->recording,
		.nonce = s->streams[KBI_STDOUT].frames.nonce.text,
		.boot_bytes = s->login.boot.size_bytes,
		.keyring = want->keyring,
		.asker = want->asker,
		.changed = process,
		.owner = s,
	};

	if (!ops)
		return kbi_fail(err, KB_EINVAL, "%s: no way to it is called \"%s\"", want->host,
			want->scheme ? want->scheme : "");
	s->transport = ops->open(&way, err);
	if (!s->transport)
		return KB_EIO;
	kbi_loop_timer(s->loop, &s->kick, 0);	/* the owner hears of it from the loop, never from here */
	set_deadline(s);
	return KB_OK;
}

/* Who logs in decides how to become root, and may be said elsewhere than in the settings. */
static kb_status
make_login(struct kbi_session *s, const struct kbi_session_want *want, const struct kbi_nonce *nonce, struct kb_err *err)
{
	const struct kbi_transport_ops *ops = kbi_transport_find(want->scheme);
	struct kbi_map settings = {0};
	kb_status failed = kbi_map_copy(&settings, want->settings) ? kbi_fail_memory(err) : KB_OK;

	if (!failed && ops && ops->settle)
		failed = ops->settle(&settings, err);
	if (!failed)
		failed = kbi_login_make(&s->login, want->scheme, &settings, kbi_may_ask(want->asker, &settings, "sudo_password"), want->prelude,
			nonce, err);
	if (!failed && s->login.may_prompt && kbi_may_ask(want->asker, &settings, "sudo_password")) {
		s->asker = want->asker;
		failed = kbi_session_name_sudo(s, want, &settings) ? kbi_fail_memory(err) : KB_OK;
	}
	kbi_map_free(&settings);
	return failed;
}

struct kbi_session *
kbi_session_new(const struct kbi_session_want *want, struct kb_err *err)
{
	struct kbi_session *s = calloc(1, sizeof(*s));
	struct kbi_nonce nonce;

	if (!s) {
		kbi_fail_memory(err);
		return NULL;
	}
	if (kbi_nonce_make(&nonce)) {
		kbi_fail(err, KB_EIO, "%s: no random bytes: %s", want->host, strerror(errno));
		free(s);
		return NULL;
	}
	bool is_made = !make_login(s, want, &nonce, err);
	if (is_made && !copy_start(s, want, &nonce)) {
		kbi_fail_memory(err);
		is_made = false;
	}
	if (!is_made || open_transport(s, want, err)) {
		kbi_err_where(err, want->host, NULL);
		s->loop = want->loop;
		kbi_session_free(s);
		return NULL;
	}
	return s;
}

enum kbi_session_state
kbi_session_state(const struct kbi_session *s)
{
	return s->state;
}

const struct kb_err *
kbi_session_err(const struct kbi_session *s)
{
	return &s->err;
}

size_t
kbi_session_round_trips(const struct kbi_session *s)
{
	return s->round_trips;
}

static kb_status
make_request(struct kbi_session_request *r, const struct kbi_request *want)
{
	r->deadline_ms = want->deadline_ms;
	r->timeout_ms = want->timeout_ms;
	r->output = want->output;
	r->done = want->done;
	r->owner = want->owner;
	r->about = want->about ? strdup(want->about) : NULL;
	if (want->about && !r->about)
		return KB_ENOMEM;
	r->has_input = want->input != NULL;
	r->frame = KBI_BUF(2 * KBI_SIZE_LARGE);
	r->input = KBI_BUF(SIZE_MAX / 2);
	r->facts = KBI_BUF(KBI_FACTS_MAX);
	r->log = KBI_BUF(4 * KBI_LOG_MAX);
	r->frame.secret = r->input.secret = r->facts.secret = r->log.secret = true;
	if (r->has_input)
		kbi_buf_add_bytes(&r->input, want->input, want->input_bytes);
	kb_status failed = kbi_login_frame(&r->frame, r->number,
		r->has_input ? (int64_t)want->input_bytes : -1, want->is_here, want->script, want->script_bytes);
	return failed ? failed : kbi_buf_failed(&r->input);
}

static void
append(struct kbi_session *s, struct kbi_session_request *r)
{
	if (s->last)
		s->last->next = r;
	else
		s->first = r;
	s->last = r;
	if (!s->writing)
		s->writing = r;
	for (int i = 0; i < KBI_SESSION_STREAMS; i++)
		if (!s->streams[i].at && s->state == KBI_SESSION_READY)
			s->streams[i].at = r;
}

kb_status
kbi_session_send(struct kbi_session *s, const struct kbi_request *want)
{
	if (s->state == KBI_SESSION_LOST)
		return s->err.code ? s->err.code : KB_EUNREACHABLE;
	struct kbi_session_request *r = calloc(1, sizeof(*r));
	if (!r)
		return KB_ENOMEM;
	r->number = ++s->numbers;
	kb_status failed = make_request(r, want);
	if (failed) {
		free_request(r);
		return failed;
	}
	append(s, r);
	kbi_loop_timer(s->loop, &s->kick, 0);
	return KB_OK;
}
