/* SPDX-License-Identifier: Apache-2.0 */
/* One privileged shell on one host: framed scripts in, framed results out. Requests are answered in the order in which they were sent, and
 * may be sent without waiting for each other: all that is sent at once costs one round trip. */
#ifndef KBI_SESSION_H
#define KBI_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "loop.h"

struct kbi_session;

enum kbi_session_state { KBI_SESSION_OPENING, KBI_SESSION_READY, KBI_SESSION_LOST };

struct kbi_reply {
	kb_status status;		/* KB_OK: the script ended, and exit_status is what it said. Anything else: what it did is not known */
	int exit_status;
	struct kbi_buf facts;		/* the script's stdout */
	struct kbi_buf log;		/* the script's stderr, its last KBI_LOG_MAX bytes */
	const struct kb_err *err;	/* when status is not KB_OK */
};

#define KBI_FACTS_MAX ((size_t)16 << 20)	/* more is KB_ETOOBIG: the answer is thrown away, never used in part */
#define KBI_LOG_MAX ((size_t)256 << 10)

struct kbi_request {
	const char *script;		/* POSIX shell, copied; run in a subshell, stdin is /dev/null or `input` */
	size_t script_bytes;
	const void *input;		/* bytes for the script's stdin, sent once the script runs (one round trip more); NULL: none. Copied */
	size_t input_bytes;
	int64_t deadline_ms;		/* counted from when it is the first in line; then the session is KBI_SESSION_LOST with KB_ETIMEOUT */
	int64_t timeout_ms;
	void (*output)(void *owner, const char *data, size_t size_bytes);	/* pieces of stderr as they come; may be NULL */
	void (*done)(void *owner, struct kbi_reply *reply);			/* called once for each request, whatever happens */
	void *owner;
};

struct kbi_session_want {
	struct kbi_loop *loop;
	const char *host;			/* its name, for errors */
	const char *scheme;			/* "ssh", "local" */
	const struct kbi_map *settings;		/* keys of kb/host.h with defaults filled in; copied */
	const char *prelude;			/* shell text that every script of the session may use: sent first, once */
	int64_t deadline_ms;			/* until KBI_SESSION_READY */
	void (*changed)(void *owner);		/* the state changed */
	void *owner;
};

struct kbi_session *kbi_session_new(const struct kbi_session_want *want, struct kb_err *err);
enum kbi_session_state kbi_session_state(const struct kbi_session *session);
const struct kb_err *kbi_session_err(const struct kbi_session *session);	/* why it is LOST */
kb_status kbi_session_send(struct kbi_session *session, const struct kbi_request *request);	/* allowed while it is opening */
size_t kbi_session_round_trips(const struct kbi_session *session);		/* writes that were followed by an answer */
void kbi_session_free(struct kbi_session *session);	/* at once; requests still open are not answered any more */

#endif
