/* SPDX-License-Identifier: Apache-2.0 */
/* One privileged shell on one host: framed scripts in, framed results out. Requests are answered in the order
 * in which they were sent, and may be sent without waiting for each other: all that is sent at once costs one
 * round trip. */
#ifndef KBI_SESSION_H
#define KBI_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "loop.h"

struct kbi_hop;
struct kbi_session;
struct kbi_recording;
struct kbi_recorder;
struct kbi_keyring;
struct kbi_asker;
struct kbi_log;

enum kbi_session_state { KBI_SESSION_OPENING, KBI_SESSION_READY, KBI_SESSION_LOST };

struct kbi_reply {
	/* KB_OK: the script ended, and exit_status is what it said. Anything else: what it did is not
	 * known */
	kb_status status;
	bool may_have_run;		/* false: nothing of it was written, so it did not run */
	int exit_status;
	/* what the script wrote to its descriptor 3; the owner may take it out */
	struct kbi_buf facts;
	struct kbi_buf log;		/* its stdout and stderr, the last KBI_LOG_MAX bytes */
	const struct kb_err *err;	/* when status is not KB_OK */
};

/* more is KB_ETOOBIG: the answer is thrown away, never used in part */
#define KBI_FACTS_MAX ((size_t)16 << 20)
#define KBI_LOG_MAX ((size_t)256 << 10)

/* The script runs in a subshell of /bin/sh as root, with LC_ALL=C, no LANG, a plain PATH, umask 022, in /.
 * Descriptor 3 takes its facts; whatever it or its commands print to stdout or stderr is log. A syntax error
 * or exit ends only that subshell. A script without input reads /dev/null. What it leaves in the background
 * must not keep descriptors 1, 2 and 3: its output would go to a later request. With input, stdin is a pipe
 * that gives exactly those bytes and then ends; when the connection is lost in their middle, the script and
 * all that it started in the foreground are killed, and never see the end of a short input. What the script
 * leaves unread is thrown away. */
struct kbi_request {
	const char *script;		/* POSIX shell without NUL, copied */
	size_t script_bytes;
	/* it runs in the session's own shell, for what later scripts are to know: it must neither end that
	 * nor leave anything changed that they do not expect. Not with input */
	bool is_here;
	const char *about;		/* what a recording calls it (recording.h), copied; NULL: nobody records or plays */
	/* bytes for the script's stdin, sent once the script runs (one round trip more); NULL: none.
	 * Copied */
	const void *input;
	size_t input_bytes;
	/* monotonic; 0 or KBI_NEVER: none. When it or the next passes, the session is KBI_SESSION_LOST
	 * with KB_ETIMEOUT */
	int64_t deadline_ms;
	/* counted from when it is the first in line and the session is ready; 0 or less: none */
	int64_t timeout_ms;
	/* pieces of the log as they come; may be NULL */
	void (*output)(void *owner, const char *data, size_t size_bytes);
	/* called once for each request that was taken, whatever happens, but for kbi_session_free() */
	void (*done)(void *owner, struct kbi_reply *reply);
	void *owner;
};

struct kbi_session_want {
	struct kbi_loop *loop;
	struct kbi_log *log;			/* NULL: none */
	const char *host;			/* its name, for errors */
	const char *scheme;			/* "ssh", "local" */
	const struct kbi_map *settings;		/* keys of kb/host.h with defaults filled in; copied */
	const struct kbi_hop *jump;		/* the jump host; NULL: what the settings say */
	/* shell text that every script of the session may use: sent first, once */
	const char *prelude;
	int64_t deadline_ms;			/* until KBI_SESSION_READY */
	/* both live longer than the session; NULL: none */
	struct kbi_recording *recording;	/* what a replayed host answers */
	struct kbi_recorder *recorder;		/* to be told what is asked and answered */
	struct kbi_keyring *keyring;		/* as of kbi_transport_want */
	struct kbi_asker *asker;
	/* the state changed; the session may be freed in here, as in done() and output() */
	void (*changed)(void *owner);
	void *owner;
};

struct kbi_session *kbi_session_new(const struct kbi_session_want *want, struct kb_err *err);
enum kbi_session_state kbi_session_state(const struct kbi_session *session);
const struct kb_err *kbi_session_err(const struct kbi_session *session);	/* why it is LOST */
/* allowed while it is opening; done() comes only when this is KB_OK */
kb_status kbi_session_send(struct kbi_session *session, const struct kbi_request *request);
/* writes that were followed by an answer */
size_t kbi_session_round_trips(const struct kbi_session *session);
/* at once; requests still open are not answered any more */
void kbi_session_free(struct kbi_session *session);

#endif
