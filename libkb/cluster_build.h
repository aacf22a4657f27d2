/* SPDX-License-Identifier: Apache-2.0 */
/* From a description to a plan, by the public functions of host.h, step.h and plan.h alone. A builder remembers its first failure, which is
 * the context's last error: build on, and ask once. */
#ifndef KBI_CLUSTER_BUILD_H
#define KBI_CLUSTER_BUILD_H

#include <kb/plan.h>

#include "cluster.h"

#define KBI_SHARED_MAX 32

struct kbi_builder {
	kb_ctx *kb;
	const struct kbi_spec *spec;
	kb_plan *plan;
	kb_host **hosts;		/* as in the spec */
	char **addresses;		/* of each in the node network */
	size_t control_plane;		/* its index */
	kb_step *shared[KBI_SHARED_MAX];	/* one of each name, for all hosts: their parameters may be as many as the hosts are */
	size_t shared_count;
	bool has_failed;
};

kb_status kbi_builder_begin(struct kbi_builder *b, kb_cluster *cluster);	/* checks the description first */
/* A step on host `at`, its parameters from the description. about: the host that it is about, mostly the same. */
kb_task *kbi_builder_add(struct kbi_builder *b, size_t at, const char *step, size_t about);
void kbi_builder_after(struct kbi_builder *b, kb_task *task, kb_task *before);
void kbi_builder_bind(struct kbi_builder *b, kb_task *task, const char *param, kb_task *from, const char *output);
void kbi_builder_ask(struct kbi_builder *b, kb_status status);	/* anything but KB_OK is a failure */
void kbi_builder_fail(struct kbi_builder *b, kb_status code, const char *id, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
kb_plan *kbi_builder_end(struct kbi_builder *b);	/* the plan, NULL when anything failed; frees the rest */

/* Sets the parameters of a step from the description (cluster_params.c). */
void kbi_builder_params(struct kbi_builder *b, kb_step *step, size_t about);
bool kbi_builder_is_for_all(const char *step);	/* its parameters are the same whichever host it is about */
/* Makes the hosts with how to reach them, and finds out their addresses (cluster_hosts.c). */
void kbi_builder_hosts(struct kbi_builder *b);

#endif
