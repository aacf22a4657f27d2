/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sh.h"

#include <stdbool.h>
#include <string.h>

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool
is_variable(const char *name)
{
	if (!name || !is_letter(*name))
		return false;
	for (; *name; name++)
		if (!is_letter(*name) && *name != '-' && !(*name >= '0' && *name <= '9'))
			return false;
	return true;
}

/* Means itself wherever a shell reads it: most values are such words, and quotes within quotes grow fast. */
static bool
is_plain(const char *text, size_t size_bytes)
{
	for (size_t i = 0; i < size_bytes; i++)
		if (!is_letter(text[i]) && !(text[i] >= '0' && text[i] <= '9') && (!text[i] || !strchr("./:@%+,-", text[i])))
			return false;
	return size_bytes > 0;
}

static void
add_quoted(struct kbi_buf *buf, const char *text, const char *end)
{
	kbi_buf_add_char(buf, '\'');
	while (text < end) {
		const char *quote = memchr(text, '\'', (size_t)(end - text));
		const char *stop = quote ? quote : end;
		kbi_buf_add_bytes(buf, text, (size_t)(stop - text));
		if (quote)
			kbi_buf_add(buf, "'\\''");
		text = quote ? quote + 1 : end;
	}
	kbi_buf_add_char(buf, '\'');
}

kb_status
kbi_sh_quote(struct kbi_buf *buf, const void *data, size_t size_bytes)
{
	if (size_bytes && (!data || memchr(data, '\0', size_bytes)))
		return KB_EINVAL;
	const char *text = size_bytes ? data : "";
	add_quoted(buf, text, text + size_bytes);
	return kbi_buf_failed(buf);
}

kb_status
kbi_sh_set(struct kbi_buf *buf, const char *name, const void *data, size_t size_bytes)
{
	if (!is_variable(name) || (size_bytes && (!data || memchr(data, '\0', size_bytes))))
		return KB_EINVAL;
	for (const char *c = name; *c; c++)
		kbi_buf_add_char(buf, *c == '-' ? '_' : *c);
	kbi_buf_add_char(buf, '=');
	if (is_plain(data, size_bytes))
		kbi_buf_add_bytes(buf, data, size_bytes);
	else
		kbi_sh_quote(buf, data, size_bytes);
	kbi_buf_add_char(buf, '\n');
	return kbi_buf_failed(buf);
}
