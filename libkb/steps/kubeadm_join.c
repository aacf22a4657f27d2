/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "steps/kubeadm_documents.h"
#include "steps/node_address.h"
#include "steps/scripts.h"
#include "steps/step.h"
#include "text/ca.h"
#include "text/endpoint.h"
#include "text/token.h"
#include "text/version.h"

static const struct kbi_param params[] = {
	{ "endpoint", NULL, "where the API server is, as HOST:PORT: an output of kubeadm.init", KBI_REQUIRED },
	{ "token", NULL, "the bootstrap token: an output of token.create", KBI_REQUIRED | KBI_SECRET | KBI_FOR_APPLY },
	{ "ca-cert-hash", NULL, "the pin of the cluster's certificate authority, sha256:HEX: an output of kubeadm.init", KBI_REQUIRED | KBI_LIST },
	{ "ca-cert", NULL, "that authority itself, PEM: an output of kubeadm.init; with it the token need not be signed for (kubeadm's discovery by file)", 0 },
	{ "config", NULL, "kubeadm documents of the caller's own (YAML), merged by kind over what these parameters give", 0 },
	{ "cri-socket", "unix:///run/containerd/containerd.sock", "the container runtime's socket", 0 },
	{ "ignore-preflight-errors", NULL, "names of checks whose errors are taken as warnings", KBI_LIST },
	{ "kubelet-extra-args", NULL, "flags of the kubelet, NAME=VALUE each", KBI_LIST },
	{ "kubernetes-version", NULL, "which form the configuration has; default: kubeadm's own version", 0 },
	{ "node-ip", NULL, "the Node's InternalIP; refused when it is not given and the host has several interfaces with addresses", 0 },
	{ "node-labels", NULL, "labels of the Node, NAME=VALUE each", KBI_LIST },
	{ "node-name", NULL, "the Node's name; default: the host's name", 0 },
	{ "patches", NULL, "a folder of the host with patches for kubeadm", 0 },
	{ "skip-phases", NULL, "phases of kubeadm join to leave out", KBI_LIST },
	{ "taints", NULL, "taints of the Node, KEY=VALUE:EFFECT or KEY:EFFECT each", KBI_LIST },
	{ 0 }
};

/* What is given twice has to agree; outputs that are not known yet are empty. */
static kb_status
check_authority(const struct kbi_map *args, struct kb_err *err)
{
	const struct kbi_entry *ca = kbi_map_find(args, "ca-cert");
	struct kbi_buf hash = KBI_BUF(KBI_SIZE_TEXT);

	if (!ca || !ca->size_bytes)
		return KB_OK;
	kb_status status = kbi_ca_hash(ca->value, ca->size_bytes, &hash, err);
	if (!status && *kbi_map_get_or(args, "ca-cert-hash", "") && !kbi_map_holds(args, "ca-cert-hash", kbi_buf_text(&hash)))
		status = kbi_fail(err, KB_EINVAL, "kubeadm.join: ca-cert: its hash is %s, which ca-cert-hash does not name", kbi_buf_text(&hash));
	kbi_buf_free(&hash);
	return status;
}

static kb_status
check(const struct kbi_map *args, struct kb_err *err)
{
	const char *version = kbi_map_get(args, "kubernetes-version"), *name = kbi_map_get(args, "node-name");
	const char *token = kbi_map_get(args, "token"), *endpoint = kbi_map_get(args, "endpoint");
	struct kbi_version parsed;
	struct kbi_endpoint at;

	if (kbi_str_is_set(version) && kbi_version_parse(&parsed, version, err))
		return KB_EINVAL;
	if (kbi_str_is_set(name) && !kbi_str_is_name(name))
		return kbi_fail(err, KB_EINVAL, "kubeadm.join: node-name %s: not a name that a Node can have", name);
	for (const struct kbi_entry *e = NULL; (e = kbi_map_next(args, "ca-cert-hash", e));)
		if (*e->value && kbi_ca_hash_check(e->value, err))	/* "" stands for an output that is not known yet */
			return KB_EINVAL;
	if (kbi_str_is_set(endpoint) && kbi_endpoint_parse(&at, endpoint, err))
		return KB_EINVAL;
	if (check_authority(args, err))
		return KB_EINVAL;
	return kbi_str_is_set(token) ? kbi_token_check(token, err) : KB_OK;
}

/* -- the configuration: made when the token is known */

/* The script writes that file. Discovery by token waits until the cluster has signed for the token, seconds in a new one; by file the token is
 * what the kubelet gets its certificate with, and no more. */
static kb_status
discover_by_file(struct kbi_map *options)
{
	const struct kbi_entry *token = kbi_map_find(options, "token");
	kb_status status = token ? kbi_map_set_secret(options, "tls-bootstrap-token", token->value, token->size_bytes) : KB_OK;

	if (!status)
		status = kbi_map_set(options, "discovery-file", "/etc/kubernetes/libkb-discovery.conf");
	if (!status)
		status = kbi_map_remove(options, "token");
	if (!status)
		status = kbi_map_remove(options, "endpoint");
	return status ? status : kbi_map_remove(options, "ca-cert-hash");
}

static kb_status
prepare(struct kbi_prepare *p)
{
	static const char *const not_kubeadms[] = { "ca-cert", NULL };
	struct kbi_map options = { 0 };
	struct kbi_buf config = KBI_BUF(KBI_SIZE_TEXT);

	config.secret = true;
	kb_status status = kbi_map_copy(&options, p->args);
	if (!status && kbi_str_is_set(kbi_map_get(&options, "ca-cert")))
		status = discover_by_file(&options);
	if (!status && !kbi_str_is_set(kbi_map_get(&options, "kubernetes-version")) && p->facts)
		status = kbi_map_set(&options, "kubernetes-version", kbi_map_get_or(p->facts, "kubeadm", ""));
	if (status)
		kbi_fail_memory(p->err);
	else
		status = kbi_documents_make("join", &options, not_kubeadms, &config, p->err);
	if (!status && kbi_map_set_secret(p->made, "config", kbi_buf_text(&config), config.size_bytes))
		status = kbi_fail_memory(p->err);
	kbi_map_free(&options);
	kbi_buf_free(&config);
	return status;
}

/* -- judging */

static bool
is_found(const struct kbi_judge *j, const char *what)
{
	return kbi_map_holds(j->facts, "found", what);
}

static kb_status
judge_joined(struct kbi_judge *j)
{
	struct kbi_buf hash = KBI_BUF(KBI_SIZE_TEXT);
	const struct kbi_entry *ca = kbi_map_find(j->facts, "ca");

	if (!kbi_map_has(j->args, "ca-cert-hash"))
		return kbi_judge_say(j, KB_FOREIGN, "the host is in the cluster of %s, and this one is not there yet", kbi_judge_fact(j, "server"));
	if (!ca || kbi_ca_hash(ca->value, ca->size_bytes, &hash, NULL)) {
		kbi_buf_free(&hash);
		return kbi_judge_say(j, KB_UNKNOWN, "the certificate authority in kubelet.conf cannot be read");
	}
	if (!kbi_map_holds(j->args, "ca-cert-hash", kbi_buf_text(&hash))) {
		kbi_judge_say(j, KB_FOREIGN, "the host is in the cluster of %s, whose certificate authority is %s", kbi_judge_fact(j, "server"),
			kbi_buf_text(&hash));
	} else {
		kbi_judge_value(j, "unit", "kubelet.service", kbi_judge_fact(j, "kubelet"), "active");
		if (is_found(j, "libkb-join.yaml") || is_found(j, "bootstrap-kubelet.conf"))
			kbi_judge_value(j, "object", "bootstrap token on disk", "there", NULL);
	}
	kbi_buf_free(&hash);
	return KB_OK;
}

static const char *
chosen_node_ip(const struct kbi_judge *j, struct kbi_buf *own)
{
	if (kbi_documents_kubelet_arg(kbi_judge_arg(j, "config"), "JoinConfiguration", "node-ip", own))
		return kbi_buf_text(own);
	for (const struct kbi_entry *e = NULL; (e = kbi_map_next(j->args, "kubelet-extra-args", e));)
		if (kbi_str_starts(e->value, "node-ip="))
			return e->value + strlen("node-ip=");
	return kbi_judge_arg(j, "node-ip");
}

static kb_status
judge_address(struct kbi_judge *j)
{
	struct kbi_buf own = KBI_BUF(KBI_SIZE_TEXT);
	struct kbi_net net;
	const struct kbi_address_ask ask = {
		.given = chosen_node_ip(j, &own), .param = "node-ip", .missing_id = "join.node-ip-ambiguous", .wrong_id = "join.node-ip-not-here",
	};

	kb_status status = kbi_judge_net(j, &net);
	if (!status)
		status = kbi_judge_address(j, &net, &ask);
	kbi_net_free(&net);
	kbi_buf_free(&own);
	return status;
}

static kb_status
judge(struct kbi_judge *j)
{
	if (is_found(j, "kubelet.conf") && (is_found(j, "kubelet-client-current.pem") || is_found(j, "kube-apiserver.yaml")))
		return judge_joined(j);
	if (is_found(j, "kube-apiserver.yaml"))
		return kbi_judge_say(j, KB_FOREIGN, "the host is a control plane");
	kb_status status = judge_address(j);
	if (status)
		return status;
	if (is_found(j, "libkb-join.yaml") || is_found(j, "bootstrap-kubelet.conf") || is_found(j, "kubelet.conf") || is_found(j, "config.yaml"))
		return kbi_judge_say(j, KB_PARTIAL, "kubeadm join was begun and has not ended; the kubelet has no certificate yet");
	kbi_judge_value(j, "object", "node of the cluster", NULL, *kbi_judge_arg(j, "endpoint") ? kbi_judge_arg(j, "endpoint") : "joined");
	return KB_OK;
}

const struct kbi_step_def kbi_step_kubeadm_join = {
	.name = "kubeadm.join",
	.summary = "the host is a worker of the cluster",
	.params = params,
	.library = kbi_script_kubeadm_library,
	.script = kbi_script_kubeadm_join,
	.flags = KBI_STEP_LONG,
	.timeout_ms = 900000,
	.check = check,
	.prepare = prepare,
	.judge = judge,
};
