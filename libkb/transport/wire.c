/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/wire.h"

#include <string.h>

bool
kbi_wire_u32(struct kbi_wire *wire, uint32_t *value)
{
	const unsigned char *d = wire->data;

	if (wire->size_bytes < 4)
		return false;
	*value = (uint32_t)d[0] << 24 | (uint32_t)d[1] << 16 | (uint32_t)d[2] << 8 | d[3];
	wire->data += 4;
	wire->size_bytes -= 4;
	return true;
}

bool
kbi_wire_string(struct kbi_wire *wire, struct kbi_wire *string)
{
	struct kbi_wire left = *wire;
	uint32_t size_bytes;

	if (!kbi_wire_u32(&left, &size_bytes) || size_bytes > left.size_bytes)
		return false;
	*string = (struct kbi_wire){left.data, size_bytes};
	*wire = (struct kbi_wire){left.data + size_bytes, left.size_bytes - size_bytes};
	return true;
}

bool
kbi_wire_is(const struct kbi_wire *string, const char *text)
{
	return string->size_bytes == strlen(text) && memcmp(string->data, text, string->size_bytes) == 0;
}

void
kbi_wire_add_u32(struct kbi_buf *buf, uint32_t value)
{
	const char bytes[4] = {(char)(value >> 24), (char)(value >> 16), (char)(value >> 8), (char)value};

	kbi_buf_add_bytes(buf, bytes, sizeof(bytes));
}

void
kbi_wire_add_string(struct kbi_buf *buf, const void *data, size_t size_bytes)
{
	kbi_wire_add_u32(buf, (uint32_t)size_bytes);
	kbi_buf_add_bytes(buf, data, size_bytes);
}

void
kbi_wire_add_text(struct kbi_buf *buf, const char *text)
{
	kbi_wire_add_string(buf, text, strlen(text));
}

void
kbi_wire_add_number(struct kbi_buf *buf, const unsigned char *data, size_t size_bytes)
{
	while (size_bytes && !*data) {
		data++;
		size_bytes--;
	}
	bool would_be_negative = size_bytes && (*data & 0x80);
	kbi_wire_add_u32(buf, (uint32_t)(size_bytes + would_be_negative));
	if (would_be_negative)
		kbi_buf_add_char(buf, '\0');
	kbi_buf_add_bytes(buf, data, size_bytes);
}
