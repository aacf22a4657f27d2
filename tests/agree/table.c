/* SPDX-License-Identifier: Apache-2.0 */
/* cases.tsv, read: lines, fields, and the spelling of bytes in them. */
#include "agree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELD_MAX ((size_t)10 << 20)

static void
die(const char *what, const char *how)
{
	fprintf(stderr, "agree: %s: %s\n", what, how);
	exit(2);
}

static void
add(struct field *to, const void *data, size_t size)
{
	if (to->size + size > FIELD_MAX)
		die("a field", "over 10 MiB");
	memcpy(to->data + to->size, data, size);
	to->size += size;
}

static void
add_file(struct field *to, const char *folder, const char *name, size_t length)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%.*s", folder, (int)length, name);
	FILE *file = fopen(path, "rb");
	if (!file)
		die(path, "cannot be read");
	to->size += fread(to->data + to->size, 1, FIELD_MAX - to->size, file);
	fclose(file);
}

static char
letter(char c)
{
	static const char names[] = "tnr\\", values[] = "\t\n\r\\";
	const char *at = strchr(names, c);

	if (!c || !at)
		die("an escape", "that the table does not have");
	return values[at - names];
}

static void decode_into(struct field *to, const char *from, const char *end, const char *folder);

/* \(COUNT*TEXT): returns where it ends */
static const char *
repeat(struct field *to, const char *from, const char *end, const char *folder)
{
	char *star;
	unsigned long count = strtoul(from, &star, 10);
	const char *close = memchr(from, ')', (size_t)(end - from));

	if (*star != '*' || !close)
		die("a repetition", "not \\(COUNT*TEXT)");
	size_t start = to->size;
	decode_into(to, star + 1, close, folder);
	size_t unit = to->size - start;
	to->size = start;
	for (unsigned long i = 0; i < count; i++) {
		if (to->size + unit > FIELD_MAX)
			die("a repetition", "over 10 MiB");
		memmove(to->data + to->size, to->data + start, unit);
		to->size += unit;
	}
	return close + 1;
}

static const char *
escape(struct field *to, const char *from, const char *end, const char *folder)
{
	char hex[3] = {0};

	switch (*from) {
	case '(':
		return repeat(to, from + 1, end, folder);
	case '<': {
		const char *close = memchr(from, '>', (size_t)(end - from));
		if (!close)
			die("a file's name", "without its end");
		add_file(to, folder, from + 1, (size_t)(close - from - 1));
		return close + 1;
	}
	case 'x':
		memcpy(hex, from + 1, 2);
		add(to, &(char){(char)strtol(hex, NULL, 16)}, 1);
		return from + 3;
	default:
		add(to, &(char){letter(*from)}, 1);
		return from + 1;
	}
}

static void
decode_into(struct field *to, const char *from, const char *end, const char *folder)
{
	while (from < end) {
		if (*from == '\\')
			from = escape(to, from + 1, end, folder);
		else
			add(to, from++, 1);
	}
}

struct field
agree_decode(const char *spelt, const char *folder)
{
	struct field field = {0};

	if (strcmp(spelt, "\\N") == 0)
		return field;
	field.data = malloc(FIELD_MAX + 1);
	if (!field.data)
		die("a field", "no memory");
	decode_into(&field, spelt, spelt + strlen(spelt), folder);
	field.data[field.size] = '\0';
	char *fits = realloc(field.data, field.size + 1);
	field.data = fits ? fits : field.data;
	return field;
}

int
agree_read(struct kase *kase, char *line, const char *folder)
{
	line[strcspn(line, "\n")] = '\0';
	*kase = (struct kase){.function = line};
	if (!*line || *line == '#')
		return 0;
	for (char *at = strchr(line, '\t'); at;) {
		*at++ = '\0';
		char *next = strchr(at, '\t');
		if (strncmp(at, "=>\t", 3) == 0)
			return 1;
		if (!next || kase->count == ARGS_MAX)
			break;
		*next = '\0';
		kase->args[kase->count++] = agree_decode(at, folder);
		*next = '\t';
		at = next;
	}
	die(line, "a case without =>, or with too many arguments");
	return 0;
}

void
agree_forget(struct kase *kase)
{
	for (size_t i = 0; i < kase->count; i++)
		free(kase->args[i].data);
}
