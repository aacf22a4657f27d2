/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <kb/event.h>

#include "base/buf.h"
#include "base/str.h"
#include "steps/scripts.h"
#include "steps/step.h"
#include "text/ca.h"
#include "text/endpoint.h"
#include "text/yaml.h"

static const struct kbi_param params[] = {
	{ "endpoint", NULL, "where the API server is, as HOST:PORT: an output of kubeadm.init", KBI_REQUIRED },
	{ "ca-cert", NULL, "the certificate authority that it must be of, PEM: an output of kubeadm.init; default: the one it names itself", 0 },
	{ "ca-cert-hash", NULL, "the pin of that authority, sha256:HEX", KBI_LIST },
	{ "timeout", "10", "how many seconds an answer may take", 0 },
	{ 0 }
};

static const struct kbi_output outputs[] = {
	{ "version", "of the API server, such as v1.34.4", 0 },
	{ 0 }
};

static kb_status
check(const struct kbi_map *args, struct kb_err *err)
{
	const char *text = kbi_map_get(args, "endpoint"), *seconds = kbi_map_get_or(args, "timeout", "");
	struct kbi_endpoint endpoint;
	int64_t timeout;

	if (kbi_str_is_set(text) && kbi_endpoint_parse(&endpoint, text, err))
		return KB_EINVAL;
	for (const struct kbi_entry *e = NULL; (e = kbi_map_next(args, "ca-cert-hash", e));)
		if (*e->value && kbi_ca_hash_check(e->value, err))
			return KB_EINVAL;
	if (!kbi_str_to_int64(seconds, 1, 15, &timeout))	/* four of them fit into the time of a probe */
		return kbi_fail(err, KB_EINVAL, "apiserver.reachable: timeout %s: not 1 to 15 seconds", seconds);
	return KB_OK;
}

/* What kubectl, Go's net and crypto/tls, and the kernel say; the first that fits. */
static const struct {
	const char *words;
	kb_status code;
	const char *id;
	const char *text;
} causes[] = {
	{ "certificate signed by unknown authority", KB_EINTEGRITY, "apiserver.wrong-authority", "is of another certificate authority" },
	{ "certificate has expired or is not yet valid", KB_EPROTOCOL, "apiserver.certificate-time", "has a certificate that is not valid by this host's clock" },
	{ "certificate is valid for", KB_EPROTOCOL, "apiserver.certificate-name", "has a certificate for other addresses" },
	{ "x509:", KB_EPROTOCOL, "apiserver.tls", "has a certificate that cannot be accepted" },
	{ "TLS handshake timeout", KB_EPROTOCOL, "apiserver.tls", "takes the connection and does not speak TLS" },
	{ "HTTP response to HTTPS", KB_EPROTOCOL, "apiserver.tls", "speaks HTTP without TLS" },
	{ "does not look like a TLS handshake", KB_EPROTOCOL, "apiserver.tls", "does not speak TLS" },
	{ "http2: client conn", KB_EPROTOCOL, "apiserver.tls", "ends the connection when it is asked" },
	{ "connection reset", KB_EPROTOCOL, "apiserver.tls", "ends the connection when it is asked" },
	{ "EOF", KB_EPROTOCOL, "apiserver.tls", "ends the connection when it is asked" },
	{ "tls:", KB_EPROTOCOL, "apiserver.tls", "does not agree on TLS" },
	{ "refused", KB_EUNREACHABLE, "apiserver.refused", "refuses connections: nothing listens there" },
	{ "no route to host", KB_EUNREACHABLE, "apiserver.no-route", "cannot be routed to" },
	{ "No route to host", KB_EUNREACHABLE, "apiserver.no-route", "cannot be routed to" },
	{ "etwork is unreachable", KB_EUNREACHABLE, "apiserver.no-route", "cannot be routed to" },
	{ "no such host", KB_EUNREACHABLE, "apiserver.name-unknown", "has a name that this host cannot resolve" },
	{ "Name or service not known", KB_EUNREACHABLE, "apiserver.name-unknown", "has a name that this host cannot resolve" },
	{ "Error from server", KB_EPROTOCOL, "apiserver.wrong-server", "is a server, and not a Kubernetes API server that answers everybody" },
	{ "could not find the requested resource", KB_EPROTOCOL, "apiserver.wrong-server", "is a server, and not a Kubernetes API server" },
	{ "Timeout exceeded", KB_ETIMEOUT, "apiserver.timed-out", "does not answer: packets get lost on the way" },
	{ "timeout", KB_ETIMEOUT, "apiserver.timed-out", "does not answer: packets get lost on the way" },
	{ "deadline exceeded", KB_ETIMEOUT, "apiserver.timed-out", "does not answer: packets get lost on the way" },
	{ "timed out", KB_ETIMEOUT, "apiserver.timed-out", "does not answer: packets get lost on the way" },
	{ "", KB_EUNREACHABLE, "apiserver.unreachable", "could not be asked" },
};

static kb_status
fail_by(struct kbi_judge *j, const char *said)
{
	size_t i = 0;

	while (!strstr(said, causes[i].words))
		i++;
	kbi_judge_fail(j, causes[i].code, causes[i].id, "the API server at %s %s", kbi_judge_arg(j, "endpoint"), causes[i].text);
	kbi_judge_evidence(j, "%s", said);
	if (*kbi_judge_fact(j, "route"))
		kbi_judge_evidence(j, "route: %s", kbi_judge_fact(j, "route"));
	return causes[i].code;
}

static bool
give_version(struct kbi_judge *j, const char *text)
{
	struct kbi_yaml yaml;

	if (kbi_yaml_read(&yaml, "version", text, strlen(text), KBI_SIZE_TEXT, NULL))
		return false;
	const char *version = kbi_yaml_text(kbi_yaml_get(yaml.first, "gitVersion"));
	if (version)
		kbi_judge_output(j, "version", version);
	kbi_yaml_free(&yaml);
	return version != NULL;
}

static kb_status
judge_pin(struct kbi_judge *j)
{
	struct kbi_buf hash = KBI_BUF(KBI_SIZE_TEXT);
	const char *ca = kbi_judge_fact(j, "ca");
	kb_status status = KB_OK;

	if (!kbi_map_has(j->args, "ca-cert-hash"))
		return KB_OK;
	if (kbi_ca_hash(ca, strlen(ca), &hash, NULL) || !kbi_map_holds(j->args, "ca-cert-hash", kbi_buf_text(&hash))) {
		status = kbi_judge_fail(j, KB_EINTEGRITY, "apiserver.wrong-authority", "the API server at %s is of another certificate authority",
			kbi_judge_arg(j, "endpoint"));
		kbi_judge_evidence(j, "its authority: %s", hash.size_bytes ? kbi_buf_text(&hash) : "cannot be read");
	}
	kbi_buf_free(&hash);
	return status;
}

/* On a host without kubectl only the connection can be told. */
static kb_status
judge_connection(struct kbi_judge *j)
{
	if (!kbi_map_has(j->facts, "connect.status"))
		return kbi_judge_say(j, KB_UNKNOWN, "the host has neither kubectl nor perl");
	if (!kbi_judge_fact_is(j, "connect.status", "0"))
		return fail_by(j, kbi_judge_fact(j, "connect"));
	kbi_judge_note(j, KB_INFO, "apiserver.not-asked", "kubectl is not installed: %s takes connections, and what answers there was not asked",
		kbi_judge_arg(j, "endpoint"));
	return kbi_judge_say(j, KB_PRESENT, "takes connections");
}

static kb_status
judge(struct kbi_judge *j)
{
	const char *plain = kbi_judge_fact(j, "plain");

	if (!kbi_map_has(j->facts, "plain.status"))
		return judge_connection(j);
	if (!kbi_judge_fact_is(j, "plain.status", "0"))
		return fail_by(j, plain);
	if (!give_version(j, plain)) {
		kbi_judge_fail(j, KB_EPROTOCOL, "apiserver.wrong-server", "what answers at %s is not a Kubernetes API server", kbi_judge_arg(j, "endpoint"));
		kbi_judge_evidence(j, "%.200s", plain);
		return KB_EPROTOCOL;
	}
	kb_status status = judge_pin(j);
	if (status)
		return status;
	if (kbi_map_has(j->facts, "checked.status") && !kbi_judge_fact_is(j, "checked.status", "0"))
		return fail_by(j, kbi_judge_fact(j, "checked"));
	if (!kbi_map_has(j->facts, "checked.status"))
		kbi_judge_note(j, KB_INFO, "apiserver.not-checked", "the cluster does not tell its certificate authority: that of %s was not checked",
			kbi_judge_arg(j, "endpoint"));
	return kbi_judge_say(j, KB_PRESENT, "answers");
}

const struct kbi_step_def kbi_step_apiserver_reachable = {
	.name = "apiserver.reachable",
	.summary = "the host reaches the API server, and it is the right one",
	.params = params,
	.outputs = outputs,
	.library = kbi_script_kubeadm_library,
	.script = kbi_script_apiserver_reachable,
	.flags = KBI_STEP_READ_ONLY,
	.timeout_ms = 60000,
	.check = check,
	.judge = judge,
};
