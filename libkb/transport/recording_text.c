/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/secrets.h"
#include "base/str.h"
#include "base/utf8.h"
#include "transport/recording.h"

#define REPEAT_MAX ((int64_t)64 << 20)
#define NAMED "\0\0{"		/* \{, unescaped: nothing that a host prints */
#define NAMED_BYTES (sizeof(NAMED) - 1)

static bool
is_plain(const char *data, size_t size_bytes, size_t *length)
{
	uint32_t code_point;

	*length = kbi_utf8_next(data, size_bytes, &code_point);
	return *length && (*data == '\t' || kbi_utf8_is_print(code_point)) && *data != '\\';
}

void
kbi_recording_escape(struct kbi_buf *out, const char *data, size_t size_bytes)
{
	while (size_bytes) {
		size_t length;
		if (is_plain(data, size_bytes, &length)) {
			kbi_buf_add_bytes(out, data, length);
		} else if (*data == '\\') {
			kbi_buf_add(out, "\\\\");
			length = 1;
		} else {
			kbi_buf_add_format(out, "\\x%02x", (unsigned char)*data);
			length = 1;
		}
		data += length;
		size_bytes -= length;
	}
}

static int
hex_value(char c)
{
	const char *digits = "0123456789abcdef", *at = c ? strchr(digits, tolower((unsigned char)c)) : NULL;

	return at ? (int)(at - digits) : -1;
}

bool
kbi_recording_unescape(struct kbi_buf *out, const char *text, size_t size_bytes)
{
	for (size_t i = 0; i < size_bytes; i++) {
		if (text[i] != '\\') {
			kbi_buf_add_char(out, text[i]);
		} else if (i + 1 < size_bytes && text[i + 1] == 'x') {
			int high = i + 3 < size_bytes ? hex_value(text[i + 2]) : -1, low = i + 3 < size_bytes ? hex_value(text[i + 3]) : -1;
			if (high < 0 || low < 0)
				return false;
			kbi_buf_add_char(out, (char)(high << 4 | low));
			i += 3;
		} else if (i + 1 < size_bytes && strchr("\\NR", text[i + 1])) {
			if (text[i + 1] != '\\')	/* stays for whoever knows the nonce */
				kbi_buf_add_char(out, '\\');
			kbi_buf_add_char(out, text[++i]);
		} else if (i + 1 < size_bytes && text[i + 1] == '{' && memchr(text + i, '}', size_bytes - i)) {
			kbi_buf_add_bytes(out, NAMED, NAMED_BYTES);
			i++;
		} else {
			return false;
		}
	}
	return true;
}

/* -- values that are others in each run */

/* Which of them stands there, as a word of its own. */
static const struct kbi_entry *
named_at(const struct kbi_map *named, const char *text, size_t size_bytes, size_t at)
{
	if (at && isalnum((unsigned char)text[at - 1]))
		return NULL;
	for (size_t i = 0; i < named->count; i++) {
		const struct kbi_entry *e = &named->entries[i];
		size_t end = at + e->size_bytes;
		if (e->size_bytes && end <= size_bytes && memcmp(text + at, e->value, e->size_bytes) == 0
			&& (end == size_bytes || !isalnum((unsigned char)text[end])))
			return e;
	}
	return NULL;
}

void
kbi_recording_name(struct kbi_buf *out, const struct kbi_map *named, const char *text, size_t size_bytes)
{
	size_t plain = 0;

	for (size_t at = 0; named && named->count && at < size_bytes; at++) {
		const struct kbi_entry *e = named_at(named, text, size_bytes, at);
		if (!e)
			continue;
		kbi_buf_add_bytes(out, text + plain, at - plain);
		kbi_buf_add_format(out, "\\{%s}", e->name);
		plain = at + e->size_bytes;
		at = plain - 1;
	}
	kbi_buf_add_bytes(out, text + plain, size_bytes - plain);
}

bool
kbi_recording_has_names(const struct kbi_buf *data)
{
	return data->size_bytes && memmem(data->data, data->size_bytes, NAMED, NAMED_BYTES);
}

void
kbi_recording_unname(struct kbi_buf *out, const struct kbi_map *named, const char *data, size_t size_bytes)
{
	const char *end = data + size_bytes, *mark;

	while (data < end && (mark = memmem(data, (size_t)(end - data), NAMED, NAMED_BYTES))) {
		const char *word = mark + NAMED_BYTES, *close = memchr(word, '}', (size_t)(end - word));
		char *name = close ? strndup(word, (size_t)(close - word)) : NULL;
		const char *value = name && named ? kbi_map_get(named, name) : NULL;
		kbi_buf_add_bytes(out, data, (size_t)(mark - data));
		kbi_buf_add(out, value ? value : "{");
		data = value ? close + 1 : word;
		free(name);
	}
	if (data < end)
		kbi_buf_add_bytes(out, data, (size_t)(end - data));
}

void
kbi_recording_block(struct kbi_buf *out, const char *data, size_t size_bytes)
{
	const char *end = data + size_bytes;

	while (data < end) {
		const char *newline = memchr(data, '\n', (size_t)(end - data));
		const char *stop = newline ? newline : end;
		kbi_buf_add_char(out, newline ? '|' : ':');
		kbi_recording_escape(out, data, (size_t)(stop - data));
		kbi_buf_add_char(out, '\n');
		data = newline ? newline + 1 : end;
	}
}

static bool
repeat(struct kbi_buf *out, const char *line, size_t size_bytes)
{
	const char *space = memchr(line, ' ', size_bytes);
	struct kbi_buf text = KBI_BUF(KBI_SIZE_TEXT);
	char number[16] = "";
	int64_t count = 0;

	if (!space || (size_t)(space - line) >= sizeof(number))
		return false;
	memcpy(number, line, (size_t)(space - line));
	bool is_good = kbi_str_to_int64(number, 1, REPEAT_MAX, &count)
		&& kbi_recording_unescape(&text, space + 1, size_bytes - (size_t)(space - line) - 1);
	while (is_good && count-- > 0 && !out->failed)
		kbi_buf_add_bytes(out, text.data, text.size_bytes);
	kbi_buf_free(&text);
	return is_good;
}

bool
kbi_recording_unblock(struct kbi_buf *out, const char *line, size_t size_bytes)
{
	if (!size_bytes)
		return false;
	if (line[0] == '*')
		return repeat(out, line + 1, size_bytes - 1);
	bool is_good = kbi_recording_unescape(out, line + 1, size_bytes - 1);
	if (line[0] == '|')
		kbi_buf_add_char(out, '\n');
	return is_good;
}

/* -- facts */

static bool
is_text(const char *data, size_t size_bytes)
{
	size_t length;

	for (; size_bytes; data += length, size_bytes -= length)
		if (*data == '\n' || *data == '\\')
			length = 1;
		else if (!is_plain(data, size_bytes, &length))
			return false;
	return true;
}

/* The same when it is encoded again. */
static bool
decode(struct kbi_buf *value, const char *text, size_t size_bytes)
{
	struct kbi_buf again = KBI_BUF(KBI_SIZE_LARGE);
	bool is_same = kbi_str_unbase64(value, text, size_bytes) && !kbi_buf_failed(value);

	if (is_same) {
		kbi_str_base64(&again, kbi_buf_text(value), value->size_bytes);
		is_same = again.size_bytes == size_bytes && memcmp(kbi_buf_text(&again), text, size_bytes) == 0;
	}
	kbi_buf_free(&again);
	return is_same;
}

static bool
add_encoded(struct kbi_buf *out, struct kbi_secrets *secrets, const char *line, size_t name_bytes, size_t line_bytes)
{
	struct kbi_buf value = KBI_BUF(KBI_SIZE_LARGE), blanked = KBI_BUF(KBI_SIZE_LARGE);
	bool is_good = decode(&value, line + name_bytes + 1, line_bytes - name_bytes - 1);

	value.secret = true;
	kbi_secrets_blank(secrets, kbi_buf_text(&value), value.size_bytes, &blanked);
	if (is_good && is_text(kbi_buf_text(&blanked), blanked.size_bytes)) {
		kbi_buf_add_format(out, "file %.*s\n", (int)name_bytes, line);
		kbi_recording_block(out, kbi_buf_text(&blanked), blanked.size_bytes);
	} else if (is_good) {
		kbi_buf_add_format(out, "data %.*s ", (int)name_bytes, line);
		kbi_str_base64(out, kbi_buf_text(&blanked), blanked.size_bytes);
		kbi_buf_add_char(out, '\n');
	}
	kbi_buf_free(&value);
	kbi_buf_free(&blanked);
	return is_good;
}

static size_t
name_of(const char *line, size_t size_bytes)
{
	size_t name = 0;

	while (name < size_bytes && line[name] && (isalnum((unsigned char)line[name]) || strchr("._-/@", line[name])))
		name++;
	return name && name <= 200 && name < size_bytes ? name : 0;
}

static bool
is_shown(const char *line)	/* to people, who get no zeros */
{
	return kbi_str_starts(line, "error.") || kbi_str_starts(line, "note=");
}

/* A line that is none of a fact's is kept as it came. */
static void
add_fact(struct kbi_buf *out, struct kbi_secrets *secrets, const char *line, size_t size_bytes, bool is_whole)
{
	size_t name = is_whole ? name_of(line, size_bytes) : 0;
	struct kbi_buf blanked = KBI_BUF(KBI_SIZE_LARGE);

	if (name && line[name] == ':' && add_encoded(out, secrets, line, name, size_bytes))
		return;
	if (is_shown(line))
		kbi_secrets_mask(secrets, line, size_bytes, &blanked);
	else
		kbi_secrets_blank(secrets, line, size_bytes, &blanked);
	kbi_buf_add(out, name && line[name] == '=' ? "fact " : is_whole ? "facts\n|" : "facts\n:");
	kbi_recording_escape(out, kbi_buf_text(&blanked), blanked.size_bytes);
	kbi_buf_add_char(out, '\n');
	kbi_buf_free(&blanked);
}

void
kbi_recording_facts(struct kbi_buf *out, struct kbi_secrets *secrets, const char *data, size_t size_bytes)
{
	const char *end = data + size_bytes;

	while (data < end) {
		const char *newline = memchr(data, '\n', (size_t)(end - data));
		add_fact(out, secrets, data, (size_t)((newline ? newline : end) - data), newline);
		data = newline ? newline + 1 : end;
	}
}

/* -- secrets that nobody has named */

static void
zero(char *from, const char *to)
{
	for (; from < to; from++)
		if (isalnum((unsigned char)*from))
			*from = '0';
}

static bool
is_word_char(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("+/=_-.", c));
}

static char *
end_of_word(char *at)
{
	while (is_word_char(*at))
		at++;
	return at;
}

static void
blank_after(char *text, const char *label)
{
	for (char *at = text; (at = strstr(at, label));) {
		at += strlen(label);
		at += strspn(at, " \t\"'");
		zero(at, end_of_word(at));
	}
}

static void
blank_keys(char *text)
{
	for (char *at = text, *end; (at = strstr(at, "PRIVATE KEY-----")); at = end) {
		at += strlen("PRIVATE KEY-----");
		end = strstr(at, "-----END");
		end = end ? end : at + strlen(at);
		for (char *c = at; c < end; c++)	/* what a recording puts around a line stays */
			if (isalnum((unsigned char)*c) && !(c[-1] == '\\' && *c == 'x'))
				*c = '0';
		end = *end ? end + strcspn(end, "\n") : end;
	}
}

static bool
is_token_char(char c)
{
	return islower((unsigned char)c) || isdigit((unsigned char)c);
}

static size_t
token_run(const char *at)
{
	size_t count = 0;

	while (is_token_char(at[count]))
		count++;
	return count;
}

/* abcdef.0123456789abcdef: https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/ */
static void
blank_tokens(char *text)
{
	for (char *dot = text; (dot = strchr(dot, '.')); dot++) {
		if (dot - text < 6 || token_run(dot + 1) != 16 || (dot - text > 6 && is_word_char(dot[-7])))
			continue;
		bool is_id = true;
		for (int i = 1; i <= 6; i++)
			is_id &= is_token_char(dot[-i]);
		if (is_id && dot[17] != '.')
			zero(dot - 6, dot + 17);
	}
}

void
kbi_recording_blank(struct kbi_buf *text)
{
	if (!text->size_bytes)
		return;
	blank_keys(text->data);
	blank_after(text->data, "client-key-data:");
	blank_after(text->data, "certificate-key ");
	blank_after(text->data, "certificateKey:");
	blank_tokens(text->data);
	for (char *at = text->data; (at = strstr(at, "eyJ")); at = end_of_word(at))	/* {" in base64: a JSON web token */
		if (end_of_word(at) - at > 40)
			zero(at, end_of_word(at));
}
