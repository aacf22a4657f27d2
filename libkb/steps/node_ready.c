/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include <kb/event.h>

#include "base/buf.h"
#include "base/str.h"
#include "steps/scripts.h"
#include "steps/step.h"
#include "steps/words.h"
#include "text/cidr.h"

#define WORDS_MAX 8

static const struct kbi_param params[] = {
	{ "nodes", NULL, "NAME ADDRESS each: the Nodes that there are to be, and the InternalIP of each; the address may be left out",
		KBI_REQUIRED | KBI_LIST },
	{ "dns", "yes", "no: the cluster's DNS is not waited for", KBI_YES_NO },
	{ "timeout", "300", "how many seconds it may take", 0 },
	{ 0 }
};

/* Name and address of an item of `nodes`. Returns how many words it has. */
static size_t
read_item(char *item, char *words[WORDS_MAX])
{
	return kbi_line_words(item, words, WORDS_MAX);
}

static kb_status
check_item(const char *text, struct kb_err *err)
{
	char *item = kbi_str_copy(text), *words[WORDS_MAX];
	struct kbi_ip ip;
	kb_status status = KB_OK;

	if (!item)
		return kbi_fail_memory(err);
	size_t count = read_item(item, words);
	if (count < 1 || count > 2 || !kbi_str_is_name(words[0]))
		status = kbi_fail(err, KB_EINVAL, "node.ready: nodes: \"%s\": not NAME ADDRESS", text);
	else if (count == 2)
		status = kbi_ip_parse(&ip, words[1], err);
	free(item);
	return status;
}

static kb_status
check(const struct kbi_map *args, struct kb_err *err)
{
	int64_t seconds;

	for (const struct kbi_entry *e = NULL; (e = kbi_map_next(args, "nodes", e));)
		if (check_item(e->value, err))
			return KB_EINVAL;
	if (!kbi_str_to_int64(kbi_map_get_or(args, "timeout", ""), 1, 86400, &seconds))
		return kbi_fail(err, KB_EINVAL, "node.ready: timeout %s: not seconds", kbi_map_get_or(args, "timeout", ""));
	return KB_OK;
}

/* The fact on a Node: "NAME True 192.168.1.2"; NULL when there is none. */
static const char *
find_node(const struct kbi_judge *j, const char *name)
{
	size_t bytes = strlen(name);

	for (const struct kbi_entry *e = NULL; (e = kbi_map_next(j->facts, "node", e));)
		if (kbi_str_starts(e->value, name) && e->value[bytes] == ' ')
			return e->value;
	return NULL;
}

static bool
has_address(char *const *words, size_t count, const char *address)
{
	struct kbi_ip wanted, ip;

	if (kbi_ip_parse(&wanted, address, NULL))
		return false;
	for (size_t i = 2; i < count; i++)
		if (kbi_ip_parse(&ip, words[i], NULL) == KB_OK && kbi_ip_is(&ip, &wanted))
			return true;
	return false;
}

/* A wrong address does not come right by waiting. */
static kb_status
judge_node(struct kbi_judge *j, const char *name, const char *address)
{
	const char *found = find_node(j, name);
	char *text = found ? kbi_str_copy(found) : NULL, *words[WORDS_MAX];
	size_t count = text ? kbi_line_words(text, words, WORDS_MAX) : 0;
	kb_status status = KB_OK;

	if (address && count > 2 && !has_address(words, count, address)) {
		status = kbi_judge_fail(j, KB_ECONFLICT, "node.address-differs", "the Node %s has the InternalIP %s, and not %s", name, words[2], address);
		kbi_judge_fix(j, "kubeadm.join with node-ip %s", address);
	} else {
		const char *now = count < 2 ? NULL : kbi_str_is(words[1], "True") ? "Ready" : "not Ready";
		struct kbi_buf what = KBI_BUF(KBI_SIZE_TEXT);
		kbi_buf_add_format(&what, "Node %s", name);
		kbi_judge_value(j, "object", kbi_buf_text(&what), now, "Ready");
		kbi_buf_free(&what);
	}
	free(text);
	return status;
}

static kb_status
judge_item(struct kbi_judge *j, const char *value)
{
	char *item = kbi_str_copy(value), *words[WORDS_MAX];
	size_t count = item ? read_item(item, words) : 0;
	kb_status status = !item ? KB_ENOMEM : count ? judge_node(j, words[0], count > 1 ? words[1] : NULL) : KB_EINVAL;

	free(item);
	return status;
}

static bool
is_wanted(const struct kbi_judge *j, const char *node)
{
	size_t bytes = strcspn(node, " ");

	for (const struct kbi_entry *e = NULL; (e = kbi_map_next(j->args, "nodes", e));)
		if (strcspn(e->value, " ") == bytes && memcmp(e->value, node, bytes) == 0)
			return true;
	return false;
}

static kb_status
judge(struct kbi_judge *j)
{
	const char *api = kbi_judge_fact(j, "api");
	kb_status status = KB_OK;

	if (kbi_str_is(api, "none"))
		return kbi_judge_say(j, KB_ABSENT, "there is no cluster here yet");
	if (!kbi_str_is(api, "ok") || !kbi_judge_fact_is(j, "nodes.status", "0"))
		return kbi_judge_say(j, KB_UNKNOWN, "the API server does not answer: %s", api);
	for (const struct kbi_entry *e = NULL; !status && (e = kbi_map_next(j->args, "nodes", e));)
		status = judge_item(j, e->value);
	if (!status && kbi_str_is_yes(kbi_judge_arg(j, "dns")))
		kbi_judge_value(j, "object", "Deployment coredns", *kbi_judge_fact(j, "dns") ? kbi_judge_fact_is(j, "dns", "True") ? "available" :
			"not available" : NULL, "available");
	for (const struct kbi_entry *e = NULL; (e = kbi_map_next(j->facts, "node", e));)
		if (!is_wanted(j, e->value))
			kbi_judge_note(j, KB_INFO, "node.not-named", "the cluster has a Node %.*s that was not named", (int)strcspn(e->value, " "), e->value);
	return status;
}

const struct kbi_step_def kbi_step_node_ready = {
	.name = "node.ready",
	.summary = "the Nodes are Ready at their addresses, and the cluster's DNS is there",
	.params = params,
	.library = kbi_script_kubeadm_library,
	.share = "kb_share_cluster",
	.script = kbi_script_node_ready,
	.flags = KBI_STEP_LONG,
	.timeout_ms = 900000,
	.check = check,
	.judge = judge,
};
