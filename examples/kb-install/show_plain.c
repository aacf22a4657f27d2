/* SPDX-License-Identifier: Apache-2.0 */
/* Lines that never change once they are printed: for files, pipes, and whoever likes them. */
#include <string.h>

#include "show.h"

/* What became of a step, in a word and its colour. */
static const char *
outcome(const struct show *show, const kb_event *event, enum color *color)
{
	*color = COLOR_DIM;
	if (kb_event_is_skipped(event))
		return "skipped";
	*color = COLOR_RED;
	if (kb_event_status(event) == KB_ECANCELED)
		return "cancelled";
	if (kb_event_status(event) != KB_OK)
		return "failed";
	*color = COLOR_DIM;
	if (!kb_event_is_changed(event))
		return kb_verdict_name(kb_event_verdict(event) ? kb_event_verdict(event) : KB_PRESENT);
	*color = show->args->is_dry ? COLOR_YELLOW : COLOR_GREEN;
	return show->args->is_dry ? kb_verdict_name(kb_event_verdict(event)) : "changed";
}

/* What a step said of itself; the engine's own words for its outcome stand in the column before. */
static const char *
said(const kb_event *event)
{
	static const char *const own[] = {"done", "nothing to do", "would be changed"};
	const char *text = show_text(kb_event_text(event), kb_event_host(event), kb_event_step(event));

	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
		if (strcmp(own[i], text) == 0)
			return "";
	return text;
}

/* A diff is indented under its step; added and removed lines have their colours. */
static void
print_diff(const struct show *show, const char *diff)
{
	while (*diff) {
		int bytes = (int)strcspn(diff, "\n");
		enum color color = *diff == '+' ? COLOR_GREEN : *diff == '-' ? COLOR_RED : COLOR_DIM;
		printf("      %s%.*s%s\n", show_color(show, color), bytes, diff, show_color(show, COLOR_NONE));
		diff += bytes + (diff[bytes] == '\n');
	}
}

void
show_step_done(const struct show *show, const kb_event *event)
{
	enum color color;
	const char *word = outcome(show, event, &color), *text = said(event);
	char took[32] = "";

	if (kb_event_is_skipped(event) && !show->args->is_verbose)	/* the error at the end says enough */
		return;
	if (kb_event_duration_ms(event) >= 100)
		show_time(took, sizeof(took), kb_event_duration_ms(event));
	printf("%-*s  %-20s  %s%-9s%s  %7s%s%s\n", show->name_width, kb_event_host(event), kb_event_step(event), show_color(show, color), word,
		show_color(show, COLOR_NONE), took, *text ? "  " : "", text);
	if (show->args->is_dry || show->args->is_verbose)
		print_diff(show, kb_event_diff(event));
}

void
show_note(const struct show *show, const kb_event *event)
{
	static const char *const words[] = {[KB_INFO] = "note", [KB_WARNING] = "warning", [KB_ERROR] = "error"};
	int severity = kb_event_severity(event);
	enum color color = severity == KB_INFO ? COLOR_DIM : severity == KB_ERROR ? COLOR_RED : COLOR_YELLOW;

	if (severity < KB_INFO || severity > KB_ERROR)
		severity = KB_INFO;
	printf("%-*s  %-20s  %s%-9s%s  %s (%s)\n", show->name_width, kb_event_host(event), kb_event_step(event), show_color(show, color),
		words[severity], show_color(show, COLOR_NONE), show_text(kb_event_text(event), kb_event_host(event), kb_event_step(event)), kb_event_id(event));
}

void
show_host(const struct show *show, const kb_event *event)
{
	bool is_lost = kb_event_kind(event) == KB_EVENT_HOST_LOST;

	if (!is_lost && !show->args->is_verbose)
		return;
	printf("%-*s  %-20s  %s%-9s%s  %s\n", show->name_width, kb_event_host(event), "", show_color(show, is_lost ? COLOR_YELLOW : COLOR_DIM),
		is_lost ? "lost" : "connected", show_color(show, COLOR_NONE), kb_event_text(event));
}

static void
event(struct show *show, const kb_event *event)
{
	int kind = kb_event_kind(event);

	if (kind == KB_EVENT_STEP_DONE)
		show_step_done(show, event);
	else if (kind == KB_EVENT_NOTE)
		show_note(show, event);
	else if (kind == KB_EVENT_HOST_LOST || kind == KB_EVENT_HOST_CONNECTED)
		show_host(show, event);
	else if (kind == KB_EVENT_STEP_STARTED)
		printf("%-*s  %-20s  running\n", show->name_width, kb_event_host(event), kb_event_step(event));
	fflush(stdout);
}

void
show_output(const struct show *show, const struct lane *lane)
{
	printf("%-*s  %-20s  %s| %s%s\n", show->name_width, lane->host, lane->step ? lane->step : "", show_color(show, COLOR_DIM), lane->said,
		show_color(show, COLOR_NONE));
}

static void
output(struct show *show, const struct lane *lane)
{
	if (!show->args->is_verbose)
		return;
	show_output(show, lane);
	fflush(stdout);
}

const struct show_ops show_plain = {.event = event, .output = output};
