/* SPDX-License-Identifier: Apache-2.0 */
/* The one error type of the inside; a kb_err is a copy of it. */
#ifndef KBI_ERR_H
#define KBI_ERR_H

#include <stdarg.h>

#include <kb/error.h>

struct kb_err {
	kb_status code;
	char *id;
	char *host;
	char *step;
	char *cause;
	char *fix;
	char **evidence;
	size_t evidence_count;
};

/* Each of these takes a NULL err and then only returns the code. kbi_fail() replaces whatever was there: it is called once, where
 * the cause is known. Texts are escaped (no control characters), and cut at 4 KiB. */
kb_status kbi_fail(struct kb_err *err, kb_status code, const char *format, ...) __attribute__((format(printf, 3, 4)));
kb_status kbi_vfail(struct kb_err *err, kb_status code, const char *format, va_list args) __attribute__((format(printf, 3, 0)));
kb_status kbi_fail_memory(struct kb_err *err);
kb_status kbi_code_of(int error);	/* of an errno: KB_ENOMEM, else KB_EIO */
void kbi_err_id(struct kb_err *err, const char *id);
void kbi_err_fix(struct kb_err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
void kbi_err_where(struct kb_err *err, const char *host, const char *step);	/* sets what is not set yet */
void kbi_err_evidence(struct kb_err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
void kbi_err_evidence_lines(struct kb_err *err, const char *text, size_t max_lines);	/* the last lines of a text */
void kbi_err_copy(struct kb_err *to, const struct kb_err *from);
struct kbi_secrets;
void kbi_err_mask(struct kb_err *err, struct kbi_secrets *secrets);	/* its texts, before it is shown */
void kbi_err_clear(struct kb_err *err);	/* frees what it holds; may be used again */

#endif
