/* SPDX-License-Identifier: Apache-2.0 */
#include "steps/calico_files.h"

#include <string.h>

#include <openssl/evp.h>

#include "base/buf.h"
#include "base/str.h"
#include "fetch.h"
#include "steps/step.h"
#include "text/bound.h"
#include "text/version.h"

#define MINOR_FIRST 24		/* before, the files were templates (projectcalico/calico, manifests/) */
#define MINOR_OWN_CRDS 30	/* from here on the CRDs have a file of their own */
#define HASH_DIGITS 64
#define FETCH_MS 120000

static const char *const names[KBI_CALICO_FILES] = { "operator-crds.yaml", "tigera-operator.yaml", "custom-resources.yaml" };

/* projectcalico/calico, manifests/ at the tag of the same name; tests/data/calico has the files */
static const struct release {
	const char *version;
	const char *operator_version;
	const char *sums[KBI_CALICO_FILES];
} releases[] = {
	{ "v3.24.6", "v1.28.5", { NULL, "4f5c9eb0cd0022fe3511d1e23a0412f54cbfcd9ec32f3c0b862c36a28d47f323",
		"df59549af3a9952a51ee7ccfa940d516280a464bce13491248f5f039f2bb6c64" } },
	{ "v3.29.7", "v1.36.16", { NULL, "a571ef21476c026618a7c7b092a3ab1744ec191e02492655d8c1468ac08f25f2",
		"4043b5053798754892df9a994324aa45c4296ae6c2d7d2d7a4f91971acab5032" } },
	{ "v3.30.7", "v1.38.13", { "53b2e2791915809db8016b72d4ceac9d1dd529d053984eb203c06b94c6639ee3",
		"bcc9f89c1847ee5237c29c1b7e4a67c86296cb0139619093df6ca98ec14abf18",
		"f7cd142773609fc7f830b96d8f29bd1b5f05cdc5293324992d8524b54c09c717" } },
	{ "v3.32.1", "v1.42.3", { "192f8b2d934ef24b62e86b7e1a6e1762d1c8af26a916f78057bc13fa5ed60f71",
		"f18e073794207d372606bc3ea6f8fd73972f86d6828f4ba666dfe0d4aa8ab07f",
		"4fb598a7fce1ad1f8bbfb9004f5efcdb835082e92e06323cb7b8ce60260ed891" } },
};

static const struct release *
find_release(const char *version)
{
	for (size_t i = 0; i < sizeof(releases) / sizeof(releases[0]); i++)
		if (kbi_str_is(releases[i].version, version))
			return &releases[i];
	return NULL;
}

kb_status
kbi_calico_version(const char *text, struct kbi_buf *out, struct kb_err *err)
{
	struct kbi_version version;

	if (kbi_version_parse(&version, text, err))
		return KB_EINVAL;
	if (version.major != 3 || version.minor < MINOR_FIRST) {
		kbi_fail(err, KB_EUNSUPPORTED, "calico: version %s: before v3.%d its files were not published", text, MINOR_FIRST);
		kbi_err_id(err, "calico.version-unsupported");
		return KB_EUNSUPPORTED;
	}
	kbi_buf_add_char(out, 'v');
	kbi_buf_add_format(out, "%d.%d.%d", version.major, version.minor, version.patch);
	return KB_OK;
}

const char *
kbi_calico_operator(const char *version)
{
	const struct release *release = find_release(version);

	return release ? release->operator_version : NULL;
}

static bool
is_pin_of(const char *pin, const char *name)
{
	size_t name_bytes = strlen(name);

	return kbi_str_starts(pin, name) && pin[name_bytes] == '=' && strlen(pin + name_bytes + 1) == HASH_DIGITS &&
		strspn(pin + name_bytes + 1, "0123456789abcdef") == HASH_DIGITS;
}

kb_status
kbi_calico_check_pins(const struct kbi_map *args, struct kb_err *err)
{
	for (const struct kbi_entry *e = NULL; (e = kbi_map_next(args, "sha256", e));) {
		bool is_known = false;
		for (size_t i = 0; i < KBI_CALICO_FILES; i++)
			is_known |= is_pin_of(e->value, names[i]);
		if (!is_known)
			return kbi_fail(err, KB_EINVAL, "calico.install: sha256 %s: not FILE=HEX of %s, %s or %s", e->value, names[0], names[1], names[2]);
	}
	return KB_OK;
}

static const char *
pin_of(const struct kbi_map *args, const char *version, enum kbi_calico_file file)
{
	const struct release *release = find_release(version);

	for (const struct kbi_entry *e = NULL; (e = kbi_map_next(args, "sha256", e));)
		if (is_pin_of(e->value, names[file]))
			return e->value + strlen(names[file]) + 1;
	return release ? release->sums[file] : NULL;
}

static kb_status
fetch_file(const struct kbi_prepare *p, const char *version, enum kbi_calico_file file, struct kbi_buf *out)
{
	struct kbi_buf url = KBI_BUF(4096);
	const char *base = kbi_map_get_or(p->args, "url", "");

	kbi_buf_add_format(&url, "%s%s%s/manifests/%s", base, kbi_str_ends(base, "/") ? "" : "/", version, names[file]);
	const struct kbi_fetch what = {
		.url = kbi_buf_text(&url), .sha256 = pin_of(p->args, version, file), .ca_file = kbi_map_get(p->args, "download-ca"),
		.proxy = kbi_map_get(p->args, "proxy"), .max_bytes = KBI_SIZE_MANIFEST, .timeout_ms = FETCH_MS, .is_cancelled = p->is_cancelled,
	};
	out->max_bytes = KBI_SIZE_MANIFEST;
	kb_status status = kbi_buf_failed(&url) ? kbi_fail(p->err, KB_ETOOBIG, "calico.install: url: too long") :
		kbi_fetch(p->fetcher, &what, out, p->err);
	kbi_buf_free(&url);
	return status;
}

static void
add_sum(struct kb_err *err, const char *name, const struct kbi_buf *file)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int digest_bytes = 0;
	struct kbi_buf hex = KBI_BUF(4096);

	if (EVP_Digest(kbi_buf_text(file), file->size_bytes, digest, &digest_bytes, EVP_sha256(), NULL) == 1)
		kbi_str_hex(&hex, digest, digest_bytes);
	kbi_err_evidence(err, "%s=%s", name, kbi_buf_text(&hex));
	kbi_buf_free(&hex);
}

/* Whoever knows the sums by another way can compare these, and give them as pins. */
static kb_status
refuse_unpinned(const struct kbi_prepare *p, const char *version, struct kbi_buf files[KBI_CALICO_FILES])
{
	kbi_fail(p->err, KB_EINTEGRITY, "calico.install: version %s is not in the table of pins, and `sha256` does not name all of its files", version);
	kbi_err_id(p->err, "calico.not-pinned");
	kbi_err_fix(p->err, "kb_step_add(step, \"sha256\", \"FILE=HEX\") for each");
	for (size_t i = 0; i < KBI_CALICO_FILES; i++)
		if (files[i].size_bytes)
			add_sum(p->err, names[i], &files[i]);
	return KB_EINTEGRITY;
}

kb_status
kbi_calico_fetch(const struct kbi_prepare *p, const char *version, struct kbi_buf files[KBI_CALICO_FILES])
{
	struct kbi_version parsed;
	bool is_pinned = true;

	kb_status status = kbi_version_parse(&parsed, version, p->err);
	for (enum kbi_calico_file i = 0; !status && i < KBI_CALICO_FILES; i++) {
		if (i == KBI_CALICO_CRDS && parsed.minor < MINOR_OWN_CRDS)
			continue;
		is_pinned &= pin_of(p->args, version, i) != NULL;
		status = fetch_file(p, version, i, &files[i]);
	}
	return status || is_pinned ? status : refuse_unpinned(p, version, files);
}
