/* SPDX-License-Identifier: Apache-2.0 */
/* The last words: what went wrong and what to do about it, and how it all ended. */
#ifndef KB_INSTALL_REPORT_H
#define KB_INSTALL_REPORT_H

#include "show.h"

void report_error(const struct show *show, const kb_err *err);	/* on stderr; show may be NULL */
void report_context(kb_ctx *kb);				/* the context's last error */
void report_end(const struct show *show, kb_status status, int64_t took_ms);

#endif
