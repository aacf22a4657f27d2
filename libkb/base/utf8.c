/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

static size_t
length_of(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first <= 0xdf)
		return 2;
	if (first >= 0xe0 && first <= 0xef)
		return 3;
	return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

size_t
kbi_utf8_next(const char *data, size_t size_bytes, uint32_t *code_point)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *bytes = (const unsigned char *)data;

	*code_point = 0;
	size_t length = size_bytes ? length_of(bytes[0]) : 0;
	if (!length || length > size_bytes)
		return 0;
	uint32_t value = length == 1 ? bytes[0] : bytes[0] & (0xffU >> (length + 1));
	for (size_t i = 1; i < length; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (bytes[i] & 0x3fU);
	}
	if (value < smallest[length] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return 0;
	*code_point = value;
	return length;
}

bool
kbi_utf8_is(const char *data, size_t size_bytes)
{
	uint32_t code_point;

	while (size_bytes) {
		size_t length = kbi_utf8_next(data, size_bytes, &code_point);
		if (!length)
			return false;
		data += length;
		size_bytes -= length;
	}
	return true;
}

bool
kbi_utf8_is_print(uint32_t c)
{
	static const uint32_t ranges[][2] = {
		{0x0000, 0x001f}, {0x007f, 0x009f},	/* C0, DEL, C1 */
		{0x061c, 0x061c}, {0x200e, 0x200f},	/* direction marks */
		{0x2028, 0x202e}, {0x2066, 0x2069},	/* line and paragraph separators, direction overrides and isolates */
		{0xfeff, 0xfeff}, {0xfff9, 0xfffb},	/* byte order mark, annotations */
		{0xfffe, 0xffff},
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (c >= ranges[i][0] && c <= ranges[i][1])
			return false;
	return true;
}
