/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file plan.h
 * A plan: steps on many hosts, and what must come before what.
 *
 * The tasks of one host run in the order in which they were added, one at a time; hosts run side by side. kb_plan_after() orders tasks of
 * different hosts, kb_plan_bind() hands an output of one task to a parameter of another. A task that fails takes with it those that come
 * after it; everything else runs to its end.
 */
#ifndef KB_PLAN_H
#define KB_PLAN_H

#include <kb/event.h>
#include <kb/host.h>
#include <kb/step.h>

KB_BEGIN_DECLS

/** A plan. Since: 0.1 */
typedef struct kb_plan kb_plan;

/** A step on a host in a plan: borrowed, valid as long as its plan. Since: 0.1 */
typedef struct kb_task kb_task;

/** How to run a plan. Since: 0.1 */
enum kb_mode {
	KB_CHECK = 1,	/**< dry run: verdicts and diffs, nothing touched */
	KB_APPLY = 2	/**< make it so */
};

/** Makes an empty plan. Returns: to be freed by kb_plan_free(); NULL on failure. Errors: KB_EINVAL, KB_ENOMEM, KB_EBUSY. Since: 0.1 */
KB_API kb_plan *kb_plan_new(kb_ctx *kb);

/**
 * Adds a step on a host.
 * @param host  kept by the plan
 * @param step  copied with its parameters as they are now
 * Returns: the task, borrowed until kb_plan_free(); NULL on failure. Errors: KB_EINVAL, KB_ENOMEM, KB_EBUSY.
 * Since: 0.1
 */
KB_API kb_task *kb_plan_add(kb_plan *plan, kb_host *host, kb_step *step);

/** task begins only when before has ended well. Errors: KB_EINVAL (another plan's task, or a circle), KB_ENOMEM, KB_EBUSY. Since: 0.1 */
KB_API kb_status kb_plan_after(kb_plan *plan, kb_task *task, kb_task *before);

/**
 * Gives an output of one task to a parameter of another, and orders them so. A secret stays one.
 * @param param   of task
 * @param from    the task that has the output
 * @param output  one of its kb_step_output_name()
 * Errors: KB_EINVAL (no such parameter or output, or a circle), KB_ENOMEM, KB_EBUSY.
 * Since: 0.1
 */
KB_API kb_status kb_plan_bind(kb_plan *plan, kb_task *task, const char *param, kb_task *from, const char *output);

/** All tasks added from now on begin only when all added so far have ended well. Errors: KB_EINVAL, KB_ENOMEM, KB_EBUSY. Since: 0.1 */
KB_API kb_status kb_plan_barrier(kb_plan *plan);

/**
 * Makes a task run only when one of the tasks bound to its outputs turns out to need them; otherwise it ends as present without having
 * been asked. So a plan in which every node has joined makes no token. Errors: KB_EINVAL, KB_EBUSY.
 * Since: 0.1
 */
KB_API kb_status kb_task_set_on_demand(kb_task *task);

/**
 * Puts a task into a wave: of the tasks with the same group name at most `limit` are applied at a time.
 * @param group  any name; NULL takes it out
 * @param limit  at least 1; the group's last one counts
 * Errors: KB_EINVAL, KB_ENOMEM, KB_EBUSY. Since: 0.1
 */
KB_API kb_status kb_task_set_wave(kb_task *task, const char *group, int limit);

/** How many tasks there are. Since: 0.1 */
KB_API size_t kb_plan_task_count(const kb_plan *plan);
/** A task by index, in the order added; NULL past the end. Since: 0.1 */
KB_API kb_task *kb_plan_task(const kb_plan *plan, size_t index);
/** The name of a task's step. Borrowed. Since: 0.1 */
KB_API const char *kb_task_step(const kb_task *task);
/** The name of a task's host. Borrowed. Since: 0.1 */
KB_API const char *kb_task_host(const kb_task *task);
/** An output of a task that has ended, owned by the caller; NULL when there is none. Since: 0.1 */
KB_API kb_bytes *kb_task_output(const kb_task *task, const char *name);

/**
 * Keeps only the tasks whose step name fits one of the patterns given so far (shell patterns: * and ?). A task left out counts as ended
 * well for those after it; tasks whose outputs a kept one is bound to are still asked, never applied.
 * Errors: KB_EINVAL (fits no task), KB_ENOMEM, KB_EBUSY. Since: 0.1
 */
KB_API kb_status kb_plan_only(kb_plan *plan, const char *pattern);
/** Leaves out the tasks whose step name fits. As kb_plan_only() otherwise. Since: 0.1 */
KB_API kb_status kb_plan_skip(kb_plan *plan, const char *pattern);

/**
 * Starts a plan. It then lives in the context's loop: kb_wait() or kb_dispatch(), and kb_plan_next_event() until KB_EVENT_PLAN_DONE.
 * @param mode        enum kb_mode
 * @param timeout_ms  for all of it, in milliseconds; negative: no end but the steps' own
 * Returns: the run's number, above 0, for kb_cancel(). A plan is started once at a time, and may be started again when it has ended.
 * Errors: KB_EINVAL (a required parameter is missing, or a value is wrong), KB_ENOMEM, KB_EBUSY (it runs, or another thread is inside).
 * Since: 0.1
 */
KB_API int64_t kb_plan_start(kb_plan *plan, int mode, int64_t timeout_ms);

/** Takes the next event. Returns: to be freed by kb_event_free(); NULL when there is none now. Since: 0.1 */
KB_API kb_event *kb_plan_next_event(kb_plan *plan);

/** 1 while it runs or has events left, 0 after its last event was taken or before it was started. Errors: KB_EINVAL, KB_EBUSY. Since: 0.1 */
KB_API int kb_plan_is_running(kb_plan *plan);

/** Lets go of a plan; a run of it is cancelled. Any thread. NULL is nothing. Since: 0.1 */
KB_API void kb_plan_free(kb_plan *plan);

KB_END_DECLS

#endif
