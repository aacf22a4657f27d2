/* SPDX-License-Identifier: Apache-2.0 */
/* What tools print in lines of words (ip, apt-cache, systemctl), taken apart in place. */
#ifndef KBI_WORDS_H
#define KBI_WORDS_H

#include <stdbool.h>
#include <stddef.h>

/* The next line, ended by a NUL; NULL when there is none. *rest goes on to what follows. */
char *kbi_line_take(char **rest);
/* The words of a line, parted by blanks and tabs; words beyond max are left out. */
size_t kbi_line_words(char *line, char **words, size_t max);
/* The word behind this one, NULL when there is none: "dev" of "via 10.0.2.2 dev eth0" is "eth0". */
const char *kbi_word_behind(char *const *words, size_t count, const char *name);
bool kbi_word_is_among(char *const *words, size_t count, const char *name);

#endif
