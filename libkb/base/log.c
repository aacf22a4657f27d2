/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/secrets.h"
#include "base/str.h"

#define SIZE_BEGIN ((size_t)1 << 20)
#define TEXT_MAX ((size_t)16 << 10)	/* shown of one text of a trace */

void
kbi_log_init(struct kbi_log *log, struct kbi_secrets *secrets)
{
	*log = (struct kbi_log){.level = KB_LOG_OFF, .secrets = secrets, .max_bytes = SIZE_BEGIN};
}

struct kb_log_entry *
kbi_log_take(struct kbi_log *log)
{
	struct kb_log_entry *entry = log->first;

	if (!entry)
		return NULL;
	log->first = entry->next;
	if (!log->first)
		log->last = NULL;
	log->size_bytes -= entry->size_bytes;
	entry->next = NULL;
	return entry;
}

void
kbi_log_trim(struct kbi_log *log)
{
	while (log->size_bytes > log->max_bytes) {
		kb_log_entry_free(kbi_log_take(log));
		log->dropped++;
	}
}

void
kbi_log_clear(struct kbi_log *log)
{
	while (log->first)
		kb_log_entry_free(kbi_log_take(log));
}

/* Takes what is masked already. */
static void
append(struct kbi_log *log, int level, const char *host, struct kbi_buf *masked)
{
	struct kb_log_entry *entry = kbi_buf_failed(masked) ? NULL : calloc(1, sizeof(*entry));
	struct kbi_buf text = KBI_BUF(KBI_SIZE_LARGE);

	kbi_str_escape_lines(&text, kbi_buf_text(masked), masked->size_bytes);
	if (entry) {
		entry->host = strdup(host ? host : "");
		entry->size_bytes = sizeof(*entry) + text.size_bytes + 1;
		entry->text = kbi_buf_take(&text);
	}
	kbi_buf_free(&text);
	if (!entry || !entry->host || !entry->text) {
		kb_log_entry_free(entry);
		log->dropped++;
		return;
	}
	entry->size_bytes += strlen(entry->host) + 1;
	entry->time_ms = kbi_clock_wall_ms();
	entry->level = level;
	if (log->last)
		log->last->next = entry;
	else
		log->first = entry;
	log->last = entry;
	log->size_bytes += entry->size_bytes;
	kbi_log_trim(log);
}

void
kbi_log_add(struct kbi_log *log, int level, const char *host, const char *format, ...)
{
	struct kbi_buf text = KBI_BUF(KBI_SIZE_LARGE), masked = KBI_BUF(2 * KBI_SIZE_LARGE);
	va_list args;

	text.secret = true;
	va_start(args, format);
	kbi_buf_add_vformat(&text, format, args);
	va_end(args);
	kbi_secrets_mask(log->secrets, kbi_buf_text(&text), text.size_bytes, &masked);
	if (kbi_buf_failed(&text))	/* then it is dropped, and counted */
		masked.failed = kbi_buf_failed(&text);
	append(log, level, host, &masked);
	kbi_buf_free(&text);
	kbi_buf_free(&masked);
}

/* Masked before it is cut: half a secret would not be known as one. */
void
kbi_log_add_text(struct kbi_log *log, const char *host, const char *what, const char *data, size_t size_bytes)
{
	struct kbi_buf masked = KBI_BUF(4 * KBI_SIZE_LARGE);

	if (!size_bytes)
		return;
	kbi_buf_add_format(&masked, "%s:\n", what);
	size_t head = masked.size_bytes;
	kbi_secrets_mask(log->secrets, data, size_bytes, &masked);
	size_t text = masked.size_bytes - head;
	if (text > TEXT_MAX) {
		kbi_buf_truncate(&masked, head + TEXT_MAX);
		kbi_buf_add_format(&masked, "\n(%zu bytes more)", text - TEXT_MAX);
	}
	append(log, KB_LOG_TRACE, host, &masked);
	kbi_buf_free(&masked);
}

int64_t
kb_log_entry_time_ms(const kb_log_entry *entry)
{
	return entry ? entry->time_ms : 0;
}

int
kb_log_entry_level(const kb_log_entry *entry)
{
	return entry ? entry->level : KB_LOG_OFF;
}

const char *
kb_log_entry_host(const kb_log_entry *entry)
{
	return entry ? entry->host : "";
}

const char *
kb_log_entry_text(const kb_log_entry *entry)
{
	return entry ? entry->text : "";
}

void
kb_log_entry_free(kb_log_entry *entry)
{
	if (!entry)
		return;
	free(entry->host);
	free(entry->text);
	free(entry);
}
