/* SPDX-License-Identifier: Apache-2.0 */
/* The public face of a cluster's description. */
#include "cluster.h"
#include "host.h"

#include <stdlib.h>
#include <string.h>

#include "base/ctx.h"
#include "base/str.h"
#include "spec_field.h"

static kb_cluster *
new_cluster(kb_ctx *kb)
{
	kb_cluster *cluster = calloc(1, sizeof(*cluster));

	if (cluster)
		cluster->shown = calloc(1, sizeof(*cluster->shown));
	if (!cluster || !cluster->shown) {
		kbi_fail_memory(&kb->error);
		free(cluster);
		return NULL;
	}
	cluster->kb = kb;
	kbi_ctx_ref(kb);
	return cluster;
}

void
kb_cluster_free(kb_cluster *cluster)
{
	if (!cluster)
		return;
	kb_ctx *kb = cluster->kb;
	kbi_spec_free(&cluster->spec);
	kbi_map_free(cluster->shown);
	free(cluster->shown);
	free(cluster);
	kbi_ctx_unref(kb);
}

kb_cluster *
kb_cluster_new(kb_ctx *kb)
{
	if (kbi_enter(kb))
		return NULL;
	kb_cluster *cluster = new_cluster(kb);
	kbi_leave(kb);
	return cluster;
}

static kb_cluster *
parse(kb_ctx *kb, const char *name, const char *folder, const void *data, size_t size_bytes)
{
	kb_cluster *cluster = new_cluster(kb);

	if (cluster && kbi_spec_read(&cluster->spec, name, folder, data, size_bytes, &kb->error)) {
		kb_cluster_free(cluster);
		cluster = NULL;
	}
	return cluster;
}

kb_cluster *
kb_cluster_parse(kb_ctx *kb, const char *name, const char *folder, const void *data, size_t size_bytes)
{
	kb_cluster *cluster = NULL;

	if (kbi_enter(kb))
		return NULL;
	if (!data && size_bytes)
		kbi_fail(&kb->error, KB_EINVAL, "%s: no data was given", name ? name : "cluster");
	else
		cluster = parse(kb, name ? name : "cluster", folder, data ? data : "", size_bytes);
	kbi_leave(kb);
	return cluster;
}

static kb_cluster *
load(kb_ctx *kb, const char *path)
{
	struct kbi_buf text = KBI_BUF(KBI_SIZE_TEXT);
	kb_cluster *cluster = NULL;
	const char *slash = strrchr(path, '/');
	char *folder = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : NULL;

	if (slash && !folder)
		kbi_fail_memory(&kb->error);
	else if (kbi_file_read(path, path, &text, &kb->error) == KB_OK)
		cluster = parse(kb, path, folder, kbi_buf_text(&text), text.size_bytes);
	kbi_buf_free(&text);
	free(folder);
	return cluster;
}

kb_cluster *
kb_cluster_load(kb_ctx *kb, const char *path)
{
	kb_cluster *cluster = NULL;

	if (kbi_enter(kb))
		return NULL;
	if (path)
		cluster = load(kb, path);
	else
		kbi_fail(&kb->error, KB_EINVAL, "cluster: no file was given");
	kbi_leave(kb);
	return cluster;
}

static kb_status
enter(kb_cluster *cluster)
{
	return kbi_enter(cluster ? cluster->kb : NULL);
}

kb_status
kb_cluster_set(kb_cluster *cluster, const char *key, const char *value)
{
	kb_status status = enter(cluster);

	if (status)
		return status;
	status = kbi_spec_set(&cluster->spec, NULL, key, value, &cluster->kb->error);
	kbi_map_free(cluster->shown);
	kbi_leave(cluster->kb);
	return status;
}

/* The values of a list with commas between them, kept until the next kb_cluster_set(). */
static const char *
joined(const kb_cluster *cluster, const char *path)
{
	struct kbi_buf text = KBI_BUF(KBI_SIZE_TEXT);
	const char *known = kbi_map_get(cluster->shown, path);

	if (known)
		return known;
	for (const struct kbi_entry *e = NULL; (e = kbi_spec_next(&cluster->spec, NULL, path, e));)
		kbi_buf_add_format(&text, "%s%s", text.size_bytes ? "," : "", e->value);
	kb_status status = kbi_buf_failed(&text) ? KB_ENOMEM : kbi_map_set(cluster->shown, path, kbi_buf_text(&text));
	kbi_buf_free(&text);
	return status ? NULL : kbi_map_get(cluster->shown, path);
}

const char *
kb_cluster_get(const kb_cluster *cluster, const char *key)
{
	const struct kbi_field *field = key ? kbi_field_find(key) : NULL;

	if (!cluster || !field)
		return NULL;
	if (kbi_map_count(&cluster->spec.fields, field->path) > 1)
		return joined(cluster, field->path);
	return kbi_spec_get(&cluster->spec, field->path);
}

static kb_status
add_host(kb_cluster *cluster, const char *name, const char *address, const char *role)
{
	struct kbi_spec *spec = &cluster->spec;
	struct kb_err *err = &cluster->kb->error;
	struct kbi_spec_host *host;

	if (!name || !address || !role)
		return kbi_fail(err, KB_EINVAL, "cluster: a host needs a name, an address and a role");
	kb_status status = kbi_spec_add_host(spec, name, NULL, &host, err);
	if (status)
		return status;
	status = kbi_spec_set(spec, host, "address", address, err);
	if (!status)
		status = kbi_spec_set(spec, host, "role", role, err);
	if (status)
		kbi_spec_drop_host(spec);
	return status;
}

kb_status
kb_cluster_add_host(kb_cluster *cluster, const char *name, const char *address, const char *role)
{
	kb_status status = enter(cluster);

	if (status)
		return status;
	status = add_host(cluster, name, address, role);
	kbi_leave(cluster->kb);
	return status;
}

static kb_status
fail_no_host(kb_cluster *cluster, const char *name)
{
	return kbi_fail(&cluster->kb->error, KB_EINVAL, "cluster: no host is called %.200s", name ? name : "NULL");
}

kb_status
kb_cluster_set_host(kb_cluster *cluster, const char *name, const char *key, const char *value)
{
	kb_status status = enter(cluster);

	if (status)
		return status;
	struct kbi_spec_host *host = kbi_spec_host(&cluster->spec, name);
	if (!host)
		status = fail_no_host(cluster, name);
	else if (kbi_str_is(key, "name"))
		status = kbi_fail(&cluster->kb->error, KB_EINVAL, "host %s: its name can't be changed", host->name);
	else
		status = kbi_spec_set(&cluster->spec, host, key, value, &cluster->kb->error);
	kbi_leave(cluster->kb);
	return status;
}

static kb_status
set_secret(kb_cluster *cluster, const char *name, const char *key, const void *data, size_t size_bytes)
{
	struct kbi_spec_host *host = name ? kbi_spec_host(&cluster->spec, name) : NULL;
	struct kbi_map *secrets = host ? &host->secrets : &cluster->spec.secrets;

	if (name && !host)
		return fail_no_host(cluster, name);
	if (!kbi_host_has_secret(key))
		return kbi_fail(&cluster->kb->error, KB_EINVAL, "cluster: no such secret: %.200s", key ? key : "NULL");
	if (!data)
		return kbi_map_remove(secrets, key);
	if (size_bytes > KBI_SIZE_TEXT || memchr(data, '\0', size_bytes))
		return kbi_fail(&cluster->kb->error, KB_EINVAL, "cluster: %s holds a NUL or is over 1 MiB", key);
	return kbi_map_set_secret(secrets, key, data, size_bytes) ? kbi_fail_memory(&cluster->kb->error) : KB_OK;
}

kb_status
kb_cluster_set_secret(kb_cluster *cluster, const char *name, const char *key, const void *data, size_t size_bytes)
{
	kb_status status = enter(cluster);

	if (status)
		return status;
	status = set_secret(cluster, name, key, data, size_bytes);
	kbi_leave(cluster->kb);
	return status;
}

kb_status
kb_cluster_add_kubeadm(kb_cluster *cluster, const void *data, size_t size_bytes)
{
	kb_status status = enter(cluster);

	if (status)
		return status;
	if (data)
		status = kbi_spec_add_documents(&cluster->spec, "kubeadm", data, size_bytes, &cluster->kb->error);
	else
		status = kbi_fail(&cluster->kb->error, KB_EINVAL, "kubeadm: no documents were given");
	kbi_leave(cluster->kb);
	return status;
}

size_t
kb_cluster_host_count(const kb_cluster *cluster)
{
	return cluster ? cluster->spec.host_count : 0;
}

const char *
kb_cluster_host_name(const kb_cluster *cluster, size_t index)
{
	return index < kb_cluster_host_count(cluster) ? cluster->spec.hosts[index].name : NULL;
}

kb_status
kb_cluster_check(kb_cluster *cluster)
{
	kb_status status = enter(cluster);

	if (status)
		return status;
	status = kbi_spec_check(&cluster->spec, &cluster->kb->error);
	kbi_leave(cluster->kb);
	return status;
}
