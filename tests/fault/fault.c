/* SPDX-License-Identifier: Apache-2.0 */
/* fault GROUP: plays the scenarios of a group, with each call of libkb failed once, and from then on.
 * fault NAME once|on NUMBER: one of them in this process, for a debugger; KB_FAULT_SHOW=1 tells where the call comes from. */
#include "fault.h"

#include <dirent.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define AT_ONCE 12
#define PATIENCE_S 60
#define SETTLE_MS 3000
#define TELL_MAX (getenv("KB_FAULT_SHOW") ? 10000 : 12)

/* What a player tells its parent. */
struct told {
	long number;
	bool goes_on;
	pid_t pid;
	time_t since;
	bool has_struck;
	bool is_right;
	long count;
	int status;
	char name[64];
	char text[512];
};

static struct told *me;
static int failures;

void
fault_begin(void)
{
	fault_arm(me->number, me->goes_on);
}

bool
fault_goes_on(void)
{
	return me->goes_on;
}

bool
fault_has_struck(void)
{
	return fault_name() != NULL;
}

void
fault_wrong(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(me->text, sizeof(me->text), format, args);
	va_end(args);
	me->has_struck = fault_has_struck();
	if (me->has_struck)
		snprintf(me->name, sizeof(me->name), "%s", fault_name());
	if (getenv("KB_FAULT_SHOW"))
		fprintf(stderr, "wrong: %s\n", me->text);
	_exit(1);
}

int
fault_code(kb_ctx *kb)
{
	kb_err *err = kb_error(kb);
	kb_status code = kb_err_code(err);

	if (!err && !fault_goes_on())
		fault_wrong("it failed, and there is no error");
	kb_err_free(err);
	return err ? code : NO_HANDLE;
}

/* -- one player */

static int
count_entries(const char *path)
{
	DIR *folder = opendir(path);
	int count = 0;

	while (folder && readdir(folder))
		count++;
	if (folder)
		closedir(folder);
	return count;
}

static bool
has_children(void)
{
	return waitpid(-1, NULL, WNOHANG) >= 0;
}

/* Threads end and children are taken a moment after the context is gone. */
static void
settle(int fds)
{
	for (int waited_ms = 0; waited_ms < SETTLE_MS; waited_ms += 5) {
		bool is_alone = count_entries("/proc/self/task") == 3;
		if (is_alone && !has_children() && !fault_held() && count_entries("/proc/self/fd") == fds)
			return;
		usleep(5000);
	}
	if (count_entries("/proc/self/task") != 3)
		fault_wrong("a thread is still there");
	if (has_children())
		fault_wrong("a child is still there");
	fault_tell_held();
	if (fault_held())
		fault_wrong("%ld things are still held", fault_held());
	fault_wrong("%d descriptors were open before, and %d are now", fds - 3, count_entries("/proc/self/fd") - 3);
}

static void
play(const struct scenario *scenario)
{
	int fds = count_entries("/proc/self/fd");

	me->status = scenario->play(scenario);
	me->count = fault_count();
	me->has_struck = fault_has_struck();
	if (me->has_struck)
		snprintf(me->name, sizeof(me->name), "%s", fault_name());
	fault_disarm();
	settle(fds);
	if (!me->has_struck && me->status != KB_OK)
		fault_wrong("nothing failed, and it ended with %s", kb_err_name(me->status));
	if (me->status < 0 && !(CAN(me->status) & fault_codes()))
		fault_wrong("it ended with %s", kb_err_name(me->status));
	me->is_right = true;
}

static void
start(const struct scenario *scenario, struct told *told, long number, bool goes_on)
{
	*told = (struct told){.number = number, .goes_on = goes_on, .since = time(NULL)};
	fflush(NULL);
	pid_t pid = fork();
	if (pid) {		/* told is shared: the player must not write its 0 there */
		told->pid = pid;
		return;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	me = told;
	play(scenario);
	_exit(0);
}

/* -- all of them */

static void
tell(const struct scenario *scenario, const struct told *told)
{
	if (++failures <= TELL_MAX)
		printf("%s: call %ld %s (%s): %s\n", scenario->name, told->number, told->goes_on ? "and all behind it" : "once",
		       *told->name ? told->name : "?", told->text);
}

static void
judge(const struct scenario *scenario, struct told *told, int status)
{
	if (told->is_right && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return;
	if (!*told->text && WIFSIGNALED(status))
		snprintf(told->text, sizeof(told->text), "signal %d%s", WTERMSIG(status), WTERMSIG(status) == SIGKILL ? " (or it hung)" : "");
	else if (!*told->text)
		snprintf(told->text, sizeof(told->text), "exit status %d", WEXITSTATUS(status));
	tell(scenario, told);
}

/* Waits for one of them to end; returns which. */
static int
take(const struct scenario *scenario, struct told *all, int at_once)
{
	for (;;) {
		for (int i = 0; i < at_once; i++) {
			int status;
			if (!all[i].pid)
				continue;
			if (waitpid(all[i].pid, &status, WNOHANG) == all[i].pid) {
				all[i].pid = 0;
				judge(scenario, &all[i], status);
				return i;
			}
			if (time(NULL) - all[i].since > PATIENCE_S)
				kill(all[i].pid, SIGKILL);
		}
		usleep(500);
	}
}

/* The first play, with no failure, says how many calls there are; later ones may make some more. */
static long
count_calls(const struct scenario *scenario, struct told *told)
{
	int before = failures;

	start(scenario, told, 0, false);
	take(scenario, told, 1);
	if (failures == before && (told->count < 1 || told->count > FAULT_CALLS_MAX)) {
		snprintf(told->text, sizeof(told->text), "%ld calls", told->count);
		tell(scenario, told);
	}
	return failures == before ? told->count : 0;
}

static void
play_all(const struct scenario *scenario, struct told *all, bool goes_on, long calls)
{
	int at_once = scenario->at_once ? scenario->at_once : AT_ONCE, running = 0;
	bool is_over = false;

	for (long number = 1; !is_over || running;) {
		for (int i = 0; i < at_once && !is_over; i++) {
			if (all[i].pid)
				continue;
			start(scenario, &all[i], number++, goes_on);
			running++;
		}
		const struct told *ended = &all[take(scenario, all, at_once)];
		running--;
		is_over = is_over || (ended->number > calls && !ended->has_struck);
	}
}

static void
play_scenario(const struct scenario *scenario, struct told *all)
{
	struct timespec from, to;

	clock_gettime(CLOCK_MONOTONIC, &from);
	if (scenario->begin)
		scenario->begin();
	long calls = count_calls(scenario, all);
	for (int goes_on = 0; calls && goes_on <= 1; goes_on++)
		play_all(scenario, all, goes_on, calls);
	if (scenario->end)
		scenario->end();
	clock_gettime(CLOCK_MONOTONIC, &to);
	printf("%s: %ld calls, each failed once and from then on, in %.1f s\n", scenario->name, calls,
	       (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9);
}

static bool
is_of(const struct scenario *scenario, const char *group)
{
	size_t length = strlen(group);

	return strncmp(scenario->name, group, length) == 0 && (!scenario->name[length] || scenario->name[length] == '.');
}

int
main(int argc, char **argv)
{
	struct told *all = mmap(NULL, AT_ONCE * sizeof(*all), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int played = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (all == MAP_FAILED || (argc != 2 && argc != 4))
		return 2;
	for (const struct scenario *const *group = fault_groups; *group; group++) {
		for (const struct scenario *s = *group; s->name; s++) {
			if (!is_of(s, argv[1]))
				continue;
			played++;
			if (argc == 2) {
				play_scenario(s, all);
				continue;
			}
			if (s->begin)
				s->begin();
			me = all;
			*me = (struct told){.number = atol(argv[3]), .goes_on = strcmp(argv[2], "on") == 0};
			play(s);
			printf("%s: %ld calls, %s\n", s->name, me->count, me->status == NO_HANDLE ? "NULL" : kb_err_name(me->status));
			if (s->end)
				s->end();
		}
	}
	if (failures)
		printf("%d plays went wrong\n", failures);
	return failures || !played;
}
