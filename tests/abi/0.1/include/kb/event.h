/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file event.h
 * What happened, in the order in which it happened. Events are owned by whoever took them, and outlive their plan and context.
 */
#ifndef KB_EVENT_H
#define KB_EVENT_H

#include <kb/common.h>
#include <kb/error.h>

KB_BEGIN_DECLS

/** An event. Since: 0.1 */
typedef struct kb_event kb_event;

/** Kinds of events; the values are fixed. Since: 0.1 */
enum kb_event_kind {
	KB_EVENT_PLAN_STARTED = 1,	/**< a run began; kb_event_total() tasks */
	KB_EVENT_HOST_CONNECTED = 2,	/**< logged in, and root */
	KB_EVENT_HOST_LOST = 3,		/**< the connection broke; it is made again when something still needs it */
	KB_EVENT_STEP_STARTED = 4,	/**< a step is being applied */
	KB_EVENT_STEP_OUTPUT = 5,	/**< a running step printed something: kb_event_text() */
	KB_EVENT_STEP_DONE = 6,		/**< a step ended: verdict, diff, status, duration */
	KB_EVENT_NOTE = 7,		/**< a finding: kb_event_severity(), kb_event_id(), kb_event_text() */
	KB_EVENT_PLAN_DONE = 8		/**< the last event of a run, exactly one: kb_event_status() is its outcome */
};

/** How grave a note is; the values are fixed. Since: 0.1 */
enum kb_severity { KB_INFO = 1, KB_WARNING = 2, KB_ERROR = 3 };

/** Which kind: enum kb_event_kind; 0 for NULL. Since: 0.1 */
KB_API int kb_event_kind(const kb_event *event);
/** The name of a kind: "plan-started", "step-done", and so on; "" for a value that is none. Since: 0.1 */
KB_API const char *kb_event_kind_name(int kind);
/** The run's number. Since: 0.1 */
KB_API int64_t kb_event_run(const kb_event *event);
/** When, in milliseconds since 1970-01-01 UTC. Since: 0.1 */
KB_API int64_t kb_event_time_ms(const kb_event *event);
/** The host's name, or "". Borrowed until kb_event_free(). Since: 0.1 */
KB_API const char *kb_event_host(const kb_event *event);
/** The step's name, or "". Borrowed until kb_event_free(). Since: 0.1 */
KB_API const char *kb_event_step(const kb_event *event);
/** The task's index in its plan, from 0; -1 when it is about no task. Since: 0.1 */
KB_API int64_t kb_event_task(const kb_event *event);
/** How many tasks the run has that are not left out. Since: 0.1 */
KB_API int64_t kb_event_total(const kb_event *event);
/** KB_OK or a negative code. Since: 0.1 */
KB_API kb_status kb_event_status(const kb_event *event);
/** The verdict of a step, before anything was applied: enum kb_verdict. Since: 0.1 */
KB_API int kb_event_verdict(const kb_event *event);
/** 1 when the step applied something (in a dry run: would), 0 when not. Since: 0.1 */
KB_API int kb_event_is_changed(const kb_event *event);
/** 1 when the step was not run because of another: it failed, or was not needed. kb_event_text() says why. Since: 0.1 */
KB_API int kb_event_is_skipped(const kb_event *event);
/** How long the step or run took, in milliseconds. Since: 0.1 */
KB_API int64_t kb_event_duration_ms(const kb_event *event);
/** Exit status of the step's last script; -1 when none ended. Since: 0.1 */
KB_API int kb_event_exit_status(const kb_event *event);
/** A note's text, a piece of output, or one line on how a step ended. Escaped UTF-8. Borrowed until kb_event_free(). Since: 0.1 */
KB_API const char *kb_event_text(const kb_event *event);
/** Of a note: its stable name, such as "host.name-differs". Borrowed until kb_event_free(). Since: 0.1 */
KB_API const char *kb_event_id(const kb_event *event);
/** Of a note: enum kb_severity. Since: 0.1 */
KB_API int kb_event_severity(const kb_event *event);
/** All that a step printed, escaped and bounded; "" unless it failed. Borrowed until kb_event_free(). Since: 0.1 */
KB_API const char *kb_event_log(const kb_event *event);
/** The differences as text, unified for files; "" when there are none. Borrowed until kb_event_free(). Since: 0.1 */
KB_API const char *kb_event_diff(const kb_event *event);
/** How many differences there are. Since: 0.1 */
KB_API size_t kb_event_change_count(const kb_event *event);
/** What differs: "file", "mode", "package", "unit", "sysctl", "module", "mount", "object", "rule", "link", "value". Borrowed; NULL past the end. Since: 0.1 */
KB_API const char *kb_event_change_kind(const kb_event *event, size_t index);
/** Its name: a path, a package, a unit. Borrowed; NULL past the end. Since: 0.1 */
KB_API const char *kb_event_change_name(const kb_event *event, size_t index);
/** What it is; owned by the caller; NULL when it is not there, or secret, or past the end. Since: 0.1 */
KB_API kb_bytes *kb_event_change_before(const kb_event *event, size_t index);
/** What it is to be; owned by the caller; NULL when it is to go, or secret, or past the end. Since: 0.1 */
KB_API kb_bytes *kb_event_change_after(const kb_event *event, size_t index);
/** The error of a step or run that failed: a copy owned by the caller; NULL when there is none. Since: 0.1 */
KB_API kb_err *kb_event_error(const kb_event *event);

/**
 * The whole event as one line of JSON, the same in every language. Holds no secret.
 * Returns: owned by the caller; NULL when there is no memory. Since: 0.1
 */
KB_API kb_bytes *kb_event_json(const kb_event *event);

/** Frees an event. Any thread. NULL is nothing. Since: 0.1 */
KB_API void kb_event_free(kb_event *event);

KB_END_DECLS

#endif
