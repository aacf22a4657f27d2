/* SPDX-License-Identifier: Apache-2.0 */
/* Writes down what is asked of a host and what it answers (transport/recording.h), when the host's setting "record" names a file. A session
 * is written when it ends: by then what turned out to be secret in it is known. Secrets become zeros in facts and KBI_MASK in logs. */
#ifndef KBI_RECORDER_H
#define KBI_RECORDER_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct kbi_map;
struct kbi_recorder;
struct kbi_reply;
struct kbi_secrets;

/* The file is emptied. secrets and named (values that are others in each run, by name) live longer. */
struct kbi_recorder *kbi_recorder_new(const char *path, const char *host, struct kbi_secrets *secrets, const struct kbi_map *named, struct kb_err *err);
void kbi_recorder_free(struct kbi_recorder *recorder);

/* Each of these takes NULL, and does nothing. */
void kbi_recorder_login(struct kbi_recorder *recorder, int64_t user_id, const struct kbi_buf *out, const struct kbi_buf *err);
void kbi_recorder_output(struct kbi_recorder *recorder, uint64_t number, const char *data, size_t size_bytes);
void kbi_recorder_answer(struct kbi_recorder *recorder, uint64_t number, const char *about, int64_t took_ms, const struct kbi_reply *reply);
void kbi_recorder_lost(struct kbi_recorder *recorder, const struct kb_err *err);	/* the session, and nothing was asked */
void kbi_recorder_end(struct kbi_recorder *recorder);		/* of the session */
kb_status kbi_recorder_failed(const struct kbi_recorder *recorder);	/* what could not be written, so far */

#endif
