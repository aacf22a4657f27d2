/* SPDX-License-Identifier: Apache-2.0 */
/* What a step's judge writes its answer with. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/scarce.h"
#include "base/str.h"
#include "change.h"
#include "steps/step.h"

#define SHOWN_MAX 4096

const char *
kbi_judge_arg(const struct kbi_judge *judge, const char *name)
{
	return kbi_map_get_or(judge->args, name, "");
}

const char *
kbi_judge_fact(const struct kbi_judge *judge, const char *name)
{
	return kbi_map_get_or(judge->facts, name, "");
}

bool
kbi_judge_fact_is(const struct kbi_judge *judge, const char *name, const char *value)
{
	return kbi_str_is(kbi_map_get(judge->facts, name), value);
}

static void
add_change(struct kbi_judge *judge, const struct kbi_change *change)
{
	struct kbi_change *more = realloc(judge->changes, (judge->change_count + 1) * sizeof(*more));
	if (!more) {
		judge->has_failed = true;
		return;
	}
	judge->changes = more;
	if (kbi_change_copy(&more[judge->change_count], change))
		judge->has_failed = true;
	else
		judge->change_count++;
}

static const char *
sub_fact(const struct kbi_judge *judge, const char *name, const char *what)
{
	struct kbi_buf key = KBI_BUF(300);
	kbi_buf_add_format(&key, "%s.%s", name, what);
	const char *value = kbi_map_get_or(judge->facts, kbi_buf_text(&key), "");
	kbi_buf_free(&key);
	return value;
}

static void
want(struct kbi_judge *judge, const char *name, const char *value, bool secret)
{
	kb_status status = secret ? kbi_map_set_secret(&judge->wants, name, value, strlen(value)) :
		kbi_map_set(&judge->wants, name, value);
	if (status)
		judge->has_failed = true;
}

static bool
judge_file(struct kbi_judge *judge, const char *name, const char *path, const char *wanted, const char *mode, bool secret)
{
	const char *type = sub_fact(judge, name, "type"), *now_mode = sub_fact(judge, name, "mode");
	const struct kbi_entry *now = kbi_map_find(judge->facts, name);
	bool is_there = kbi_str_is(type, "file") || (kbi_str_is(type, "link") && *now_mode);	/* a link to no file has no mode */
	bool is_same_mode = !mode || !is_there || kbi_str_is(now_mode, mode);
	size_t wanted_bytes = wanted ? strlen(wanted) : 0;
	struct kbi_change change = { .kind = (char *)"file", .name = (char *)path, .secret = secret };

	/* the probe did not say how it is, or where, or what is in it: that is no answer */
	if (!kbi_str_is_set(type) || !kbi_str_is_set(path) || (is_there && !now)) {
		kbi_judge_say(judge, KB_UNKNOWN, "%s was not looked at", kbi_str_is_set(path) ? path : name);
		return false;
	}
	if (!wanted && !is_there && kbi_str_is(type, "absent"))
		return false;
	if (wanted && is_there && now->size_bytes == wanted_bytes && memcmp(now->value, wanted, wanted_bytes) == 0) {
		if (is_same_mode)
			return false;
		kbi_judge_value(judge, "mode", path, now_mode, mode);
		want(judge, name, wanted, secret);
		return true;
	}
	if (is_there) {
		change.before = now->value;
		change.before_bytes = now->size_bytes;
	}
	if (wanted) {
		change.after = (char *)wanted;
		change.after_bytes = wanted_bytes;
		want(judge, name, wanted, secret);
	}
	add_change(judge, &change);
	return true;
}

bool
kbi_judge_file(struct kbi_judge *judge, const char *name, const char *path, const char *wanted, const char *mode)
{
	return judge_file(judge, name, path, wanted, mode, false);
}

bool
kbi_judge_secret_file(struct kbi_judge *judge, const char *name, const char *path, const char *wanted, const char *mode)
{
	return judge_file(judge, name, path, wanted, mode, true);
}

bool
kbi_judge_value(struct kbi_judge *judge, const char *kind, const char *name, const char *before, const char *after)
{
	if (kbi_str_is(before, after))
		return false;
	struct kbi_change change = { .kind = (char *)kind, .name = (char *)name, .before = (char *)before, .after = (char *)after };
	change.before_bytes = before ? strlen(before) : 0;
	change.after_bytes = after ? strlen(after) : 0;
	add_change(judge, &change);
	return true;
}

void
kbi_judge_want(struct kbi_judge *judge, const char *name, const char *value)
{
	want(judge, name, value, false);
}

void
kbi_judge_want_secret(struct kbi_judge *judge, const char *name, const char *value)
{
	want(judge, name, value, true);
}

void
kbi_judge_output(struct kbi_judge *judge, const char *name, const char *value)
{
	if (kbi_map_set(&judge->outputs, name, value))
		judge->has_failed = true;
}

void
kbi_judge_output_secret(struct kbi_judge *judge, const char *name, const char *value)
{
	if (kbi_map_set_secret(&judge->outputs, name, value, strlen(value)))
		judge->has_failed = true;
}

/* What is shown, and no more of it: a host may say much. */
static struct kbi_buf
format_shown(const char *format, va_list args)
{
	struct kbi_buf text = KBI_BUF(KBI_SIZE_LARGE);

	kbi_buf_add_vformat(&text, format, args);
	if (text.size_bytes > SHOWN_MAX)
		kbi_buf_truncate(&text, SHOWN_MAX);
	return text;
}

void
kbi_judge_note(struct kbi_judge *judge, int severity, const char *id, const char *format, ...)
{
	struct kbi_note *more = realloc(judge->notes, (judge->note_count + 1) * sizeof(*more));
	va_list args;
	va_start(args, format);
	struct kbi_buf text = format_shown(format, args);
	va_end(args);
	if (more) {
		judge->notes = more;
		struct kbi_note *note = &more[judge->note_count++];
		*note = (struct kbi_note){ .severity = severity, .id = strdup(id), .text = kbi_buf_take(&text) };
	}
	if (!more || !judge->notes[judge->note_count - 1].id || !judge->notes[judge->note_count - 1].text)
		judge->has_failed = true;
	kbi_buf_free(&text);
}

kb_status
kbi_judge_say(struct kbi_judge *judge, int verdict, const char *format, ...)
{
	va_list args;
	judge->verdict = verdict;
	va_start(args, format);
	kbi_vfail(&judge->err, KB_OK, format, args);	/* only the text: saying is no failure */
	va_end(args);
	return KB_OK;
}

kb_status
kbi_judge_fail(struct kbi_judge *judge, kb_status code, const char *id, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	kbi_vfail(&judge->err, code, format, args);
	va_end(args);
	kbi_err_id(&judge->err, id);
	return code;
}

void
kbi_judge_fix(struct kbi_judge *judge, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	struct kbi_buf text = format_shown(format, args);
	va_end(args);
	kbi_err_fix(&judge->err, "%s", kbi_buf_text(&text));
	kbi_buf_free(&text);
}

void
kbi_judge_evidence(struct kbi_judge *judge, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	struct kbi_buf text = format_shown(format, args);
	va_end(args);
	kbi_err_evidence(&judge->err, "%s", kbi_buf_text(&text));
	kbi_buf_free(&text);
}

kb_status
kbi_judge_ask(const struct kbi_step_def *def, struct kbi_judge *judge)
{
	unsigned before = kbi_scarce_count();
	kb_status status = def->judge(judge);
	bool has_failed = judge->has_failed || kbi_scarce_count() != before;
	judge->has_failed = has_failed;
	if (has_failed)
		judge->verdict = KB_UNKNOWN;
	return has_failed ? kbi_fail_memory(&judge->err) : status;
}

void
kbi_judge_forget(struct kbi_judge *judge)
{
	const struct kbi_judge asked = { .args = judge->args, .facts = judge->facts, .made = judge->made, .is_after_apply = judge->is_after_apply,
		.is_dry = judge->is_dry, .verdict = KB_UNKNOWN, .has_failed = true };
	kbi_judge_free(judge);
	*judge = asked;
}

void
kbi_judge_free(struct kbi_judge *judge)
{
	kbi_changes_free(judge->changes, judge->change_count);
	kbi_notes_free(judge->notes, judge->note_count);
	kbi_map_free(&judge->wants);
	kbi_map_free(&judge->outputs);
	kbi_err_clear(&judge->err);
	*judge = (struct kbi_judge){ 0 };
}
