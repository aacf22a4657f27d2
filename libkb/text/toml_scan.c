/* SPDX-License-Identifier: Apache-2.0 */
#include "text/toml_scan.h"

#include <stdint.h>
#include <string.h>

#include "base/str.h"
#include "base/utf8.h"
#include "text/bound.h"
#include "text/toml.h"

static const char bare_key[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
static const char bare_value[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+.:";

kb_status
kbi_toml_fail(const struct kbi_toml_scan *scan, const char *at, const char *what)
{
	size_t line = 1, column = 1;

	for (const char *c = scan->data; c < at; c++) {
		if (*c == '\n') {
			line++;
			column = 1;
		} else if ((*c & 0xc0) != 0x80) {
			column++;
		}
	}
	return kbi_fail(scan->err, KB_EINVAL, "%s:%zu:%zu: %s", scan->who, line, column, what);
}

/* Control characters but for tab and newline are forbidden everywhere, so they are looked for once, here. */
static kb_status
check_characters(const struct kbi_toml_scan *scan)
{
	uint32_t c;

	for (const char *at = scan->data; at < scan->end;) {
		size_t length = kbi_utf8_next(at, (size_t)(scan->end - at), &c);
		bool is_newline = c == '\n' || (c == '\r' && at + 1 < scan->end && at[1] == '\n');
		if (!length)
			return kbi_toml_fail(scan, at, "not UTF-8 text");
		if ((c < 0x20 && c != '\t' && !is_newline) || c == 0x7f)
			return kbi_toml_fail(scan, at, "a control character");
		at += length;
	}
	return KB_OK;
}

kb_status
kbi_toml_begin(struct kbi_toml_scan *scan, const char *who, const void *data, size_t size_bytes,
	struct kb_err *err)
{
	kb_status status = kbi_bound_in(who, data, size_bytes, KBI_SIZE_TEXT, err);

	if (status)
		return status;
	*scan = (struct kbi_toml_scan){.data = data ? data : "", .err = err, .who = who};
	scan->at = scan->data;
	scan->end = scan->data + size_bytes;
	return check_characters(scan);
}

bool
kbi_toml_is(const struct kbi_toml_scan *scan, char c)
{
	return scan->at < scan->end && *scan->at == c;
}

bool
kbi_toml_take(struct kbi_toml_scan *scan, char c)
{
	if (!kbi_toml_is(scan, c))
		return false;
	scan->at++;
	return true;
}

void
kbi_toml_skip_blanks(struct kbi_toml_scan *scan)
{
	while (kbi_toml_is(scan, ' ') || kbi_toml_is(scan, '\t'))
		scan->at++;
}

/* A carriage return stands only before a newline: check_characters() saw to it. */
static bool
take_newline(struct kbi_toml_scan *scan)
{
	kbi_toml_take(scan, '\r');
	return kbi_toml_take(scan, '\n');
}

static void
skip_comment(struct kbi_toml_scan *scan)
{
	if (!kbi_toml_is(scan, '#'))
		return;
	while (scan->at < scan->end && *scan->at != '\r' && *scan->at != '\n')
		scan->at++;
}

void
kbi_toml_skip_lines(struct kbi_toml_scan *scan)
{
	do {
		kbi_toml_skip_blanks(scan);
		skip_comment(scan);
	} while (take_newline(scan));
}

kb_status
kbi_toml_end_line(struct kbi_toml_scan *scan)
{
	kbi_toml_skip_blanks(scan);
	skip_comment(scan);
	if (scan->at < scan->end && !take_newline(scan))
		return kbi_toml_fail(scan, scan->at, "more on a line than was expected");
	return KB_OK;
}

static void
add_utf8(struct kbi_buf *text, uint32_t c)
{
	char bytes[4];
	size_t length = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};

	for (size_t i = length; i-- > 1; c >>= 6)
		bytes[i] = (char)(0x80 | (c & 0x3f));
	bytes[0] = (char)(lead[length] | c);
	kbi_buf_add_bytes(text, bytes, length);
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static kb_status
take_code_point(struct kbi_toml_scan *scan, int digits, struct kbi_buf *text)
{
	const char *begin = scan->at;
	uint32_t c = 0;

	for (int i = 0; i < digits; i++, scan->at++) {
		int value = scan->at < scan->end ? hex_value(*scan->at) : -1;
		if (value < 0)
			return kbi_toml_fail(scan, begin, "an escape without its digits");
		c = c << 4 | (uint32_t)value;
	}
	if (!c || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return kbi_toml_fail(scan, begin, "an escape of no character that can be here");
	if (text)
		add_utf8(text, c);
	return KB_OK;
}

/* Behind a backslash. In a string of several lines a backslash at the end of one swallows what is blank behind it. */
static kb_status
take_escape(struct kbi_toml_scan *scan, bool is_multiline, struct kbi_buf *text)
{
	static const char letters[] = "btnfr\"\\", meant[] = "\b\t\n\f\r\"\\";
	char c = '\0';
	const char *known;

	if (is_multiline) {
		const char *before = scan->at;
		kbi_toml_skip_blanks(scan);
		if (take_newline(scan)) {
			do
				kbi_toml_skip_blanks(scan);
			while (take_newline(scan));
			return KB_OK;
		}
		scan->at = before;
	}
	if (scan->at < scan->end)
		c = *scan->at++;
	if (c == 'u' || c == 'U')
		return take_code_point(scan, c == 'u' ? 4 : 8, text);
	known = c ? strchr(letters, c) : NULL;
	if (!known)
		return kbi_toml_fail(scan, scan->at, "an escape that TOML does not know");
	if (text)
		kbi_buf_add_char(text, meant[known - letters]);
	return KB_OK;
}

/* How many of the same quote stand here, at most `max`. */
static size_t
count_quotes(const struct kbi_toml_scan *scan, char quote, size_t max)
{
	size_t count = 0;

	while (count < max && scan->at + count < scan->end && scan->at[count] == quote)
		count++;
	return count;
}

static kb_status
take_multiline(struct kbi_toml_scan *scan, char quote, struct kbi_buf *text)
{
	const char *begin = scan->at;

	scan->at += 3;
	take_newline(scan);	/* one right behind the quotes is not part of the text */
	while (scan->at < scan->end) {
		size_t quotes = count_quotes(scan, quote, 5);	/* up to two may stand before the closing three */
		if (quotes) {
			scan->at += quotes;
			if (text)
				kbi_buf_add_bytes(text, scan->at - quotes, quotes >= 3 ? quotes - 3 : quotes);
			if (quotes >= 3)
				return KB_OK;
		} else if (quote == '"' && kbi_toml_take(scan, '\\')) {
			kb_status status = take_escape(scan, true, text);
			if (status)
				return status;
		} else {
			if (text)
				kbi_buf_add_char(text, *scan->at);
			scan->at++;
		}
	}
	return kbi_toml_fail(scan, begin, "a string that does not end");
}

static kb_status
take_single_line(struct kbi_toml_scan *scan, char quote, struct kbi_buf *text)
{
	const char *begin = scan->at++;

	while (scan->at < scan->end && *scan->at != '\n' && *scan->at != '\r') {
		if (kbi_toml_take(scan, quote))
			return KB_OK;
		if (quote == '"' && kbi_toml_take(scan, '\\')) {
			kb_status status = take_escape(scan, false, text);
			if (status)
				return status;
			continue;
		}
		if (text)
			kbi_buf_add_char(text, *scan->at);
		scan->at++;
	}
	return kbi_toml_fail(scan, begin, "a string that does not end");
}

kb_status
kbi_toml_string_value(struct kbi_toml_scan *scan, struct kbi_buf *text)
{
	char quote = *scan->at;

	return count_quotes(scan, quote, 3) == 3 ? take_multiline(scan, quote, text)
		: take_single_line(scan, quote, text);
}

static kb_status
take_key_part(struct kbi_toml_scan *scan, struct kbi_buf *path)
{
	const char *begin = scan->at;
	kb_status status = KB_OK;

	if (kbi_toml_is(scan, '"') || kbi_toml_is(scan, '\''))
		status = take_single_line(scan, *scan->at, path);
	else
		while (scan->at < scan->end && strchr(bare_key, *scan->at))
			scan->at++;
	if (status)
		return status;
	if (scan->at == begin)
		return kbi_toml_fail(scan, begin, "no key where one was expected");
	if (*begin != '"' && *begin != '\'')
		kbi_buf_add_bytes(path, begin, (size_t)(scan->at - begin));
	kbi_buf_add_char(path, '\0');
	return KB_OK;
}

kb_status
kbi_toml_key(struct kbi_toml_scan *scan, struct kbi_buf *path)
{
	kb_status status;

	do {
		kbi_toml_skip_blanks(scan);
		status = take_key_part(scan, path);
		kbi_toml_skip_blanks(scan);
	} while (!status && kbi_toml_take(scan, '.'));
	if (!status && kbi_buf_failed(path))
		return kbi_fail(scan->err, kbi_buf_failed(path), "%s: a key is too long", scan->who);
	return status;
}

static bool
word_is(const char *word, size_t length, const char *text)
{
	return strlen(text) == length && memcmp(word, text, length) == 0;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* true, false, and what begins as a number or a date does: their finer grammar is for the program that reads the file. */
static bool
is_scalar(const char *word, size_t length)
{
	size_t sign = length && (*word == '+' || *word == '-');

	if (word_is(word, length, "true") || word_is(word, length, "false"))
		return true;
	if (word_is(word + sign, length - sign, "inf") || word_is(word + sign, length - sign, "nan"))
		return true;
	return length > sign && is_digit(word[sign]);
}

kb_status
kbi_toml_bare_value(struct kbi_toml_scan *scan)
{
	const char *begin = scan->at;

	while (scan->at < scan->end && strchr(bare_value, *scan->at))
		scan->at++;
	if (!is_scalar(begin, (size_t)(scan->at - begin)))
		return kbi_toml_fail(scan, begin, "no value where one was expected");
	bool is_date = scan->at - begin == 10 && begin[4] == '-' && begin[7] == '-';	/* 1979-05-27 07:32:00 */
	if (is_date && kbi_toml_is(scan, ' ') && scan->at + 1 < scan->end && is_digit(scan->at[1]))
		for (scan->at++; scan->at < scan->end && strchr(bare_value, *scan->at);)
			scan->at++;
	return KB_OK;
}

void
kbi_toml_add_key(struct kbi_buf *out, const char *part)
{
	if (*part && !part[strspn(part, bare_key)])
		kbi_buf_add(out, part);
	else
		kbi_toml_string(out, part);
}
