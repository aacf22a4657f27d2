/* SPDX-License-Identifier: Apache-2.0 */
/* How a task ends, and who hears of it. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/ctx.h"
#include "base/str.h"
#include "plan.h"
#include "run.h"

#define DIFF_MAX ((size_t)4 << 20)

static const char *
journal_of(const struct kb_task *task)	/* NULL: it has none */
{
	const struct kbi_turn *turn = kbi_task_turn(task);
	return turn && turn->journal[0] ? turn->journal : NULL;
}

static struct kb_event *
task_event(struct kb_task *task, int kind)
{
	struct kb_event *event = kbi_event_new(kind);
	if (!event)
		return NULL;
	event->run = task->plan->running ? task->plan->running->id : 0;
	event->task = (int64_t)task->index;
	kbi_event_set(event, &event->host, task->host->name);
	kbi_event_set(event, &event->step, task->step->name);
	kbi_event_set(event, &event->journal, journal_of(task));
	return event;
}

bool
kbi_run_make_ends(struct kbi_run *run)
{
	const struct kbi_tasks *tasks = &run->plan->tasks;
	run->ended = kbi_event_new(KB_EVENT_PLAN_DONE);
	run->done = calloc(tasks->count, sizeof(struct kb_event *));
	for (size_t i = 0; run->done && i < tasks->count; i++) {
		run->done[i] = task_event(tasks->at[i], KB_EVENT_STEP_DONE);
		if (!run->done[i] || run->done[i]->is_short)
			return false;
	}
	return run->ended && run->done;
}

void
kbi_run_free_ends(struct kbi_run *run)
{
	for (size_t i = 0; run->done && i < run->plan->tasks.count; i++)
		kb_event_free(run->done[i]);
	free(run->done);
	kb_event_free(run->ended);
}

static struct kb_event *
take_end(struct kbi_run *run, struct kb_event **place)
{
	struct kb_event *event = *place;
	*place = NULL;
	event->run = run->id;
	event->time_ms = kbi_clock_wall_ms();
	return event;
}

static struct kb_event *
host_event(struct kbi_lane *lane, int kind)
{
	struct kb_event *event = kbi_event_new(kind);
	if (!event)
		return NULL;
	event->run = lane->run->id;
	kbi_event_set(event, &event->host, lane->host->name);
	return event;
}

static void
set_shown(struct kb_event *event, char **place, const char *text)	/* a host may say anything */
{
	struct kbi_buf shown = KBI_BUF(KBI_SIZE_TEXT);
	kbi_str_escape(&shown, text, strlen(text));
	kbi_event_set(event, place, kbi_buf_text(&shown));
	event->is_short |= kbi_buf_failed(&shown) == KB_ENOMEM;
	kbi_buf_free(&shown);
}

void
kbi_run_note(struct kbi_lane *lane, struct kb_task *task, int severity, const char *id, const char *text)
{
	struct kb_event *event = task ? task_event(task, KB_EVENT_NOTE) : host_event(lane, KB_EVENT_NOTE);
	if (event) {
		event->severity = severity;
		set_shown(event, &event->id, id);
		set_shown(event, &event->text, text);
	}
	kbi_plan_queue(lane->run->plan, event);
}

void
kbi_run_told_note(struct kbi_lane *lane, struct kb_task *task, const char *told)
{
	static const char *const severities[] = { [KB_INFO] = "info", [KB_WARNING] = "warning", [KB_ERROR] = "error" };
	char *text = strdup(told), *rest = text;
	lane->run->has_lost |= !text;
	const char *word = text ? strsep(&rest, " ") : NULL, *id = rest ? strsep(&rest, " ") : NULL;
	for (int i = KB_INFO; id && rest && i <= KB_ERROR; i++)
		if (kbi_str_is(word, severities[i]))
			kbi_run_note(lane, task, i, id, rest);
	free(text);
}

void
kbi_run_step_started(struct kb_task *task)
{
	struct kb_event *event = task_event(task, KB_EVENT_STEP_STARTED);
	if (event)
		event->verdict = task->run.verdict;
	kbi_plan_queue(task->plan, event);
}

void
kbi_run_host_event(struct kbi_lane *lane, int kind, const char *text)
{
	struct kb_event *event = host_event(lane, kind);
	if (event)
		kbi_event_set(event, &event->text, text);
	kbi_plan_queue(lane->run->plan, event);
}

enum fate { FATE_ENDED, FATE_NOT_STARTED, FATE_STOPPED, FATE_RUNNING };

static const struct {
	const char *id, *text;
	int severity;
} fates[] = {
	[FATE_ENDED] = { "host.ended", "all of its steps had ended", KB_INFO },
	[FATE_NOT_STARTED] = { "host.not-started", "nothing was begun there", KB_INFO },
	[FATE_STOPPED] = { "host.stopped", "nothing of the run is left running there", KB_INFO },
	[FATE_RUNNING] = { "host.still-running", "a step may still be running there, until it ends by itself", KB_WARNING },
};

static enum fate
fate_of(const struct kbi_lane *lane)
{
	if (lane->cursor == lane->task_count)
		return FATE_ENDED;
	const struct kbi_task_run *run = &lane->tasks[lane->cursor]->run;
	if (run->state == KBI_TASK_APPLYING && !run->has_applied && (lane->turn.journal[0] || lane->is_ready))
		return FATE_RUNNING;
	if (lane->may_run)
		return FATE_RUNNING;
	return lane->was_ready ? FATE_STOPPED : FATE_NOT_STARTED;
}

void
kbi_run_tell_fate(struct kbi_lane *lane)
{
	enum fate fate = fate_of(lane);
	struct kb_task *task = fate == FATE_RUNNING ? lane->tasks[lane->cursor] : NULL;
	kbi_run_note(lane, task, fates[fate].severity, fates[fate].id, fates[fate].text);
}

static void
render_diff(struct kb_event *event, struct kbi_turn *turn)
{
	struct kbi_buf diff = KBI_BUF(DIFF_MAX);
	event->changes = turn->changes;		/* the task has no more use for them */
	event->change_count = turn->change_count;
	turn->changes = NULL;
	turn->change_count = 0;
	kbi_change_render(&diff, event->changes, event->change_count);
	if (diff.size_bytes)
		kbi_event_set(event, &event->diff, kbi_buf_text(&diff));
	event->is_short |= kbi_buf_failed(&diff) == KB_ENOMEM;
	kbi_buf_free(&diff);
}

static void
tell(struct kb_task *task, kb_status status, const char *text, const struct kb_err *err)
{
	struct kbi_run *run = task->plan->running;
	struct kb_event *event = take_end(run, &run->done[task->index]);
	struct kbi_turn *turn = kbi_task_turn(task);
	const struct kbi_answer *answer = turn && task->run.has_applied ? &turn->apply : &task->run.probe;
	event->status = status;
	event->verdict = task->run.verdict;
	event->is_changed = task->run.is_changed;
	event->is_skipped = task->run.end == KBI_END_SKIPPED || task->run.end == KBI_END_NOT_NEEDED;
	event->duration_ms = task->run.started_ms ? kbi_clock_ms() - task->run.started_ms : 0;
	if (!event->is_skipped)		/* what was asked ahead of its turn says nothing of it */
		event->exit_status = answer->exit_status;
	kbi_event_set(event, &event->text, text);
	kbi_event_set(event, &event->journal, journal_of(task));
	if (status)
		kbi_event_set(event, &event->log, answer->log);
	if (turn)
		render_diff(event, turn);
	if (err)
		kbi_err_copy(&event->err, err);
	kbi_plan_queue(task->plan, event);
}

static bool is_ready_barrier(const struct kb_task *barrier);

static void
look_at_next(struct kbi_run *run, struct kb_task *task)
{
	for (size_t i = 0; i < task->after.count; i++) {
		struct kb_task *next = task->after.at[i];
		if (task->run.applied_seq > next->run.dirty_seq)
			next->run.dirty_seq = ++run->seq;
		else if (task->run.dirty_seq > next->run.dirty_seq)
			next->run.dirty_seq = task->run.dirty_seq;
		next->run.may_differ |= task->run.may_differ || (run->mode == KB_CHECK && task->run.is_changed);
		if (next->host)
			kbi_run_look_at(next->lane);
		else if (is_ready_barrier(next))
			kbi_task_end(next, KBI_END_WELL, KB_OK, NULL);
	}
	for (size_t i = 0; i < task->bind_count; i++)	/* what waits to know whether this one needs it */
		kbi_run_look_at(task->binds[i].from->lane);
	if (task->host)
		kbi_run_look_at(task->lane);
}

static void
pass_failure(struct kb_task *barrier)	/* a barrier fails with what is before it */
{
	for (size_t i = 0; i < barrier->before.count; i++) {
		const struct kb_task *before = barrier->before.at[i];
		if (before->run.end < KBI_END_FAILED)
			continue;
		barrier->run.end = KBI_END_SKIPPED;
		barrier->run.because = before->run.because ? before->run.because : before;
		return;
	}
}

static bool
is_ready_barrier(const struct kb_task *barrier)
{
	if (barrier->run.state == KBI_TASK_ENDED)
		return false;
	for (size_t i = 0; i < barrier->before.count; i++)
		if (barrier->before.at[i]->run.state != KBI_TASK_ENDED)
			return false;
	return true;
}

static void
leave_wave(struct kbi_run *run, struct kb_task *task)
{
	if (!task->wave || task->run.state != KBI_TASK_APPLYING)
		return;
	kbi_wave_leave(run, task);
}

void
kbi_wave_leave(struct kbi_run *run, struct kb_task *task)
{
	task->wave->running--;
	for (size_t i = 0; i < run->plan->tasks.count; i++)
		if (run->plan->tasks.at[i]->wave == task->wave)
			kbi_run_look_at(run->plan->tasks.at[i]->lane);
}

static void
end_with(struct kb_task *task, enum kbi_task_end end, kb_status status, const char *text, const struct kb_err *err)
{
	struct kbi_run *run = task->plan->running;
	leave_wave(run, task);
	task->run.state = KBI_TASK_ENDED;
	task->run.end = end;
	if (!task->host)
		pass_failure(task);
	run->left--;
	run->is_changed |= task->run.is_changed;
	if (err && run->first_err.code == KB_OK)
		kbi_err_copy(&run->first_err, err);
	if (task->host && !task->is_left_out)
		tell(task, status, text, err);
	look_at_next(run, task);
	kbi_task_forget(task);
	kbi_loop_timer(run->kb->loop, &run->tick, 0);
}

void
kbi_task_end(struct kb_task *task, enum kbi_task_end end, kb_status status, const char *text)
{
	end_with(task, end, status, text, NULL);
}

void
kbi_task_fail(struct kb_task *task, const struct kb_err *err)
{
	struct kb_err full = { 0 };
	kbi_err_copy(&full, err);
	kbi_err_where(&full, task->host->name, task->step->name);
	end_with(task, KBI_END_FAILED, full.code, full.cause, &full);
	kbi_err_clear(&full);
}

/* A question of one of its hosts becomes an event */
void
kbi_run_ask(struct kbi_asker *asker, int64_t question, const struct kbi_question_want *want)
{
	struct kbi_run *run = (struct kbi_run *)((char *)asker - offsetof(struct kbi_run, asker));
	struct kb_event *event = kbi_event_new(KB_EVENT_QUESTION);
	if (event) {
		event->run = run->id;
		event->question = question;
		event->attempt = want->attempt;
		kbi_event_set(event, &event->host, want->host);
		kbi_event_set(event, &event->id, want->what);
		kbi_event_set(event, &event->subject, want->subject);
		kbi_event_set(event, &event->text, want->text);
	}
	kbi_plan_queue(run->plan, event);
}

/* KB_OK says that all went well and that all was told. */
static void
explain_end(const struct kbi_run *run, struct kb_event *event)
{
	event->status = run->stopped ? run->stopped : run->first_err.code;
	kbi_err_copy(&event->err, &run->first_err);
	if (run->stopped)
		kbi_fail(&event->err, run->stopped, run->stopped == KB_ETIMEOUT ? "the run's time is up" : "the run was cancelled");
	if (event->status || !run->has_lost)
		return;
	event->status = kbi_fail(&event->err, KB_ENOMEM, "all was done, but not all of it told: out of memory");
	kbi_err_id(&event->err, "run.events-lost");
}

void
kbi_run_done(struct kbi_run *run)
{
	struct kb_event *event = take_end(run, &run->ended);
	explain_end(run, event);
	event->is_changed = run->is_changed;
	event->duration_ms = kbi_clock_ms() - run->started_ms;
	kbi_plan_queue(run->plan, event);
	kbi_run_free(run);
}
