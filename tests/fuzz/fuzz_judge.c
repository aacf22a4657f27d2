/* SPDX-License-Identifier: Apache-2.0 */
/* Every step's judge on arbitrary facts, and so every reader of what a host's tools print. A line with the step's name, lines of
 * PARAM=VALUE, a line "%%", the facts as a script prints them, and perhaps a line "%%" and what prepare made, in the same form. The same
 * facts give the same answer; a change has a name; what was not asked, or not answered, is never a reason to write. */
#include "fuzz.h"

#include "base/str.h"
#include "catalogue.h"
#include "change.h"
#include "facts.h"
#include "step.h"

struct answer {
	kb_status status;
	struct kbi_judge judge;
};

/* The first line is the name of a step, or any text: then its length chooses. */
static const struct kbi_step_def *
step_of(const char *name)
{
	const struct kbi_step_def *def = kbi_step_def_find(name);
	size_t count = 0;

	while (kbi_step_def_at(count))
		count++;
	return def ? def : kbi_step_def_at(((size_t)(unsigned char)*name + strlen(name)) % count);
}

static void
set_params(kb_step *step, const struct kbi_step_def *def, char *text)
{
	char *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *value = strchr(line, '=');
		if (!value)
			continue;
		*value++ = '\0';
		const struct kbi_param *param = kbi_step_def_param(def, line);
		if (param && param->flags & KBI_SECRET)
			kb_step_set_secret(step, line, value, strlen(value));
		else if (param && param->flags & KBI_LIST)
			kb_step_add(step, line, value);
		else if (param)
			kb_step_set(step, line, value);
	}
}

static void
check_answer(const struct answer *a)
{
	const struct kbi_judge *judge = &a->judge;
	struct kbi_buf shown = KBI_BUF(KBI_SIZE_LARGE);

	FUZZ_CHECK(!judge->has_failed);
	FUZZ_CHECK(a->status <= 0 && judge->verdict >= KB_VERDICT_NONE && judge->verdict <= KB_UNKNOWN);
	FUZZ_CHECK(!a->status || kbi_str_is_set(judge->err.cause));
	for (size_t i = 0; i < judge->change_count; i++)
		FUZZ_CHECK(kbi_str_is_set(judge->changes[i].kind) && kbi_str_is_set(judge->changes[i].name));
	for (size_t i = 0; i < judge->note_count; i++)
		FUZZ_CHECK(kbi_str_is_set(judge->notes[i].id) && judge->notes[i].text);
	kbi_change_render(&shown, judge->changes, judge->change_count);
	kbi_buf_free(&shown);
}

static void
check_same(const struct answer *a, const struct answer *b)
{
	FUZZ_CHECK(a->status == b->status && a->judge.verdict == b->judge.verdict);
	FUZZ_CHECK(a->judge.change_count == b->judge.change_count && a->judge.note_count == b->judge.note_count);
}

static struct answer
judge(const struct kbi_step_def *def, const struct kbi_map *args, const struct kbi_map *facts, const struct kbi_map *made, bool is_after)
{
	struct answer a = {.judge = {.args = args, .facts = facts, .made = made, .is_after_apply = is_after}};

	a.status = def->judge(&a.judge);
	check_answer(&a);
	return a;
}

static void
judge_all(const struct kbi_step_def *def, const struct kbi_map *args, const struct kbi_map *facts, const struct kbi_map *made)
{
	struct answer first = judge(def, args, facts, made, false), second = judge(def, args, facts, made, false);
	struct answer after = judge(def, args, facts, made, true);

	check_same(&first, &second);
	kbi_judge_free(&first.judge);
	kbi_judge_free(&second.judge);
	kbi_judge_free(&after.judge);
}

void
fuzz(const char *data, size_t size_bytes)
{
	struct kbi_map args = {0}, facts = {0}, made = {0}, bound = {0};
	size_t facts_bytes, made_bytes;
	char *params = fuzz_take(&data, &size_bytes, NULL);
	char *said = fuzz_take(&data, &size_bytes, &facts_bytes), *prepared = fuzz_take(&data, &size_bytes, &made_bytes);
	size_t name_bytes = strcspn(params, "\n");
	char *rest = params + name_bytes + (params[name_bytes] == '\n');

	params[name_bytes] = '\0';
	const struct kbi_step_def *def = step_of(params);
	kb_step *step = kb_step_new(fuzz_ctx(), def->name);
	FUZZ_CHECK(step);
	set_params(step, def, rest);
	if (kbi_facts_parse(said, facts_bytes, &facts) == KB_OK && kbi_facts_parse(prepared, made_bytes, &made) == KB_OK
		&& kbi_step_check(step, &bound, NULL) == KB_OK && kbi_step_args(step, &args) == KB_OK)
		judge_all(def, &args, &facts, &made);
	kb_step_free(step);
	kbi_map_free(&args);
	kbi_map_free(&facts);
	kbi_map_free(&made);
	free(params);
	free(said);
	free(prepared);
}
