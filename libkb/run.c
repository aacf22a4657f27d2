/* SPDX-License-Identifier: Apache-2.0 */
#include "run.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/ctx.h"
#include "base/str.h"
#include "plan.h"
#include "session.h"

void
kbi_run_look_at(struct kbi_lane *lane)
{
	struct kbi_run *run = lane->run;
	if (!lane->is_listed) {
		lane->is_listed = true;
		lane->next_listed = run->listed;
		run->listed = lane;
	}
	kbi_loop_timer(run->kb->loop, &run->tick, 0);
}

static void
advance_lane(struct kbi_lane *lane)
{
	while (lane->cursor < lane->task_count) {
		struct kb_task *task = lane->tasks[lane->cursor];
		if (task->run.state != KBI_TASK_ENDED && !kbi_task_advance(lane, task))
			return;
		lane->cursor++;
	}
	if (!kbi_lane_is_forgetting(lane))
		kbi_lane_close(lane);
}

static void
stop_task(struct kb_task *task)
{
	bool was_applying = task->run.state == KBI_TASK_APPLYING, was_started = was_applying || task->run.apply_count > 0;
	const char *text = !was_started ? "not started" : !was_applying ? "the connection was lost while it ran: what it did is not known" :
		task->run.has_applied ? "applied, but not looked at afterwards" : "stopped following it: it may still be running there";
	task->run.is_changed = was_applying && task->run.has_applied;
	kbi_task_end(task, was_started ? KBI_END_FAILED : KBI_END_SKIPPED, task->plan->running->stopped, text);
}

static void
stop(struct kbi_run *run)
{
	for (size_t i = 0; i < run->lane_count; i++) {
		struct kbi_lane *lane = &run->lanes[i];
		kbi_run_tell_fate(lane);
		for (size_t t = 0; t < lane->task_count; t++)
			if (lane->tasks[t]->run.state != KBI_TASK_ENDED)
				stop_task(lane->tasks[t]);
		kbi_lane_close(lane);
	}
}

static bool
is_busy(const struct kbi_lane *lane)	/* something will come of itself: an answer, a file, a new connection */
{
	return lane->asks || lane->retry.due_ms != KBI_NEVER ||
		(lane->cursor < lane->task_count && lane->turn.job);
}

static bool
is_under_way(struct kbi_run *run)	/* asked at every tick: so it begins with the lane that was busy the last time */
{
	for (size_t i = 0; i < run->lane_count; i++) {
		size_t at = (run->busy + i) % run->lane_count;
		if (!is_busy(&run->lanes[at]))
			continue;
		run->busy = at;
		return true;
	}
	return false;
}

static bool
is_forgetting(const struct kbi_run *run)
{
	for (size_t i = 0; i < run->lane_count; i++)
		if (kbi_lane_is_forgetting(&run->lanes[i]))
			return true;
	return false;
}

/* Who could say whether a task on demand is needed may stand behind it (behind a barrier, or another's wait): then nobody will, and it is run */
static void
demand_first(struct kbi_run *run)
{
	for (size_t i = 0; i < run->lane_count; i++) {
		struct kbi_lane *lane = &run->lanes[i];
		struct kb_task *task = lane->cursor < lane->task_count ? lane->tasks[lane->cursor] : NULL;
		if (!task || !kbi_task_waits_for_demand(task))
			continue;
		task->run.is_demanded = true;
		kbi_run_look_at(lane);
		return;
	}
}

static void
tick(void *owner)
{
	struct kbi_run *run = owner;
	struct kbi_lane *lane;
	if (run->stopped)
		stop(run);
	while (!run->stopped && (lane = run->listed)) {
		run->listed = lane->next_listed;
		lane->is_listed = false;
		advance_lane(lane);
	}
	if (run->stopped || (run->left == 0 && !is_forgetting(run)))
		kbi_run_done(run);	/* frees it */
	else if (!is_under_way(run))
		demand_first(run);
}

static void
time_is_up(void *owner)
{
	struct kbi_run *run = owner;
	run->stopped = KB_ETIMEOUT;
	kbi_loop_timer(run->kb->loop, &run->tick, 0);
}

void
kbi_run_cancel(struct kb_ctx *kb, int64_t id)
{
	for (struct kb_plan *plan = kb->plans; plan; plan = plan->next)
		if (plan->running && (id == 0 || plan->running->id == id) && !plan->running->stopped) {
			plan->running->stopped = KB_ECANCELED;
			kbi_loop_timer(kb->loop, &plan->running->tick, 0);
		}
}

/* -- starting */

static bool
fits_any(const struct kbi_map *patterns, const char *name)
{
	for (size_t i = 0; i < patterns->count; i++)
		if (kbi_str_matches(name, patterns->entries[i].name))
			return true;
	return false;
}

static bool
select_bound(struct kb_plan *plan)	/* true: there may be more, since a task may be bound to one that was added after it */
{
	bool has_more = false;
	for (size_t i = plan->tasks.count; i-- > 0;) {
		struct kb_task *task = plan->tasks.at[i];
		for (size_t b = 0; (!task->is_left_out || task->is_ask_only) && b < task->bind_count; b++) {
			struct kb_task *from = task->binds[b].from;
			if (!from->is_left_out || from->is_ask_only)
				continue;
			from->is_left_out = !from->is_on_demand || fits_any(&plan->skip, from->step->name);
			from->is_ask_only = from->is_left_out;
			has_more |= from->index > i;
		}
	}
	return has_more;
}

/* A task that is left out is still asked when a kept one needs its outputs; one that runs on demand stays for the same reason */
static void
select_tasks(struct kb_plan *plan)
{
	for (size_t i = 0; i < plan->tasks.count; i++) {
		struct kb_task *task = plan->tasks.at[i];
		const char *name = task->step->name;
		task->is_left_out = (plan->only.count && !fits_any(&plan->only, name)) || fits_any(&plan->skip, name);
		task->is_ask_only = false;
	}
	while (select_bound(plan))
		;
}

static kb_status
check_task(const struct kb_task *task, struct kb_err *err)
{
	struct kbi_map bound = { 0 };
	kb_status status = KB_OK;
	for (size_t i = 0; !status && i < task->bind_count; i++)
		if (kbi_map_set(&bound, task->binds[i].param, ""))
			status = kbi_fail_memory(err);
	if (!status)
		status = kbi_step_check(task->step, &bound, err);
	if (status)
		kbi_err_where(err, task->host->name, NULL);
	kbi_map_free(&bound);
	return status;
}

static kb_status
check_plan(struct kb_plan *plan, int mode, struct kb_err *err)
{
	kb_status status = KB_OK;
	if (mode != KB_CHECK && mode != KB_APPLY)
		return kbi_fail(err, KB_EINVAL, "plan: mode %d is neither KB_CHECK nor KB_APPLY", mode);
	if (plan->running)
		return kbi_fail(err, KB_EBUSY, "the plan is running");
	if (plan->tasks.count == 0)
		return kbi_fail(err, KB_EINVAL, "plan: it has no tasks");
	for (size_t i = 0; !status && i < plan->tasks.count; i++)
		if (!plan->tasks.at[i]->is_left_out)
			status = check_task(plan->tasks.at[i], err);
	return status;
}

/* The tasks of one host are a chain; its first task makes its lane. */
static size_t
count_lanes(const struct kbi_tasks *tasks)
{
	size_t count = 0;
	for (size_t i = 0; i < tasks->count; i++)
		count += !tasks->at[i]->before_here;
	return count;
}

static struct kbi_lane *
lane_of(struct kbi_run *run, const struct kb_task *task)	/* the array is large enough */
{
	if (task->before_here)
		return task->before_here->lane;
	struct kbi_lane *lane = &run->lanes[run->lane_count++];
	*lane = (struct kbi_lane){ .run = run, .host = task->host, .retry.due_ms = KBI_NEVER, .turn.apply.exit_status = -1 };
	return lane;
}

static bool
have_same_text(const struct kb_step *one, const struct kb_step *other)
{
	return one->def == other->def && (!kbi_step_is_own(one) || (kbi_str_is(one->probe, other->probe) &&
		(one->apply == other->apply || kbi_str_is(one->apply, other->apply))));
}

/* The text of a step, and what it shares with others, goes to a host once, however many tasks have it */
static void
number_texts(struct kbi_lane *lane)
{
	for (size_t i = 0; i < lane->task_count; i++) {
		struct kb_task *task = lane->tasks[i];
		const struct kbi_step_def *def = task->step->def;
		task->is_unused = task->is_left_out && !task->is_ask_only;
		task->text_number = task->library_number = i;
		for (size_t j = i; j-- > 0;) {
			const struct kb_task *earlier = lane->tasks[j];
			if (earlier->is_unused)
				continue;
			if (have_same_text(earlier->step, task->step))
				task->text_number = j;
			if (earlier->step->def->library == def->library)
				task->library_number = j;
		}
	}
}

static bool
make_lanes(struct kbi_run *run)
{
	struct kbi_tasks *tasks = &run->plan->tasks;
	run->lanes = calloc(count_lanes(tasks), sizeof(*run->lanes));
	if (!run->lanes)
		return false;
	for (size_t i = 0; i < tasks->count; i++) {
		tasks->at[i]->lane = lane_of(run, tasks->at[i]);
		tasks->at[i]->lane->task_count++;
	}
	for (size_t i = 0; i < run->lane_count; i++) {
		struct kbi_lane *lane = &run->lanes[i];
		lane->tasks = calloc(lane->task_count, sizeof(struct kb_task *));
		if (!lane->tasks)
			return false;
		lane->task_count = 0;
	}
	for (size_t i = 0; i < tasks->count; i++) {
		struct kbi_lane *lane = tasks->at[i]->lane;
		lane->tasks[lane->task_count++] = tasks->at[i];
	}
	for (size_t i = 0; i < run->lane_count; i++)
		number_texts(&run->lanes[i]);
	return true;
}

static void
announce(struct kbi_run *run)
{
	struct kb_event *event = kbi_event_new(KB_EVENT_PLAN_STARTED);	/* without memory for it: kbi_run_done() says so */
	if (event) {
		event->run = run->id;
		for (size_t i = 0; i < run->plan->tasks.count; i++)
			event->total += !run->plan->tasks.at[i]->is_left_out;
	}
	kbi_plan_queue(run->plan, event);
}

static void
begin(struct kbi_run *run, int64_t timeout_ms)
{
	struct kb_plan *plan = run->plan;
	struct kb_ctx *kb = run->kb;
	run->id = ++kb->last_run;
	run->started_ms = kbi_clock_ms();
	run->deadline_ms = kbi_clock_deadline(run->started_ms, timeout_ms);
	run->tick = (struct kbi_timer){ .due_ms = KBI_NEVER, .due = tick, .owner = run };
	run->deadline = (struct kbi_timer){ .due_ms = KBI_NEVER, .due = time_is_up, .owner = run };
	run->asker = (struct kbi_asker){ kb->questions, run->id, kbi_run_ask };
	run->left = plan->tasks.count + plan->barriers.count;
	plan->running = run;
	plan->next = kb->plans;
	kb->plans = plan;
	for (size_t i = 0; i < plan->tasks.count; i++) {
		kbi_task_reset(plan->tasks.at[i]);
		kbi_map_free(&plan->tasks.at[i]->outputs);	/* of an earlier run */
	}
	for (size_t i = 0; i < plan->barriers.count; i++)
		kbi_task_reset(plan->barriers.at[i]);
	announce(run);
	kbi_loop_timer(kb->loop, &run->deadline, run->deadline_ms);
	for (size_t i = run->lane_count; i-- > 0;)
		kbi_run_look_at(&run->lanes[i]);
}

int64_t
kbi_run_start(struct kb_plan *plan, int mode, int64_t timeout_ms, struct kb_err *err)
{
	select_tasks(plan);
	kb_status status = check_plan(plan, mode, err);
	if (status)
		return status;
	struct kbi_run *run = calloc(1, sizeof(*run));
	if (!run)
		return kbi_fail_memory(err);
	run->plan = plan;
	run->kb = plan->kb;
	run->mode = mode;
	if (!make_lanes(run) || !kbi_run_make_ends(run)) {
		kbi_run_free(run);
		return kbi_fail_memory(err);
	}
	begin(run, timeout_ms);
	return run->id;
}

static void
unlist(struct kbi_run *run)
{
	struct kb_plan **at = &run->kb->plans;
	while (*at && *at != run->plan)
		at = &(*at)->next;
	if (*at)
		*at = run->plan->next;
}

static void
free_lanes(struct kbi_run *run)
{
	for (size_t i = 0; i < run->plan->tasks.count; i++)
		run->plan->tasks.at[i]->lane = NULL;
	for (size_t i = 0; i < run->lane_count; i++) {
		kbi_err_clear(&run->lanes[i].err);
		free(run->lanes[i].tasks);
	}
	free(run->lanes);
}

void
kbi_run_free(struct kbi_run *run)
{
	if (!run)
		return;
	for (size_t i = 0; i < run->lane_count; i++)
		kbi_lane_close(&run->lanes[i]);
	if (run->plan->running == run) {
		kbi_loop_timer(run->kb->loop, &run->tick, KBI_NEVER);
		kbi_loop_timer(run->kb->loop, &run->deadline, KBI_NEVER);
		for (size_t i = 0; i < run->plan->tasks.count; i++)
			kbi_task_reset(run->plan->tasks.at[i]);	/* stops what is being prepared */
		unlist(run);
		run->plan->running = NULL;
	}
	kbi_err_clear(&run->first_err);
	kbi_run_free_ends(run);
	free_lanes(run);
	free(run);
}
