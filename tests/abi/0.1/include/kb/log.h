/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file log.h
 * What the library does, for whoever looks for a fault: a level, and a bounded ring that the caller reads. Nothing is printed, and nothing calls back.
 *
 * | level   | what it adds                                                                                                            |
 * | ------- | ----------------------------------------------------------------------------------------------------------------------- |
 * | error   | what failed                                                                                                             |
 * | warning | what was odd                                                                                                            |
 * | info    | what the events tell: connections, steps begun and ended                                                                |
 * | debug   | each stage of a connection: names, addresses, host keys, ways to log in, sudo, the shell                                |
 * | trace   | each round trip: what was asked, how large, how it ended, how long it took; and the texts both ways, 16 KiB of each     |
 *
 * Secrets are masked (***), also in the texts, in base64 and quoted for a shell. Lines are escaped: no control characters.
 */
#ifndef KB_LOG_H
#define KB_LOG_H

#include <kb/common.h>

KB_BEGIN_DECLS

/** Levels; each holds those before it. The values are fixed. Since: 0.1 */
enum kb_log_level {
	KB_LOG_OFF = 0,		/**< nothing is kept, which is how a context begins */
	KB_LOG_ERROR = 1,
	KB_LOG_WARNING = 2,
	KB_LOG_INFO = 3,
	KB_LOG_DEBUG = 4,
	KB_LOG_TRACE = 5
};

/** One entry of the log. Since: 0.1 */
typedef struct kb_log_entry kb_log_entry;

/**
 * Says how much is kept from now on. What is there already stays.
 * @param level  one of enum kb_log_level
 * Returns: KB_OK. Errors: KB_EINVAL, KB_EBUSY. Since: 0.1
 */
KB_API kb_status kb_log_set_level(kb_ctx *kb, int level);

/** Which level it is. Returns: one of enum kb_log_level, or KB_EINVAL for NULL. Since: 0.1 */
KB_API int kb_log_level(const kb_ctx *kb);

/** The name of a level: "off", "error", "warning", "info", "debug", "trace"; "" for a value that is none. Since: 0.1 */
KB_API const char *kb_log_level_name(int level);

/**
 * Says how much memory the entries may take; the oldest are dropped for new ones. A context begins with 1 MiB.
 * @param size_bytes  of texts and what holds them, at least 4096
 * Returns: KB_OK. Errors: KB_EINVAL, KB_EBUSY. Since: 0.1
 */
KB_API kb_status kb_log_set_size(kb_ctx *kb, size_t size_bytes);

/**
 * Takes the oldest entry. Entries may come with each call that does something, so read them after kb_dispatch(), kb_wait() or a blocking call.
 * Returns: owned by the caller, to be freed by kb_log_entry_free(); NULL when there is none (or another thread is inside). Since: 0.1
 */
KB_API kb_log_entry *kb_log_next(kb_ctx *kb);

/** How many entries were dropped so far, unread, because the ring was full or memory was out. Returns: that number, or KB_EINVAL for NULL. Since: 0.1 */
KB_API int64_t kb_log_dropped(const kb_ctx *kb);

/** When, in milliseconds since 1970-01-01 UTC. Since: 0.1 */
KB_API int64_t kb_log_entry_time_ms(const kb_log_entry *entry);
/** Its level. Since: 0.1 */
KB_API int kb_log_entry_level(const kb_log_entry *entry);
/** The host's name, or "". Borrowed until kb_log_entry_free(). Since: 0.1 */
KB_API const char *kb_log_entry_host(const kb_log_entry *entry);
/** What happened; more than one line for the texts of a trace. Borrowed until kb_log_entry_free(). Since: 0.1 */
KB_API const char *kb_log_entry_text(const kb_log_entry *entry);
/** Frees an entry. Any thread. NULL is nothing. Since: 0.1 */
KB_API void kb_log_entry_free(kb_log_entry *entry);

KB_END_DECLS

#endif
