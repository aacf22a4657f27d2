/* SPDX-License-Identifier: Apache-2.0 */
/* The records behind kb_step_script(): a probe that ends with 0 or 1 has answered, anything else is no answer. */
#include "base/str.h"
#include "step.h"
#include "steps/scripts.h"

static kb_status
judge(struct kbi_judge *j)
{
	const char *status = kbi_judge_fact(j, "kb.status");
	if (kbi_str_is(status, "0"))
		return kbi_judge_say(j, KB_PRESENT, "its probe ended with 0");
	if (kbi_str_is(status, "1"))
		return kbi_judge_say(j, KB_ABSENT, "its probe ended with 1");
	return kbi_judge_say(j, KB_UNKNOWN, "its probe ended with %s", kbi_str_is_set(status) ? status : "nothing");
}

const struct kbi_step_def kbi_step_own = {
	.name = "own", .script = kbi_script_own, .timeout_ms = 600000, .judge = judge,
};

const struct kbi_step_def kbi_step_own_probe = {
	.name = "own", .script = kbi_script_own, .flags = KBI_STEP_READ_ONLY, .timeout_ms = 600000, .judge = judge,
};
