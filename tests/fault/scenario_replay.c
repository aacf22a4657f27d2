/* SPDX-License-Identifier: Apache-2.0 */
/* A recorded host that is played, the log of such a run at its highest level, what a recorder writes, and this machine while it is recorded.
 * A recording that does not say that it is not whole, and a log that does not say that it lost something, are wrong; a secret in either is,
 * whatever failed. */
#include "fault.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libkb.h>

#include "base/buf.h"
#include "base/ctx.h"
#include "base/map.h"
#include "base/secrets.h"
#include "followed.h"
#include "place.h"
#include "recorder.h"
#include "session.h"

#define TIMEOUT_MS 8000
#define MARKER "kb-canary-4417"
#define TEXT_MAX ((size_t)1 << 16)

static const char recording[] =
	"libkb-recording 1\nhost h\n\nlogin\nerr\n|Welcome\nuser 0\n\nlock take\nexit 0\n"
	"probe test.file\narg file=/x\nsecret password\nms 1\nfact kb.status=1\nfact probe.ended=yes\nexit 0\n"
	"probe test.told\nfact output.told=yes\nfact kb.status=0\nfact probe.ended=yes\nexit 0\n"
	"apply test.file\narg file=/x\nsecret password\nlog\n:made " MARKER "\nexit 0\n"
	"probe test.file\narg file=/x\nsecret password\nfact kb.status=0\nfact probe.ended=yes\nexit 0\n"
	"probe test.told\nfact output.told=yes\nfact kb.status=0\nfact probe.ended=yes\nexit 0\n";

static void
file_of(const char *name, char *out, size_t room)
{
	snprintf(out, room, "%s/%s", place_folder, name);
}

static void
begin(void)
{
	char path[128];

	place_make_folder();
	file_of("host.rec", path, sizeof(path));
	FILE *file = fopen(path, "w");
	if (!file || fputs(recording, file) < 0 || fclose(file))
		exit(2);
}

/* -- played */

struct made {
	kb_ctx *kb;
	char uri[160];
	const char *record;		/* where to; NULL: nowhere */
	const char *probes[2], *apply, *file;
	kb_host *host;
	kb_plan *plan;
	kb_task *first, *second;
	int warnings;			/* of the last run */
};

static struct made
played(const char *name)
{
	struct made made = {.uri = "replay:", .probes = {"false", "false"}, .apply = "true", .file = "/x"};

	file_of(name, made.uri + 7, sizeof(made.uri) - 7);
	return made;
}

static kb_task *
add(struct made *made, const char *name, const char *probe, const char *apply)
{
	kb_step *step = kb_step_script(made->kb, name, probe, apply);
	bool is_set = step && (!apply || (!kb_step_set(step, "file", made->file) && !kb_step_set_secret(step, "password", MARKER, strlen(MARKER))));
	kb_task *task = is_set ? kb_plan_add(made->plan, made->host, step) : NULL;

	kb_step_free(step);
	return task;
}

static bool
make_plan(struct made *made)
{
	made->host = kb_host_new(made->kb, "h", made->uri);
	if (made->host && made->record && (kb_host_set(made->host, "become", "none") || kb_host_set(made->host, "record", made->record)))
		return false;
	made->plan = made->host ? kb_plan_new(made->kb) : NULL;
	made->first = made->plan ? add(made, "test.file", made->probes[0], made->apply) : NULL;
	made->second = made->first ? add(made, "test.told", made->probes[1], NULL) : NULL;
	return made->second;
}

static void
let_go_of_plan(struct made *made)
{
	kb_plan_free(made->plan);
	kb_host_free(made->host);
	made->plan = NULL;
	made->host = NULL;
}

static void
check_no_secret(const char *what, const char *text)
{
	if (text && strstr(text, MARKER))
		fault_wrong("%s tells a secret: %.200s", what, text);
}

struct heard {
	int status, ends, applied, changed, warnings;
};

static void
hear(void *owner, kb_event *event)
{
	struct heard *heard = owner;
	int kind = kb_event_kind(event);

	check_no_secret("an event", kb_event_text(event));
	check_no_secret("an event's log", kb_event_log(event));
	heard->applied += kind == KB_EVENT_STEP_OUTPUT && strncmp(kb_event_text(event), "made ***", strlen("made ***")) == 0;
	heard->changed += kind == KB_EVENT_STEP_DONE && kb_event_is_changed(event) == 1;
	heard->warnings += kind == KB_EVENT_NOTE && kb_event_severity(event) != KB_INFO;	/* that a run waited for the shell of the one before is none */
	if (kind == KB_EVENT_PLAN_DONE) {
		heard->ends++;
		heard->status = kb_event_status(event);
	}
	kb_event_free(event);
}

static int
run_plan(struct made *made)
{
	struct heard heard = {0};

	if (!make_plan(made) || kb_plan_start(made->plan, KB_APPLY, TIMEOUT_MS) <= 0)
		return fault_code(made->kb);
	int failed = follow_plan(made->kb, made->plan, hear, &heard);
	made->warnings = heard.warnings;
	if (failed)
		return failed;
	if (heard.ends != 1)
		fault_wrong("the run has ended, and %d events said so", heard.ends);
	if (heard.status)
		return heard.status;
	kb_bytes *told = kb_task_output(made->second, "told");
	if (heard.changed != 1 || heard.applied != 1 || (heard.warnings && !made->record))
		fault_wrong("KB_OK, and %d changes, %d applies, %d warnings were told", heard.changed, heard.applied, heard.warnings);
	if (told && strcmp(kb_bytes_data(told), "yes") != 0)
		fault_wrong("KB_OK, and the answer is \"%s\"", (const char *)kb_bytes_data(told));
	int status = told ? KB_OK : KB_ENOMEM;		/* what the caller would say */
	kb_bytes_free(told);
	return status;
}

static int
play_run(const struct scenario *scenario)
{
	struct made made = played("host.rec");

	(void)scenario;
	fault_begin();
	made.kb = kb_new();
	int status = made.kb ? run_plan(&made) : NO_HANDLE;
	let_go_of_plan(&made);
	if (status && made.kb && !fault_goes_on()) {	/* by a host that begins at the beginning */
		int second = run_plan(&made);
		if (second)
			fault_wrong("the second time it ended with %s", kb_err_name(second));
		let_go_of_plan(&made);
	}
	kb_free(made.kb);
	return status;
}

/* -- the log */

struct lines {
	char at[TEXT_MAX];
	size_t used, count;
};

/* Each entry on one line, its numbers and line ends made alike. */
static void
add_entry(struct lines *lines, const kb_log_entry *entry)
{
	char line[8192];

	check_no_secret("the log", kb_log_entry_text(entry));
	snprintf(line, sizeof(line), "%s %s %s", kb_log_level_name(kb_log_entry_level(entry)), kb_log_entry_host(entry), kb_log_entry_text(entry));
	for (const char *c = line; *c && lines->used + 2 < TEXT_MAX; c++) {
		bool is_number = isxdigit((unsigned char)*c) && (isdigit((unsigned char)*c) || (c > line && lines->at[lines->used - 1] == '#'));
		if (is_number && lines->at[lines->used - 1] == '#')
			continue;
		lines->at[lines->used++] = is_number ? '#' : *c == '\n' ? '|' : *c;
	}
	lines->at[lines->used++] = '\n';
	lines->at[lines->used] = '\0';
	lines->count++;
}

static void
take_log(kb_ctx *kb, struct lines *lines)
{
	kb_log_entry *entry;

	*lines = (struct lines){.used = 0};
	while ((entry = kb_log_next(kb))) {
		add_entry(lines, entry);
		kb_log_entry_free(entry);
	}
}

static const char *
find_line(const char *at, const char *line, size_t length)
{
	while (*at && (strcspn(at, "\n") + 1 != length || strncmp(at, line, length) != 0))
		at += strcspn(at, "\n") + 1;
	return *at ? at : NULL;
}

/* What is there is whole. What is asked together may be asked one by one when there was no memory. */
static void
check_whole(const struct lines *right, const struct lines *now)
{
	for (const char *line = now->at; *line; line += strcspn(line, "\n") + 1) {
		size_t length = strcspn(line, "\n") + 1;
		if (!find_line(right->at, line, length) && !memmem(line, length, "KB_ENOMEM", strlen("KB_ENOMEM")))
			fault_wrong("the log has \"%.*s\", which was not there", (int)length - 1, line);
	}
}

/* And it is in its order, and what is not there is counted. */
static void
check_ring(const struct lines *right, const struct lines *now, int64_t dropped)
{
	const char *at = right->at;

	for (const char *line = now->at; *line; line += strcspn(line, "\n") + 1) {
		size_t length = strcspn(line, "\n") + 1;
		if (!(at = find_line(at, line, length)))
			fault_wrong("the log has \"%.*s\", which was not there", (int)length - 1, line);
		at += length;
	}
	if (now->count + (size_t)dropped != right->count)
		fault_wrong("the log has %zu entries, %lld were dropped, and there were %zu", now->count, (long long)dropped, right->count);
}

static int
play_log(const struct scenario *scenario)
{
	static struct lines right, now;
	struct made made = played("host.rec"), again = made;

	(void)scenario;
	made.kb = kb_new();
	again.kb = kb_new();
	if (kb_log_set_level(again.kb, KB_LOG_TRACE) || run_plan(&again) || kb_log_set_level(made.kb, KB_LOG_TRACE))
		fault_wrong("it works not even when nothing fails");
	take_log(again.kb, &right);
	let_go_of_plan(&again);
	kb_free(again.kb);
	fault_begin();
	int status = run_plan(&made);
	take_log(made.kb, &now);
	if (status == KB_OK)
		check_whole(&right, &now);
	let_go_of_plan(&made);
	kb_free(made.kb);
	return status;
}

/* Lines, a text that is masked, one that is cut, and a ring that is full. */
static void
tell_log(kb_ctx *kb)
{
	static char large[20000];

	memset(large, 'x', sizeof(large));
	kbi_log_add(&kb->log, KB_LOG_INFO, "h", "it is said that %s is %s", MARKER, "no\nsecret");
	kbi_log_add_text(&kb->log, "h", "script", MARKER " is one\n", strlen(MARKER) + 8);
	kbi_log_add_text(&kb->log, "h", "large", large, sizeof(large));
	for (int i = 0; i < 6; i++)
		kbi_log_add(&kb->log, KB_LOG_DEBUG, NULL, "line %c %.800s", 'a' + i, large);
}

static int
play_ring(const struct scenario *scenario)
{
	static struct lines right, now;
	kb_ctx *all[] = {kb_new(), kb_new()};

	(void)scenario;
	for (int i = 0; i < 2; i++)
		if (kb_log_set_level(all[i], KB_LOG_TRACE) || (i && kb_log_set_size(all[i], 21000)) || kbi_secrets_add(all[i]->secrets, MARKER, strlen(MARKER)))
			fault_wrong("it works not even when nothing fails");
	tell_log(all[0]);
	take_log(all[0], &right);
	fault_begin();
	tell_log(all[1]);
	take_log(all[1], &now);
	check_ring(&right, &now, kb_log_dropped(all[1]));
	if (!fault_has_struck() && kb_log_dropped(all[1]) < 1)
		fault_wrong("the ring was not full");
	kb_free(all[0]);
	kb_free(all[1]);
	return KB_OK;
}

/* -- recorded */

#define TELLS(recorder, number, text) kbi_recorder_output(recorder, number, text, strlen(text))

static void
answer(struct kbi_recorder *recorder, uint64_t number, const char *about, const char *facts)
{
	struct kbi_reply reply = {.status = KB_OK, .may_have_run = true, .facts = KBI_BUF(1000)};

	reply.facts.data = (char *)(uintptr_t)facts;	/* as it is borrowed */
	reply.facts.size_bytes = strlen(facts);
	kbi_recorder_answer(recorder, number, about, 7, &reply);
}

static void
lose(struct kbi_recorder *recorder, uint64_t number)
{
	static char cause[] = "h: the connection with " MARKER " was lost", id[] = "ssh.lost", host[] = "h";
	struct kb_err err = {.code = KB_EUNREACHABLE, .cause = cause, .id = id, .host = host};
	struct kbi_reply reply = {.status = KB_EUNREACHABLE, .may_have_run = true, .err = &err};

	kbi_recorder_answer(recorder, number, "apply test.cut\narg file=/x\n", 9, &reply);
}

/* Secrets in two pieces, facts of every form, a broken connection. */
static int
record(const char *path, struct kbi_secrets *secrets, const struct kbi_map *named, struct kb_err *err)
{
	char welcome[] = "Welcome\n", noise[] = "no end, " MARKER;
	struct kbi_buf out = {.data = welcome, .size_bytes = strlen(welcome)}, log = {.data = noise, .size_bytes = strlen(noise)};
	struct kbi_recorder *recorder = kbi_recorder_new(path, "h", secrets, named, err);

	if (!recorder)
		return err->code;
	kbi_recorder_login(recorder, 0, &out, &log);
	TELLS(recorder, 1, "before kb-can");
	TELLS(recorder, 2, "of another\n");
	TELLS(recorder, 1, "ary-4417 and behind\n\001\377");
	answer(recorder, 1, "probe test.file\narg file=/x\nsecret password\ntext 0123456789abcdef\n", "a=one\nname=tok-9\nb64.file=aGVsbG8Kd29ybGQK\nlist=" MARKER "\n");
	answer(recorder, 2, "apply test.file\narg file=/x\n", "");
	TELLS(recorder, 3, "half a li");
	lose(recorder, 3);
	kbi_recorder_end(recorder);
	int status = kbi_recorder_failed(recorder);
	kbi_recorder_free(recorder);
	return status;
}

static size_t
read_file(const char *path, char *text)
{
	FILE *file = fopen(path, "r");
	size_t size = file ? fread(text, 1, TEXT_MAX - 1, file) : 0;

	if (file)
		fclose(file);
	text[size] = '\0';
	return size;
}

static int
play_record(const struct scenario *scenario)
{
	static char right[TEXT_MAX], now[TEXT_MAX];
	struct kbi_secrets *secrets = kbi_secrets_new();
	struct kbi_map named = {0};
	struct kb_err err = {0};
	char name[32], path[128];

	(void)scenario;
	snprintf(name, sizeof(name), "%ld", (long)getpid());
	file_of(name, path, sizeof(path));
	if (kbi_secrets_add(secrets, MARKER, strlen(MARKER)) || kbi_map_set(&named, "token-id", "tok-9") || record(path, secrets, &named, &err)
		|| !read_file(path, right) || !strstr(right, "lost KB_EUNREACHABLE") || !strstr(right, "*** and behind"))
		fault_wrong("it works not even when nothing fails");
	fault_begin();
	int status = record(path, secrets, &named, &err);
	read_file(path, now);
	check_no_secret("a recording", now);
	if (status == KB_OK && strcmp(right, now) != 0)
		fault_wrong("KB_OK, and what was recorded is \"%.400s\"", now);
	if (status && !fault_goes_on() && (kbi_err_clear(&err), record(path, secrets, &named, &err)))
		fault_wrong("the second time it failed");
	kbi_err_clear(&err);
	kbi_map_free(&named);
	kbi_secrets_free(secrets);
	unlink(path);
	return status;
}

/* -- this machine, recorded */

/* What the run said and did not warn of is what a run says that plays it. */
static void
check_played(struct made *recorded, const char *name)
{
	struct made made = played(name);

	memcpy(made.probes, recorded->probes, sizeof(made.probes));
	made.apply = recorded->apply;
	made.file = recorded->file;
	made.kb = kb_new();
	int status = run_plan(&made);
	if (status)
		fault_wrong("it was recorded without a warning, and ends with %s when it is played", kb_err_name(status));
	let_go_of_plan(&made);
	kb_free(made.kb);
}

static int
record_run(struct made *made, const char *name, const char *path)
{
	static char text[TEXT_MAX];
	int status = run_plan(made);

	let_go_of_plan(made);
	read_file(path, text);
	check_no_secret("a recording", text);
	if (status == KB_OK && !made->warnings) {
		fault_disarm();
		check_played(made, name);
	}
	return status;
}

static int
play_recorded(const struct scenario *scenario)
{
	char name[32], path[128], file[128], other[160];
	struct made made = {.uri = "local:", .record = path, .probes = {"[ -s \"$file\" ]", "fact output.told yes"},
		.apply = "echo made \"$password\"; echo whole >\"$file\"", .file = file};

	(void)scenario;
	snprintf(name, sizeof(name), "%ld.rec", (long)getpid());
	file_of(name, path, sizeof(path));
	snprintf(file, sizeof(file), "%.*s", (int)strlen(path) - 4, path);
	snprintf(other, sizeof(other), "%s.other", file);
	place_leave_machine();
	unlink(file);		/* of a player before, whose number is ours now: numbers come again */
	unlink(other);
	fault_begin();
	made.kb = kb_new();
	int status = made.kb ? record_run(&made, name, path) : NO_HANDLE;
	if (status && made.kb && !fault_goes_on()) {
		made.file = other;	/* a step that was lost sight of may be about to write the first one */
		int second = record_run(&made, name, path);
		if (second || made.warnings)
			fault_wrong("the second time it ended with %s, and %d warnings", kb_err_name(second), made.warnings);
	}
	kb_free(made.kb);
	unlink(path);
	return status;
}

const struct scenario fault_replay[] = {
	{"replay.play", begin, play_run, place_remove_folder, 0, 0},
	{"replay.record", begin, play_record, place_remove_folder, 0, 0},
	{"record.local", place_make_folder, play_recorded, place_remove_folder, 0, 0},
	{"log.ring", NULL, play_ring, NULL, 0, 0},
	{"log.trace", begin, play_log, place_remove_folder, 0, 0},
	{0},
};
