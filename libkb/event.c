/* SPDX-License-Identifier: Apache-2.0 */
#include "event.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/secrets.h"

static const char *const kind_names[] = {
	[KB_EVENT_PLAN_STARTED] = "plan-started", [KB_EVENT_HOST_CONNECTED] = "host-connected", [KB_EVENT_HOST_LOST] = "host-lost",
	[KB_EVENT_STEP_STARTED] = "step-started", [KB_EVENT_STEP_OUTPUT] = "step-output", [KB_EVENT_STEP_DONE] = "step-done",
	[KB_EVENT_NOTE] = "note", [KB_EVENT_PLAN_DONE] = "plan-done",
	[KB_EVENT_QUESTION] = "question",
};

static const char *const verdict_names[] = {
	[KB_VERDICT_NONE] = "", [KB_PRESENT] = "present", [KB_ABSENT] = "absent", [KB_DIFFERS] = "differs",
	[KB_PARTIAL] = "partial", [KB_FOREIGN] = "foreign", [KB_UNKNOWN] = "unknown",
};

const char *
kb_event_kind_name(int kind)
{
	return kind > 0 && kind <= KB_EVENT_QUESTION ? kind_names[kind] : "";
}

const char *
kb_verdict_name(int verdict)
{
	return verdict > 0 && verdict <= KB_UNKNOWN ? verdict_names[verdict] : "";
}

struct kb_event *
kbi_event_new(int kind)
{
	struct kb_event *event = calloc(1, sizeof(*event));
	if (!event)
		return NULL;
	event->kind = kind;
	event->task = -1;
	event->exit_status = -1;
	event->time_ms = kbi_clock_wall_ms();
	return event;
}

void
kbi_event_set(struct kb_event *event, char **field, const char *text)
{
	char *copy = text ? strdup(text) : NULL;
	if (text && !copy)
		event->is_short = true;
	free(*field);
	*field = copy;
}

static void
mask_text(struct kb_event *event, struct kbi_secrets *secrets, char **text)
{
	bool is_set = *text && **text;
	kbi_secrets_mask_string(secrets, text);
	event->is_short |= is_set && !(*text && **text);
}

static void
mask_bytes(struct kb_event *event, struct kbi_secrets *secrets, char **data, size_t *size_bytes)
{
	struct kbi_buf masked = KBI_BUF(SIZE_MAX / 4);
	if (*data && kbi_secrets_mask(secrets, *data, *size_bytes, &masked)) {
		free(*data);
		*size_bytes = masked.size_bytes;
		*data = kbi_buf_take(&masked);
		event->is_short |= !*data;
	}
	kbi_buf_free(&masked);
}

void
kbi_event_mask(struct kb_event *event, struct kbi_secrets *secrets)
{
	mask_text(event, secrets, &event->text);
	mask_text(event, secrets, &event->log);
	mask_text(event, secrets, &event->diff);
	kbi_err_mask(&event->err, secrets);
	for (size_t i = 0; i < event->change_count; i++) {
		struct kbi_change *change = &event->changes[i];
		mask_text(event, secrets, &change->name);
		if (change->secret)
			continue;	/* nobody gets its bytes */
		mask_bytes(event, secrets, &change->before, &change->before_bytes);
		mask_bytes(event, secrets, &change->after, &change->after_bytes);
	}
}

static const char *
text_or_empty(const char *text)
{
	return text ? text : "";
}

int
kb_event_kind(const kb_event *event)
{
	return event ? event->kind : 0;
}

int64_t
kb_event_run(const kb_event *event)
{
	return event ? event->run : 0;
}

int64_t
kb_event_time_ms(const kb_event *event)
{
	return event ? event->time_ms : 0;
}

const char *
kb_event_host(const kb_event *event)
{
	return event ? text_or_empty(event->host) : "";
}

const char *
kb_event_step(const kb_event *event)
{
	return event ? text_or_empty(event->step) : "";
}

int64_t
kb_event_task(const kb_event *event)
{
	return event ? event->task : -1;
}

int64_t
kb_event_total(const kb_event *event)
{
	return event ? event->total : 0;
}

kb_status
kb_event_status(const kb_event *event)
{
	return event ? event->status : KB_EINVAL;
}

int
kb_event_verdict(const kb_event *event)
{
	return event ? event->verdict : KB_VERDICT_NONE;
}

int
kb_event_is_changed(const kb_event *event)
{
	return event && event->is_changed;
}

int
kb_event_is_skipped(const kb_event *event)
{
	return event && event->is_skipped;
}

int64_t
kb_event_duration_ms(const kb_event *event)
{
	return event ? event->duration_ms : 0;
}

int
kb_event_exit_status(const kb_event *event)
{
	return event ? event->exit_status : -1;
}

const char *
kb_event_text(const kb_event *event)
{
	return event ? text_or_empty(event->text) : "";
}

const char *
kb_event_id(const kb_event *event)
{
	return event ? text_or_empty(event->id) : "";
}

int
kb_event_severity(const kb_event *event)
{
	return event ? event->severity : 0;
}

const char *
kb_event_log(const kb_event *event)
{
	return event ? text_or_empty(event->log) : "";
}

const char *
kb_event_diff(const kb_event *event)
{
	return event ? text_or_empty(event->diff) : "";
}

const char *
kb_event_journal(const kb_event *event)
{
	return event ? text_or_empty(event->journal) : "";
}

int64_t
kb_event_question(const kb_event *event)
{
	return event ? event->question : 0;
}

const char *
kb_event_subject(const kb_event *event)
{
	return event ? text_or_empty(event->subject) : "";
}

int
kb_event_attempt(const kb_event *event)
{
	return event ? event->attempt : 0;
}

size_t
kb_event_change_count(const kb_event *event)
{
	return event ? event->change_count : 0;
}

static const struct kbi_change *
change_at(const struct kb_event *event, size_t index)
{
	return event && index < event->change_count ? &event->changes[index] : NULL;
}

const char *
kb_event_change_kind(const kb_event *event, size_t index)
{
	const struct kbi_change *change = change_at(event, index);
	return change ? change->kind : NULL;
}

const char *
kb_event_change_name(const kb_event *event, size_t index)
{
	const struct kbi_change *change = change_at(event, index);
	return change ? change->name : NULL;
}

kb_bytes *
kb_event_change_before(const kb_event *event, size_t index)
{
	const struct kbi_change *change = change_at(event, index);
	return change && change->before && !change->secret ? kbi_bytes_new(change->before, change->before_bytes) : NULL;
}

kb_bytes *
kb_event_change_after(const kb_event *event, size_t index)
{
	const struct kbi_change *change = change_at(event, index);
	return change && change->after && !change->secret ? kbi_bytes_new(change->after, change->after_bytes) : NULL;
}

kb_err *
kb_event_error(const kb_event *event)
{
	if (!event || event->err.code == KB_OK)
		return NULL;
	struct kb_err *copy = calloc(1, sizeof(*copy));
	if (copy)
		kbi_err_copy(copy, &event->err);
	return copy;
}

void
kb_event_free(kb_event *event)
{
	if (!event)
		return;
	free(event->host);
	free(event->step);
	free(event->id);
	free(event->text);
	free(event->subject);
	free(event->log);
	free(event->diff);
	free(event->journal);
	kbi_changes_free(event->changes, event->change_count);
	kbi_err_clear(&event->err);
	free(event);
}
