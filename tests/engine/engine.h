/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine's tests share: a context with one host, this machine, and steps made of scripts. */
#ifndef ENGINE_H
#define ENGINE_H

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cmocka.h>

#include <libkb.h>

struct fixture {
	kb_ctx *kb;
	kb_host *here;
	char folder[64];		/* a place to write, gone afterwards */
};

/* This process and its children see a host of their own: the places of the library's lock and journals are not the machine's, on which somebody
 * else may be at work. Only root can do that. */
static inline void
be_a_host_of_its_own(void)
{
	static const char *const places[] = { "/run", "/root", "/var/lib" };
	static bool is_done;
	if (is_done || geteuid() != 0 || unshare(CLONE_NEWNS) != 0)
		return;
	is_done = mount("none", "/", "", MS_REC | MS_PRIVATE, NULL) == 0;
	for (size_t i = 0; is_done && i < sizeof(places) / sizeof(places[0]); i++)
		mount("tmpfs", places[i], "tmpfs", 0, NULL);
}

static inline int
set_up(void **state)
{
	be_a_host_of_its_own();
	struct fixture *f = calloc(1, sizeof(*f));
	memcpy(f->folder, "/tmp/kb-engine-XXXXXX", 22);
	if (!mkdtemp(f->folder))
		return -1;
	f->kb = kb_new();
	f->here = kb_host_new(f->kb, "here", "local:");
	if (!f->here || kb_host_set(f->here, "become", "none"))
		return -1;
	*state = f;
	return 0;
}

static inline int
tear_down(void **state)
{
	struct fixture *f = *state;
	char command[128];
	kb_host_free(f->here);
	kb_free(f->kb);
	snprintf(command, sizeof(command), "rm -rf -- %s", f->folder);
	int status = system(command);
	free(f);
	return status;
}

/* A step: the file NAME in the test's folder holds TEXT */
static inline kb_step *
file_step(struct fixture *f, const char *name, const char *text)
{
	kb_step *step = kb_step_script(f->kb, "test.file", "[ \"$(cat \"$file\" 2>/dev/null)\" = \"$text\" ]",
				       "echo applied >>\"$file.log\"; printf '%s\\n' \"$text\" >\"$file\"");
	char path[128];
	snprintf(path, sizeof(path), "%s/%s", f->folder, name);
	assert_non_null(step);
	assert_int_equal(kb_step_set(step, "file", path), KB_OK);
	assert_int_equal(kb_step_set(step, "text", text), KB_OK);
	return step;
}

static inline char *
read_file(struct fixture *f, const char *name)	/* "" when it is not there */
{
	static char text[4096];
	char path[128];
	snprintf(path, sizeof(path), "%s/%s", f->folder, name);
	FILE *file = fopen(path, "r");
	size_t n = file ? fread(text, 1, sizeof(text) - 1, file) : 0;
	text[n] = '\0';
	if (file)
		fclose(file);
	return text;
}

/* Runs a plan to its end; each event goes to `see`, then is freed. Returns the status of the last one. */
static inline kb_status
run_plan(kb_ctx *kb, kb_plan *plan, int mode, int64_t timeout_ms, void (*see)(kb_event *event, void *data), void *data)
{
	kb_status status = KB_EPROTOCOL;
	int ends = 0;
	int64_t run = kb_plan_start(plan, mode, timeout_ms);
	if (run < 0)
		return (kb_status)run;
	while (kb_plan_is_running(plan) == 1) {
		kb_event *event;
		while ((event = kb_plan_next_event(plan))) {
			assert_int_equal(ends, 0);	/* nothing comes after the last event */
			assert_true(kb_event_run(event) == run);
			if (kb_event_kind(event) == KB_EVENT_PLAN_DONE) {
				status = kb_event_status(event);
				ends++;
			}
			if (see)
				see(event, data);
			kb_event_free(event);
		}
		if (kb_plan_is_running(plan) == 1)
			assert_true(kb_wait(kb, 20000) >= 0);
	}
	assert_int_equal(ends, 1);
	return status;
}

#endif
