/* SPDX-License-Identifier: Apache-2.0 */
/* On a terminal: what is finished scrolls by, and below it stands a line for each host that is at work, drawn again at most ten times a
 * second. A frame is one write, with the terminal's wrapping off, so that a line is cut and never makes two. */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "show.h"

#define FRAME_MS 100
#define ROWS_DEFAULT 24
#define COLUMNS_DEFAULT 80

static struct winsize
terminal_size(void)
{
	struct winsize size = {0};

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_col || !size.ws_row)
		size = (struct winsize){.ws_row = ROWS_DEFAULT, .ws_col = COLUMNS_DEFAULT};
	return size;
}

/* How many bytes of the text fit into so many columns. Characters count one each: output of hosts is escaped, and a wide one is cut by the
 * terminal. */
static int
cut(const char *text, int columns)
{
	int bytes = 0;

	while (text[bytes] && columns > 0) {
		bytes++;
		while (((unsigned char)text[bytes] & 0xc0) == 0x80)
			bytes++;
		columns--;
	}
	return bytes;
}

static const char *
spinner(const struct show *show, int64_t now_ms)
{
	static const char *const braille[] = {"\u280b", "\u2819", "\u2839", "\u2838", "\u283c", "\u2834", "\u2826", "\u2827", "\u2807", "\u280f"};
	static const char *const ascii[] = {"|", "/", "-", "\\"};

	return show->has_utf8 ? braille[now_ms / FRAME_MS % 10] : ascii[now_ms / FRAME_MS % 4];
}

static void
draw_lane(const struct show *show, const struct lane *lane, int columns, int64_t now_ms)
{
	char took[32];
	const char *said = lane->is_lost ? "the connection is lost" : lane->said ? lane->said : "";

	show_time(took, sizeof(took), now_ms - lane->since_ms);
	int used = 2 + show->name_width + 2 + 20 + 2 + 7 + 2;
	printf("%s%s%s %-*s  %-20s  %7s  %s%.*s%s\n", show_color(show, COLOR_BOLD), spinner(show, now_ms), show_color(show, COLOR_NONE),
		show->name_width, lane->host, lane->step, took, show_color(show, COLOR_DIM), cut(said, columns - used - 1), said,
		show_color(show, COLOR_NONE));
}

static void
erase(struct show *show)
{
	if (show->drawn)
		printf("\033[%dA\r\033[J", show->drawn);
	show->drawn = 0;
}

static void
draw(struct show *show)
{
	struct winsize size = terminal_size();
	int64_t now_ms = show_now_ms();
	size_t busy = 0, hidden = 0;

	fputs("\033[?7l", stdout);
	for (size_t i = 0; i < show->lane_count; i++) {
		if (!show->lanes[i].step)
			continue;
		if (++busy > (size_t)(size.ws_row > 4 ? size.ws_row - 4 : 1)) {
			hidden++;
			continue;
		}
		draw_lane(show, &show->lanes[i], size.ws_col, now_ms);
		show->drawn++;
	}
	if (hidden && ++show->drawn)
		printf("  and %zu more hosts\n", hidden);
	printf("%s%lld of %lld%s\n\033[?7h", show_color(show, COLOR_DIM), (long long)show->tally.done, (long long)show->tally.total,
		show_color(show, COLOR_NONE));
	show->drawn++;
	show->drawn_ms = now_ms;
	fflush(stdout);
}

static void
tick(struct show *show)
{
	if (show_now_ms() - show->drawn_ms < FRAME_MS)
		return;
	erase(show);
	draw(show);
}

static void
end(struct show *show)
{
	erase(show);
	fflush(stdout);
}

/* What is printed for good goes where the live part stood, which comes back with the next frame. */
static void
event(struct show *show, const kb_event *event)
{
	int kind = kb_event_kind(event);

	if (kind == KB_EVENT_STEP_OUTPUT || kind == KB_EVENT_STEP_STARTED || kind == KB_EVENT_PLAN_STARTED)
		return;
	erase(show);
	if (kind == KB_EVENT_STEP_DONE)
		show_step_done(show, event);
	else if (kind == KB_EVENT_NOTE)
		show_note(show, event);
	else if (kind == KB_EVENT_HOST_LOST || kind == KB_EVENT_HOST_CONNECTED)
		show_host(show, event);
	show->drawn_ms = 0;
}

static void
output(struct show *show, const struct lane *lane)
{
	if (!show->args->is_verbose)
		return;
	erase(show);
	show_output(show, lane);
	show->drawn_ms = 0;
}

const struct show_ops show_tty = {.event = event, .output = output, .tick = tick, .end = end};
