/* SPDX-License-Identifier: Apache-2.0 */
/* A run that is followed to its end, each event heard once by whoever counts them. */
#ifndef FOLLOWED_H
#define FOLLOWED_H

#include <libkb.h>

/* hear frees the event. Fails when it could not be waited for. */
static inline int
follow_plan(kb_ctx *kb, kb_plan *plan, void (*hear)(void *heard, kb_event *event), void *heard)
{
	kb_event *event;

	while (kb_plan_is_running(plan) == 1) {
		while ((event = kb_plan_next_event(plan)))
			hear(heard, event);
		if (kb_plan_is_running(plan) != 1)
			break;
		int done = kb_wait(kb, -1);
		if (done < 0)
			return done;
	}
	return KB_OK;
}

#endif
