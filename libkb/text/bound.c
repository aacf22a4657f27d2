/* SPDX-License-Identifier: Apache-2.0 */
#include "text/bound.h"

kb_status
kbi_bound_in(const char *who, const void *data, size_t size_bytes, size_t max_bytes, struct kb_err *err)
{
	if (!data && size_bytes)
		return kbi_fail(err, KB_EINVAL, "%s: NULL with a size of %zu", who, size_bytes);
	if (size_bytes > max_bytes)
		return kbi_fail(err, KB_ETOOBIG, "%s: %zu bytes: over the limit of %zu", who, size_bytes, max_bytes);
	return KB_OK;
}

kb_status
kbi_bound_out(const char *who, const struct kbi_buf *out, struct kb_err *err)
{
	kb_status status = kbi_buf_failed(out);

	if (status == KB_ETOOBIG)
		return kbi_fail(err, status, "%s: result: over the limit of %zu bytes", who, out->max_bytes);
	return status ? kbi_fail_memory(err) : KB_OK;
}
