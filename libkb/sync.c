/* SPDX-License-Identifier: Apache-2.0 */
/* The only file that waits: the blocking calls are the loop, closed. */
#include <errno.h>
#include <limits.h>
#include <poll.h>

#include <kb/loop.h>
#include <kb/plan.h>
#include <kb/step.h>

#include "base/clock.h"
#include "base/ctx.h"
#include "host.h"
#include "loop.h"
#include "plan.h"
#include "result.h"

static int
clamp_ms(int64_t timeout_ms)
{
	if (timeout_ms < 0)
		return -1;
	return timeout_ms > INT_MAX ? INT_MAX : (int)timeout_ms;
}

int
kb_wait(kb_ctx *kb, int64_t timeout_ms)
{
	kb_status status = kbi_enter(kb);
	if (status)
		return status;
	if (!kb->plans && !kb->queued_events)
		timeout_ms = 0;	/* nothing runs: nothing would ever come */
	struct pollfd pfd = { .fd = kbi_loop_fd(kb->loop), .events = POLLIN };
	int n = poll(&pfd, 1, clamp_ms(timeout_ms));
	if (n < 0 && errno != EINTR)
		status = kbi_fail(&kb->error, KB_EIO, "poll failed: errno %d", errno);
	else if (n > 0)
		status = kbi_loop_dispatch(kb->loop);
	if (n > 0 && status)
		kbi_fail(&kb->error, status, "the loop's descriptor cannot be waited on: errno %d", errno);
	kbi_leave(kb);
	return status ? status : n > 0;
}

static struct kb_result *
new_result(kb_ctx *kb)
{
	struct kb_result *result = kbi_result_new();
	if (result || kbi_enter(kb))
		return result;
	kbi_fail_memory(&kb->error);
	kbi_leave(kb);
	return NULL;
}

/* To its end; or to where it cannot be waited for any more, and then it is cancelled with its plan. */
static void
follow(kb_ctx *kb, kb_plan *plan, struct kb_result *result)
{
	int status;
	while ((status = kb_plan_is_running(plan)) == 1) {
		kb_event *event;
		while ((event = kb_plan_next_event(plan)))
			kbi_result_take(result, plan, event);
		if ((status = kb_plan_is_running(plan)) == 1)
			status = kb_wait(kb, -1);
		if (status < 0)
			break;
	}
	if (status < 0)
		kbi_result_fail(result, status, &kb->error);
}

/* A plan of one task. What went wrong on the host is in the result. */
static kb_result *
run_one(kb_host *host, kb_step *step, int mode, int64_t timeout_ms)
{
	kb_plan *plan = host ? kb_plan_new(host->kb) : NULL;
	struct kb_result *result = plan ? new_result(host->kb) : NULL;
	if (plan)
		plan->has_nobody_to_ask = true;
	if (result && kb_plan_add(plan, host, step) && kb_plan_start(plan, mode, timeout_ms) > 0) {
		follow(host->kb, plan, result);
	} else {
		kb_result_free(result);
		result = NULL;
	}
	kb_plan_free(plan);
	return result;
}

kb_result *
kb_run(kb_host *host, kb_step *step, int64_t timeout_ms)
{
	return run_one(host, step, KB_APPLY, timeout_ms);
}

kb_result *
kb_check(kb_host *host, kb_step *step, int64_t timeout_ms)
{
	return run_one(host, step, KB_CHECK, timeout_ms);
}
