/* SPDX-License-Identifier: Apache-2.0 */
/* /etc/hosts: entries, a line "%%", the file. The block again changes nothing, and taking it away twice is taking it away once. */
#include "fuzz.h"

static void
check_twice(const char *data, size_t size_bytes, const char *entries)
{
	kb_bytes *once = kb_hosts_block(fuzz_ctx(), data, size_bytes, entries), *twice = NULL;

	if (once && kb_bytes_size(once) <= KBI_SIZE_TEXT) {
		twice = kb_hosts_block(fuzz_ctx(), kb_bytes_data(once), kb_bytes_size(once), entries);
		FUZZ_CHECK(fuzz_bytes_are(twice, kb_bytes_data(once), kb_bytes_size(once)));
	}
	kb_bytes_free(once);
	kb_bytes_free(twice);
}

void
fuzz(const char *data, size_t size_bytes)
{
	char *entries = fuzz_take(&data, &size_bytes, NULL);

	check_twice(data, size_bytes, entries);
	check_twice(data, size_bytes, "192.168.1.2 cluster1-master1\n192.168.1.3 cluster1-worker1\n");
	check_twice(data, size_bytes, "");
	free(entries);
}
