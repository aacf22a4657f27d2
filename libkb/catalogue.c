/* SPDX-License-Identifier: Apache-2.0 */
/* What steps there are, and what they take and give. */
#include "catalogue.h"

#include <string.h>

#include "base/nearest.h"
#include "base/str.h"

const struct kbi_step_def *
kbi_step_def_at(size_t index)
{
	for (size_t i = 0; kbi_step_defs[i]; i++)
		if (i == index)
			return kbi_step_defs[i];
	return NULL;
}

const struct kbi_step_def *
kbi_step_def_find(const char *name)
{
	for (size_t i = 0; kbi_step_defs[i]; i++)
		if (kbi_str_is(kbi_step_defs[i]->name, name))
			return kbi_step_defs[i];
	return NULL;
}

const struct kbi_param *
kbi_step_def_param(const struct kbi_step_def *def, const char *name)
{
	for (const struct kbi_param *p = def ? def->params : NULL; p && p->name; p++)
		if (kbi_str_is(p->name, name))
			return p;
	return NULL;
}

const struct kbi_output *
kbi_step_def_output(const struct kbi_step_def *def, const char *name)
{
	for (const struct kbi_output *o = def ? def->outputs : NULL; o && o->name; o++)
		if (kbi_str_is(o->name, name))
			return o;
	return NULL;
}

const char *
kbi_step_def_nearest(const char *name)
{
	struct kbi_nearest nearest = kbi_nearest(name);
	for (size_t i = 0; kbi_step_defs[i]; i++)
		kbi_nearest_try(&nearest, kbi_step_defs[i]->name);
	return nearest.best;
}

const char *
kbi_step_param_nearest(const struct kbi_step_def *def, const char *name)
{
	struct kbi_nearest nearest = kbi_nearest(name);
	for (const struct kbi_param *p = def ? def->params : NULL; p && p->name; p++)
		kbi_nearest_try(&nearest, p->name);
	return nearest.best;
}

const char *
kb_step_def_name(size_t index)
{
	const struct kbi_step_def *def = kbi_step_def_at(index);
	return def ? def->name : NULL;
}

const char *
kb_step_def_summary(const char *step)
{
	const struct kbi_step_def *def = kbi_step_def_find(step);
	return def ? def->summary : NULL;
}

const char *
kb_step_param_name(const char *step, size_t index)
{
	const struct kbi_step_def *def = kbi_step_def_find(step);
	const struct kbi_param *p = def ? def->params : NULL;
	while (p && p->name && index--)
		p++;
	return p ? p->name : NULL;
}

const char *
kb_step_param_doc(const char *step, const char *param)
{
	const struct kbi_param *p = kbi_step_def_param(kbi_step_def_find(step), param);
	return p ? p->doc : NULL;
}

const char *
kb_step_param_default(const char *step, const char *param)
{
	const struct kbi_param *p = kbi_step_def_param(kbi_step_def_find(step), param);
	return p ? p->fallback : NULL;
}

static int
has_flag(const char *step, const char *param, unsigned flag)
{
	const struct kbi_param *p = kbi_step_def_param(kbi_step_def_find(step), param);
	return p ? (p->flags & flag) != 0 : KB_EINVAL;
}

int
kb_step_param_is_list(const char *step, const char *param)
{
	return has_flag(step, param, KBI_LIST);
}

int
kb_step_param_is_required(const char *step, const char *param)
{
	return has_flag(step, param, KBI_REQUIRED);
}

int
kb_step_param_is_secret(const char *step, const char *param)
{
	return has_flag(step, param, KBI_SECRET);
}

const char *
kb_step_output_name(const char *step, size_t index)
{
	const struct kbi_step_def *def = kbi_step_def_find(step);
	const struct kbi_output *o = def ? def->outputs : NULL;
	while (o && o->name && index--)
		o++;
	return o ? o->name : NULL;
}

const char *
kb_step_output_doc(const char *step, const char *output)
{
	const struct kbi_output *o = kbi_step_def_output(kbi_step_def_find(step), output);
	return o ? o->doc : NULL;
}
