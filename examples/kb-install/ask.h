/* SPDX-License-Identifier: Apache-2.0 */
/* The library's questions, put to whoever sits at the terminal; secrets are not shown as they are typed. */
#ifndef KB_INSTALL_ASK_H
#define KB_INSTALL_ASK_H

#include <libkb.h>

#include "args.h"

struct ask;

/* Opens the terminal and lets the description's hosts ask, unless it says itself what they may ask. There is nobody to ask with --json, with
 * --batch and without a terminal. NULL: no memory. */
struct ask *ask_begin(const struct args *args, kb_cluster *cluster);
void ask_end(struct ask *ask);

void ask_question(struct ask *ask, kb_ctx *kb, const kb_event *event);	/* put when those before it are answered; or declined, and said */
void ask_forget(struct ask *ask, const char *host);	/* what it asked; NULL: everybody's */
int ask_fd(const struct ask *ask);			/* to be read when it has something; -1: nothing is asked */
void ask_read(struct ask *ask, kb_ctx *kb);		/* the line that was typed */
void ask_hide(struct ask *ask);				/* before anything else is printed */
void ask_show(struct ask *ask);				/* behind it */

/* The terminal as it was found. Async-signal-safe. */
void ask_restore(void);

#endif
