/* SPDX-License-Identifier: Apache-2.0 */
#include "steps/node_address.h"

#include <stdlib.h>
#include <string.h>

#include <kb/event.h>

#include "base/buf.h"
#include "base/str.h"

/* Made by container engines and virtual machines, not by the host's network. */
static bool
is_inner(const char *interface)
{
	static const char *const patterns[] = {
		"lo", "docker*", "br-????????????", "podman*", "cni-podman*", "virbr*", "lxcbr*", "lxdbr*", "veth*",
	};

	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
		if (kbi_str_matches(interface, patterns[i]))
			return true;
	return kbi_net_is_of_pods(interface);
}

static bool
is_choice(const struct kbi_net_address *a)
{
	return a->is_global && a->ip.bits == 32 && !a->is_passing && !is_inner(a->interface);
}

kb_status
kbi_judge_net(const struct kbi_judge *judge, struct kbi_net *net)
{
	return kbi_net_read(net, kbi_judge_fact(judge, "addresses"), kbi_judge_fact(judge, "routes"), "", NULL);
}

static void
add_evidence(struct kbi_judge *judge, const struct kbi_net *net)
{
	const struct kbi_net_address *by_default = kbi_net_default_address(net);

	for (size_t i = 0; i < net->address_count; i++) {
		const struct kbi_net_address *a = &net->addresses[i];
		if (is_choice(a))
			kbi_judge_evidence(judge, "%.*s on %s%s", (int)strcspn(a->text, "/"), a->text, a->interface,
				a == by_default ? " holds the default route" : "");
	}
}

static bool
is_many(const struct kbi_net *net)
{
	const char *first = NULL;

	for (size_t i = 0; i < net->address_count; i++) {
		const struct kbi_net_address *a = &net->addresses[i];
		if (!is_choice(a))
			continue;
		if (first && !kbi_str_is(first, a->interface))
			return true;
		first = a->interface;
	}
	return false;
}

/* Of two cards the one that is not NAT's, which has the default route. */
static const struct kbi_net_address *
likely_choice(const struct kbi_net *net)
{
	const struct kbi_net_address *by_default = kbi_net_default_address(net);

	for (size_t i = 0; i < net->address_count; i++)
		if (is_choice(&net->addresses[i]) && (!by_default || !kbi_str_is(net->addresses[i].interface, by_default->interface)))
			return &net->addresses[i];
	return by_default;
}

static void
add_fix(struct kbi_judge *judge, const struct kbi_net *net, const struct kbi_address_ask *ask)
{
	const struct kbi_net_address *a = likely_choice(net);

	if (a)
		kbi_judge_fix(judge, "kb_step_set(step, \"%s\", \"%.*s\")", ask->param, (int)strcspn(a->text, "/"), a->text);
}

static kb_status
fail_missing(struct kbi_judge *judge, const struct kbi_net *net, const struct kbi_address_ask *ask)
{
	const struct kbi_net_address *a = kbi_net_default_address(net);

	if (a)
		kbi_judge_fail(judge, KB_EINVAL, ask->missing_id, "%s is not given, and the host has addresses on several interfaces: "
			"%.*s on %s holds the default route and would be taken", ask->param, (int)strcspn(a->text, "/"), a->text, a->interface);
	else
		kbi_judge_fail(judge, KB_EINVAL, ask->missing_id, "%s is not given, and the host has addresses on several interfaces", ask->param);
	add_evidence(judge, net);
	add_fix(judge, net, ask);
	return KB_EINVAL;
}

kb_status
kbi_judge_address(struct kbi_judge *judge, const struct kbi_net *net, const struct kbi_address_ask *ask)
{
	struct kbi_ip ip;

	if (!net->address_count)
		return KB_OK;
	if (!*ask->given)
		return is_many(net) ? fail_missing(judge, net, ask) : KB_OK;
	if (kbi_ip_parse(&ip, ask->given, NULL))
		return kbi_judge_fail(judge, KB_EINVAL, ask->wrong_id, "%s %s: not an address", ask->param, ask->given);
	for (size_t i = 0; i < net->address_count; i++) {
		const struct kbi_net_address *a = &net->addresses[i];
		if (!kbi_ip_is(&a->ip, &ip))
			continue;
		struct kbi_ip first = kbi_cidr_first_usable(&a->network);
		if (a->network.prefix < a->ip.bits - 1 && kbi_ip_is(&first, &ip))
			kbi_judge_note(judge, KB_WARNING, "node.address-is-first", "%s on %s is the first usable address of its network, "
				"which often is a router's", a->text, a->interface);
		return KB_OK;
	}
	kbi_judge_fail(judge, KB_EINVAL, ask->wrong_id, "%s %s: the host has no such address", ask->param, ask->given);
	add_evidence(judge, net);
	add_fix(judge, net, ask);
	return KB_EINVAL;
}

const struct kbi_net_address *
kbi_net_overlap(const struct kbi_net *net, const char *networks)
{
	struct kbi_cidr cidr;
	char *text = kbi_str_copy(networks), *rest = text, *word;
	const struct kbi_net_address *found = NULL;

	while (!found && (word = strsep(&rest, ", "))) {
		if (!*word || kbi_cidr_parse_any(&cidr, word, NULL))
			continue;
		for (size_t i = 0; i < net->address_count && !found; i++) {
			const struct kbi_net_address *a = &net->addresses[i];
			if (a->is_global && !is_inner(a->interface) && kbi_cidr_overlaps(&a->network, &cidr))
				found = a;
		}
	}
	free(text);
	return found;
}
