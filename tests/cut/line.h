/* SPDX-License-Identifier: Apache-2.0 */
/* A step that adds one line to a file, as records of a test's own: what it finds is whether the file has one. */
#ifndef LINE_H
#define LINE_H

#include "step.h"

#define PATIENCE_MS 120000
#define LINE_PROBE "probe() { fact found \"$(grep -c . \"$file\" 2>/dev/null || true)\"; }\n"
#define LINE_STEP(step_name, step_flags)                                                                             \
	{ .name = step_name, .params = params, .flags = step_flags, .timeout_ms = PATIENCE_MS, .judge = judge_line, .script = script }

static const struct kbi_param params[] = { { .name = "file" }, { 0 } };

static inline kb_status
judge_line(struct kbi_judge *j)
{
	return kbi_judge_say(j, kbi_judge_fact_is(j, "found", "1") ? KB_PRESENT : KB_ABSENT, "the line");
}

#endif
