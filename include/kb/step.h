/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file step.h
 * A step: one thing to be true on one host, such as `swap.off` or `kubeadm.init`.
 *
 * A step is a record, not a program: parameters, a probe, a judge, an apply. The engine probes, judges, shows, applies and probes again, for
 * all of them in the same way; that is why every step can be run twice, shown without being done, and checked afterwards.
 *
 * steps.h has a typed constructor for each of the library's steps; kb_step_script() makes one of the caller's own.
 */
#ifndef KB_STEP_H
#define KB_STEP_H

#include <kb/common.h>
#include <kb/error.h>
#include <kb/host.h>

KB_BEGIN_DECLS

/** A step with its parameters. Since: 0.1 */
typedef struct kb_step kb_step;

/** What came out of one step on one host. Since: 0.1 */
typedef struct kb_result kb_result;

/**
 * What a probe found. The values are fixed.
 * Since: 0.1
 */
enum kb_verdict {
	KB_VERDICT_NONE = 0,	/**< not asked */
	KB_PRESENT = 1,		/**< as wanted: nothing to do */
	KB_ABSENT = 2,		/**< not there at all */
	KB_DIFFERS = 3,		/**< there, but not as wanted */
	KB_PARTIAL = 4,		/**< half done; the note says how far */
	KB_FOREIGN = 5,		/**< belongs to another cluster or owner: never touched */
	KB_UNKNOWN = 6		/**< could not be asked: never a write, never a success */
};

/** The name of a verdict: "present", "absent", "differs", "partial", "foreign", "unknown", or "". Since: 0.1 */
KB_API const char *kb_verdict_name(int verdict);

/**
 * Makes a step of the library.
 * @param name  such as "swap.off"; kb_step_def_name() lists them
 * Returns: a step to be freed by kb_step_free(); NULL on failure.
 * Errors: KB_EINVAL (no such step; the nearest name is in the text), KB_ENOMEM, KB_EBUSY.
 * Since: 0.1
 */
KB_API kb_step *kb_step_new(kb_ctx *kb, const char *name);

/**
 * Makes a step of the caller's own from two POSIX shell scripts, run by root's /bin/sh on the host.
 * @param name   a name for events and errors, of lower-case words with dots and hyphens
 * @param probe  reads only; exit status 0: present, 1: absent, anything else: unknown
 * @param apply  makes it so; exit status 0: done. NULL for a step that only asks: what it finds absent is its verdict in a dry run, and fails
 *               any other run with KB_EVERIFY
 * Parameters set on it reach both scripts as shell variables of the same name (a hyphen becomes an underscore), always as data.
 * Returns: a step to be freed by kb_step_free(); NULL on failure. Errors: KB_EINVAL, KB_ENOMEM, KB_EBUSY, KB_ETOOBIG.
 * Since: 0.1
 */
KB_API kb_step *kb_step_script(kb_ctx *kb, const char *name, const char *probe, const char *apply);

/**
 * Sets a parameter, replacing what it was.
 * @param name   one of kb_step_param_name(); for a script of the caller's own any shell name
 * @param value  UTF-8, copied; NULL puts the default back
 * Returns: KB_OK. Errors: KB_EINVAL (unknown name, with the nearest in the text; or a value that it cannot have), KB_ENOMEM, KB_EBUSY.
 * Since: 0.1
 */
KB_API kb_status kb_step_set(kb_step *step, const char *name, const char *value);

/** Adds one value to a list parameter. As kb_step_set() otherwise. Since: 0.1 */
KB_API kb_status kb_step_add(kb_step *step, const char *name, const char *value);

/**
 * Sets a parameter to a secret: copied, masked in everything that is shown, wiped when freed.
 * @param data        its bytes, without NUL
 * @param size_bytes  how many
 * Since: 0.1
 */
KB_API kb_status kb_step_set_secret(kb_step *step, const char *name, const void *data, size_t size_bytes);

/** The step's name. Returns: borrowed until kb_step_free(); "" for NULL. Since: 0.1 */
KB_API const char *kb_step_name(const kb_step *step);

/** Lets go of a step; a plan that uses it keeps its own copy. Any thread. NULL is nothing. Since: 0.1 */
KB_API void kb_step_free(kb_step *step);

/* The catalogue: what steps there are, and what they take and give. Constant strings; NULL past the end or for an unknown step. */

/** The name of a step of the library, by index from 0. Since: 0.1 */
KB_API const char *kb_step_def_name(size_t index);
/** One line on what a step leaves true. Since: 0.1 */
KB_API const char *kb_step_def_summary(const char *step);
/** The name of a parameter, by index from 0. Since: 0.1 */
KB_API const char *kb_step_param_name(const char *step, size_t index);
/** What a parameter means. Since: 0.1 */
KB_API const char *kb_step_param_doc(const char *step, const char *param);
/** What a parameter is when it is not set; NULL when it has no default. Since: 0.1 */
KB_API const char *kb_step_param_default(const char *step, const char *param);
/** 1 when it is a list (kb_step_add()), 0 when not. Errors: KB_EINVAL (no such step or parameter). Since: 0.1 */
KB_API int kb_step_param_is_list(const char *step, const char *param);
/** 1 when it must be set, 0 when not. Errors: KB_EINVAL. Since: 0.1 */
KB_API int kb_step_param_is_required(const char *step, const char *param);
/** 1 when it is a secret, 0 when not. Errors: KB_EINVAL. Since: 0.1 */
KB_API int kb_step_param_is_secret(const char *step, const char *param);
/** The name of an output, by index from 0. Since: 0.1 */
KB_API const char *kb_step_output_name(const char *step, size_t index);
/** What an output means. Since: 0.1 */
KB_API const char *kb_step_output_doc(const char *step, const char *output);

/**
 * Runs one step on one host and waits: start, dispatch, result.
 * @param timeout_ms  for all of it, in milliseconds; negative: the step's own default
 * Returns: a result to be freed by kb_result_free(), also for a step that failed; NULL only when it could not be started.
 * Errors: KB_EINVAL (a required parameter is missing, or a value is wrong), KB_ENOMEM, KB_EBUSY.
 * Since: 0.1
 */
KB_API kb_result *kb_run(kb_host *host, kb_step *step, int64_t timeout_ms);

/** As kb_run(), but only asks: verdict and diff, nothing is touched. Since: 0.1 */
KB_API kb_result *kb_check(kb_host *host, kb_step *step, int64_t timeout_ms);

/** KB_OK, or how it failed. Since: 0.1 */
KB_API kb_status kb_result_status(const kb_result *result);
/** The first verdict (enum kb_verdict), before anything was applied. Since: 0.1 */
KB_API int kb_result_verdict(const kb_result *result);
/** 1 when something was applied, 0 when not. Since: 0.1 */
KB_API int kb_result_is_changed(const kb_result *result);
/** Exit status of the last script on the host; -1 when none ended. Since: 0.1 */
KB_API int kb_result_exit_status(const kb_result *result);
/** How long it took, in milliseconds. Since: 0.1 */
KB_API int64_t kb_result_duration_ms(const kb_result *result);
/** The differences as text, unified for files; "" when there are none. Borrowed until kb_result_free(). Since: 0.1 */
KB_API const char *kb_result_diff(const kb_result *result);
/** What the scripts printed, escaped and bounded; "" unless the step failed. Borrowed until kb_result_free(). Since: 0.1 */
KB_API const char *kb_result_log(const kb_result *result);
/** An output's bytes, owned by the caller; NULL when there is none of this name. Since: 0.1 */
KB_API kb_bytes *kb_result_output(const kb_result *result, const char *name);
/** The error, a copy owned by the caller; NULL when there is none. Since: 0.1 */
KB_API kb_err *kb_result_error(const kb_result *result);
/** Frees a result. Any thread. NULL is nothing. Since: 0.1 */
KB_API void kb_result_free(kb_result *result);

KB_END_DECLS

#endif
