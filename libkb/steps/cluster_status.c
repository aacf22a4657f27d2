/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include <kb/event.h>

#include "base/buf.h"
#include "base/str.h"
#include "steps/kubeadm_documents.h"
#include "steps/scripts.h"
#include "steps/step.h"
#include "text/cidr.h"
#include "text/yaml.h"

#define COLUMNS_MAX 8
#define STATUS_MAX ((size_t)16 << 20)
#define ROLE_LABEL "node-role.kubernetes.io/"

static const struct kbi_output outputs[] = {
	{ "status", "what there is, as JSON: version, endpoint, nodes, pods_not_ready, tigerastatus, pools", 0 },
	{ 0 }
};

/* A fact's columns, parted by tabs; what is not there is "". */
struct row {
	char *text;
	const char *columns[COLUMNS_MAX];
};

static bool
read_row(struct row *row, const char *fact)
{
	row->text = kbi_str_copy(fact);
	char *rest = row->text;
	for (size_t i = 0; i < COLUMNS_MAX; i++) {
		const char *column = rest ? strsep(&rest, "\t") : NULL;
		row->columns[i] = column ? column : "";
	}
	return row->text != NULL;
}

/* A member of a list: with a comma when it is not the first. */
static void
begin_member(struct kbi_buf *out, const struct kbi_entry *before)
{
	kbi_buf_add(out, before ? ", " : "");
	kbi_buf_add_char(out, '{');
}

static void
add_text(struct kbi_buf *out, const char *comma, const char *name, const char *value)
{
	kbi_buf_add_format(out, "%s\"%s\": ", comma, name);
	kbi_json_string(out, value);
}

static void
add_bool(struct kbi_buf *out, const char *name, bool value)
{
	kbi_buf_add_format(out, ", \"%s\": %s", name, value ? "true" : "false");
}

/* -- nodes: name, Ready, InternalIP, version, unschedulable, labels */

enum { NAME, READY, ADDRESS, VERSION, UNSCHEDULABLE, LABELS };

static void
add_roles(struct kbi_buf *out, const char *labels)
{
	const char *comma = "";

	kbi_buf_add(out, ", \"roles\": [");
	while ((labels = strstr(labels, "\"" ROLE_LABEL))) {
		labels += strlen("\"" ROLE_LABEL);
		size_t bytes = strcspn(labels, "\"");
		kbi_buf_add(out, comma);
		kbi_json_string_bytes(out, labels, bytes);
		comma = ", ";
		labels += bytes;
	}
	kbi_buf_add_char(out, ']');
}

static bool
is_address_twice(const struct kbi_judge *j, const struct kbi_entry *self, const char *address)
{
	bool is_twice = false;

	for (const struct kbi_entry *e = NULL; *address && !is_twice && (e = kbi_map_next(j->facts, "node", e)) && e != self;) {
		struct row row;
		is_twice = read_row(&row, e->value) && kbi_str_is(row.columns[ADDRESS], address);
		free(row.text);
	}
	return is_twice;
}

static void
add_nodes(struct kbi_judge *j, struct kbi_buf *out)
{
	kbi_buf_add(out, ", \"nodes\": [");
	for (const struct kbi_entry *e = NULL, *before = NULL; (e = kbi_map_next(j->facts, "node", e)); before = e) {
		struct row row;
		if (!read_row(&row, e->value))
			continue;
		bool is_ready = kbi_str_is(row.columns[READY], "True");
		begin_member(out, before);
		add_text(out, "", "name", row.columns[NAME]);
		add_bool(out, "ready", is_ready);
		add_text(out, ", ", "address", row.columns[ADDRESS]);
		add_text(out, ", ", "version", row.columns[VERSION]);
		add_bool(out, "cordoned", kbi_str_is(row.columns[UNSCHEDULABLE], "true"));
		add_roles(out, row.columns[LABELS]);
		kbi_buf_add_char(out, '}');
		if (!is_ready)
			kbi_judge_note(j, KB_WARNING, "status.node-not-ready", "the Node %s is not Ready", row.columns[NAME]);
		if (is_address_twice(j, e, row.columns[ADDRESS]))
			kbi_judge_note(j, KB_ERROR, "status.address-twice", "the Node %s has the InternalIP %s, as another has", row.columns[NAME],
				row.columns[ADDRESS]);
		free(row.text);
	}
	kbi_buf_add_char(out, ']');
}

/* -- pods: namespace, name, phase, Ready, reasons */

static void
add_pods(struct kbi_judge *j, struct kbi_buf *out)
{
	kbi_buf_add(out, ", \"pods_not_ready\": [");
	for (const struct kbi_entry *e = NULL, *before = NULL; (e = kbi_map_next(j->facts, "pod", e)); before = e) {
		struct row row;
		if (!read_row(&row, e->value))
			continue;
		begin_member(out, before);
		add_text(out, "", "namespace", row.columns[0]);
		add_text(out, ", ", "name", row.columns[1]);
		add_text(out, ", ", "phase", row.columns[2]);
		add_text(out, ", ", "reason", row.columns[4]);
		kbi_buf_add_char(out, '}');
		kbi_judge_note(j, KB_WARNING, "status.pod-not-ready", "%s/%s is not ready: %s%s%s", row.columns[0], row.columns[1], row.columns[2],
			*row.columns[4] ? ", " : "", row.columns[4]);
		free(row.text);
	}
	kbi_buf_add_char(out, ']');
}

/* -- Calico: name, Available, Degraded, message; name, network, block size */

static void
add_tigerastatus(struct kbi_judge *j, struct kbi_buf *out)
{
	kbi_buf_add(out, ", \"tigerastatus\": [");
	for (const struct kbi_entry *e = NULL, *before = NULL; (e = kbi_map_next(j->facts, "tigerastatus", e)); before = e) {
		struct row row;
		if (!read_row(&row, e->value))
			continue;
		bool is_available = kbi_str_is(row.columns[1], "True"), is_degraded = kbi_str_is(row.columns[2], "True");
		begin_member(out, before);
		add_text(out, "", "name", row.columns[0]);
		add_bool(out, "available", is_available);
		add_bool(out, "degraded", is_degraded);
		add_text(out, ", ", "message", row.columns[3]);
		kbi_buf_add_char(out, '}');
		if (!is_available || is_degraded)
			kbi_judge_note(j, KB_WARNING, "status.calico-not-available", "Calico's %s is %s%s%s", row.columns[0],
				is_degraded ? "degraded" : "not available", *row.columns[3] ? ": " : "", row.columns[3]);
		free(row.text);
	}
	kbi_buf_add_char(out, ']');
}

static void
judge_pool(struct kbi_judge *j, const struct row *row)
{
	struct kbi_buf pods = KBI_BUF(KBI_SIZE_TEXT);
	struct kbi_cidr pool, network;

	kbi_documents_value(kbi_judge_fact(j, "config"), "ClusterConfiguration", "networking.podSubnet", &pods);
	if (kbi_cidr_parse_any(&pool, row->columns[1], NULL) == KB_OK && kbi_cidr_parse_any(&network, kbi_buf_text(&pods), NULL) == KB_OK &&
	    !kbi_cidr_in(&pool, &network))
		kbi_judge_note(j, KB_WARNING, "status.pool-outside", "the pool %s (%s) is not in the pods' network %s", row->columns[0], row->columns[1],
			kbi_buf_text(&pods));
	kbi_buf_free(&pods);
}

static void
add_pools(struct kbi_judge *j, struct kbi_buf *out)
{
	kbi_buf_add(out, ", \"pools\": [");
	for (const struct kbi_entry *e = NULL, *before = NULL; (e = kbi_map_next(j->facts, "pool", e)); before = e) {
		struct row row;
		if (!read_row(&row, e->value))
			continue;
		begin_member(out, before);
		add_text(out, "", "name", row.columns[0]);
		add_text(out, ", ", "cidr", row.columns[1]);
		add_text(out, ", ", "block_size", row.columns[2]);
		kbi_buf_add_char(out, '}');
		judge_pool(j, &row);
		free(row.text);
	}
	kbi_buf_add_char(out, ']');
}

/* Without it kube-proxy cannot tell pods from hosts, and does not masquerade what hosts send to services. */
static void
judge_proxy(struct kbi_judge *j)
{
	struct kbi_buf network = KBI_BUF(KBI_SIZE_TEXT);
	const char *proxy = kbi_judge_fact(j, "proxy");

	kbi_documents_value(proxy, "KubeProxyConfiguration", "clusterCIDR", &network);
	if (*proxy && !network.size_bytes)
		kbi_judge_note(j, KB_WARNING, "status.cluster-cidr-missing", "kube-proxy has no clusterCIDR: hosts with several cards may not reach services");
	kbi_buf_free(&network);
}

static void
add_version(struct kbi_judge *j, struct kbi_buf *out)
{
	const char *text = kbi_judge_fact(j, "version");
	struct kbi_yaml yaml;
	bool is_read = *text && kbi_yaml_read(&yaml, "version", text, strlen(text), KBI_SIZE_TEXT, NULL) == KB_OK;
	const char *version = is_read ? kbi_yaml_text(kbi_yaml_get(yaml.first, "gitVersion")) : NULL;

	add_text(out, "", "version", version ? version : "");
	if (is_read)
		kbi_yaml_free(&yaml);
}

static kb_status
judge(struct kbi_judge *j)
{
	struct kbi_buf out = KBI_BUF(STATUS_MAX);
	const char *api = kbi_judge_fact(j, "api"), *server = kbi_judge_fact(j, "server");

	if (kbi_str_is(api, "none"))
		return kbi_judge_fail(j, KB_ESTEP, "status.no-cluster", "the host is no control plane: there is no /etc/kubernetes/admin.conf");
	if (!kbi_str_is(api, "ok") || !kbi_judge_fact_is(j, "nodes.status", "0"))
		return kbi_judge_fail(j, KB_EUNREACHABLE, "status.api-silent", "the API server does not answer: %s", api);
	kbi_buf_add_char(&out, '{');
	add_version(j, &out);
	add_text(&out, ", ", "endpoint", kbi_str_starts(server, "https://") ? server + strlen("https://") : server);
	add_nodes(j, &out);
	add_pods(j, &out);
	add_tigerastatus(j, &out);
	add_pools(j, &out);
	kbi_buf_add(&out, "}\n");
	judge_proxy(j);
	kb_status status = kbi_buf_failed(&out);
	if (!status)
		kbi_judge_output(j, "status", kbi_buf_text(&out));
	kbi_buf_free(&out);
	return status ? status : kbi_judge_say(j, KB_PRESENT, "the cluster answers");
}

const struct kbi_step_def kbi_step_cluster_status = {
	.name = "cluster.status",
	.summary = "how the cluster is: its nodes, its own pods, its network",
	.outputs = outputs,
	.library = kbi_script_kubeadm_library,
	.script = kbi_script_cluster_status,
	.flags = KBI_STEP_READ_ONLY,
	.timeout_ms = 60000,
	.judge = judge,
};
