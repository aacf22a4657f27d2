/* SPDX-License-Identifier: Apache-2.0 */
/* A plan: what its caller built. What happens when it runs is run.h. */
#ifndef KBI_PLAN_H
#define KBI_PLAN_H

#include <stdint.h>

#include <kb/plan.h>

#include "event.h"
#include "host.h"
#include "run.h"
#include "step.h"

struct kbi_bind {
	char *param;
	struct kb_task *from;
	char *output;
};

struct kbi_wave {
	struct kbi_wave *next;
	char *group;
	int limit;
	int running;
};

struct kbi_tasks {
	struct kb_task **at;
	size_t count;
};

struct kb_task {
	struct kb_plan *plan;
	size_t index;			/* of a task; SIZE_MAX: a barrier */
	struct kb_host *host;		/* NULL: a barrier, which ends when all before it have */
	struct kb_step *step;
	struct kb_task *before_here;	/* the task before it on its host */
	struct kbi_tasks before;	/* that must have ended well: kb_plan_after(), barriers, and bound tasks */
	struct kbi_tasks after;		/* the other direction */
	struct kbi_bind *binds;
	size_t bind_count;
	struct kbi_wave *wave;
	bool is_on_demand;
	bool is_left_out;		/* by kb_plan_only() and kb_plan_skip() */
	bool is_ask_only;		/* left out, but a task that is not is bound to it */
	bool is_seen;			/* by the search for circles */
	struct kbi_map outputs;
	size_t text_number;		/* of its step's text within its lane: the first task with the same text */
	size_t library_number;		/* likewise of what its step shares with others */
	bool is_unused;			/* neither run nor asked: its text is not sent */
	struct kbi_lane *lane;		/* its host's, while the plan runs */
	struct kbi_task_run run;	/* how it goes in the present run */
};

struct kb_plan {
	struct kb_ctx *kb;
	struct kbi_tasks tasks;		/* without barriers, in the order added */
	struct kbi_tasks barriers;
	size_t barrier_begin;		/* the first task behind the last barrier */
	struct kbi_wave *waves;
	struct kbi_map only, skip;	/* patterns, as names */
	struct kbi_map learnt;		/* secrets that its runs came to know */
	struct kbi_run *running;
	bool has_nobody_to_ask;		/* who started it takes the events itself */
	struct kb_event *first_event, *last_event;
	size_t event_count;
	struct kb_plan *next;		/* of the context's plans that run */
	struct kb_plan *next_dead;
};

void kbi_plan_destroy(struct kb_plan *plan);	/* by its owner's thread */
void kbi_plan_queue(struct kb_plan *plan, struct kb_event *event);	/* takes it; NULL is no memory, and nothing */
/* From here on it is masked, for as long as the plan lives. A document's long words only. */
kb_status kbi_plan_learn(struct kb_plan *plan, const char *data, size_t size_bytes, bool is_document);
kb_status kbi_plan_learn_map(struct kb_plan *plan, const struct kbi_map *map);	/* what of it is secret */
bool kbi_tasks_add(struct kbi_tasks *tasks, struct kb_task *task);
bool kbi_task_is_bound(const struct kb_task *task, const char *param);

#endif
