/* SPDX-License-Identifier: Apache-2.0 */
#include <kb/event.h>

#include "base/str.h"
#include "steps/scripts.h"
#include "steps/step.h"

static const struct kbi_param params[] = {
	{ "timeout", "300", "how many seconds the operator may take to clean up", 0 },
	{ "skip-unreachable", "no", "yes: an API server that does not answer is a warning, and nothing is done: for taking down a broken cluster", KBI_YES_NO },
	{ 0 }
};

static kb_status
check(const struct kbi_map *args, struct kb_err *err)
{
	int64_t timeout;
	const char *seconds = kbi_map_get_or(args, "timeout", "");

	return kbi_str_to_int64(seconds, 1, 86400, &timeout) ? KB_OK : kbi_fail(err, KB_EINVAL, "calico.remove: timeout %s: not seconds", seconds);
}

static void
judge_all(struct kbi_judge *j, const char *fact)
{
	for (const struct kbi_entry *e = NULL; (e = kbi_map_next(j->facts, fact, e));)
		kbi_judge_value(j, "object", e->value, "there", NULL);
}

static kb_status
judge(struct kbi_judge *j)
{
	const char *api = kbi_judge_fact(j, "api");

	if (kbi_str_is(api, "none"))
		return kbi_judge_say(j, KB_PRESENT, "there is no cluster here");
	if (!kbi_str_is(api, "ok") || !kbi_judge_fact_is(j, "resources.status", "0") || !kbi_judge_fact_is(j, "objects.status", "0")) {
		if (!kbi_str_is_yes(kbi_judge_arg(j, "skip-unreachable")))
			return kbi_judge_say(j, KB_UNKNOWN, "the API server does not answer: %s", api);
		kbi_judge_note(j, KB_WARNING, "calico.remove-skipped", "Calico is not removed, because the API server does not answer: %s", api);
		return kbi_judge_say(j, KB_PRESENT, "not removed: the API server does not answer");
	}
	judge_all(j, "resource");
	judge_all(j, "object");
	judge_all(j, "crd");
	return KB_OK;
}

const struct kbi_step_def kbi_step_calico_remove = {
	.name = "calico.remove",
	.summary = "nothing of Calico is left in the cluster: its resources, then its operator",
	.params = params,
	.library = kbi_script_kubeadm_library,
	.script = kbi_script_calico_remove,
	.flags = KBI_STEP_LONG,
	.timeout_ms = 900000,
	.check = check,
	.judge = judge,
};
