/* SPDX-License-Identifier: Apache-2.0 */
/* A plan that runs: lanes (one a host, with one session each) on which tasks go one by one, side by side with the other lanes. Everything is
 * decided in one place, kbi_run's tick: replies, jobs and timers only write down what they learnt and ask for a tick. */
#ifndef KBI_RUN_H
#define KBI_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "loop.h"
#include "question.h"
#include "steps/step.h"

struct kb_ctx;
struct kb_event;
struct kb_plan;
struct kb_task;
struct kb_host;
struct kbi_session;

enum kbi_task_state { KBI_TASK_WAITING, KBI_TASK_PREPARING, KBI_TASK_APPLYING, KBI_TASK_ENDED };
enum kbi_task_end { KBI_END_NONE, KBI_END_WELL, KBI_END_NOT_NEEDED, KBI_END_FAILED, KBI_END_SKIPPED };

#define KBI_JOURNAL_MAX 80

struct kbi_answer {			/* of a script on the host */
	uint64_t seq;			/* when it was asked: 0 never */
	kb_status status;		/* KB_OK: it answered */
	int exit_status;
	struct kbi_map facts;
	char *log;
	struct kb_err *err;		/* NULL: none, or no memory for it */
};

/* How a task goes: a plan of many hosts has many tasks, of which most wait, so it is small */
struct kbi_task_run {
	enum kbi_task_state state;
	enum kbi_task_end end;
	int64_t started_ms;		/* 0: nothing was done for it yet */
	uint64_t asked_seq;		/* of the last probe that was sent */
	uint64_t dirty_seq;		/* an answer must be younger than this */
	uint64_t told_seq;		/* notes of this answer were told */
	uint64_t applied_seq;		/* of the apply; 0: none yet */
	struct kbi_answer probe;
	const struct kb_task *because;	/* of one that was skipped: the one that failed */
	struct kbi_map args;
	int apply_count;
	int verdict;			/* before anything was applied */
	bool has_applied;		/* the apply has answered */
	bool is_demanded;
	bool is_prepared;
	bool is_changed;
	bool may_differ;		/* dry run: something before it would change what it sees */
};

/* What only the task whose turn it is needs: one a lane */
struct kbi_turn {
	struct kbi_answer apply;
	bool is_followed;		/* the apply's answer is on the way */
	char journal[KBI_JOURNAL_MAX];	/* of a long step that was begun, until its result was heard; "": none */
	int64_t began_ms;		/* when it was begun */
	uint64_t heard_bytes;		/* of its output, on connections that are gone too */
	struct kbi_buf heard;		/* the last of what was heard on those */
	struct kbi_map made;
	struct kbi_map wants;
	struct kbi_change *changes;
	size_t change_count;
	char *said;			/* by the judge */
	struct kbi_job_handle *job;
	struct kb_err job_err;
};

struct kbi_ask;

struct kbi_lane {
	struct kbi_run *run;
	struct kb_host *host;
	struct kb_task **tasks;
	size_t task_count;
	size_t cursor;			/* the first task that has not ended */
	struct kbi_turn turn;		/* its */
	struct kbi_session *session;
	struct kbi_ask *asks;		/* sent, not answered */
	uint64_t dirty_seq;		/* the last apply on this host */
	uint64_t together;		/* the probes that are sent now have this in common */
	bool is_ready;			/* was told */
	bool was_ready;			/* once in this run */
	bool may_run;			/* a short step that a lost connection left running may not have ended yet */
	int forgets;			/* results heard, and the host has not said yet that it forgot them */
	bool is_lock_lost;		/* the host is held by another controller */
	struct kb_err err;		/* why the host cannot be used */
	int attempts;			/* connections lost after they were ready */
	struct kbi_timer retry;
	bool is_listed;			/* in the tick's list */
	struct kbi_lane *next_listed;
};

struct kbi_run {
	struct kb_plan *plan;
	struct kb_ctx *kb;
	int64_t id;
	int mode;
	int64_t started_ms;
	int64_t deadline_ms;
	uint64_t seq;
	struct kbi_lane *lanes;
	size_t lane_count;
	size_t busy;			/* one of them that was busy */
	size_t connecting;		/* sessions that are not ready yet */
	struct kbi_lane *listed;
	struct kbi_asker asker;
	struct kbi_timer tick;
	struct kbi_timer deadline;
	kb_status stopped;		/* KB_ECANCELED, KB_ETIMEOUT: how the run was ended from outside */
	struct kb_err first_err;
	bool is_changed;
	size_t left;			/* tasks and barriers that have not ended */
	/* the ends, of each task and of the run, are told whatever happens: their events are made before it begins */
	struct kb_event **done;		/* by the tasks' index */
	struct kb_event *ended;
	bool has_lost;			/* some event, or a part of one, for want of memory */
};

int64_t kbi_run_start(struct kb_plan *plan, int mode, int64_t timeout_ms, struct kb_err *err);
void kbi_run_cancel(struct kb_ctx *kb, int64_t id);	/* 0: all */
void kbi_run_free(struct kbi_run *run);
void kbi_run_look_at(struct kbi_lane *lane);		/* at the next tick */

/* run_lane.c: the session of a host */
kb_status kbi_lane_open(struct kbi_lane *lane);		/* when it is not open; KB_OK: scripts may be sent */
bool kbi_lane_is_lost(struct kbi_lane *lane);		/* true: its session is gone, and lane->err says why */
void kbi_lane_close(struct kbi_lane *lane);
bool kbi_lane_is_forgetting(const struct kbi_lane *lane);	/* the host clears a journal away */

/* run_ask.c: what is asked of it, and what becomes of the answers */
kb_status kbi_lane_lock(struct kbi_lane *lane);		/* takes the host's lock, or in a dry run looks who has it */
kb_status kbi_lane_probe(struct kbi_lane *lane, struct kb_task *task);
kb_status kbi_lane_apply(struct kbi_lane *lane, struct kb_task *task);
kb_status kbi_lane_attach(struct kbi_lane *lane, struct kb_task *task);	/* to its long step, which an earlier connection began */
void kbi_lane_forget_asks(struct kbi_lane *lane);	/* its session is going: nothing that was asked is answered any more */

/* run_task.c: what one task needs next */
void kbi_task_reset(struct kb_task *task);
void kbi_task_ask_again(struct kb_task *task);	/* what was applied is forgotten: its probe says what is true */
void kbi_task_forget(struct kb_task *task);		/* what only its way to its end needed */
struct kbi_turn *kbi_task_turn(const struct kb_task *task);	/* NULL: it is not its turn */
bool kbi_task_advance(struct kbi_lane *lane, struct kb_task *task);	/* true: it ended, look at the next one */
bool kbi_task_waits_for_demand(const struct kb_task *task);	/* its turn has come, and nobody has said yet whether it is needed */
bool kbi_task_is_fresh(const struct kbi_lane *lane, const struct kb_task *task);

/* run_judge.c: what its probe said. KB_OK: there is a verdict; anything else: err says why this step cannot go on here */
kb_status kbi_task_judge(struct kb_task *task, bool is_after_apply, int *verdict, struct kb_err *err);
kb_status kbi_task_keep_outputs(struct kb_task *task, const struct kbi_map *facts);	/* that a script named itself: "output.NAME" */

/* run_prepare.c: its work on the controller */
kb_status kbi_task_prepare(struct kb_task *task, bool has_facts);

/* run_end.c: how a task ends, and who hears of it */
void kbi_task_end(struct kb_task *task, enum kbi_task_end end, kb_status status, const char *text);
void kbi_task_fail(struct kb_task *task, const struct kb_err *err);
void kbi_run_note(struct kbi_lane *lane, struct kb_task *task, int severity, const char *id, const char *text);	/* task NULL: of the host */
void kbi_run_told_note(struct kbi_lane *lane, struct kb_task *task, const char *told);	/* "SEVERITY ID TEXT", from a script */
void kbi_run_step_started(struct kb_task *task);
void kbi_run_host_event(struct kbi_lane *lane, int kind, const char *text);
void kbi_run_tell_fate(struct kbi_lane *lane);	/* the run is stopped: what that leaves on this host */
void kbi_wave_leave(struct kbi_run *run, struct kb_task *task);	/* its place is free: those that wait for one look again */
void kbi_run_ask(struct kbi_asker *asker, int64_t question, const struct kbi_question_want *want);
bool kbi_run_make_ends(struct kbi_run *run);			/* false: no memory */
void kbi_run_free_ends(struct kbi_run *run);
void kbi_run_done(struct kbi_run *run);

#endif
