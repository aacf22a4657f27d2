/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <kb/event.h>

#include "base/buf.h"
#include "base/str.h"
#include "steps/calico_files.h"
#include "steps/kubeadm_documents.h"
#include "steps/scripts.h"
#include "steps/step.h"
#include "text/bound.h"
#include "text/calico.h"
#include "text/cidr.h"
#include "text/yaml.h"

static const struct kbi_param params[] = {
	{ "version", NULL, "of Calico, such as v3.32.1", KBI_REQUIRED },
	{ "pod-cidr", NULL, "the network that pods get their addresses from: the cluster's pod-network-cidr, or a part of it", KBI_REQUIRED },
	{ "block-size", "26", "prefix length of the block that a node takes at a time", 0 },
	{ "encapsulation", "VXLANCrossSubnet", "IPIP, IPIPCrossSubnet, VXLAN, VXLANCrossSubnet or None", 0 },
	{ "node-address-autodetection", "kubernetes-internal-ip", "which address of a node Calico uses: kubernetes-internal-ip, first-found, "
		"interface=REGEX, skip-interface=REGEX or can-reach=ADDRESS", 0 },
	{ "image-registry", NULL, "where the images come from; default: as published", 0 },
	{ "url", "https://raw.githubusercontent.com/projectcalico/calico", "where the manifests are, as URL/VERSION/manifests/FILE", KBI_LOCAL },
	{ "sha256", NULL, "FILE=HEX: the sum that a manifest must have; for versions outside of the table of pins", KBI_LIST | KBI_LOCAL },
	{ "download-ca", NULL, "a file of the controller with the authorities that the server of the manifests is trusted by, PEM", KBI_LOCAL },
	{ "proxy", NULL, "the proxy that the controller fetches over", KBI_LOCAL | KBI_SECRET },
	{ "timeout", "600", "how many seconds Calico may take to become available", 0 },
	{ 0 }
};

/* The words of Calico's own IP_AUTODETECTION_METHOD, and the Installation's fields for them. */
static const struct autodetection {
	const char *word;		/* ends in "=" when a value follows */
	const char *field;
	const char *value;		/* NULL: the one that follows */
} autodetections[] = {
	{ "kubernetes-internal-ip", "kubernetes", "NodeInternalIP" },
	{ "first-found", "firstFound", "true" },
	{ "interface=", "interface", NULL },
	{ "skip-interface=", "skipInterface", NULL },
	{ "can-reach=", "canReach", NULL },
};

static const struct autodetection *
find_autodetection(const char *text)
{
	for (size_t i = 0; i < sizeof(autodetections) / sizeof(autodetections[0]); i++) {
		const struct autodetection *a = &autodetections[i];
		if (a->value ? kbi_str_is(text, a->word) : kbi_str_starts(text, a->word) && text[strlen(a->word)])
			return a;
	}
	return NULL;
}

static kb_status
check_pool(const struct kbi_map *args, struct kb_err *err)
{
	const char *text = kbi_map_get(args, "pod-cidr");
	struct kbi_cidr cidr;
	int64_t block_size, blocks;

	if (!kbi_str_to_int64(kbi_map_get_or(args, "block-size", ""), 20, 32, &block_size))
		return kbi_fail(err, KB_EINVAL, "calico.install: block-size %s: not 20 to 32", kbi_map_get_or(args, "block-size", ""));
	if (!kbi_str_is_set(text))
		return KB_OK;
	kb_status status = kbi_cidr_parse(&cidr, text, err);
	if (!status && cidr.ip.bits != 32)
		return kbi_fail(err, KB_EUNSUPPORTED, "calico.install: pod-cidr %s: IPv6", text);
	return status ? status : kbi_cidr_block_count(&cidr, (int)block_size, &blocks, err);
}

static kb_status
check(const struct kbi_map *args, struct kb_err *err)
{
	struct kbi_buf version = KBI_BUF(KBI_SIZE_TEXT);
	const char *text = kbi_map_get(args, "version"), *seconds = kbi_map_get_or(args, "timeout", "");
	int64_t timeout;

	kb_status status = kbi_str_is_set(text) ? kbi_calico_version(text, &version, err) : KB_OK;
	kbi_buf_free(&version);
	if (!status)
		status = check_pool(args, err);
	if (!status && !find_autodetection(kbi_map_get_or(args, "node-address-autodetection", "")))
		status = kbi_fail(err, KB_EINVAL, "calico.install: node-address-autodetection %s: not known",
			kbi_map_get_or(args, "node-address-autodetection", ""));
	if (!status && !kbi_str_to_int64(seconds, 1, 86400, &timeout))
		status = kbi_fail(err, KB_EINVAL, "calico.install: timeout %s: not seconds", seconds);
	return status ? status : kbi_calico_check_pins(args, err);
}

/* -- what is there: from the facts alone, for the judge and for prepare */

/* "quay.io/tigera/operator:v1.42.3 v3.32.1": the image, and the version that we noted when all of its manifests were applied. */
static bool
is_operator_there(const struct kbi_map *facts)
{
	const char *operator = kbi_map_get_or(facts, "operator", "");

	return *operator && *operator != ' ';
}

static bool
is_version_there(const struct kbi_map *facts, const char *version)
{
	const char *operator = kbi_map_get_or(facts, "operator", ""), *noted = strchr(operator, ' '), *of_table = kbi_calico_operator(version);
	size_t image_bytes = strcspn(operator, " ");

	if (noted && noted[1])
		return kbi_str_is(noted + 1, version);
	size_t tag_bytes = of_table ? strlen(of_table) : 0;
	return of_table && image_bytes > tag_bytes + 1 && operator[image_bytes - tag_bytes - 1] == ':' &&
		memcmp(operator + image_bytes - tag_bytes, of_table, tag_bytes) == 0;
}

static bool
must_apply_manifests(const struct kbi_map *facts, const char *version)
{
	return !is_version_there(facts, version) || !kbi_map_holds(facts, "crd", "installations.operator.tigera.io") ||
		!kbi_map_holds(facts, "crd", "tigerastatuses.operator.tigera.io");
}

struct field {
	const char *name;		/* for the diff */
	char *now;			/* NULL: not there */
	char *wanted;
};

enum { CIDR, BLOCK_SIZE, ENCAPSULATION, AUTODETECTION, REGISTRY, FIELDS };

static char *
copy_of(const struct kbi_yaml_node *scalar)
{
	const char *text = kbi_yaml_text(scalar);

	return text ? kbi_str_copy(text) : NULL;
}

/* The pool of our network, else the first. */
static const struct kbi_yaml_node *
pool_of(const struct kbi_yaml_node *spec, const char *cidr)
{
	const struct kbi_yaml_node *pools = kbi_yaml_path(spec, "calicoNetwork.ipPools");

	for (const struct kbi_yaml_node *pool = kbi_yaml_is_list(pools) ? pools->first : NULL; pool; pool = pool->next)
		if (kbi_networks_are(kbi_yaml_text(kbi_yaml_get(pool, "cidr")) ? kbi_yaml_text(kbi_yaml_get(pool, "cidr")) : "", cidr))
			return pool;
	return kbi_yaml_is_list(pools) ? pools->first : NULL;
}

static void
read_now(struct field fields[FIELDS], const struct kbi_map *facts, const char *cidr, const struct autodetection *a)
{
	const char *text = kbi_map_get_or(facts, "installation", "");
	struct kbi_yaml yaml;

	if (!*text || kbi_yaml_read(&yaml, "Installation", text, strlen(text), KBI_SIZE_TEXT, NULL))
		return;
	const struct kbi_yaml_node *spec = yaml.first, *pool = pool_of(spec, cidr);
	fields[CIDR].now = copy_of(kbi_yaml_get(pool, "cidr"));
	fields[BLOCK_SIZE].now = copy_of(kbi_yaml_get(pool, "blockSize"));
	fields[ENCAPSULATION].now = copy_of(kbi_yaml_get(pool, "encapsulation"));
	fields[AUTODETECTION].now = copy_of(kbi_yaml_get(kbi_yaml_path(spec, "calicoNetwork.nodeAddressAutodetectionV4"), a->field));
	fields[REGISTRY].now = copy_of(kbi_yaml_get(spec, "registry"));
	kbi_yaml_free(&yaml);
}

static char *
registry_of(const struct kbi_map *args)
{
	struct kbi_buf text = KBI_BUF(KBI_SIZE_TEXT);
	const char *registry = kbi_map_get(args, "image-registry");

	if (!kbi_str_is_set(registry))
		return NULL;
	kbi_buf_add_format(&text, "%s%s", registry, kbi_str_ends(registry, "/") ? "" : "/");
	return kbi_buf_take(&text);
}

/* What we set in the Installation, as it is and as it should be. The operator fills in everything else by itself. */
static void
read_fields(struct field fields[FIELDS], const struct kbi_map *args, const struct kbi_map *facts)
{
	const char *cidr = kbi_map_get_or(args, "pod-cidr", ""), *detect = kbi_map_get_or(args, "node-address-autodetection", "");
	const struct autodetection *a = find_autodetection(detect);

	memset(fields, 0, FIELDS * sizeof(*fields));
	if (!a)
		a = &autodetections[0];
	read_now(fields, facts, cidr, a);
	fields[CIDR].name = "ipPools cidr";
	fields[CIDR].wanted = kbi_str_copy(cidr);
	fields[BLOCK_SIZE].name = "ipPools blockSize";
	fields[BLOCK_SIZE].wanted = kbi_str_copy(kbi_map_get_or(args, "block-size", ""));
	fields[ENCAPSULATION].name = "ipPools encapsulation";
	fields[ENCAPSULATION].wanted = kbi_str_copy(kbi_map_get_or(args, "encapsulation", ""));
	fields[AUTODETECTION].name = a->field;
	fields[AUTODETECTION].wanted = kbi_str_copy(a->value ? a->value : detect + strlen(a->word));
	fields[REGISTRY].name = "registry";
	fields[REGISTRY].wanted = registry_of(args);
}

static bool
differs(const struct field *field)
{
	return field->wanted && !kbi_str_is(field->wanted, field->now);
}

static void
free_fields(struct field fields[FIELDS])
{
	for (size_t i = 0; i < FIELDS; i++) {
		free(fields[i].now);
		free(fields[i].wanted);
	}
}

static bool
must_apply_resources(const struct kbi_map *args, const struct kbi_map *facts)
{
	struct field fields[FIELDS];
	bool must = false;

	read_fields(fields, args, facts);
	for (size_t i = 0; i < FIELDS; i++)
		must |= differs(&fields[i]);
	free_fields(fields);
	return must;
}

/* -- preparing */

static kb_status
replace(struct kbi_buf *text, struct kbi_buf *by, kb_status status)
{
	if (!status) {
		kbi_buf_free(text);
		*text = *by;
		*by = KBI_BUF(KBI_SIZE_MANIFEST);
	}
	kbi_buf_free(by);
	return status;
}

static kb_status
edit_pool(struct kbi_buf *text, const struct kbi_map *args, struct kb_err *err)
{
	struct kbi_buf out = KBI_BUF(KBI_SIZE_MANIFEST);
	int64_t block_size = 0;

	kbi_str_to_int64(kbi_map_get_or(args, "block-size", ""), 20, 32, &block_size);
	kb_status status = replace(text, &out, kbi_calico_set_block_size(kbi_buf_text(text), text->size_bytes, (int)block_size, &out, err));
	if (!status)
		status = replace(text, &out, kbi_calico_set_pod_cidr(kbi_buf_text(text), text->size_bytes, kbi_map_get_or(args, "pod-cidr", ""), &out, err));
	if (!status)
		status = replace(text, &out, kbi_calico_set_encapsulation(kbi_buf_text(text), text->size_bytes,
			kbi_map_get_or(args, "encapsulation", ""), &out, err));
	return status;
}

static kb_status
edit_registry(struct kbi_buf *text, const struct kbi_map *args, struct kb_err *err)
{
	struct kbi_buf out = KBI_BUF(KBI_SIZE_MANIFEST);
	const char *registry = kbi_map_get(args, "image-registry");

	if (!kbi_str_is_set(registry))
		return KB_OK;
	return replace(text, &out, kbi_calico_set_registry(kbi_buf_text(text), text->size_bytes, registry, &out, err));
}

static kb_status
edit_autodetection(struct kbi_buf *text, const struct kbi_map *args, struct kb_err *err)
{
	struct kbi_buf out = KBI_BUF(KBI_SIZE_MANIFEST), path = KBI_BUF(KBI_SIZE_TEXT);
	const char *detect = kbi_map_get_or(args, "node-address-autodetection", "");
	const struct autodetection *a = find_autodetection(detect);

	if (!a)
		return KB_EINVAL;	/* check() has said it */
	kbi_buf_add_format(&path, "calicoNetwork.nodeAddressAutodetectionV4.%s", a->field);
	kb_status status = replace(text, &out, kbi_calico_set_field(kbi_buf_text(text), text->size_bytes, kbi_buf_text(&path),
		a->value ? a->value : detect + strlen(a->word), &out, err));
	kbi_buf_free(&path);
	return status;
}

static kb_status
edit_files(const struct kbi_prepare *p, struct kbi_buf files[KBI_CALICO_FILES])
{
	kb_status status = edit_pool(&files[KBI_CALICO_RESOURCES], p->args, p->err);
	if (!status)
		status = edit_autodetection(&files[KBI_CALICO_RESOURCES], p->args, p->err);
	if (!status)
		status = edit_registry(&files[KBI_CALICO_RESOURCES], p->args, p->err);
	return status ? status : edit_registry(&files[KBI_CALICO_OPERATOR], p->args, p->err);
}

/* One stream: the CRDs come first, so that they are there when the operator looks for them. */
static kb_status
give_files(const struct kbi_prepare *p, struct kbi_buf files[KBI_CALICO_FILES])
{
	struct kbi_buf input = KBI_BUF(2 * KBI_SIZE_MANIFEST);

	kbi_buf_add_bytes(&input, kbi_buf_text(&files[KBI_CALICO_CRDS]), files[KBI_CALICO_CRDS].size_bytes);
	kbi_buf_add(&input, input.size_bytes ? "\n---\n" : "");
	kbi_buf_add_bytes(&input, kbi_buf_text(&files[KBI_CALICO_OPERATOR]), files[KBI_CALICO_OPERATOR].size_bytes);
	kb_status status = kbi_buf_failed(&input);
	if (!status)
		status = kbi_map_set_bytes(p->made, "input", kbi_buf_text(&input), input.size_bytes);
	if (!status)
		status = kbi_map_set(p->made, "resources", kbi_buf_text(&files[KBI_CALICO_RESOURCES]));
	kbi_buf_free(&input);
	return status ? kbi_fail_memory(p->err) : KB_OK;
}

static kb_status
prepare(struct kbi_prepare *p)
{
	struct kbi_buf files[KBI_CALICO_FILES] = { 0 }, version = KBI_BUF(KBI_SIZE_TEXT);

	kb_status status = kbi_calico_version(kbi_map_get_or(p->args, "version", ""), &version, p->err);
	if (!status && (must_apply_manifests(p->facts, kbi_buf_text(&version)) || must_apply_resources(p->args, p->facts))) {
		status = kbi_calico_fetch(p, kbi_buf_text(&version), files);
		if (!status)
			status = edit_files(p, files);
		if (!status)
			status = give_files(p, files);
	}
	for (size_t i = 0; i < KBI_CALICO_FILES; i++)
		kbi_buf_free(&files[i]);
	kbi_buf_free(&version);
	return status;
}

/* -- judging */

/* A pool is for ever: its network and block size cannot be changed, and a second one beside it would not be what was asked for. */
static kb_status
judge_pools(struct kbi_judge *j)
{
	const char *cidr = kbi_judge_arg(j, "pod-cidr"), *block_size = kbi_judge_arg(j, "block-size");
	const struct kbi_entry *e = NULL;
	bool is_any = false;

	while ((e = kbi_map_next(j->facts, "pool", e))) {
		char *text = kbi_str_copy(e->value), *rest = text;
		const char *of_pool = strsep(&rest, " "), *size = rest ? strsep(&rest, " ") : NULL;
		bool is_ours = of_pool && kbi_networks_are(of_pool, cidr), is_sized = size && kbi_str_is(size, block_size);
		free(text);
		is_any = true;
		if (is_ours && is_sized)
			return KB_OK;
		if (is_ours)
			break;
	}
	if (!is_any)
		return KB_OK;
	kbi_judge_fail(j, KB_ECONFLICT, "calico.pool-differs", "the cluster has a pool already that is not %s in blocks of /%s", cidr, block_size);
	for (e = NULL; (e = kbi_map_next(j->facts, "pool", e));)
		kbi_judge_evidence(j, "pool (network, block size, name): %s", e->value);
	return KB_ECONFLICT;
}

static kb_status
judge_operator(struct kbi_judge *j, const char *version)
{
	if (!is_operator_there(j->facts)) {
		kbi_judge_value(j, "object", "Calico's operator", NULL, version);
		return KB_OK;
	}
	if (!is_version_there(j->facts, version)) {
		kbi_judge_fail(j, KB_ECONFLICT, "calico.version-differs", "the cluster has another version of Calico than %s", version);
		kbi_judge_evidence(j, "operator (image, version noted by libkb): %s", kbi_judge_fact(j, "operator"));
		return KB_ECONFLICT;
	}
	if (must_apply_manifests(j->facts, version))
		kbi_judge_value(j, "object", "Calico's CRDs", NULL, "established");
	return KB_OK;
}

static void
judge_fields(struct kbi_judge *j)
{
	struct field fields[FIELDS];

	read_fields(fields, j->args, j->facts);
	for (size_t i = 0; i < FIELDS; i++) {
		struct kbi_buf name = KBI_BUF(KBI_SIZE_TEXT);
		kbi_buf_add_format(&name, "Installation default %s", fields[i].name);
		if (differs(&fields[i]))
			kbi_judge_value(j, "object", kbi_buf_text(&name), fields[i].now, fields[i].wanted);
		kbi_buf_free(&name);
	}
	free_fields(fields);
}

static const char *
status_of(const struct kbi_judge *j, const char *component)
{
	size_t bytes = strlen(component);

	for (const struct kbi_entry *e = NULL; (e = kbi_map_next(j->facts, "tigerastatus", e));)
		if (kbi_str_starts(e->value, component) && e->value[bytes] == ' ')
			return e->value + bytes;
	return "";
}

static void
note_status(struct kbi_buf *missing, const char *component, const char *status)
{
	if (!strstr(status, " Available=True") || strstr(status, " Degraded=True"))
		kbi_buf_add_format(missing, "%s%s", missing->size_bytes ? ", " : "", component);
}

/* Components that there are to be, and those that say something of themselves. */
static kb_status
judge_status(struct kbi_judge *j)
{
	struct kbi_buf missing = KBI_BUF(KBI_SIZE_TEXT);

	for (const struct kbi_entry *e = NULL; (e = kbi_map_next(j->facts, "component", e));)
		note_status(&missing, e->value, status_of(j, e->value));
	if (!kbi_map_has(j->facts, "component"))
		kbi_buf_add(&missing, "calico");
	if (missing.size_bytes)
		kbi_judge_say(j, KB_PARTIAL, "installed, and not available yet: %s", kbi_buf_text(&missing));
	kbi_buf_free(&missing);
	return KB_OK;
}

static kb_status
judge_cluster(struct kbi_judge *j, const char *version)
{
	kb_status status = judge_operator(j, version);
	if (!status)
		status = judge_pools(j);
	if (status)
		return status;
	judge_fields(j);
	kbi_judge_want(j, "version", version);
	kbi_judge_want(j, "manifests", must_apply_manifests(j->facts, version) ? "yes" : "no");
	kbi_judge_want(j, "resources", must_apply_resources(j->args, j->facts) ? "yes" : "no");
	return j->change_count ? KB_OK : judge_status(j);
}

static kb_status
judge(struct kbi_judge *j)
{
	struct kbi_buf version = KBI_BUF(KBI_SIZE_TEXT);
	const char *api = kbi_judge_fact(j, "api");

	if (!kbi_str_is(api, "ok") && !kbi_str_is(api, "none"))
		return kbi_judge_say(j, KB_UNKNOWN, "the API server does not answer: %s", api);
	if (kbi_str_is(api, "ok") && (!kbi_judge_fact_is(j, "operator.status", "0") || !kbi_judge_fact_is(j, "crds.status", "0")))
		return kbi_judge_say(j, KB_UNKNOWN, "the API server did not say what there is of Calico");
	kb_status status = kbi_calico_version(kbi_judge_arg(j, "version"), &version, &j->err);
	if (!status)
		status = judge_cluster(j, kbi_buf_text(&version));
	kbi_buf_free(&version);
	return status;
}

const struct kbi_step_def kbi_step_calico_install = {
	.name = "calico.install",
	.summary = "the cluster's pods have a network, Calico's, and it is available",
	.params = params,
	.library = kbi_script_kubeadm_library,
	.script = kbi_script_calico_install,
	.flags = KBI_STEP_LONG,
	.timeout_ms = 1200000,
	.check = check,
	.prepare = prepare,
	.judge = judge,
};
