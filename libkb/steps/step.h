/* SPDX-License-Identifier: Apache-2.0 */
/* What a step is made of. One step is NAME.c (this record and its judge) and NAME.sh (functions probe and apply), with the step's dots
 * and hyphens as underscores in file and symbol names: "swap.off" is swap_off.c, swap_off.sh, kbi_step_swap_off. */
#ifndef KBI_STEP_H
#define KBI_STEP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <kb/step.h>

#include "base/err.h"
#include "base/map.h"

enum {				/* struct kbi_param.flags */
	KBI_REQUIRED = 1,	/* must be set, or bound in a plan */
	KBI_LIST = 2,		/* several values: one a line in the shell variable */
	KBI_SECRET = 4,		/* masked wherever it is shown */
	KBI_FOR_APPLY = 8,	/* not needed by probe and judge: a task is asked before this is known (a bound token) */
	KBI_LOCAL = 16,		/* never sent to the host (a CA file of the controller) */
	KBI_YES_NO = 32		/* "yes" or "no"; checked by the engine */
};

struct kbi_param {
	const char *name;	/* kubeadm's own word where it has one; hyphens become underscores in the shell */
	const char *fallback;	/* when it is not set; NULL: none */
	const char *doc;	/* one line; becomes the comment in steps.h */
	unsigned flags;
};

struct kbi_output {
	const char *name;
	const char *doc;
	unsigned flags;		/* KBI_SECRET */
};

struct kbi_judge;
struct kbi_prepare;

enum {				/* struct kbi_step_def.flags */
	KBI_STEP_LONG = 1,	/* apply runs detached under the host's supervisor, and is followed */
	KBI_STEP_READ_ONLY = 2,	/* has no apply: its judge says PRESENT, or fails it by kbi_judge_fail() */
	KBI_STEP_PREPARE_FIRST = 4	/* the judge needs what prepare makes; else prepare runs only before an apply */
};

struct kbi_step_def {
	const char *name;
	const char *summary;			/* what it leaves true, one line */
	const struct kbi_param *params;		/* ended by a NULL name; NULL: none */
	const struct kbi_output *outputs;	/* likewise */
	const char *script;			/* the text of NAME.sh, embedded at build */
	const char *library;			/* functions that several steps share, put in front of script; NULL: none */
	const char *share;			/* a function of library: what it prints is asked once for all probes that are sent together (supervise.sh);
						 * NULL: nothing */
	unsigned flags;
	int64_t timeout_ms;			/* of one apply, unless the caller's deadline is sooner; probes have 60 s */
	kb_status (*check)(const struct kbi_map *args, struct kb_err *err);	/* parameters alone, before anything runs; may be NULL */
	kb_status (*prepare)(struct kbi_prepare *prepare);	/* work on the controller, on a helper thread; may be NULL */
	kb_status (*judge)(struct kbi_judge *judge);		/* pure: facts and parameters in, verdict and wanted bytes out */
};

/* -- preparing: fetch and render on the controller, before the judge or before the apply. Runs on a thread of its own: pure but for downloads */
struct kbi_prepare {
	const struct kbi_map *args;
	const struct kbi_map *facts;	/* of the last probe; NULL for KBI_STEP_PREPARE_FIRST */
	struct kbi_map *made;		/* what it makes: the judge's `made`, and the apply script's variables made_NAME */
	struct kbi_map *named;		/* of that, what is public and another one in each run: a recording has its name in its place */
	struct kbi_fetcher *fetcher;	/* fetch.h; caches within the context */
	const atomic_bool *is_cancelled;
	struct kb_err *err;
};
/* A made value named "input" is not a variable: it is streamed to the apply script's stdin (large files). */

/* -- judging */
struct kbi_change {
	char *kind;		/* "file", "package", "unit", "sysctl", "module", "mount", "object", "rule", "link", "value" */
	char *name;
	char *before;		/* NULL: not there */
	size_t before_bytes;
	char *after;		/* NULL: is to go */
	size_t after_bytes;
	bool secret;		/* contents are never shown */
};

struct kbi_note {
	int severity;		/* enum kb_severity */
	char *id;
	char *text;
};

struct kbi_judge {
	const struct kbi_map *args;	/* with defaults; a bound parameter that is not known yet is missing */
	const struct kbi_map *facts;	/* what the probe said */
	const struct kbi_map *made;	/* what prepare made; empty when it has not run */
	bool is_after_apply;		/* this is the verification */
	bool is_dry;			/* nothing will be applied */
	/* the answer */
	int verdict;			/* KB_VERDICT_NONE: PRESENT without changes, ABSENT when every change has no before, else DIFFERS */
	struct kbi_change *changes;
	size_t change_count;
	struct kbi_note *notes;
	size_t note_count;
	struct kbi_map wants;		/* for the apply script: variables want_NAME */
	struct kbi_map outputs;
	struct kb_err err;		/* set by kbi_judge_fail() */
	bool has_failed;		/* no memory */
};

const char *kbi_judge_arg(const struct kbi_judge *judge, const char *name);	/* "" when it is not set */
const char *kbi_judge_fact(const struct kbi_judge *judge, const char *name);	/* "" when the probe did not say */
bool kbi_judge_fact_is(const struct kbi_judge *judge, const char *name, const char *value);
/* A file that the probe gave by `fact_file NAME PATH`, against the bytes and mode ("0644") that it is to have. A difference becomes a change,
 * and want_NAME for the apply script. wanted NULL: the file is to go. Returns true when it differs. */
bool kbi_judge_file(struct kbi_judge *judge, const char *name, const char *path, const char *wanted, const char *mode);
bool kbi_judge_secret_file(struct kbi_judge *judge, const char *name, const char *path, const char *wanted, const char *mode);
/* Any other thing with a value. before or after NULL: absent. Returns true when they differ, and then it is a change. */
bool kbi_judge_value(struct kbi_judge *judge, const char *kind, const char *name, const char *before, const char *after);
void kbi_judge_want(struct kbi_judge *judge, const char *name, const char *value);	/* want_NAME for the apply script */
void kbi_judge_want_secret(struct kbi_judge *judge, const char *name, const char *value);
void kbi_judge_output(struct kbi_judge *judge, const char *name, const char *value);
void kbi_judge_output_secret(struct kbi_judge *judge, const char *name, const char *value);
void kbi_judge_note(struct kbi_judge *judge, int severity, const char *id, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* Sets the verdict and says why; the text is shown beside it. */
kb_status kbi_judge_say(struct kbi_judge *judge, int verdict, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The step cannot be applied here: a stable id, an optional fix, evidence. The run of this task ends with this error, nothing touched. */
kb_status kbi_judge_fail(struct kbi_judge *judge, kb_status code, const char *id, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void kbi_judge_fix(struct kbi_judge *judge, const char *format, ...) __attribute__((format(printf, 2, 3)));
void kbi_judge_evidence(struct kbi_judge *judge, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* -- the catalogue (registry.c, generated from the list of steps) */
const struct kbi_step_def *kbi_step_def_find(const char *name);
const struct kbi_step_def *kbi_step_def_at(size_t index);
const struct kbi_param *kbi_step_def_param(const struct kbi_step_def *def, const char *name);
const struct kbi_output *kbi_step_def_output(const struct kbi_step_def *def, const char *name);

#endif
