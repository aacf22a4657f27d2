/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <kb/event.h>

#include "base/buf.h"
#include "base/str.h"
#include "steps/scripts.h"
#include "steps/step.h"

static const struct kbi_param params[] = {
	{ "node-name", NULL, "which Node", KBI_REQUIRED },
	{ "timeout", "120", "how many seconds pods may take to go", 0 },
	{ "disable-eviction", "no", "yes: pods are deleted, past their disruption budgets", KBI_YES_NO },
	{ "skip-unreachable", "no", "yes: an API server that does not answer is a warning, and nothing is done: for taking down a broken cluster", KBI_YES_NO },
	{ 0 }
};

static kb_status
check(const struct kbi_map *args, struct kb_err *err)
{
	const char *name = kbi_map_get(args, "node-name"), *seconds = kbi_map_get_or(args, "timeout", "");
	int64_t timeout;

	if (kbi_str_is_set(name) && !kbi_str_is_name(name))
		return kbi_fail(err, KB_EINVAL, "node.drain: node-name %s: not a name that a Node can have", name);
	if (!kbi_str_to_int64(seconds, 1, 86400, &timeout))
		return kbi_fail(err, KB_EINVAL, "node.drain: timeout %s: not seconds", seconds);
	return KB_OK;
}

static kb_status
judge_unreachable(struct kbi_judge *j)
{
	const char *api = kbi_judge_fact(j, "api");

	if (!kbi_str_is_yes(kbi_judge_arg(j, "skip-unreachable")))
		return kbi_judge_say(j, KB_UNKNOWN, "the API server does not answer: %s", api);
	kbi_judge_note(j, KB_WARNING, "node.drain-skipped", "%s is not drained, because the API server does not answer: %s",
		kbi_judge_arg(j, "node-name"), api);
	return kbi_judge_say(j, KB_PRESENT, "not drained: the API server does not answer");
}

static kb_status
judge(struct kbi_judge *j)
{
	const char *api = kbi_judge_fact(j, "api"), *node = kbi_judge_fact(j, "node");
	struct kbi_buf what = KBI_BUF(KBI_SIZE_TEXT);

	if (kbi_str_is(api, "none"))
		return kbi_judge_say(j, KB_PRESENT, "there is no cluster here");
	if (!kbi_str_is(api, "ok") || !kbi_judge_fact_is(j, "node.status", "0") || !kbi_judge_fact_is(j, "pods.status", "0"))
		return judge_unreachable(j);
	if (!*node || *node == ' ')
		return kbi_judge_say(j, KB_PRESENT, "the cluster has no Node of this name");
	kbi_buf_add_format(&what, "Node %s", kbi_judge_arg(j, "node-name"));
	kbi_judge_value(j, "object", kbi_buf_text(&what), kbi_str_ends(node, " true") ? "takes no new pods" : "takes new pods", "takes no new pods");
	kbi_buf_free(&what);
	for (const struct kbi_entry *e = NULL; (e = kbi_map_next(j->facts, "pod", e));) {
		if (j->is_after_apply)	/* drain has ended well, so it came after */
			kbi_judge_note(j, KB_WARNING, "node.drain-came-back", "the pod %s is on %s again", e->value, kbi_judge_arg(j, "node-name"));
		else
			kbi_judge_value(j, "pod", e->value, "runs", NULL);
	}
	return KB_OK;
}

const struct kbi_step_def kbi_step_node_drain = {
	.name = "node.drain",
	.summary = "a Node takes no new pods, and those that can go have gone",
	.params = params,
	.library = kbi_script_kubeadm_library,
	.script = kbi_script_node_drain,
	.flags = KBI_STEP_LONG,
	.timeout_ms = 900000,
	.check = check,
	.judge = judge,
};
