/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <kb/event.h>

#include "base/buf.h"
#include "base/str.h"
#include "steps/kubeadm_documents.h"
#include "steps/kubeadm_networks.h"
#include "steps/node_address.h"
#include "steps/scripts.h"
#include "steps/step.h"
#include "text/ca.h"
#include "text/version.h"

#define SERVICES_DEFAULT "10.96.0.0/12"	/* kubeadm's */

static const struct kbi_param params[] = {
	{ "apiserver-advertise-address", NULL, "the address that the API server tells others; of the host. Default: node-ip; "
		"refused when neither is given and the host has several interfaces with addresses", 0 },
	{ "apiserver-bind-port", NULL, "the API server's port; default: kubeadm's own, 6443", 0 },
	{ "apiserver-extra-args", NULL, "flags of the API server, NAME=VALUE each", KBI_LIST },
	{ "apiserver-cert-extra-sans", NULL, "further names and addresses in the API server's certificate", KBI_LIST },
	{ "cert-dir", "/etc/kubernetes/pki", "where certificates are made, or lie already", 0 },
	{ "certificate-key", NULL, "the key that uploaded certificates are encrypted with", KBI_SECRET },
	{ "config", NULL, "kubeadm documents of the caller's own (YAML), merged by kind over what these parameters give", 0 },
	{ "control-plane-endpoint", NULL, "name or address, with or without port, by which all nodes reach the API server", 0 },
	{ "controller-manager-extra-args", NULL, "flags of the controller manager, NAME=VALUE each", KBI_LIST },
	{ "cri-socket", "unix:///run/containerd/containerd.sock", "the container runtime's socket", 0 },
	{ "feature-gates", NULL, "NAME=true or NAME=false each, kubeadm's own", KBI_LIST },
	{ "ignore-preflight-errors", NULL, "names of checks whose errors are taken as warnings", KBI_LIST },
	{ "image-repository", NULL, "where the control plane's images come from; default: kubeadm's own", 0 },
	{ "kubernetes-version", NULL, "the version of the control plane; default: kubeadm's own version", 0 },
	{ "kubelet-extra-args", NULL, "flags of the kubelet, NAME=VALUE each", KBI_LIST },
	{ "node-ip", NULL, "the Node's InternalIP; default: apiserver-advertise-address", 0 },
	{ "node-labels", NULL, "labels of the Node, NAME=VALUE each", KBI_LIST },
	{ "node-name", NULL, "the Node's name; default: the host's name", 0 },
	{ "patches", NULL, "a folder of the host with patches for kubeadm", 0 },
	{ "pod-network-cidr", NULL, "the pods' network; without it kube-proxy does not masquerade, and hosts with two cards cannot reach services", 0 },
	{ "without-pod-network-cidr", "no", "yes: it is meant that there is no pod-network-cidr", KBI_YES_NO },
	{ "schedulable", NULL, "yes: pods may run on the control plane", KBI_YES_NO },
	{ "scheduler-extra-args", NULL, "flags of the scheduler, NAME=VALUE each", KBI_LIST },
	{ "service-cidr", NULL, "the services' network; default: kubeadm's own, " SERVICES_DEFAULT, 0 },
	{ "service-dns-domain", NULL, "the cluster's DNS domain; default: kubeadm's own, cluster.local", 0 },
	{ "skip-phases", NULL, "phases of kubeadm init to leave out", KBI_LIST },
	{ "taints", NULL, "taints of the Node, KEY=VALUE:EFFECT or KEY:EFFECT each; default: the control plane's", KBI_LIST },
	{ "token", NULL, "a bootstrap token to make; token.create makes them one by one", KBI_SECRET },
	{ "token-ttl", NULL, "its lifetime, such as 30m; default: kubeadm's own, 24h", 0 },
	{ "upload-certs", "no", "yes: certificates are stored in the cluster for further control planes", KBI_YES_NO },
	{ "ca-cert-hash", NULL, "the only certificate authority that an existing control plane may have", 0 },
	{ 0 }
};

static const struct kbi_output outputs[] = {
	{ "endpoint", "where the API server is, as HOST:PORT", 0 },
	{ "ca-cert-hash", "the pin of the cluster's certificate authority, sha256:HEX", 0 },
	{ "ca.crt", "the certificate authority's certificate, PEM", 0 },
	{ "version", "of the control plane, such as v1.34.4", 0 },
	{ 0 }
};

/* What is not an option of the configuration. */
static const char *const not_kubeadms[] = { "without-pod-network-cidr", "upload-certs", "ca-cert-hash", NULL };

/* The caller's own document before the parameter: it is merged over it. */
static void
add_asked(struct kbi_buf *out, const struct kbi_map *args, const char *path, const char *param)
{
	if (!kbi_documents_value(kbi_map_get(args, "config"), "ClusterConfiguration", path, out))
		kbi_buf_add(out, kbi_map_get_or(args, param, ""));
}

static kb_status
check_networks(const struct kbi_map *args, struct kb_err *err)
{
	struct kbi_buf pods = KBI_BUF(KBI_SIZE_TEXT), services = KBI_BUF(KBI_SIZE_TEXT);
	kb_status status;

	add_asked(&pods, args, "networking.podSubnet", "pod-network-cidr");
	add_asked(&services, args, "networking.serviceSubnet", "service-cidr");
	if (!pods.size_bytes && !kbi_str_is_yes(kbi_map_get(args, "without-pod-network-cidr"))) {
		status = kbi_fail(err, KB_EINVAL, "kubeadm.init: pod-network-cidr is not given");
		kbi_err_id(err, "init.pod-network-cidr-missing");
		kbi_err_fix(err, "kb_step_set(step, \"pod-network-cidr\", \"172.16.0.0/16\")");
	} else {
		status = kbi_networks_check(kbi_buf_text(&pods), services.size_bytes ? kbi_buf_text(&services) : SERVICES_DEFAULT, err);
	}
	kbi_buf_free(&pods);
	kbi_buf_free(&services);
	return status;
}

/* The script looks for certificates where cert-dir says, kubeadm makes them where its configuration does. */
static kb_status
check_cert_dir(const struct kbi_map *args, struct kb_err *err)
{
	struct kbi_buf own = KBI_BUF(KBI_SIZE_TEXT);
	const char *cert_dir = kbi_map_get_or(args, "cert-dir", "");
	kb_status status = KB_OK;

	if (kbi_documents_value(kbi_map_get(args, "config"), "ClusterConfiguration", "certificatesDir", &own) && !kbi_str_is(kbi_buf_text(&own), cert_dir))
		status = kbi_fail(err, KB_EINVAL, "kubeadm.init: config: certificatesDir %s: the parameter cert-dir says %s", kbi_buf_text(&own), cert_dir);
	kbi_buf_free(&own);
	return status;
}

static kb_status
check(const struct kbi_map *args, struct kb_err *err)
{
	const char *version = kbi_map_get(args, "kubernetes-version"), *name = kbi_map_get(args, "node-name");
	const char *hash = kbi_map_get(args, "ca-cert-hash");
	struct kbi_version parsed;

	if (kbi_str_is_set(version) && kbi_version_parse(&parsed, version, err))
		return KB_EINVAL;
	if (kbi_str_is_set(name) && !kbi_str_is_name(name))
		return kbi_fail(err, KB_EINVAL, "kubeadm.init: node-name %s: not a name that a Node can have", name);
	if (kbi_str_is_set(hash) && kbi_ca_hash_check(hash, err))
		return KB_EINVAL;
	return check_cert_dir(args, err) ? KB_EINVAL : check_networks(args, err);
}

static bool
is_found(const struct kbi_judge *j, const char *what)
{
	return kbi_map_holds(j->facts, "found", what);
}

/* -- a control plane that is there */

static void
give_outputs(struct kbi_judge *j)
{
	struct kbi_buf text = KBI_BUF(KBI_SIZE_TEXT);
	const struct kbi_entry *ca = kbi_map_find(j->facts, "ca");
	const char *server = kbi_judge_fact(j, "server");

	if (ca && kbi_ca_hash(ca->value, ca->size_bytes, &text, NULL) == KB_OK) {
		kbi_judge_output(j, "ca-cert-hash", kbi_buf_text(&text));
		kbi_judge_output(j, "ca.crt", ca->value);
	}
	if (kbi_str_starts(server, "https://"))
		kbi_judge_output(j, "endpoint", server + strlen("https://"));
	kbi_buf_truncate(&text, 0);
	if (kbi_documents_value(kbi_judge_fact(j, "config"), "ClusterConfiguration", "kubernetesVersion", &text))
		kbi_judge_output(j, "version", kbi_buf_text(&text));
	kbi_buf_free(&text);
}

static kb_status
fail_differs(struct kbi_judge *j, const char *what, const char *now, const char *asked)
{
	kbi_judge_fail(j, KB_ECONFLICT, "init.differs", "the control plane that runs here has %s %s, asked for was %s", what, *now ? now : "(none)", asked);
	kbi_judge_fix(j, "kubeadm.reset, then kubeadm.init");
	return KB_ECONFLICT;
}

static kb_status
compare_network(struct kbi_judge *j, const char *path, const char *param)
{
	struct kbi_buf asked = KBI_BUF(KBI_SIZE_TEXT), now = KBI_BUF(KBI_SIZE_TEXT);
	kb_status status = KB_OK;

	add_asked(&asked, j->args, path, param);
	kbi_documents_value(kbi_judge_fact(j, "config"), "ClusterConfiguration", path, &now);
	if (asked.size_bytes && !kbi_networks_are(kbi_buf_text(&asked), kbi_buf_text(&now)))
		status = fail_differs(j, param, kbi_buf_text(&now), kbi_buf_text(&asked));
	kbi_buf_free(&asked);
	kbi_buf_free(&now);
	return status;
}

/* What init has decided for good: a difference is not one that a second init could mend. */
static kb_status
compare_running(struct kbi_judge *j)
{
	const char *advertised = kbi_judge_fact(j, "advertised"), *asked = kbi_judge_arg(j, "apiserver-advertise-address");
	const char *version = kbi_judge_arg(j, "kubernetes-version");
	struct kbi_buf now = KBI_BUF(KBI_SIZE_TEXT);

	if (!*asked)
		asked = kbi_judge_arg(j, "node-ip");
	if (*asked && *advertised && !kbi_str_is(asked, advertised))
		return fail_differs(j, "apiserver-advertise-address", advertised, asked);
	kb_status status = compare_network(j, "networking.podSubnet", "pod-network-cidr");
	if (!status)
		status = compare_network(j, "networking.serviceSubnet", "service-cidr");
	kbi_documents_value(kbi_judge_fact(j, "config"), "ClusterConfiguration", "kubernetesVersion", &now);
	if (!status && *version && now.size_bytes && !kbi_str_is(version + (*version == 'v'), kbi_buf_text(&now) + 1))
		kbi_judge_note(j, KB_WARNING, "init.version-differs", "the control plane was made as %s, asked for was %s", kbi_buf_text(&now), version);
	kbi_buf_free(&now);
	return status;
}

/* -- a control plane to be made */

static bool
has(const struct kbi_map *options, const char *name)
{
	return kbi_str_is_set(kbi_map_get(options, name));
}

static kb_status
choose_address(struct kbi_judge *j, struct kbi_map *options, const char *param, const char *wrong_id)
{
	struct kbi_buf own = KBI_BUF(KBI_SIZE_TEXT);
	struct kbi_net net;
	const char *config = kbi_judge_arg(j, "config");
	bool is_own = kbi_str_is(param, "node-ip") ? kbi_documents_kubelet_arg(config, "InitConfiguration", "node-ip", &own) :
		kbi_documents_value(config, "InitConfiguration", "localAPIEndpoint.advertiseAddress", &own);
	const struct kbi_address_ask ask = {
		.given = is_own ? kbi_buf_text(&own) : kbi_map_get_or(options, param, ""), .param = param,
		.missing_id = "init.advertise-address-ambiguous", .wrong_id = wrong_id,
	};

	kb_status status = kbi_judge_net(j, &net);
	if (!status)
		status = kbi_judge_address(j, &net, &ask);
	if (!status && is_own)
		status = kbi_map_set(options, param, ask.given);
	kbi_net_free(&net);
	kbi_buf_free(&own);
	return status;
}

/* The kubelet's own flag counts as node-ip. */
static const char *
node_ip_flag(const struct kbi_map *args)
{
	for (const struct kbi_entry *e = NULL; (e = kbi_map_next(args, "kubelet-extra-args", e));)
		if (kbi_str_starts(e->value, "node-ip="))
			return e->value + strlen("node-ip=");
	return NULL;
}

/* One address for both, unless both are given. */
static kb_status
choose_addresses(struct kbi_judge *j, struct kbi_map *options)
{
	const char *flag = node_ip_flag(j->args), *node_ip = kbi_map_get_or(options, "node-ip", flag);
	struct kbi_buf own = KBI_BUF(KBI_SIZE_TEXT);
	kb_status status = KB_OK;

	if (kbi_documents_kubelet_arg(kbi_judge_arg(j, "config"), "InitConfiguration", "node-ip", &own))
		node_ip = kbi_buf_text(&own);
	if (!has(options, "apiserver-advertise-address") && kbi_str_is_set(node_ip))
		status = kbi_map_set(options, "apiserver-advertise-address", node_ip);
	kbi_buf_free(&own);
	if (!status)
		status = choose_address(j, options, "apiserver-advertise-address", "init.advertise-address-not-here");
	if (!status && !flag && !has(options, "node-ip") && has(options, "apiserver-advertise-address"))
		return kbi_map_set(options, "node-ip", kbi_map_get(options, "apiserver-advertise-address"));
	if (!status && has(options, "node-ip"))
		status = choose_address(j, options, "node-ip", "init.node-ip-not-here");
	return status;
}

static kb_status
check_host_networks(struct kbi_judge *j)
{
	static const char *const asked[][2] = {	/* path, parameter */
		{ "networking.podSubnet", "pod-network-cidr" }, { "networking.serviceSubnet", "service-cidr" },
	};
	struct kbi_net net;
	kb_status status = kbi_judge_net(j, &net);

	for (size_t i = 0; !status && i < sizeof(asked) / sizeof(asked[0]); i++) {
		struct kbi_buf network = KBI_BUF(KBI_SIZE_TEXT);
		add_asked(&network, j->args, asked[i][0], asked[i][1]);
		const struct kbi_net_address *a = kbi_net_overlap(&net, kbi_buf_text(&network));
		if (a)
			status = kbi_judge_fail(j, KB_EINVAL, "init.network-overlaps-host", "%s %s overlaps the host's own network: %s on %s", asked[i][1],
				kbi_buf_text(&network), a->text, a->interface);
		kbi_buf_free(&network);
	}
	kbi_net_free(&net);
	return status;
}

/* kubeadm makes a bootstrap token whether asked or not; one that nobody knows need not live. */
static kb_status
add_defaults(const struct kbi_judge *j, struct kbi_map *options)
{
	kb_status status = KB_OK;

	if (!has(options, "kubernetes-version"))
		status = kbi_map_set(options, "kubernetes-version", kbi_judge_fact(j, "kubeadm"));
	if (!status && !has(options, "token") && !has(options, "token-ttl"))
		status = kbi_map_set(options, "token-ttl", "1m0s");
	return status;
}

/* The configuration without its secrets, for the diff. */
static void
show_config(struct kbi_judge *j, const struct kbi_map *options)
{
	static const char *const hidden[] = { "without-pod-network-cidr", "upload-certs", "ca-cert-hash", "token", "token-ttl", "certificate-key", NULL };
	struct kbi_buf config = KBI_BUF(KBI_SIZE_TEXT);
	const char *own = kbi_judge_arg(j, "config");

	if (!strstr(own, "token") && !strstr(own, "certificateKey") && kbi_documents_make("init", options, hidden, &config, NULL) == KB_OK)
		kbi_judge_value(j, "file", "kubeadm configuration", NULL, kbi_buf_text(&config));
	kbi_buf_free(&config);
}

static kb_status
want_config(struct kbi_judge *j, const struct kbi_map *options)
{
	struct kbi_buf config = KBI_BUF(KBI_SIZE_TEXT);

	if (!has(options, "kubernetes-version"))
		return KB_OK;	/* kubeadm, which would say it, is not there yet */
	kb_status status = kbi_documents_make("init", options, not_kubeadms, &config, &j->err);
	if (!status) {
		kbi_judge_want_secret(j, "config", kbi_buf_text(&config));
		show_config(j, options);
	}
	kbi_buf_free(&config);
	return status;
}

/* etcd remembers the address and name that it began with. */
static kb_status
compare_begun(struct kbi_judge *j, const struct kbi_map *options)
{
	static const char *const lasting[][2] = { { "begun.advertise", "apiserver-advertise-address" }, { "begun.name", "node-name" } };

	for (size_t i = 0; is_found(j, "etcd") && i < sizeof(lasting) / sizeof(lasting[0]); i++) {
		const char *then = kbi_judge_fact(j, lasting[i][0]), *now = kbi_map_get(options, lasting[i][1]);
		if (!*then || !kbi_str_is_set(now) || kbi_str_is(then, now))
			continue;
		kbi_judge_fail(j, KB_ECONFLICT, "init.half-done-differs", "kubeadm init was begun here with %s %s, asked for is %s", lasting[i][1], then, now);
		kbi_judge_fix(j, "kubeadm.reset, then kubeadm.init");
		return KB_ECONFLICT;
	}
	return KB_OK;
}

static kb_status
plan_init(struct kbi_judge *j)
{
	struct kbi_map options = { 0 };

	kb_status status = kbi_map_copy(&options, j->args);
	if (!status)
		status = choose_addresses(j, &options);
	if (!status && !is_found(j, "kubelet.conf"))
		status = check_host_networks(j);
	if (!status)
		status = compare_begun(j, &options);
	if (!status)
		status = add_defaults(j, &options);
	if (!status)
		status = want_config(j, &options);
	kbi_map_free(&options);
	return status == KB_ENOMEM ? kbi_fail_memory(&j->err) : status;
}

/* -- what there is */

static bool
is_foreign_ca(struct kbi_judge *j)
{
	struct kbi_buf hash = KBI_BUF(KBI_SIZE_TEXT);
	const struct kbi_entry *ca = kbi_map_find(j->facts, "ca");
	const char *wanted = kbi_judge_arg(j, "ca-cert-hash");
	bool is_foreign = ca && *wanted && kbi_ca_hash(ca->value, ca->size_bytes, &hash, NULL) == KB_OK && !kbi_str_is(wanted, kbi_buf_text(&hash));

	if (is_foreign)
		kbi_judge_say(j, KB_FOREIGN, "the certificate authority here is %s, expected was %s", kbi_buf_text(&hash), wanted);
	kbi_buf_free(&hash);
	return is_foreign;
}

static kb_status
fail_half_done(struct kbi_judge *j)
{
	kbi_judge_fail(j, KB_ECONFLICT, "init.half-done", "there is part of a control plane here that libkb did not begin");
	for (const struct kbi_entry *e = NULL; (e = kbi_map_next(j->facts, "found", e));)
		kbi_judge_evidence(j, "%s%s", kbi_str_is(e->value, "etcd") ? "/var/lib/etcd/member" : "/etc/kubernetes/",
			kbi_str_is(e->value, "etcd") ? "" : e->value);
	kbi_judge_fix(j, "kubeadm.reset, then kubeadm.init");
	return KB_ECONFLICT;
}

static kb_status
judge_files(struct kbi_judge *j)
{
	bool is_admin = is_found(j, "admin.conf"), is_manifest = is_found(j, "manifests/kube-apiserver.yaml");

	if (!is_admin && !is_manifest && (is_found(j, "kubelet.conf") || is_found(j, "bootstrap-kubelet.conf")))
		return kbi_judge_say(j, KB_FOREIGN, "the host is a worker of a cluster");
	if (is_admin && is_manifest && !kbi_judge_fact_is(j, "api.status", "0"))
		return kbi_judge_say(j, KB_UNKNOWN, "there is a control plane, and its API server does not answer: %s", kbi_judge_fact(j, "api"));
	if (is_admin && is_manifest && !kbi_judge_fact_is(j, "config.status", "0"))
		return kbi_judge_say(j, KB_UNKNOWN, "the API server did not say what kubeadm-config holds");
	if (is_admin && is_manifest && *kbi_judge_fact(j, "config"))
		return compare_running(j);
	if (is_admin || is_manifest || is_found(j, "etcd"))
		return fail_half_done(j);
	kb_status status = plan_init(j);
	if (!status && !j->change_count)
		kbi_judge_say(j, KB_ABSENT, "kubeadm is not installed yet");
	return status;
}

static kb_status
judge(struct kbi_judge *j)
{
	const char *phase = kbi_judge_fact(j, "phase");

	if (is_foreign_ca(j))
		return KB_OK;
	give_outputs(j);
	if (!*phase)
		return judge_files(j);
	kb_status status = plan_init(j);
	return status ? status : kbi_judge_say(j, KB_PARTIAL, "kubeadm init was begun and has not ended; the last phase reached is %s", phase);
}

const struct kbi_step_def kbi_step_kubeadm_init = {
	.name = "kubeadm.init",
	.summary = "the host is a control plane, made by kubeadm",
	.params = params,
	.outputs = outputs,
	.library = kbi_script_kubeadm_library,
	.share = "kb_share_cluster",
	.script = kbi_script_kubeadm_init,
	.flags = KBI_STEP_LONG,
	.timeout_ms = 900000,
	.check = check,
	.judge = judge,
};
