/* SPDX-License-Identifier: Apache-2.0 */
#include "step.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/ctx.h"
#include "base/secrets.h"
#include "base/str.h"
#include "catalogue.h"

#define SCRIPT_MAX ((size_t)256 << 10)

static struct kb_step *
alloc_step(struct kb_ctx *kb, const struct kbi_step_def *def, const char *name)
{
	struct kb_step *step = calloc(1, sizeof(*step));
	if (!step || !(step->name = strdup(name))) {
		free(step);
		return NULL;
	}
	atomic_init(&step->refs, 1);
	step->def = def;
	step->kb = kb;
	kbi_ctx_ref(kb);
	return step;
}

static struct kb_step *
new_step(struct kb_ctx *kb, const char *name)
{
	const struct kbi_step_def *def = kbi_step_def_find(name);
	if (!def) {
		const char *near = kbi_step_def_nearest(name);
		kbi_fail(&kb->error, KB_EINVAL, "no such step: %s%s%s%s", name ? name : "NULL", near ? " (the nearest is " : "",
			 near ? near : "", near ? ")" : "");
		return NULL;
	}
	struct kb_step *step = alloc_step(kb, def, name);
	if (!step)
		kbi_fail_memory(&kb->error);
	return step;
}

kb_step *
kb_step_new(kb_ctx *kb, const char *name)
{
	if (kbi_enter(kb))
		return NULL;
	struct kb_step *step = new_step(kb, name);
	kbi_leave(kb);
	return step;
}

static bool
is_step_name(const char *name)
{
	if (!kbi_str_is_set(name) || strlen(name) > 100)
		return false;
	for (const char *p = name; *p; p++)
		if (!islower((unsigned char)*p) && !isdigit((unsigned char)*p) && !strchr(".-", *p))
			return false;
	return true;
}

static struct kb_step *
new_script(struct kb_ctx *kb, const char *name, const char *probe, const char *apply)
{
	if (!is_step_name(name) || !probe) {
		kbi_fail(&kb->error, KB_EINVAL, "step %s: %s", name ? name : "NULL",
			 probe ? "a name is of lower-case letters, digits, '.' and '-'" : "a script needs a probe");
		return NULL;
	}
	if (strlen(probe) + (apply ? strlen(apply) : 0) > SCRIPT_MAX) {
		kbi_fail(&kb->error, KB_ETOOBIG, "step %s: its scripts are over 256 KiB", name);
		return NULL;
	}
	struct kb_step *step = alloc_step(kb, apply ? &kbi_step_own : &kbi_step_own_probe, name);
	if (step && (step->probe = strdup(probe)) && (!apply || (step->apply = strdup(apply))))
		return step;
	kbi_fail_memory(&kb->error);
	kb_step_free(step);
	return NULL;
}

kb_step *
kb_step_script(kb_ctx *kb, const char *name, const char *probe, const char *apply)
{
	if (kbi_enter(kb))
		return NULL;
	struct kb_step *step = new_script(kb, name, probe, apply);
	kbi_leave(kb);
	return step;
}

struct kb_step *
kbi_step_copy(struct kb_step *step)
{
	struct kb_step *original = step->original ? step->original : step;
	struct kb_step *copy = malloc(sizeof(*copy));
	if (!copy)
		return NULL;
	*copy = (struct kb_step){ .kb = step->kb, .original = original, .def = step->def, .name = step->name, .probe = step->probe,
		.apply = step->apply };
	atomic_init(&copy->refs, 1);
	atomic_fetch_add(&original->refs, 1);
	kbi_ctx_ref(step->kb);
	if (!kbi_map_copy(&copy->args, &step->args) && !kbi_secrets_add_map(step->kb->secrets, &copy->args))
		return copy;
	kb_step_free(copy);
	return NULL;
}

bool
kbi_step_is_own(const struct kb_step *step)
{
	return step->probe != NULL;
}

static bool
is_shell_name(const char *name)
{
	if (!kbi_str_is_set(name) || strlen(name) > 100 || isdigit((unsigned char)*name) || kbi_str_starts(name, "kb_"))
		return false;
	for (const char *p = name; *p; p++)
		if (!isalnum((unsigned char)*p) && *p != '_' && *p != '-')
			return false;
	return true;
}

bool
kbi_step_has_param(const struct kb_step *step, const char *name)
{
	if (kbi_step_is_own(step))
		return is_shell_name(name);
	return kbi_step_def_param(step->def, name) != NULL;
}

bool
kbi_step_has_output(const struct kb_step *step, const char *name)
{
	if (kbi_step_is_own(step))
		return kbi_str_is_set(name);
	return kbi_step_def_output(step->def, name) != NULL;
}

static bool
are_bytes(const void *data, size_t size_bytes, const char *text)	/* data need not end with a NUL */
{
	return size_bytes == strlen(text) && memcmp(data, text, size_bytes) == 0;
}

static kb_status
check_value(const struct kb_step *step, const char *name, const void *data, size_t size_bytes, struct kb_err *err)
{
	const struct kbi_param *param = kbi_step_def_param(step->def, name);
	if (!kbi_step_has_param(step, name)) {
		const char *near = kbi_step_param_nearest(step->def, name);
		return kbi_fail(err, KB_EINVAL, "%s: no such parameter: %s%s%s%s", step->name, name ? name : "NULL",
				near ? " (the nearest is " : "", near ? near : "", near ? ")" : "");
	}
	if (size_bytes > KBI_SIZE_TEXT)
		return kbi_fail(err, KB_ETOOBIG, "%s: %s is over 1 MiB", step->name, name);
	if (memchr(data, '\0', size_bytes))
		return kbi_fail(err, KB_EINVAL, "%s: %s holds a NUL", step->name, name);
	if (param && (param->flags & KBI_YES_NO) && !are_bytes(data, size_bytes, "yes") && !are_bytes(data, size_bytes, "no"))
		return kbi_fail(err, KB_EINVAL, "%s: %s is \"%.*s\", and must be yes or no", step->name, name,
				size_bytes > 100 ? 100 : (int)size_bytes, (const char *)data);
	return KB_OK;
}

static void
forget(struct kb_step *step, const char *name)	/* its secret value is none any more */
{
	const struct kbi_entry *e = NULL;
	while ((e = kbi_map_next(&step->args, name, e)))
		if (e->secret)
			kbi_secrets_drop(step->kb->secrets, e->value, e->size_bytes);
}

/* In the place of what it was */
static kb_status
set_secret(struct kb_step *step, const char *name, const void *data, size_t size_bytes, struct kb_err *err)
{
	if (kbi_secrets_add(step->kb->secrets, data, size_bytes))
		return kbi_fail_memory(err);
	forget(step, name);
	return kbi_map_set_secret(&step->args, name, data, size_bytes) ? kbi_fail_memory(err) : KB_OK;
}

static kb_status
set(struct kb_step *step, const char *name, const char *value, struct kb_err *err)
{
	kb_status status = check_value(step, name, value ? value : "no", value ? strlen(value) : 2, err);
	if (status)
		return status;
	const struct kbi_param *param = kbi_step_def_param(step->def, name);
	if (value && param && (param->flags & KBI_SECRET))
		return set_secret(step, name, value, strlen(value), err);
	forget(step, name);
	if (!value)
		return kbi_map_remove(&step->args, name);
	return kbi_map_set(&step->args, name, value) ? kbi_fail_memory(err) : KB_OK;
}

kb_status
kb_step_set(kb_step *step, const char *name, const char *value)
{
	kb_status status = kbi_enter(step ? step->kb : NULL);
	if (status)
		return status;
	status = set(step, name, value, &step->kb->error);
	kbi_leave(step->kb);
	return status;
}

static kb_status
add(struct kb_step *step, const char *name, const char *value, struct kb_err *err)
{
	if (!value)
		return kbi_fail(err, KB_EINVAL, "%s: %s: NULL cannot be added", step->name, name ? name : "NULL");
	kb_status status = check_value(step, name, value, strlen(value), err);
	if (status)
		return status;
	const struct kbi_param *param = kbi_step_def_param(step->def, name);
	if (param && !(param->flags & KBI_LIST))
		return kbi_fail(err, KB_EINVAL, "%s: %s takes one value, not a list", step->name, name);
	return kbi_map_add(&step->args, name, value) ? kbi_fail_memory(err) : KB_OK;
}

kb_status
kb_step_add(kb_step *step, const char *name, const char *value)
{
	kb_status status = kbi_enter(step ? step->kb : NULL);
	if (status)
		return status;
	status = add(step, name, value, &step->kb->error);
	kbi_leave(step->kb);
	return status;
}

kb_status
kb_step_set_secret(kb_step *step, const char *name, const void *data, size_t size_bytes)
{
	kb_status status = kbi_enter(step ? step->kb : NULL);
	if (status)
		return status;
	struct kb_err *err = &step->kb->error;
	if (!data)
		status = set(step, name, NULL, err);
	else if (!(status = check_value(step, name, data, size_bytes, err)))
		status = set_secret(step, name, data, size_bytes, err);
	kbi_leave(step->kb);
	return status;
}

const char *
kb_step_name(const kb_step *step)
{
	return step ? step->name : "";
}

void
kb_step_free(kb_step *step)
{
	if (!step || atomic_fetch_sub(&step->refs, 1) > 1)
		return;
	struct kb_ctx *kb = step->kb;
	kbi_secrets_drop_map(kb->secrets, &step->args);
	if (step->original) {
		kb_step_free(step->original);
	} else {
		free(step->name);
		free(step->probe);
		free(step->apply);
	}
	kbi_map_free(&step->args);
	free(step);
	kbi_ctx_unref(kb);
}

static kb_status
add_fallback(struct kbi_map *args, const struct kbi_param *param)
{
	if (!(param->flags & KBI_LIST))
		return kbi_map_set(args, param->name, param->fallback);
	kb_status status = KB_OK;
	char *words = strdup(param->fallback), *at = words, *word;
	if (!words)
		return KB_ENOMEM;
	while (!status && (word = strsep(&at, " ")))
		if (*word)
			status = kbi_map_add(args, param->name, word);
	free(words);
	return status;
}

kb_status
kbi_step_args(const struct kb_step *step, struct kbi_map *args)
{
	kb_status status = kbi_map_copy(args, &step->args);
	const struct kbi_param *param = step->def->params;
	for (; !status && param && param->name; param++)
		if (param->fallback && !kbi_map_has(&step->args, param->name))
			status = add_fallback(args, param);
	return status;
}

kb_status
kbi_step_check(const struct kb_step *step, const struct kbi_map *bound, struct kb_err *err)
{
	struct kbi_map args = { 0 };
	kb_status status = KB_OK;
	const struct kbi_param *param = step->def->params;
	for (; !status && param && param->name; param++)
		if ((param->flags & KBI_REQUIRED) && !kbi_map_has(&step->args, param->name) && !kbi_map_has(bound, param->name))
			status = kbi_fail(err, KB_EINVAL, "%s: the parameter %s is missing", step->name, param->name);
	if (!status && kbi_step_args(step, &args))
		status = kbi_fail_memory(err);
	for (size_t i = 0; !status && i < bound->count; i++)	/* what comes later must not look missing to check() */
		if (kbi_map_set(&args, bound->entries[i].name, ""))
			status = kbi_fail_memory(err);
	if (!status && step->def->check)
		status = step->def->check(&args, err);
	if (status)
		kbi_err_where(err, NULL, step->name);
	kbi_map_free(&args);
	return status;
}
