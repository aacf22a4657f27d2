/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "steps/scripts.h"
#include "steps/step.h"
#include "text/yaml.h"

static const struct kbi_param params[] = {
	{ "node-name", NULL, "which Node", KBI_REQUIRED },
	{ "labels", NULL, "NAME=VALUE each, set; others stay", KBI_LIST },
	{ "taints", NULL, "KEY=VALUE:EFFECT or KEY:EFFECT each, set; others stay", KBI_LIST },
	{ "schedulable", NULL, "yes: a control plane's own taint is taken away; no: it is there", KBI_YES_NO },
	{ 0 }
};

static const char *const control_plane_taints[] = { "node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master" };

static const char name_chars[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/-";

static bool
is_label(const char *text)
{
	size_t name_bytes = strspn(text, name_chars);

	return name_bytes && *text != '-' && text[name_bytes] == '=' && !text[name_bytes + 1 + strspn(text + name_bytes + 1, name_chars)];
}

static bool
is_effect(const char *text)
{
	return kbi_str_is(text, "NoSchedule") || kbi_str_is(text, "PreferNoSchedule") || kbi_str_is(text, "NoExecute");
}

static bool
is_taint(const char *text)
{
	size_t bytes = strspn(text, name_chars);

	if (!bytes || *text == '-')
		return false;
	text += bytes;
	if (*text == '=')
		text += 1 + strspn(text + 1, name_chars);
	return *text == ':' && is_effect(text + 1);
}

static kb_status
check(const struct kbi_map *args, struct kb_err *err)
{
	const char *name = kbi_map_get(args, "node-name");

	if (kbi_str_is_set(name) && !kbi_str_is_name(name))
		return kbi_fail(err, KB_EINVAL, "node.configure: node-name %s: not a name that a Node can have", name);
	for (const struct kbi_entry *e = NULL; (e = kbi_map_next(args, "labels", e));)
		if (!is_label(e->value))
			return kbi_fail(err, KB_EINVAL, "node.configure: labels: \"%s\": not NAME=VALUE", e->value);
	for (const struct kbi_entry *e = NULL; (e = kbi_map_next(args, "taints", e));)
		if (!is_taint(e->value))
			return kbi_fail(err, KB_EINVAL, "node.configure: taints: \"%s\": not KEY=VALUE:EFFECT", e->value);
	return KB_OK;
}

static void
judge_label(struct kbi_judge *j, const struct kbi_yaml_node *labels, const char *label, struct kbi_buf *want)
{
	struct kbi_buf name = KBI_BUF(KBI_SIZE_TEXT), key = KBI_BUF(KBI_SIZE_TEXT);

	kbi_buf_add_bytes(&key, label, strcspn(label, "="));
	kbi_buf_add_format(&name, "label %s", kbi_buf_text(&key));
	const char *now = kbi_yaml_text(kbi_yaml_get(labels, kbi_buf_text(&key)));
	if (kbi_judge_value(j, "object", kbi_buf_text(&name), now, label + key.size_bytes + 1))
		kbi_buf_add_format(want, "%s\n", label);
	kbi_buf_free(&name);
	kbi_buf_free(&key);
}

/* KEY=VALUE:EFFECT, without "=" when there is no value. */
static void
print_taint(struct kbi_buf *out, const struct kbi_yaml_node *taint)
{
	const char *key = kbi_yaml_text(kbi_yaml_get(taint, "key")), *value = kbi_yaml_text(kbi_yaml_get(taint, "value"));
	const char *effect = kbi_yaml_text(kbi_yaml_get(taint, "effect"));

	kbi_buf_add(out, key ? key : "");
	if (kbi_str_is_set(value))
		kbi_buf_add_format(out, "=%s", value);
	kbi_buf_add_format(out, ":%s", effect ? effect : "");
}

/* A Node has at most one taint of a key and effect. */
static bool
is_of_same_kind(const char *a, const char *b)
{
	size_t a_bytes = strcspn(a, "=:"), b_bytes = strcspn(b, "=:");

	return a_bytes == b_bytes && memcmp(a, b, a_bytes) == 0 && kbi_str_is(strrchr(a, ':'), strrchr(b, ':'));
}

static void
judge_taint(struct kbi_judge *j, const struct kbi_yaml_node *taints, const char *wanted, bool is_to_be, struct kbi_buf *want)
{
	struct kbi_buf now = KBI_BUF(KBI_SIZE_TEXT), name = KBI_BUF(KBI_SIZE_TEXT);
	const struct kbi_yaml_node *taint = kbi_yaml_is_list(taints) ? taints->first : NULL;

	for (; taint; taint = taint->next) {
		kbi_buf_truncate(&now, 0);
		print_taint(&now, taint);
		if (strchr(kbi_buf_text(&now), ':') && is_of_same_kind(kbi_buf_text(&now), wanted))
			break;
	}
	kbi_buf_add_format(&name, "taint %.*s", (int)strcspn(wanted, "=:"), wanted);
	if (kbi_judge_value(j, "object", kbi_buf_text(&name), taint ? kbi_buf_text(&now) : NULL, is_to_be ? wanted : NULL))
		kbi_buf_add_format(want, "%s%s\n", wanted, is_to_be ? "" : "-");
	kbi_buf_free(&now);
	kbi_buf_free(&name);
}

static void
judge_schedulable(struct kbi_judge *j, const struct kbi_yaml_node *taints, struct kbi_buf *want)
{
	const char *schedulable = kbi_judge_arg(j, "schedulable");
	bool is_yes = kbi_str_is_yes(schedulable);

	if (!*schedulable)
		return;
	/* the second is the one of Kubernetes before 1.25: never set by us */
	for (size_t i = 0; i < (is_yes ? 2 : 1); i++) {
		struct kbi_buf taint = KBI_BUF(KBI_SIZE_TEXT);
		kbi_buf_add_format(&taint, "%s:NoSchedule", control_plane_taints[i]);
		judge_taint(j, taints, kbi_buf_text(&taint), !is_yes, want);
		kbi_buf_free(&taint);
	}
}

static kb_status
judge_node(struct kbi_judge *j, const struct kbi_yaml_node *node)
{
	struct kbi_buf labels = KBI_BUF(KBI_SIZE_TEXT), taints = KBI_BUF(KBI_SIZE_TEXT);
	const struct kbi_yaml_node *label_node = kbi_yaml_get(node, "labels"), *taint_node = kbi_yaml_get(node, "taints");

	for (const struct kbi_entry *e = NULL; (e = kbi_map_next(j->args, "labels", e));)
		judge_label(j, label_node, e->value, &labels);
	for (const struct kbi_entry *e = NULL; (e = kbi_map_next(j->args, "taints", e));)
		judge_taint(j, taint_node, e->value, true, &taints);
	judge_schedulable(j, taint_node, &taints);
	kbi_judge_want(j, "labels", kbi_buf_text(&labels));
	kbi_judge_want(j, "taints", kbi_buf_text(&taints));
	kbi_buf_free(&labels);
	kbi_buf_free(&taints);
	return KB_OK;
}

/* A kubelet makes its Node, which may be after kubeadm join has ended (1.34): an apply waits for it. A dry run can only say that there is none,
 * which is no failure when a join before it is still to come. */
static kb_status
judge_missing(struct kbi_judge *j)
{
	const char *name = kbi_judge_arg(j, "node-name");

	if (j->is_after_apply || j->is_dry)
		return kbi_judge_fail(j, KB_ESTEP, "node.missing", "the cluster has no Node %s", name);
	judge_node(j, NULL);
	return kbi_judge_say(j, KB_ABSENT, "the cluster has no Node %s", name);
}

static kb_status
judge(struct kbi_judge *j)
{
	const char *api = kbi_judge_fact(j, "api"), *text = kbi_judge_fact(j, "node");
	struct kbi_yaml yaml;

	if (kbi_str_is(api, "none"))
		return kbi_judge_say(j, KB_ABSENT, "there is no cluster here yet");
	if (!kbi_str_is(api, "ok") || !kbi_judge_fact_is(j, "node.status", "0"))
		return kbi_judge_say(j, KB_UNKNOWN, "the API server does not answer: %s", api);
	if (!*text)
		return judge_missing(j);
	kb_status status = kbi_yaml_read(&yaml, "node", text, strlen(text), KBI_SIZE_TEXT, &j->err);
	if (status)
		return status;
	status = judge_node(j, yaml.first);
	kbi_yaml_free(&yaml);
	return status;
}

const struct kbi_step_def kbi_step_node_configure = {
	.name = "node.configure",
	.summary = "a Node has its labels and taints",
	.params = params,
	.library = kbi_script_kubeadm_library,
	.share = "kb_share_cluster",
	.script = kbi_script_node_configure,
	.timeout_ms = 120000,
	.check = check,
	.judge = judge,
};
