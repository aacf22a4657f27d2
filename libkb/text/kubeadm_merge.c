/* SPDX-License-Identifier: Apache-2.0 */
/* The caller's own documents into ours, and options from text. */
#include <string.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/str.h"
#include "text/bound.h"
#include "text/kubeadm.h"
#include "text/yaml.h"

#define DOCUMENTS_MAX 64
#define ARGUMENTS_MAX 1000

/* What a document of this kind is written as when it does not say so itself. */
static const struct {
	const char *kind;
	const char *api;	/* NULL: kubeadm's own, as in the documents that are there */
} known[] = {
	{"InitConfiguration", NULL},
	{"ClusterConfiguration", NULL},
	{"JoinConfiguration", NULL},
	{"ResetConfiguration", NULL},
	{"UpgradeConfiguration", NULL},
	{"KubeletConfiguration", "kubelet.config.k8s.io/v1beta1"},
	{"KubeProxyConfiguration", "kubeproxy.config.k8s.io/v1alpha1"},
};

static const char *
text_of(const struct kbi_yaml_node *document, const char *key)
{
	const char *text = kbi_yaml_text(kbi_yaml_get(document, key));

	return text ? text : "";
}

/* Where documents have lists of {name, value}, from v1beta4 on. */
static const char *const argument_parents[] = {"apiServer", "controllerManager", "scheduler", "etcd.local", "nodeRegistration"};
static const char *const argument_names[] = {"extraArgs", "kubeletExtraArgs"};

#define PARENTS (sizeof(argument_parents) / sizeof(argument_parents[0]))
#define NAMES (sizeof(argument_names) / sizeof(argument_names[0]))

static kb_status
check_arguments(const struct kbi_yaml *yaml, const struct kbi_yaml_node *document, struct kb_err *err)
{
	for (size_t i = 0; i < PARENTS * NAMES; i++) {
		const struct kbi_yaml_node *parent = kbi_yaml_path(document, argument_parents[i / NAMES]),
			*list = kbi_yaml_get(parent, argument_names[i % NAMES]);
		for (const struct kbi_yaml_node *item = kbi_yaml_is_list(list) ? list->first : NULL; item; item = item->next)
			if (!*text_of(item, "name"))
				return kbi_yaml_fail(yaml, item, err, KB_EINVAL, "%s: an argument without a name", argument_names[i % NAMES]);
	}
	return KB_OK;
}

static kb_status
check_documents(const struct kbi_yaml *yaml, struct kb_err *err)
{
	if (yaml->count > DOCUMENTS_MAX)
		return kbi_yaml_fail(yaml, NULL, err, KB_ETOOBIG, "%zu documents: over the limit of %d",
			yaml->count, DOCUMENTS_MAX);
	for (const struct kbi_yaml_node *document = yaml->first; document; document = document->next) {
		if (!kbi_yaml_is_map(document))
			return kbi_yaml_fail(yaml, document, err, KB_EINVAL, "a document that is no mapping");
		if (!*text_of(document, "kind"))
			return kbi_yaml_fail(yaml, document, err, KB_EINVAL, "a document without kind");
		kb_status failed = check_arguments(yaml, document, err);
		if (failed)
			return failed;
	}
	return KB_OK;
}

/* The same kind, and the same API group when it is written. */
static bool
is_same(const struct kbi_yaml_node *ours, const struct kbi_yaml_node *theirs)
{
	const char *group = text_of(theirs, "apiVersion"), *our_group = text_of(ours, "apiVersion");
	size_t length = strcspn(group, "/");

	if (!kbi_str_is(text_of(ours, "kind"), text_of(theirs, "kind")))
		return false;
	return !*group || (strcspn(our_group, "/") == length && memcmp(group, our_group, length) == 0);
}

static const char *
kubeadm_api(const struct kbi_yaml *yaml)
{
	for (const struct kbi_yaml_node *document = yaml->first; document; document = document->next)
		if (kbi_str_starts(text_of(document, "apiVersion"), "kubeadm.k8s.io/"))
			return text_of(document, "apiVersion");
	return NULL;
}

static const char *
api_for(const struct kbi_yaml *yaml, const struct kbi_yaml_node *document)
{
	if (*text_of(document, "apiVersion"))
		return text_of(document, "apiVersion");
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (kbi_str_is(known[i].kind, text_of(document, "kind")))
			return known[i].api ? known[i].api : kubeadm_api(yaml);
	return NULL;
}

static bool
has_argument(const struct kbi_yaml_node *list, const char *name)
{
	for (const struct kbi_yaml_node *item = list->first; item; item = item->next)
		if (kbi_str_is(text_of(item, "name"), name))
			return true;
	return false;
}

/* v1beta4 has lists of {name, value} where older APIs have maps. So that a document means the same in both, ours are kept but for
 * those that the caller names too. */
static kb_status
keep_arguments(struct kbi_yaml *yaml, const struct kbi_yaml_node *ours, struct kbi_yaml_node *theirs,
	struct kb_err *err)
{
	if (ours->count > ARGUMENTS_MAX || theirs->count > ARGUMENTS_MAX)
		return kbi_fail(err, KB_ETOOBIG, "kubeadm documents: more than %d extra arguments", ARGUMENTS_MAX);
	struct kbi_yaml_node **link = &theirs->first;	/* ours go in front, in their order */
	for (const struct kbi_yaml_node *item = ours->first; item; item = item->next) {
		if (has_argument(theirs, text_of(item, "name")))
			continue;
		struct kbi_yaml_node *copy = kbi_yaml_copy(yaml, item);
		if (!copy)
			return kbi_fail_memory(err);
		copy->next = *link;
		*link = copy;
		link = &copy->next;
		theirs->last = theirs->last ? theirs->last : copy;
		theirs->count++;
	}
	return KB_OK;
}

static kb_status
keep_all_arguments(struct kbi_yaml *yaml, const struct kbi_yaml_node *ours, struct kbi_yaml_node *theirs,
	struct kb_err *err)
{
	kb_status status = KB_OK;

	for (size_t i = 0; i < PARENTS * NAMES && !status; i++) {
		const char *parent = argument_parents[i / NAMES], *name = argument_names[i % NAMES];
		const struct kbi_yaml_node *our_list = kbi_yaml_get(kbi_yaml_path(ours, parent), name);
		struct kbi_yaml_node *their_list = kbi_yaml_get(kbi_yaml_path(theirs, parent), name);
		if (kbi_yaml_is_list(our_list) && kbi_yaml_is_list(their_list))
			status = keep_arguments(yaml, our_list, their_list, err);
	}
	return status;
}

static kb_status
merge_into(struct kbi_yaml *ours, struct kbi_yaml_node *document, const struct kbi_yaml *theirs,
	struct kbi_yaml_node *from, struct kb_err *err)
{
	const char *api = text_of(from, "apiVersion");

	if (*api && !kbi_str_is(api, text_of(document, "apiVersion")))
		return kbi_yaml_fail(theirs, from, err, KB_EINVAL,
			"%s is %.100s here and %.100s in what it is merged into", text_of(from, "kind"),
			api, text_of(document, "apiVersion"));
	kb_status status = keep_all_arguments(ours, document, from, err);
	return status ? status : kbi_yaml_merge(ours, document, from, err);
}

/* A document of a kind that is not there yet: apiVersion and kind first, then the rest as it came. */
static kb_status
append(struct kbi_yaml *ours, const struct kbi_yaml *theirs, const struct kbi_yaml_node *from,
	struct kb_err *err)
{
	const char *api = api_for(ours, from);

	if (!api)
		return kbi_yaml_fail(theirs, from, err, KB_EINVAL, "%.100s without apiVersion", text_of(from, "kind"));
	struct kbi_yaml_node *document = kbi_yaml_add_document(ours, kbi_yaml_new_map(ours));
	if (!kbi_yaml_set(ours, document, "apiVersion", kbi_yaml_new_string(ours, api))
		|| !kbi_yaml_set(ours, document, "kind", kbi_yaml_new_string(ours, text_of(from, "kind"))))
		return kbi_fail_memory(err);
	return kbi_yaml_merge(ours, document, from, err);
}

static kb_status
merge_all(struct kbi_yaml *ours, const struct kbi_yaml *theirs, struct kb_err *err)
{
	kb_status status = KB_OK;

	for (struct kbi_yaml_node *from = theirs->first; from && !status; from = from->next) {
		struct kbi_yaml_node *document = ours->first;
		while (document && !is_same(document, from))
			document = document->next;
		status = document ? merge_into(ours, document, theirs, from, err) : append(ours, theirs, from, err);
	}
	return status;
}

kb_status
kbi_kubeadm_merge(const void *data, size_t size_bytes, const char *documents, struct kbi_buf *out,
	struct kb_err *err)
{
	struct kbi_yaml ours = {0}, theirs = {0};

	if (!documents || (!data && size_bytes))
		return kbi_fail(err, KB_EINVAL, "kubeadm documents: NULL");
	kb_status status = kbi_yaml_read(&ours, "kubeadm configuration", data, size_bytes, KBI_SIZE_TEXT, err);
	if (!status)
		status = kbi_yaml_read(&theirs, "kubeadm documents", documents, strlen(documents), KBI_SIZE_TEXT, err);
	if (!status)
		status = check_documents(&ours, err);
	if (!status)
		status = check_documents(&theirs, err);
	if (!status)
		status = merge_all(&ours, &theirs, err);
	if (!status) {
		kbi_yaml_write(out, &ours);
		status = kbi_bound_out("kubeadm documents", out, err);
	}
	kbi_yaml_free(&ours);
	kbi_yaml_free(&theirs);
	return status;
}

static kb_status
add_value(struct kbi_map *options, const char *name, const char *value, struct kb_err *err)
{
	return kbi_map_add(options, name, value) ? kbi_fail_memory(err) : KB_OK;
}

/* NAME: VALUE in a mapping of a component's flags. */
static kb_status
add_assignment(struct kbi_map *options, const char *name, const struct kbi_yaml_node *member,
	struct kb_err *err)
{
	struct kbi_buf text = KBI_BUF(KBI_SIZE_TEXT);

	kbi_buf_add_format(&text, "%s=%s", member->key->text, member->text);
	kb_status status = kbi_bound_out("options", &text, err);
	if (!status)
		status = add_value(options, name, kbi_buf_text(&text), err);
	kbi_buf_free(&text);
	return status;
}

static kb_status
add_option(const struct kbi_yaml *yaml, const struct kbi_yaml_node *node, struct kbi_map *options,
	struct kb_err *err)
{
	const char *name = node->key->text;
	kb_status status = KB_OK;

	if (kbi_yaml_is_null(node))
		return KB_OK;
	if (node->kind == KBI_YAML_SCALAR)
		return add_value(options, name, node->text, err);
	for (const struct kbi_yaml_node *item = node->first; item && !status; item = item->next) {
		if (item->kind != KBI_YAML_SCALAR)
			return kbi_yaml_fail(yaml, item, err, KB_EINVAL, "%.100s: nested deeper than a list", name);
		status = item->key ? add_assignment(options, name, item, err)
			: add_value(options, name, item->text, err);
	}
	return status;
}

kb_status
kbi_kubeadm_options(const char *text, struct kbi_map *options, struct kb_err *err)
{
	struct kbi_yaml yaml;
	kb_status status = KB_OK;

	if (!text)
		return kbi_fail(err, KB_EINVAL, "options: NULL");
	status = kbi_yaml_read(&yaml, "options", text, strlen(text), KBI_SIZE_TEXT, err);
	if (status)
		return status;
	if (yaml.count > 1 || (yaml.first && !kbi_yaml_is_map(yaml.first)))
		status = kbi_yaml_fail(&yaml, yaml.first, err, KB_EINVAL, "not one mapping");
	for (const struct kbi_yaml_node *node = yaml.first ? yaml.first->first : NULL; node && !status;
		node = node->next)
		status = add_option(&yaml, node, options, err);
	kbi_yaml_free(&yaml);
	return status;
}
