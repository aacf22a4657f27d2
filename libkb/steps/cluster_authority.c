/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "steps/scripts.h"
#include "steps/step.h"
#include "text/ca.h"

#define NONE "none"

static const struct kbi_param params[] = {
	{ "ca-cert-hash", NULL, "the authority of the cluster that is meant, sha256:HEX: a host of another one is refused; none: a host of any is", KBI_LOCAL },
	{ 0 }
};

static const struct kbi_output outputs[] = {
	{ "ca-cert-hash", "the pin of the certificate authority of the host's cluster, sha256:HEX; of a host in no cluster ca-cert-hash, or none", 0 },
	{ 0 }
};

static kb_status
check(const struct kbi_map *args, struct kb_err *err)
{
	const char *hash = kbi_map_get(args, "ca-cert-hash");

	return !kbi_str_is_set(hash) || kbi_str_is(hash, NONE) ? KB_OK : kbi_ca_hash_check(hash, err);
}

/* What can't be read as a certificate is half of one, which a killed kubeadm leaves: of no cluster that could be told. */
static void
print_hash(const struct kbi_judge *j, struct kbi_buf *hash)
{
	const struct kbi_entry *ca = kbi_map_find(j->facts, "ca");

	if (!ca || kbi_ca_hash(ca->value, ca->size_bytes, hash, NULL)) {
		kbi_buf_truncate(hash, 0);
		kbi_buf_add(hash, NONE);
	}
}

static kb_status
judge(struct kbi_judge *j)
{
	const char *meant = kbi_judge_arg(j, "ca-cert-hash");
	struct kbi_buf hash = KBI_BUF(KBI_SIZE_TEXT);

	print_hash(j, &hash);
	const char *is = kbi_buf_text(&hash);
	bool is_bare = kbi_str_is(is, NONE), is_other = *meant && !is_bare && !kbi_str_is(is, meant);
	kbi_judge_output(j, "ca-cert-hash", is_bare && *meant ? meant : is);	/* who comes after it is held to what was named */
	kb_status status = is_other ? kbi_judge_say(j, KB_FOREIGN, "the host is of another cluster: its certificate authority is %s, that of the one meant is %s", is, meant)
		: kbi_judge_say(j, KB_PRESENT, is_bare ? "in no cluster" : "%s", is);
	kbi_buf_free(&hash);
	return status;
}

const struct kbi_step_def kbi_step_cluster_authority = {
	.name = "cluster.authority",
	.summary = "which cluster the host is of, by its certificate authority; refused when it is another than the one meant",
	.params = params,
	.outputs = outputs,
	.library = kbi_script_kubeadm_library,
	.script = kbi_script_cluster_authority,
	.flags = KBI_STEP_READ_ONLY,
	.timeout_ms = 60000,
	.check = check,
	.judge = judge,
};
