/* SPDX-License-Identifier: Apache-2.0 */
/* The shell text that goes to a host. Pure. Values reach a script only as quoted assignments above its constant text. */
#ifndef KBI_SCRIPT_H
#define KBI_SCRIPT_H

#include "base/buf.h"
#include "base/map.h"
#include "step.h"

#define KBI_SCRIPT_MAX ((size_t)32 << 20)

/* What the session's shell is told first: the library of functions, each distinct text of a step, and of what several share, once, and in an apply the lock to open. */
struct kbi_script_me {
	const char *who;		/* this run, for this host: what others read while it holds the lock */
	const char *nonce;		/* this controller's, which is in who */
	const char *word;		/* nobody on the host can guess it */
	const char *live;		/* numbers of its runs that go on, each between blanks */
	const char *way;		/* to the host: "ssh", "local" */
	bool has_lock;			/* whether anything is asked about the host's lock; else what knows of it and of journals is not sent */
	bool is_apply;
};

void kbi_script_begin(struct kbi_buf *out, const struct kbi_script_me *me);
void kbi_script_add_step(struct kbi_buf *out, size_t number, const struct kb_step *step);
void kbi_script_add_library(struct kbi_buf *out, size_t number, const struct kb_step *step);

struct kbi_script_call {
	size_t number;			/* as given to kbi_script_add_step() */
	size_t library_number;		/* as given to kbi_script_add_library(), when the step has one */
	const struct kb_step *step;
	const struct kbi_map *args;
	const struct kbi_map *wants;	/* NULL: none */
	const struct kbi_map *made;	/* NULL: none; "input" is not a variable, its size is */
	const char *journal;		/* of a long step's apply: its id */
	uint64_t together;		/* the same for probes that are sent together: what they share is asked once for all of them */
};

void kbi_script_probe(struct kbi_buf *out, const struct kbi_script_call *call);
void kbi_script_apply(struct kbi_buf *out, const struct kbi_script_call *call);
void kbi_script_attach(struct kbi_buf *out, const char *journal, uint64_t offset);	/* to a long step that was begun, from that byte of its output on */
void kbi_script_forget(struct kbi_buf *out, const char *journal);	/* its result was heard */
void kbi_script_lock(struct kbi_buf *out, int64_t wait_s, const char *journal);	/* the journal of what this run left running there; "": none */
void kbi_script_look_at_lock(struct kbi_buf *out);

#endif
