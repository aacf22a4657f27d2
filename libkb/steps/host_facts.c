/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <kb/event.h>

#include "base/buf.h"
#include "base/str.h"
#include "steps/host_net.h"
#include "steps/scripts.h"
#include "steps/step.h"
#include "text/version.h"

static const struct kbi_param params[] = {
	{ "network", NULL, "the nodes' network: the address is the host's only one in it", KBI_LIST },
	{ "address", NULL, "the address that the host is expected to have", 0 },
	{ "pods", NULL, "the pods' network, which must not overlap with what the host is in or has routes to", KBI_LIST },
	{ "services", NULL, "the services' network, likewise", KBI_LIST },
	{ "node-name", NULL, "the Node's name; another hostname is a warning", 0 },
	{ "kubernetes-version", NULL, "the version to come: some hosts are too old for it", 0 },
	{ 0 }
};

static const struct kbi_output outputs[] = {
	{ "address", "the host's address in the nodes' network", 0 },
	{ "interface", "the interface that has it", 0 },
	{ "default-route-address", "the address of the interface that the default route goes over", 0 },
	{ "default-route-interface", "that interface", 0 },
	{ "hostname", "what the host calls itself", 0 },
	{ "os", "debian or ubuntu", 0 },
	{ "os-version", "such as 12 or 24.04", 0 },
	{ "codename", "such as bookworm", 0 },
	{ "arch", "amd64 or arm64", 0 },
	{ "kernel", "its release", 0 },
	{ "machine-id", "from /etc/machine-id", 0 },
	{ "product-uuid", "of the firmware; empty when it has none", 0 },
	{ "memory-mib", "in MiB", 0 },
	{ "cpus", "how many", 0 },
	{ "cgroup", "1 or 2", 0 },
	{ "container", "what kind of container the host is; none: it is a machine of its own", 0 },
	{ "clock", "what its clock showed, in seconds since 1970", 0 },
	{ 0 }
};

static kb_status
check(const struct kbi_map *args, struct kb_err *err)
{
	static const char *const networks[] = { "network", "pods", "services" };
	struct kbi_cidr cidr;
	struct kbi_ip ip;
	const char *address = kbi_map_get(args, "address");

	for (size_t i = 0; i < sizeof(networks) / sizeof(networks[0]); i++)
		for (const struct kbi_entry *e = NULL; (e = kbi_map_next(args, networks[i], e));)
			if (kbi_cidr_parse(&cidr, e->value, err))
				return KB_EINVAL;
	return kbi_str_is_set(address) && kbi_ip_parse(&ip, address, err) ? KB_EINVAL : KB_OK;
}

/* -- the system */

/* KEY=value or KEY="value" (os-release(5)); "" when it is not there. */
static void
os_release(struct kbi_buf *value, const struct kbi_judge *j, const char *key)
{
	const char *at = kbi_judge_fact(j, "os_release"), *end = at + strlen(at), *line;
	size_t line_bytes, key_bytes = strlen(key);

	while ((at = kbi_str_line(at, end, &line, &line_bytes))) {
		if (line_bytes <= key_bytes || strncmp(line, key, key_bytes) != 0 || line[key_bytes] != '=')
			continue;
		line += key_bytes + 1;
		line_bytes -= key_bytes + 1;
		if (line_bytes >= 2 && (*line == '"' || *line == '\'') && line[line_bytes - 1] == *line) {
			line++;
			line_bytes -= 2;
		}
		kbi_buf_add_bytes(value, line, line_bytes);
		return;
	}
}

static void
output_os(struct kbi_judge *j, const char *output, const char *key)
{
	struct kbi_buf value = KBI_BUF(KBI_SIZE_TEXT);

	os_release(&value, j, key);
	kbi_judge_output(j, output, kbi_buf_text(&value));
	kbi_buf_free(&value);
}

static kb_status
judge_os(struct kbi_judge *j)
{
	struct kbi_buf id = KBI_BUF(KBI_SIZE_TEXT), name = KBI_BUF(KBI_SIZE_TEXT);
	const char *arch = kbi_judge_fact(j, "arch");
	kb_status status = KB_OK;

	os_release(&id, j, "ID");
	os_release(&name, j, "PRETTY_NAME");
	if (!kbi_str_is(kbi_buf_text(&id), "debian") && !kbi_str_is(kbi_buf_text(&id), "ubuntu"))
		status = kbi_judge_fail(j, KB_EUNSUPPORTED, "host.os-unsupported", "%s: neither Debian nor Ubuntu",
			name.size_bytes ? kbi_buf_text(&name) : "/etc/os-release names no system");
	else if (!kbi_str_is(arch, "amd64") && !kbi_str_is(arch, "arm64"))
		status = kbi_judge_fail(j, KB_EUNSUPPORTED, "host.arch-unsupported", "architecture %s: neither amd64 nor arm64",
			*arch ? arch : kbi_judge_fact(j, "machine"));
	kbi_buf_free(&id);
	kbi_buf_free(&name);
	return status;
}

static const char *
cgroup_version(const struct kbi_judge *j)
{
	return kbi_judge_fact_is(j, "cgroup_fs", "cgroup2fs") ? "2" : "1";
}

static void
output_system(struct kbi_judge *j)
{
	static const char *const same[][2] = {	/* output, fact */
		{ "hostname", "hostname" }, { "arch", "arch" }, { "kernel", "kernel" }, { "machine-id", "machine_id" },
		{ "product-uuid", "product_uuid" }, { "cpus", "cpus" }, { "container", "container" }, { "clock", "clock" },
	};
	struct kbi_buf mib = KBI_BUF(KBI_SIZE_TEXT);
	int64_t kib = 0;

	output_os(j, "os", "ID");
	output_os(j, "os-version", "VERSION_ID");
	output_os(j, "codename", "VERSION_CODENAME");
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		kbi_judge_output(j, same[i][0], kbi_judge_fact(j, same[i][1]));
	kbi_judge_output(j, "cgroup", cgroup_version(j));
	kbi_str_to_int64(kbi_judge_fact(j, "memory_kib"), 0, INT64_MAX, &kib);
	kbi_buf_add_format(&mib, "%lld", (long long)(kib / 1024));
	kbi_judge_output(j, "memory-mib", kbi_buf_text(&mib));
	kbi_buf_free(&mib);
}

/* A Node is called by its host's name in lower case, unless it is told otherwise. */
static bool
is_same_name(const char *a, const char *b)
{
	for (; *a && *b; a++, b++)
		if (tolower((unsigned char)*a) != tolower((unsigned char)*b))
			return false;
	return *a == *b;
}

static void
note_system(struct kbi_judge *j)
{
	const char *name = kbi_judge_arg(j, "node-name"), *hostname = kbi_judge_fact(j, "hostname");
	const char *version = kbi_judge_arg(j, "kubernetes-version");
	struct kbi_version v;

	if (*name && !is_same_name(name, hostname))
		kbi_judge_note(j, KB_WARNING, "host.name-differs", "the host calls itself %s, and the Node is to be %s", hostname, name);
	if (*version && kbi_version_parse(&v, version, NULL) == KB_OK && v.minor >= 35 && *cgroup_version(j) == '1')
		kbi_judge_note(j, KB_WARNING, "host.cgroup-v1",
			"the host has cgroup v1 (/sys/fs/cgroup is %s), which the kubelet refuses from 1.35 on unless failCgroupV1 is false",
			kbi_judge_fact(j, "cgroup_fs"));
}

/* -- the network */

static void
show_addresses(struct kbi_judge *j, const struct kbi_net *net)
{
	for (size_t i = 0; i < net->address_count; i++)
		if (net->addresses[i].is_global)
			kbi_judge_evidence(j, "%s: %s", net->addresses[i].interface, net->addresses[i].text);
}

static kb_status
find_given(struct kbi_judge *j, const struct kbi_net *net, const struct kbi_net_address **found)
{
	const char *text = kbi_judge_arg(j, "address");
	struct kbi_ip ip;

	if (kbi_ip_parse(&ip, text, &j->err))
		return j->err.code;
	for (size_t i = 0; i < net->address_count && !*found; i++)
		if (kbi_ip_is(&net->addresses[i].ip, &ip))
			*found = &net->addresses[i];
	if (*found)
		return KB_OK;
	kb_status status = kbi_judge_fail(j, KB_EINVAL, "host.address-not-here", "the host does not have the address %s", text);
	show_addresses(j, net);
	return status;
}

static bool
is_in_network(const struct kbi_judge *j, const struct kbi_net_address *address)
{
	struct kbi_cidr cidr;
	bool is_any = !kbi_map_has(j->args, "network");

	for (const struct kbi_entry *e = NULL; !is_any && (e = kbi_map_next(j->args, "network", e));)
		is_any = kbi_cidr_parse(&cidr, e->value, NULL) == KB_OK && kbi_ip_in(&address->ip, &cidr);
	return is_any && address->is_global && !address->is_passing;
}

/* With two networks (dual stack) the first address found counts, and one family may have one address each. */
static kb_status
find_in_network(struct kbi_judge *j, const struct kbi_net *net, const struct kbi_net_address **found)
{
	const char *network = kbi_judge_arg(j, "network");
	size_t count = 0;

	for (size_t i = 0; i < net->address_count; i++) {
		const struct kbi_net_address *a = &net->addresses[i];
		if (!is_in_network(j, a) || (*found && (*found)->ip.bits != a->ip.bits && kbi_map_count(j->args, "network") > 1))
			continue;
		*found = *found ? *found : a;
		count++;
	}
	if (count == 1 || !*network) {
		*found = count == 1 ? *found : NULL;
		return KB_OK;
	}
	kb_status status = count ? kbi_judge_fail(j, KB_EINVAL, "host.address-ambiguous", "the host has %zu addresses in %s", count, network)
				 : kbi_judge_fail(j, KB_EINVAL, "host.address-missing", "the host has no address in %s", network);
	show_addresses(j, net);
	return status;
}

static kb_status
judge_address(struct kbi_judge *j, const struct kbi_net *net)
{
	const struct kbi_net_address *found = NULL, *way_out = kbi_net_default_address(net);
	kb_status status = *kbi_judge_arg(j, "address") ? find_given(j, net, &found) : find_in_network(j, net, &found);

	if (status)
		return status;
	if (found) {
		struct kbi_buf text = KBI_BUF(KBI_SIZE_TEXT);
		kbi_ip_print(&text, &found->ip);
		kbi_judge_output(j, "address", kbi_buf_text(&text));
		kbi_judge_output(j, "interface", found->interface);
		kbi_buf_free(&text);
	}
	if (way_out) {
		struct kbi_buf text = KBI_BUF(KBI_SIZE_TEXT);
		kbi_ip_print(&text, &way_out->ip);
		kbi_judge_output(j, "default-route-address", kbi_buf_text(&text));
		kbi_judge_output(j, "default-route-interface", way_out->interface);
		kbi_buf_free(&text);
	}
	return KB_OK;
}

struct overlap {
	struct kbi_judge *judge;
	const char *what;	/* "pods" */
	const char *text;
	struct kbi_cidr cidr;
	size_t count;
};

/* The node's own card, and the one to the world. */
static bool
is_outer(const struct kbi_judge *j, const char *interface)
{
	return kbi_str_is(interface, kbi_map_get(&j->outputs, "interface")) ||
		kbi_str_is(interface, kbi_map_get(&j->outputs, "default-route-interface"));
}

/* On a node the cluster's own addresses and routes are in the cluster's own networks; but not the network that the node itself is in. */
static bool
is_own(const struct overlap *o, const struct kbi_cidr *other, const char *interface, bool is_by_router)
{
	if (!kbi_cidr_in(other, &o->cidr))
		return false;
	if (kbi_net_is_of_pods(interface))
		return true;
	return kbi_judge_fact_is(o->judge, "is_node", "yes") && (is_by_router || !is_outer(o->judge, interface));
}

static void
clash(struct overlap *o, const char *format, const char *text, const char *interface)
{
	if (!o->count++)
		kbi_judge_fail(o->judge, KB_EINVAL, "host.network-overlap", "the network of the %s, %s, overlaps with what the host has",
			o->what, o->text);
	kbi_judge_evidence(o->judge, format, text, interface);
}

static void
clash_addresses(struct overlap *o, const struct kbi_net *net)
{
	for (size_t i = 0; i < net->address_count; i++) {
		const struct kbi_net_address *a = &net->addresses[i];
		if (a->is_global && kbi_cidr_overlaps(&a->network, &o->cidr) && !is_own(o, &a->network, a->interface, false))
			clash(o, "address %s on %s", a->text, a->interface);
	}
}

/* A wide route by way of a router (10.0.0.0/8 of a company's VPN) loses against the narrower ones of the cluster: that hides hosts behind
 * it, and breaks nothing else. */
static void
clash_routes(struct overlap *o, const struct kbi_net *net)
{
	for (size_t i = 0; i < net->route_count; i++) {
		const struct kbi_net_route *r = &net->routes[i];
		if (r->is_default || !kbi_cidr_overlaps(&r->to, &o->cidr) || is_own(o, &r->to, r->interface, r->is_by_router))
			continue;
		if (r->is_by_router && kbi_cidr_in(&o->cidr, &r->to))
			kbi_judge_note(o->judge, KB_WARNING, "host.network-overlap", "the network of the %s, %s, hides a part of the route to %s (%s)",
				o->what, o->text, r->text, r->interface);
		else
			clash(o, "route to %s by %s", r->text, r->interface);
	}
}

static kb_status
judge_overlap(struct kbi_judge *j, const struct kbi_net *net, const char *what)
{
	struct overlap o = { .judge = j, .what = what };

	for (const struct kbi_entry *e = NULL; !o.count && (e = kbi_map_next(j->args, what, e));) {
		o.text = e->value;
		if (kbi_cidr_parse(&o.cidr, e->value, &j->err))
			return j->err.code;
		clash_addresses(&o, net);
		clash_routes(&o, net);
	}
	return o.count ? KB_EINVAL : KB_OK;
}

static kb_status
judge_network(struct kbi_judge *j)
{
	struct kbi_net net = { 0 };

	if (!kbi_map_has(j->facts, "addresses"))
		return kbi_judge_fail(j, KB_EUNSUPPORTED, "host.ip-missing", "no ip command on the host (package iproute2)");
	if (!kbi_judge_fact_is(j, "addresses.status", "0"))
		return kbi_judge_say(j, KB_UNKNOWN, "ip did not show the host's addresses");
	kb_status status = kbi_net_read(&net, kbi_judge_fact(j, "addresses"), kbi_judge_fact(j, "routes"), kbi_judge_fact(j, "routes6"), &j->err);
	if (!status)
		status = judge_address(j, &net);
	if (!status)
		status = judge_overlap(j, &net, "pods");
	if (!status)
		status = judge_overlap(j, &net, "services");
	kbi_net_free(&net);
	return status;
}

static kb_status
judge(struct kbi_judge *j)
{
	kb_status status = judge_os(j);

	if (status)
		return status;
	output_system(j);
	note_system(j);
	return judge_network(j);
}

const struct kbi_step_def kbi_step_host_facts = {
	.name = "host.facts",
	.summary = "what the host is: system, addresses, clock; refused when it cannot become a node of this network",
	.params = params,
	.outputs = outputs,
	.script = kbi_script_host_facts,
	.flags = KBI_STEP_READ_ONLY,
	.timeout_ms = 60000,
	.check = check,
	.judge = judge,
};
