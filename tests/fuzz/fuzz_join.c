/* SPDX-License-Identifier: Apache-2.0 */
/* A join command that was understood and printed again is understood as the same one. */
#include "fuzz.h"

#include "text/join.h"

static void
print(struct kbi_buf *out, const struct kbi_map *options)
{
	struct kbi_buf hashes = KBI_BUF(KBI_SIZE_LARGE);
	const struct kbi_entry *hash = NULL;

	while ((hash = kbi_map_next(options, "discovery-token-ca-cert-hash", hash)))
		kbi_buf_add_format(&hashes, "%s ", hash->value);
	FUZZ_CHECK(kbi_join_print(kbi_map_get(options, "endpoint"), kbi_map_get(options, "token"), kbi_buf_text(&hashes),
		kbi_map_get(options, "certificate-key"), out, NULL) == KB_OK);
	kbi_buf_free(&hashes);
}

void
fuzz(const char *data, size_t size_bytes)
{
	struct kbi_map options = {0}, again = {0};
	struct kbi_buf line = KBI_BUF(KBI_SIZE_LARGE), second = KBI_BUF(KBI_SIZE_LARGE);
	kb_bytes *json = kb_join_parse(fuzz_ctx(), data);

	(void)size_bytes;
	FUZZ_CHECK((kbi_join_options(data, &options, NULL) == KB_OK) == (json != NULL));
	if (json) {
		kb_bytes_free(kb_kubeadm_config(fuzz_ctx(), "join", kb_bytes_data(json)));
		print(&line, &options);
		FUZZ_CHECK(kbi_join_options(kbi_buf_text(&line), &again, NULL) == KB_OK);
		print(&second, &again);
		fuzz_check_same(&line, &second);
	}
	kb_bytes_free(json);
	kbi_buf_free(&line);
	kbi_buf_free(&second);
	kbi_map_free(&options);
	kbi_map_free(&again);
}
