/* SPDX-License-Identifier: Apache-2.0 */
/* A way to a host: it connects, logs in, starts one command, and is then three byte streams. One table of
 * functions per way. */
#ifndef KBI_TRANSPORT_H
#define KBI_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/map.h"
#include "loop.h"

enum kbi_stream { KBI_STDOUT, KBI_STDERR };

enum kbi_transport_state { KBI_CONNECTING, KBI_OPEN, KBI_LOST };

#define KBI_AGAIN (-1000)	/* nothing now; the owner is told by changed() when that is different */

struct kbi_transport_ops;
struct kbi_recording;
struct kbi_keyring;
struct kbi_asker;
struct kbi_log;
struct kbi_ssh;

/* A host on the way to another one. */
struct kbi_hop {
	const char *name;
	const struct kbi_map *settings;
	const struct kbi_hop *jump;	/* on the way to it; NULL: what its settings say */
};

struct kbi_transport {
	const struct kbi_transport_ops *ops;
	enum kbi_transport_state state;
	/* why it is KBI_LOST; its code decides: UNREACHABLE, TRUST, AUTH, PROTOCOL, TIMEOUT, INVAL, IO */
	struct kb_err err;
	/* while it is KBI_CONNECTING: since when it waits for a place behind others (0: it does not), and how long it
	 * has before. The deadline does not run then. */
	int64_t waits_since_ms, waited_ms;
	/* the state changed, or a stream can be read or written again; may be called spuriously */
	void (*changed)(void *owner);
	void *owner;
};

/* What a transport is made from: the host's settings (keys of kb/host.h, secrets included, defaults filled
 * in) and the command to start. Both are copied. The transport never calls changed() from inside open(),
 * read(), write() or free(). */
struct kbi_transport_want {
	struct kbi_loop *loop;
	struct kbi_log *log;			/* NULL: none */
	const char *host;			/* its name, for errors */
	const struct kbi_map *settings;
	const struct kbi_hop *jump;		/* how to get there; NULL: what the settings say */
	size_t depth;				/* how many hosts depend on this one: it is their jump host */
	/* given to the login's shell: plain words, no metacharacters but single quotes; NULL: none, it is for others
	 * to go through */
	const char *command;
	int64_t deadline_ms;			/* until KBI_OPEN */
	/* for a recorded host: what it answers, and how */
	struct kbi_recording *recording;	/* lives longer than the transport; NULL: none */
	const char *nonce;			/* of the session's marks, copied */
	size_t boot_bytes;			/* written before the first question */
	struct kbi_keyring *keyring;		/* outlives the transport; NULL: it keeps its keys itself */
	struct kbi_asker *asker;		/* likewise; NULL: nobody can be asked for anything */
	void (*changed)(void *owner);
	void *owner;
};

/* What the next bytes ask, for a way to a host that cannot run them. */
struct kbi_transport_question {
	uint64_t number;
	const char *about;			/* recording.h: its key and digests */
	size_t frame_bytes, input_bytes;
	bool has_input;
};

struct kbi_transport_ops {
	const char *scheme;			/* "ssh", "local", "replay" */
	bool is_recorded;			/* nothing gets better by waiting */
	struct kbi_transport *(*open)(const struct kbi_transport_want *want, struct kb_err *err);
	/* adds what is written elsewhere about how to reach the host, and its caller did not say; NULL: nothing is */
	kb_status (*settle)(struct kbi_map *settings, struct kb_err *err);
	/* called before a request is written; NULL: the bytes say it all. Not KB_OK: it cannot be answered, and its mark means nothing */
	kb_status (*ask)(struct kbi_transport *t, const struct kbi_transport_question *question, struct kb_err *err);
	/* 0: the stream ended */
	ssize_t (*read)(struct kbi_transport *t, enum kbi_stream stream, void *data, size_t size_bytes);
	/* after KBI_AGAIN: the same bytes again */
	ssize_t (*write)(struct kbi_transport *t, const void *data, size_t size_bytes);
	void (*free)(struct kbi_transport *t);	/* at once; a command that still runs gets its streams closed */
};

const struct kbi_transport_ops *kbi_transport_find(const char *scheme);
extern const struct kbi_transport_ops kbi_transport_ssh;
extern const struct kbi_transport_ops kbi_transport_local;
extern const struct kbi_transport_ops kbi_transport_replay;

#endif
