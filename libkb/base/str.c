/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include <string.h>

#include "base/buf.h"
#include "base/scarce.h"
#include "base/utf8.h"

bool
kbi_str_is(const char *a, const char *b)
{
	if (!a || !b)
		return a == b;
	return strcmp(a, b) == 0;
}

bool
kbi_str_is_set(const char *s)
{
	return s && *s;
}

bool
kbi_str_starts(const char *s, const char *prefix)
{
	return s && prefix && strncmp(s, prefix, strlen(prefix)) == 0;
}

bool
kbi_str_ends(const char *s, const char *suffix)
{
	if (!s || !suffix)
		return false;
	size_t length = strlen(s), tail = strlen(suffix);
	return length >= tail && memcmp(s + length - tail, suffix, tail) == 0;
}

/* Only the last star is ever retried: an earlier one that matched can stay where it is. */
static char *
counted(char *copy)
{
	if (!copy)
		kbi_scarce();
	return copy;
}

char *
kbi_str_copy(const char *s)
{
	return counted(strdup(s));
}

char *
kbi_str_copy_part(const char *s, size_t size_bytes)
{
	return counted(strndup(s, size_bytes));
}

bool
kbi_str_matches(const char *s, const char *pattern)
{
	const char *star = NULL, *retry = NULL;

	if (!s || !pattern)
		return false;
	while (*s) {
		if (*pattern == '*') {
			star = pattern++;
			retry = s;
		} else if (*pattern == '?' || *pattern == *s) {
			pattern++;
			s++;
		} else if (star) {
			pattern = star + 1;
			s = ++retry;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

/* strcasecmp() asks the locale, and a Turkish one has its own idea of "i". */
static bool
is_word(const char *s, const char *lower)
{
	for (; *s && *lower; s++, lower++) {
		char c = *s >= 'A' && *s <= 'Z' ? (char)(*s - 'A' + 'a') : *s;
		if (c != *lower)
			return false;
	}
	return !*s && !*lower;
}

bool
kbi_str_is_yes(const char *s)
{
	return s && (is_word(s, "true") || is_word(s, "yes") || is_word(s, "1"));
}

bool
kbi_str_to_int64(const char *s, int64_t min, int64_t max, int64_t *value)
{
	bool negative = s && *s == '-';
	int64_t number = 0;	/* kept negative, since there is one more of those */

	if (!s || !s[negative])
		return false;
	for (s += negative; *s; s++) {
		if (*s < '0' || *s > '9')
			return false;
		int digit = *s - '0';
		if (number < (INT64_MIN + digit) / 10)
			return false;
		number = number * 10 - digit;
	}
	if (!negative && number == INT64_MIN)
		return false;
	number = negative ? number : -number;
	if (number < min || number > max)
		return false;
	*value = number;
	return true;
}

static bool
is_alphanumeric(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool
kbi_str_is_name(const char *s)
{
	size_t length = s ? strlen(s) : 0, label = 0;

	if (!length || length > 253)
		return false;
	for (size_t i = 0; i <= length; i++) {
		if (s[i] == '.' || !s[i]) {
			if (!label || label > 63 || s[i - 1] == '-')
				return false;
			label = 0;
		} else if (is_alphanumeric(s[i]) || (s[i] == '-' && label)) {
			label++;
		} else {
			return false;
		}
	}
	return true;
}

const char *
kbi_str_line(const char *text, const char *end, const char **line, size_t *line_bytes)
{
	if (!text || text >= end)
		return NULL;
	const char *newline = memchr(text, '\n', (size_t)(end - text));
	const char *stop = newline ? newline : end;
	*line = text;
	*line_bytes = (size_t)(stop - text);
	if (newline && *line_bytes && stop[-1] == '\r')
		(*line_bytes)--;
	return newline ? newline + 1 : end;
}

static void
escape_control(struct kbi_buf *out, uint32_t code_point)
{
	if (code_point == '\n')
		kbi_buf_add(out, "\\n");
	else if (code_point == '\r')
		kbi_buf_add(out, "\\r");
	else if (code_point == '\t')
		kbi_buf_add(out, "\\t");
	else if (code_point < 0x80)
		kbi_buf_add_format(out, "\\x%02x", code_point);
	else
		kbi_buf_add_format(out, "\\u%04x", code_point);
}

void
kbi_str_escape(struct kbi_buf *out, const char *data, size_t size_bytes)
{
	uint32_t code_point;

	while (size_bytes) {
		size_t length = kbi_utf8_next(data, size_bytes, &code_point);
		if (!length)
			kbi_buf_add_format(out, "\\x%02x", (unsigned char)*data);
		else if (kbi_utf8_is_print(code_point))
			kbi_buf_add_bytes(out, data, length);
		else
			escape_control(out, code_point);
		data += length ? length : 1;
		size_bytes -= length ? length : 1;
	}
}

void
kbi_str_escape_lines(struct kbi_buf *out, const char *data, size_t size_bytes)
{
	size_t begin = 0;
	for (size_t i = 0; i < size_bytes; i++) {
		if (data[i] != '\n' && data[i] != '\t')
			continue;
		kbi_str_escape(out, data + begin, i - begin);
		kbi_buf_add_char(out, data[i]);
		begin = i + 1;
	}
	if (begin < size_bytes)
		kbi_str_escape(out, data + begin, size_bytes - begin);
}

void
kbi_str_hex(struct kbi_buf *out, const unsigned char *data, size_t size_bytes)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < size_bytes; i++) {
		kbi_buf_add_char(out, digits[data[i] >> 4]);
		kbi_buf_add_char(out, digits[data[i] & 15]);
	}
}

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void
kbi_str_base64(struct kbi_buf *out, const void *data, size_t size_bytes)
{
	const unsigned char *in = data;

	for (size_t i = 0; i < size_bytes; i += 3) {
		size_t left = size_bytes - i;
		uint32_t group = (uint32_t)in[i] << 16;
		group |= left > 1 ? (uint32_t)in[i + 1] << 8 : 0;
		group |= left > 2 ? in[i + 2] : 0;
		char four[4] = {
			base64_digits[group >> 18], base64_digits[group >> 12 & 63],
			left > 1 ? base64_digits[group >> 6 & 63] : '=', left > 2 ? base64_digits[group & 63] : '=',
		};
		kbi_buf_add_bytes(out, four, sizeof(four));
	}
}

static int
base64_value(char c)
{
	const char *at = c ? strchr(base64_digits, c) : NULL;

	return at ? (int)(at - base64_digits) : -1;
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Strict but for white space, which PEM bodies and wrapped output have: the padding must be there, and unused bits must be 0. */
bool
kbi_str_unbase64(struct kbi_buf *out, const char *text, size_t text_bytes)
{
	uint32_t group = 0;
	unsigned digits = 0, pads = 0;

	for (size_t i = 0; i < text_bytes; i++) {
		if (is_space(text[i]))
			continue;
		int value = text[i] == '=' ? 0 : base64_value(text[i]);
		if (value < 0 || (pads && text[i] != '='))
			return false;
		pads += text[i] == '=';
		group = group << 6 | (uint32_t)value;
		if (++digits % 4)
			continue;
		if (pads > 2 || (group & (pads == 2 ? 0xffffU : pads ? 0xffU : 0)))
			return false;
		const char bytes[3] = {(char)(group >> 16), (char)(group >> 8), (char)group};
		kbi_buf_add_bytes(out, bytes, 3 - pads);
		group = 0;
	}
	return digits % 4 == 0 && (pads == 0 || digits >= 4);
}

void
kbi_wipe(void *data, size_t size_bytes)
{
	if (data && size_bytes)
		explicit_bzero(data, size_bytes);
}
