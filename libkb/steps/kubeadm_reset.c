/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/str.h"
#include "steps/scripts.h"
#include "steps/step.h"
#include "text/ca.h"

static const struct kbi_param params[] = {
	{ "ca-cert-hash", NULL, "the certificate authority of the cluster that is meant: a host of another one is left alone", KBI_LIST },
	{ "cert-dir", "/etc/kubernetes/pki", "where the certificates are; all of it goes", 0 },
	{ "cri-socket", "unix:///run/containerd/containerd.sock", "the container runtime's socket", 0 },
	{ 0 }
};

static kb_status
check(const struct kbi_map *args, struct kb_err *err)
{
	const char *folder = kbi_map_get_or(args, "cert-dir", "");

	/* all below it is removed: so it has a place of its own */
	if (!kbi_str_matches(folder, "/?*/?*") || kbi_str_matches(folder, "*/..*") || kbi_str_ends(folder, "/"))
		return kbi_fail(err, KB_EINVAL, "kubeadm.reset: cert-dir %s: not a folder that can be emptied", folder);
	for (const struct kbi_entry *e = NULL; (e = kbi_map_next(args, "ca-cert-hash", e));)
		if (kbi_ca_hash_check(e->value, err))
			return KB_EINVAL;
	return KB_OK;
}

static bool
is_foreign(struct kbi_judge *j)
{
	struct kbi_buf hash = KBI_BUF(KBI_SIZE_TEXT);
	const struct kbi_entry *ca = kbi_map_find(j->facts, "ca");
	bool differs = ca && kbi_map_has(j->args, "ca-cert-hash") && kbi_ca_hash(ca->value, ca->size_bytes, &hash, NULL) == KB_OK &&
		!kbi_map_holds(j->args, "ca-cert-hash", kbi_buf_text(&hash));

	if (differs)
		kbi_judge_say(j, KB_FOREIGN, "the host is of another cluster: its certificate authority is %s", kbi_buf_text(&hash));
	kbi_buf_free(&hash);
	return differs;
}

static kb_status
judge(struct kbi_judge *j)
{
	if (is_foreign(j))
		return KB_OK;
	for (const struct kbi_entry *e = NULL; (e = kbi_map_next(j->facts, "left", e));)
		kbi_judge_value(j, "object", e->value, "there", NULL);
	for (const struct kbi_entry *e = NULL; (e = kbi_map_next(j->facts, "mounted", e));)
		kbi_judge_value(j, "mount", e->value, "there", NULL);
	return KB_OK;
}

const struct kbi_step_def kbi_step_kubeadm_reset = {
	.name = "kubeadm.reset",
	.summary = "the host is in no cluster: nothing of kubeadm's and the kubelet's state is left",
	.params = params,
	.library = kbi_script_kubeadm_library,
	.script = kbi_script_kubeadm_reset,
	.flags = KBI_STEP_LONG,
	.timeout_ms = 900000,
	.check = check,
	.judge = judge,
};
