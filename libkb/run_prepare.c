/* SPDX-License-Identifier: Apache-2.0 */
/* What a task does on the controller before it can be judged or applied: downloads and rendering, on a helper thread. */
#include <stdlib.h>

#include "base/ctx.h"
#include "fetch.h"
#include "plan.h"
#include "run.h"

struct preparing {
	const struct kbi_step_def *def;
	struct kbi_map args, facts, made;
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
	kbi_err_clear(&p->err);
	kbi_fetcher_unref(p->fetcher);
	free(p);
}

static void
prepare(void *data, const atomic_bool *is_cancelled)
{
	struct preparing *p = data;
	struct kbi_prepare args = { .args = &p->args, .facts = p->has_facts ? &p->facts : NULL, .made = &p->made,
		.fetcher = p->fetcher, .is_cancelled = is_cancelled, .err = &p->err };
	p->status = p->def->prepare(&args);
}

static void
prepared(void *owner, void *data)
{
	struct kb_task *task = owner;
	struct preparing *p = data;
	task->run.job = NULL;
	task->run.is_prepared = true;
	task->run.state = KBI_TASK_WAITING;
	if (p->status)
		kbi_err_copy(&task->run.job_err, &p->err);
	if (p->status && task->run.job_err.code == KB_OK)
		task->run.job_err.code = p->status;
	kbi_map_free(&task->run.made);
	task->run.made = p->made;
	p->made = (struct kbi_map){ 0 };
	kbi_plan_learn_map(task->plan, &task->run.made);
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
	    !(task->run.job = kbi_loop_job(task->plan->kb->loop, &job))) {
		free_preparing(p);
		return KB_ENOMEM;
	}
	task->run.state = KBI_TASK_PREPARING;
	return KB_OK;
}
