/* SPDX-License-Identifier: Apache-2.0 */
/* What an agent answers, without the length in front: a list of keys, a signature, a refusal, anything else. And the text of a public key
 * file, which says what is asked of it. What is read lies within the answer, and what was read, written again, reads the same. */
#include "fuzz.h"

#include "transport/agent.h"

enum { IDENTITIES_ANSWER = 12, KEYS_MAX = 100000 };

static bool
is_within(const struct kbi_buf *answer, const struct kbi_wire *part)
{
	const unsigned char *from = (const unsigned char *)answer->data, *to = from + answer->size_bytes;

	return !part->size_bytes || (part->data >= from && part->data + part->size_bytes <= to);
}

static size_t
read_keys(const struct kbi_buf *answer, struct kbi_buf *again)
{
	struct kbi_wire wire, blob;
	int64_t left = 0;
	size_t count = 0;

	if (!kbi_agent_read_list(answer, &wire, &left))
		return 0;
	int64_t told = left;
	while (count < KEYS_MAX && kbi_agent_read_key(&wire, &left, &blob)) {
		FUZZ_CHECK(is_within(answer, &blob));
		const struct kbi_agent_kind *kind = kbi_agent_kind(blob.data, blob.size_bytes);
		FUZZ_CHECK(!kind || (kind->type && kind->algorithm));
		kbi_wire_add_string(again, blob.data, blob.size_bytes);
		kbi_wire_add_string(again, "", 0);
		count++;
	}
	FUZZ_CHECK(count == KEYS_MAX || left == -1 || (left == 0 && (int64_t)count == told));
	return count;
}

/* The list of what was read has as many keys, and the same ones. */
static void
check_list(const struct kbi_buf *answer)
{
	struct kbi_buf keys = KBI_BUF(KBI_SIZE_LARGE), list = KBI_BUF(KBI_SIZE_LARGE), again = KBI_BUF(KBI_SIZE_LARGE);
	size_t count = read_keys(answer, &keys);

	kbi_buf_add_char(&list, IDENTITIES_ANSWER);
	kbi_wire_add_u32(&list, (uint32_t)count);
	kbi_buf_add_bytes(&list, kbi_buf_text(&keys), keys.size_bytes);
	FUZZ_CHECK(read_keys(&list, &again) == count);
	fuzz_check_same(&keys, &again);
	kbi_buf_free(&keys);
	kbi_buf_free(&list);
	kbi_buf_free(&again);
}

static void
check_signature(const struct kbi_buf *answer)
{
	struct kbi_wire format, signature;

	if (!kbi_agent_read_signature(answer, &format, &signature))
		return;
	FUZZ_CHECK(!kbi_agent_is_refusal(answer));
	FUZZ_CHECK(signature.size_bytes && is_within(answer, &format) && is_within(answer, &signature));
}

/* A public key is known by its type in the text and in the blob: both are the same. */
static void
check_public(const char *data, size_t size_bytes)
{
	struct kbi_buf blob = KBI_BUF(KBI_SIZE_LARGE);

	if (kbi_agent_public(&blob, data, size_bytes)) {
		struct kbi_wire wire = {(const unsigned char *)blob.data, blob.size_bytes}, type;
		FUZZ_CHECK(kbi_wire_string(&wire, &type) && type.size_bytes);
		FUZZ_CHECK(memmem(data, size_bytes, type.data, type.size_bytes));
	}
	kbi_buf_free(&blob);
}

void
fuzz(const char *data, size_t size_bytes)
{
	struct kbi_buf answer = KBI_BUF(KBI_SIZE_LARGE);

	kbi_buf_add_bytes(&answer, data, size_bytes);
	check_list(&answer);
	check_signature(&answer);
	check_public(data, size_bytes);
	kbi_buf_free(&answer);
}
