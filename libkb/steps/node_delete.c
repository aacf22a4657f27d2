/* SPDX-License-Identifier: Apache-2.0 */
#include <kb/event.h>

#include "base/buf.h"
#include "base/str.h"
#include "steps/scripts.h"
#include "steps/step.h"

static const struct kbi_param params[] = {
	{ "node-name", NULL, "which Node; its kubelet should not run any more, or it comes back", KBI_REQUIRED },
	{ "skip-unreachable", "no", "yes: an API server that does not answer is a warning, and nothing is done: for taking down a broken cluster", KBI_YES_NO },
	{ 0 }
};

static kb_status
check(const struct kbi_map *args, struct kb_err *err)
{
	const char *name = kbi_map_get(args, "node-name");

	if (kbi_str_is_set(name) && !kbi_str_is_name(name))
		return kbi_fail(err, KB_EINVAL, "node.delete: node-name %s: not a name that a Node can have", name);
	return KB_OK;
}

static kb_status
judge(struct kbi_judge *j)
{
	const char *api = kbi_judge_fact(j, "api"), *name = kbi_judge_arg(j, "node-name");
	struct kbi_buf what = KBI_BUF(KBI_SIZE_TEXT);

	if (kbi_str_is(api, "none"))
		return kbi_judge_say(j, KB_PRESENT, "there is no cluster here");
	if (!kbi_str_is(api, "ok") || !kbi_judge_fact_is(j, "node.status", "0")) {
		if (!kbi_str_is_yes(kbi_judge_arg(j, "skip-unreachable")))
			return kbi_judge_say(j, KB_UNKNOWN, "the API server does not answer: %s", api);
		kbi_judge_note(j, KB_WARNING, "node.delete-skipped", "%s is not deleted, because the API server does not answer: %s", name, api);
		return kbi_judge_say(j, KB_PRESENT, "not deleted: the API server does not answer");
	}
	kbi_buf_add_format(&what, "Node %s", name);
	kbi_judge_value(j, "object", kbi_buf_text(&what), *kbi_judge_fact(j, "node") ? "there" : NULL, NULL);
	kbi_buf_free(&what);
	return KB_OK;
}

const struct kbi_step_def kbi_step_node_delete = {
	.name = "node.delete",
	.summary = "the cluster has no Node of this name",
	.params = params,
	.library = kbi_script_kubeadm_library,
	.script = kbi_script_node_delete,
	.timeout_ms = 90000,
	.check = check,
	.judge = judge,
};
