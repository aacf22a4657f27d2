/* SPDX-License-Identifier: Apache-2.0 */
/* The public faces of the text functions: enter the context, call, leave. What they do is in the file of their noun. */
#include <kb/text.h>

#include "base/buf.h"
#include "base/ctx.h"
#include "text/bound.h"
#include "text/cidr.h"

/* Ends a call that gives bytes. */
static kb_bytes *
give(kb_ctx *kb, struct kbi_buf *out, kb_status status)
{
	kb_bytes *bytes = status ? NULL : kbi_buf_take_bytes(out);

	if (!status && !bytes)
		kbi_fail_memory(&kb->error);
	kbi_buf_free(out);
	kbi_leave(kb);
	return bytes;
}

/* Ends a call that gives a number: a status when it failed. */
static int64_t
answer(kb_ctx *kb, kb_status status, int64_t value)
{
	kbi_leave(kb);
	return status ? status : value;
}

kb_status
kb_cidr_check(kb_ctx *kb, const char *cidr)
{
	struct kbi_cidr parsed;
	kb_status status = kbi_enter(kb);

	if (status)
		return status;
	return (kb_status)answer(kb, kbi_cidr_parse(&parsed, cidr, &kb->error), KB_OK);
}

int
kb_cidr_contains(kb_ctx *kb, const char *cidr, const char *address)
{
	struct kbi_cidr outer, inner;
	kb_status status = kbi_enter(kb);

	if (status)
		return status;
	status = kbi_cidr_parse(&outer, cidr, &kb->error);
	if (!status)
		status = kbi_cidr_parse_any(&inner, address, &kb->error);
	return (int)answer(kb, status, !status && kbi_cidr_in(&inner, &outer));
}

int
kb_cidr_overlaps(kb_ctx *kb, const char *a, const char *b)
{
	struct kbi_cidr one, two;
	kb_status status = kbi_enter(kb);

	if (status)
		return status;
	status = kbi_cidr_parse(&one, a, &kb->error);
	if (!status)
		status = kbi_cidr_parse(&two, b, &kb->error);
	return (int)answer(kb, status, !status && kbi_cidr_overlaps(&one, &two));
}

int64_t
kb_cidr_block_count(kb_ctx *kb, const char *cidr, int block_size)
{
	struct kbi_cidr parsed;
	int64_t count = 0;
	kb_status status = kbi_enter(kb);

	if (status)
		return status;
	status = kbi_cidr_parse(&parsed, cidr, &kb->error);
	if (!status)
		status = kbi_cidr_block_count(&parsed, block_size, &count, &kb->error);
	return answer(kb, status, count);
}

kb_bytes *
kb_cidr_suggest(kb_ctx *kb, int prefix_length, const char *taken)
{
	struct kbi_buf out = KBI_BUF(KBI_SIZE_TEXT);

	if (kbi_enter(kb))
		return NULL;
	return give(kb, &out, kbi_cidr_suggest(prefix_length, taken, &out, &kb->error));
}
