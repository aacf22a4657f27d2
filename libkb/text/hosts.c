/* SPDX-License-Identifier: Apache-2.0 */
#include "text/hosts.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "text/bound.h"
#include "text/cidr.h"

#define WORD_MAX_BYTES 256	/* a name has at most 253 characters, an address 45 */

/* A piece of a line. */
struct word {
	const char *text;
	size_t bytes;
};

struct names {
	struct word *names;	/* sorted once all are in */
	size_t count;
	size_t room;
};

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Without regard to case, as a resolver compares (RFC 4343). */
static int
compare_names(const void *a, const void *b)
{
	const struct word *one = a, *two = b;
	size_t shorter = one->bytes < two->bytes ? one->bytes : two->bytes;

	for (size_t i = 0; i < shorter; i++)
		if (lower(one->text[i]) != lower(two->text[i]))
			return (unsigned char)lower(one->text[i]) - (unsigned char)lower(two->text[i]);
	return (one->bytes > two->bytes) - (one->bytes < two->bytes);
}

static bool
holds(const struct names *names, struct word name)
{
	return names->count && bsearch(&name, names->names, names->count, sizeof(name), compare_names);
}

static kb_status
add_name(struct names *names, struct word name, struct kb_err *err)
{
	if (names->count == names->room) {
		size_t room = names->room ? names->room * 2 : 16;
		struct word *more = realloc(names->names, room * sizeof(*more));
		if (!more)
			return kbi_fail_memory(err);
		names->names = more;
		names->room = room;
	}
	names->names[names->count++] = name;
	return KB_OK;
}

/* Takes the next word of a line, which ends at `end` or at a comment. False when there is none. */
static bool
next_word(const char **at, const char *end, struct word *word)
{
	while (*at < end && (**at == ' ' || **at == '\t'))
		(*at)++;
	word->text = *at;
	while (*at < end && **at != ' ' && **at != '\t' && **at != '#')
		(*at)++;
	word->bytes = (size_t)(*at - word->text);
	return word->bytes > 0;
}

static bool
copy_word(char text[WORD_MAX_BYTES], struct word word)
{
	if (word.bytes >= WORD_MAX_BYTES)
		return false;
	memcpy(text, word.text, word.bytes);
	text[word.bytes] = '\0';
	return strlen(text) == word.bytes;
}

static bool
read_address(struct kbi_ip *ip, struct word word)
{
	char text[WORD_MAX_BYTES];

	return copy_word(text, word) && !kbi_ip_parse(ip, text, NULL);
}

static bool
is_loopback(struct word word)
{
	static const struct kbi_ip six = {.bits = 128, .bytes = {[15] = 1}};
	struct kbi_ip ip;

	return read_address(&ip, word) && (ip.bits == 32 ? ip.bytes[0] == 127 : kbi_ip_is(&ip, &six));
}

/* One entry into the block: "ADDRESS NAME...". */
static kb_status
read_entry(const char *line, const char *end, size_t number, struct names *names, struct kbi_buf *block,
	struct kb_err *err)
{
	char text[WORD_MAX_BYTES];
	struct word word;
	struct kbi_ip ip;

	if (!next_word(&line, end, &word))
		return KB_OK;
	if (!read_address(&ip, word))
		return kbi_fail(err, KB_EINVAL, "hosts entry %zu: no IP address at its start", number);
	kbi_ip_print(block, &ip);
	size_t before = names->count;
	while (next_word(&line, end, &word)) {
		if (!copy_word(text, word) || !kbi_str_is_name(text))
			return kbi_fail(err, KB_EINVAL, "hosts entry %zu: \"%.*s\": not a DNS name", number,
				word.bytes < 80 ? (int)word.bytes : 80, word.text);
		kb_status status = add_name(names, word, err);
		if (status)
			return status;
		kbi_buf_add_format(block, " %s", text);
	}
	kbi_buf_add_char(block, '\n');
	return names->count > before ? KB_OK : kbi_fail(err, KB_EINVAL, "hosts entry %zu: no name", number);
}

static kb_status
read_entries(const char *entries, struct names *names, struct kbi_buf *block, struct kb_err *err)
{
	const char *end = entries + strlen(entries), *line;
	size_t line_bytes, number = 0;
	kb_status status = KB_OK;

	while (!status && (entries = kbi_str_line(entries, end, &line, &line_bytes)))
		status = read_entry(line, line + line_bytes, ++number, names, block, err);
	if (names->count)
		qsort(names->names, names->count, sizeof(*names->names), compare_names);
	return status;
}

static bool
line_is(const char *line, size_t line_bytes, const char *text)
{
	return line_bytes == strlen(text) && memcmp(line, text, line_bytes) == 0;
}

/* The line of a loopback address without the names that are ours; the whole line goes when it has no other. */
static void
copy_unshadowed(struct kbi_buf *out, const char *line, const char *stop, const char *next,
	const struct names *names)
{
	const char *at = line, *from = line;
	struct word word;
	bool has_names = false;
	size_t start = out->size_bytes;

	next_word(&at, stop, &word);
	kbi_buf_add_bytes(out, from, (size_t)(at - from));
	for (from = at; next_word(&at, stop, &word); from = at) {
		if (holds(names, word))
			continue;	/* with the blanks before it */
		kbi_buf_add_bytes(out, from, (size_t)(at - from));
		has_names = true;
	}
	if (has_names)
		kbi_buf_add_bytes(out, from, (size_t)(next - from));
	else
		kbi_buf_truncate(out, start);
}

static bool
is_shadowing(const char *line, const char *stop, const struct names *names)
{
	struct word word;

	if (!next_word(&line, stop, &word) || !is_loopback(word))
		return false;
	while (next_word(&line, stop, &word))
		if (holds(names, word))
			return true;
	return false;
}

static void
add_block(struct kbi_buf *out, const struct kbi_buf *block)
{
	if (!block->size_bytes)
		return;
	if (out->size_bytes && out->data[out->size_bytes - 1] != '\n')
		kbi_buf_add_char(out, '\n');
	kbi_buf_add(out, KBI_HOSTS_BEGIN "\n");
	kbi_buf_add_bytes(out, block->data, block->size_bytes);
	kbi_buf_add(out, KBI_HOSTS_END "\n");
}

static kb_status
edit(const char *data, size_t size_bytes, const struct names *names, const struct kbi_buf *block,
	struct kbi_buf *out, struct kb_err *err)
{
	const char *end = data + size_bytes, *next = data, *line;
	size_t line_bytes, number = 0, opened_at = 0;
	bool is_written = false;

	while ((next = kbi_str_line(next, end, &line, &line_bytes))) {
		number++;
		if (line_is(line, line_bytes, KBI_HOSTS_BEGIN)) {
			if (opened_at || is_written)
				return kbi_fail(err, KB_EINVAL, "hosts: line %zu: the block of libkb begins again", number);
			opened_at = number;
			add_block(out, block);
			is_written = true;
		} else if (opened_at) {
			opened_at = line_is(line, line_bytes, KBI_HOSTS_END) ? 0 : opened_at;
		} else if (is_shadowing(line, line + line_bytes, names)) {
			copy_unshadowed(out, line, line + line_bytes, next, names);
		} else {
			kbi_buf_add_bytes(out, line, (size_t)(next - line));
		}
	}
	if (opened_at)
		return kbi_fail(err, KB_EINVAL, "hosts: line %zu: the block of libkb does not end", opened_at);
	if (!is_written)
		add_block(out, block);
	return kbi_bound_out("hosts", out, err);
}

kb_status
kbi_hosts_block(const void *data, size_t size_bytes, const char *entries, struct kbi_buf *out,
	struct kb_err *err)
{
	struct kbi_buf block = KBI_BUF(KBI_SIZE_TEXT);
	struct names names = {0};

	kb_status status = kbi_bound_in("hosts", data, size_bytes, KBI_SIZE_TEXT, err);
	if (!status && !entries)
		status = kbi_fail(err, KB_EINVAL, "hosts entries: NULL");
	if (!status)
		status = kbi_bound_in("hosts entries", entries, strlen(entries), KBI_SIZE_TEXT, err);
	if (!status)
		status = read_entries(entries, &names, &block, err);
	if (!status)
		status = kbi_bound_out("hosts entries", &block, err);
	if (!status)
		status = edit(data ? data : "", size_bytes, &names, &block, out, err);
	kbi_buf_free(&block);
	free(names.names);
	return status;
}
