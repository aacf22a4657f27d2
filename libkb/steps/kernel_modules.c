/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "steps/scripts.h"
#include "steps/step.h"

static const struct kbi_param params[] = {
	/* containerd's snapshotter needs overlay; kube-proxy sees bridged packets through br_netfilter
	 * (kubernetes.io, "Container Runtimes", Install and configure prerequisites) */
	{ "modules", "overlay br_netfilter", "kernel modules to load now and at every boot", KBI_LIST },
	{ 0 }
};

static kb_status
check(const struct kbi_map *args, struct kb_err *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

	for (const struct kbi_entry *e = NULL; (e = kbi_map_next(args, "modules", e));)
		if (!*e->value || *e->value == '-' || e->value[strspn(e->value, allowed)])
			return kbi_fail(err, KB_EINVAL, "kernel.modules: modules: not a module's name: %s", e->value);
	return KB_OK;
}

static kb_status
judge(struct kbi_judge *j)
{
	struct kbi_buf conf = KBI_BUF(KBI_SIZE_TEXT), load = KBI_BUF(KBI_SIZE_TEXT);
	const struct kbi_entry *e = NULL;

	kbi_buf_add(&conf, "# written by libkb\n");
	while ((e = kbi_map_next(j->args, "modules", e))) {
		kbi_buf_add_format(&conf, "%s\n", e->value);
		if (kbi_judge_value(j, "module", e->value, kbi_map_holds(j->facts, "loaded", e->value) ? "loaded" : NULL, "loaded"))
			kbi_buf_add_format(&load, "%s ", e->value);
	}
	kbi_judge_file(j, "conf", "/etc/modules-load.d/libkb.conf", kbi_buf_text(&conf), "0644");
	kbi_judge_want(j, "load", kbi_buf_text(&load));
	kbi_buf_free(&conf);
	kbi_buf_free(&load);
	return KB_OK;
}

const struct kbi_step_def kbi_step_kernel_modules = {
	.name = "kernel.modules",
	.summary = "kernel modules are loaded, and will be after a reboot",
	.params = params,
	.script = kbi_script_kernel_modules,
	.timeout_ms = 60000,
	.check = check,
	.judge = judge,
};
