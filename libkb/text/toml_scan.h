/* SPDX-License-Identifier: Apache-2.0 */
/* TOML's words (toml.io/en/v1.0.0): blanks, comments, keys, scalars. What stands between them is toml_find's. */
#ifndef KBI_TOML_SCAN_H
#define KBI_TOML_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

struct kbi_toml_scan {
	const char *data;
	const char *end;
	const char *at;
	struct kb_err *err;
	const char *who;	/* "toml", or what a value given by the caller is called */
};

kb_status kbi_toml_begin(struct kbi_toml_scan *scan, const char *who, const void *data, size_t size_bytes, struct kb_err *err);
kb_status kbi_toml_fail(const struct kbi_toml_scan *scan, const char *at, const char *what);	/* "toml:LINE:COLUMN: what" */
void kbi_toml_skip_blanks(struct kbi_toml_scan *scan);			/* spaces and tabs */
void kbi_toml_skip_lines(struct kbi_toml_scan *scan);			/* blanks, newlines, comments */
kb_status kbi_toml_end_line(struct kbi_toml_scan *scan);		/* blanks, a comment, then a newline or the end */
bool kbi_toml_is(const struct kbi_toml_scan *scan, char c);
bool kbi_toml_take(struct kbi_toml_scan *scan, char c);
/* A dotted key; each part is added to path, decoded and with a NUL behind it. */
kb_status kbi_toml_key(struct kbi_toml_scan *scan, struct kbi_buf *path);
/* A string of any of the four kinds; its text is added to `text` when that is not NULL. */
kb_status kbi_toml_string_value(struct kbi_toml_scan *scan, struct kbi_buf *text);
kb_status kbi_toml_bare_value(struct kbi_toml_scan *scan);		/* true, a number, a date */
void kbi_toml_add_key(struct kbi_buf *out, const char *part);		/* quoted when it has to be */

#endif
