/* SPDX-License-Identifier: Apache-2.0 */
#include "steps/words.h"

#include <string.h>

#include "base/str.h"

char *
kbi_line_take(char **rest)
{
	char *line = *rest;

	if (!line || !*line)
		return NULL;
	strsep(rest, "\n");
	return line;
}

size_t
kbi_line_words(char *line, char **words, size_t max)
{
	size_t count = 0;
	char *word;

	while (count < max && (word = strsep(&line, " \t\r")))
		if (*word)
			words[count++] = word;
	return count;
}

const char *
kbi_word_behind(char *const *words, size_t count, const char *name)
{
	for (size_t i = 0; i + 1 < count; i++)
		if (kbi_str_is(words[i], name))
			return words[i + 1];
	return NULL;
}

bool
kbi_word_is_among(char *const *words, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (kbi_str_is(words[i], name))
			return true;
	return false;
}
