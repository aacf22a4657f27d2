/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of recorded hosts share: recordings written by hand, plans of scripts, and a run's events as text. */
#ifndef REPLAY_H
#define REPLAY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <libkb.h>

#include "base/buf.h"

struct fixture {
	kb_ctx *kb;
	char folder[64];
	char file[128];			/* a recording in it */
	struct kbi_buf events;		/* of the last run, one JSON a line, times left out */
};

static inline int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	memcpy(f->folder, "/tmp/kb-replay-XXXXXX", 22);
	if (!mkdtemp(f->folder))
		return -1;
	snprintf(f->file, sizeof(f->file), "%s/host.rec", f->folder);
	f->kb = kb_new();
	f->events = KBI_BUF((size_t)64 << 20);
	*state = f;
	return 0;
}

static inline int
tear_down(void **state)
{
	struct fixture *f = *state;
	char command[128];
	kb_free(f->kb);
	kbi_buf_free(&f->events);
	snprintf(command, sizeof(command), "rm -rf -- %s", f->folder);
	int status = getenv("KEEP") ? 0 : system(command);
	free(f);
	return status;
}

static inline void
write_recording(struct fixture *f, const char *text)
{
	FILE *file = fopen(f->file, "w");
	assert_non_null(file);
	fputs("libkb-recording 1\n", file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static inline struct kbi_buf
read_whole(const char *path)
{
	struct kbi_buf text = KBI_BUF((size_t)64 << 20);
	char part[4096];
	size_t count;
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	while ((count = fread(part, 1, sizeof(part), file)))
		kbi_buf_add_bytes(&text, part, count);
	fclose(file);
	return text;
}

static inline kb_host *
new_host(struct fixture *f, const char *name, const char *path)
{
	struct kbi_buf uri = KBI_BUF(KBI_SIZE_TEXT);
	kbi_buf_add_format(&uri, "replay:%s", path);
	kb_host *host = kb_host_new(f->kb, name, kbi_buf_text(&uri));
	kbi_buf_free(&uri);
	if (!host) {
		kb_err *err = kb_error(f->kb);
		fail_msg("%s", kb_err_cause(err));
	}
	return host;
}

/* Without what no two runs have in common. */
static inline void
add_event(struct kbi_buf *out, const char *json)
{
	static const char *const times[] = {"\"time_ms\":", "\"duration_ms\":", "\"time\":", "\"duration\":"};
	while (*json) {
		size_t skipped = 0;
		for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++)
			if (strncmp(json, times[i], strlen(times[i])) == 0)
				skipped = strlen(times[i]) + strcspn(json + strlen(times[i]), ",}");
		json += skipped;
		if (*json)
			kbi_buf_add_char(out, *json++);
	}
	kbi_buf_add_char(out, '\n');
}

/* Runs to the end; f->events has what happened. */
static inline kb_status
play(struct fixture *f, kb_plan *plan, int mode)
{
	kb_status status = KB_EPROTOCOL;
	kbi_buf_truncate(&f->events, 0);
	int64_t run = kb_plan_start(plan, mode, 120000);
	if (run < 0)
		return (kb_status)run;
	while (kb_plan_is_running(plan) == 1) {
		kb_event *event;
		while ((event = kb_plan_next_event(plan))) {
			kb_bytes *json = kb_event_json(event);
			add_event(&f->events, kb_bytes_data(json));
			kb_bytes_free(json);
			if (kb_event_kind(event) == KB_EVENT_PLAN_DONE)
				status = kb_event_status(event);
			kb_event_free(event);
		}
		if (kb_plan_is_running(plan) == 1)
			assert_true(kb_wait(f->kb, 60000) >= 0);
	}
	return status;
}

static inline kb_task *
add_script(struct fixture *f, kb_plan *plan, kb_host *host, const char *name, const char *probe, const char *apply)
{
	kb_step *step = kb_step_script(f->kb, name, probe, apply);
	kb_task *task = kb_plan_add(plan, host, step);
	assert_non_null(task);
	kb_step_free(step);
	return task;
}

#define assert_told(f, words)                                                                              \
	do {                                                                                                \
		if (!strstr(kbi_buf_text(&(f)->events), words))                                             \
			fail_msg("not told: %s\nbut:\n%s", words, kbi_buf_text(&(f)->events));               \
	} while (0)

#endif
