/* SPDX-License-Identifier: Apache-2.0 */
/* Calico's manifests: an edit changes one place, done again it changes nothing, and what it wrote is what is read. */
#include "fuzz.h"

#include "base/str.h"
#include "text/bound.h"
#include "text/yaml.h"

#define CIDR "172.16.0.0/16"

static kb_bytes *
set_cidr(const void *data, size_t size_bytes)
{
	return kb_calico_set_pod_cidr(fuzz_ctx(), data, size_bytes, CIDR);
}

static kb_bytes *
set_block(const void *data, size_t size_bytes)
{
	return kb_calico_set_block_size(fuzz_ctx(), data, size_bytes, 24);
}

static kb_bytes *
set_encapsulation(const void *data, size_t size_bytes)
{
	return kb_calico_set_encapsulation(fuzz_ctx(), data, size_bytes, "IPIP");
}

/* How many scalars say something else; 1000 when the trees have another shape. */
static size_t
differences(const struct kbi_yaml_node *a, const struct kbi_yaml_node *b)
{
	size_t count = 0;

	for (; a && b; a = a->next, b = b->next) {
		if (a->kind != b->kind || a->count != b->count || (a->key && !kbi_str_is(a->key->text, b->key->text)))
			return 1000;
		count += a->text_bytes != b->text_bytes || memcmp(a->text, b->text, a->text_bytes) != 0;
		count += differences(a->first, b->first);
	}
	return a || b ? 1000 : count;
}

/* The one value is another one now, and all else in the manifest is the same to whoever reads it. */
static void
check_only_the_value(const char *data, size_t size_bytes, const kb_bytes *out, const char *old)
{
	struct kbi_yaml before, after;

	FUZZ_CHECK(kbi_yaml_read(&before, "a", data, size_bytes, KBI_SIZE_MANIFEST, NULL) == KB_OK);
	FUZZ_CHECK(kbi_yaml_read(&after, "b", kb_bytes_data(out), kb_bytes_size(out), KBI_SIZE_MANIFEST, NULL) == KB_OK);
	FUZZ_CHECK(differences(before.first, after.first) == !kbi_str_is(old, CIDR));
	kbi_yaml_free(&before);
	kbi_yaml_free(&after);
}

static void
check_bytes(const char *data, size_t size_bytes, const kb_bytes *out, const char *old)
{
	struct fuzz_common same = fuzz_common(data, size_bytes, kb_bytes_data(out), kb_bytes_size(out));
	size_t gone = size_bytes - same.front - same.back, new = kb_bytes_size(out) - same.front - same.back;

	/* a value without quotes or escapes: exactly its bytes */
	if (*old && memmem(data, size_bytes, old, strlen(old)))
		FUZZ_CHECK(gone <= strlen(old) + 2 || strpbrk(data, "\"'"));
	FUZZ_CHECK(new <= gone + 2 * strlen(CIDR) + 400 || !*old);
}

static void
check_cidr(const char *data, size_t size_bytes)
{
	kb_bytes *old = kb_calico_pod_cidr(fuzz_ctx(), data, size_bytes);
	kb_bytes *out = set_cidr(data, size_bytes);

	FUZZ_CHECK(!out || old);
	if (out) {
		kb_bytes *now = kb_calico_pod_cidr(fuzz_ctx(), kb_bytes_data(out), kb_bytes_size(out));
		FUZZ_CHECK(fuzz_bytes_are(now, CIDR, strlen(CIDR)));
		check_bytes(data, size_bytes, out, kb_bytes_data(old));
		if (kb_bytes_size(old))
			check_only_the_value(data, size_bytes, out, kb_bytes_data(old));
		kb_bytes_free(now);
	}
	kb_bytes_free(old);
	kb_bytes_free(out);
}

static void
check_twice(kb_bytes *(*edit)(const void *data, size_t size_bytes), const char *data, size_t size_bytes)
{
	kb_bytes *once = edit(data, size_bytes), *twice = NULL;

	if (once) {
		twice = edit(kb_bytes_data(once), kb_bytes_size(once));
		FUZZ_CHECK(fuzz_bytes_are(twice, kb_bytes_data(once), kb_bytes_size(once)));
	}
	kb_bytes_free(once);
	kb_bytes_free(twice);
}

void
fuzz(const char *data, size_t size_bytes)
{
	check_cidr(data, size_bytes);
	check_twice(set_cidr, data, size_bytes);
	check_twice(set_block, data, size_bytes);
	check_twice(set_encapsulation, data, size_bytes);
}
