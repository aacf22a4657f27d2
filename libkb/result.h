/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KBI_RESULT_H
#define KBI_RESULT_H

#include <kb/event.h>
#include <kb/plan.h>
#include <kb/step.h>

#include "base/err.h"

struct kb_result *kbi_result_new(void);
void kbi_result_take(struct kb_result *result, const struct kb_plan *plan, struct kb_event *event);	/* owns the event */
void kbi_result_fail(struct kb_result *result, kb_status status, const struct kb_err *err);	/* the run could not be followed to its end */

#endif
