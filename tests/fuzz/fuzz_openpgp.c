/* SPDX-License-Identifier: Apache-2.0 */
/* A keyring that was read and written with armour has the same keys. */
#include "fuzz.h"

#include "text/openpgp.h"

static void
check_same(const struct kbi_pgp *a, const struct kbi_pgp *b)
{
	FUZZ_CHECK(a->count == b->count);
	fuzz_check_same(&a->packets, &b->packets);
	for (size_t i = 0; i < a->count; i++) {
		FUZZ_CHECK(strcmp(a->keys[i].fingerprint, b->keys[i].fingerprint) == 0);
		FUZZ_CHECK(a->keys[i].created_s == b->keys[i].created_s && a->keys[i].expires_s == b->keys[i].expires_s);
		FUZZ_CHECK(a->keys[i].is_revoked == b->keys[i].is_revoked);
	}
}

void
fuzz(const char *data, size_t size_bytes)
{
	struct kbi_pgp pgp = {0}, again = {0};
	struct kbi_buf armour = KBI_BUF(KBI_SIZE_LARGE), date = KBI_BUF(100);

	if (kbi_pgp_read(&pgp, "k", data, size_bytes, NULL) == KB_OK) {
		FUZZ_CHECK(pgp.count > 0 && pgp.count <= KBI_PGP_KEYS_MAX);
		for (size_t i = 0; i < pgp.count; i++) {
			FUZZ_CHECK(kbi_pgp_is_fingerprint(pgp.keys[i].fingerprint) && kbi_pgp_is(&pgp.keys[i], pgp.keys[i].fingerprint));
			kbi_buf_truncate(&date, 0);
			kbi_pgp_print_date(&date, pgp.keys[i].expires_s);
			FUZZ_CHECK(!kbi_buf_failed(&date));
		}
		kbi_pgp_armour(&armour, &pgp);
		if (armour.size_bytes <= KBI_SIZE_TEXT) {
			FUZZ_CHECK(kbi_pgp_read(&again, "k", kbi_buf_text(&armour), armour.size_bytes, NULL) == KB_OK);
			check_same(&pgp, &again);
			kbi_pgp_free(&again);
		}
		kbi_pgp_free(&pgp);
	}
	kbi_buf_free(&armour);
	kbi_buf_free(&date);
}
