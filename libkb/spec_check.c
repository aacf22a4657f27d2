/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with a description as a whole, before any host is asked. */
#include "spec.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "text/cidr.h"
#include "text/version.h"

/* kubeadm refuses fewer addresses for pods than 14 and for services than 10 (constants.go), services with more than 20 host bits, and a
 * pod network that its /24 a node does not fit into, or fits into more than 2^16 times (validation.go). */
#define NODE_MASK_IPV4 24
#define NODE_MASK_IPV6 64
#define POD_BITS_MAX 16
#define SERVICE_BITS_MAX 20
#define SERVICE_BITS_MIN 4

static const char *const networks[] = {"network.nodes", "network.pods", "network.services"};
enum { NODES, PODS, SERVICES, NETWORKS };

/* Fails with the place in the file in front, when the field came from one. */
static kb_status __attribute__((format(printf, 7, 8)))
fail(const struct kbi_spec *spec, const struct kbi_spec_host *host, const char *path, struct kb_err *err, kb_status code, const char *id,
	const char *format, ...)
{
	struct kbi_buf text = KBI_BUF(KBI_SIZE_TEXT);
	va_list args;

	kbi_spec_where(&text, spec, host, path);
	va_start(args, format);
	kbi_buf_add_vformat(&text, format, args);
	va_end(args);
	kbi_fail(err, code, "%s", kbi_buf_text(&text));
	kbi_err_id(err, id);
	kbi_buf_free(&text);
	return code;
}

/* -- versions and where they come from */

static kb_status
check_version(const struct kbi_spec *spec, struct kb_err *err)
{
	const char *text = kbi_spec_get(spec, "kubernetes.version");
	struct kbi_version version;

	if (!text)
		return fail(spec, NULL, "kubernetes.version", err, KB_EINVAL, "cluster.version-missing", "kubernetes.version is not given");
	kb_status status = kbi_version_parse(&version, text, err);
	if (status)
		return status;
	if (!kbi_kubernetes(&version))
		return fail(spec, NULL, "kubernetes.version", err, KB_EUNSUPPORTED, "cluster.version-unsupported",
			"kubernetes.version %s is older than any that is known here", text);
	return KB_OK;
}

static bool
is_minor_within(const char *text, int min, int max)
{
	struct kbi_version version;

	return kbi_version_parse(&version, text, NULL) == KB_OK && version.major == 1 && version.minor >= min && version.minor <= max;
}

static kb_status
check_repository(const struct kbi_spec *spec, struct kb_err *err)
{
	static const char flavour_path[] = "kubernetes.repository.flavour";
	const char *version = kbi_spec_get(spec, "kubernetes.version"), *flavour = kbi_spec_get(spec, flavour_path);
	const char *url = kbi_spec_get(spec, "kubernetes.repository.url");
	bool is_legacy = flavour ? kbi_str_is(flavour, "legacy") : is_minor_within(version, 0, 23);

	if (url)
		return KB_OK;
	if (is_legacy && !is_minor_within(version, 0, 28))
		return fail(spec, NULL, flavour_path, err, KB_EUNSUPPORTED, "cluster.repository-version",
			"the legacy repository ended with 1.28: kubernetes.version is %s, and no kubernetes.repository.url is given", version);
	if (is_legacy)
		return fail(spec, NULL, flavour_path, err, KB_EUNSUPPORTED, "cluster.repository-gone",
			"kubernetes.version %s: apt.kubernetes.io was removed on 2024-03-04, and no kubernetes.repository.url of a mirror is given",
			version);
	if (kbi_str_is(flavour, "custom"))
		return fail(spec, NULL, flavour_path, err, KB_EINVAL, "cluster.repository-url-missing",
			"kubernetes.repository: custom, and no kubernetes.repository.url is given");
	if (is_minor_within(version, 0, 23))
		return fail(spec, NULL, flavour_path, err, KB_EUNSUPPORTED, "cluster.repository-version",
			"the community repository begins with 1.24: kubernetes.version is %s", version);
	return KB_OK;
}

static kb_status
check_repository_details(const struct kbi_spec *spec, struct kb_err *err)
{
	static const char *const only_custom[] = {"kubernetes.repository.suite", "kubernetes.repository.components"};
	const char *flavour = kbi_spec_get(spec, "kubernetes.repository.flavour");

	for (size_t i = 0; i < sizeof(only_custom) / sizeof(*only_custom); i++)
		if (kbi_spec_get(spec, only_custom[i]) && !kbi_str_is(flavour, "custom"))
			return fail(spec, NULL, only_custom[i], err, KB_EINVAL, "cluster.repository-suite",
				"%s: only a custom repository has one of its own; that of legacy is kubernetes-xenial main, whatever the host's release",
				only_custom[i]);
	if (kbi_str_is(flavour, "custom") && !kbi_spec_get(spec, "kubernetes.repository.key"))
		return fail(spec, NULL, "kubernetes.repository.flavour", err, KB_EINVAL, "cluster.repository-key-missing",
			"kubernetes.repository: custom, and no kubernetes.repository.key is given");
	return KB_OK;
}

static kb_status
check_cni(const struct kbi_spec *spec, struct kb_err *err)
{
	if (kbi_spec_get(spec, "cni.calico") || !is_minor_within(kbi_spec_get(spec, "kubernetes.version"), 0, 33))
		return KB_OK;
	return fail(spec, NULL, "kubernetes.version", err, KB_EINVAL, "cluster.cni-missing",
		"cni.calico is not given, and for Kubernetes %s there is no default", kbi_spec_get(spec, "kubernetes.version"));
}

/* -- hosts */

static kb_status
check_hosts(const struct kbi_spec *spec, struct kb_err *err)
{
	size_t control_planes = 0, locals = 0;

	if (!spec->host_count)
		return fail(spec, NULL, "hosts", err, KB_EINVAL, "cluster.hosts-missing", "there are no hosts");
	for (size_t i = 0; i < spec->host_count; i++) {
		const struct kbi_spec_host *host = &spec->hosts[i];
		if (!kbi_spec_host_get(spec, host, "address"))
			return fail(spec, host, "name", err, KB_EINVAL, "cluster.address-missing", "host %s: no address is given", host->name);
		if (kbi_spec_is_control_plane(spec, host) && ++control_planes > 1)
			return fail(spec, host, "role", err, KB_EUNSUPPORTED, "cluster.control-plane-many",
				"host %s: a second control plane; this version makes clusters with exactly one", host->name);
		if (kbi_spec_is_local(spec, host) && ++locals > 1)
			return fail(spec, host, "address", err, KB_EINVAL, "cluster.local-many", "host %s: a second host is local", host->name);
	}
	if (!control_planes)
		return fail(spec, NULL, "hosts", err, KB_EINVAL, "cluster.control-plane-missing", "no host has the role control-plane");
	return KB_OK;
}

const char *
kbi_spec_address(const struct kbi_spec *spec, const struct kbi_spec_host *host)
{
	const char *node_ip = kbi_spec_host_get(spec, host, "node_ip"), *address = kbi_spec_host_get(spec, host, "address");
	struct kbi_ip ip;

	if (node_ip)
		return node_ip;
	return address && kbi_ip_parse(&ip, address, NULL) == KB_OK ? address : NULL;
}

static const char *
address_path(const struct kbi_spec *spec, const struct kbi_spec_host *host)
{
	return kbi_spec_host_get(spec, host, "node_ip") ? "node_ip" : "address";
}

static kb_status
check_schedulable(const struct kbi_spec *spec, struct kb_err *err)
{
	for (size_t i = 0; i < spec->host_count; i++) {
		const struct kbi_spec_host *host = &spec->hosts[i];
		if (kbi_str_is(kbi_spec_host_get(spec, host, "schedulable"), "no") && !kbi_spec_is_control_plane(spec, host))
			return fail(spec, host, "schedulable", err, KB_EINVAL, "cluster.worker-not-schedulable",
				"host %s: schedulable is for a control plane; give a worker a taint", host->name);
	}
	return KB_OK;
}

/* -- networks */

static kb_status
parse_networks(const struct kbi_spec *spec, struct kbi_cidr cidrs[NETWORKS], struct kb_err *err)
{
	for (int i = 0; i < NETWORKS; i++) {
		const char *text = kbi_spec_get(spec, networks[i]);
		if (!text)
			return fail(spec, NULL, networks[i], err, KB_EINVAL, i == PODS ? "cluster.pods-missing" : "cluster.nodes-missing",
				"%s is not given", networks[i]);
		kb_status status = kbi_cidr_parse(&cidrs[i], text, err);
		if (status)
			return status;
		if (cidrs[i].ip.bits != cidrs[NODES].ip.bits)
			return fail(spec, NULL, networks[i], err, KB_EUNSUPPORTED, "cluster.family-mixed",
				"%s %s and network.nodes %s: one is IPv4, the other IPv6", networks[i], text, kbi_spec_get(spec, networks[NODES]));
	}
	return KB_OK;
}

static kb_status
check_overlaps(const struct kbi_spec *spec, struct kb_err *err)
{
	struct kbi_cidr cidrs[NETWORKS];

	kb_status status = parse_networks(spec, cidrs, err);
	if (status)
		return status;
	for (int i = 1; i < NETWORKS; i++)
		for (int j = 0; j < i; j++)
			if (kbi_cidr_overlaps(&cidrs[i], &cidrs[j]))
				return fail(spec, NULL, networks[i], err, KB_EINVAL, "cluster.networks-overlap", "%s %s overlaps %s %s", networks[i],
					kbi_spec_get(spec, networks[i]), networks[j], kbi_spec_get(spec, networks[j]));
	return KB_OK;
}

static kb_status
check_pods(const struct kbi_spec *spec, struct kb_err *err)
{
	const char *text = kbi_spec_get(spec, networks[PODS]);
	struct kbi_cidr pods;

	kb_status status = kbi_cidr_parse(&pods, text, err);
	if (status)
		return status;
	int node_mask = pods.ip.bits == 32 ? NODE_MASK_IPV4 : NODE_MASK_IPV6;
	if (pods.prefix > node_mask)
		return fail(spec, NULL, networks[PODS], err, KB_EINVAL, "cluster.pods-too-small",
			"network.pods %s: kubeadm gives each node a /%d of it, so it can't be smaller than that", text, node_mask);
	if (node_mask - pods.prefix > POD_BITS_MAX)
		return fail(spec, NULL, networks[PODS], err, KB_EINVAL, "cluster.pods-too-large",
			"network.pods %s: kubeadm takes nothing larger than a /%d", text, node_mask - POD_BITS_MAX);
	return KB_OK;
}

static kb_status
check_services(const struct kbi_spec *spec, struct kb_err *err)
{
	const char *text = kbi_spec_get(spec, networks[SERVICES]);
	struct kbi_cidr services;

	kb_status status = kbi_cidr_parse(&services, text, err);
	if (status)
		return status;
	int bits = services.ip.bits - services.prefix;
	if (bits > SERVICE_BITS_MAX || bits < SERVICE_BITS_MIN)
		return fail(spec, NULL, networks[SERVICES], err, KB_EINVAL,
			bits > SERVICE_BITS_MAX ? "cluster.services-too-large" : "cluster.services-too-small",
			"network.services %s: kubeadm takes a /%d to a /%d", text, services.ip.bits - SERVICE_BITS_MAX,
			services.ip.bits - SERVICE_BITS_MIN);
	return KB_OK;
}

static kb_status
check_blocks(const struct kbi_spec *spec, struct kb_err *err)
{
	const char *text = kbi_spec_get(spec, networks[PODS]);
	struct kbi_cidr pods;
	int64_t size, blocks;

	if (kbi_str_is(kbi_spec_get(spec, "cni.calico"), "none"))
		return KB_OK;
	kb_status status = kbi_cidr_parse(&pods, text, err);
	if (status)
		return status;
	if (pods.ip.bits != 32)
		return fail(spec, NULL, networks[PODS], err, KB_EUNSUPPORTED, "cluster.calico-ipv6", "network.pods %s: Calico on IPv6 is not supported",
			text);
	kbi_str_to_int64(kbi_spec_get(spec, "cni.block_size"), 20, 32, &size);
	if (size < pods.prefix)
		return fail(spec, NULL, "cni.block_size", err, KB_EINVAL, "cluster.block-too-large",
			"cni.block_size %lld: a block is larger than network.pods %s", (long long)size, text);
	blocks = (int64_t)1 << (size - pods.prefix);
	if (blocks < (int64_t)spec->host_count)
		return fail(spec, NULL, "cni.block_size", err, KB_EINVAL, "cluster.blocks-too-few",
			"network.pods %s has %lld blocks of /%lld, fewer than the %zu nodes", text, (long long)blocks, (long long)size, spec->host_count);
	return KB_OK;
}

/* -- addresses */

static bool
is_broadcast(const struct kbi_ip *ip, const struct kbi_cidr *cidr)
{
	int host_bits = ip->bits - cidr->prefix;

	if (ip->bits != 32 || host_bits < 2)
		return false;
	uint32_t number = (uint32_t)ip->bytes[0] << 24 | (uint32_t)ip->bytes[1] << 16 | (uint32_t)ip->bytes[2] << 8 | ip->bytes[3];
	uint32_t hosts = ((uint32_t)1 << (host_bits == 32 ? 31 : host_bits)) - 1;
	return (number & hosts) == hosts;
}

static kb_status
check_address(const struct kbi_spec *spec, const struct kbi_spec_host *host, const struct kbi_cidr *nodes, struct kb_err *err)
{
	const char *address = kbi_spec_address(spec, host), *path = address_path(spec, host);
	const char *network = kbi_spec_get(spec, networks[NODES]);
	struct kbi_ip ip;

	if (!address && kbi_spec_is_local(spec, host))
		return KB_OK;		/* the machine itself will say */
	if (!address)
		return fail(spec, host, "address", err, KB_EINVAL, "cluster.node-ip-missing",
			"host %s: its address %s is a name, and no node_ip is given", host->name, kbi_spec_host_get(spec, host, "address"));
	kb_status status = kbi_ip_parse(&ip, address, err);
	if (status)
		return status;
	if (!kbi_ip_in(&ip, nodes))
		return fail(spec, host, path, err, KB_EINVAL, "cluster.address-outside", "host %s: %s is not in network.nodes %s", host->name, address,
			network);
	if (ip.bits - nodes->prefix > 1 && (kbi_ip_is(&ip, &nodes->ip) || is_broadcast(&ip, nodes)))
		return fail(spec, host, path, err, KB_EINVAL, "cluster.address-reserved", "host %s: %s is the %s address of network.nodes %s", host->name,
			address, kbi_ip_is(&ip, &nodes->ip) ? "network" : "broadcast", network);
	return KB_OK;
}

struct owner {
	const char *address;
	const struct kbi_spec_host *host;
};

static int
compare_owners(const void *a, const void *b)
{
	const struct owner *one = a, *two = b;
	int order = strcmp(one->address, two->address);

	return order ? order : (one->host > two->host) - (one->host < two->host);
}

/* By sorting: with 5000 hosts every pair would be twelve million questions. */
static kb_status
check_address_twice(const struct kbi_spec *spec, struct kb_err *err)
{
	struct owner *owners = calloc(spec->host_count, sizeof(*owners));
	size_t count = 0;
	kb_status status = KB_OK;

	if (!owners)
		return kbi_fail_memory(err);
	for (size_t i = 0; i < spec->host_count; i++) {
		owners[count].host = &spec->hosts[i];
		owners[count].address = kbi_spec_address(spec, &spec->hosts[i]);
		count += owners[count].address != NULL;
	}
	qsort(owners, count, sizeof(*owners), compare_owners);
	for (size_t i = 1; i < count && !status; i++)
		if (kbi_str_is(owners[i - 1].address, owners[i].address))
			status = fail(spec, owners[i].host, address_path(spec, owners[i].host), err, KB_EINVAL, "cluster.address-twice",
				"hosts %s and %s have the same address %s", owners[i - 1].host->name, owners[i].host->name, owners[i].address);
	free(owners);
	return status;
}

static kb_status
check_addresses(const struct kbi_spec *spec, struct kb_err *err)
{
	struct kbi_cidr nodes;

	kb_status status = kbi_cidr_parse(&nodes, kbi_spec_get(spec, networks[NODES]), err);
	for (size_t i = 0; i < spec->host_count && !status; i++)
		status = check_address(spec, &spec->hosts[i], &nodes, err);
	return status ? status : check_address_twice(spec, err);
}

static kb_status
check_endpoint(const struct kbi_spec *spec, struct kb_err *err)
{
	static const int away_from[] = {PODS, SERVICES};
	const char *endpoint = kbi_spec_get(spec, "endpoint.address");
	struct kbi_cidr cidr;
	struct kbi_ip ip;

	if (!endpoint || kbi_ip_parse(&ip, endpoint, NULL))
		return KB_OK;		/* the control plane's address, or a name */
	for (size_t i = 0; i < sizeof(away_from) / sizeof(*away_from); i++) {
		const char *path = networks[away_from[i]];
		if (kbi_cidr_parse(&cidr, kbi_spec_get(spec, path), NULL) == KB_OK && kbi_ip_in(&ip, &cidr))
			return fail(spec, NULL, "endpoint.address", err, KB_EINVAL, "cluster.endpoint-inside", "endpoint.address %s is in %s %s", endpoint,
				path, kbi_spec_get(spec, path));
	}
	for (size_t i = 0; i < spec->host_count; i++)
		if (!kbi_spec_is_control_plane(spec, &spec->hosts[i]) && kbi_str_is(kbi_spec_address(spec, &spec->hosts[i]), endpoint))
			return fail(spec, NULL, "endpoint.address", err, KB_EINVAL, "cluster.endpoint-worker",
				"endpoint.address %s is the address of the worker %s", endpoint, spec->hosts[i].name);
	return KB_OK;
}

kb_status
kbi_spec_check(const struct kbi_spec *spec, struct kb_err *err)
{
	static kb_status (*const checks[])(const struct kbi_spec *spec, struct kb_err *err) = {	/* later ones rely on earlier ones */
		check_version, check_repository, check_repository_details, check_cni, check_hosts, check_schedulable, check_overlaps,
		check_pods, check_services, check_blocks, check_addresses, check_endpoint,
	};
	kb_status status = KB_OK;

	for (size_t i = 0; i < sizeof(checks) / sizeof(*checks) && !status; i++)
		status = checks[i](spec, err);
	return status;
}
