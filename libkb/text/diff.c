/* SPDX-License-Identifier: Apache-2.0 */
/* The shortest edit script by E. W. Myers, "An O(ND) Difference Algorithm and Its Variations" (1986), with bounds on D and on work. */
#include "text/diff.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "base/utf8.h"
#include "text/bound.h"

#define CONTEXT_LINES 3
#define INPUT_MAX_BYTES KBI_SIZE_TEXT
#define LINES_MAX 50000		/* of one side, between what is equal at both ends */
#define EDITS_MAX 2000		/* the trace takes 4 bytes times the square of this */
#define WORK_MAX 20000000	/* lines compared */

struct line {
	const char *text;
	size_t bytes;		/* with its newline, when it has one */
};

struct side {
	struct line *lines;
	uint32_t *ids;		/* equal lines have equal numbers */
	bool *is_changed;
	size_t count;
};

struct diff {
	struct side before;
	struct side after;
	int32_t **trace;	/* the furthest points of each round */
	size_t rounds;
};

static bool
is_text(const char *data, size_t size_bytes)
{
	uint32_t c;

	for (size_t at = 0; at < size_bytes;) {
		size_t length = kbi_utf8_next(data + at, size_bytes - at, &c);
		if (!length || (c < 0x20 && c != '\n' && c != '\t' && c != '\r') || c == 0x7f)
			return false;
		at += length;
	}
	return true;
}

static size_t
count_lines(const char *data, size_t size_bytes)
{
	size_t count = 0;

	for (const char *at = data, *end = data + size_bytes; at < end; count++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		at = newline ? newline + 1 : end;
	}
	return count;
}

static bool
split(struct side *side, const char *data, size_t size_bytes)
{
	size_t count = count_lines(data, size_bytes);
	const char *end = data + size_bytes;

	side->lines = calloc(count + 1, sizeof(*side->lines));
	side->is_changed = calloc(count + 1, sizeof(*side->is_changed));
	if (!side->lines || !side->is_changed)
		return false;
	for (const char *at = data; at < end; side->count++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *next = newline ? newline + 1 : end;
		side->lines[side->count] = (struct line){at, (size_t)(next - at)};
		at = next;
	}
	return true;
}

static int
compare_lines(const struct line *a, const struct line *b)
{
	int order = memcmp(a->text, b->text, a->bytes < b->bytes ? a->bytes : b->bytes);

	return order ? order : (a->bytes > b->bytes) - (a->bytes < b->bytes);
}

static int
compare_references(const void *a, const void *b)
{
	return compare_lines(*(const struct line *const *)a, *(const struct line *const *)b);
}

/* What is left between the equal lines at both ends. */
struct middle {
	size_t begin;		/* the same on both sides */
	size_t before;		/* how many lines */
	size_t after;
};

static struct middle
trim(const struct diff *d)
{
	size_t shorter = d->before.count < d->after.count ? d->before.count : d->after.count, head = 0, tail = 0;

	while (head < shorter && compare_lines(&d->before.lines[head], &d->after.lines[head]) == 0)
		head++;
	const struct line *before = d->before.lines + d->before.count, *after = d->after.lines + d->after.count;
	while (tail < shorter - head && compare_lines(before - 1 - tail, after - 1 - tail) == 0)
		tail++;
	return (struct middle){head, d->before.count - head - tail, d->after.count - head - tail};
}

static void
give_id(struct diff *d, const struct line *line, uint32_t id)
{
	if (line >= d->before.lines && line < d->before.lines + d->before.count)
		d->before.ids[line - d->before.lines] = id;
	else
		d->after.ids[line - d->after.lines] = id;
}

/* Numbers for lines, by sorting: no hash that an input could be made against. */
static bool
number_lines(struct diff *d, const struct middle *m)
{
	size_t count = m->before + m->after;
	const struct line **all = calloc(count + 1, sizeof(*all));
	uint32_t id = 0;

	d->before.ids = calloc(d->before.count + 1, sizeof(*d->before.ids));
	d->after.ids = calloc(d->after.count + 1, sizeof(*d->after.ids));
	if (!all || !d->before.ids || !d->after.ids) {
		free(all);
		return false;
	}
	for (size_t i = 0; i < m->before; i++)
		all[i] = &d->before.lines[m->begin + i];
	for (size_t i = 0; i < m->after; i++)
		all[m->before + i] = &d->after.lines[m->begin + i];
	qsort(all, count, sizeof(*all), compare_references);
	for (size_t i = 0; i < count; i++) {
		if (i && compare_lines(all[i - 1], all[i]) != 0)
			id++;
		give_id(d, all[i], id);
	}
	free(all);
	return true;
}

/* Round D: how far each diagonal k gets with D edits. furthest[k + D] is an index into the old lines, for k of -D, -D+2 ... D. */
static bool
try_round(const struct diff *d, const struct middle *m, int32_t round, int32_t *furthest, size_t *work)
{
	const uint32_t *old = d->before.ids + m->begin, *new = d->after.ids + m->begin;
	const int32_t *last = round ? d->trace[round - 1] + (round - 1) : NULL;
	int32_t old_count = (int32_t)m->before, new_count = (int32_t)m->after;

	for (int32_t k = -round; k <= round; k += 2) {
		int32_t x = 0;
		if (round)
			x = k == -round || (k != round && last[k - 1] < last[k + 1]) ? last[k + 1] : last[k - 1] + 1;
		int32_t y = x - k;
		int32_t from = x;
		while (x < old_count && y < new_count && y >= 0 && old[x] == new[y]) {
			x++;
			y++;
		}
		*work += (size_t)(x - from) + 1;
		furthest[k + round] = x;
		if (x >= old_count && y >= new_count)
			return true;
	}
	return false;
}

/* KB_OK, KB_ENOMEM, or KB_ETOOBIG when the texts are too different. */
static kb_status
search(struct diff *d, const struct middle *m)
{
	size_t work = 0;

	d->trace = calloc(EDITS_MAX + 1, sizeof(*d->trace));
	if (!d->trace)
		return KB_ENOMEM;
	for (int32_t round = 0; round <= EDITS_MAX && work < WORK_MAX; round++) {
		int32_t *furthest = calloc(2 * (size_t)round + 1, sizeof(*furthest));
		if (!furthest)
			return KB_ENOMEM;
		d->trace[d->rounds++] = furthest;
		if (try_round(d, m, round, furthest, &work))
			return KB_OK;
	}
	return KB_ETOOBIG;
}

/* Back from the end, round by round: each is one line that is new or gone. */
static void
mark_changes(struct diff *d, const struct middle *m)
{
	int32_t x = (int32_t)m->before, y = (int32_t)m->after;

	for (int32_t round = (int32_t)d->rounds - 1; round > 0; round--) {
		const int32_t *last = d->trace[round - 1] + (round - 1);
		int32_t k = x - y;
		bool is_new = k == -round || (k != round && last[k - 1] < last[k + 1]);
		k = is_new ? k + 1 : k - 1;
		x = last[k];
		y = x - k;
		if (is_new)
			d->after.is_changed[m->begin + (size_t)y] = true;
		else
			d->before.is_changed[m->begin + (size_t)x] = true;
	}
}

static void
add_line(struct kbi_buf *out, char sign, const struct line *line)
{
	kbi_buf_add_char(out, sign);
	kbi_buf_add_bytes(out, line->text, line->bytes);
	if (line->text[line->bytes - 1] != '\n')
		kbi_buf_add(out, "\n\\ No newline at end of file\n");
}

/* An empty range is named by the line before it. */
static void
add_range(struct kbi_buf *out, char sign, size_t begin, size_t count)
{
	kbi_buf_add_format(out, "%c%zu", sign, count ? begin + 1 : begin);
	if (count != 1)
		kbi_buf_add_format(out, ",%zu", count);
}

/* Positions on both sides. */
struct at {
	size_t before;
	size_t after;
};

static bool
is_equal_at(const struct diff *d, struct at at)
{
	return at.before < d->before.count && at.after < d->after.count && !d->before.is_changed[at.before]
		&& !d->after.is_changed[at.after];
}

static bool
is_end(const struct diff *d, struct at at)
{
	return at.before >= d->before.count && at.after >= d->after.count;
}

/* Where the changes that begin here end: changes with at most twice the context between them share a hunk. */
static struct at
end_of_hunk(const struct diff *d, struct at at)
{
	struct at end = at;
	size_t equal = 0;

	while (!is_end(d, at) && equal <= 2 * CONTEXT_LINES) {
		if (is_equal_at(d, at)) {
			at.before++;
			at.after++;
			equal++;
			continue;
		}
		while (at.before < d->before.count && d->before.is_changed[at.before])
			at.before++;
		while (at.after < d->after.count && d->after.is_changed[at.after])
			at.after++;
		end = at;
		equal = 0;
	}
	return end;
}

static void
add_lines(struct kbi_buf *out, const struct diff *d, struct at at, struct at end)
{
	while (at.before < end.before || at.after < end.after) {
		if (at.before < end.before && d->before.is_changed[at.before])
			add_line(out, '-', &d->before.lines[at.before++]);
		else if (at.after < end.after && d->after.is_changed[at.after])
			add_line(out, '+', &d->after.lines[at.after++]);
		else {
			add_line(out, ' ', &d->before.lines[at.before++]);
			at.after++;
		}
	}
}

static void
add_hunk(struct kbi_buf *out, const struct diff *d, struct at first, struct at last)
{
	size_t before = first.before < CONTEXT_LINES ? first.before : CONTEXT_LINES;
	size_t left = d->before.count - last.before, behind = left < CONTEXT_LINES ? left : CONTEXT_LINES;
	struct at begin = {first.before - before, first.after - before},
		end = {last.before + behind, last.after + behind};

	kbi_buf_add(out, "@@ ");
	add_range(out, '-', begin.before, end.before - begin.before);
	kbi_buf_add_char(out, ' ');
	add_range(out, '+', begin.after, end.after - begin.after);
	kbi_buf_add(out, " @@\n");
	add_lines(out, d, begin, end);
}

static void
add_hunks(struct kbi_buf *out, const struct diff *d, const char *name)
{
	struct at at = {0};

	kbi_buf_add_format(out, "--- a/%s\n+++ b/%s\n", name, name);
	while (!is_end(d, at)) {
		if (is_equal_at(d, at)) {
			at.before++;
			at.after++;
			continue;
		}
		struct at end = end_of_hunk(d, at);
		add_hunk(out, d, at, end);
		at = end;
	}
}

static kb_status
compare(struct diff *d)
{
	struct middle m = trim(d);

	if (m.before > LINES_MAX || m.after > LINES_MAX)
		return KB_ETOOBIG;
	if (!number_lines(d, &m))
		return KB_ENOMEM;
	kb_status status = search(d, &m);
	if (!status)
		mark_changes(d, &m);
	return status;
}

static void
free_diff(struct diff *d)
{
	for (size_t i = 0; i < d->rounds; i++)
		free(d->trace[i]);
	free(d->trace);
	free(d->before.lines);
	free(d->before.ids);
	free(d->before.is_changed);
	free(d->after.lines);
	free(d->after.ids);
	free(d->after.is_changed);
}

static bool
is_printable_name(const char *name)
{
	return is_text(name, strlen(name)) && !strpbrk(name, "\n\r\t");
}

kb_status
kbi_diff(const char *name, const void *before, size_t before_bytes, const void *after, size_t after_bytes,
	struct kbi_buf *out, struct kb_err *err)
{
	struct diff d = {0};
	const char *old = before ? before : "", *new = after ? after : "";

	if (name)
		name += strspn(name, "/");	/* a/etc/hosts, not a//etc/hosts */
	if (!kbi_str_is_set(name) || !is_printable_name(name))
		return kbi_fail(err, KB_EINVAL, "diff: name: empty or not printable");
	if (strlen(name) > INPUT_MAX_BYTES)
		return kbi_fail(err, KB_ETOOBIG, "diff: name: %zu bytes", strlen(name));
	if ((!before && before_bytes) || (!after && after_bytes))
		return kbi_fail(err, KB_EINVAL, "diff: %s: NULL with a size", name);
	if (before_bytes == after_bytes && memcmp(old, new, before_bytes) == 0)
		return KB_OK;
	bool is_small = before_bytes <= INPUT_MAX_BYTES && after_bytes <= INPUT_MAX_BYTES;
	if (is_small && (!is_text(old, before_bytes) || !is_text(new, after_bytes))) {
		kbi_buf_add_format(out, "Binary files a/%s and b/%s differ\n", name, name);
		return kbi_bound_out("diff", out, err);
	}
	kb_status status = is_small ? KB_OK : KB_ETOOBIG;
	if (!status && (!split(&d.before, old, before_bytes) || !split(&d.after, new, after_bytes)))
		status = KB_ENOMEM;
	if (!status)
		status = compare(&d);
	if (!status)
		add_hunks(out, &d, name);
	free_diff(&d);
	if (status == KB_ENOMEM)
		return kbi_fail_memory(err);
	if (status)
		kbi_buf_add_format(out, "Files a/%s and b/%s differ too much to be shown: %zu and %zu bytes\n",
			name, name, before_bytes, after_bytes);
	return kbi_bound_out("diff", out, err);
}
