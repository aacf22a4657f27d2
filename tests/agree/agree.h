/* SPDX-License-Identifier: Apache-2.0 */
/* A case of cases.tsv, as the C runner reads it. */
#ifndef AGREE_H
#define AGREE_H

#include <stddef.h>

#define ARGS_MAX 6

struct field {
	char *data;		/* NULL: the table says \N */
	size_t size;
};

struct kase {
	char *function;
	struct field args[ARGS_MAX];
	size_t count;
};

/* Undoes the table's spelling (see cases.tsv). FOLDER is where \<FILE> is. What cannot be read ends the program. */
struct field agree_decode(const char *spelt, const char *folder);

/* One line of the table, which is cut into pieces; what stands behind "=>" is not looked at. Returns 0 for a comment or an empty line. */
int agree_read(struct kase *kase, char *line, const char *folder);

void agree_forget(struct kase *kase);

#endif
