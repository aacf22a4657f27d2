/* SPDX-License-Identifier: Apache-2.0 */
/* The context's log: a bounded ring of entries, secrets masked as they come in. For the loop's thread only. */
#ifndef KBI_LOG_H
#define KBI_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <kb/log.h>

struct kbi_secrets;

struct kb_log_entry {
	struct kb_log_entry *next;
	int64_t time_ms;
	int level;
	char *host, *text;
	size_t size_bytes;	/* what it counts in the ring */
};

struct kbi_log {
	int level;
	struct kbi_secrets *secrets;
	struct kb_log_entry *first, *last;
	size_t size_bytes, max_bytes;
	int64_t dropped;
};

static inline bool
kbi_log_is_on(const struct kbi_log *log, int level)
{
	return log && level <= log->level;
}

/* NULL is a log that is off. Nothing is rendered, nor its arguments looked at, unless somebody wants it. */
#define kbi_log(log_, level_, host_, ...)                                                                                           \
	do {                                                                                                                         \
		if (kbi_log_is_on(log_, level_))                                                                                     \
			kbi_log_add(log_, level_, host_, __VA_ARGS__);                                                               \
	} while (0)

void kbi_log_init(struct kbi_log *log, struct kbi_secrets *secrets);
void kbi_log_clear(struct kbi_log *log);
void kbi_log_add(struct kbi_log *log, int level, const char *host, const char *format, ...) __attribute__((format(printf, 4, 5)));
/* A text of either way, under a line that says what it is. */
void kbi_log_add_text(struct kbi_log *log, const char *host, const char *what, const char *data, size_t size_bytes);
void kbi_log_trim(struct kbi_log *log);			/* down to max_bytes */
struct kb_log_entry *kbi_log_take(struct kbi_log *log);

#endif
