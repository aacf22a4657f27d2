/* SPDX-License-Identifier: Apache-2.0 */
/* TOML edited in place: lines with a table, a key, a value, then "%%" and the document. What was set is what is read, done again it changes
 * nothing, and nothing but the old value goes. */
#include "fuzz.h"

#include "base/str.h"
#include "base/utf8.h"
#include "text/toml.h"

struct edit {
	const char *table, *key, *value;
};

/* What is left of the line, ended by a NUL. */
static char *
line_of(char **text)
{
	char *line = *text, *end = strchr(line, '\n');

	*text = end ? end + 1 : line + strlen(line);
	if (end)
		*end = '\0';
	return line;
}

static void
check_bytes(const char *data, size_t size_bytes, const struct kbi_buf *old, const kb_bytes *out)
{
	struct fuzz_common same = fuzz_common(data, size_bytes, kb_bytes_data(out), kb_bytes_size(out));

	FUZZ_CHECK(size_bytes - same.front - same.back <= old->size_bytes);
}

static void
check_edit(const struct edit *e, const char *data, size_t size_bytes)
{
	struct kbi_buf old = KBI_BUF(KBI_SIZE_LARGE), now = KBI_BUF(KBI_SIZE_LARGE);
	bool is_there = false;
	kb_bytes *out = kb_toml_set(fuzz_ctx(), data, size_bytes, e->table, e->key, e->value);

	if (out) {
		kb_bytes *twice = kb_toml_set(fuzz_ctx(), kb_bytes_data(out), kb_bytes_size(out), e->table, e->key, e->value);
		if (*e->value == '{')
			FUZZ_CHECK(!twice);		/* a table that is there is not replaced */
		else
			FUZZ_CHECK(kb_bytes_size(out) > KBI_SIZE_TEXT || fuzz_bytes_are(twice, kb_bytes_data(out), kb_bytes_size(out)));
		FUZZ_CHECK(kbi_toml_get(data, size_bytes, e->table, e->key, &old, &is_there, NULL) == KB_OK);
		check_bytes(data, size_bytes, &old, out);
		if (twice) {
			FUZZ_CHECK(kbi_toml_get(kb_bytes_data(out), kb_bytes_size(out), e->table, e->key, &now, &is_there, NULL) == KB_OK);
			FUZZ_CHECK(is_there && now.size_bytes && strstr(e->value, kbi_buf_text(&now)));
		}
		kb_bytes_free(twice);
	}
	kb_bytes_free(out);
	kbi_buf_free(&old);
	kbi_buf_free(&now);
}

static void
check_remove(const struct edit *e, const char *data, size_t size_bytes)
{
	struct kbi_buf once = KBI_BUF(KBI_SIZE_LARGE), twice = KBI_BUF(KBI_SIZE_LARGE);

	if (kbi_toml_remove_item(data, size_bytes, e->table, e->key, e->value, &once, NULL) == KB_OK) {
		FUZZ_CHECK(kbi_toml_remove_item(kbi_buf_text(&once), once.size_bytes, e->table, e->key, e->value, &twice, NULL) == KB_OK);
		fuzz_check_same(&once, &twice);
	}
	kbi_buf_free(&once);
	kbi_buf_free(&twice);
}

static void
check_string(const char *text)
{
	struct kbi_buf raw = KBI_BUF(KBI_SIZE_LARGE), back = KBI_BUF(KBI_SIZE_LARGE);

	kbi_toml_string(&raw, text);
	FUZZ_CHECK(kbi_toml_unstring(kbi_buf_text(&raw), &back, NULL) == KB_OK || raw.size_bytes > KBI_SIZE_TEXT);
	if (raw.size_bytes <= KBI_SIZE_TEXT && kbi_utf8_is(text, strlen(text)))
		FUZZ_CHECK(strcmp(kbi_buf_text(&back), text) == 0);
	kbi_buf_free(&raw);
	kbi_buf_free(&back);
}

void
fuzz(const char *data, size_t size_bytes)
{
	char *head = fuzz_take(&data, &size_bytes, NULL), *rest = head;
	struct edit e;

	e.table = line_of(&rest);
	e.key = line_of(&rest);
	e.value = line_of(&rest);
	check_edit(&e, data, size_bytes);
	check_remove(&e, data, size_bytes);
	check_string(e.value);
	free(head);
}
