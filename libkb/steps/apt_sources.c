/* SPDX-License-Identifier: Apache-2.0 */
#include "steps/apt_sources.h"

#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "text/apt.h"

#define MARK "# off, by libkb: "
#define SUITE_MAX 256

struct piece {			/* one line, or one stanza */
	const char *text;
	size_t bytes;
	bool is_on;		/* an entry, and not turned off */
	char suite[SUITE_MAX];	/* its first one; "" when it is too long to be one */
};

static const char *
skip_blanks(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	return at;
}

static size_t
word_bytes(const char *at, const char *end)
{
	const char *from = at;

	while (at < end && *at != ' ' && *at != '\t' && *at != '\r' && *at != '\n')
		at++;
	return (size_t)(at - from);
}

static void
set_suite(struct piece *piece, const char *at, const char *end)
{
	size_t bytes = word_bytes(at, end);

	if (bytes >= SUITE_MAX)
		bytes = 0;
	memcpy(piece->suite, at, bytes);
	piece->suite[bytes] = '\0';
}

/* deb [option=value ...] URI SUITE ... */
static void
read_line(struct piece *piece)
{
	const char *end = piece->text + piece->bytes, *at = skip_blanks(piece->text, end);
	size_t bytes = word_bytes(at, end);

	piece->is_on = (bytes == 3 && strncmp(at, "deb", 3) == 0) || (bytes == 7 && strncmp(at, "deb-src", 7) == 0);
	if (!piece->is_on)
		return;
	at = skip_blanks(at + bytes, end);
	if (at < end && *at == '[') {
		const char *close = memchr(at, ']', (size_t)(end - at));
		at = skip_blanks(close ? close + 1 : end, end);
	}
	at = skip_blanks(at + word_bytes(at, end), end);
	set_suite(piece, at, end);
}

/* The value of a field of this line, NULL when the line is not that field. */
static const char *
field(const char *line, size_t line_bytes, const char *name)
{
	size_t name_bytes = strlen(name);

	if (line_bytes <= name_bytes || strncasecmp(line, name, name_bytes) != 0 || line[name_bytes] != ':')
		return NULL;
	return skip_blanks(line + name_bytes + 1, line + line_bytes);
}

static bool
is_no(const char *value, const char *end)
{
	static const char *const words[] = { "no", "false", "without", "off", "disable" };	/* apt's StringToBool() */
	size_t bytes = word_bytes(value, end);

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (bytes == strlen(words[i]) && strncasecmp(value, words[i], bytes) == 0)
			return true;
	return bytes == 1 && *value == '0';
}

static void
read_stanza(struct piece *piece)
{
	const char *at = piece->text, *end = at + piece->bytes, *line, *value;
	size_t bytes;
	bool is_off = false;

	while ((at = kbi_str_line(at, end, &line, &bytes))) {
		piece->is_on |= field(line, bytes, "types") != NULL;
		if ((value = field(line, bytes, "suites")))
			set_suite(piece, value, line + bytes);
		if ((value = field(line, bytes, "enabled")))
			is_off = is_no(value, line + bytes);
	}
	piece->is_on &= !is_off;
}

static bool
is_about(const struct piece *piece, const struct kbi_apt_about *about)
{
	for (const char *const *url = about->urls; *url; url++)
		if (kbi_apt_names_url(piece->text, piece->bytes, *url))
			return true;
	if (about->suites && kbi_str_matches(piece->suite, about->suites))
		return true;
	return about->url && kbi_str_is(piece->suite, about->suite) && kbi_apt_names_url(piece->text, piece->bytes, about->url);
}

static void
stanza_off(struct kbi_buf *out, const struct piece *piece)
{
	const char *at = piece->text, *end = at + piece->bytes, *line, *from = at;
	size_t bytes;

	for (; (at = kbi_str_line(at, end, &line, &bytes)); from = at)
		if (!field(line, bytes, "enabled"))
			kbi_buf_add_bytes(out, from, (size_t)(at - from));
	if (out->size_bytes && out->data[out->size_bytes - 1] != '\n')
		kbi_buf_add_char(out, '\n');
	kbi_buf_add(out, "Enabled: no\n");
}

/* The next line with its ending; or, in a file of stanzas, all lines up to an empty one, or that one. */
static struct piece
next_piece(const char *at, const char *end, bool is_deb822)
{
	struct piece piece = { .text = at };
	const char *line, *next;
	size_t bytes;

	while ((next = kbi_str_line(at, end, &line, &bytes))) {
		bool is_empty = skip_blanks(line, line + bytes) == line + bytes;
		if (is_deb822 && is_empty && at != piece.text)
			break;
		at = next;
		if (!is_deb822 || is_empty)
			break;
	}
	piece.bytes = (size_t)(at - piece.text);
	if (is_deb822)
		read_stanza(&piece);
	else
		read_line(&piece);
	return piece;
}

size_t
kbi_apt_turn_off(struct kbi_buf *out, const char *path, const char *text, size_t text_bytes, const struct kbi_apt_about *about,
	bool *is_any_left)
{
	const char *at = text, *end = text + text_bytes;
	bool is_deb822 = kbi_str_ends(path, ".sources");
	size_t count = 0;

	*is_any_left = false;
	while (at < end) {
		struct piece piece = next_piece(at, end, is_deb822);
		at += piece.bytes;
		if (!piece.is_on || !is_about(&piece, about)) {
			*is_any_left |= piece.is_on;
			kbi_buf_add_bytes(out, piece.text, piece.bytes);
			continue;
		}
		count++;
		if (is_deb822) {
			stanza_off(out, &piece);
		} else {
			kbi_buf_add(out, MARK);
			kbi_buf_add_bytes(out, piece.text, piece.bytes);
		}
	}
	return count;
}
