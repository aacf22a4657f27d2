/* SPDX-License-Identifier: Apache-2.0 */
/* kubeadm's configuration: the first byte is the kind, then options, then a line "%%", then documents to merge. The same options give the
 * same bytes, which kubeadm's reader takes; a merge done again changes nothing, and merging nothing loses nothing. */
#include "fuzz.h"

#include "text/yaml.h"

static void
check_reads(const kb_bytes *text)
{
	struct kbi_yaml yaml;

	FUZZ_CHECK(kbi_yaml_read(&yaml, "t", kb_bytes_data(text), kb_bytes_size(text), KBI_SIZE_LARGE, NULL) == KB_OK);
	for (const struct kbi_yaml_node *document = yaml.first; document; document = document->next)
		FUZZ_CHECK(kbi_yaml_text(kbi_yaml_get(document, "kind")));
	kbi_yaml_free(&yaml);
}

static void
check_merge(const char *data, size_t size_bytes, const char *documents)
{
	kb_bytes *once = kb_kubeadm_merge(fuzz_ctx(), data, size_bytes, documents), *twice;

	if (!once)
		return;
	check_reads(once);
	if (kb_bytes_size(once) <= KBI_SIZE_TEXT) {
		twice = kb_kubeadm_merge(fuzz_ctx(), kb_bytes_data(once), kb_bytes_size(once), documents);
		FUZZ_CHECK(fuzz_bytes_are(twice, kb_bytes_data(once), kb_bytes_size(once)));
		kb_bytes_free(twice);
	}
	kb_bytes_free(once);
}

void
fuzz(const char *data, size_t size_bytes)
{
	static const char *const kinds[] = {"init", "join", "reset"};
	const char *kind = kinds[fuzz_byte(&data, &size_bytes) % 3];
	char *options = fuzz_take(&data, &size_bytes, NULL), *documents = fuzz_take(&data, &size_bytes, NULL);
	kb_bytes *config = kb_kubeadm_config(fuzz_ctx(), kind, options);

	if (config) {
		kb_bytes *again = kb_kubeadm_config(fuzz_ctx(), kind, options);
		FUZZ_CHECK(fuzz_bytes_are(again, kb_bytes_data(config), kb_bytes_size(config)));
		check_reads(config);
		check_merge(kb_bytes_data(config), kb_bytes_size(config), documents);
		kb_bytes_free(again);
	}
	check_merge(options, strlen(options), documents);	/* as documents of the caller's own */
	kb_bytes_free(config);
	free(options);
	free(documents);
}
