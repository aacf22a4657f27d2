/* SPDX-License-Identifier: Apache-2.0 */
/* Two texts with a line "%%" between them: their difference, applied to the first, is the second. */
#include "fuzz.h"

#include "base/str.h"

/* One line with its ending; false when there is none. */
static bool
take_line(const char **at, const char *end, const char **line, size_t *line_bytes)
{
	const char *newline = *at < end ? memchr(*at, '\n', (size_t)(end - *at)) : NULL;

	if (*at >= end)
		return false;
	*line = *at;
	*at = newline ? newline + 1 : end;
	*line_bytes = (size_t)(*at - *line);
	return true;
}

/* Lines of the old text up to this number are as they were. */
static void
copy_up_to(struct kbi_buf *out, const char **at, const char *end, size_t *number, size_t up_to)
{
	const char *line;
	size_t line_bytes;

	for (; *number < up_to && take_line(at, end, &line, &line_bytes); ++*number)
		kbi_buf_add_bytes(out, line, line_bytes);
}

static void
drop_newline(struct kbi_buf *out)
{
	FUZZ_CHECK(out->size_bytes && out->data[out->size_bytes - 1] == '\n');
	kbi_buf_truncate(out, out->size_bytes - 1);
}

/* Applies a unified diff, as strictly as it can be done. */
static void
apply(struct kbi_buf *out, const char *old, size_t old_bytes, const char *diff, size_t diff_bytes)
{
	const char *at = old, *end = old + old_bytes, *diff_end = diff + diff_bytes, *line, *was;
	size_t number = 1, line_bytes, was_bytes;
	char last = ' ';

	for (size_t i = 0; i < 2; i++)
		FUZZ_CHECK(take_line(&diff, diff_end, &line, &line_bytes));	/* the names */
	while (take_line(&diff, diff_end, &line, &line_bytes)) {
		if (*line == '@') {
			char *comma;
			size_t first = strtoul(line + 4, &comma, 10);
			copy_up_to(out, &at, end, &number, *comma == ',' && strtoul(comma + 1, NULL, 10) == 0 ? first + 1 : first);
			continue;
		}
		if (*line == '\\') {
			if (last != '-')
				drop_newline(out);
			continue;
		}
		last = *line;
		if (*line == '+' || *line == ' ')
			kbi_buf_add_bytes(out, line + 1, line_bytes - 1);
		if (*line == '-' || *line == ' ') {
			FUZZ_CHECK(take_line(&at, end, &was, &was_bytes));
			size_t same = was[was_bytes - 1] == '\n' ? was_bytes : was_bytes + 1;
			FUZZ_CHECK(same == line_bytes - 1 && memcmp(was, line + 1, same - 1) == 0);
			number++;
		}
	}
	copy_up_to(out, &at, end, &number, SIZE_MAX);
}

void
fuzz(const char *data, size_t size_bytes)
{
	size_t before_bytes;
	char *before = fuzz_take(&data, &size_bytes, &before_bytes);
	struct kbi_buf after = KBI_BUF(KBI_SIZE_LARGE);
	kb_bytes *diff = kb_diff(fuzz_ctx(), "x", before, before_bytes, data, size_bytes);

	FUZZ_CHECK(diff);
	bool are_equal = before_bytes == size_bytes && memcmp(before, data, size_bytes) == 0;
	FUZZ_CHECK(are_equal == (kb_bytes_size(diff) == 0));
	if (kbi_str_starts(kb_bytes_data(diff), "--- ")) {
		apply(&after, before, before_bytes, kb_bytes_data(diff), kb_bytes_size(diff));
		FUZZ_CHECK(after.size_bytes == size_bytes && memcmp(kbi_buf_text(&after), data, size_bytes) == 0);
	}
	kb_bytes_free(diff);
	kbi_buf_free(&after);
	free(before);
}
