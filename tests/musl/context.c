/* SPDX-License-Identifier: Apache-2.0 */
/* The least that a context is to the pure functions: whose error it was. */
#include "base/ctx.h"

#include <stdlib.h>



kb_status
kbi_enter(struct kb_ctx *kb)
{
	if (!kb)
		return KB_EINVAL;
	kbi_err_clear(&kb->error);
	return KB_OK;
}

void
kbi_leave(struct kb_ctx *kb)
{
	(void)kb;
}

kb_ctx *
kb_new(void)
{
	return calloc(1, sizeof(kb_ctx));
}

void
kb_free(kb_ctx *kb)
{
	if (kb)
		kbi_err_clear(&kb->error);
	free(kb);
}

kb_err *
kb_error(kb_ctx *kb)
{
	kb_err *copy = calloc(1, sizeof(*copy));

	if (copy)
		kbi_err_copy(copy, &kb->error);
	return copy;
}
