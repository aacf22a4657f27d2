/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "steps/scripts.h"
#include "steps/step.h"

#define ID_BYTES 6

static const struct kbi_param params[] = {
	{ "token-id", NULL, "the public part of the token: an output of token.create", KBI_REQUIRED },
	{ 0 }
};

static kb_status
check(const struct kbi_map *args, struct kb_err *err)
{
	const char *id = kbi_map_get(args, "token-id");

	if (kbi_str_is_set(id) && (strlen(id) != ID_BYTES || strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789") != ID_BYTES))
		return kbi_fail(err, KB_EINVAL, "token.delete: token-id: not %d letters and digits", ID_BYTES);	/* it may be a whole token */
	return KB_OK;
}

static kb_status
judge(struct kbi_judge *j)
{
	struct kbi_buf name = KBI_BUF(KBI_SIZE_TEXT);

	if (!kbi_map_has(j->facts, "secret.status"))
		return kbi_judge_say(j, KB_PRESENT, *kbi_judge_arg(j, "token-id") ? "there is no cluster here" : "no token was made");
	if (!kbi_judge_fact_is(j, "secret.status", "0"))
		return kbi_judge_say(j, KB_UNKNOWN, "the API server does not answer");
	kbi_buf_add_format(&name, "bootstrap token %s", kbi_judge_arg(j, "token-id"));
	kbi_judge_value(j, "object", kbi_buf_text(&name), *kbi_judge_fact(j, "secret") ? "there" : NULL, NULL);
	kbi_buf_free(&name);
	return KB_OK;
}

const struct kbi_step_def kbi_step_token_delete = {
	.name = "token.delete",
	.summary = "a bootstrap token is gone",
	.params = params,
	.library = kbi_script_kubeadm_library,
	.script = kbi_script_token_delete,
	.timeout_ms = 60000,
	.check = check,
	.judge = judge,
};
