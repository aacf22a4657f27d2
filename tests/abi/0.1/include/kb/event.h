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
	/** the last event of a run, exactly one: kb_event_status() is its outcome. KB_ENOMEM with the id run.events-lost: all was done, but
	 * events or parts of them were lost for want of memory; those of steps that ended never are. */
	KB_EVENT_PLAN_DONE = 8,
	KB_EVENT_QUESTION = 9		/**< something has to be known to go on: kb_answer() */
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
/**
 * Of a note: its stable name, such as "host.name-differs". Of a question: what is asked for, by the name under which kb_host_set() or
 * kb_host_set_secret() takes it beforehand: "passphrase", "password", "host_key" or "sudo_password". Borrowed until kb_event_free(). Since: 0.1
 */
KB_API const char *kb_event_id(const kb_event *event);
/** Of a note: enum kb_severity. Since: 0.1 */
KB_API int kb_event_severity(const kb_event *event);
/** All that a step printed, escaped and bounded; "" unless it failed. Borrowed until kb_event_free(). Since: 0.1 */
KB_API const char *kb_event_log(const kb_event *event);
/** The differences as text, unified for files; "" when there are none. Borrowed until kb_event_free(). Since: 0.1 */
KB_API const char *kb_event_diff(const kb_event *event);
/**
 * Of a step that runs on its host in a session of its own (package installation, kubeadm init and join, and other long ones): the name of its journal there, a folder of
 * /var/lib/libkb/journal, from when it was begun until its result was heard. So an event that ends such a step without a result, or says "host.still-running", has it. "" otherwise.
 * Borrowed until kb_event_free(). Since: 0.1
 */
KB_API const char *kb_event_journal(const kb_event *event);
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

/** Of a question: its number, for kb_answer(); 0 when the event is none. Since: 0.1 */
KB_API int64_t kb_event_question(const kb_event *event);
/**
 * Of a question: what the answer is for: the key's file, `user@address:port` of a password or sudo's password, the `SHA256:...` of a host key. "" otherwise.
 * kb_event_text() says it to a person. Borrowed until kb_event_free(). Since: 0.1
 */
KB_API const char *kb_event_subject(const kb_event *event);
/** Of a question: 1, and one more each time that an answer to it was wrong, 3 at most. 0 otherwise. Since: 0.1 */
KB_API int kb_event_attempt(const kb_event *event);

/**
 * Answers a question. A host whose `ask` (kb_host_set()) lists what is missing asks for it; no other ever does, and without that a missing
 * secret is the error that it always is. The question is open until the connection's time is up (connect_timeout_ms; the error is KB_ETIMEOUT, its
 * id "question.unanswered" or "key.timeout"), its run ends, or it is answered. A passphrase is asked for once for all hosts of a run that log in with that key. A wrong answer is
 * asked for again, three times in all, then the host fails with KB_EAUTH. kb_run() and kb_check() take all events themselves: nobody could answer, so they ask
 * for nothing.
 * @param question    kb_event_question()
 * @param data        the answer, copied, and wiped after use: a secret; to a "host_key", `yes` or the fingerprint itself trusts that key for
 *                    as long as this context lives, anything else refuses it. NULL declines: the host fails, KB_EAUTH or KB_ETRUST.
 * @param size_bytes  how many bytes
 * Returns: KB_OK when it was taken; whether it is right shows later.
 * Errors: KB_EINVAL (no such question, or it is not open any more), KB_ETOOBIG (over 1 MiB), KB_ENOMEM, KB_EBUSY.
 * Since: 0.1
 */
KB_API kb_status kb_answer(kb_ctx *kb, int64_t question, const void *data, size_t size_bytes);

/** Frees an event. Any thread. NULL is nothing. Since: 0.1 */
KB_API void kb_event_free(kb_event *event);

KB_END_DECLS

#endif
