/* SPDX-License-Identifier: Apache-2.0 */
#include "script.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/sh.h"
#include "base/str.h"
#include "steps/scripts.h"

#define INPUT "input"

static void
set(struct kbi_buf *out, const char *name, const char *text)
{
	kbi_sh_set(out, name, text, strlen(text));
}

static const char *const preludes[] = { kbi_script_prelude, kbi_script_supervise, kbi_script_host_lock, kbi_script_journal };

#define PRELUDES_TO_ASK 2	/* the first of them: enough for who only asks */

/* A script with a part missing is never sent. */
static void
take_failure(struct kbi_buf *out, const struct kbi_buf *part)
{
	if (kbi_buf_failed(part) && !out->failed)
		out->failed = kbi_buf_failed(part);
}

void
kbi_script_begin(struct kbi_buf *out, const struct kbi_script_me *me)
{
	struct kbi_buf prelude = KBI_BUF(KBI_SIZE_TEXT);
	for (size_t i = 0; i < (me->has_lock ? sizeof(preludes) / sizeof(preludes[0]) : PRELUDES_TO_ASK); i++)
		kbi_buf_add(&prelude, preludes[i]);
	set(out, "kb_me", me->who);
	set(out, "kb_nonce", me->nonce);
	set(out, "kb_word", me->word);
	set(out, "kb_live", me->live);
	set(out, "kb_way", me->way);
	set(out, "kb_prelude", kbi_buf_text(&prelude));
	kbi_buf_add(out, "eval \"$kb_prelude\"\n");
	if (me->is_apply)
		kbi_buf_add(out, "kb_open_lock\n");
	take_failure(out, &prelude);
	kbi_buf_free(&prelude);
}

void
kbi_script_add_step(struct kbi_buf *out, size_t number, const struct kb_step *step)
{
	struct kbi_buf text = KBI_BUF(KBI_SIZE_TEXT);
	char name[40];
	snprintf(name, sizeof(name), "kb_text_%zu", number);
	if (kbi_step_is_own(step)) {
		set(&text, "kb_own_probe", step->probe);
		if (step->apply)
			set(&text, "kb_own_apply", step->apply);
	}
	kbi_buf_add(&text, step->def->script);
	set(out, name, kbi_buf_text(&text));
	take_failure(out, &text);
	kbi_buf_free(&text);
}

void
kbi_script_add_library(struct kbi_buf *out, size_t number, const struct kb_step *step)
{
	char name[40];
	snprintf(name, sizeof(name), "kb_library_%zu", number);
	set(out, name, step->def->library);
}

/* name='value'; the values of a list one a line, in one variable */
static void
assign_all(struct kbi_buf *out, const char *prefix, const struct kbi_map *map)
{
	struct kbi_buf name = KBI_BUF(300), value = KBI_BUF(KBI_SCRIPT_MAX);
	value.secret = out->secret;
	for (size_t i = 0; map && i < map->count; i++) {
		const struct kbi_entry *first = &map->entries[i], *e = first;
		if (kbi_map_find(map, first->name) != first || (*prefix && kbi_str_is(first->name, INPUT)))
			continue;
		kbi_buf_truncate(&name, 0);
		kbi_buf_truncate(&value, 0);
		kbi_buf_add_format(&name, "%s%s", prefix, first->name);
		kbi_buf_add_bytes(&value, first->value, first->size_bytes);
		while ((e = kbi_map_next(map, first->name, e))) {
			kbi_buf_add_char(&value, '\n');
			kbi_buf_add_bytes(&value, e->value, e->size_bytes);
		}
		if (kbi_buf_failed(&name) || kbi_buf_failed(&value))
			break;
		if (kbi_sh_set(out, kbi_buf_text(&name), kbi_buf_text(&value), value.size_bytes) && !out->failed)
			out->failed = KB_EINVAL;
	}
	take_failure(out, &name);
	take_failure(out, &value);
	kbi_buf_free(&name);
	kbi_buf_free(&value);
}

/* What the host is told: the controller's own parameters (a CA file of its disk) stay here */
static void
assign_args(struct kbi_buf *out, const struct kbi_script_call *call)
{
	struct kbi_map sent = { 0 };
	for (size_t i = 0; i < call->args->count; i++) {
		const struct kbi_entry *e = &call->args->entries[i];
		const struct kbi_param *param = kbi_step_def_param(call->step->def, e->name);
		if (param && (param->flags & KBI_LOCAL))
			continue;
		if (kbi_map_add_bytes(&sent, e->name, e->value, e->size_bytes))
			out->failed = KB_ENOMEM;
	}
	assign_all(out, "", &sent);
	for (size_t i = 0; i < sent.count; i++)
		sent.entries[i].secret = true;	/* wiped below, whatever it was */
	kbi_map_free(&sent);
}

static void
assign_for_apply(struct kbi_buf *out, const struct kbi_script_call *call)
{
	assign_args(out, call);
	assign_all(out, "want_", call->wants);
	assign_all(out, "made_", call->made);
}

static void
add_texts(struct kbi_buf *out, const struct kbi_script_call *call)	/* TEXT [LIBRARY], as the functions of supervise.sh take them */
{
	kbi_buf_add_format(out, " %zu", call->number);
	if (call->step->def->library)
		kbi_buf_add_format(out, " %zu", call->library_number);
}

/* The session's own shell learns what is shared; the probe itself runs beneath it, as all do. */
void
kbi_script_probe(struct kbi_buf *out, const struct kbi_script_call *call)
{
	const char *share = call->step->def->share;

	out->secret = true;
	if (share)
		kbi_buf_add_format(out, "kb_share %" PRIu64 " %zu %s\n(\n", call->together, call->library_number, share);
	assign_args(out, call);
	kbi_buf_add(out, "kb_probe");
	add_texts(out, call);
	if (share)
		kbi_buf_add(out, "\n)");
}

/* The assignments go into a shell of their own there: as one word */
static void
call_long(struct kbi_buf *out, const struct kbi_script_call *call, size_t input_bytes)
{
	struct kbi_buf vars = KBI_BUF(KBI_SCRIPT_MAX);
	vars.secret = true;
	assign_for_apply(&vars, call);
	set(out, "kb_vars", kbi_buf_text(&vars));
	take_failure(out, &vars);
	kbi_buf_free(&vars);
	kbi_buf_add_format(out, "kb_long %s %s %zu", call->journal, call->step->name, input_bytes);
}

void
kbi_script_apply(struct kbi_buf *out, const struct kbi_script_call *call)
{
	const struct kbi_entry *input = call->made ? kbi_map_find(call->made, INPUT) : NULL;
	out->secret = true;
	if (call->step->def->flags & KBI_STEP_LONG) {
		call_long(out, call, input ? input->size_bytes : 0);
	} else {
		assign_for_apply(out, call);
		if (input)
			kbi_buf_add_format(out, "kb_apply_input %zu", input->size_bytes);
		else
			kbi_buf_add(out, "kb_apply");
	}
	add_texts(out, call);
}

void
kbi_script_attach(struct kbi_buf *out, const char *journal, uint64_t offset)
{
	kbi_buf_add_format(out, "kb_attach %s %" PRIu64 "\n", journal, offset);
}

void
kbi_script_forget(struct kbi_buf *out, const char *journal)
{
	kbi_buf_add_format(out, "kb_forget %s\n", journal);
}

void
kbi_script_lock(struct kbi_buf *out, int64_t wait_s, const char *journal)
{
	kbi_buf_add_format(out, "kb_take_lock %" PRId64 " %s\n", wait_s, journal);
}

void
kbi_script_look_at_lock(struct kbi_buf *out)
{
	kbi_buf_add(out, "kb_lock_seen\n");
}
