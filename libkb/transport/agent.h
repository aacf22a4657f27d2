/* SPDX-License-Identifier: Apache-2.0 */
/* A client of ssh-agent(1) that never waits: it asks over a socket that the loop watches, one request at a
 * time. The messages are those of draft-ietf-sshm-ssh-agent; reading and writing them is pure. */
#ifndef KBI_AGENT_H
#define KBI_AGENT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "loop.h"
#include "transport/known_hosts.h"
#include "transport/wire.h"

#define KBI_AGENT_MAX ((size_t)256 << 10)	/* bytes of a message, as in OpenSSH */

/* A kind of key that can log in, and what it signs with. */
struct kbi_agent_kind {
	const char *type;
	const char *algorithm;
	uint32_t flags;		/* of the request to sign */
};

/* NULL: the key is of another type, or no public key at all. */
const struct kbi_agent_kind *kbi_agent_kind(const void *blob, size_t blob_bytes);

/* The blob of a public key file, from its text: TYPE BASE64 [COMMENT]. False when it is none. */
bool kbi_agent_public(struct kbi_buf *blob, const char *text, size_t text_bytes);

void kbi_agent_write_list(struct kbi_buf *message);
void kbi_agent_write_sign(struct kbi_buf *message, const struct kbi_buf *blob, const void *data,
	size_t data_bytes, uint32_t flags);

/* The answers, without the length in front. False: garbage. */
bool kbi_agent_is_refusal(const struct kbi_buf *answer);
/* The first takes the answer to a list; the other then gives one key a call, false at the end or when it is
 * garbage (left is -1 then, else 0). */
bool kbi_agent_read_list(const struct kbi_buf *answer, struct kbi_wire *wire, int64_t *left);
bool kbi_agent_read_key(struct kbi_wire *wire, int64_t *left, struct kbi_wire *blob);
/* The bare signature; format is the algorithm that the agent used. */
bool kbi_agent_read_signature(
	const struct kbi_buf *answer, struct kbi_wire *format, struct kbi_wire *signature);

struct kbi_agent;

/* Nothing is asked yet. answered() comes from the loop, once for each request. */
struct kbi_agent *kbi_agent_new(struct kbi_loop *loop, const char *path, void (*answered)(void *owner),
	void *owner, struct kb_err *err);
/* Takes the message, which is then empty. Only one request is under way at a time. */
void kbi_agent_ask(struct kbi_agent *agent, struct kbi_buf *message);
bool kbi_agent_is_asked(const struct kbi_agent *agent);		/* and has not answered */
/* The answer to the last request; NULL with err when there is none and will be none. */
const struct kbi_buf *kbi_agent_answer(const struct kbi_agent *agent, struct kb_err *err);
const char *kbi_agent_path(const struct kbi_agent *agent);
void kbi_agent_free(struct kbi_agent *agent);

#endif
