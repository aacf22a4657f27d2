/* SPDX-License-Identifier: Apache-2.0 */
/* An event as one line of JSON. Fields that say nothing are left out; the order never changes. */
#include "base/buf.h"
#include "event.h"
#include "text/yaml.h"

#define JSON_MAX ((size_t)16 << 20)

static void
add_key(struct kbi_buf *out, const char *key)
{
	size_t n = out->size_bytes;
	char last = n ? out->data[n - 1] : '{';
	if (last != '{' && last != '[')
		kbi_buf_add_char(out, ',');
	kbi_buf_add_format(out, "\"%s\":", key);
}

static void
add_text(struct kbi_buf *out, const char *key, const char *text)
{
	if (!text || !*text)
		return;
	add_key(out, key);
	kbi_json_string(out, text);
}

static void
add_number(struct kbi_buf *out, const char *key, int64_t number)
{
	add_key(out, key);
	kbi_buf_add_format(out, "%lld", (long long)number);
}

static void
add_error(struct kbi_buf *out, const struct kb_err *err)
{
	if (err->code == KB_OK)
		return;
	add_key(out, "error");
	kbi_buf_add_char(out, '{');
	add_text(out, "code", kb_err_name(err->code));
	add_text(out, "id", err->id);
	add_text(out, "host", err->host);
	add_text(out, "step", err->step);
	add_text(out, "cause", err->cause);
	if (err->evidence_count) {
		add_key(out, "evidence");
		for (size_t i = 0; i < err->evidence_count; i++) {
			kbi_buf_add_char(out, i ? ',' : '[');
			kbi_json_string(out, err->evidence[i]);
		}
		kbi_buf_add_char(out, ']');
	}
	add_text(out, "fix", err->fix);
	kbi_buf_add_char(out, '}');
}

static void
add_changes(struct kbi_buf *out, const struct kb_event *event)
{
	if (!event->change_count)
		return;
	add_key(out, "changes");
	for (size_t i = 0; i < event->change_count; i++) {
		const struct kbi_change *change = &event->changes[i];
		kbi_buf_add(out, i ? ",{" : "[{");
		add_text(out, "kind", change->kind);
		add_text(out, "name", change->name);
		if (!change->secret) {
			add_text(out, "before", change->before);
			add_text(out, "after", change->after);
		}
		kbi_buf_add_char(out, '}');
	}
	kbi_buf_add_char(out, ']');
}

static void
add_step_done(struct kbi_buf *out, const struct kb_event *event)
{
	add_text(out, "verdict", kb_verdict_name(event->verdict));
	add_text(out, "status", kb_err_name(event->status));
	add_key(out, "changed");
	kbi_buf_add(out, event->is_changed ? "true" : "false");
	if (event->is_skipped)
		kbi_buf_add(out, ",\"skipped\":true");
	add_number(out, "duration_ms", event->duration_ms);
	if (event->exit_status >= 0)
		add_number(out, "exit_status", event->exit_status);
}

kb_bytes *
kb_event_json(const kb_event *event)
{
	struct kbi_buf out = KBI_BUF(JSON_MAX);
	if (!event)
		return NULL;
	kbi_buf_add_char(&out, '{');
	add_text(&out, "event", kb_event_kind_name(event->kind));
	add_number(&out, "run", event->run);
	add_number(&out, "time_ms", event->time_ms);
	add_text(&out, "host", event->host);
	add_text(&out, "step", event->step);
	if (event->task >= 0)
		add_number(&out, "task", event->task);
	if (event->total)
		add_number(&out, "total", event->total);
	if (event->kind == KB_EVENT_STEP_DONE || event->kind == KB_EVENT_PLAN_DONE)
		add_step_done(&out, event);
	if (event->severity)
		add_number(&out, "severity", event->severity);
	add_text(&out, "id", event->id);
	if (event->question) {
		add_number(&out, "question", event->question);
		add_text(&out, "subject", event->subject);
		add_number(&out, "attempt", event->attempt);
	}
	add_text(&out, "text", event->text);
	add_text(&out, "journal", event->journal);
	add_text(&out, "diff", event->diff);
	add_changes(&out, event);
	add_text(&out, "log", event->log);
	add_error(&out, &event->err);
	kbi_buf_add_char(&out, '}');
	kb_bytes *json = kbi_buf_take_bytes(&out);
	kbi_buf_free(&out);
	return json;
}
