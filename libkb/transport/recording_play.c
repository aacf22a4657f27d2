/* SPDX-License-Identifier: Apache-2.0 */
/* Which recorded answer a question gets. A host's state is which steps were applied on it. Steps that do not wait for each other are applied in
 * another order in each run, so a question gets the answer of that recorded state in which its own step had been applied as often as now, and the
 * fewest others that have not been applied now; of several such states the latest. Asked again in the same state by a later session, it gets
 * what a later session got. Within one session the last answer counts, as it does to whoever asks: what was asked too early is asked again. */
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "base/str.h"
#include "transport/recording.h"

static bool
is_login(const struct kbi_recorded *e)
{
	return !e->key;
}

const struct kbi_recorded *
kbi_recording_login(struct kbi_recording *recording, const char *host, struct kb_err *err)
{
	const struct kbi_recorded *found = NULL;

	recording->sessions_played++;
	for (size_t i = 0; i < recording->count; i++)
		if (is_login(&recording->entries[i]) && recording->entries[i].session <= recording->sessions_played)
			found = &recording->entries[i];
	if (!found) {
		kbi_fail(err, KB_EUNSUPPORTED, "replay: %s: nothing recorded at all", host);
		kbi_err_id(err, "replay.not-recorded");
	}
	return found;
}

/* -- about: the lines of a question, of which the key is all but "text" and "want" */

static char *
key_of(const char *about)
{
	const char *at = about, *end = about + strlen(about), *line;
	struct kbi_buf key = KBI_BUF(KBI_SIZE_TEXT);
	size_t length;

	while ((at = kbi_str_line(at, end, &line, &length)))
		if (!kbi_str_starts(line, "text ") && !kbi_str_starts(line, "want ")) {
			kbi_buf_add_bytes(&key, line, length);
			kbi_buf_add_char(&key, '\n');
		}
	char *text = kbi_buf_take(&key);
	kbi_buf_free(&key);
	return text;
}

static bool
has_line(const char *about, const char *word, const char *value)
{
	const char *at = about, *end = about + strlen(about), *line;
	size_t length, word_bytes = strlen(word);

	while ((at = kbi_str_line(at, end, &line, &length)))
		if (length > word_bytes && memcmp(line, word, word_bytes) == 0 && line[word_bytes] == ' ')
			return length == word_bytes + 1 + strlen(value) && memcmp(line + word_bytes + 1, value, strlen(value)) == 0;
	return true;	/* not said, so not different */
}

static size_t
first_line(const char *key)
{
	return strcspn(key, "\n");
}

static bool
is_same_question(const char *a, const char *b)	/* whatever its parameters */
{
	return first_line(a) == first_line(b) && strncmp(a, b, first_line(a)) == 0;
}

/* Whether an apply is of the step that the question is about: an apply is told more parameters than a probe, and none less. */
static bool
is_own(const char *key, const char *apply)
{
	const char *at = strchr(key, ' '), *end = key + strlen(key), *line;
	size_t length;

	if (!at || strncmp(strchr(apply, ' '), at, strcspn(at, "\n") + 1) != 0)
		return false;
	at = strchr(key, '\n') + 1;
	while ((at = kbi_str_line(at, end, &line, &length))) {
		const char *there = strstr(apply, "\n");
		while (there && (strncmp(there + 1, line, length) != 0 || there[length + 1] != '\n'))
			there = strchr(there + 1, '\n');
		if (!there)
			return false;
	}
	return true;
}

static size_t
own_played(const struct kbi_recording *recording, const char *key)
{
	size_t count = 0;

	for (size_t i = 0; i < recording->count; i++) {
		const struct kbi_recorded *e = &recording->entries[i];
		count += e->is_apply && e->is_played && is_own(key, e->key);
	}
	return count;
}

/* -- why there is no answer */

static void
add_differences(struct kb_err *err, const char *asked, const char *recorded, const char *how)
{
	const char *at = asked, *end = asked + strlen(asked), *line;
	size_t length;

	while ((at = kbi_str_line(at, end, &line, &length))) {
		struct kbi_buf whole = KBI_BUF(KBI_SIZE_TEXT);
		kbi_buf_add_format(&whole, "\n%.*s\n", (int)length, line);
		if (strncmp(recorded, line, length) != 0 && !strstr(recorded, kbi_buf_text(&whole)))
			kbi_err_evidence(err, "%s: %.*s", how, (int)length, line);
		kbi_buf_free(&whole);
	}
}

static void
add_nearest(const struct kbi_recording *recording, const char *key, struct kb_err *err)
{
	struct kbi_nearest nearest;
	char *asked = strndup(key, first_line(key));
	char **words = calloc(recording->count + 1, sizeof(*words));

	nearest = kbi_nearest(asked ? asked : "");
	for (size_t i = 0; words && i < recording->count; i++) {
		const char *other = recording->entries[i].key;
		words[i] = other ? strndup(other, first_line(other)) : NULL;
		if (words[i])
			kbi_nearest_try(&nearest, words[i]);
	}
	if (nearest.best)
		kbi_err_evidence(err, "the nearest that is recorded: %s", nearest.best);
	for (size_t i = 0; words && i < recording->count; i++)
		free(words[i]);
	free(words);
	free(asked);
}

static const char *
in_words(const char *key, struct kbi_buf *out)	/* "probe swap.off": the probe of swap.off */
{
	const char *space = strchr(key, ' ');

	kbi_buf_add_format(out, "the %.*s of %.*s", (int)(space - key), key, (int)(first_line(key) - (size_t)(space - key) - 1), space + 1);
	return kbi_buf_text(out);
}

static void
explain(const struct kbi_recording *recording, const char *host, const char *key, struct kb_err *err)
{
	struct kbi_buf what = KBI_BUF(KBI_SIZE_TEXT);
	const struct kbi_recorded *same = NULL, *alike = NULL;
	size_t count = 0;

	for (size_t i = 0; i < recording->count; i++) {
		const struct kbi_recorded *e = &recording->entries[i];
		if (e->key && strcmp(e->key, key) == 0) {
			same = e;
			count++;
		} else if (e->key && is_same_question(e->key, key))
			alike = e;
	}
	in_words(key, &what);
	if (same && same->is_apply)
		kbi_fail(err, KB_EUNSUPPORTED, "replay: %s: nothing recorded for %s once more: it was applied %zu time%s", host, kbi_buf_text(&what), count,
			count == 1 ? "" : "s");
	else if (same)
		kbi_fail(err, KB_EUNSUPPORTED, "replay: %s: nothing recorded for %s after %zu applies of it", host, kbi_buf_text(&what),
			own_played(recording, key));
	else
		kbi_fail(err, KB_EUNSUPPORTED, "replay: %s: nothing recorded for %s%s", host, kbi_buf_text(&what),
			alike ? " with these parameters" : "");
	kbi_err_id(err, "replay.not-recorded");
	if (!same && alike) {
		add_differences(err, key, alike->key, "asked");
		add_differences(err, alike->key, key, "recorded");
	} else if (!same) {
		add_nearest(recording, key, err);
	}
	kbi_buf_free(&what);
}

/* -- the answer */

/* The n-th time that it is asked it gets the n-th answer. */
static const struct kbi_recorded *
find_apply(struct kbi_recording *recording, const char *key)
{
	for (size_t i = 0; i < recording->count; i++) {
		struct kbi_recorded *e = &recording->entries[i];
		if (e->is_apply && !e->is_played && strcmp(e->key, key) == 0) {
			e->is_played = true;
			return e;
		}
	}
	return NULL;
}

/* The state, by how many applies stand before it, whose answer it gets; SIZE_MAX: there is none. */
static size_t
find_state(const struct kbi_recording *recording, const char *key)
{
	size_t own = 0, unplayed = 0, least = SIZE_MAX, state = SIZE_MAX, wanted = own_played(recording, key);

	for (size_t i = 0; i < recording->count; i++) {
		const struct kbi_recorded *e = &recording->entries[i];
		if (is_login(e))
			continue;
		if (e->is_apply) {
			own += is_own(key, e->key);
			unplayed += !e->is_played;
		} else if (own == wanted && unplayed <= least && strcmp(e->key, key) == 0) {
			least = unplayed;
			state = e->applies;
		}
	}
	return state;
}

/* The last answer of one session's; which session's says how many have asked before. */
static const struct kbi_recorded *
find_probe(struct kbi_recording *recording, const char *key)
{
	struct kbi_recorded *first = NULL, *found = NULL;
	size_t group = 0, state = find_state(recording, key);

	for (size_t i = 0; i < recording->count; i++) {
		struct kbi_recorded *e = &recording->entries[i];
		if (is_login(e) || e->is_apply || e->applies != state || strcmp(e->key, key) != 0)
			continue;
		if (!first) {
			first = e;
			if (e->last_asker && e->last_asker != recording->sessions_played)
				e->groups_played++;
			e->last_asker = recording->sessions_played;
		} else if (found->session != e->session && ++group > first->groups_played) {
			break;
		}
		found = e;
	}
	return found;
}

/* Whether the lock was free does not depend on the state, nor on who asked. */
static const struct kbi_recorded *
find_lock(const struct kbi_recording *recording, const char *key)
{
	const struct kbi_recorded *found = NULL;

	for (size_t i = 0; i < recording->count; i++) {
		const struct kbi_recorded *e = &recording->entries[i];
		bool is_free = e->end == KBI_RECORDED_EXIT && e->status == 0 && !e->piece_count;
		if (!is_login(e) && kbi_str_starts(e->key, "lock ") && (is_free || strcmp(e->key, key) == 0)
			&& (e->session <= recording->sessions_played || !found))
			found = e;
	}
	return found;
}

/* A script that is another one is told of once, with its probe. */
static const char *
what_changed(const struct kbi_recorded *found, const char *about)
{
	if (!found->is_apply && found->text && !has_line(about, "text", found->text))
		return "its script is another one than was recorded";
	if (found->is_apply && found->want && !has_line(about, "want", found->want))
		return "what it is given to apply is other than was recorded";
	return NULL;
}

const struct kbi_recorded *
kbi_recording_answer(struct kbi_recording *recording, const char *host, const char *about, const char **changed, struct kb_err *err)
{
	static const struct kbi_recorded nothing = {.end = KBI_RECORDED_EXIT};
	const struct kbi_recorded *found;
	char *key = key_of(about);

	*changed = NULL;
	if (!key) {
		kbi_fail_memory(err);
		return NULL;
	}
	if (kbi_str_starts(key, "forget "))	/* the answer says nothing, and may not have been waited for */
		found = &nothing;
	else if (kbi_str_starts(key, "apply "))
		found = find_apply(recording, key);
	else if (kbi_str_starts(key, "lock "))
		found = find_lock(recording, key);
	else
		found = find_probe(recording, key);
	if (!found)
		explain(recording, host, key, err);
	else
		*changed = what_changed(found, about);
	free(key);
	return found;
}
