/* SPDX-License-Identifier: Apache-2.0 */
#include "steps/host_net.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "steps/words.h"

#define WORDS_MAX 40

/* Room for one more, and that one zeroed; NULL when there is no memory. */
static void *
one_more(void **items, size_t *count, size_t size_bytes)
{
	char *grown = reallocarray(*items, *count + 1, size_bytes);

	if (!grown)
		return NULL;
	*items = grown;
	grown += (*count)++ * size_bytes;
	return memset(grown, 0, size_bytes);
}

/* "2: eth0    inet 10.0.2.15/24 brd 10.0.2.255 scope global eth0\       valid_lft forever preferred_lft forever"; of a tunnel
 * "inet 10.1.1.1 peer 10.1.1.2/32" */
static bool
read_address(struct kbi_net_address *a, char *const *words, size_t count)
{
	static const char *const passing[] = { "temporary", "deprecated", "tentative", "dadfailed" };
	const char *scope = kbi_word_behind(words, count, "scope");

	if (count < 4 || (!kbi_str_is(words[2], "inet") && !kbi_str_is(words[2], "inet6")))
		return false;
	a->interface = words[1];
	a->text = words[3];
	if (kbi_cidr_parse_any(&a->network, words[3], NULL))
		return false;
	char *slash = strchr(words[3], '/');
	if (slash)
		*slash = '\0';
	kb_status status = kbi_ip_parse(&a->ip, words[3], NULL);
	if (slash)
		*slash = '/';
	if (status)
		return false;
	a->is_global = kbi_str_starts(scope, "global");
	for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++)
		a->is_passing |= kbi_word_is_among(words, count, passing[i]);
	return true;
}

/* "[blackhole] 172.17.0.0/16 [via 10.0.2.2] dev docker0 proto kernel scope link src 172.17.0.1 metric 100" */
static bool
read_route(struct kbi_net_route *r, char *const *words, size_t count, bool is_6)
{
	static const char *const kinds[] = { "unicast", "blackhole", "unreachable", "prohibit", "throw" };
	size_t at = 0;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (count && kbi_str_is(words[0], kinds[i]))
			at = 1;
	if (at >= count)
		return false;
	const char *interface = kbi_word_behind(words, count, "dev");
	r->text = words[at];
	r->interface = interface ? interface : "";
	r->source = kbi_word_behind(words, count, "src");
	r->is_by_router = kbi_word_is_among(words, count, "via");
	r->is_default = kbi_str_is(words[at], "default");
	return kbi_cidr_parse_any(&r->to, r->is_default ? (is_6 ? "::/0" : "0.0.0.0/0") : words[at], NULL) == KB_OK;
}

static kb_status
read_addresses(struct kbi_net *net, char *text, struct kb_err *err)
{
	char *line, *words[WORDS_MAX];

	while ((line = kbi_line_take(&text))) {
		struct kbi_net_address *a = one_more((void **)&net->addresses, &net->address_count, sizeof(*a));
		if (!a)
			return kbi_fail_memory(err);
		size_t count = kbi_line_words(line, words, WORDS_MAX);
		if (!read_address(a, words, count))
			net->address_count--;
	}
	return KB_OK;
}

static kb_status
read_routes(struct kbi_net *net, char *text, bool is_6, struct kb_err *err)
{
	char *line, *words[WORDS_MAX];

	while ((line = kbi_line_take(&text))) {
		struct kbi_net_route *r = one_more((void **)&net->routes, &net->route_count, sizeof(*r));
		if (!r)
			return kbi_fail_memory(err);
		size_t count = kbi_line_words(line, words, WORDS_MAX);
		if (!read_route(r, words, count, is_6))
			net->route_count--;
	}
	return KB_OK;
}

kb_status
kbi_net_read(struct kbi_net *net, const char *addresses, const char *routes, const char *routes6, struct kb_err *err)
{
	const char *const from[] = { addresses, routes, routes6 };

	*net = (struct kbi_net){ 0 };
	for (size_t i = 0; i < sizeof(from) / sizeof(from[0]); i++)
		if (!(net->texts[i] = kbi_str_copy(from[i])))
			return kbi_fail_memory(err);
	kb_status status = read_addresses(net, net->texts[0], err);
	if (!status)
		status = read_routes(net, net->texts[1], false, err);
	return status ? status : read_routes(net, net->texts[2], true, err);
}

void
kbi_net_free(struct kbi_net *net)
{
	free(net->addresses);
	free(net->routes);
	for (size_t i = 0; i < sizeof(net->texts) / sizeof(net->texts[0]); i++)
		free(net->texts[i]);
	*net = (struct kbi_net){ 0 };
}

static bool
is_source_of(const struct kbi_net_route *route, const struct kbi_net_address *a)
{
	struct kbi_ip source;

	if (a->ip.bits != route->to.ip.bits || !kbi_str_is(a->interface, route->interface) || !a->is_global)
		return false;
	return !route->source || (kbi_ip_parse(&source, route->source, NULL) == KB_OK && kbi_ip_is(&source, &a->ip));
}

const struct kbi_net_address *
kbi_net_default_address(const struct kbi_net *net)
{
	for (size_t i = 0; i < net->route_count; i++)
		for (size_t k = 0; net->routes[i].is_default && k < net->address_count; k++)
			if (is_source_of(&net->routes[i], &net->addresses[k]))
				return &net->addresses[k];
	return NULL;
}

bool
kbi_net_is_of_pods(const char *interface)
{
	static const char *const patterns[] = {
		"cali*", "vxlan.calico", "vxlan-v6.calico", "tunl0", "wireguard.cali", "wg-v6.cali", "bpfin.cali", "bpfout.cali",
		"kube-ipvs0", "nodelocaldns", "cni0", "flannel.*", "cilium_*", "kube-bridge",
	};

	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
		if (kbi_str_matches(interface, patterns[i]))
			return true;
	return false;
}
