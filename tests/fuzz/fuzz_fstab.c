/* SPDX-License-Identifier: Apache-2.0 */
/* /etc/fstab: each line stays, or has our mark in front of it; off again changes nothing; on undoes off. */
#include "fuzz.h"

#include "base/str.h"

#define MARK "#kb# "

static void
check_lines(const char *data, size_t size_bytes, const kb_bytes *out)
{
	const char *before = data, *after = kb_bytes_data(out), *before_end = data + size_bytes, *after_end = after + kb_bytes_size(out);
	const char *old, *new;
	size_t old_bytes, new_bytes;

	while ((before = kbi_str_line(before, before_end, &old, &old_bytes))) {
		after = kbi_str_line(after, after_end, &new, &new_bytes);
		FUZZ_CHECK(after);
		if (new_bytes != old_bytes) {
			FUZZ_CHECK(new_bytes == old_bytes + strlen(MARK) && memcmp(new, MARK, strlen(MARK)) == 0);
			new += strlen(MARK);
		}
		FUZZ_CHECK(memcmp(old, new, old_bytes) == 0);
		if (before == before_end)
			break;
	}
}

void
fuzz(const char *data, size_t size_bytes)
{
	kb_ctx *kb = fuzz_ctx();
	kb_bytes *off = kb_fstab_swap_off(kb, data, size_bytes), *on = kb_fstab_swap_on(kb, data, size_bytes);

	if (size_bytes > KBI_SIZE_TEXT) {
		FUZZ_CHECK(!off && !on);
		return;
	}
	FUZZ_CHECK(off && on);
	if (size_bytes)
		check_lines(data, size_bytes, off);
	if (kb_bytes_size(off) <= KBI_SIZE_TEXT) {
		kb_bytes *twice = kb_fstab_swap_off(kb, kb_bytes_data(off), kb_bytes_size(off));
		kb_bytes *back = kb_fstab_swap_on(kb, kb_bytes_data(off), kb_bytes_size(off));
		FUZZ_CHECK(fuzz_bytes_are(twice, kb_bytes_data(off), kb_bytes_size(off)));
		FUZZ_CHECK(fuzz_bytes_are(back, kb_bytes_data(on), kb_bytes_size(on)));
		kb_bytes_free(twice);
		kb_bytes_free(back);
	}
	kb_bytes_free(off);
	kb_bytes_free(on);
}
