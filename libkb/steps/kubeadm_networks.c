/* SPDX-License-Identifier: Apache-2.0 */
#include "steps/kubeadm_networks.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "text/cidr.h"

/* kubeadm's constants.go and validation.go: the controller-manager gives each node a /24 of the pods' network (IPv6: /64), at most 2^16 of
 * them; services have at most 20 bits. */
#define NODE_MASK_IPV4 24
#define NODE_MASK_IPV6 64
#define POD_BITS_MAX 16
#define SERVICE_BITS_MAX 20
#define NETWORKS_MAX 2

struct networks {
	struct kbi_cidr cidrs[NETWORKS_MAX];
	size_t count;
};

static kb_status __attribute__((format(printf, 3, 4)))
refuse(struct kb_err *err, const char *id, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	kbi_vfail(err, KB_EINVAL, format, args);
	va_end(args);
	kbi_err_id(err, id);
	return KB_EINVAL;
}

static kb_status
parse_words(struct networks *networks, const char *name, char *rest, struct kb_err *err)
{
	char *word;

	while ((word = strsep(&rest, ", "))) {
		if (!*word)
			continue;
		if (networks->count == NETWORKS_MAX)
			return refuse(err, "init.network-wrong", "%s: more than %d networks", name, NETWORKS_MAX);
		struct kbi_cidr *cidr = &networks->cidrs[networks->count++];
		if (kbi_cidr_parse(cidr, word, err)) {
			kbi_err_id(err, "init.network-wrong");
			return KB_EINVAL;
		}
		if (networks->count == NETWORKS_MAX && cidr->ip.bits == networks->cidrs[0].ip.bits)
			return refuse(err, "init.network-wrong", "%s: two networks of one family", name);
	}
	return KB_OK;
}

static kb_status
parse(struct networks *networks, const char *name, const char *list, struct kb_err *err)
{
	char *text = kbi_str_copy(list);

	*networks = (struct networks){ 0 };
	kb_status status = text ? parse_words(networks, name, text, err) : kbi_fail_memory(err);
	free(text);
	return status;
}

static kb_status
check_pods(const struct kbi_cidr *cidr, const char *text, struct kb_err *err)
{
	int node_mask = cidr->ip.bits == 32 ? NODE_MASK_IPV4 : NODE_MASK_IPV6;

	if (cidr->prefix > node_mask)
		return refuse(err, "init.pod-network-too-small", "pod-network-cidr %s: each node is given a /%d of it, so none fits in", text, node_mask);
	if (node_mask - cidr->prefix > POD_BITS_MAX)
		return refuse(err, "init.pod-network-too-large", "pod-network-cidr %s: kubeadm takes nothing larger than a /%d", text,
			node_mask - POD_BITS_MAX);
	return KB_OK;
}

static kb_status
check_services(const struct kbi_cidr *cidr, const char *text, struct kb_err *err)
{
	if (cidr->ip.bits - cidr->prefix > SERVICE_BITS_MAX)
		return refuse(err, "init.service-network-too-large", "service-cidr %s: kubeadm takes nothing larger than a /%d", text,
			cidr->ip.bits - SERVICE_BITS_MAX);
	return KB_OK;
}

kb_status
kbi_networks_check(const char *pods, const char *services, struct kb_err *err)
{
	struct networks of_pods, of_services;

	kb_status status = parse(&of_pods, "pod-network-cidr", pods, err);
	if (!status)
		status = parse(&of_services, "service-cidr", services, err);
	for (size_t i = 0; !status && i < of_pods.count; i++)
		status = check_pods(&of_pods.cidrs[i], pods, err);
	for (size_t i = 0; !status && i < of_services.count; i++)
		status = check_services(&of_services.cidrs[i], services, err);
	for (size_t i = 0; !status && i < of_pods.count; i++)
		for (size_t k = 0; !status && k < of_services.count; k++)
			if (kbi_cidr_overlaps(&of_pods.cidrs[i], &of_services.cidrs[k]))
				status = refuse(err, "init.networks-overlap", "pod-network-cidr %s overlaps service-cidr %s", pods, services);
	return status;
}
