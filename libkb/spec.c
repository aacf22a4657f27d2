/* SPDX-License-Identifier: Apache-2.0 */
#include "spec.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "catalogue.h"
#include "spec_field.h"

#define STEPS "steps."

void
kbi_spec_free(struct kbi_spec *spec)
{
	for (size_t i = 0; i < spec->host_count; i++) {
		free(spec->hosts[i].name);
		kbi_map_free(&spec->hosts[i].fields);
		kbi_map_free(&spec->hosts[i].marks);
		kbi_map_free(&spec->hosts[i].secrets);
	}
	free(spec->hosts);
	free(spec->folder);
	kbi_map_free(&spec->fields);
	kbi_map_free(&spec->marks);
	kbi_map_free(&spec->steps);
	kbi_map_free(&spec->secrets);
	kbi_buf_free(&spec->documents);
	*spec = (struct kbi_spec){0};
}

static const struct kbi_field *
find_field(const struct kbi_spec_host *host, const char *path)
{
	return host ? kbi_field_find_host(path) : kbi_field_find(path);
}

/* What a value is kept under: the long form, and of a host its own word for it. */
static const char *
key_of(const struct kbi_field *field, const struct kbi_spec_host *host, const char *path)
{
	return host ? path : field->path;
}

/* "cluster.yaml:7:3: " in front of a message; "" for what was set by a call. */
static const char *
prefix(struct kbi_buf *buf, const char *where)
{
	*buf = KBI_BUF(KBI_SIZE_TEXT);
	if (where)
		kbi_buf_add_format(buf, "%s: ", where);
	return kbi_buf_text(buf);
}

static kb_status
fail_unknown(const struct kbi_spec_host *host, const char *path, const char *where, struct kb_err *err)
{
	const char *dot = strrchr(path, '.');
	char *parent = strndup(path, dot ? (size_t)(dot - path) : 0);
	struct kbi_buf at;

	if (!parent)
		return kbi_fail_memory(err);
	kb_status status = kbi_field_fail_unknown(prefix(&at, where), parent, dot ? dot + 1 : path, host, err);
	kbi_buf_free(&at);
	free(parent);
	return status;
}

static kb_status
fail_step(struct kb_err *err, const char *where, const char *what, const char *name, const char *nearest)
{
	struct kbi_buf at;
	const char *in = prefix(&at, where);

	if (nearest)
		kbi_fail(err, KB_EINVAL, "%s%s: %.200s; the nearest is %s", in, what, name, nearest);
	else
		kbi_fail(err, KB_EINVAL, "%s%s: %.200s", in, what, name);
	kbi_err_id(err, "cluster.unknown-key");
	kbi_buf_free(&at);
	return KB_EINVAL;
}

/* Splits steps.kubeadm.init.pod-network-cidr: parameters have no dots. Makes "kubeadm.init pod-network-cidr", which the caller frees. */
static kb_status
step_key(const char *path, const char *where, char **key, struct kb_err *err)
{
	const char *dot = strrchr(path + strlen(STEPS), '.');

	if (!dot)
		return fail_step(err, where, "not steps.STEP.PARAMETER", path, NULL);
	*key = strdup(path + strlen(STEPS));
	if (!*key)
		return kbi_fail_memory(err);
	char *param = *key + (dot - path) - strlen(STEPS);
	*param++ = '\0';
	const struct kbi_step_def *def = kbi_step_def_find(*key);
	const struct kbi_param *known = kbi_step_def_param(def, param);
	kb_status status = KB_OK;
	if (!def)
		status = fail_step(err, where, "no such step", *key, kbi_step_def_nearest(*key));
	else if (!known)
		status = fail_step(err, where, "no such parameter of the step", param, kbi_step_param_nearest(def, param));
	else if (known->flags & KBI_SECRET)
		status = fail_step(err, where, "a secret can't stand in a description", param, NULL);
	param[-1] = ' ';
	if (status) {
		free(*key);
		*key = NULL;
	}
	return status;
}

static bool
is_step_path(const struct kbi_spec_host *host, const char *path)
{
	return !host && kbi_str_starts(path, STEPS);
}

void
kbi_spec_forget(struct kbi_spec *spec, struct kbi_spec_host *host, const char *path)
{
	char *key = NULL;

	if (is_step_path(host, path)) {
		if (step_key(path, NULL, &key, NULL) == KB_OK)
			kbi_map_remove(&spec->steps, key);
		free(key);
		return;
	}
	const struct kbi_field *field = find_field(host, path);
	if (!field)
		return;
	if (field->type == KBI_FIELD_DOCUMENTS)
		kbi_buf_free(&spec->documents);
	kbi_map_remove(host ? &host->fields : &spec->fields, key_of(field, host, path));
	kbi_map_remove(host ? &host->marks : &spec->marks, key_of(field, host, path));
}

static kb_status
add_step_param(struct kbi_spec *spec, const char *path, const char *value, const char *where, struct kb_err *err)
{
	char *key;

	kb_status status = step_key(path, where, &key, err);
	if (status)
		return status;
	if (kbi_map_add(&spec->steps, key, value))
		status = kbi_fail_memory(err);
	free(key);
	return status;
}

static kb_status
keep(struct kbi_spec *spec, struct kbi_spec_host *host, const char *key, const char *value, const char *where, struct kb_err *err)
{
	struct kbi_map *fields = host ? &host->fields : &spec->fields, *marks = host ? &host->marks : &spec->marks;

	if (kbi_map_add(fields, key, value) || (where && !kbi_map_has(marks, key) && kbi_map_add(marks, key, where)))
		return kbi_fail_memory(err);
	return KB_OK;
}

kb_status
kbi_spec_add(struct kbi_spec *spec, struct kbi_spec_host *host, const char *path, const char *value, const char *where,
	struct kb_err *err)
{
	const struct kbi_field *field = find_field(host, path);
	struct kbi_buf at, kept = KBI_BUF(KBI_SIZE_TEXT);

	if (is_step_path(host, path))
		return add_step_param(spec, path, value, where, err);
	if (!field || (!host && field->flags & KBI_FIELD_ONLY_HOST))
		return fail_unknown(host, path, where, err);
	if (field->type == KBI_FIELD_DOCUMENTS)
		return kbi_spec_add_documents(spec, where ? where : "kubeadm", value, strlen(value), err);
	kb_status status = kbi_field_check(field, prefix(&at, where), value, &kept, err);
	if (!status && !(field->flags & (KBI_FIELD_LIST | KBI_FIELD_MAP)))
		kbi_spec_forget(spec, host, path);
	if (!status)
		status = keep(spec, host, key_of(field, host, path), kbi_buf_text(&kept), where, err);
	kbi_buf_free(&at);
	kbi_buf_free(&kept);
	return status;
}

static bool
is_list(const struct kbi_spec_host *host, const char *path)
{
	const char *dot = strrchr(path, '.');

	if (is_step_path(host, path) && dot > path + strlen(STEPS)) {
		char *step = strndup(path + strlen(STEPS), (size_t)(dot - path) - strlen(STEPS));
		bool is = kb_step_param_is_list(step, dot + 1) == 1;
		free(step);
		return is;
	}
	const struct kbi_field *field = find_field(host, path);
	return field && field->flags & (KBI_FIELD_LIST | KBI_FIELD_MAP);
}

/* "a, b" as two values. */
static kb_status
add_list(struct kbi_spec *spec, struct kbi_spec_host *host, const char *path, const char *list, struct kb_err *err)
{
	kb_status status = KB_OK;

	while (*list && !status) {
		list += strspn(list, ", ");
		size_t bytes = strcspn(list, ","), used = bytes;
		while (used && list[used - 1] == ' ')
			used--;
		char *item = strndup(list, used);
		if (!item)
			return kbi_fail_memory(err);
		if (used)
			status = kbi_spec_add(spec, host, path, item, NULL, err);
		free(item);
		list += bytes;
	}
	return status;
}

static kb_status
set_value(struct kbi_spec *spec, struct kbi_spec_host *host, const char *path, const char *value, struct kb_err *err)
{
	return is_list(host, path) ? add_list(spec, host, path, value, err) : kbi_spec_add(spec, host, path, value, NULL, err);
}

/* On empty ground, so that a wrong value leaves the old one where it was. */
static kb_status
try_value(const struct kbi_spec_host *host, const char *path, const char *value, struct kb_err *err)
{
	struct kbi_spec spec = {0};
	struct kbi_spec_host like = {0};

	kb_status status = set_value(&spec, host ? &like : NULL, path, value, err);
	kbi_map_free(&like.fields);
	kbi_map_free(&like.marks);
	kbi_spec_free(&spec);
	return status;
}

kb_status
kbi_spec_set(struct kbi_spec *spec, struct kbi_spec_host *host, const char *path, const char *value, struct kb_err *err)
{
	if (!path)
		return kbi_fail(err, KB_EINVAL, "cluster: no key was given");
	if (!is_step_path(host, path) && (!find_field(host, path) || kbi_str_starts(path, KBI_FIELD_HOST_PREFIX)))
		return fail_unknown(host, path, NULL, err);
	kb_status status = value ? try_value(host, path, value, err) : KB_OK;
	if (status)
		return status;
	kbi_spec_forget(spec, host, path);
	return value ? set_value(spec, host, path, value, err) : KB_OK;
}

struct kbi_spec_host *
kbi_spec_host(const struct kbi_spec *spec, const char *name)
{
	for (size_t i = 0; i < spec->host_count; i++)
		if (kbi_str_is(spec->hosts[i].name, name))
			return &spec->hosts[i];
	return NULL;
}

static kb_status
check_new_host(const struct kbi_spec *spec, const char *name, const char *where, struct kb_err *err)
{
	struct kbi_buf at;
	const char *in = prefix(&at, where);
	kb_status status = KB_OK;

	if (kbi_spec_host(spec, name)) {
		status = kbi_fail(err, KB_EINVAL, "%stwo hosts are called %s", in, name);
		kbi_err_id(err, "cluster.host-name-twice");
	} else if (spec->host_count >= KBI_SPEC_HOSTS_MAX) {
		status = kbi_fail(err, KB_ETOOBIG, "%smore than %d hosts", in, KBI_SPEC_HOSTS_MAX);
	}
	kbi_buf_free(&at);
	return status;
}

void
kbi_spec_drop_host(struct kbi_spec *spec)
{
	struct kbi_spec_host *host = &spec->hosts[--spec->host_count];

	free(host->name);
	kbi_map_free(&host->fields);
	kbi_map_free(&host->marks);
	kbi_map_free(&host->secrets);
}

kb_status
kbi_spec_add_host(struct kbi_spec *spec, const char *name, const char *where, struct kbi_spec_host **host, struct kb_err *err)
{
	kb_status status = check_new_host(spec, name, where, err);
	if (status)
		return status;
	struct kbi_spec_host *hosts = realloc(spec->hosts, (spec->host_count + 1) * sizeof(*hosts));
	if (!hosts)
		return kbi_fail_memory(err);
	spec->hosts = hosts;
	hosts[spec->host_count++] = (struct kbi_spec_host){.name = strdup(name)};
	*host = &hosts[spec->host_count - 1];
	status = (*host)->name ? kbi_spec_add(spec, *host, "name", name, where, err) : kbi_fail_memory(err);
	if (status)
		kbi_spec_drop_host(spec);
	return status;
}

const char *
kbi_spec_get(const struct kbi_spec *spec, const char *path)
{
	const struct kbi_field *field = kbi_field_find(path);

	if (!field)
		return NULL;
	if (field->type == KBI_FIELD_DOCUMENTS)
		return spec->documents.size_bytes ? kbi_buf_text(&spec->documents) : NULL;
	return kbi_map_get_or(&spec->fields, field->path, field->fallback);
}

const char *
kbi_spec_host_get(const struct kbi_spec *spec, const struct kbi_spec_host *host, const char *path)
{
	const struct kbi_field *field = kbi_field_find_host(path);
	const char *own = kbi_map_get(&host->fields, path);

	if (own || !field)
		return own;
	return kbi_spec_get(spec, field->path);
}

bool
kbi_spec_is_yes(const struct kbi_spec *spec, const char *path)
{
	return kbi_str_is(kbi_spec_get(spec, path), "yes");
}

const struct kbi_entry *
kbi_spec_next(const struct kbi_spec *spec, const struct kbi_spec_host *host, const char *path, const struct kbi_entry *after)
{
	bool is_own = host && kbi_map_has(&host->fields, path);

	return kbi_map_next(is_own ? &host->fields : &spec->fields, path, after);
}

void
kbi_spec_where(struct kbi_buf *out, const struct kbi_spec *spec, const struct kbi_spec_host *host, const char *path)
{
	const char *mark = host ? kbi_map_get(&host->marks, path) : NULL;

	if (!mark && !(host && kbi_map_has(&host->fields, path)))
		mark = kbi_map_get(&spec->marks, path);
	if (mark)
		kbi_buf_add_format(out, "%s: ", mark);
}

const char *
kbi_spec_calico(const struct kbi_spec *spec)
{
	const char *said = kbi_spec_get(spec, "cni.calico");

	return said ? said : KBI_SPEC_CALICO;
}

bool
kbi_spec_is_control_plane(const struct kbi_spec *spec, const struct kbi_spec_host *host)
{
	return kbi_str_is(kbi_spec_host_get(spec, host, "role"), "control-plane");
}

bool
kbi_spec_is_local(const struct kbi_spec *spec, const struct kbi_spec_host *host)
{
	return kbi_str_is(kbi_spec_host_get(spec, host, "address"), "local");
}

char *
kbi_spec_path(const struct kbi_spec *spec, const char *path)
{
	struct kbi_buf whole = KBI_BUF(KBI_SIZE_TEXT);

	if (!path)
		return NULL;
	if (spec->folder && *path != '/' && !kbi_str_starts(path, "~/"))
		kbi_buf_add_format(&whole, "%s/", spec->folder);
	kbi_buf_add(&whole, path);
	return kbi_buf_take(&whole);
}
