/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file error.h
 * What went wrong, in full.
 *
 * A call that fails returns a code (or NULL) and leaves the detail in its context. kb_error() takes a copy that the caller owns, and that
 * outlives the context. An error says who, what and how it was in one line, and never holds a secret.
 */
#ifndef KB_ERROR_H
#define KB_ERROR_H

#include <kb/common.h>

KB_BEGIN_DECLS

/** One error. Owned by whoever got it. Since: 0.1 */
typedef struct kb_err kb_err;

/**
 * A copy of the last error of a context.
 * @param kb  the context whose call failed
 * Returns: an error to be freed by kb_err_free(); NULL when no call on this context failed yet, or when there is no memory for the copy.
 * Since: 0.1
 */
KB_API kb_err *kb_error(kb_ctx *kb);

/**
 * The code, one of enum kb_code.
 * @param err  may be NULL, which is KB_OK
 * Since: 0.1
 */
KB_API kb_status kb_err_code(const kb_err *err);

/**
 * A stable name of this very error for programs, such as "init.advertise-address-missing"; "" when it has none.
 * Names are lower-case words with dots and hyphens, and keep their meaning for ever.
 * Returns: borrowed until kb_err_free().
 * Since: 0.1
 */
KB_API const char *kb_err_id(const kb_err *err);

/** The host's name, or "". Returns: borrowed until kb_err_free(). Since: 0.1 */
KB_API const char *kb_err_host(const kb_err *err);

/** The step's name, or "". Returns: borrowed until kb_err_free(). Since: 0.1 */
KB_API const char *kb_err_step(const kb_err *err);

/** One line: who, what, how it was. Returns: borrowed until kb_err_free(). Since: 0.1 */
KB_API const char *kb_err_cause(const kb_err *err);

/** How many lines of evidence there are. Since: 0.1 */
KB_API size_t kb_err_evidence_count(const kb_err *err);

/**
 * One line of evidence: a log line, an address, a state that was seen. Escaped: no control characters.
 * @param index  from 0
 * Returns: borrowed until kb_err_free(); NULL past the end.
 * Since: 0.1
 */
KB_API const char *kb_err_evidence(const kb_err *err, size_t index);

/**
 * The call or setting that would mend it, as a reader would type it, or "".
 * Returns: borrowed until kb_err_free().
 * Since: 0.1
 */
KB_API const char *kb_err_fix(const kb_err *err);

/** Frees an error. NULL is nothing. Since: 0.1 */
KB_API void kb_err_free(kb_err *err);

KB_END_DECLS

#endif
