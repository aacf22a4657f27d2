/* SPDX-License-Identifier: Apache-2.0 */
#include "show.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int64_t
show_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void
show_time(char *text, size_t room, int64_t ms)
{
	if (ms < 10000)
		snprintf(text, room, "%lld.%lld s", (long long)(ms / 1000), (long long)(ms % 1000 / 100));
	else if (ms < 60000)
		snprintf(text, room, "%lld s", (long long)(ms / 1000));
	else
		snprintf(text, room, "%lld:%02lld", (long long)(ms / 60000), (long long)(ms / 1000 % 60));
}

const char *
show_color(const struct show *show, enum color color)
{
	static const char *const codes[] = {
		[COLOR_NONE] = "\033[0m", [COLOR_DIM] = "\033[2m", [COLOR_GREEN] = "\033[32m", [COLOR_YELLOW] = "\033[33m",
		[COLOR_RED] = "\033[31m", [COLOR_BOLD] = "\033[1m",
	};

	return show->has_color ? codes[color] : "";
}

const char *
show_text(const char *text, const char *host, const char *step)
{
	const char *const where[] = {host, step};

	for (size_t i = 0; i < 2; i++) {
		size_t bytes = strlen(where[i]);
		if (bytes && strncmp(text, where[i], bytes) == 0 && text[bytes] == ':' && text[bytes + 1] == ' ')
			text += bytes + 2;
	}
	return text;
}

struct lane *
show_lane(struct show *show, const char *host)
{
	for (size_t i = 0; i < show->lane_count; i++)
		if (strcmp(show->lanes[i].host, host) == 0)
			return &show->lanes[i];
	return NULL;
}

/* https://no-color.org: set to anything but nothing */
static bool
wants_color(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return !(no && *no) && isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0;
}

bool
show_begin(struct show *show, const struct args *args, const kb_cluster *cluster)
{
	const char *term = getenv("TERM");
	bool is_terminal = isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0;

	*show = (struct show){.args = args, .lane_count = kb_cluster_host_count(cluster)};
	show->ops = args->is_json ? &show_json : is_terminal && !args->is_plain ? &show_tty : &show_plain;
	show->has_color = wants_color();
	show->has_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	show->lanes = calloc(show->lane_count + 1, sizeof(*show->lanes));
	if (!show->lanes)
		return false;
	for (size_t i = 0; i < show->lane_count; i++) {
		int width = (int)strlen(show->lanes[i].host = kb_cluster_host_name(cluster, i));
		show->name_width = width > show->name_width ? width : show->name_width;
	}
	return true;
}

static void
replace(char **text, const char *with)
{
	free(*text);
	*text = with && *with ? strdup(with) : NULL;
}

static void
count_done(struct tally *tally, const kb_event *event)
{
	tally->done++;
	if (kb_event_is_skipped(event))
		tally->skipped++;
	else if (kb_event_status(event) == KB_ECANCELED)
		tally->cancelled++;
	else if (kb_event_status(event) != KB_OK)
		tally->failed++;
	else if (kb_event_is_changed(event))
		tally->changed++;
	else
		tally->present++;
}

static void
note_done(struct show *show, struct lane *lane, const kb_event *event)
{
	count_done(&show->tally, event);
	if (lane) {
		replace(&lane->step, NULL);
		replace(&lane->said, NULL);
		replace(&lane->begun, NULL);
	}
	if (!show->error && kb_event_status(event) != KB_OK && kb_event_status(event) != KB_ECANCELED && !kb_event_is_skipped(event))
		show->error = kb_event_error(event);
}

/* Output comes in pieces that end anywhere; what is shown is lines. */
static void
take_line(struct show *show, struct lane *lane, const char *text, size_t bytes)
{
	size_t begun = lane->begun ? strlen(lane->begun) : 0;
	char *line = malloc(begun + bytes + 1);

	if (!line)
		return;
	memcpy(line, begun ? lane->begun : "", begun);
	memcpy(line + begun, text, bytes);
	line[begun + bytes] = '\0';
	replace(&lane->begun, NULL);
	if (text[bytes] != '\n') {
		lane->begun = line;
		return;
	}
	replace(&lane->said, line);
	free(line);
	if (show->ops->output && lane->said)
		show->ops->output(show, lane);
}

static void
take_output(struct show *show, struct lane *lane, const char *text)
{
	while (*text) {
		size_t bytes = strcspn(text, "\n");
		take_line(show, lane, text, bytes);
		text += bytes + (text[bytes] == '\n');
	}
}

static bool
is_noted_again(struct lane *lane, const kb_event *event)
{
	const char *text = kb_event_text(event);

	if (!lane || (lane->noted && strcmp(lane->noted, text) == 0))
		return lane;
	replace(&lane->noted, text);
	return false;
}

static void
note_started(struct lane *lane, const kb_event *event)
{
	replace(&lane->step, kb_event_step(event));
	replace(&lane->said, NULL);
	lane->since_ms = show_now_ms();
}

void
show_event(struct show *show, const kb_event *event)
{
	struct lane *lane = show_lane(show, kb_event_host(event));
	int kind = kb_event_kind(event);

	if (kind == KB_EVENT_PLAN_STARTED)
		show->tally.total = kb_event_total(event);
	else if (kind == KB_EVENT_STEP_DONE)
		note_done(show, lane, event);
	else if (kind == KB_EVENT_NOTE && !show->args->is_json && is_noted_again(lane, event))
		return;
	else if (kind == KB_EVENT_NOTE && kb_event_severity(event) >= KB_WARNING)
		show->tally.warnings++;
	else if (kind == KB_EVENT_STEP_STARTED && lane)
		note_started(lane, event);
	else if (kind == KB_EVENT_STEP_OUTPUT && lane)
		take_output(show, lane, kb_event_text(event));
	else if ((kind == KB_EVENT_HOST_LOST || kind == KB_EVENT_HOST_CONNECTED) && lane)
		lane->is_lost = kind == KB_EVENT_HOST_LOST;
	show->ops->event(show, event);
}

void
show_free(struct show *show)
{
	for (size_t i = 0; i < show->lane_count && show->lanes; i++) {
		free(show->lanes[i].step);
		free(show->lanes[i].said);
		free(show->lanes[i].begun);
		free(show->lanes[i].noted);
	}
	free(show->lanes);
	kb_err_free(show->error);
}
