/* SPDX-License-Identifier: Apache-2.0 */
/* The writer. What it writes, any reader of YAML 1.1 or 1.2 reads the same. */
#include "text/yaml.h"

#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "base/utf8.h"

#define PLAIN_MAX_BYTES 512

static void
escape_json(struct kbi_buf *out, uint32_t code_point)
{
	static const char letters[] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r',
		['"'] = '"', ['\\'] = '\\'};

	if (code_point < sizeof(letters) && letters[code_point])
		kbi_buf_add_format(out, "\\%c", letters[code_point]);
	else
		kbi_buf_add_format(out, "\\u%04x", code_point);
}

void
kbi_json_string_bytes(struct kbi_buf *out, const void *data, size_t size_bytes)
{
	const char *at = data;
	uint32_t c;

	kbi_buf_add_char(out, '"');
	while (size_bytes) {
		size_t length = kbi_utf8_next(at, size_bytes, &c);
		if (!length)
			kbi_buf_add(out, "\\ufffd");
		else if (c == '"' || c == '\\' || !kbi_utf8_is_print(c))
			escape_json(out, c);
		else
			kbi_buf_add_bytes(out, at, length);
		at += length ? length : 1;
		size_bytes -= length ? length : 1;
	}
	kbi_buf_add_char(out, '"');
}

void
kbi_json_string(struct kbi_buf *out, const char *text)
{
	kbi_json_string_bytes(out, text, text ? strlen(text) : 0);
}

/* Words that some reader takes for a boolean, a null or a number (YAML 1.1, types bool, null, float). */
static bool
is_reserved(const char *text)
{
	static const char *const words[] = {"true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan",
		"inf"};
	char lower[8];
	size_t length = strlen(text);

	if (length >= sizeof(lower))
		return false;
	for (size_t i = 0; i <= length; i++)
		lower[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] - 'A' + 'a') : text[i];
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (kbi_str_is(lower, words[i]))
			return true;
	return false;
}

/* A narrow grammar on purpose: a letter or a slash, then what names, paths and references are made of. */
static bool
can_be_plain(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ/";
	static const char others[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-";

	if (!*text || !strchr(letters, *text) || is_reserved(text))
		return false;
	size_t length = strspn(text, others);
	return !text[length] && length <= PLAIN_MAX_BYTES;
}

void
kbi_yaml_scalar(struct kbi_buf *out, const char *text)
{
	if (text && can_be_plain(text))
		kbi_buf_add(out, text);
	else
		kbi_json_string(out, text);
}

/* Text that was read as plain is not plain everywhere: between brackets "-" and "?" may be words, and "x:" too, where in a block they begin
 * an item or a member; "---" may begin words that are indented; and a line break, Unicode's own among them, breaks only where it stands. */
static bool
can_stay_plain(const struct kbi_yaml_node *node)
{
	const char *at = node->text, *end = at + node->text_bytes;
	uint32_t c;
	size_t length;

	if (end[-1] == ':' || (node->text_bytes == 1 && strchr("-?", *at)) || kbi_str_starts(at, "---") || kbi_str_starts(at, "..."))
		return false;
	while (at < end && (length = kbi_utf8_next(at, (size_t)(end - at), &c)) && kbi_utf8_is_print(c))
		at += length;
	return at == end;
}

static void
write_scalar(struct kbi_buf *out, const struct kbi_yaml_node *node)
{
	if (node->style == KBI_YAML_PLAIN && !node->text_bytes)
		kbi_buf_add(out, "null");
	else if (node->style == KBI_YAML_PLAIN && can_stay_plain(node))
		kbi_buf_add(out, node->text);
	else
		kbi_yaml_scalar(out, node->text);
}

static void
pad(struct kbi_buf *out, size_t spaces)
{
	while (spaces--)
		kbi_buf_add_char(out, ' ');
}

static bool
is_leaf(const struct kbi_yaml_node *node)
{
	return node->kind == KBI_YAML_SCALAR || !node->count;
}

static void
write_leaf(struct kbi_buf *out, const struct kbi_yaml_node *node)
{
	if (node->kind == KBI_YAML_SCALAR)
		write_scalar(out, node);
	else
		kbi_buf_add(out, node->kind == KBI_YAML_MAP ? "{}" : "[]");
	kbi_buf_add_char(out, '\n');
}

/* The first line of a list or map may go on behind a "- " that stands already. */
static void
write_children(struct kbi_buf *out, const struct kbi_yaml_node *parent, size_t indent, bool is_begun)
{
	for (const struct kbi_yaml_node *child = parent->first; child && !out->failed; child = child->next) {
		if (!is_begun || child != parent->first)
			pad(out, indent);
		if (child->key) {
			write_scalar(out, child->key);
			kbi_buf_add_char(out, ':');
			kbi_buf_add_char(out, is_leaf(child) ? ' ' : '\n');
		} else {
			kbi_buf_add(out, "- ");
		}
		if (is_leaf(child))
			write_leaf(out, child);
		else if (child->key)
			write_children(out, child, child->kind == KBI_YAML_LIST ? indent : indent + 2, false);
		else
			write_children(out, child, indent + 2, true);
	}
}

void
kbi_yaml_write_node(struct kbi_buf *out, const struct kbi_yaml_node *node)
{
	if (is_leaf(node))
		write_leaf(out, node);
	else
		write_children(out, node, 0, false);
}

void
kbi_yaml_write(struct kbi_buf *out, const struct kbi_yaml *yaml)
{
	for (const struct kbi_yaml_node *document = yaml->first; document; document = document->next) {
		if (document != yaml->first)
			kbi_buf_add(out, "---\n");
		kbi_yaml_write_node(out, document);
	}
}
