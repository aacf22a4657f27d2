/* SPDX-License-Identifier: Apache-2.0 */
/* The public side of base/log.h. */
#include "base/log.h"

#include "base/ctx.h"

#define SIZE_LEAST ((size_t)4096)

static const char *const names[] = {
	[KB_LOG_OFF] = "off", [KB_LOG_ERROR] = "error", [KB_LOG_WARNING] = "warning",
	[KB_LOG_INFO] = "info", [KB_LOG_DEBUG] = "debug", [KB_LOG_TRACE] = "trace",
};

const char *
kb_log_level_name(int level)
{
	return level >= KB_LOG_OFF && level <= KB_LOG_TRACE ? names[level] : "";
}

kb_status
kb_log_set_level(kb_ctx *kb, int level)
{
	kb_status status = kbi_enter(kb);

	if (status)
		return status;
	if (level < KB_LOG_OFF || level > KB_LOG_TRACE)
		status = kbi_fail(&kb->error, KB_EINVAL, "log: %d is no level", level);
	else
		kb->log.level = level;
	kbi_leave(kb);
	return status;
}

int
kb_log_level(const kb_ctx *kb)
{
	return kb ? kb->log.level : KB_EINVAL;
}

kb_status
kb_log_set_size(kb_ctx *kb, size_t size_bytes)
{
	kb_status status = kbi_enter(kb);

	if (status)
		return status;
	if (size_bytes < SIZE_LEAST) {
		status = kbi_fail(&kb->error, KB_EINVAL, "log: %zu bytes are less than %zu", size_bytes, SIZE_LEAST);
	} else {
		kb->log.max_bytes = size_bytes;
		kbi_log_trim(&kb->log);
	}
	kbi_leave(kb);
	return status;
}

kb_log_entry *
kb_log_next(kb_ctx *kb)
{
	if (kbi_enter(kb))
		return NULL;
	struct kb_log_entry *entry = kbi_log_take(&kb->log);
	kbi_leave(kb);
	return entry;
}

int64_t
kb_log_dropped(const kb_ctx *kb)
{
	return kb ? kb->log.dropped : KB_EINVAL;
}
