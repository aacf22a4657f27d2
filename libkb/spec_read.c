/* SPDX-License-Identifier: Apache-2.0 */
/* A cluster file into a spec. Every message begins with the place in the file. */
#include "spec.h"

#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "base/str.h"
#include "spec_field.h"
#include "text/yaml.h"

struct reader {
	struct kbi_spec *spec;
	struct kbi_yaml yaml;
	const char *name;
	struct kb_err *err;
};

static kb_status read_map(struct reader *r, const struct kbi_yaml_node *map, const char *parent, struct kbi_spec_host *host);

static kb_status
fail_at(struct reader *r, const struct kbi_yaml_node *node, const char *id, const char *path, const char *what)
{
	kbi_yaml_fail(&r->yaml, node, r->err, KB_EINVAL, "%s%s%s", path, *path ? ": " : "", what);
	kbi_err_id(r->err, id);
	return KB_EINVAL;
}

/* "cluster.yaml:7:3", for messages that come later. */
static char *
place(const struct reader *r, const struct kbi_yaml_node *node)
{
	struct kbi_buf buf = KBI_BUF(KBI_SIZE_TEXT);

	kbi_buf_add_format(&buf, "%s:%u:%u", r->name, (unsigned)node->line, (unsigned)node->column);
	return kbi_buf_take(&buf);
}

static kb_status
add_text(struct reader *r, const struct kbi_yaml_node *node, const char *path, struct kbi_spec_host *host, const char *text)
{
	char *where = place(r, node);

	if (!where)
		return kbi_fail_memory(r->err);
	kb_status status = kbi_spec_add(r->spec, host, path, text, where, r->err);
	free(where);
	return status;
}

/* {key: a, value: b, effect: NoSchedule}, as it stands in a Node, means a=b:NoSchedule. */
static kb_status
add_taint(struct reader *r, const struct kbi_yaml_node *node, const char *path, struct kbi_spec_host *host)
{
	const char *key = kbi_yaml_text(kbi_yaml_get(node, "key")), *value = kbi_yaml_text(kbi_yaml_get(node, "value"));
	const char *effect = kbi_yaml_text(kbi_yaml_get(node, "effect"));
	struct kbi_buf taint = KBI_BUF(KBI_SIZE_TEXT);

	if (!key || !effect || node->count > 2U + (value != NULL))
		return fail_at(r, node, "cluster.bad-value", path, "a taint has key, effect and perhaps value");
	kbi_buf_add_format(&taint, "%s%s%s:%s", key, value ? "=" : "", value ? value : "", effect);
	kb_status status = kbi_buf_failed(&taint) ? kbi_fail_memory(r->err) : add_text(r, node, path, host, kbi_buf_text(&taint));
	kbi_buf_free(&taint);
	return status;
}

static kb_status
read_list(struct reader *r, const struct kbi_yaml_node *list, const struct kbi_field *field, const char *path, struct kbi_spec_host *host)
{
	kb_status status = KB_OK;

	for (const struct kbi_yaml_node *item = list->first; item && !status; item = item->next) {
		if (kbi_yaml_is_scalar(item))
			status = add_text(r, item, path, host, item->text);
		else if (field->type == KBI_FIELD_TAINT && kbi_yaml_is_map(item))
			status = add_taint(r, item, path, host);
		else
			status = fail_at(r, item, "cluster.bad-value", path, "one line of text is needed here");
	}
	return status;
}

static kb_status
add_member(struct reader *r, const struct kbi_yaml_node *key, const struct kbi_yaml_node *value, const char *path,
	struct kbi_spec_host *host)
{
	struct kbi_buf pair = KBI_BUF(KBI_SIZE_TEXT);

	if (!kbi_yaml_is_scalar(value))
		return fail_at(r, value, "cluster.bad-value", path, "one line of text is needed here");
	if (strchr(key->text, '='))
		return fail_at(r, key, "cluster.bad-value", path, "a name can't hold \"=\"");
	kbi_buf_add_format(&pair, "%s=%s", key->text, value->text);
	kb_status status = kbi_buf_failed(&pair) ? kbi_fail_memory(r->err) : add_text(r, value, path, host, kbi_buf_text(&pair));
	kbi_buf_free(&pair);
	return status;
}

/* registry.k8s.io: https://a, or a list of several. */
static kb_status
read_members(struct reader *r, const struct kbi_yaml_node *map, const char *path, struct kbi_spec_host *host)
{
	kb_status status = KB_OK;

	for (const struct kbi_yaml_node *member = map->first; member && !status; member = member->next) {
		if (!kbi_yaml_is_list(member)) {
			status = add_member(r, member->key, member, path, host);
			continue;
		}
		for (const struct kbi_yaml_node *item = member->first; item && !status; item = item->next)
			status = add_member(r, member->key, item, path, host);
	}
	return status;
}

static kb_status
read_value(struct reader *r, const struct kbi_yaml_node *node, const struct kbi_field *field, const char *path, struct kbi_spec_host *host)
{
	if (field->flags & KBI_FIELD_MAP)
		return kbi_yaml_is_map(node) ? read_members(r, node, path, host)
			: fail_at(r, node, "cluster.bad-value", path, "a map of names and values is needed here");
	if (field->flags & KBI_FIELD_LIST && kbi_yaml_is_list(node))
		return read_list(r, node, field, path, host);
	if (kbi_yaml_is_scalar(node))
		return add_text(r, node, path, host, node->text);
	return fail_at(r, node, "cluster.bad-value", path,
		field->flags & KBI_FIELD_LIST ? "a list is needed here" : "one line of text is needed here");
}

/* -- kubeadm's documents */

static const char *const kinds[] = {
	"InitConfiguration", "ClusterConfiguration", "JoinConfiguration", "KubeletConfiguration", "KubeProxyConfiguration",
};

static kb_status
check_kind(struct reader *r, const struct kbi_yaml_node *node)
{
	const struct kbi_yaml_node *kind = kbi_yaml_get(node, "kind");
	const char *text = kbi_yaml_text(kind);

	if (!kbi_yaml_is_map(node) || !text)
		return fail_at(r, node, "cluster.bad-document", "kubeadm", "a document is a map that has a kind");
	struct kbi_nearest nearest = kbi_nearest(text);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (kbi_str_is(kinds[i], text))
			return KB_OK;
		kbi_nearest_try(&nearest, kinds[i]);
	}
	kbi_yaml_fail(&r->yaml, kind, r->err, KB_EINVAL, "kubeadm: init and join read no %.100s%s%s", text,
		nearest.best ? "; the nearest is " : "", nearest.best ? nearest.best : "");
	kbi_err_id(r->err, "cluster.bad-document");
	return KB_EINVAL;
}

static kb_status
add_document(struct reader *r, const struct kbi_yaml_node *node)
{
	struct kbi_buf *documents = &r->spec->documents;

	if (!documents->max_bytes)
		*documents = KBI_BUF(KBI_SIZE_TEXT);
	kb_status status = check_kind(r, node);
	if (status)
		return status;
	if (documents->size_bytes)
		kbi_buf_add(documents, "---\n");
	kbi_yaml_write_node(documents, node);
	status = kbi_buf_failed(documents);
	return status ? kbi_fail(r->err, status, "%s: kubeadm: the documents are too large", r->name) : KB_OK;
}

static kb_status
read_documents(struct reader *r, const struct kbi_yaml_node *node)
{
	kb_status status = KB_OK;

	if (kbi_yaml_is_map(node))
		return add_document(r, node);
	if (!kbi_yaml_is_list(node))
		return fail_at(r, node, "cluster.bad-document", "kubeadm", "a list of documents is needed here");
	for (const struct kbi_yaml_node *item = node->first; item && !status; item = item->next)
		status = add_document(r, item);
	return status;
}

kb_status
kbi_spec_add_documents(struct kbi_spec *spec, const char *name, const void *data, size_t size_bytes, struct kb_err *err)
{
	struct reader r = {.spec = spec, .name = name, .err = err};

	kb_status status = kbi_yaml_read(&r.yaml, name, data, size_bytes, KBI_SIZE_TEXT, err);
	if (status)
		return status;
	for (const struct kbi_yaml_node *node = r.yaml.first; node && !status; node = node->next)
		status = read_documents(&r, node);
	kbi_yaml_free(&r.yaml);
	return status;
}

/* -- steps: {STEP: {PARAMETER: value}} */

static kb_status
read_param(struct reader *r, const struct kbi_yaml_node *node, const char *path)
{
	kb_status status = KB_OK;

	if (kbi_yaml_is_scalar(node))
		return add_text(r, node, path, NULL, node->text);
	if (!kbi_yaml_is_list(node))
		return fail_at(r, node, "cluster.bad-value", path, "one line of text, or a list, is needed here");
	for (const struct kbi_yaml_node *item = node->first; item && !status; item = item->next)
		status = kbi_yaml_is_scalar(item) ? add_text(r, item, path, NULL, item->text)
			: fail_at(r, item, "cluster.bad-value", path, "one line of text is needed here");
	return status;
}

static kb_status
read_steps(struct reader *r, const struct kbi_yaml_node *steps)
{
	kb_status status = KB_OK;

	if (!kbi_yaml_is_map(steps))
		return fail_at(r, steps, "cluster.bad-value", "steps", "a map of steps is needed here");
	for (const struct kbi_yaml_node *step = steps->first; step && !status; step = step->next) {
		if (!kbi_yaml_is_map(step))
			return fail_at(r, step, "cluster.bad-value", step->key->text, "a map of the step's parameters is needed here");
		for (const struct kbi_yaml_node *param = step->first; param && !status; param = param->next) {
			struct kbi_buf path = KBI_BUF(KBI_SIZE_TEXT);
			kbi_buf_add_format(&path, "steps.%s.%s", step->key->text, param->key->text);
			status = kbi_buf_failed(&path) ? kbi_fail_memory(r->err) : read_param(r, param, kbi_buf_text(&path));
			kbi_buf_free(&path);
		}
	}
	return status;
}

/* -- hosts */

static kb_status
read_host(struct reader *r, const struct kbi_yaml_node *node)
{
	const struct kbi_yaml_node *name = kbi_yaml_get(node, "name");
	struct kbi_spec_host *host;

	if (!kbi_yaml_is_map(node))
		return fail_at(r, node, "cluster.bad-value", "hosts", "a host is a map: {name: ..., address: ..., role: ...}");
	if (kbi_yaml_is_null(name) || !kbi_yaml_is_scalar(name))
		return fail_at(r, name ? name : node, "cluster.host-name-missing", "hosts", "the host has no name");
	char *where = place(r, name);
	if (!where)
		return kbi_fail_memory(r->err);
	kb_status status = kbi_spec_add_host(r->spec, name->text, where, &host, r->err);
	free(where);
	return status ? status : read_map(r, node, "", host);
}

static kb_status
read_hosts(struct reader *r, const struct kbi_yaml_node *hosts)
{
	kb_status status = KB_OK;

	if (!kbi_yaml_is_list(hosts))
		return fail_at(r, hosts, "cluster.bad-value", "hosts", "a list of hosts is needed here");
	for (const struct kbi_yaml_node *node = hosts->first; node && !status; node = node->next)
		status = read_host(r, node);
	return status;
}

/* -- everything else goes by the table */

static kb_status
fail_unknown(struct reader *r, const struct kbi_yaml_node *node, const char *parent, const struct kbi_spec_host *host)
{
	char *where = place(r, node->key);
	struct kbi_buf prefix = KBI_BUF(KBI_SIZE_TEXT);

	kbi_buf_add_format(&prefix, "%s: ", where ? where : r->name);
	kb_status status = kbi_field_fail_unknown(kbi_buf_text(&prefix), parent, node->key->text, host, r->err);
	kbi_buf_free(&prefix);
	free(where);
	return status;
}

static kb_status
read_field(struct reader *r, const struct kbi_yaml_node *node, const char *path, const char *parent, struct kbi_spec_host *host)
{
	const struct kbi_field *field = host ? kbi_field_find_host(path) : kbi_field_find(path);
	bool is_section = kbi_field_is_section(path, host);

	if (!field && !is_section)
		return fail_unknown(r, node, parent, host);
	if (kbi_yaml_is_null(node) || (host && kbi_str_is(path, "name")))
		return KB_OK;
	if (is_section && (kbi_yaml_is_map(node) || !field))
		return kbi_yaml_is_map(node) ? read_map(r, node, path, host) : fail_at(r, node, "cluster.bad-value", path, "a map is needed here");
	return read_value(r, node, field, path, host);
}

static kb_status
read_member(struct reader *r, const struct kbi_yaml_node *node, const char *parent, struct kbi_spec_host *host)
{
	static const struct {
		const char *key;
		kb_status (*read)(struct reader *r, const struct kbi_yaml_node *node);
	} special[] = {{"hosts", read_hosts}, {"kubeadm", read_documents}, {"steps", read_steps}};
	struct kbi_buf path = KBI_BUF(KBI_SIZE_TEXT);

	for (size_t i = 0; !host && !*parent && i < sizeof(special) / sizeof(*special); i++)
		if (kbi_str_is(special[i].key, node->key->text))
			return kbi_yaml_is_null(node) ? KB_OK : special[i].read(r, node);
	if (strchr(node->key->text, '.'))	/* "network.pods: ..." is a path for calls, not for files */
		return fail_unknown(r, node, parent, host);
	kbi_buf_add_format(&path, "%s%s%s", parent, *parent ? "." : "", node->key->text);
	kb_status status = kbi_buf_failed(&path) ? kbi_fail_memory(r->err) : read_field(r, node, kbi_buf_text(&path), parent, host);
	kbi_buf_free(&path);
	return status;
}

static kb_status
read_map(struct reader *r, const struct kbi_yaml_node *map, const char *parent, struct kbi_spec_host *host)
{
	kb_status status = KB_OK;

	for (const struct kbi_yaml_node *node = map->first; node && !status; node = node->next)
		status = read_member(r, node, parent, host);
	return status;
}

static kb_status
read_document(struct reader *r)
{
	if (!r->yaml.count)
		return kbi_fail(r->err, KB_EINVAL, "%s: the description is empty", r->name);
	if (r->yaml.count > 1)
		return fail_at(r, r->yaml.first->next, "cluster.bad-value", "", "a description is one document");
	if (!kbi_yaml_is_map(r->yaml.first))
		return fail_at(r, r->yaml.first, "cluster.bad-value", "", "a description is a map");
	return read_map(r, r->yaml.first, "", NULL);
}

kb_status
kbi_spec_read(struct kbi_spec *spec, const char *name, const char *folder, const void *data, size_t size_bytes, struct kb_err *err)
{
	struct reader r = {.spec = spec, .name = name, .err = err};

	if (folder && !(spec->folder = strdup(folder)))
		return kbi_fail_memory(err);
	kb_status status = kbi_yaml_read(&r.yaml, name, data, size_bytes, KBI_SIZE_TEXT, err);
	if (status)
		return status;
	status = read_document(&r);
	kbi_yaml_free(&r.yaml);
	return status;
}
