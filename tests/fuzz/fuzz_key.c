/* SPDX-License-Identifier: Apache-2.0 */
/* Private keys: the first line of the input, when it is short, is the passphrase of what follows. */
#include "fuzz.h"

#include "transport/key.h"

void
fuzz(const char *data, size_t size_bytes)
{
	const char *line_end = memchr(data, '\n', size_bytes < 16 ? size_bytes : 16);
	size_t skipped = line_end ? (size_t)(line_end - data) + 1 : 0;
	char passphrase[16] = "";
	struct kb_err err = {0};
	struct kbi_key key;

	if (skipped)
		memcpy(passphrase, data, skipped - 1);
	const struct kbi_entry entry = {NULL, passphrase, skipped ? skipped - 1 : 0, true};
	const struct kbi_key_way way = {.passphrase = skipped ? &entry : NULL, .rounds_max = 2};
	kb_status status = kbi_key_parse(&key, "fuzz", data + skipped, size_bytes - skipped, &way, &err);
	FUZZ_CHECK((status == KB_OK) == (key.pkey != NULL));
	FUZZ_CHECK(status == KB_OK || (err.code == status && kb_err_cause(&err)[0]));
	if (!status) {
		size_t signature_bytes = 0;
		free(kbi_key_sign(&key, "data", 4, &signature_bytes));
	}
	kbi_key_free(&key);
	kbi_err_clear(&err);
}
