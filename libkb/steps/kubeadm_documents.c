/* SPDX-License-Identifier: Apache-2.0 */
#include "steps/kubeadm_documents.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "text/cidr.h"
#include "text/kubeadm.h"
#include "text/yaml.h"

static bool
is_among(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (kbi_str_is(name, *names))
			return true;
	return false;
}

static kb_status
copy_options(struct kbi_map *to, const struct kbi_map *from, const char *const *without, struct kb_err *err)
{
	for (size_t i = 0; i < from->count; i++) {
		const struct kbi_entry *e = &from->entries[i];
		if (kbi_str_is(e->name, "config") || is_among(e->name, without))
			continue;
		kb_status status = e->secret ? kbi_map_set_secret(to, e->name, e->value, e->size_bytes) : kbi_map_add(to, e->name, e->value);
		if (status)
			return kbi_fail_memory(err);
	}
	return KB_OK;
}

kb_status
kbi_documents_make(const char *kind, const struct kbi_map *options, const char *const *not_kubeadms, struct kbi_buf *out, struct kb_err *err)
{
	struct kbi_map kubeadms = { 0 };
	struct kbi_buf made = KBI_BUF(KBI_SIZE_TEXT);
	const char *own = kbi_map_get(options, "config");

	kb_status status = copy_options(&kubeadms, options, not_kubeadms, err);
	if (!status)
		status = kbi_kubeadm_config(kind, &kubeadms, kbi_str_is_set(own) ? &made : out, err);
	if (!status && kbi_str_is_set(own)) {
		out->secret |= made.secret;
		status = kbi_kubeadm_merge(kbi_buf_text(&made), made.size_bytes, own, out, err);
	}
	kbi_map_free(&kubeadms);
	kbi_buf_free(&made);
	return status;
}

static const struct kbi_yaml_node *
document_of(const struct kbi_yaml *yaml, const char *kind)
{
	for (const struct kbi_yaml_node *doc = yaml->first; doc; doc = doc->next)
		if (kbi_str_is(kbi_yaml_text(kbi_yaml_get(doc, "kind")), kind))
			return doc;
	return NULL;
}

bool
kbi_documents_value(const char *text, const char *kind, const char *path, struct kbi_buf *out)
{
	struct kbi_yaml yaml;

	if (!kbi_str_is_set(text) || kbi_yaml_read(&yaml, kind, text, strlen(text), KBI_SIZE_TEXT, NULL))
		return false;
	const struct kbi_yaml_node *node = kbi_yaml_path(document_of(&yaml, kind), path);
	const char *value = kbi_yaml_is_null(node) ? NULL : kbi_yaml_text(node);
	if (value)
		kbi_buf_add(out, value);
	kbi_yaml_free(&yaml);
	return value != NULL;
}

/* v1beta4: a list of {name, value}; before: a map. */
static const char *
extra_arg(const struct kbi_yaml_node *args, const char *name)
{
	if (!kbi_yaml_is_list(args))
		return kbi_yaml_text(kbi_yaml_get(args, name));
	for (const struct kbi_yaml_node *item = args->first; item; item = item->next)
		if (kbi_str_is(kbi_yaml_text(kbi_yaml_get(item, "name")), name))
			return kbi_yaml_text(kbi_yaml_get(item, "value"));
	return NULL;
}

bool
kbi_documents_kubelet_arg(const char *text, const char *kind, const char *name, struct kbi_buf *out)
{
	struct kbi_yaml yaml;

	if (!kbi_str_is_set(text) || kbi_yaml_read(&yaml, kind, text, strlen(text), KBI_SIZE_TEXT, NULL))
		return false;
	const char *value = extra_arg(kbi_yaml_path(document_of(&yaml, kind), "nodeRegistration.kubeletExtraArgs"), name);
	if (value)
		kbi_buf_add(out, value);
	kbi_yaml_free(&yaml);
	return value != NULL;
}

static bool
has_network(const char *list, const struct kbi_cidr *wanted)
{
	struct kbi_cidr cidr;
	char *text = kbi_str_copy(list), *rest = text, *word;
	bool is_in = false;

	while (!is_in && (word = strsep(&rest, ", ")))
		is_in = kbi_cidr_parse_any(&cidr, word, NULL) == KB_OK && cidr.prefix == wanted->prefix && kbi_ip_is(&cidr.ip, &wanted->ip);
	free(text);
	return is_in;
}

static bool
has_networks(const char *list, const char *wanted)
{
	struct kbi_cidr cidr;
	char *text = kbi_str_copy(wanted), *rest = text, *word;
	bool has_all = text != NULL;

	while (has_all && (word = strsep(&rest, ", ")))
		if (*word)
			has_all = kbi_cidr_parse_any(&cidr, word, NULL) == KB_OK && has_network(list, &cidr);
	free(text);
	return has_all;
}

bool
kbi_networks_are(const char *a, const char *b)
{
	return has_networks(a, b) && has_networks(b, a);
}
