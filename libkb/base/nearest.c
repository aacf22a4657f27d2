/* SPDX-License-Identifier: Apache-2.0 */
#include "base/nearest.h"

#include <string.h>

#define WORD_MAX 64

static size_t
least(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;
	return ab < c ? ab : c;
}

/* How many letters must be put in, taken out or changed to make b of a (Levenshtein, 1965) */
static size_t
distance(const char *a, const char *b)
{
	size_t a_len = strlen(a), b_len = strlen(b), row[WORD_MAX + 1];
	for (size_t j = 0; j <= b_len; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t above = row[j];
			row[j] = least(row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[b_len];
}

struct kbi_nearest
kbi_nearest(const char *word)
{
	size_t len = word ? strlen(word) : 0;
	return (struct kbi_nearest){ .word = len > 0 && len <= WORD_MAX ? word : NULL, .distance = len / 3 + 2 };
}

void
kbi_nearest_try(struct kbi_nearest *nearest, const char *candidate)
{
	if (!nearest->word || strlen(candidate) > WORD_MAX)
		return;
	size_t d = distance(nearest->word, candidate);
	if (d >= nearest->distance)
		return;
	nearest->distance = d;
	nearest->best = candidate;
}
