/* SPDX-License-Identifier: Apache-2.0 */
#include "text/fstab.h"

#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "text/bound.h"

/* The type is the third field (fstab(5)); the mount point of swap may be none, swap or anything else. */
static bool
is_swap(const char *line, size_t line_bytes)
{
	const char *at = line, *end = line + line_bytes, *field = line;

	if (line_bytes && *line == '#')
		return false;
	for (int number = 1; number <= 3; number++) {
		while (at < end && (*at == ' ' || *at == '\t'))
			at++;
		field = at;
		while (at < end && *at != ' ' && *at != '\t')
			at++;
		if (number == 1 && field < at && *field == '#')
			return false;
	}
	return at - field == 4 && memcmp(field, "swap", 4) == 0;
}

static bool
is_marked_swap(const char *line, size_t line_bytes)
{
	const size_t mark_bytes = strlen(KBI_FSTAB_MARK);

	return line_bytes > mark_bytes && memcmp(line, KBI_FSTAB_MARK, mark_bytes) == 0
		&& is_swap(line + mark_bytes, line_bytes - mark_bytes);
}

/* Both ways are the same walk: lines as they are, but for a mark added to some or taken from some. */
static kb_status
edit(const void *data, size_t size_bytes, bool on, struct kbi_buf *out, struct kb_err *err)
{
	kb_status status = kbi_bound_in("fstab", data, size_bytes, KBI_SIZE_TEXT, err);
	const char *next = data ? data : "", *end = next + size_bytes, *line;
	size_t line_bytes;

	if (status)
		return status;
	while ((next = kbi_str_line(next, end, &line, &line_bytes))) {
		if (!on && is_swap(line, line_bytes))
			kbi_buf_add(out, KBI_FSTAB_MARK);
		if (on && is_marked_swap(line, line_bytes))
			line += strlen(KBI_FSTAB_MARK);
		kbi_buf_add_bytes(out, line, (size_t)(next - line));
	}
	return kbi_bound_out("fstab", out, err);
}

kb_status
kbi_fstab_swap_off(const void *data, size_t size_bytes, struct kbi_buf *out, struct kb_err *err)
{
	return edit(data, size_bytes, false, out, err);
}

kb_status
kbi_fstab_swap_on(const void *data, size_t size_bytes, struct kbi_buf *out, struct kb_err *err)
{
	return edit(data, size_bytes, true, out, err);
}
