/* SPDX-License-Identifier: Apache-2.0 */
#include "text/kubeadm.h"

#include <string.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/nearest.h"
#include "base/str.h"
#include "text/bound.h"
#include "text/kubeadm_value.h"
#include "text/version.h"
#include "text/yaml.h"

#define API_GROUP "kubeadm.k8s.io/"
#define KUBELET_API "kubelet.config.k8s.io/v1beta1"
#define API_NEWEST "v1beta4"

/* Kinds, as bits. */
#define INIT 1u
#define JOIN 2u
#define RESET 4u

enum document {
	MAIN,		/* InitConfiguration, JoinConfiguration or ResetConfiguration */
	CLUSTER,
	NOWHERE		/* read by the code below, or by nobody */
};

/* Every option, in the order in which it is written. The names are kubeadm's own (cmd/kubeadm/app/cmd/options), or what its flags cannot
 * say; the paths are those of v1beta3 and v1beta4 (cmd/kubeadm/app/apis/kubeadm). */
static const struct option {
	const char *name;
	unsigned kinds;
	enum document document;
	const char *path;
	kbi_kubeadm_putter put;
	const char *argument;
	const char *since;		/* the first API that knows it; NULL: all do */
} table[] = {
	{"token", INIT, MAIN, "bootstrapTokens[0].token", kbi_kubeadm_put_token},
	{"token-ttl", INIT, MAIN, "bootstrapTokens[0].ttl", kbi_kubeadm_put_ttl},
	{"certificate-key", INIT, MAIN, "certificateKey", kbi_kubeadm_put_key},
	{"apiserver-advertise-address", INIT, MAIN, "localAPIEndpoint.advertiseAddress", kbi_kubeadm_put_ip},
	{"apiserver-bind-port", INIT, MAIN, "localAPIEndpoint.bindPort", kbi_kubeadm_put_port},

	{"endpoint", JOIN, MAIN, "discovery.bootstrapToken.apiServerEndpoint", kbi_kubeadm_put_endpoint},
	{"token", JOIN, MAIN, "discovery.bootstrapToken.token", kbi_kubeadm_put_token},
	{"discovery-token", JOIN, MAIN, "discovery.bootstrapToken.token", kbi_kubeadm_put_token},
	{"discovery-token-ca-cert-hash", JOIN, MAIN, "discovery.bootstrapToken.caCertHashes", kbi_kubeadm_put_hashes},
	{"ca-cert-hash", JOIN, MAIN, "discovery.bootstrapToken.caCertHashes", kbi_kubeadm_put_hashes},
	{"discovery-file", JOIN, MAIN, "discovery.file.kubeConfigPath", kbi_kubeadm_put_path},
	{"tls-bootstrap-token", JOIN, MAIN, "discovery.tlsBootstrapToken", kbi_kubeadm_put_token},
	{"control-plane", JOIN, NOWHERE},
	{"certificate-key", JOIN, MAIN, "controlPlane.certificateKey", kbi_kubeadm_put_key},
	{"apiserver-advertise-address", JOIN, MAIN, "controlPlane.localAPIEndpoint.advertiseAddress", kbi_kubeadm_put_ip},
	{"apiserver-bind-port", JOIN, MAIN, "controlPlane.localAPIEndpoint.bindPort", kbi_kubeadm_put_port},

	{"node-name", INIT | JOIN, MAIN, "nodeRegistration.name", kbi_kubeadm_put_name},
	{"cri-socket", INIT | JOIN, MAIN, "nodeRegistration.criSocket", kbi_kubeadm_put_text},
	{"node-ip", INIT | JOIN, MAIN, "nodeRegistration.kubeletExtraArgs", kbi_kubeadm_put_arg_ip, "node-ip"},
	{"node-labels", INIT | JOIN, MAIN, "nodeRegistration.kubeletExtraArgs", kbi_kubeadm_put_arg_list, "node-labels"},
	{"kubelet-extra-args", INIT | JOIN, MAIN, "nodeRegistration.kubeletExtraArgs", kbi_kubeadm_put_args},
	{"taints", INIT | JOIN, MAIN, "nodeRegistration.taints", kbi_kubeadm_put_taints},
	{"schedulable", INIT | JOIN, MAIN, "nodeRegistration.taints", kbi_kubeadm_put_schedulable},
	{"ignore-preflight-errors", INIT | JOIN, MAIN, "nodeRegistration.ignorePreflightErrors", kbi_kubeadm_put_list},
	{"patches", INIT | JOIN, MAIN, "patches.directory", kbi_kubeadm_put_path, NULL, "v1beta3"},
	{"skip-phases", INIT | JOIN, MAIN, "skipPhases", kbi_kubeadm_put_list, NULL, "v1beta3"},
	{"dry-run", INIT | JOIN, MAIN, "dryRun", kbi_kubeadm_put_bool, NULL, "v1beta4"},

	{"kubernetes-version", INIT, CLUSTER, "kubernetesVersion", kbi_kubeadm_put_version},
	{"kubernetes-version", JOIN | RESET, NOWHERE},
	{"control-plane-endpoint", INIT, CLUSTER, "controlPlaneEndpoint", kbi_kubeadm_put_endpoint},
	{"image-repository", INIT, CLUSTER, "imageRepository", kbi_kubeadm_put_text},
	{"cert-dir", INIT, CLUSTER, "certificatesDir", kbi_kubeadm_put_path},
	{"pod-network-cidr", INIT, CLUSTER, "networking.podSubnet", kbi_kubeadm_put_networks},
	{"service-cidr", INIT, CLUSTER, "networking.serviceSubnet", kbi_kubeadm_put_networks},
	{"service-dns-domain", INIT, CLUSTER, "networking.dnsDomain", kbi_kubeadm_put_domain},
	{"apiserver-cert-extra-sans", INIT, CLUSTER, "apiServer.certSANs", kbi_kubeadm_put_list},
	{"apiserver-extra-args", INIT, CLUSTER, "apiServer.extraArgs", kbi_kubeadm_put_args},
	{"controller-manager-extra-args", INIT, CLUSTER, "controllerManager.extraArgs", kbi_kubeadm_put_args},
	{"scheduler-extra-args", INIT, CLUSTER, "scheduler.extraArgs", kbi_kubeadm_put_args},
	{"feature-gates", INIT, CLUSTER, "featureGates", kbi_kubeadm_put_gates},
	/* how kubeadm talks, which no configuration can say: a caller that copies its flags may leave them in */
	{"skip-token-print", INIT, NOWHERE},
	{"skip-certificate-key-print", INIT, NOWHERE},

	{"cert-dir", RESET, MAIN, "certificatesDir", kbi_kubeadm_put_path},
	{"cleanup-tmp-dir", RESET, MAIN, "cleanupTmpDir", kbi_kubeadm_put_bool},
	{"cri-socket", RESET, MAIN, "criSocket", kbi_kubeadm_put_text},
	{"dry-run", RESET, MAIN, "dryRun", kbi_kubeadm_put_bool},
	{"force", RESET, MAIN, "force", kbi_kubeadm_put_bool},
	{"ignore-preflight-errors", RESET, MAIN, "ignorePreflightErrors", kbi_kubeadm_put_list},
	{"skip-phases", RESET, MAIN, "skipPhases", kbi_kubeadm_put_list},
};

static const struct {
	const char *name;
	unsigned kind;
	const char *document;
	const char *since;
} kinds[] = {
	{"init", INIT, "InitConfiguration", NULL},
	{"join", JOIN, "JoinConfiguration", NULL},
	{"reset", RESET, "ResetConfiguration", "v1beta4"},
};

struct config {
	struct kbi_yaml yaml;
	struct kbi_yaml_node *documents[2];	/* by enum document */
	const struct kbi_map *options;
	unsigned kind;
	const char *api;
	struct kb_err *err;
};

static const struct option *
find_option(const char *name, unsigned kind)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if ((table[i].kinds & kind) && kbi_str_is(table[i].name, name))
			return &table[i];
	return NULL;
}

static kb_status
fail_unknown(const struct config *config, const char *name)
{
	struct kbi_nearest nearest = kbi_nearest(name);

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].kinds & config->kind)
			kbi_nearest_try(&nearest, table[i].name);
	if (nearest.best)
		return kbi_fail(config->err, KB_EINVAL, "kubeadm: no option \"%.100s\" (the nearest is %s)", name,
			nearest.best);
	return kbi_fail(config->err, KB_EINVAL, "kubeadm: no option \"%.100s\"", name);
}

static kb_status
check_names(const struct config *config)
{
	static const char unsafe[] = "discovery-token-unsafe-skip-ca-verification";

	for (size_t i = 0; i < config->options->count; i++) {
		const char *name = config->options->entries[i].name;
		if (kbi_str_is(name, unsafe))
			return kbi_fail(config->err, KB_EUNSUPPORTED, "kubeadm: %s: not supported", unsafe);
		if (!find_option(name, config->kind))
			return fail_unknown(config, name);
	}
	return KB_OK;
}

/* Without a version the newest API, which is what a kubeadm of today reads best. */
static kb_status
choose_api(struct config *config)
{
	const char *text = kbi_map_get(config->options, "kubernetes-version");
	struct kbi_version version;

	config->api = API_NEWEST;
	if (!kbi_str_is_set(text))
		return KB_OK;
	kb_status status = kbi_version_parse(&version, text, config->err);
	if (status)
		return status;
	const struct kbi_kubernetes *kubernetes = kbi_kubernetes(&version);
	if (!kubernetes)
		return kbi_fail(config->err, KB_EUNSUPPORTED, "kubeadm: version %.60s: too old", text);
	config->api = kubernetes->kubeadm_api;
	return KB_OK;
}

static kb_status
add_document(struct config *config, const char *api, const char *kind, struct kbi_yaml_node **document)
{
	struct kbi_yaml *yaml = &config->yaml;

	*document = kbi_yaml_add_document(yaml, kbi_yaml_new_map(yaml));
	if (!kbi_yaml_set(yaml, *document, "apiVersion", kbi_yaml_new_string(yaml, api))
		|| !kbi_yaml_set(yaml, *document, "kind", kbi_yaml_new_string(yaml, kind)))
		return kbi_fail_memory(config->err);
	return KB_OK;
}

/* kubeadm takes what belongs to a control plane as nothing on a worker, and so do we; a key without its plane is a mistake, though. */
static kb_status
check_control_plane(const struct config *config, const struct option *option, bool *is_moot)
{
	bool is_control_plane = kbi_str_is_yes(kbi_map_get(config->options, "control-plane"));

	*is_moot = config->kind == JOIN && kbi_str_starts(option->path, "controlPlane.") && !is_control_plane;
	if (*is_moot && kbi_str_is(option->name, "certificate-key"))
		return kbi_fail(config->err, KB_EINVAL, "kubeadm: certificate-key: without control-plane");
	return KB_OK;
}

static kb_status
put_option(const struct config *config, const struct option *option)
{
	const char *value = kbi_map_get(config->options, option->name);
	const struct kbi_kubeadm_slot slot = {
		.yaml = (struct kbi_yaml *)&config->yaml, .document = config->documents[option->document],
		.path = option->path,
		.options = config->options, .option = option->name, .argument = option->argument,
		.has_lists = kbi_str_is(config->api, "v1beta4"), .err = config->err,
	};
	bool is_moot = false;

	if (!kbi_str_is_set(value))
		return KB_OK;
	kb_status status = check_control_plane(config, option, &is_moot);
	if (status || is_moot)
		return status;
	if (option->since && strcmp(config->api, option->since) < 0)
		return kbi_fail(config->err, KB_EUNSUPPORTED, "kubeadm: %s: not in %s", option->name, config->api);
	return option->put(&slot);
}

static kb_status
put_options(struct config *config)
{
	kb_status status = KB_OK;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]) && !status; i++)
		if ((table[i].kinds & config->kind) && table[i].document != NOWHERE)
			status = put_option(config, &table[i]);
	return status;
}

static kb_status
add_cgroup_driver(struct config *config)
{
	struct kbi_yaml_node *kubelet;
	kb_status status = add_document(config, KUBELET_API, "KubeletConfiguration", &kubelet);

	if (status)
		return status;
	return kbi_kubeadm_put_at(&config->yaml, kubelet, "cgroupDriver",
		kbi_yaml_new_string(&config->yaml, "systemd"), config->err);
}

static kb_status
check_join(struct config *config)
{
	struct kbi_yaml_node *main = config->documents[MAIN],
		*token = kbi_yaml_path(main, "discovery.bootstrapToken");

	if (!token && !kbi_yaml_path(main, "discovery.file"))
		return kbi_fail(config->err, KB_EINVAL, "kubeadm: join: neither token nor discovery-file");
	if (token && !kbi_yaml_get(token, "apiServerEndpoint"))
		return kbi_fail(config->err, KB_EINVAL, "kubeadm: join: no endpoint");
	if (token && !kbi_yaml_get(token, "token"))
		return kbi_fail(config->err, KB_EINVAL, "kubeadm: join: no token");
	if (token && !kbi_yaml_get(token, "caCertHashes"))
		return kbi_fail(config->err, KB_EINVAL, "kubeadm: join: no discovery-token-ca-cert-hash");
	if (kbi_str_is_yes(kbi_map_get(config->options, "control-plane")) && !kbi_yaml_get(main, "controlPlane"))
		return kbi_kubeadm_put_at(&config->yaml, main, "controlPlane", kbi_yaml_new_map(&config->yaml),
			config->err);
	return KB_OK;
}

static kb_status
make(struct config *config, const char *document)
{
	char api[64] = API_GROUP;

	memcpy(api + strlen(API_GROUP), config->api, strlen(config->api) + 1);
	kb_status status = add_document(config, api, document, &config->documents[MAIN]);
	if (!status && config->kind == INIT)
		status = add_document(config, api, "ClusterConfiguration", &config->documents[CLUSTER]);
	if (!status)
		status = put_options(config);
	if (!status && config->kind == INIT)
		status = add_cgroup_driver(config);
	if (!status && config->kind == JOIN)
		status = check_join(config);
	return status;
}

static bool
holds_secret(const struct kbi_map *options)
{
	for (size_t i = 0; i < options->count; i++)
		if (options->entries[i].secret)
			return true;
	return false;
}

kb_status
kbi_kubeadm_config(const char *kind, const struct kbi_map *options, struct kbi_buf *out, struct kb_err *err)
{
	struct config config = {.options = options, .err = err};
	size_t i = 0, count = sizeof(kinds) / sizeof(kinds[0]);

	while (i < count && !kbi_str_is(kinds[i].name, kind))
		i++;
	if (i == count)
		return kbi_fail(err, KB_EINVAL, "kubeadm: kind \"%.60s\": not init, join or reset", kind ? kind : "");
	config.kind = kinds[i].kind;
	kb_status status = check_names(&config);
	if (!status)
		status = choose_api(&config);
	if (!status && kinds[i].since && strcmp(config.api, kinds[i].since) < 0)
		status = kbi_fail(err, KB_EUNSUPPORTED, "kubeadm: %s: not in %s", kinds[i].document, config.api);
	if (!status)
		status = make(&config, kinds[i].document);
	out->secret |= holds_secret(options);
	if (!status) {
		kbi_yaml_write(out, &config.yaml);
		status = kbi_bound_out("kubeadm configuration", out, err);
	}
	kbi_yaml_free(&config.yaml);
	return status;
}
