/* SPDX-License-Identifier: Apache-2.0 */
#include "question.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"

struct kbi_question {
	struct kbi_question *next;
	struct kbi_questions *questions;
	int64_t id;
	bool is_secret;
	void (*answered)(void *owner, const struct kbi_entry *answer);
	void *owner;
};

static const char *const words[] = {"passphrase", "password", "host_key", "sudo_password"};

static size_t
word_bytes(const char *list)
{
	return strcspn(list, ",");
}

bool
kbi_is_ask_list(const char *text)
{
	for (const char *at = text; at; at = strchr(at, ',')) {
		bool is_known = false;
		at += *at == ',' && at != text;
		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
			is_known = is_known
				|| (strlen(words[i]) == word_bytes(at) && strncmp(words[i], at, word_bytes(at)) == 0);
		if (!is_known)
			return false;
	}
	return text != NULL;
}

static bool
lists(const char *list, const char *what)
{
	for (const char *at = list; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (strlen(what) == word_bytes(at) && strncmp(what, at, word_bytes(at)) == 0)
			return true;
	}
	return false;
}

bool
kbi_may_ask(const struct kbi_asker *asker, const struct kbi_map *settings, const char *what)
{
	return asker && lists(kbi_map_get(settings, "ask"), what);
}

struct kbi_question *
kbi_question_open(struct kbi_asker *asker, const struct kbi_question_want *want)
{
	struct kbi_question *question = calloc(1, sizeof(*question));

	if (!question)
		return NULL;
	struct kbi_questions *questions = asker->questions;
	*question = (struct kbi_question){questions->first, questions, ++questions->last_id,
		!kbi_str_is(want->what, "host_key"), want->answered, want->owner};
	questions->first = question;
	asker->tell(asker, question->id, want);
	return question;
}

void
kbi_question_withdraw(struct kbi_question *question)
{
	if (!question)
		return;
	struct kbi_question **at = &question->questions->first;
	while (*at != question)
		at = &(*at)->next;
	*at = question->next;
	free(question);
}

bool
kbi_question_is_secret(const struct kbi_questions *questions, int64_t id)
{
	const struct kbi_question *question = questions->first;

	while (question && question->id != id)
		question = question->next;
	return question && question->is_secret;
}

kb_status
kbi_question_answer(struct kbi_questions *questions, int64_t id, const void *data, size_t size_bytes)
{
	struct kbi_question *question = questions->first;
	struct kbi_buf copy = {.max_bytes = KBI_SIZE_TEXT, .secret = true};

	while (question && question->id != id)
		question = question->next;
	if (!question)
		return KB_EINVAL;
	kbi_buf_add_bytes(&copy, data ? data : "", data ? size_bytes : 0);
	kb_status failed = kbi_buf_failed(&copy);
	if (!failed) {
		const struct kbi_question taken = *question;
		const struct kbi_entry answer = {NULL, copy.data ? copy.data : (char *)(uintptr_t)"", copy.size_bytes, true};
		kbi_question_withdraw(question);
		taken.answered(taken.owner, data ? &answer : NULL);
	}
	kbi_buf_free(&copy);
	return failed;
}

static void
name_kept(struct kbi_buf *name, const char *what, const char *subject)
{
	kbi_buf_add_format(name, "%s %s", what, subject);
}

const struct kbi_entry *
kbi_question_kept(const struct kbi_questions *questions, const char *what, const char *subject)
{
	struct kbi_buf name = KBI_BUF(KBI_SIZE_TEXT);

	name_kept(&name, what, subject);
	const struct kbi_entry *kept = kbi_map_find(&questions->kept, kbi_buf_text(&name));
	kbi_buf_free(&name);
	return kept;
}

void
kbi_question_keep(
	struct kbi_questions *questions, const char *what, const char *subject, const void *data, size_t size_bytes)
{
	struct kbi_buf name = KBI_BUF(KBI_SIZE_TEXT);

	name_kept(&name, what, subject);
	if (!kbi_buf_failed(&name))	/* one that cannot be kept is asked for again */
		kbi_map_set_secret(&questions->kept, name.data, data, size_bytes);
	kbi_buf_free(&name);
}

void
kbi_questions_free(struct kbi_questions *questions)
{
	while (questions->first)
		kbi_question_withdraw(questions->first);
	kbi_map_free(&questions->kept);
}
