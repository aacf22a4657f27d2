/* SPDX-License-Identifier: Apache-2.0 */
/* What came out of one step: its last event, and its outputs. */
#include "result.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "base/str.h"
#include "plan.h"

struct kb_result {
	struct kb_event *done;		/* of the step */
	struct kb_event *ended;		/* of the run: when it ended before the step did */
	struct kbi_map outputs;
	struct kb_err err;		/* when the run could not be followed, or what came of it not be kept */
};

struct kb_result *
kbi_result_new(void)
{
	return calloc(1, sizeof(struct kb_result));
}

static void
keep(struct kb_event **place, struct kb_event *event)
{
	kb_event_free(*place);
	*place = event;
}

void
kbi_result_take(struct kb_result *result, const struct kb_plan *plan, struct kb_event *event)
{
	if (event->kind == KB_EVENT_PLAN_DONE) {
		keep(&result->ended, event);
	} else if (event->kind == KB_EVENT_STEP_DONE) {
		keep(&result->done, event);
		kbi_map_free(&result->outputs);
		if (kbi_map_copy(&result->outputs, &plan->tasks.at[0]->outputs))
			kbi_fail_memory(&result->err);
	} else {
		kb_event_free(event);
	}
}

void
kbi_result_fail(struct kb_result *result, kb_status status, const struct kb_err *err)
{
	if (status == KB_EBUSY)	/* which no error tells of: it would be the other thread's */
		kbi_fail(&result->err, status, "another thread uses its context");
	else
		kbi_err_copy(&result->err, err);
}

static const struct kb_event *
last(const struct kb_result *result)
{
	return !result ? NULL : result->done ? result->done : result->ended;
}

kb_status
kb_result_status(const kb_result *result)
{
	if (!result)
		return KB_EINVAL;
	if (last(result) && last(result)->status)
		return last(result)->status;
	if (result->ended && result->ended->status)	/* the step went well, and something about it is lost */
		return result->ended->status;
	return last(result) || result->err.code ? result->err.code : KB_EIO;	/* what has no end did not end well */
}

int
kb_result_verdict(const kb_result *result)
{
	return kb_event_verdict(last(result));
}

int
kb_result_is_changed(const kb_result *result)
{
	return kb_event_is_changed(last(result));
}

int
kb_result_exit_status(const kb_result *result)
{
	return kb_event_exit_status(last(result));
}

int64_t
kb_result_duration_ms(const kb_result *result)
{
	return result ? kb_event_duration_ms(result->ended) : 0;
}

const char *
kb_result_diff(const kb_result *result)
{
	return kb_event_diff(last(result));
}

const char *
kb_result_log(const kb_result *result)
{
	return kb_event_log(last(result));
}

kb_bytes *
kb_result_output(const kb_result *result, const char *name)
{
	const struct kbi_entry *output = result ? kbi_map_find(&result->outputs, name) : NULL;
	return output ? kbi_bytes_new(output->value, output->size_bytes) : NULL;
}

kb_err *
kb_result_error(const kb_result *result)
{
	kb_err *err = kb_event_error(last(result));
	if (!err && result && kb_result_status(result))	/* the run was ended, and with it the step */
		err = kb_event_error(result->ended);
	if (!err && result && result->err.code && (err = calloc(1, sizeof(*err))))
		kbi_err_copy(err, &result->err);
	return err;
}

void
kb_result_free(kb_result *result)
{
	if (!result)
		return;
	kb_event_free(result->done);
	kb_event_free(result->ended);
	kbi_map_free(&result->outputs);
	kbi_err_clear(&result->err);
	free(result);
}
