/* SPDX-License-Identifier: Apache-2.0 */
/* The plans that take a cluster down, and that only look at it. */
#include <stdlib.h>

#include "cluster_build.h"

struct down {
	struct kbi_builder b;
	kb_task **drained;	/* as the hosts */
	kb_task **cleaned;
};

static bool
is_worker(const struct down *down, size_t i)
{
	return i != down->b.control_plane;
}

/* Nothing is touched before every host answered, and is of the control plane's cluster or of none. */
static void
add_authorities(struct down *down)
{
	struct kbi_builder *b = &down->b;
	kb_task *ours = kbi_builder_add(b, b->control_plane, "cluster.authority", b->control_plane);

	for (size_t i = 0; i < b->spec->host_count; i++)
		if (is_worker(down, i))
			kbi_builder_bind(b, kbi_builder_add(b, i, "cluster.authority", i), "ca-cert-hash", ours, "ca-cert-hash");
	if (!b->has_failed)
		kbi_builder_ask(b, kb_plan_barrier(b->plan));
}

/* Workers go first, while there is an API server to tell; each is cleaned when its kubelet is gone, since kube-proxy brings its chains
 * back as long as it runs; its Node goes when nothing can register it again. */
static void
add_workers(struct down *down)
{
	struct kbi_builder *b = &down->b;

	for (size_t i = 0; i < b->spec->host_count; i++)
		if (is_worker(down, i))
			down->drained[i] = kbi_builder_add(b, b->control_plane, "node.drain", i);
	for (size_t i = 0; i < b->spec->host_count; i++) {
		if (!is_worker(down, i))
			continue;
		kbi_builder_after(b, kbi_builder_add(b, i, "kubeadm.reset", i), down->drained[i]);
		down->cleaned[i] = kbi_builder_add(b, i, "net.clean", i);
	}
	for (size_t i = 0; i < b->spec->host_count; i++)
		if (is_worker(down, i))
			kbi_builder_after(b, kbi_builder_add(b, b->control_plane, "node.delete", i), down->cleaned[i]);
}

static void
add_all(struct down *down)
{
	size_t at = down->b.control_plane;

	add_authorities(down);
	if (kbi_spec_is_yes(down->b.spec, "reset.calico"))
		kbi_builder_add(&down->b, at, "calico.remove", at);
	add_workers(down);
	kbi_builder_add(&down->b, at, "kubeadm.reset", at);
	kbi_builder_add(&down->b, at, "net.clean", at);
}

kb_plan *
kb_cluster_reset(kb_cluster *cluster)
{
	struct down down = {0};

	if (kbi_builder_begin(&down.b, cluster))
		return NULL;
	down.drained = calloc(down.b.spec->host_count, sizeof(*down.drained));
	down.cleaned = calloc(down.b.spec->host_count, sizeof(*down.cleaned));
	if (!down.drained || !down.cleaned)
		kbi_builder_fail(&down.b, KB_ENOMEM, NULL, "out of memory");
	if (!down.b.has_failed)
		add_all(&down);
	free(down.drained);
	free(down.cleaned);
	return kbi_builder_end(&down.b);
}

/* The control plane knows the nodes; every other host says whether it reaches the control plane. */
kb_plan *
kb_cluster_status(kb_cluster *cluster)
{
	struct kbi_builder b;

	if (kbi_builder_begin(&b, cluster))
		return NULL;
	for (size_t i = 0; i < b.spec->host_count; i++)
		kbi_builder_add(&b, i, i == b.control_plane ? "cluster.status" : "apiserver.reachable", i);
	return kbi_builder_end(&b);
}
