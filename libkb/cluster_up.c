/* SPDX-License-Identifier: Apache-2.0 */
/* The plan that brings a cluster up. Tasks of one host run in the order in which they are added here; hosts run side by side. */
#include <stdlib.h>

#include "base/str.h"
#include "cluster_build.h"
#include "steps/calicoctl_install.h"

struct up {
	struct kbi_builder b;
	kb_task *init;
	kb_task *token;
	kb_task **joins;	/* as the hosts; of the control plane: its init */
};

/* What makes a bare host one that kubeadm takes. */
static const char *const host_steps[] = {
	"hosts.entries", "swap.off", "kernel.modules", "kernel.sysctl", "containerd.install", "apt.repo", "packages.install", "packages.hold",
};

/* Nothing is touched before every host was looked at. */
static void
add_facts(struct up *up)
{
	for (size_t i = 0; i < up->b.spec->host_count; i++)
		kbi_builder_add(&up->b, i, "host.facts", i);
	if (!up->b.has_failed)
		kbi_builder_ask(&up->b, kb_plan_barrier(up->b.plan));
}

static void
add_host_steps(struct up *up)
{
	for (size_t i = 0; i < up->b.spec->host_count; i++)
		for (size_t j = 0; j < sizeof(host_steps) / sizeof(*host_steps); j++)
			kbi_builder_add(&up->b, i, host_steps[j], i);
}

/* Nothing is fetched without a pin, so what nobody has pinned is left out unless it was asked for */
static bool
wants_calicoctl(const struct kbi_spec *spec)
{
	if (kbi_spec_get(spec, "cni.calicoctl.install"))
		return kbi_spec_is_yes(spec, "cni.calicoctl.install");
	return kbi_spec_get(spec, "cni.calicoctl.sha256") || kbi_calicoctl_is_known(kbi_spec_calico(spec));
}

/* The token stands before Calico, so that joins don't wait for that; what waits for joins stands last. */
static void
add_control_plane(struct up *up)
{
	size_t at = up->b.control_plane;

	kbi_builder_add(&up->b, at, "kubeadm.images", at);
	up->init = kbi_builder_add(&up->b, at, "kubeadm.init", at);
	up->joins[at] = up->init;
	kbi_builder_add(&up->b, at, "kubeconfig.install", at);
	if (up->b.spec->host_count > 1) {
		up->token = kbi_builder_add(&up->b, at, "token.create", at);
		kbi_builder_ask(&up->b, up->token ? kb_task_set_on_demand(up->token) : KB_EINVAL);
	}
	kbi_builder_add(&up->b, at, "kubectl.shell", at);
	if (kbi_str_is(kbi_spec_calico(up->b.spec), "none"))
		return;
	kbi_builder_add(&up->b, at, "calico.install", at);
	if (wants_calicoctl(up->b.spec))
		kbi_builder_add(&up->b, at, "calicoctl.install", at);
}

static void
add_join(struct up *up, size_t at)
{
	struct kbi_builder *b = &up->b;
	int64_t at_once;
	kb_task *reachable = kbi_builder_add(b, at, "apiserver.reachable", at);
	kb_task *join = kbi_builder_add(b, at, "kubeadm.join", at);

	up->joins[at] = join;
	kbi_builder_bind(b, reachable, "endpoint", up->init, "endpoint");
	kbi_builder_bind(b, reachable, "ca-cert", up->init, "ca.crt");
	kbi_builder_bind(b, reachable, "ca-cert-hash", up->init, "ca-cert-hash");
	kbi_builder_bind(b, join, "endpoint", up->init, "endpoint");
	kbi_builder_bind(b, join, "ca-cert", up->init, "ca.crt");
	kbi_builder_bind(b, join, "ca-cert-hash", up->init, "ca-cert-hash");
	kbi_builder_bind(b, join, "token", up->token, "token");
	kbi_str_to_int64(kbi_spec_get(b->spec, "join.at_once"), 1, 1000, &at_once);
	if (!b->has_failed)
		kbi_builder_ask(b, kb_task_set_wave(join, "join", (int)at_once));
}

static void
add_joins(struct up *up)
{
	for (size_t i = 0; i < up->b.spec->host_count; i++)
		if (i != up->b.control_plane)
			add_join(up, i);
}

static void
add_token_delete(struct up *up)
{
	if (!up->token)
		return;
	kb_task *task = kbi_builder_add(&up->b, up->b.control_plane, "token.delete", up->b.control_plane);
	kbi_builder_bind(&up->b, task, "token-id", up->token, "token-id");
	for (size_t i = 0; i < up->b.spec->host_count; i++)
		if (i != up->b.control_plane)
			kbi_builder_after(&up->b, task, up->joins[i]);
}

/* Labels, taints and schedulable of each Node, once it has joined. */
static void
add_node_configure(struct up *up)
{
	for (size_t i = 0; i < up->b.spec->host_count; i++) {
		kb_task *task = kbi_builder_add(&up->b, up->b.control_plane, "node.configure", i);
		if (i != up->b.control_plane)
			kbi_builder_after(&up->b, task, up->joins[i]);
	}
}

static void
add_all(struct up *up)
{
	add_facts(up);
	add_host_steps(up);
	add_control_plane(up);
	add_joins(up);
	add_token_delete(up);
	add_node_configure(up);
	if (!kbi_str_is(kbi_spec_calico(up->b.spec), "none"))	/* no Node is Ready without a network */
		kbi_builder_add(&up->b, up->b.control_plane, "node.ready", up->b.control_plane);
}

kb_plan *
kb_cluster_up(kb_cluster *cluster)
{
	struct up up = {0};

	if (kbi_builder_begin(&up.b, cluster))
		return NULL;
	up.joins = calloc(up.b.spec->host_count, sizeof(*up.joins));
	if (!up.joins)
		kbi_builder_fail(&up.b, KB_ENOMEM, NULL, "out of memory");
	if (!up.b.has_failed)
		add_all(&up);
	free(up.joins);
	return kbi_builder_end(&up.b);
}
