/* SPDX-License-Identifier: Apache-2.0 */
/* Events as entries of the log. They are masked already. */
#include "base/log.h"
#include "event.h"

static int
level_of(const struct kb_event *event)
{
	if (event->kind == KB_EVENT_NOTE && event->severity != KB_INFO)
		return event->severity == KB_ERROR ? KB_LOG_ERROR : KB_LOG_WARNING;
	if (event->status && !event->is_skipped)
		return KB_LOG_ERROR;
	if (event->kind == KB_EVENT_STEP_OUTPUT)
		return KB_LOG_DEBUG;
	return event->kind == KB_EVENT_HOST_LOST ? KB_LOG_WARNING : KB_LOG_INFO;
}

void
kbi_event_log(const struct kb_event *event, struct kbi_log *log)
{
	const char *verdict = kb_verdict_name(event->verdict), *text = event->err.cause ? event->err.cause : kb_event_text(event);

	if (!kbi_log_is_on(log, level_of(event)))
		return;
	kbi_log_add(log, level_of(event), event->host, "%s%s%s%s%s%s%s%s%s%s%s", kb_event_kind_name(event->kind), event->step ? " " : "",
		kb_event_step(event), event->id ? " " : "", kb_event_id(event), *verdict ? " " : "", verdict, event->status ? " " : "",
		event->status ? kb_err_name(event->status) : "", *text ? ": " : "", text);
}
