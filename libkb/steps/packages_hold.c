/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/str.h"
#include "steps/packages.h"
#include "steps/scripts.h"
#include "steps/step.h"

static const struct kbi_param params[] = {
	{ "packages", "kubeadm kubelet kubectl", "packages that no upgrade of the system may change", KBI_LIST },
	{ "also", "cri-tools kubernetes-cni containerd containerd.io", "likewise, those of them that are installed", KBI_LIST },
	{ 0 }
};

static void
judge_list(struct kbi_judge *j, const struct kbi_packages *installed, const char *param, bool is_needed, struct kbi_buf *hold)
{
	for (const struct kbi_entry *e = NULL; (e = kbi_map_next(j->args, param, e));) {
		const struct kbi_package *now = kbi_packages_find(installed, e->value);
		bool is_here = kbi_package_is_installed(now);
		if (kbi_package_is_held(now) || (!is_here && !is_needed))
			continue;
		kbi_judge_value(j, "package", e->value, is_here ? "not held" : NULL, "held");
		if (is_here)
			kbi_buf_add_format(hold, "%s ", e->value);
	}
}

static kb_status
judge(struct kbi_judge *j)
{
	struct kbi_buf hold = KBI_BUF(KBI_SIZE_TEXT);
	struct kbi_packages installed;
	kb_status status = kbi_packages_read(&installed, kbi_judge_fact(j, "installed"), &j->err);

	if (!status) {
		judge_list(j, &installed, "packages", true, &hold);
		judge_list(j, &installed, "also", false, &hold);
		kbi_judge_want(j, "hold", kbi_buf_text(&hold));
	}
	kbi_packages_free(&installed);
	kbi_buf_free(&hold);
	return status;
}

const struct kbi_step_def kbi_step_packages_hold = {
	.name = "packages.hold",
	.summary = "the packages of Kubernetes and its runtime stay at their versions",
	.params = params,
	.script = kbi_script_packages_hold,
	.library = kbi_script_apt,
	.flags = KBI_STEP_LONG,		/* dpkg's lock may be held */
	.timeout_ms = 900000,
	.judge = judge,
};
