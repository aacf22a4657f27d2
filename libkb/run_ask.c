/* SPDX-License-Identifier: Apache-2.0 */
/* What a run asks of a host's session, one request each, and what becomes of the answers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/ctx.h"
#include "base/secrets.h"
#include "base/str.h"
#include "about.h"
#include "facts.h"
#include "plan.h"
#include "run.h"
#include "script.h"
#include "session.h"

#define PROBE_TIMEOUT_MS 60000
#define LOCK_WAIT_S 600

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

void
kbi_lane_forget_asks(struct kbi_lane *lane)
{
	while (lane->asks)
		free_ask(lane->asks);
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
	if (kbi_buf_failed(masked) || kbi_buf_failed(&ask->mask.held))
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
	/* a lost connection, or one that was never made, is the session's to tell, and is no answer */
	bool is_lost = reply->status == KB_EUNREACHABLE || reply->status == KB_EPROTOCOL || (reply->status && !lane->is_ready);
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
	if (size_bytes == 1 && *data == '\n')	/* the end of a line that came in two pieces */
		return;
	char *text = kbi_str_copy_part(data, size_bytes && data[size_bytes - 1] == '\n' ? size_bytes - 1 : size_bytes);
	if (text)
		kbi_run_note(ask->lane, NULL, KB_INFO, "host.waiting", text);
	ask->lane->run->has_lost |= !text;
	free(text);
}

/* -- asking */

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

kb_status
kbi_lane_lock(struct kbi_lane *lane)
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
	kb_status status = ask && !kbi_buf_failed(&script) && !kbi_buf_failed(&about) ? kbi_session_send(lane->session, &request) : KB_ENOMEM;
	if (status && ask)
		free_ask(ask);
	kbi_buf_free(&script);
	kbi_buf_free(&about);
	return status;
}

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
		.timeout_ms = kind == ASK_APPLY ? left_of_apply_ms(task) : PROBE_TIMEOUT_MS,
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
