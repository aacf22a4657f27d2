/* SPDX-License-Identifier: Apache-2.0 */
/* What a script said is read or refused; what was read, written again as base64, reads the same. */
#include "fuzz.h"

#include "base/str.h"
#include "facts.h"

static void
write_facts(struct kbi_buf *out, const struct kbi_map *facts)
{
	for (size_t i = 0; i < facts->count; i++) {
		const struct kbi_entry *entry = &facts->entries[i];
		kbi_buf_add_format(out, "%s:", entry->name);
		kbi_str_base64(out, entry->value, entry->size_bytes);
		kbi_buf_add_char(out, '\n');
	}
}

void
fuzz(const char *data, size_t size_bytes)
{
	struct kbi_map facts = {0}, again = {0};
	struct kbi_buf text = KBI_BUF(KBI_SIZE_LARGE);
	struct kb_err err = {0};

	if (kbi_facts_parse(data, size_bytes, &facts) == KB_OK) {
		kb_status status = kbi_facts_error(&facts, "host", "step", &err);
		FUZZ_CHECK((status != KB_OK) == kbi_map_has(&facts, "error.code"));
		FUZZ_CHECK(!status || kbi_str_is_set(err.cause));
		write_facts(&text, &facts);
		FUZZ_CHECK(kbi_facts_parse(kbi_buf_text(&text), text.size_bytes, &again) == KB_OK);
		fuzz_check_maps(&facts, &again);
	}
	kbi_err_clear(&err);
	kbi_buf_free(&text);
	kbi_map_free(&facts);
	kbi_map_free(&again);
}
