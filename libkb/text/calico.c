/* SPDX-License-Identifier: Apache-2.0 */
#include "text/calico.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "text/bound.h"
#include "text/calico_env.h"
#include "text/cidr.h"
#include "text/manifest.h"

/* Calico's own bounds (calico libcalico-go/lib/validator, operator pkg/controller/ippool). */
#define BLOCK_MIN_IPV4 20
#define BLOCK_MIN_IPV6 116
#define BLOCK_DEFAULT_IPV4 26
#define BLOCK_DEFAULT_IPV6 122

/* Where the pool is described: by the operator's Installation, or by variables of the calico-node container. */
struct pool {
	struct kbi_manifest m;
	const struct kbi_yaml_node *installation;
	const struct kbi_yaml_node *pool;	/* of the Installation */
	struct kbi_calico_env env;		/* of calico-node; its list is NULL when there is an Installation */
};

static kb_status
fail(const struct pool *p, const struct kbi_yaml_node *node, const char *what)
{
	return kbi_yaml_fail(&p->m.yaml, node, p->m.err, KB_EINVAL, "%s", what);
}

static bool
is_kind(const struct kbi_yaml_node *document, const char *group, const char *kind)
{
	return kbi_str_is(kbi_yaml_text(kbi_yaml_get(document, "kind")), kind)
		&& kbi_str_starts(kbi_yaml_text(kbi_yaml_get(document, "apiVersion")), group);
}

static kb_status
find_installation(struct pool *p)
{
	for (const struct kbi_yaml_node *document = p->m.yaml.first; document; document = document->next) {
		if (!is_kind(document, "operator.tigera.io/", "Installation"))
			continue;
		if (p->installation)
			return fail(p, document, "a second Installation");
		p->installation = document;
	}
	return KB_OK;
}

static kb_status
find_pool(struct pool *p)
{
	const struct kbi_yaml_node *pools = kbi_yaml_path(p->installation, "spec.calicoNetwork.ipPools");

	if (!kbi_yaml_is_list(pools) || !pools->count)
		return fail(p, pools ? pools : p->installation, "Installation: no spec.calicoNetwork.ipPools");
	if (pools->count > 1)
		return fail(p, pools, "Installation: more than one pool in spec.calicoNetwork.ipPools");
	p->pool = pools->first;
	return kbi_yaml_is_map(p->pool) ? KB_OK : fail(p, p->pool, "Installation: the pool is not a mapping");
}

/* Reads a manifest and finds the one place that describes the pool. */
static kb_status
begin(struct pool *p, const void *data, size_t size_bytes, struct kb_err *err)
{
	*p = (struct pool){0};
	kb_status status = kbi_manifest_read(&p->m, "calico manifest", data, size_bytes, err);
	if (!status)
		status = find_installation(p);
	if (!status)
		status = kbi_calico_env_find(&p->env, &p->m);
	if (status)
		return status;
	if (p->installation && p->env.list)
		return fail(p, p->installation, "both an Installation and a calico-node DaemonSet");
	if (!p->installation && !p->env.list)
		return fail(p, NULL, "neither an Installation nor a calico-node DaemonSet");
	return p->installation ? find_pool(p) : KB_OK;
}

static kb_status
end(struct pool *p, kb_status status, struct kbi_buf *out)
{
	if (!status)
		status = kbi_manifest_write(&p->m, out);
	kbi_manifest_free(&p->m);
	return status;
}

/* The pool's network as it is written; NULL when Calico is left to choose. */
static const char *
cidr_of(const struct pool *p)
{
	return kbi_yaml_text(p->pool ? kbi_yaml_get(p->pool, "cidr")
		: kbi_calico_env_value(&p->env, "CALICO_IPV4POOL_CIDR"));
}

static const char *
block_size_of(const struct pool *p)
{
	return kbi_yaml_text(p->pool ? kbi_yaml_get(p->pool, "blockSize")
		: kbi_calico_env_value(&p->env, "CALICO_IPV4POOL_BLOCK_SIZE"));
}

kb_status
kbi_calico_pod_cidr(const void *data, size_t size_bytes, struct kbi_buf *out, struct kb_err *err)
{
	struct pool p;
	kb_status status = begin(&p, data, size_bytes, err);
	const struct kbi_yaml_node *node = status || !p.pool ? NULL : kbi_yaml_get(p.pool, "cidr");

	if (node && !kbi_yaml_is_scalar(node))
		status = fail(&p, node, "Installation: the pool's cidr is not a value");
	if (!status && cidr_of(&p))
		kbi_buf_add(out, cidr_of(&p));
	kbi_manifest_free(&p.m);
	return status ? status : kbi_bound_out("calico", out, err);
}

static kb_status
check_block(const struct pool *p, const struct kbi_cidr *cidr, int block_size)
{
	int least = cidr->ip.bits == 32 ? BLOCK_MIN_IPV4 : BLOCK_MIN_IPV6;

	if (block_size < least || block_size > cidr->ip.bits)
		return kbi_fail(p->m.err, KB_EINVAL, "calico: block size /%d: not /%d to /%d", block_size, least,
			cidr->ip.bits);
	if (block_size < cidr->prefix)
		return kbi_fail(p->m.err, KB_EINVAL, "calico: block size /%d: larger than the pool, a /%d",
			block_size, cidr->prefix);
	return KB_OK;
}

static kb_status
check_cidr(const struct pool *p, const struct kbi_cidr *cidr)
{
	int64_t block_size = cidr->ip.bits == 32 ? BLOCK_DEFAULT_IPV4 : BLOCK_DEFAULT_IPV6;
	const char *written = block_size_of(p);

	if (!p->pool && cidr->ip.bits != 32)
		return kbi_fail(p->m.err, KB_EINVAL, "calico: the DaemonSet's variable takes IPv4 only");
	if (written && !kbi_str_to_int64(written, 0, 128, &block_size))
		return kbi_fail(p->m.err, KB_EINVAL, "calico: block size \"%.60s\" in the manifest: not a number",
			written);
	return check_block(p, cidr, (int)block_size);
}

kb_status
kbi_calico_set_pod_cidr(const void *data, size_t size_bytes, const char *cidr, struct kbi_buf *out,
	struct kb_err *err)
{
	struct kbi_cidr parsed;
	struct pool p;
	kb_status status = kbi_cidr_parse(&parsed, cidr, err);

	if (status)
		return status;
	status = begin(&p, data, size_bytes, err);
	if (!status)
		status = check_cidr(&p, &parsed);
	if (!status)
		status = p.pool ? kbi_manifest_set(&p.m, p.pool, "cidr", cidr)
			: kbi_calico_env_set(&p.env, "CALICO_IPV4POOL_CIDR", cidr);
	return end(&p, status, out);
}

kb_status
kbi_calico_set_block_size(const void *data, size_t size_bytes, int block_size, struct kbi_buf *out,
	struct kb_err *err)
{
	struct kbi_buf value = KBI_BUF(32);
	struct kbi_cidr cidr = {.ip = {.bits = 32}};	/* of a pool that Calico chooses only the family is known */
	struct pool p;

	kb_status status = begin(&p, data, size_bytes, err);
	if (!status && kbi_str_is_set(cidr_of(&p)))
		status = kbi_cidr_parse(&cidr, cidr_of(&p), err);
	if (!status)
		status = check_block(&p, &cidr, block_size);
	kbi_buf_add_format(&value, "%d", block_size);
	if (!status)
		status = kbi_bound_out("calico: block size", &value, err);
	if (!status)
		status = p.pool ? kbi_manifest_set(&p.m, p.pool, "blockSize", kbi_buf_text(&value))
			: kbi_calico_env_set(&p.env, "CALICO_IPV4POOL_BLOCK_SIZE", kbi_buf_text(&value));
	kbi_buf_free(&value);
	return end(&p, status, out);
}

/* The operator's word for it (operator api/v1/installation_types.go), and the same as the DaemonSet's variables say it. For VXLAN those
 * would also need another backend and other health checks. */
static const struct encapsulation {
	const char *name;
	const char *ipip;
	const char *vxlan;
} encapsulations[] = {
	{"IPIP", "Always", "Never"},
	{"IPIPCrossSubnet", "CrossSubnet", "Never"},
	{"None", "Never", "Never"},
	{"VXLAN", NULL, NULL},
	{"VXLANCrossSubnet", NULL, NULL},
};

static kb_status
set_encapsulation_env(struct pool *p, const struct encapsulation *encapsulation)
{
	if (!encapsulation->ipip)
		return kbi_fail(p->m.err, KB_EUNSUPPORTED,
			"calico: encapsulation %s: not by the DaemonSet's variables alone", encapsulation->name);
	kb_status status = kbi_calico_env_set(&p->env, "CALICO_IPV4POOL_IPIP", encapsulation->ipip);
	return status ? status : kbi_calico_env_set(&p->env, "CALICO_IPV4POOL_VXLAN", encapsulation->vxlan);
}

kb_status
kbi_calico_set_encapsulation(const void *data, size_t size_bytes, const char *encapsulation,
	struct kbi_buf *out, struct kb_err *err)
{
	size_t i = 0, count = sizeof(encapsulations) / sizeof(encapsulations[0]);
	struct pool p;

	while (i < count && !kbi_str_is(encapsulations[i].name, encapsulation))
		i++;
	if (i == count)
		return kbi_fail(err, KB_EINVAL,
			"calico: encapsulation \"%.60s\": not IPIP, IPIPCrossSubnet, VXLAN, VXLANCrossSubnet or None",
			encapsulation ? encapsulation : "");
	kb_status status = begin(&p, data, size_bytes, err);
	if (!status)
		status = p.pool ? kbi_manifest_set(&p.m, p.pool, "encapsulation", encapsulation)
			: set_encapsulation_env(&p, &encapsulations[i]);
	return end(&p, status, out);
}

kb_status
kbi_calico_set_field(const void *data, size_t size_bytes, const char *path, const char *value,
	struct kbi_buf *out, struct kb_err *err)
{
	struct kbi_buf full = KBI_BUF(1024);
	struct pool p = {0};

	if (!kbi_str_is_set(path) || !value)
		return kbi_fail(err, KB_EINVAL, "calico: %s: NULL", value ? "path" : "value");
	kb_status status = kbi_manifest_read(&p.m, "calico manifest", data, size_bytes, err);
	if (!status)
		status = find_installation(&p);
	if (!status && !p.installation)
		status = fail(&p, NULL, "no Installation");
	kbi_buf_add_format(&full, "spec.%s", path);
	if (!status)
		status = kbi_bound_out("calico: path", &full, err);
	if (!status)
		status = kbi_manifest_set(&p.m, p.installation, kbi_buf_text(&full), value);
	kbi_buf_free(&full);
	return end(&p, status, out);
}

/* The registry of an image reference is its first part when that looks like a host (distribution/reference). */
static const char *
behind_registry(const char *image)
{
	size_t length = strcspn(image, "/");
	bool is_host = image[length] && (memchr(image, '.', length) || memchr(image, ':', length)
		|| !strncmp(image, "localhost/", 10));

	return is_host ? image + length + 1 : image;
}

static kb_status
set_images(struct pool *p, const struct kbi_yaml_node *containers, const char *registry)
{
	kb_status status = KB_OK;

	for (const struct kbi_yaml_node *c = kbi_yaml_is_list(containers) ? containers->first : NULL;
		c && !status; c = c->next) {
		const struct kbi_yaml_node *image = kbi_yaml_get(c, "image");
		struct kbi_buf value = KBI_BUF(4096);
		if (!kbi_yaml_is_scalar(image))
			continue;
		kbi_buf_add_format(&value, "%s%s", registry, behind_registry(image->text));
		status = kbi_bound_out("calico: image", &value, p->m.err);
		if (!status)
			status = kbi_manifest_replace(&p->m, image, kbi_buf_text(&value));
		kbi_buf_free(&value);
	}
	return status;
}

/* Images of pods that the manifests themselves make: the operator's, or all of calico.yaml's. */
static kb_status
set_workloads(struct pool *p, const char *registry)
{
	static const char *const lists[] = {"spec.template.spec.initContainers", "spec.template.spec.containers"};
	kb_status status = KB_OK;

	for (const struct kbi_yaml_node *document = p->m.yaml.first; document; document = document->next)
		for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]) && !status; i++)
			if (is_kind(document, "apps/", "Deployment") || is_kind(document, "apps/", "DaemonSet"))
				status = set_images(p, kbi_yaml_path(document, lists[i]), registry);
	return status;
}

static kb_status
check_registry(const char *registry, struct kbi_buf *with_slash, struct kb_err *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:/-";

	if (!kbi_str_is_set(registry) || registry[strspn(registry, allowed)] || *registry == '/'
		|| strstr(registry, "//"))
		return kbi_fail(err, KB_EINVAL, "calico: registry \"%.200s\": not HOST/ or HOST:PORT/",
			registry ? registry : "");
	kbi_buf_add_format(with_slash, "%s%s", registry, kbi_str_ends(registry, "/") ? "" : "/");
	return kbi_bound_out("calico: registry", with_slash, err);
}

kb_status
kbi_calico_set_registry(const void *data, size_t size_bytes, const char *registry, struct kbi_buf *out,
	struct kb_err *err)
{
	struct kbi_buf with_slash = KBI_BUF(1024);
	struct pool p = {0};

	kb_status status = check_registry(registry, &with_slash, err);
	if (!status)
		status = kbi_manifest_read(&p.m, "calico manifest", data, size_bytes, err);
	if (!status)
		status = find_installation(&p);
	if (!status && p.installation)
		status = kbi_manifest_set(&p.m, p.installation, "spec.registry", kbi_buf_text(&with_slash));
	if (!status)
		status = set_workloads(&p, kbi_buf_text(&with_slash));
	if (!status && !p.m.count)
		status = fail(&p, NULL, "neither an Installation nor a Deployment or DaemonSet");
	kbi_buf_free(&with_slash);
	return end(&p, status, out);
}
