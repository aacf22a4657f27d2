/* SPDX-License-Identifier: Apache-2.0 */
/* What a probe said, judged: a task's verdict, its changes, its outputs. Secrets among them are learned before anything is told. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "change.h"
#include "plan.h"
#include "run.h"

static void
tell_notes(struct kb_task *task, const struct kbi_judge *judge)
{
	const struct kbi_entry *e = NULL;
	for (size_t i = 0; i < judge->note_count; i++)
		kbi_run_note(task->lane, task, judge->notes[i].severity, judge->notes[i].id, judge->notes[i].text);
	while ((e = kbi_map_next(judge->facts, "note", e)))
		kbi_run_told_note(task->lane, task, e->value);
}

static void
keep_answer(struct kb_task *task, struct kbi_judge *judge)
{
	struct kbi_turn *turn = &task->lane->turn;
	kbi_changes_free(turn->changes, turn->change_count);
	turn->changes = judge->changes;
	turn->change_count = judge->change_count;
	judge->changes = NULL;
	judge->change_count = 0;
	kbi_map_free(&turn->wants);
	turn->wants = judge->wants;
	judge->wants = (struct kbi_map){ 0 };
	task->run.verdict = judge->verdict;
}

static kb_status
keep_outputs(struct kb_task *task, const struct kbi_map *outputs)
{
	for (size_t i = 0; i < outputs->count; i++) {
		const struct kbi_entry *e = &outputs->entries[i];
		const struct kbi_output *def = kbi_step_def_output(task->step->def, e->name);
		bool secret = e->secret || (def && (def->flags & KBI_SECRET));
		if (secret && kbi_plan_learn(task->plan, e->value, e->size_bytes, true))
			return KB_ENOMEM;
		if (secret ? kbi_map_set_secret(&task->outputs, e->name, e->value, e->size_bytes) :
		    kbi_map_set_bytes(&task->outputs, e->name, e->value, e->size_bytes))
			return KB_ENOMEM;
	}
	return KB_OK;
}

kb_status
kbi_task_keep_outputs(struct kb_task *task, const struct kbi_map *facts)
{
	struct kbi_map outputs = { 0 };
	kb_status status = KB_OK;
	for (size_t i = 0; !status && i < facts->count; i++)
		if (kbi_str_starts(facts->entries[i].name, "output."))
			status = kbi_map_set_bytes(&outputs, facts->entries[i].name + strlen("output."), facts->entries[i].value,
						   facts->entries[i].size_bytes);
	if (!status)
		status = keep_outputs(task, &outputs);
	for (size_t i = 0; i < outputs.count; i++)
		outputs.entries[i].secret = true;	/* wiped */
	kbi_map_free(&outputs);
	return status;
}

static int
derived_verdict(const struct kbi_judge *judge)
{
	if (judge->verdict != KB_VERDICT_NONE)
		return judge->verdict;
	if (judge->change_count == 0)
		return KB_PRESENT;
	for (size_t i = 0; i < judge->change_count; i++)
		if (judge->changes[i].before)
			return KB_DIFFERS;
	return KB_ABSENT;
}

/* KB_ENOMEM: some of its secrets would be shown, so nothing of it may be */
static kb_status
learn(struct kb_plan *plan, const struct kbi_judge *judge)
{
	kb_status status = kbi_plan_learn_map(plan, &judge->wants);
	if (!status)
		status = kbi_plan_learn_map(plan, &judge->outputs);
	for (size_t i = 0; !status && i < judge->change_count; i++) {
		const struct kbi_change *change = &judge->changes[i];
		if (change->secret && (kbi_plan_learn(plan, change->before, change->before_bytes, true) ||
		    kbi_plan_learn(plan, change->after, change->after_bytes, true)))
			status = KB_ENOMEM;
	}
	return status;
}

kb_status
kbi_task_judge(struct kb_task *task, bool is_after_apply, int *verdict, struct kb_err *err)
{
	struct kbi_task_run *run = &task->run;
	struct kbi_judge judge = { .args = &run->args, .facts = &run->probe.facts, .made = &task->lane->turn.made,
		.is_after_apply = is_after_apply, .is_dry = task->plan->running->mode == KB_CHECK };
	kb_status status = kbi_judge_ask(task->step->def, &judge);
	if (learn(task->plan, &judge)) {	/* before anything is told */
		kbi_judge_forget(&judge);
		status = kbi_fail_memory(&judge.err);
	}
	if (status && judge.err.code == KB_OK)
		kbi_fail(&judge.err, status, "%s: %s: %s", task->host->name, task->step->name,
			 judge.err.cause ? judge.err.cause : "its answer could not be judged");
	judge.verdict = *verdict = derived_verdict(&judge);
	if (run->told_seq != run->probe.seq)	/* a task may be judged again while it waits for something */
		tell_notes(task, &judge);
	run->told_seq = run->probe.seq;
	if (judge.err.cause) {
		free(task->lane->turn.said);
		task->lane->turn.said = strdup(judge.err.cause);
		task->lane->run->has_lost |= !task->lane->turn.said;
	}
	if (!status)
		status = keep_outputs(task, &judge.outputs) || kbi_task_keep_outputs(task, &run->probe.facts) ? kbi_fail_memory(&judge.err) : KB_OK;
	kbi_err_copy(err, &judge.err);
	if (is_after_apply && *verdict != KB_PRESENT) {
		struct kbi_buf diff = KBI_BUF(KBI_SIZE_TEXT);
		kbi_change_render(&diff, judge.changes, judge.change_count);
		kbi_err_evidence_lines(err, kbi_buf_text(&diff), 20);
		kbi_buf_free(&diff);
	} else if (!is_after_apply) {
		keep_answer(task, &judge);
	}
	kbi_judge_free(&judge);
	return status;
}
