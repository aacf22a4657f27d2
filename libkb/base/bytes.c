/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

kb_bytes *
kbi_bytes_own(char *data, size_t size_bytes)
{
	kb_bytes *bytes = malloc(sizeof(*bytes));

	if (!bytes) {
		kbi_wipe(data, size_bytes);
		free(data);
		return NULL;
	}
	*bytes = (kb_bytes){.data = data, .size_bytes = size_bytes};
	return bytes;
}

kb_bytes *
kbi_bytes_new(const void *data, size_t size_bytes)
{
	char *copy = size_bytes < SIZE_MAX ? malloc(size_bytes + 1) : NULL;

	if (!copy)
		return NULL;
	if (size_bytes)
		memcpy(copy, data, size_bytes);
	copy[size_bytes] = '\0';
	return kbi_bytes_own(copy, size_bytes);
}

const void *
kb_bytes_data(const kb_bytes *bytes)
{
	return bytes ? bytes->data : NULL;
}

size_t
kb_bytes_size(const kb_bytes *bytes)
{
	return bytes ? bytes->size_bytes : 0;
}

void
kb_bytes_free(kb_bytes *bytes)
{
	if (!bytes)
		return;
	kbi_wipe(bytes->data, bytes->size_bytes);
	free(bytes->data);
	free(bytes);
}
