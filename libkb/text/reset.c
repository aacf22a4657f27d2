/* SPDX-License-Identifier: Apache-2.0 */
#include "text/reset.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "text/bound.h"

#define STEPS_MAX 4
#define HOSTS_MAX 5000

enum who { WORKERS, FURTHER_CONTROL_PLANES, FIRST_CONTROL_PLANE, CONTROL_PLANES, ALL };

/* A stage ends for all its hosts before the next begins; the steps of one host follow each other. */
struct stage {
	enum who who;
	const char *steps[STEPS_MAX];
};

/* Workers go while there is an API server to tell. A host's network is cleaned when its kubelet is gone, since kube-proxy watches its
 * chains and brings them back; its Node is deleted when nothing can register it again. Control planes leave one by one, so that etcd keeps
 * its majority. */
static const struct stage by_default[] = {
	{ WORKERS, { "node.drain" } },
	{ WORKERS, { "kubeadm.reset", "net.clean" } },
	{ WORKERS, { "node.delete" } },
	{ FURTHER_CONTROL_PLANES, { "node.drain", "kubeadm.reset", "net.clean", "node.delete" } },
	{ FIRST_CONTROL_PLANE, { "kubeadm.reset", "net.clean" } },
	{ 0 }
};

static const struct stage by_seed[] = {
	{ WORKERS, { "node.drain" } },
	{ WORKERS, { "kubeadm.reset" } },
	{ ALL, { "net.clean" } },
	{ ALL, { "node.delete" } },
	{ CONTROL_PLANES, { "kubeadm.reset" } },
	{ 0 }
};

static const struct {
	const char *name;
	const struct stage *stages;
} orders[] = {
	{ "default", by_default },
	{ "seed", by_seed },
};

struct plan {
	const struct kbi_reset_host *hosts;
	size_t count;
	size_t first;			/* the first control plane; count: there is none */
	struct kbi_reset_action *actions;
	size_t action_count;
};

static bool
is_in(const struct plan *plan, enum who who, size_t i)
{
	bool is_control_plane = plan->hosts[i].is_control_plane;

	switch (who) {
	case WORKERS:
		return !is_control_plane;
	case FURTHER_CONTROL_PLANES:
		return is_control_plane && i != plan->first;
	case FIRST_CONTROL_PLANE:
		return i == plan->first;
	case CONTROL_PLANES:
		return is_control_plane;
	case ALL:
		break;
	}
	return true;
}

static void
add_host(struct plan *plan, const struct stage *stage, size_t i)
{
	for (size_t s = 0; s < STEPS_MAX && stage->steps[s]; s++) {
		bool is_about_node = kbi_str_starts(stage->steps[s], "node.");
		if (is_about_node && plan->first == plan->count)
			continue;
		plan->actions[plan->action_count++] = (struct kbi_reset_action){
			.step = stage->steps[s], .where = is_about_node ? plan->first : i, .host = i };
	}
}

/* Workers in the order given; control planes from the last to the first. */
static void
add_stage(struct plan *plan, const struct stage *stage)
{
	for (size_t i = 0; i < plan->count; i++)
		if (is_in(plan, stage->who, i) && !plan->hosts[i].is_control_plane)
			add_host(plan, stage, i);
	for (size_t i = plan->count; i-- > 0;)
		if (is_in(plan, stage->who, i) && plan->hosts[i].is_control_plane)
			add_host(plan, stage, i);
}

static const struct stage *
find_order(const char *name)
{
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
		if (kbi_str_is(orders[i].name, name))
			return orders[i].stages;
	return NULL;
}

kb_status
kbi_reset_actions(const char *order, const struct kbi_reset_host *hosts, size_t count, struct kbi_reset_action **actions,
	size_t *action_count, struct kb_err *err)
{
	const struct stage *stage = find_order(order);
	struct plan plan = { .hosts = hosts, .count = count };

	if (!stage)
		return kbi_fail(err, KB_EINVAL, "reset: order \"%.60s\": neither default nor seed", order ? order : "");
	while (plan.first < count && !hosts[plan.first].is_control_plane)
		plan.first++;
	size_t steps = 0;
	for (const struct stage *s = stage; s->steps[0]; s++)
		steps += STEPS_MAX;
	plan.actions = calloc(count ? count : 1, steps * sizeof(*plan.actions));
	if (!plan.actions)
		return kbi_fail_memory(err);
	for (; stage->steps[0]; stage++)
		add_stage(&plan, stage);
	*actions = plan.actions;
	*action_count = plan.action_count;
	return KB_OK;
}

/* "NAME ROLE", taken apart in place. */
static kb_status
read_host(struct kbi_reset_host *host, char *line, size_t number, struct kb_err *err)
{
	char *role = strpbrk(line, " \t");

	host->name = line;
	if (role) {
		*role++ = '\0';
		role += strspn(role, " \t");
		role[strcspn(role, " \t\r")] = '\0';
	}
	if (!kbi_str_is_name(host->name))
		return kbi_fail(err, KB_EINVAL, "reset: hosts: line %zu: \"%.100s\" is no name of a Node", number, host->name);
	if (!kbi_str_is(role, "control-plane") && !kbi_str_is(role, "worker"))
		return kbi_fail(err, KB_EINVAL, "reset: hosts: line %zu: %s: the role is neither control-plane nor worker", number, host->name);
	host->is_control_plane = kbi_str_is(role, "control-plane");
	return KB_OK;
}

static kb_status
read_hosts(char *text, struct kbi_reset_host *hosts, size_t *count, struct kb_err *err)
{
	kb_status status = KB_OK;
	char *line;

	for (size_t number = 1; !status && (line = strsep(&text, "\n")); number++) {
		line += strspn(line, " \t\r");
		if (!*line)
			continue;
		if (*count == HOSTS_MAX)
			return kbi_fail(err, KB_ETOOBIG, "reset: hosts: more than %d", HOSTS_MAX);
		status = read_host(&hosts[(*count)++], line, number, err);
	}
	return status;
}

static kb_status
print_actions(const char *order, const struct kbi_reset_host *hosts, size_t count, struct kbi_buf *out, struct kb_err *err)
{
	struct kbi_reset_action *actions;
	size_t action_count;

	kb_status status = kbi_reset_actions(order, hosts, count, &actions, &action_count, err);
	if (status)
		return status;
	for (size_t i = 0; i < action_count; i++)
		kbi_buf_add_format(out, "%s %s %s\n", actions[i].step, hosts[actions[i].where].name, hosts[actions[i].host].name);
	free(actions);
	return kbi_bound_out("reset", out, err);
}

kb_status
kbi_reset_order(const char *order, const char *hosts, struct kbi_buf *out, struct kb_err *err)
{
	size_t size_bytes = hosts ? strlen(hosts) : 0, count = 0;

	if (!hosts)
		return kbi_fail(err, KB_EINVAL, "reset: hosts: NULL");
	kb_status status = kbi_bound_in("reset", hosts, size_bytes, KBI_SIZE_TEXT, err);
	if (status)
		return status;
	char *text = kbi_str_copy(hosts);
	struct kbi_reset_host *list = calloc(HOSTS_MAX, sizeof(*list));
	status = text && list ? read_hosts(text, list, &count, err) : kbi_fail_memory(err);
	if (!status)
		status = print_actions(order, list, count, out, err);
	free(text);
	free(list);
	return status;
}
