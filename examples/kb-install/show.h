/* SPDX-License-Identifier: Apache-2.0 */
/* How what happens is shown: three ways, one table of functions. */
#ifndef KB_INSTALL_SHOW_H
#define KB_INSTALL_SHOW_H

#include <stdio.h>

#include <libkb.h>

#include "args.h"

struct lane {			/* a host, and what runs there now */
	const char *host;	/* borrowed from the cluster */
	char *step;		/* NULL: nothing */
	char *said;		/* its last line of output */
	char *begun;		/* output that has no end of line yet */
	char *noted;		/* the last note, since a step is judged again after its apply and notes the same again */
	int64_t since_ms;
	bool is_lost;		/* the connection */
};

struct tally {
	size_t present, changed, failed, cancelled, skipped, warnings;
	int64_t total, done;	/* tasks of the run */
};

struct show;

struct show_ops {
	void (*event)(struct show *show, const kb_event *event);	/* after lanes and tally know of it */
	void (*output)(struct show *show, const struct lane *lane);	/* a running step printed a line; may be NULL */
	void (*tick)(struct show *show);				/* some time passed; may be NULL */
	void (*end)(struct show *show);					/* before the last words; may be NULL */
};

struct show {
	const struct show_ops *ops;
	const struct args *args;
	struct lane *lanes;
	size_t lane_count;
	struct tally tally;
	int name_width;		/* of the longest host's name */
	bool has_color;
	bool has_utf8;
	int drawn;		/* lines of the live part that stand on the terminal */
	int64_t drawn_ms;
	kb_err *error;		/* the first step's that failed */
};

extern const struct show_ops show_plain, show_tty, show_json;

bool show_begin(struct show *show, const struct args *args, const kb_cluster *cluster);	/* false: no memory */
void show_event(struct show *show, const kb_event *event);
void show_free(struct show *show);

/* Parts that plain and tty share. */
enum color { COLOR_NONE, COLOR_DIM, COLOR_GREEN, COLOR_YELLOW, COLOR_RED, COLOR_BOLD };
const char *show_color(const struct show *show, enum color color);	/* "" without colours */
void show_step_done(const struct show *show, const kb_event *event);	/* one line, and the diff in a dry run */
void show_output(const struct show *show, const struct lane *lane);	/* the line that just ended */
void show_note(const struct show *show, const kb_event *event);
void show_host(const struct show *show, const kb_event *event);
void show_time(char *text, size_t room, int64_t ms);			/* "0.4 s", "1:05" */
const char *show_text(const char *text, const char *host, const char *step);	/* without "HOST: STEP: ", which stand beside it */
int64_t show_now_ms(void);
struct lane *show_lane(struct show *show, const char *host);

#endif
