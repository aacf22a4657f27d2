/* SPDX-License-Identifier: Apache-2.0 */
/* "no such key: adress (the nearest is address)": the known word that somebody probably meant. */
#ifndef KBI_NEAREST_H
#define KBI_NEAREST_H

#include <stddef.h>

struct kbi_nearest {
	const char *word;
	const char *best;	/* the answer; NULL while nothing is near enough */
	size_t distance;	/* only what is nearer than this is taken */
};

struct kbi_nearest kbi_nearest(const char *word);
void kbi_nearest_try(struct kbi_nearest *nearest, const char *candidate);

#endif
