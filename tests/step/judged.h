/* SPDX-License-Identifier: Apache-2.0 */
/* One judgement: a step's parameters as a caller sets them, facts as a probe prints them, and what the judge makes of the two. */
#ifndef KB_TEST_JUDGED_H
#define KB_TEST_JUDGED_H

#include "unit.h"

#include "base/str.h"
#include "change.h"
#include "facts.h"
#include "step.h"

struct judged {
	kb_ctx *kb;
	kb_step *step;
	struct kbi_map args, facts, made;
	struct kbi_judge judge;
	kb_status status;
	int verdict;
};

/* params: lines of "NAME=VALUE", a list's values one after another. What kbi_step_check() says of them is the status. */
static inline void
judged_new(struct judged *j, const char *step, const char *params)
{
	const char *at = params, *end = params + strlen(params), *line;
	size_t bytes;

	*j = (struct judged){ .kb = kb_new() };
	j->step = kb_step_new(j->kb, step);
	assert_non_null(j->step);
	while ((at = kbi_str_line(at, end, &line, &bytes))) {
		char *name = strndup(line, bytes), *value = strchr(name, '=');
		assert_non_null(value);
		*value++ = '\0';
		kb_status status = kb_step_param_is_list(step, name) == 1 ? kb_step_add(j->step, name, value) : kb_step_set(j->step, name, value);
		if (status)
			fail_msg("%s: %s=%s: %s", step, name, value, kb_err_name(status));
		free(name);
	}
	j->status = kbi_step_check(j->step, &(struct kbi_map){ 0 }, &j->judge.err);
	assert_int_equal(kbi_step_args(j->step, &j->args), KB_OK);
}

static inline void
judged_fact(struct judged *j, const char *name, const char *value)
{
	assert_int_equal(kbi_map_add(&j->facts, name, value), KB_OK);
}

/* A file as fact_file tells of it. */
static inline void
judged_file(struct judged *j, const char *name, const char *text, const char *mode)
{
	char key[100];

	snprintf(key, sizeof(key), "%s.type", name);
	judged_fact(j, key, text ? "file" : "absent");
	if (!text)
		return;
	snprintf(key, sizeof(key), "%s.mode", name);
	judged_fact(j, key, mode);
	judged_fact(j, name, text);
}

/* What a probe printed, as the engine reads it. */
static inline void
judged_facts(struct judged *j, const char *text)
{
	assert_int_equal(kbi_facts_parse(text, strlen(text), &j->facts), KB_OK);
}

/* The verdict is worked out as the engine does it. */
static inline int
judged_run(struct judged *j)
{
	bool is_after = j->judge.is_after_apply, is_dry = j->judge.is_dry;

	kbi_judge_free(&j->judge);
	j->judge = (struct kbi_judge){ .args = &j->args, .facts = &j->facts, .made = &j->made,
		.is_after_apply = is_after, .is_dry = is_dry };
	j->status = j->step->def->judge(&j->judge);
	assert_false(j->judge.has_failed);
	j->verdict = j->judge.verdict;
	if (j->verdict == KB_VERDICT_NONE) {
		j->verdict = j->judge.change_count ? KB_ABSENT : KB_PRESENT;
		for (size_t i = 0; i < j->judge.change_count; i++)
			if (j->judge.changes[i].before)
				j->verdict = KB_DIFFERS;
	}
	return j->status ? j->status : j->verdict;
}

static inline const struct kbi_change *
judged_change(const struct judged *j, const char *name)
{
	for (size_t i = 0; i < j->judge.change_count; i++)
		if (kbi_str_is(j->judge.changes[i].name, name))
			return &j->judge.changes[i];
	return NULL;
}

static inline const char *
judged_after(const struct judged *j, const char *name)
{
	const struct kbi_change *change = judged_change(j, name);

	return change ? change->after : "no change";
}

static inline const char *
judged_note(const struct judged *j, const char *id)
{
	for (size_t i = 0; i < j->judge.note_count; i++)
		if (kbi_str_is(j->judge.notes[i].id, id))
			return j->judge.notes[i].text;
	return NULL;
}

static inline const char *
judged_want(const struct judged *j, const char *name)
{
	return kbi_map_get(&j->judge.wants, name);
}

static inline const char *
judged_output(const struct judged *j, const char *name)
{
	return kbi_map_get_or(&j->judge.outputs, name, "");
}

static inline void
judged_free(struct judged *j)
{
	kbi_judge_free(&j->judge);
	kbi_map_free(&j->args);
	kbi_map_free(&j->facts);
	kbi_map_free(&j->made);
	kb_step_free(j->step);
	kb_free(j->kb);
}

/* The parameters alone are refused: this code, this id (NULL: not asked), these words somewhere in the cause. */
static inline void
judged_refuses(const char *step, const char *params, kb_status code, const char *id, const char *words)
{
	struct judged j;

	judged_new(&j, step, params);
	if (j.status != code || (id && !kbi_str_is(j.judge.err.id, id)) || !strstr(j.judge.err.cause ? j.judge.err.cause : "", words))
		fail_msg("%s %s: %s, %s, \"%s\"", step, params, kb_err_name(j.status), j.judge.err.id ? j.judge.err.id : "no id",
			j.judge.err.cause ? j.judge.err.cause : "");
	judged_free(&j);
}

#endif
