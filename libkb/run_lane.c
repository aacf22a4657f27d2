/* SPDX-License-Identifier: Apache-2.0 */
/* The session of one host within a run: opened when it is needed, opened again when it breaks, closed when its tasks have ended. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/ctx.h"
#include "base/secrets.h"
#include "base/str.h"
#include "about.h"
#include "facts.h"
#include "plan.h"
#include "recorder.h"
#include "run.h"
#include "script.h"
#include "session.h"
#include "session_frame.h"
#include "transport/transport.h"

#define PROBE_TIMEOUT_MS 60000
#define LOCK_WAIT_S 600
#define FORGET_TIMEOUT_MS 10000
#define CONNECTING_MAX 64	/* log-ins at a time: a burst of them only makes all of them slow */
#define ATTEMPTS_MAX 5
#define RETRY_MS 500

enum ask_kind { ASK_LOCK, ASK_PROBE, ASK_APPLY, ASK_FORGET };

struct kbi_ask {
	struct kbi_lane *lane;
	struct kb_task *task;
	enum ask_kind kind;
	uint64_t seq;
	struct kbi_mask_stream mask;	/* of its output */
	struct kbi_ask *prev, *next;
};

static struct kbi_ask *
new_ask(struct kbi_lane *lane, struct kb_task *task, enum ask_kind kind)
{
	struct kbi_ask *ask = calloc(1, sizeof(*ask));
	if (!ask)
		return NULL;
	*ask = (struct kbi_ask){ .lane = lane, .task = task, .kind = kind, .seq = ++lane->run->seq, .mask = KBI_MASK_STREAM,
		.next = lane->asks };
	if (lane->asks)
		lane->asks->prev = ask;
	lane->asks = ask;
	lane->forgets += kind == ASK_FORGET;
	return ask;
}

static void
free_ask(struct kbi_ask *ask)
{
	if (ask->prev)
		ask->prev->next = ask->next;
	else
		ask->lane->asks = ask->next;
	if (ask->next)
		ask->next->prev = ask->prev;
	kbi_buf_free(&ask->mask.held);
	ask->lane->forgets -= ask->kind == ASK_FORGET;
	free(ask);
}

/* -- answers */

/* As it is shown. One that was cut begins with its second line: half a secret would not be known as one. */
static char *
shown_log(struct kbi_secrets *secrets, const struct kbi_buf *from)
{
	if (!from->size_bytes)
		return NULL;
	struct kbi_buf masked = KBI_BUF(4 * KBI_LOG_MAX), log = KBI_BUF(4 * KBI_LOG_MAX);
	size_t size_bytes = from->size_bytes;
	const char *data = kbi_buf_text(from), *end = data + size_bytes;
	const char *second = size_bytes >= KBI_LOG_MAX ? memchr(data, '\n', size_bytes) : NULL;
	if (second)
		data = second + 1;
	kbi_secrets_mask(secrets, data, (size_t)(end - data), &masked);
	kbi_str_escape_lines(&log, kbi_buf_text(&masked), masked.size_bytes);
	char *text = kbi_buf_take(&log);
	kbi_buf_free(&log);
	kbi_buf_free(&masked);
	return text;
}

static void
keep_reply(struct kbi_answer *answer, const struct kbi_ask *ask, struct kbi_reply *reply)
{
	kbi_map_free(&answer->facts);
	kb_err_free(answer->err);
	free(answer->log);
	*answer = (struct kbi_answer){ .seq = ask->seq, .status = reply->status, .exit_status = reply->exit_status };
	if (reply->err && (answer->err = calloc(1, sizeof(*answer->err))))
		kbi_err_copy(answer->err, reply->err);
	const struct kbi_buf *heard = &ask->lane->turn.heard;
	bool is_followed_on = ask->kind == ASK_APPLY && heard->size_bytes;
	answer->log = shown_log(ask->lane->run->kb->secrets, is_followed_on ? heard : &reply->log);
	if (answer->status)
		return;
	answer->status = kbi_facts_parse(kbi_buf_text(&reply->facts), reply->facts.size_bytes, &answer->facts);
	if (answer->status && (answer->err = calloc(1, sizeof(*answer->err))))
		kbi_fail(answer->err, answer->status, "%s: %s: its answer cannot be read", ask->lane->host->name,
			 ask->task ? ask->task->step->name : "lock");
}

static void
keep_lock_reply(struct kbi_lane *lane, const struct kbi_ask *ask, struct kbi_reply *reply)
{
	struct kbi_answer answer = { 0 };
	keep_reply(&answer, ask, reply);
	const struct kbi_entry *note = NULL;
	while ((note = kbi_map_next(&answer.facts, "note", note)))
		kbi_run_told_note(lane, NULL, note->value);
	if (!answer.status && answer.exit_status == 0)
		lane->may_run = false;	/* it held the lock */
	bool is_lost = kbi_session_state(lane->session) == KBI_SESSION_LOST;	/* which is told elsewhere */
	if (!is_lost && (answer.status || answer.exit_status != 0) && lane->run->mode == KB_APPLY) {
		lane->is_lock_lost = true;
		if (answer.status)
			kbi_err_copy(&lane->err, answer.err);
		else if (!kbi_facts_error(&answer.facts, lane->host->name, "lock", &lane->err))
			kbi_fail(&lane->err, KB_ELOCKED, "%s: its lock could not be taken", lane->host->name);
	}
	kbi_map_free(&answer.facts);
	kb_err_free(answer.err);
	free(answer.log);
}

static void
tell_output(const struct kbi_ask *ask, const struct kbi_buf *masked)
{
	struct kbi_buf text = KBI_BUF(KBI_SIZE_TEXT);
	if (kbi_buf_failed(masked))
		ask->lane->run->has_lost = true;
	if (!masked->size_bytes)
		return;
	struct kb_event *event = kbi_event_new(KB_EVENT_STEP_OUTPUT);
	kbi_str_escape_lines(&text, masked->data, masked->size_bytes);
	if (event) {
		event->run = ask->lane->run->id;
		event->task = (int64_t)ask->task->index;
		kbi_event_set(event, &event->host, ask->lane->host->name);
		kbi_event_set(event, &event->step, ask->task->step->name);
		kbi_event_set(event, &event->text, kbi_buf_text(&text));
		event->is_short |= kbi_buf_failed(&text) == KB_ENOMEM;
	}
	kbi_plan_queue(ask->lane->run->plan, event);
	kbi_buf_free(&text);
}

static void
on_output(void *owner, const char *data, size_t size_bytes)
{
	struct kbi_ask *ask = owner;
	struct kbi_buf masked = KBI_BUF(KBI_SIZE_LARGE);
	if (kbi_task_turn(ask->task))
		ask->lane->turn.heard_bytes += size_bytes;
	kbi_mask_stream_add(&ask->mask, ask->lane->run->kb->secrets, data, size_bytes, &masked);
	tell_output(ask, &masked);
	kbi_buf_free(&masked);
}

static void
end_output(struct kbi_ask *ask)	/* what was held back */
{
	struct kbi_buf masked = KBI_BUF(KBI_SIZE_LARGE);
	kbi_mask_stream_end(&ask->mask, ask->lane->run->kb->secrets, &masked);
	tell_output(ask, &masked);
	kbi_buf_free(&masked);
}

static void forget_journal(struct kbi_lane *lane, struct kb_task *task);

static void
keep_apply_reply(struct kbi_lane *lane, const struct kbi_ask *ask, struct kbi_reply *reply)
{
	const struct kbi_entry *note = NULL;
	keep_reply(&lane->turn.apply, ask, reply);
	ask->task->run.has_applied = true;
	while ((note = kbi_map_next(&lane->turn.apply.facts, "note", note)))
		kbi_run_told_note(lane, ask->task, note->value);
	if (reply->status == KB_OK || reply->status == KB_ETOOBIG)
		forget_journal(lane, ask->task);
}

static void
keep_heard(struct kbi_turn *turn, const struct kbi_buf *log, size_t unheard_bytes)
{
	struct kbi_buf *heard = &turn->heard;
	if (!heard->max_bytes)
		*heard = KBI_BUF(4 * KBI_LOG_MAX);
	heard->secret = true;
	kbi_buf_add_bytes(heard, log->data, log->size_bytes);
	kbi_buf_truncate(heard, heard->size_bytes - (unheard_bytes < heard->size_bytes ? unheard_bytes : heard->size_bytes));
	if (heard->size_bytes > KBI_LOG_MAX)
		kbi_buf_drop_front(heard, heard->size_bytes - KBI_LOG_MAX);
}

/* When its connection is lost, what was heard is not told again as it is followed on the next one; what is held back is heard once more there, for it may be half a secret */
static void
end_apply(struct kbi_ask *ask, const struct kbi_reply *reply, bool is_lost)
{
	struct kbi_turn *turn = &ask->lane->turn;
	size_t held_bytes = is_lost && turn->journal[0] ? ask->mask.held.size_bytes : 0;
	turn->is_followed = false;
	turn->heard_bytes -= held_bytes;
	if (turn->journal[0])
		keep_heard(turn, &reply->log, held_bytes);
	if (!held_bytes)
		end_output(ask);
}

static void
on_reply(void *owner, struct kbi_reply *reply)
{
	struct kbi_ask *ask = owner;
	struct kbi_lane *lane = ask->lane;
	/* a lost connection is the session's to tell, and is no answer */
	bool is_lost = reply->status == KB_EUNREACHABLE || reply->status == KB_EPROTOCOL;
	/* a task for which there was no memory has ended without it */
	bool is_apply = ask->kind == ASK_APPLY && kbi_task_turn(ask->task);
	if (is_apply)
		end_apply(ask, reply, is_lost);
	if (ask->kind == ASK_LOCK)
		keep_lock_reply(lane, ask, reply);
	else if (is_apply && !is_lost)
		keep_apply_reply(lane, ask, reply);
	else if (ask->kind == ASK_PROBE && !is_lost)
		keep_reply(&ask->task->run.probe, ask, reply);
	free_ask(ask);
	kbi_run_look_at(lane);
}

/* The one thing that taking the lock prints: for whom it waits */
static void
on_waiting(void *owner, const char *data, size_t size_bytes)
{
	struct kbi_ask *ask = owner;
	struct kbi_buf text = KBI_BUF(KBI_SIZE_TEXT);
	if (size_bytes == 1 && *data == '\n')	/* the end of a line that came in two pieces */
		return;
	kbi_str_escape(&text, data, size_bytes && data[size_bytes - 1] == '\n' ? size_bytes - 1 : size_bytes);
	kbi_run_note(ask->lane, NULL, KB_INFO, "host.waiting", kbi_buf_text(&text));
	kbi_buf_free(&text);
}

/* -- the session */

static void
forget_session(struct kbi_lane *lane)	/* what was asked and not answered is asked again */
{
	if (lane->session && !lane->is_ready)
		lane->run->connecting--;
	kbi_session_free(lane->session);
	if (kbi_recorder_failed(lane->host->recorder))
		kbi_run_note(lane, NULL, KB_ERROR, "record.failed", "not everything could be recorded");
	lane->session = NULL;
	while (lane->asks)
		free_ask(lane->asks);
	lane->turn.is_followed = false;
	for (size_t i = lane->cursor; i < lane->task_count; i++) {
		struct kb_task *task = lane->tasks[i];
		if (task->run.probe.seq < task->run.asked_seq)
			task->run.asked_seq = 0;
		/* what it did is not known: it is asked. Unless it has answered, or its journal will tell */
		if (task->run.state != KBI_TASK_APPLYING || task->run.has_applied || lane->turn.journal[0])
			continue;
		lane->may_run = true;
		kbi_task_ask_again(task);
	}
}

static void
look_at_all(struct kbi_run *run)	/* a place among those that connect has become free */
{
	for (size_t i = 0; i < run->lane_count; i++)
		if (!run->lanes[i].session && run->lanes[i].cursor < run->lanes[i].task_count)
			kbi_run_look_at(&run->lanes[i]);
}

void
kbi_lane_close(struct kbi_lane *lane)
{
	kbi_loop_timer(lane->run->kb->loop, &lane->retry, KBI_NEVER);
	bool was_connecting = lane->session && !lane->is_ready;
	if (lane->session)
		forget_session(lane);
	lane->is_ready = false;
	if (was_connecting)
		look_at_all(lane->run);
}

bool
kbi_lane_is_forgetting(const struct kbi_lane *lane)
{
	return lane->forgets > 0 && lane->session && kbi_session_state(lane->session) != KBI_SESSION_LOST;
}

static void
retry(void *owner)
{
	struct kbi_lane *lane = owner;
	lane->retry.due_ms = KBI_NEVER;
	kbi_run_look_at(lane);
}

static void
on_changed(void *owner)
{
	struct kbi_lane *lane = owner;
	if (kbi_session_state(lane->session) == KBI_SESSION_READY && !lane->is_ready) {
		lane->is_ready = lane->was_ready = true;
		lane->run->connecting--;
		kbi_run_host_event(lane, KB_EVENT_HOST_CONNECTED, lane->attempts ? "connected again" : "connected");
		look_at_all(lane->run);
	}
	kbi_run_look_at(lane);
}

/* A connection that broke is made again; one that could not be made at all, or broke for a reason that will not go away, is not */
static bool
may_try_again(const struct kbi_lane *lane, const struct kb_err *err)
{
	bool was_ready = lane->is_ready || lane->attempts > 0;
	return was_ready && lane->attempts < ATTEMPTS_MAX && (err->code == KB_EUNREACHABLE || err->code == KB_EPROTOCOL);
}

static int64_t
jitter_ms(void)
{
	uint16_t random = 0;
	return getrandom(&random, sizeof(random), GRND_NONBLOCK) == sizeof(random) ? random % RETRY_MS : 0;
}

/* Longer each time, and never the same for all hosts of a network that broke. */
static int64_t
pause_ms(struct kbi_lane *lane)
{
	const struct kbi_transport_ops *way = kbi_transport_find(lane->host->scheme);
	int64_t delay_ms = (int64_t)RETRY_MS << lane->attempts++;
	return way && way->is_recorded ? 0 : delay_ms + jitter_ms();
}

bool
kbi_lane_is_lost(struct kbi_lane *lane)
{
	if (lane->is_lock_lost)
		return true;
	if (!lane->session || kbi_session_state(lane->session) != KBI_SESSION_LOST)
		return lane->err.code != KB_OK && !lane->session && lane->retry.due_ms == KBI_NEVER && lane->attempts == 0;
	const struct kb_err *err = kbi_session_err(lane->session);
	bool again = may_try_again(lane, err);
	kbi_err_copy(&lane->err, err);
	kbi_run_host_event(lane, KB_EVENT_HOST_LOST, lane->err.cause);
	forget_session(lane);
	lane->is_ready = false;
	look_at_all(lane->run);
	if (!again) {
		lane->attempts = 0;	/* from here on it stays lost */
		return true;
	}
	lane->retry.due = retry;
	lane->retry.owner = lane;
	kbi_loop_timer(lane->run->kb->loop, &lane->retry, kbi_clock_ms() + pause_ms(lane));
	return false;
}

static void
add_live_runs(struct kbi_buf *out, const struct kb_ctx *kb)	/* " 1 2 " */
{
	kbi_buf_add_char(out, ' ');
	for (const struct kb_plan *plan = kb->plans; plan; plan = plan->next)
		if (plan->running)
			kbi_buf_add_format(out, "%lld ", (long long)plan->running->id);
}

/* Whether a task of it could write on the host. To one that only asks nobody needs to be kept out. */
static bool
may_change(const struct kbi_lane *lane)
{
	for (size_t i = 0; lane->run->mode == KB_APPLY && i < lane->task_count; i++)
		if (!lane->tasks[i]->is_left_out && !(lane->tasks[i]->step->def->flags & KBI_STEP_READ_ONLY))
			return true;
	return false;
}

static void
write_prelude(struct kbi_lane *lane, struct kbi_buf *prelude)
{
	char me[HOST_NAME_MAX + 1] = "", nonce[16];
	const struct kbi_run *run = lane->run;
	struct kbi_buf who = KBI_BUF(1024), live = KBI_BUF(KBI_SIZE_TEXT);
	struct kbi_nonce word = { "" };
	if (kbi_nonce_make(&word))
		prelude->failed = KB_EIO;
	gethostname(me, HOST_NAME_MAX);
	snprintf(nonce, sizeof(nonce), "%08x", (unsigned)run->kb->nonce);
	kbi_buf_add_format(&who, "%s (process %ld, run %s.%lld, host %s)", me, (long)getpid(), nonce, (long long)run->id, lane->host->name);
	add_live_runs(&live, run->kb);
	kbi_script_begin(prelude, &(struct kbi_script_me){ .who = kbi_buf_text(&who), .nonce = nonce, .word = word.text,
			 .live = kbi_buf_text(&live), .way = lane->host->scheme, .is_apply = may_change(lane) });
	kbi_buf_free(&who);
	kbi_buf_free(&live);
	for (size_t i = 0; i < lane->task_count; i++)
		if (lane->tasks[i]->text_number == i && !lane->tasks[i]->is_unused)
			kbi_script_add_step(prelude, i, lane->tasks[i]->step);
	for (size_t i = 0; i < lane->task_count; i++)
		if (lane->tasks[i]->library_number == i && !lane->tasks[i]->is_unused && lane->tasks[i]->step->def->library)
			kbi_script_add_library(prelude, i, lane->tasks[i]->step);
}

/* What a recording calls it; "" when nobody records or plays. */
static void
write_about(struct kbi_buf *about, const struct kbi_lane *lane, const struct kbi_script_call *call, const char *verb)
{
	if (!lane->host->recorder && !lane->host->recording)
		return;
	if (call)
		kbi_about_step(about, &(struct kbi_about_known){ lane->run->kb->secrets, &lane->host->named }, call, verb);
	else
		kbi_buf_add_format(about, "lock %s\n", verb);
}

static kb_status
send_lock(struct kbi_lane *lane)
{
	struct kbi_buf script = KBI_BUF(KBI_SIZE_TEXT);
	if (lane->run->mode == KB_APPLY)
		kbi_script_lock(&script, LOCK_WAIT_S, lane->turn.journal);
	else
		kbi_script_look_at_lock(&script);
	struct kbi_buf about = KBI_BUF(KBI_SIZE_TEXT);
	write_about(&about, lane, NULL, lane->run->mode == KB_APPLY ? "take" : "look");
	struct kbi_ask *ask = new_ask(lane, NULL, ASK_LOCK);
	struct kbi_request request = { .script = kbi_buf_text(&script), .script_bytes = script.size_bytes, .about = about.data, .deadline_ms = KBI_NEVER,
		.timeout_ms = (LOCK_WAIT_S + 30) * 1000, .output = on_waiting, .done = on_reply, .owner = ask };
	kb_status status = ask && !kbi_buf_failed(&script) ? kbi_session_send(lane->session, &request) : KB_ENOMEM;
	if (status && ask)
		free_ask(ask);
	kbi_buf_free(&script);
	kbi_buf_free(&about);
	return status;
}

/* Recording begins with the first session that the host has after it was asked for */
static kb_status
start_recording(struct kbi_lane *lane)
{
	struct kb_host *host = lane->host;
	const char *path = kbi_map_get(&host->shown, "record");
	if (!path || host->recorder || host->recording)
		return KB_OK;
	host->recorder = kbi_recorder_new(path, host->name, lane->run->kb->secrets, &host->named, &lane->err);
	return host->recorder ? KB_OK : lane->err.code;
}

static kb_status
open_session(struct kbi_lane *lane)
{
	kb_status unable = start_recording(lane);
	if (unable)
		return unable;
	struct kbi_buf prelude = KBI_BUF(KBI_SCRIPT_MAX);
	int64_t timeout_ms = 30000;
	kbi_str_to_int64(kbi_map_get(&lane->host->shown, "connect_timeout_ms"), 1, INT64_MAX, &timeout_ms);
	write_prelude(lane, &prelude);
	struct kbi_session_want want = { .loop = lane->run->kb->loop, .host = lane->host->name, .scheme = lane->host->scheme,
		.settings = &lane->host->shown, .jump = lane->host->hop.jump, .prelude = kbi_buf_text(&prelude),
		.log = &lane->run->kb->log, .recording = lane->host->recording, .recorder = lane->host->recorder,
		.deadline_ms = kbi_clock_sooner(kbi_clock_deadline(kbi_clock_ms(), timeout_ms), lane->run->deadline_ms),
		.keyring = lane->run->kb->keyring,
		.asker = lane->run->plan->has_nobody_to_ask ? NULL : &lane->run->asker, .changed = on_changed, .owner = lane };
	kb_status status = kbi_buf_failed(&prelude);
	if (status)
		kbi_fail(&lane->err, status, "%s: the steps' scripts are too large", lane->host->name);
	else if (!(lane->session = kbi_session_new(&want, &lane->err)))
		status = lane->err.code ? lane->err.code : kbi_fail_memory(&lane->err);
	kbi_buf_free(&prelude);
	if (status)
		return status;
	lane->is_ready = false;
	lane->run->connecting++;
	return lane->run->mode == KB_CHECK || may_change(lane) ? send_lock(lane) : KB_OK;
}

kb_status
kbi_lane_open(struct kbi_lane *lane)
{
	if (lane->session)
		return kbi_session_state(lane->session) == KBI_SESSION_LOST ? KB_EBUSY : KB_OK;
	if (lane->retry.due_ms != KBI_NEVER || lane->run->connecting >= CONNECTING_MAX)
		return KB_EBUSY;
	kb_status status = open_session(lane);
	if (status) {
		lane->attempts = 0;
		kbi_run_look_at(lane);	/* it is lost: the task at the cursor fails with lane->err */
	}
	return status;
}

/* -- asking */

static struct kbi_script_call
call_of(const struct kb_task *task)
{
	const struct kbi_turn *turn = &task->lane->turn;
	return (struct kbi_script_call){ .number = task->text_number, .library_number = task->library_number, .step = task->step, .args = &task->run.args,
		.wants = &turn->wants, .made = &turn->made, .journal = turn->journal, .together = task->lane->together };
}

/* How long an apply may take from now on, whatever it took on connections that are gone */
static int64_t
left_of_apply_ms(const struct kb_task *task)
{
	int64_t timeout_ms = task->step->def->timeout_ms - (kbi_clock_ms() - task->lane->turn.began_ms);
	return timeout_ms > 0 ? timeout_ms : 1;
}

static kb_status
send(struct kbi_lane *lane, struct kb_task *task, enum ask_kind kind, const char *verb, struct kbi_buf *script, const struct kbi_entry *input,
     uint64_t *seq)
{
	struct kbi_script_call call = call_of(task);
	struct kbi_buf about = KBI_BUF(KBI_SIZE_TEXT);
	struct kbi_ask *ask = kbi_buf_failed(script) ? NULL : new_ask(lane, task, kind);
	if (!ask)
		return KB_ENOMEM;
	write_about(&about, lane, &call, verb);
	struct kbi_request request = { .script = kbi_buf_text(script), .script_bytes = script->size_bytes, .about = about.data,
		.is_here = kind == ASK_PROBE && task->step->def->share,
		.input = input ? input->value : NULL, .input_bytes = input ? input->size_bytes : 0, .deadline_ms = lane->run->deadline_ms,
		.timeout_ms = kind == ASK_APPLY ? left_of_apply_ms(task) : kind == ASK_FORGET ? FORGET_TIMEOUT_MS : PROBE_TIMEOUT_MS,
		.output = kind == ASK_APPLY ? on_output : NULL, .done = on_reply, .owner = ask };
	*seq = ask->seq;
	kb_status status = kbi_buf_failed(&about) ? kbi_buf_failed(&about) : kbi_session_send(lane->session, &request);
	if (status)
		free_ask(ask);
	kbi_buf_free(&about);
	return status;
}

kb_status
kbi_lane_probe(struct kbi_lane *lane, struct kb_task *task)
{
	struct kbi_buf script = KBI_BUF(KBI_SCRIPT_MAX);
	struct kbi_script_call call = call_of(task);
	uint64_t seq = 0;
	kbi_script_probe(&script, &call);
	kb_status status = send(lane, task, ASK_PROBE, "probe", &script, NULL, &seq);
	if (!status)
		task->run.asked_seq = seq;
	kbi_buf_free(&script);
	return status;
}

static kb_status
send_apply(struct kbi_lane *lane, struct kb_task *task, const char *verb, struct kbi_buf *script, const struct kbi_entry *input)
{
	uint64_t seq = 0;
	kb_status status = send(lane, task, ASK_APPLY, verb, script, input, &seq);
	kbi_buf_free(script);
	if (status)
		return status;
	lane->turn.is_followed = true;
	task->run.applied_seq = lane->dirty_seq = lane->together = seq;
	return KB_OK;
}

/* No journal has the name of another, on whatever host: what has one there is never begun again */
static void
name_journal(struct kb_task *task)
{
	const struct kbi_run *run = task->plan->running;
	char *journal = task->lane->turn.journal;
	journal[0] = '\0';
	if (task->step->def->flags & KBI_STEP_LONG)
		snprintf(journal, KBI_JOURNAL_MAX, "%08x-%lld-%zu-%d", (unsigned)run->kb->nonce, (long long)run->id,
			 task->index, task->run.apply_count + 1);
}

kb_status
kbi_lane_apply(struct kbi_lane *lane, struct kb_task *task)
{
	struct kbi_buf script = KBI_BUF(KBI_SCRIPT_MAX);
	struct kbi_script_call call = call_of(task);
	struct kbi_turn *turn = &lane->turn;
	name_journal(task);
	turn->began_ms = kbi_clock_ms();
	turn->heard_bytes = 0;
	kbi_buf_free(&turn->heard);
	kbi_script_apply(&script, &call);
	kb_status status = send_apply(lane, task, "apply", &script, kbi_map_find(&turn->made, "input"));
	if (status) {
		turn->journal[0] = '\0';
		return status;
	}
	task->run.apply_count++;
	kbi_run_step_started(task);
	return KB_OK;
}

kb_status
kbi_lane_attach(struct kbi_lane *lane, struct kb_task *task)
{
	struct kbi_buf script = KBI_BUF(KBI_SIZE_TEXT);
	kbi_script_attach(&script, lane->turn.journal, lane->turn.heard_bytes);
	return send_apply(lane, task, "attach", &script, NULL);
}

/* Its result is here: the host may forget it. If this is never heard there, the next run tells of it, and clears it away. */
static void
forget_journal(struct kbi_lane *lane, struct kb_task *task)
{
	struct kbi_buf script = KBI_BUF(KBI_SIZE_TEXT);
	uint64_t seq = 0;
	if (!lane->turn.journal[0])
		return;
	kbi_script_forget(&script, lane->turn.journal);
	send(lane, task, ASK_FORGET, "forget", &script, NULL, &seq);
	kbi_buf_free(&script);
	lane->turn.journal[0] = '\0';
}
