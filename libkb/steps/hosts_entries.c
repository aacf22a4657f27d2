/* SPDX-License-Identifier: Apache-2.0 */
#include <kb/event.h>

#include "base/buf.h"
#include "steps/scripts.h"
#include "steps/step.h"
#include "text/hosts.h"

static const struct kbi_param params[] = {
	{ "entries", NULL, "lines of \"ADDRESS NAME...\"; none: the block is taken away", KBI_LIST },
	{ 0 }
};

static void
join_entries(struct kbi_buf *out, const struct kbi_map *args)
{
	for (const struct kbi_entry *e = NULL; (e = kbi_map_next(args, "entries", e));)
		kbi_buf_add_format(out, "%s\n", e->value);
}

static kb_status
check(const struct kbi_map *args, struct kb_err *err)
{
	struct kbi_buf entries = KBI_BUF(KBI_SIZE_TEXT), block = KBI_BUF(KBI_SIZE_TEXT);

	join_entries(&entries, args);
	kb_status status = kbi_hosts_block("", 0, kbi_buf_text(&entries), &block, err);
	kbi_buf_free(&entries);
	kbi_buf_free(&block);
	return status;
}

static kb_status
judge(struct kbi_judge *j)
{
	struct kbi_buf entries = KBI_BUF(KBI_SIZE_TEXT), wanted = KBI_BUF(KBI_SIZE_TEXT);
	const struct kbi_entry *now = kbi_map_find(j->facts, "hosts");
	const char *rewriter = kbi_judge_fact(j, "rewritten_by");

	join_entries(&entries, j->args);
	kb_status status = kbi_hosts_block(now ? now->value : "", now ? now->size_bytes : 0, kbi_buf_text(&entries), &wanted, &j->err);
	if (!status)
		kbi_judge_file(j, "hosts", "/etc/hosts", kbi_buf_text(&wanted), "0644");
	if (!status && *rewriter)
		kbi_judge_note(j, KB_WARNING, "hosts.rewritten", "cloud-init writes /etc/hosts anew at every boot (manage_etc_hosts in %s)", rewriter);
	kbi_buf_free(&entries);
	kbi_buf_free(&wanted);
	return status;
}

const struct kbi_step_def kbi_step_hosts_entries = {
	.name = "hosts.entries",
	.summary = "/etc/hosts names every host of the cluster by its cluster address",
	.params = params,
	.script = kbi_script_hosts_entries,
	.timeout_ms = 60000,
	.check = check,
	.judge = judge,
};
