/* SPDX-License-Identifier: Apache-2.0 */
/* What one task needs next. Each function is one question; kbi_task_advance() asks them in order. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/ctx.h"
#include "base/str.h"
#include "change.h"
#include "facts.h"
#include "plan.h"
#include "run.h"

#define LOG_LINES 40
#define APPLIES_MAX 3

static void
forget_answer(struct kbi_answer *answer)
{
	kbi_map_free(&answer->facts);
	kb_err_free(answer->err);
	answer->err = NULL;
	free(answer->log);
	answer->log = NULL;
}

struct kbi_turn *
kbi_task_turn(const struct kb_task *task)
{
	struct kbi_lane *lane = task->lane;
	bool is_its = lane && lane->tasks && lane->cursor < lane->task_count && lane->tasks[lane->cursor] == task;
	return is_its ? &lane->turn : NULL;
}

static void
forget_turn(struct kbi_turn *turn)
{
	kbi_job_cancel(turn->job);	/* what is still being prepared must not wake the task again */
	forget_answer(&turn->apply);
	kbi_err_clear(&turn->job_err);
	free(turn->said);
	kbi_buf_free(&turn->heard);
	kbi_map_free(&turn->made);
	kbi_map_free(&turn->wants);
	kbi_changes_free(turn->changes, turn->change_count);
	*turn = (struct kbi_turn){ .apply.exit_status = -1 };
}

void
kbi_task_forget(struct kb_task *task)
{
	struct kbi_turn *turn = kbi_task_turn(task);
	forget_answer(&task->run.probe);
	kbi_map_free(&task->run.args);
	if (turn)
		forget_turn(turn);
}

void
kbi_task_reset(struct kb_task *task)
{
	kbi_task_forget(task);
	task->run = (struct kbi_task_run){ .probe.exit_status = -1 };
}

/* A task on demand whose outputs this one is bound to is waited for only once they turned out to be needed */
static bool
is_soft(const struct kb_task *task, const struct kb_task *before)
{
	if (!before->is_on_demand || before->run.state == KBI_TASK_ENDED)
		return false;
	for (size_t i = 0; i < task->bind_count; i++)
		if (task->binds[i].from == before)
			return true;
	return false;
}

/* The one that began it: what is before a task may itself have been skipped, and barriers only pass it on */
static const struct kb_task *
root_of(const struct kb_task *ended)
{
	return ended->run.because ? ended->run.because : ended;
}

static const struct kb_task *
first_failed_before(const struct kb_task *task)
{
	if (task->before_here && task->before_here->run.end >= KBI_END_FAILED)
		return root_of(task->before_here);
	for (size_t i = 0; i < task->before.count; i++)
		if (task->before.at[i]->run.end >= KBI_END_FAILED)
			return root_of(task->before.at[i]);
	return NULL;
}

static bool
waits_for_others(const struct kb_task *task)
{
	for (size_t i = 0; i < task->before.count; i++)
		if (task->before.at[i]->run.state != KBI_TASK_ENDED && !is_soft(task, task->before.at[i]))
			return true;
	return false;
}

enum need { IS_NEEDED, NOT_NEEDED, NOT_KNOWN_YET };

/* A task on demand is needed when one of the tasks of other hosts that are bound to it turns out to be. (Those of its own host wait behind
 * it, and cannot say; if there are no others it is simply run.) */
static enum need
need_of(const struct kb_task *task)
{
	bool has_askers = false;
	if (!task->is_on_demand || task->run.is_demanded)
		return IS_NEEDED;
	for (size_t i = 0; i < task->after.count; i++) {
		const struct kb_task *next = task->after.at[i];
		if (next->host == task->host || !is_soft(next, task))
			continue;
		has_askers = true;
		if (next->run.state != KBI_TASK_ENDED && !next->is_left_out)
			return NOT_KNOWN_YET;
	}
	return has_askers ? NOT_NEEDED : IS_NEEDED;
}

bool
kbi_task_waits_for_demand(const struct kb_task *task)
{
	return task->run.state == KBI_TASK_WAITING && !waits_for_others(task) && need_of(task) == NOT_KNOWN_YET;
}

/* Bound to something that was not needed, as token.delete is to token.create: then this one is not needed either */
static bool
is_moot(const struct kb_task *task)
{
	for (size_t i = 0; i < task->bind_count; i++)
		if (task->binds[i].from->run.end == KBI_END_NOT_NEEDED)
			return true;
	return false;
}

static void
skip(struct kb_task *task, const struct kb_task *because)
{
	struct kbi_buf text = KBI_BUF(1024);
	task->run.because = because;
	kbi_buf_add_format(&text, "not run, because %s on %s did not end well", because->step->name, because->host->name);
	kbi_task_end(task, KBI_END_SKIPPED, KB_ECANCELED, kbi_buf_text(&text));
	kbi_buf_free(&text);
}

/* -- parameters */

/* Parameters as far as they are known: set, default, or the output of a task that has ended */
static kb_status
collect_args(struct kb_task *task)
{
	struct kbi_map *args = &task->run.args;
	kbi_map_free(args);
	kb_status status = kbi_step_args(task->step, args);
	for (size_t i = 0; !status && i < task->bind_count; i++) {
		const struct kbi_bind *bind = &task->binds[i];
		const struct kbi_entry *output = kbi_map_find(&bind->from->outputs, bind->output);
		if (!output)
			continue;
		status = output->secret ? kbi_map_set_secret(args, bind->param, output->value, output->size_bytes) :
			kbi_map_set_bytes(args, bind->param, output->value, output->size_bytes);
	}
	return status;
}

static const struct kbi_bind *
first_missing(const struct kb_task *task, bool for_apply)
{
	for (size_t i = 0; i < task->bind_count; i++) {
		const struct kbi_param *param = kbi_step_def_param(task->step->def, task->binds[i].param);
		if (!for_apply && param && (param->flags & KBI_FOR_APPLY))
			continue;
		if (!kbi_map_has(&task->binds[i].from->outputs, task->binds[i].output))
			return &task->binds[i];
	}
	return NULL;
}

/* Ahead of its turn: what its probe needs is known. If a task before it changes something, on this host or another, it is asked again; where
 * nothing is to change, that was its question. What only looks would look too early: it waits for those of other hosts */
static bool
can_be_asked(const struct kb_task *task)
{
	if (task->run.state != KBI_TASK_WAITING || (task->is_left_out && !task->is_ask_only) || task->is_on_demand ||
	    first_missing(task, false))
		return false;
	if (!(task->step->def->flags & KBI_STEP_READ_ONLY))
		return true;
	for (size_t i = 0; i < task->before.count; i++)
		if (task->before.at[i]->host && task->before.at[i]->run.state != KBI_TASK_ENDED)
			return false;
	return true;
}

bool
kbi_task_is_fresh(const struct kbi_lane *lane, const struct kb_task *task)
{
	return task->run.asked_seq > task->run.dirty_seq && task->run.asked_seq > lane->dirty_seq;
}

static bool
must_prepare(const struct kb_task *task, bool is_first)
{
	const struct kbi_step_def *def = task->step->def;
	return def->prepare && !task->run.is_prepared && is_first == ((def->flags & KBI_STEP_PREPARE_FIRST) != 0);
}

/* -- ends */

static const char *
said_or(const struct kb_task *task, const char *text)
{
	return kbi_str_is_set(task->lane->turn.said) ? task->lane->turn.said : text;
}

/* In a dry run, what cannot be judged because something before it has not been done is not a failure */
static bool
end_as_not_known_yet(struct kb_task *task)
{
	if (task->plan->running->mode != KB_CHECK || !task->run.may_differ)
		return false;
	task->run.verdict = KB_UNKNOWN;
	task->run.is_changed = !(task->step->def->flags & KBI_STEP_READ_ONLY);
	kbi_task_end(task, KBI_END_WELL, KB_OK, "known only when what comes before it is done");
	return true;
}

static bool
fail(struct kb_task *task, const struct kb_err *err)
{
	if (!end_as_not_known_yet(task))
		kbi_task_fail(task, err);
	return true;
}

static bool
fail_memory(struct kb_task *task)
{
	struct kb_err err = { 0 };
	kbi_fail_memory(&err);
	kbi_task_fail(task, &err);
	kbi_err_clear(&err);
	return true;
}

static bool
fail_verdict(struct kb_task *task, int verdict, const struct kb_err *judged)
{
	static const struct {
		kb_status code;
		const char *id;
	} errors[] = {
		[KB_ABSENT] = { KB_EVERIFY, "step.absent" }, [KB_DIFFERS] = { KB_EVERIFY, "step.differs" }, [KB_PARTIAL] = { KB_EVERIFY, "step.partial" },
		[KB_FOREIGN] = { KB_ECONFLICT, "step.foreign" }, [KB_UNKNOWN] = { KB_EPROTOCOL, "step.unknown" },
	};
	struct kb_err err = { 0 };
	kbi_err_copy(&err, judged);
	kbi_fail(&err, errors[verdict].code, "%s: %s: %s: %s", task->host->name, task->step->name, kb_verdict_name(verdict),
		 judged->cause ? judged->cause : "no more is known");
	kbi_err_id(&err, errors[verdict].id);
	kbi_err_evidence_lines(&err, task->run.probe.log ? task->run.probe.log : "", LOG_LINES);
	fail(task, &err);
	kbi_err_clear(&err);
	return true;
}

static void
copy_error(struct kb_err *err, const struct kbi_answer *answer)
{
	if (answer->err)
		kbi_err_copy(err, answer->err);
	else
		kbi_fail_memory(err);
}

static bool
fail_probe(struct kb_task *task)
{
	struct kb_err err = { 0 };
	const struct kbi_answer *probe = &task->run.probe;
	if (!task->run.has_applied)
		task->run.verdict = KB_UNKNOWN;
	task->run.is_changed = task->run.has_applied;	/* and well: what failed is not looked at again */
	if (probe->status)
		copy_error(&err, probe);
	else if (!kbi_facts_error(&probe->facts, task->host->name, task->step->name, &err)) {
		kbi_fail(&err, KB_EPROTOCOL, "%s: %s: its probe ended with status %d%s", task->host->name, task->step->name,
			 probe->exit_status, probe->exit_status == 0 ? ", and did not come to its end" : "");
		kbi_err_id(&err, "step.unknown");
	}
	kbi_err_evidence_lines(&err, probe->log ? probe->log : "", LOG_LINES);
	if (probe->status)	/* no answer at all is not one that comes too early */
		kbi_task_fail(task, &err);
	else
		fail(task, &err);
	kbi_err_clear(&err);
	return true;
}

static bool
has_answered(const struct kbi_answer *probe)	/* whole, and not only with an exit status */
{
	return !probe->status && probe->exit_status == 0 && kbi_map_has(&probe->facts, "probe.ended");
}

/* -- after an apply */

static bool ask(struct kbi_lane *lane, struct kb_task *task);

static bool
verify(struct kb_task *task)
{
	struct kb_err err = { 0 };
	int verdict;
	kb_status status = kbi_task_judge(task, true, &verdict, &err);
	task->run.is_changed = true;
	if (!status && verdict == KB_PRESENT) {
		kbi_task_end(task, KBI_END_WELL, KB_OK, "done");
		kbi_err_clear(&err);
		return true;
	}
	if (!status) {
		struct kb_err judged = { 0 };
		kbi_err_copy(&judged, &err);
		kbi_fail(&err, KB_EVERIFY, "%s: %s: done, but it is still %s%s%s", task->host->name, task->step->name,
			 kb_verdict_name(verdict), judged.cause ? ": " : "", judged.cause ? judged.cause : "");
		for (size_t i = 0; i < judged.evidence_count; i++)
			kbi_err_evidence(&err, "%s", judged.evidence[i]);
		kbi_err_evidence_lines(&err, task->lane->turn.apply.log ? task->lane->turn.apply.log : "", LOG_LINES);
		kbi_err_clear(&judged);
	}
	kbi_task_fail(task, &err);
	kbi_err_clear(&err);
	return true;
}

static bool
fail_apply(struct kb_task *task)
{
	struct kb_err err = { 0 };
	const struct kbi_answer *apply = &task->lane->turn.apply;
	if (apply->status)
		copy_error(&err, apply);
	else if (!kbi_facts_error(&apply->facts, task->host->name, task->step->name, &err)) {
		const struct kbi_entry *e = NULL;
		kbi_fail(&err, KB_ESTEP, "%s: %s: ended with status %d", task->host->name, task->step->name, apply->exit_status);
		while ((e = kbi_map_next(&apply->facts, "error.evidence", e)))
			kbi_err_evidence_lines(&err, e->value, 80);
	}
	kbi_err_evidence_lines(&err, apply->log ? apply->log : "", LOG_LINES);
	kbi_task_fail(task, &err);
	kbi_err_clear(&err);
	return true;
}

void
kbi_task_ask_again(struct kb_task *task)
{
	task->run.state = KBI_TASK_WAITING;
	task->run.has_applied = false;
	task->run.asked_seq = 0;
	task->lane->turn.journal[0] = '\0';
	if (task->wave)
		kbi_wave_leave(task->plan->running, task);
}

/* The connection on which it was begun is gone: its journal on the host says how it went */
static bool
attach(struct kbi_lane *lane, struct kb_task *task)
{
	return kbi_lane_attach(lane, task) || kbi_lane_probe(lane, task) ? fail_memory(task) : false;
}

static bool
advance_applying(struct kbi_lane *lane, struct kb_task *task)
{
	struct kbi_task_run *run = &task->run;
	const struct kbi_answer *apply = &lane->turn.apply;
	if (!run->has_applied)
		return lane->turn.is_followed ? false : attach(lane, task);
	if (!apply->status && kbi_map_has(&apply->facts, "journal")) {	/* it has none: it never began, or the host rebooted */
		kbi_task_ask_again(task);
		return ask(lane, task);
	}
	if (apply->status || apply->exit_status != 0)
		return fail_apply(task);
	if (kbi_task_keep_outputs(task, &apply->facts))
		return fail_memory(task);
	if (run->probe.seq < run->applied_seq && run->asked_seq < run->applied_seq)	/* lost with its connection */
		return kbi_lane_probe(lane, task) ? fail_memory(task) : false;
	if (run->probe.seq < run->applied_seq)
		return false;	/* its second answer is on the way */
	return has_answered(&run->probe) ? verify(task) : fail_probe(task);
}

/* -- its turn */

static bool
demand_inputs(struct kb_task *task)	/* true: something must run first */
{
	bool waits = false;
	for (size_t i = 0; i < task->bind_count; i++) {
		struct kb_task *from = task->binds[i].from;
		if (from->run.state == KBI_TASK_ENDED)
			continue;
		from->run.is_demanded = true;
		kbi_run_look_at(from->lane);
		waits = true;
	}
	return waits;
}

/* The next task's probe goes with this one's apply: so a chain of changing steps costs one round trip each */
static void
ask_next(struct kbi_lane *lane)
{
	struct kb_task *next = lane->cursor + 1 < lane->task_count ? lane->tasks[lane->cursor + 1] : NULL;
	if (next && can_be_asked(next) && !collect_args(next))
		kbi_lane_probe(lane, next);	/* if this fails it is asked when it is its turn */
}

static bool
apply(struct kbi_lane *lane, struct kb_task *task)
{
	const struct kbi_bind *missing = first_missing(task, true);
	if (missing) {
		struct kb_err err = { 0 };
		kbi_fail(&err, KB_EINVAL, "%s: %s: the parameter %s comes from %s on %s, which gave no %s", task->host->name,
			 task->step->name, missing->param, missing->from->step->name, missing->from->host->name, missing->output);
		kbi_err_id(&err, "plan.output-missing");
		kbi_task_fail(task, &err);
		kbi_err_clear(&err);
		return true;
	}
	if (task->wave && task->wave->running >= task->wave->limit)
		return false;
	if (task->run.apply_count == APPLIES_MAX) {	/* the connection broke each time */
		kbi_task_fail(task, &lane->err);
		return true;
	}
	if (kbi_lane_apply(lane, task) || kbi_lane_probe(lane, task))
		return fail_memory(task);
	task->run.state = KBI_TASK_APPLYING;
	if (task->wave)
		task->wave->running++;
	ask_next(lane);
	return false;
}

static bool
act_on_verdict(struct kbi_lane *lane, struct kb_task *task, int verdict, const struct kb_err *judged)
{
	const struct kbi_step_def *def = task->step->def;
	if (verdict == KB_PRESENT) {
		task->run.is_changed = task->run.apply_count > 0;	/* it was applied, and then the connection broke */
		kbi_task_end(task, KBI_END_WELL, KB_OK, said_or(task, "nothing to do"));
		return true;
	}
	bool only_looks = def->flags & KBI_STEP_READ_ONLY, is_dry = task->plan->running->mode == KB_CHECK;
	if (verdict == KB_FOREIGN || verdict == KB_UNKNOWN || (only_looks && !is_dry))
		return fail_verdict(task, verdict, judged);
	if (task->is_ask_only || only_looks) {
		kbi_task_end(task, KBI_END_WELL, KB_OK, NULL);
		return true;
	}
	bool waits = demand_inputs(task);
	if (is_dry) {
		task->run.is_changed = true;
		kbi_task_end(task, KBI_END_WELL, KB_OK, said_or(task, "would be changed"));
		return true;
	}
	return waits ? false : apply(lane, task);
}

static bool
decide(struct kbi_lane *lane, struct kb_task *task)
{
	struct kb_err err = { 0 };
	int verdict;
	if (lane->turn.job_err.code != KB_OK)
		return fail(task, &lane->turn.job_err);
	if (collect_args(task))
		return fail_memory(task);
	if (must_prepare(task, true))
		return kbi_task_prepare(task, true) ? fail_memory(task) : false;
	kb_status status = kbi_task_judge(task, false, &verdict, &err);
	bool is_apply = task->plan->running->mode == KB_APPLY && !task->is_ask_only;
	bool ended;
	if (status)
		ended = fail(task, &err);
	else if (is_apply && verdict != KB_PRESENT && verdict != KB_FOREIGN && verdict != KB_UNKNOWN && must_prepare(task, false) &&
		 !demand_inputs(task))
		ended = kbi_task_prepare(task, true) ? fail_memory(task) : false;
	else
		ended = act_on_verdict(lane, task, verdict, &err);
	kbi_err_clear(&err);
	return ended;
}

/* Sends its probe, and those of the tasks behind it that can be asked now: all for one round trip */
static bool
ask(struct kbi_lane *lane, struct kb_task *task)
{
	lane->together = ++lane->run->seq;
	if (collect_args(task) || kbi_lane_probe(lane, task))
		return fail_memory(task);
	for (size_t i = lane->cursor + 1; i < lane->task_count; i++) {
		struct kb_task *later = lane->tasks[i];
		if (!later->run.asked_seq && can_be_asked(later) && (collect_args(later) || kbi_lane_probe(lane, later)))
			break;	/* it is asked again when it is its turn */
	}
	return false;
}

static bool
take_turn(struct kbi_lane *lane, struct kb_task *task)
{
	struct kbi_task_run *run = &task->run;
	if (run->started_ms == 0)
		run->started_ms = kbi_clock_ms();
	if (kbi_lane_is_lost(lane)) {
		if (!run->apply_count)	/* it is what was found before anything was applied */
			run->verdict = KB_UNKNOWN;
		kbi_task_fail(task, &lane->err);
		return true;
	}
	if (kbi_lane_open(lane) || run->state == KBI_TASK_PREPARING)
		return false;
	if (run->state == KBI_TASK_APPLYING)
		return advance_applying(lane, task);
	if (!kbi_task_is_fresh(lane, task))
		return ask(lane, task);
	if (run->probe.seq < run->asked_seq)
		return false;	/* on the way */
	return has_answered(&run->probe) ? decide(lane, task) : fail_probe(task);
}

bool
kbi_task_advance(struct kbi_lane *lane, struct kb_task *task)
{
	const struct kb_task *failed = first_failed_before(task);
	struct kb_task *here = task->before_here;
	if (here && here->run.dirty_seq > task->run.dirty_seq)	/* what made its facts old makes those behind it old too */
		task->run.dirty_seq = here->run.dirty_seq;
	if (here && here->run.may_differ)
		task->run.may_differ = true;
	if (here && lane->run->mode == KB_CHECK && here->run.is_changed)
		task->run.may_differ = true;
	if (task->is_left_out && !task->is_ask_only) {
		task->run.because = failed;
		kbi_task_end(task, failed ? KBI_END_SKIPPED : KBI_END_WELL, KB_OK, NULL);
		return true;
	}
	if (failed) {
		skip(task, failed);
		return true;
	}
	if (waits_for_others(task))
		return false;
	enum need need = need_of(task);
	if (is_moot(task) || need == NOT_NEEDED) {
		task->run.verdict = KB_PRESENT;
		kbi_task_end(task, KBI_END_NOT_NEEDED, KB_OK, "not needed");
		return true;
	}
	return need == NOT_KNOWN_YET ? false : take_turn(lane, task);
}
