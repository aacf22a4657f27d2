/* SPDX-License-Identifier: Apache-2.0 */
/* The session of one host within a run: opened when it is needed, opened again when it breaks, closed when its tasks have ended. */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/ctx.h"
#include "base/str.h"
#include "plan.h"
#include "recorder.h"
#include "run.h"
#include "script.h"
#include "session.h"
#include "session_frame.h"
#include "transport/transport.h"

#define CONNECTING_MAX 64	/* log-ins at a time: a burst of them only makes all of them slow */
#define ATTEMPTS_MAX 5
#define RETRY_MS 500

static void
forget_session(struct kbi_lane *lane)	/* what was asked and not answered is asked again */
{
	if (lane->session && !lane->is_ready)
		lane->run->connecting--;
	kbi_session_free(lane->session);
	if (kbi_recorder_failed(lane->host->recorder))
		kbi_run_note(lane, NULL, KB_ERROR, "record.failed", "not everything could be recorded");
	lane->session = NULL;
	kbi_lane_forget_asks(lane);
	lane->turn.is_followed = false;
	for (size_t i = lane->cursor; i < lane->task_count; i++) {
		struct kb_task *task = lane->tasks[i];
		if (task->run.probe.seq < task->run.asked_seq)
			task->run.asked_seq = 0;
		/* what it did is not known: it is asked. Unless it has answered, or its journal will tell */
		if (task->run.state != KBI_TASK_APPLYING || task->run.has_applied || lane->turn.journal[0])
			continue;
		lane->may_run = true;
		kbi_task_ask_again(task);
	}
}

static void
look_at_all(struct kbi_run *run)	/* a place among those that connect has become free */
{
	for (size_t i = 0; i < run->lane_count; i++)
		if (!run->lanes[i].session && run->lanes[i].cursor < run->lanes[i].task_count)
			kbi_run_look_at(&run->lanes[i]);
}

void
kbi_lane_close(struct kbi_lane *lane)
{
	kbi_loop_timer(lane->run->kb->loop, &lane->retry, KBI_NEVER);
	bool was_connecting = lane->session && !lane->is_ready;
	if (lane->session)
		forget_session(lane);
	lane->is_ready = false;
	if (was_connecting)
		look_at_all(lane->run);
}

bool
kbi_lane_is_forgetting(const struct kbi_lane *lane)
{
	return lane->forgets > 0 && lane->session && kbi_session_state(lane->session) != KBI_SESSION_LOST;
}

static void
retry(void *owner)
{
	struct kbi_lane *lane = owner;
	lane->retry.due_ms = KBI_NEVER;
	kbi_run_look_at(lane);
}

static void
on_changed(void *owner)
{
	struct kbi_lane *lane = owner;
	if (kbi_session_state(lane->session) == KBI_SESSION_READY && !lane->is_ready) {
		lane->is_ready = lane->was_ready = true;
		lane->run->connecting--;
		kbi_run_host_event(lane, KB_EVENT_HOST_CONNECTED, lane->attempts ? "connected again" : "connected");
		look_at_all(lane->run);
	}
	kbi_run_look_at(lane);
}

/* A connection that broke is made again; one that could not be made at all, or broke for a reason that will not go away, is not */
static bool
may_try_again(const struct kbi_lane *lane, const struct kb_err *err)
{
	bool is_again = !lane->is_ready && lane->attempts > 0;
	bool goes_away = err->code == KB_EUNREACHABLE || err->code == KB_EPROTOCOL
		|| (is_again && err->code == KB_ETIMEOUT && !kbi_str_is(err->id, "question.unanswered"));	/* a network that is silent yet */
	return (lane->is_ready || is_again) && lane->attempts < ATTEMPTS_MAX && goes_away;
}

static int64_t
jitter_ms(void)
{
	uint16_t random = 0;
	return getrandom(&random, sizeof(random), GRND_NONBLOCK) == sizeof(random) ? random % RETRY_MS : 0;
}

/* Longer each time, and never the same for all hosts of a network that broke. */
static int64_t
pause_ms(struct kbi_lane *lane)
{
	const struct kbi_transport_ops *way = kbi_transport_find(lane->host->scheme);
	int64_t delay_ms = (int64_t)RETRY_MS << lane->attempts++;
	return way && way->is_recorded ? 0 : delay_ms + jitter_ms();
}

bool
kbi_lane_is_lost(struct kbi_lane *lane)
{
	if (lane->is_lock_lost)
		return true;
	if (!lane->session || kbi_session_state(lane->session) != KBI_SESSION_LOST)
		return lane->err.code != KB_OK && !lane->session && lane->retry.due_ms == KBI_NEVER && lane->attempts == 0;
	const struct kb_err *err = kbi_session_err(lane->session);
	bool again = may_try_again(lane, err);
	kbi_err_copy(&lane->err, err);
	kbi_run_host_event(lane, KB_EVENT_HOST_LOST, lane->err.cause);
	forget_session(lane);
	lane->is_ready = false;
	look_at_all(lane->run);
	if (!again) {
		lane->attempts = 0;	/* from here on it stays lost */
		return true;
	}
	lane->retry.due = retry;
	lane->retry.owner = lane;
	kbi_loop_timer(lane->run->kb->loop, &lane->retry, kbi_clock_ms() + pause_ms(lane));
	return false;
}

static void
add_live_runs(struct kbi_buf *out, const struct kb_ctx *kb)	/* " 1 2 " */
{
	kbi_buf_add_char(out, ' ');
	for (const struct kb_plan *plan = kb->plans; plan; plan = plan->next)
		if (plan->running)
			kbi_buf_add_format(out, "%lld ", (long long)plan->running->id);
}

/* Whether a task of it could write on the host. To one that only asks nobody needs to be kept out. */
static bool
may_change(const struct kbi_lane *lane)
{
	for (size_t i = 0; lane->run->mode == KB_APPLY && i < lane->task_count; i++)
		if (!lane->tasks[i]->is_left_out && !(lane->tasks[i]->step->def->flags & KBI_STEP_READ_ONLY))
			return true;
	return false;
}

static bool
asks_for_lock(const struct kbi_lane *lane)
{
	return lane->run->mode == KB_CHECK || may_change(lane);
}

static void
write_prelude(struct kbi_lane *lane, struct kbi_buf *prelude)
{
	char me[HOST_NAME_MAX + 1] = "", nonce[16];
	const struct kbi_run *run = lane->run;
	struct kbi_buf who = KBI_BUF(1024), live = KBI_BUF(KBI_SIZE_TEXT);
	struct kbi_nonce word = { "" };
	if (kbi_nonce_make(&word))
		prelude->failed = KB_EIO;
	gethostname(me, HOST_NAME_MAX);
	snprintf(nonce, sizeof(nonce), "%08x", (unsigned)run->kb->nonce);
	kbi_buf_add_format(&who, "%s (process %ld, run %s.%lld, host %s)", me, (long)getpid(), nonce, (long long)run->id, lane->host->name);
	add_live_runs(&live, run->kb);
	kbi_script_begin(prelude, &(struct kbi_script_me){ .who = kbi_buf_text(&who), .nonce = nonce, .word = word.text,
			 .live = kbi_buf_text(&live), .way = lane->host->scheme, .has_lock = asks_for_lock(lane), .is_apply = may_change(lane) });
	kbi_buf_free(&who);
	kbi_buf_free(&live);
	for (size_t i = 0; i < lane->task_count; i++)
		if (lane->tasks[i]->text_number == i && !lane->tasks[i]->is_unused)
			kbi_script_add_step(prelude, i, lane->tasks[i]->step);
	for (size_t i = 0; i < lane->task_count; i++)
		if (lane->tasks[i]->library_number == i && !lane->tasks[i]->is_unused && lane->tasks[i]->step->def->library)
			kbi_script_add_library(prelude, i, lane->tasks[i]->step);
}

/* Recording begins with the first session that the host has after it was asked for */
static kb_status
start_recording(struct kbi_lane *lane)
{
	struct kb_host *host = lane->host;
	const char *path = kbi_map_get(&host->shown, "record");
	if (!path || host->recorder || host->recording)
		return KB_OK;
	host->recorder = kbi_recorder_new(path, host->name, lane->run->kb->secrets, &host->named, &lane->err);
	return host->recorder ? KB_OK : lane->err.code;
}

/* Who cannot ask for the lock has nothing else to ask there. */
static kb_status
ask_for_lock(struct kbi_lane *lane)
{
	kb_status status = asks_for_lock(lane) ? kbi_lane_lock(lane) : KB_OK;

	if (!status)
		return KB_OK;
	kbi_fail(&lane->err, status, "%s: its lock cannot be asked for: %s", lane->host->name, status == KB_ENOMEM ? "out of memory" : "too large");
	kbi_lane_close(lane);
	return status;
}

static kb_status
open_session(struct kbi_lane *lane)
{
	kb_status unable = start_recording(lane);
	if (unable)
		return unable;
	struct kbi_buf prelude = KBI_BUF(KBI_SCRIPT_MAX);
	int64_t timeout_ms = 30000;
	kbi_str_to_int64(kbi_map_get(&lane->host->shown, "connect_timeout_ms"), 1, INT64_MAX, &timeout_ms);
	write_prelude(lane, &prelude);
	struct kbi_session_want want = { .loop = lane->run->kb->loop, .host = lane->host->name, .scheme = lane->host->scheme,
		.settings = &lane->host->shown, .jump = lane->host->hop.jump, .prelude = kbi_buf_text(&prelude),
		.log = &lane->run->kb->log, .recording = lane->host->recording, .recorder = lane->host->recorder,
		.deadline_ms = kbi_clock_sooner(kbi_clock_deadline(kbi_clock_ms(), timeout_ms), lane->run->deadline_ms),
		.keyring = lane->run->kb->keyring,
		.asker = lane->run->plan->has_nobody_to_ask ? NULL : &lane->run->asker, .changed = on_changed, .owner = lane };
	kb_status status = kbi_buf_failed(&prelude);
	if (status)
		kbi_fail(&lane->err, status, "%s: the steps' scripts are too large", lane->host->name);
	else if (!(lane->session = kbi_session_new(&want, &lane->err)))
		status = lane->err.code ? lane->err.code : kbi_fail_memory(&lane->err);
	kbi_buf_free(&prelude);
	if (status)
		return status;
	lane->is_ready = false;
	lane->run->connecting++;
	return ask_for_lock(lane);
}

kb_status
kbi_lane_open(struct kbi_lane *lane)
{
	if (lane->session)
		return kbi_session_state(lane->session) == KBI_SESSION_LOST ? KB_EBUSY : KB_OK;
	if (lane->retry.due_ms != KBI_NEVER || lane->run->connecting >= CONNECTING_MAX)
		return KB_EBUSY;
	kb_status status = open_session(lane);
	if (status) {
		lane->attempts = 0;
		kbi_run_look_at(lane);	/* it is lost: the task at the cursor fails with lane->err */
	}
	return status;
}
