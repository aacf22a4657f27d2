/* SPDX-License-Identifier: Apache-2.0 */
#include "cluster_build.h"

#include <stdlib.h>

#include "base/ctx.h"
#include "base/str.h"

void
kbi_builder_ask(struct kbi_builder *b, kb_status status)
{
	b->has_failed |= status != KB_OK;
}

void
kbi_builder_fail(struct kbi_builder *b, kb_status code, const char *id, const char *format, ...)
{
	va_list args;

	if (b->has_failed)
		return;
	b->has_failed = true;
	if (kbi_enter(b->kb))
		return;
	va_start(args, format);
	kbi_vfail(&b->kb->error, code, format, args);
	va_end(args);
	if (id)
		kbi_err_id(&b->kb->error, id);
	kbi_leave(b->kb);
}

static void
find_control_plane(struct kbi_builder *b)
{
	while (!kbi_spec_is_control_plane(b->spec, &b->spec->hosts[b->control_plane]))
		b->control_plane++;
}

kb_status
kbi_builder_begin(struct kbi_builder *b, kb_cluster *cluster)
{
	kb_status status = kb_cluster_check(cluster);

	if (status)
		return status;
	*b = (struct kbi_builder){.kb = cluster->kb, .spec = &cluster->spec};
	find_control_plane(b);
	b->hosts = calloc(b->spec->host_count, sizeof(*b->hosts));
	b->addresses = calloc(b->spec->host_count, sizeof(*b->addresses));
	b->plan = kb_plan_new(b->kb);
	if (!b->hosts || !b->addresses)
		kbi_builder_fail(b, KB_ENOMEM, NULL, "out of memory");
	b->has_failed |= !b->plan;
	kbi_builder_hosts(b);
	return KB_OK;
}

static kb_step *
find_shared(const struct kbi_builder *b, const char *name)
{
	for (size_t i = 0; i < b->shared_count; i++)
		if (kbi_str_is(kb_step_name(b->shared[i]), name))
			return b->shared[i];
	return NULL;
}

static kb_step *
new_step(struct kbi_builder *b, const char *name, size_t about)
{
	kb_step *step = b->has_failed ? NULL : kb_step_new(b->kb, name);

	if (step)
		kbi_builder_params(b, step, about);
	return step;
}

kb_task *
kbi_builder_add(struct kbi_builder *b, size_t at, const char *name, size_t about)
{
	kb_step *shared = find_shared(b, name), *step = shared ? shared : new_step(b, name, about);
	kb_task *task = NULL;

	if (step && !b->has_failed)
		task = kb_plan_add(b->plan, b->hosts[at], step);	/* copies share what it has */
	if (step && !shared && b->shared_count < KBI_SHARED_MAX && kbi_builder_is_for_all(name))
		b->shared[b->shared_count++] = step;
	else if (!shared)
		kb_step_free(step);
	b->has_failed |= !task;
	return task;
}

void
kbi_builder_after(struct kbi_builder *b, kb_task *task, kb_task *before)
{
	if (!b->has_failed)
		kbi_builder_ask(b, kb_plan_after(b->plan, task, before));
}

void
kbi_builder_bind(struct kbi_builder *b, kb_task *task, const char *param, kb_task *from, const char *output)
{
	if (!b->has_failed)
		kbi_builder_ask(b, kb_plan_bind(b->plan, task, param, from, output));
}

kb_plan *
kbi_builder_end(struct kbi_builder *b)
{
	for (size_t i = 0; i < b->spec->host_count; i++) {
		if (b->hosts)
			kb_host_free(b->hosts[i]);	/* the plan holds those it needs */
		if (b->addresses)
			free(b->addresses[i]);
	}
	for (size_t i = 0; i < b->shared_count; i++)
		kb_step_free(b->shared[i]);
	free(b->hosts);
	free(b->addresses);
	if (!b->has_failed)
		return b->plan;
	kb_plan_free(b->plan);
	return NULL;
}
