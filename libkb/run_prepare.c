/* SPDX-License-Identifier: Apache-2.0 */
/* What a task does on the controller before it can be judged or applied: downloads and rendering, on a helper thread. */
#include <stdlib.h>

#include "base/ctx.h"
#include "base/scarce.h"
#include "fetch.h"
#include "plan.h"
#include "run.h"

struct preparing {
	const struct kbi_step_def *def;
	struct kbi_map args, facts, made, named;
	struct kbi_fetcher *fetcher;
	struct kb_err err;
	kb_status status;
	bool has_facts;
};

static void
free_preparing(void *data)
{
	struct preparing *p = data;
	kbi_map_free(&p->args);
	kbi_map_free(&p->facts);
	kbi_map_free(&p->made);
	kbi_map_free(&p->named);
	kbi_err_clear(&p->err);
	kbi_fetcher_unref(p->fetcher);
	free(p);
}

static void
prepare(void *data, const atomic_bool *is_cancelled)
{
	struct preparing *p = data;
	struct kbi_prepare args = { .args = &p->args, .facts = p->has_facts ? &p->facts : NULL, .made = &p->made,
		.named = &p->named, .fetcher = p->fetcher, .is_cancelled = is_cancelled, .err = &p->err };
	unsigned before = kbi_scarce_count();
	p->status = p->def->prepare(&args);
	if (kbi_scarce_count() != before)	/* half a text is a wrong one */
		p->status = kbi_fail_memory(&p->err);
}

/* What a recording calls it: NAME, and NAME.2 when it is the second task of its kind. */
static void
write_name(struct kbi_buf *name, const struct kb_task *task, const char *what)
{
	size_t number = 1;
	for (size_t i = 0; i < task->index; i++)
		number += task->plan->tasks.at[i]->step->def == task->step->def;
	kbi_buf_add(name, what);
	if (number > 1)
		kbi_buf_add_format(name, ".%zu", number);
}

/* All hosts of the run learn it: it may be a parameter of another's step. */
static kb_status
name_all(const struct kb_task *task, const struct kbi_map *named)
{
	kb_status status = KB_OK;
	const struct kbi_run *run = task->lane->run;
	for (size_t i = 0; i < named->count; i++) {
		struct kbi_buf name = KBI_BUF(KBI_SIZE_TEXT);
		write_name(&name, task, named->entries[i].name);
		for (size_t l = 0; l < run->lane_count && !status; l++)
			status = kbi_map_set(&run->lanes[l].host->named, kbi_buf_text(&name), named->entries[i].value);
		kbi_buf_free(&name);
	}
	return status;
}

static void
prepared(void *owner, void *data)
{
	struct kb_task *task = owner;
	struct preparing *p = data;
	struct kbi_turn *turn = &task->lane->turn;	/* it is its, or the job would have been cancelled */
	turn->job = NULL;
	task->run.is_prepared = true;
	task->run.state = KBI_TASK_WAITING;
	if (!p->status && name_all(task, &p->named))
		p->status = kbi_fail_memory(&p->err);
	if (p->status)
		kbi_err_copy(&turn->job_err, &p->err);
	if (p->status && turn->job_err.code == KB_OK)
		turn->job_err.code = p->status;
	kbi_map_free(&turn->made);
	turn->made = p->made;
	p->made = (struct kbi_map){ 0 };
	if (kbi_plan_learn_map(task->plan, &turn->made))
		kbi_fail_memory(&turn->job_err);
	free_preparing(p);
	kbi_run_look_at(task->lane);
}

kb_status
kbi_task_prepare(struct kb_task *task, bool has_facts)
{
	struct preparing *p = calloc(1, sizeof(*p));
	if (!p)
		return KB_ENOMEM;
	p->def = task->step->def;
	p->has_facts = has_facts;
	p->fetcher = kbi_fetcher_ref(task->plan->kb->fetcher);
	struct kbi_job job = { .work = prepare, .done = prepared, .free_data = free_preparing, .owner = task, .data = p };
	if (kbi_map_copy(&p->args, &task->run.args) || (has_facts && kbi_map_copy(&p->facts, &task->run.probe.facts)) ||
	    !(task->lane->turn.job = kbi_loop_job(task->plan->kb->loop, &job))) {
		free_preparing(p);
		return KB_ENOMEM;
	}
	task->run.state = KBI_TASK_PREPARING;
	return KB_OK;
}
