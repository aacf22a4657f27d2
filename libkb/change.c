/* SPDX-License-Identifier: Apache-2.0 */
#include "change.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "text/diff.h"

static void
render_value(struct kbi_buf *out, char sign, const struct kbi_change *change, const char *value, size_t size_bytes)
{
	if (!value)
		return;
	kbi_buf_add_format(out, "%c %s %s", sign, change->kind, change->name);
	if (change->secret) {
		kbi_buf_add(out, " = (secret)\n");
		return;
	}
	kbi_buf_add(out, " = ");
	kbi_str_escape(out, value, size_bytes);
	kbi_buf_add_char(out, '\n');
}

static void
render(struct kbi_buf *out, const struct kbi_change *change)
{
	if (!change->secret && kbi_str_is(change->kind, "file")) {
		kb_status status = kbi_diff(change->name, change->before, change->before_bytes, change->after, change->after_bytes, out, NULL);
		if (status == KB_ENOMEM && !out->failed)
			out->failed = status;
		return;
	}
	render_value(out, '-', change, change->before, change->before_bytes);
	render_value(out, '+', change, change->after, change->after_bytes);
}

void
kbi_change_render(struct kbi_buf *out, const struct kbi_change *changes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		render(out, &changes[i]);
}

static char *
copy_bytes(const char *data, size_t size_bytes)
{
	char *copy = data ? malloc(size_bytes + 1) : NULL;
	if (copy) {
		memcpy(copy, data, size_bytes);
		copy[size_bytes] = '\0';
	}
	return copy;
}

kb_status
kbi_change_copy(struct kbi_change *to, const struct kbi_change *from)
{
	*to = (struct kbi_change){ .before_bytes = from->before_bytes, .after_bytes = from->after_bytes, .secret = from->secret };
	to->kind = strdup(from->kind);
	to->name = strdup(from->name);
	to->before = copy_bytes(from->before, from->before_bytes);
	to->after = copy_bytes(from->after, from->after_bytes);
	if (to->kind && to->name && !to->before == !from->before && !to->after == !from->after)
		return KB_OK;
	kbi_change_clear(to);
	return KB_ENOMEM;
}

static void
wipe_free(char *data, size_t size_bytes, bool secret)
{
	if (data && secret)
		kbi_wipe(data, size_bytes);
	free(data);
}

void
kbi_change_clear(struct kbi_change *change)
{
	free(change->kind);
	free(change->name);
	wipe_free(change->before, change->before_bytes, change->secret);
	wipe_free(change->after, change->after_bytes, change->secret);
	*change = (struct kbi_change){ 0 };
}

void
kbi_changes_free(struct kbi_change *changes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		kbi_change_clear(&changes[i]);
	free(changes);
}

void
kbi_notes_free(struct kbi_note *notes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(notes[i].id);
		free(notes[i].text);
	}
	free(notes);
}
