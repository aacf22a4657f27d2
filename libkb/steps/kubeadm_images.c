/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"
#include "steps/scripts.h"
#include "steps/step.h"
#include "text/version.h"

static const struct kbi_param params[] = {
	{ "kubernetes-version", NULL, "whose images; default: kubeadm's own version", 0 },
	{ "image-repository", NULL, "where the control plane's images come from; default: kubeadm's own", 0 },
	{ "cri-socket", "unix:///run/containerd/containerd.sock", "the container runtime's socket", 0 },
	{ 0 }
};

static kb_status
check(const struct kbi_map *args, struct kb_err *err)
{
	const char *text = kbi_map_get(args, "kubernetes-version");
	struct kbi_version version;
	return kbi_str_is_set(text) ? kbi_version_parse(&version, text, err) : KB_OK;
}

static kb_status
judge(struct kbi_judge *j)
{
	const struct kbi_entry *e = NULL;

	if (!kbi_map_has(j->facts, "kubeadm"))
		return kbi_judge_say(j, KB_ABSENT, "kubeadm is not installed yet");
	if (!kbi_judge_fact_is(j, "list.status", "0") || !kbi_map_has(j->facts, "wanted"))
		return kbi_judge_say(j, KB_UNKNOWN, "kubeadm did not say which images it wants");
	if (!kbi_judge_fact_is(j, "pulled.status", "0"))
		return kbi_judge_say(j, KB_UNKNOWN, "the container runtime could not be asked: %s", kbi_judge_fact(j, "pulled"));
	while ((e = kbi_map_next(j->facts, "wanted", e)))
		kbi_judge_value(j, "image", e->value, kbi_map_holds(j->facts, "there", e->value) ? "there" : NULL, "there");
	return KB_OK;
}

const struct kbi_step_def kbi_step_kubeadm_images = {
	.name = "kubeadm.images",
	.summary = "the control plane's images are on the host",
	.params = params,
	.library = kbi_script_kubeadm_library,
	.script = kbi_script_kubeadm_images,
	.flags = KBI_STEP_LONG,
	.timeout_ms = 1800000,
	.check = check,
	.judge = judge,
};
