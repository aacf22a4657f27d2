/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "steps/packages.h"
#include "steps/scripts.h"
#include "steps/step.h"

#define BEGIN "# begin libkb: written by kubectl.shell, changes between these two lines are lost"
#define END "# end libkb"

/* Debian's .bashrc of root loads no completion, so the block does. */
static const char block[] =
	BEGIN "\n"
	"if [ -n \"${PS1-}\" ] && command -v kubectl >/dev/null; then\n"
	"\t[ ! -r /usr/share/bash-completion/bash_completion ] || . /usr/share/bash-completion/bash_completion\n"
	"\t. <(kubectl completion bash)\n"
	"\talias k=kubectl\n"
	"\talias c=clear\n"
	"\tcomplete -o default -F __start_kubectl k\n"
	"fi\n"
	END "\n";

static bool
line_is(const char *line, size_t line_bytes, const char *text)
{
	return line_bytes == strlen(text) && memcmp(line, text, line_bytes) == 0;
}

/* The file with the block where it was, else at its end. A block without an end goes on to the end of the file as it is: its lines are kept. */
static void
with_block(struct kbi_buf *out, const char *text, size_t text_bytes)
{
	const char *at = text, *end = text + text_bytes, *line, *from = at;
	size_t bytes, kept = 0;
	bool is_inside = false, is_done = false;

	for (; (at = kbi_str_line(at, end, &line, &bytes)); from = at) {
		if (!is_inside && !is_done && line_is(line, bytes, BEGIN)) {
			is_inside = true;
			kept = out->size_bytes;
		}
		kbi_buf_add_bytes(out, from, (size_t)(at - from));
		if (!is_inside || !line_is(line, bytes, END))
			continue;
		kbi_buf_truncate(out, kept);
		kbi_buf_add(out, block);
		is_inside = false;
		is_done = true;
	}
	if (is_done)
		return;
	if (out->size_bytes && out->data[out->size_bytes - 1] != '\n')
		kbi_buf_add_char(out, '\n');
	kbi_buf_add(out, block);
}

static kb_status
judge(struct kbi_judge *j)
{
	const struct kbi_entry *now = kbi_map_find(j->facts, "bashrc");
	struct kbi_buf wanted = KBI_BUF(2 * KBI_SIZE_TEXT);
	struct kbi_packages installed;
	kb_status status = kbi_packages_read(&installed, kbi_judge_fact(j, "installed"), &j->err);

	if (!status) {
		const struct kbi_package *package = kbi_packages_find(&installed, "bash-completion");
		bool is_here = kbi_package_is_installed(package);
		with_block(&wanted, now ? now->value : "", now ? now->size_bytes : 0);
		kbi_judge_file(j, "bashrc", kbi_judge_fact(j, "bashrc_path"), kbi_buf_text(&wanted), NULL);
		kbi_judge_value(j, "package", "bash-completion", is_here ? "installed" : NULL, "installed");
		kbi_judge_want(j, "package", is_here ? "" : "yes");
	}
	kbi_packages_free(&installed);
	kbi_buf_free(&wanted);
	return status;
}

const struct kbi_step_def kbi_step_kubectl_shell = {
	.name = "kubectl.shell",
	.summary = "root's bash completes kubectl, also as k",
	.script = kbi_script_kubectl_shell,
	.library = kbi_script_apt,
	.flags = KBI_STEP_LONG,		/* dpkg's lock may be held */
	.timeout_ms = 900000,
	.judge = judge,
};
