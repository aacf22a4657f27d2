/* SPDX-License-Identifier: Apache-2.0 */
#include "plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/ctx.h"
#include "base/secrets.h"
#include "base/str.h"
#include "loop.h"

bool
kbi_tasks_add(struct kbi_tasks *tasks, struct kb_task *task)
{
	if ((tasks->count & (tasks->count - 1)) == 0) {	/* a power of two is full */
		size_t room = tasks->count ? tasks->count * 2 : 1;
		struct kb_task **more = realloc(tasks->at, room * sizeof(struct kb_task *));
		if (!more)
			return false;
		tasks->at = more;
	}
	tasks->at[tasks->count++] = task;
	return true;
}

kb_plan *
kb_plan_new(kb_ctx *kb)
{
	if (kbi_enter(kb))
		return NULL;
	struct kb_plan *plan = calloc(1, sizeof(*plan));
	if (plan) {
		plan->kb = kb;
		kbi_ctx_ref(kb);
	} else {
		kbi_fail_memory(&kb->error);
	}
	kbi_leave(kb);
	return plan;
}

static void
free_task(struct kb_task *task)
{
	if (!task)
		return;
	kbi_task_reset(task);
	for (size_t i = 0; i < task->bind_count; i++) {
		free(task->binds[i].param);
		free(task->binds[i].output);
	}
	free(task->binds);
	free(task->before.at);
	free(task->after.at);
	kbi_map_free(&task->outputs);
	kb_host_free(task->host);
	kb_step_free(task->step);
	free(task);
}

static bool
link_tasks(struct kb_task *task, struct kb_task *before)
{
	if (!kbi_tasks_add(&before->after, task))
		return false;
	if (kbi_tasks_add(&task->before, before))
		return true;
	before->after.count--;
	return false;
}

static struct kb_task *
last_on(const struct kb_plan *plan, const struct kb_host *host)
{
	for (size_t i = plan->tasks.count; i-- > 0;)
		if (plan->tasks.at[i]->host == host)
			return plan->tasks.at[i];
	return NULL;
}

static struct kb_task *
add_task(struct kb_plan *plan, struct kb_host *host, struct kb_step *step)
{
	struct kb_task *task = calloc(1, sizeof(*task));
	if (!task || !(task->step = kbi_step_copy(step))) {
		free(task);
		return NULL;
	}
	task->plan = plan;
	task->index = plan->tasks.count;
	task->before_here = last_on(plan, host);
	size_t barriers = plan->barriers.count;
	if ((barriers && !link_tasks(task, plan->barriers.at[barriers - 1])) || !kbi_tasks_add(&plan->tasks, task)) {
		if (task->before.count)
			task->before.at[0]->after.count--;
		free_task(task);
		return NULL;
	}
	task->host = host;
	kbi_host_ref(host);
	return task;
}

static bool
is_idle(struct kb_plan *plan, struct kb_err *err)
{
	if (plan->running)
		kbi_fail(err, KB_EBUSY, "the plan is running");
	return !plan->running;
}

kb_task *
kb_plan_add(kb_plan *plan, kb_host *host, kb_step *step)
{
	if (kbi_enter(plan ? plan->kb : NULL))
		return NULL;
	struct kb_err *err = &plan->kb->error;
	struct kb_task *task = NULL;
	if (!host || !step || host->kb != plan->kb || step->kb != plan->kb)
		kbi_fail(err, KB_EINVAL, "plan: a %s is missing or of another context", !host || host->kb != plan->kb ? "host" : "step");
	else if (is_idle(plan, err) && !(task = add_task(plan, host, step)))
		kbi_fail_memory(err);
	kbi_leave(plan->kb);
	return task;
}

/* Does `to` have to end before `from` may begin? Each task is visited once. */
static bool
comes_before(struct kb_task *from, const struct kb_task *to)
{
	if (from == to)
		return true;
	if (from->is_seen)
		return false;
	from->is_seen = true;
	if (from->before_here && comes_before(from->before_here, to))
		return true;
	for (size_t i = 0; i < from->before.count; i++)
		if (comes_before(from->before.at[i], to))
			return true;
	return false;
}

static kb_status
order(struct kb_plan *plan, struct kb_task *task, struct kb_task *before, struct kb_err *err)
{
	if (!task || !before || task->plan != plan || before->plan != plan)
		return kbi_fail(err, KB_EINVAL, "plan: a task is missing or of another plan");
	for (size_t i = 0; i < plan->tasks.count; i++)
		plan->tasks.at[i]->is_seen = false;
	for (size_t i = 0; i < plan->barriers.count; i++)
		plan->barriers.at[i]->is_seen = false;
	if (comes_before(before, task))
		return kbi_fail(err, KB_EINVAL, "plan: %s on %s cannot come after %s on %s: that is a circle", task->step->name,
				task->host->name, before->step->name, before->host->name);
	return link_tasks(task, before) ? KB_OK : kbi_fail_memory(err);
}

kb_status
kb_plan_after(kb_plan *plan, kb_task *task, kb_task *before)
{
	kb_status status = kbi_enter(plan ? plan->kb : NULL);
	if (status)
		return status;
	struct kb_err *err = &plan->kb->error;
	status = is_idle(plan, err) ? order(plan, task, before, err) : KB_EBUSY;
	kbi_leave(plan->kb);
	return status;
}

bool
kbi_task_is_bound(const struct kb_task *task, const char *param)
{
	for (size_t i = 0; i < task->bind_count; i++)
		if (kbi_str_is(task->binds[i].param, param))
			return true;
	return false;
}

static kb_status
bind(struct kb_plan *plan, struct kb_task *task, const char *param, struct kb_task *from, const char *output, struct kb_err *err)
{
	if (!task || !from)
		return kbi_fail(err, KB_EINVAL, "plan: a task is missing");
	if (!kbi_step_has_param(task->step, param))
		return kbi_fail(err, KB_EINVAL, "%s: no such parameter: %s", task->step->name, param ? param : "NULL");
	if (!kbi_step_has_output(from->step, output))
		return kbi_fail(err, KB_EINVAL, "%s: no such output: %s", from->step->name, output ? output : "NULL");
	struct kbi_bind *more = realloc(task->binds, (task->bind_count + 1) * sizeof(*more));
	if (!more)
		return kbi_fail_memory(err);
	task->binds = more;
	struct kbi_bind made = { .param = strdup(param), .from = from, .output = strdup(output) };
	kb_status status = made.param && made.output ? order(plan, task, from, err) : kbi_fail_memory(err);
	if (status) {
		free(made.param);
		free(made.output);
		return status;
	}
	more[task->bind_count++] = made;
	return KB_OK;
}

kb_status
kb_plan_bind(kb_plan *plan, kb_task *task, const char *param, kb_task *from, const char *output)
{
	kb_status status = kbi_enter(plan ? plan->kb : NULL);
	if (status)
		return status;
	struct kb_err *err = &plan->kb->error;
	status = is_idle(plan, err) ? bind(plan, task, param, from, output, err) : KB_EBUSY;
	kbi_leave(plan->kb);
	return status;
}

static kb_status
add_barrier(struct kb_plan *plan)
{
	if (!plan->tasks.count)
		return KB_OK;	/* nothing is before it: nobody would ever end it */
	struct kb_task *barrier = calloc(1, sizeof(*barrier));
	if (!barrier)
		return KB_ENOMEM;
	barrier->plan = plan;
	barrier->index = SIZE_MAX;
	bool is_ok = true;
	size_t barriers = plan->barriers.count;
	if (barriers)
		is_ok = link_tasks(barrier, plan->barriers.at[barriers - 1]);
	for (size_t i = plan->barrier_begin; is_ok && i < plan->tasks.count; i++)
		is_ok = link_tasks(barrier, plan->tasks.at[i]);
	if (is_ok && kbi_tasks_add(&plan->barriers, barrier)) {
		plan->barrier_begin = plan->tasks.count;
		return KB_OK;
	}
	for (size_t i = 0; i < barrier->before.count; i++)
		barrier->before.at[i]->after.count--;
	free_task(barrier);
	return KB_ENOMEM;
}

kb_status
kb_plan_barrier(kb_plan *plan)
{
	kb_status status = kbi_enter(plan ? plan->kb : NULL);
	if (status)
		return status;
	struct kb_err *err = &plan->kb->error;
	if (!is_idle(plan, err))
		status = KB_EBUSY;
	else if (add_barrier(plan))
		status = kbi_fail_memory(err);
	kbi_leave(plan->kb);
	return status;
}

kb_status
kb_task_set_on_demand(kb_task *task)
{
	kb_status status = kbi_enter(task ? task->plan->kb : NULL);
	if (status)
		return status;
	if (is_idle(task->plan, &task->plan->kb->error))
		task->is_on_demand = true;
	else
		status = KB_EBUSY;
	kbi_leave(task->plan->kb);
	return status;
}

static struct kbi_wave *
find_wave(struct kb_plan *plan, const char *group)
{
	struct kbi_wave *wave = plan->waves;
	while (wave && !kbi_str_is(wave->group, group))
		wave = wave->next;
	if (wave)
		return wave;
	wave = calloc(1, sizeof(*wave));
	if (!wave || !(wave->group = strdup(group))) {
		free(wave);
		return NULL;
	}
	wave->next = plan->waves;
	plan->waves = wave;
	return wave;
}

static kb_status
set_wave(struct kb_task *task, const char *group, int limit, struct kb_err *err)
{
	if (!group) {
		task->wave = NULL;
		return KB_OK;
	}
	if (limit < 1)
		return kbi_fail(err, KB_EINVAL, "plan: a wave of %d tasks at a time: at least 1 is needed", limit);
	struct kbi_wave *wave = find_wave(task->plan, group);
	if (!wave)
		return kbi_fail_memory(err);
	wave->limit = limit;
	task->wave = wave;
	return KB_OK;
}

kb_status
kb_task_set_wave(kb_task *task, const char *group, int limit)
{
	kb_status status = kbi_enter(task ? task->plan->kb : NULL);
	if (status)
		return status;
	struct kb_err *err = &task->plan->kb->error;
	status = is_idle(task->plan, err) ? set_wave(task, group, limit, err) : KB_EBUSY;
	kbi_leave(task->plan->kb);
	return status;
}

static kb_status
add_pattern(struct kb_plan *plan, struct kbi_map *patterns, const char *pattern, struct kb_err *err)
{
	bool fits = false;
	for (size_t i = 0; pattern && !fits && i < plan->tasks.count; i++)
		fits = kbi_str_matches(plan->tasks.at[i]->step->name, pattern);
	if (!fits)
		return kbi_fail(err, KB_EINVAL, "plan: no step fits the pattern %s", pattern ? pattern : "NULL");
	return kbi_map_set(patterns, pattern, "") ? kbi_fail_memory(err) : KB_OK;
}

static kb_status
enter_pattern(struct kb_plan *plan, bool is_only, const char *pattern)
{
	kb_status status = kbi_enter(plan ? plan->kb : NULL);
	if (status)
		return status;
	struct kb_err *err = &plan->kb->error;
	status = is_idle(plan, err) ? add_pattern(plan, is_only ? &plan->only : &plan->skip, pattern, err) : KB_EBUSY;
	kbi_leave(plan->kb);
	return status;
}

kb_status
kb_plan_only(kb_plan *plan, const char *pattern)
{
	return enter_pattern(plan, true, pattern);
}

kb_status
kb_plan_skip(kb_plan *plan, const char *pattern)
{
	return enter_pattern(plan, false, pattern);
}

size_t
kb_plan_task_count(const kb_plan *plan)
{
	return plan ? plan->tasks.count : 0;
}

kb_task *
kb_plan_task(const kb_plan *plan, size_t index)
{
	return plan && index < plan->tasks.count ? plan->tasks.at[index] : NULL;
}

const char *
kb_task_step(const kb_task *task)
{
	return task ? task->step->name : "";
}

const char *
kb_task_host(const kb_task *task)
{
	return task ? task->host->name : "";
}

kb_bytes *
kb_task_output(const kb_task *task, const char *name)
{
	if (!task || kbi_enter(task->plan->kb))
		return NULL;
	const struct kbi_entry *output = kbi_map_find(&task->outputs, name);
	kb_bytes *bytes = output ? kbi_bytes_new(output->value, output->size_bytes) : NULL;
	kbi_leave(task->plan->kb);
	return bytes;
}

int64_t
kb_plan_start(kb_plan *plan, int mode, int64_t timeout_ms)
{
	kb_status status = kbi_enter(plan ? plan->kb : NULL);
	if (status)
		return status;
	int64_t run = kbi_run_start(plan, mode, timeout_ms, &plan->kb->error);
	kbi_leave(plan->kb);
	return run;
}

static bool
is_learnt(const struct kb_plan *plan, const char *data, size_t size_bytes)
{
	for (size_t i = 0; i < plan->learnt.count; i++) {
		const struct kbi_entry *e = &plan->learnt.entries[i];
		if (e->size_bytes == size_bytes && memcmp(e->value, data, size_bytes) == 0)
			return true;
	}
	return false;
}

kb_status
kbi_plan_learn(struct kb_plan *plan, const char *data, size_t size_bytes, bool is_document)
{
	if (!data || !size_bytes || is_learnt(plan, data, size_bytes))
		return KB_OK;
	kb_status status = (is_document ? kbi_secrets_add_document : kbi_secrets_add)(plan->kb->secrets, data, size_bytes);
	if (status || kbi_map_add_bytes(&plan->learnt, "learnt", data, size_bytes))
		return KB_ENOMEM;	/* what was added stays masked */
	plan->learnt.entries[plan->learnt.count - 1].secret = true;
	return KB_OK;
}

kb_status
kbi_plan_learn_map(struct kb_plan *plan, const struct kbi_map *map)
{
	kb_status status = KB_OK;
	for (size_t i = 0; !status && i < map->count; i++)
		if (map->entries[i].secret)
			status = kbi_plan_learn(plan, map->entries[i].value, map->entries[i].size_bytes, true);
	return status;
}

void
kbi_plan_queue(struct kb_plan *plan, struct kb_event *event)
{
	if (event)
		kbi_event_mask(event, plan->kb->secrets);
	if (plan->running && (!event || event->is_short))
		plan->running->has_lost = true;
	if (!event)
		return;
	kbi_event_log(event, &plan->kb->log);
	if (plan->last_event)
		plan->last_event->next = event;
	else
		plan->first_event = event;
	plan->last_event = event;
	plan->event_count++;
	plan->kb->queued_events++;
	kbi_loop_hold_ready(plan->kb->loop, true);
}

static struct kb_event *
take_event(struct kb_plan *plan)
{
	struct kb_event *event = plan->first_event;
	if (!event)
		return NULL;
	plan->first_event = event->next;
	if (!plan->first_event)
		plan->last_event = NULL;
	event->next = NULL;
	plan->event_count--;
	if (--plan->kb->queued_events == 0)
		kbi_loop_hold_ready(plan->kb->loop, false);
	return event;
}

kb_event *
kb_plan_next_event(kb_plan *plan)
{
	if (kbi_enter(plan ? plan->kb : NULL))
		return NULL;
	struct kb_event *event = take_event(plan);
	kbi_leave(plan->kb);
	return event;
}

int
kb_plan_is_running(kb_plan *plan)
{
	kb_status status = kbi_enter(plan ? plan->kb : NULL);
	if (status)
		return status;
	int is_running = plan->running || plan->first_event;
	kbi_leave(plan->kb);
	return is_running;
}

void
kbi_plan_destroy(struct kb_plan *plan)
{
	kbi_run_free(plan->running);
	for (struct kb_event *event; (event = take_event(plan));)
		kb_event_free(event);
	for (size_t i = 0; i < plan->tasks.count; i++)
		free_task(plan->tasks.at[i]);
	for (size_t i = 0; i < plan->barriers.count; i++)
		free_task(plan->barriers.at[i]);
	free(plan->tasks.at);
	free(plan->barriers.at);
	while (plan->waves) {
		struct kbi_wave *next = plan->waves->next;
		free(plan->waves->group);
		free(plan->waves);
		plan->waves = next;
	}
	kbi_map_free(&plan->only);
	kbi_map_free(&plan->skip);
	kbi_secrets_drop_map(plan->kb->secrets, &plan->learnt);
	kbi_map_free(&plan->learnt);
	free(plan);
}

void
kb_plan_free(kb_plan *plan)	/* any thread: the owner's, when it comes by, tears it down */
{
	if (!plan)
		return;
	struct kb_ctx *kb = plan->kb;
	struct kb_plan *first = atomic_load(&kb->dead);
	do
		plan->next_dead = first;
	while (!atomic_compare_exchange_weak(&kb->dead, &first, plan));
	kbi_loop_wake(kb->loop);
	kbi_reap(kb);
	kbi_ctx_unref(kb);
}
