/* SPDX-License-Identifier: Apache-2.0 */
/* A scenario is played once for each call that it makes, in a process of its own, and that call fails: once, or from then on. */
#ifndef FAULT_H
#define FAULT_H

#include <kb/error.h>
#include <kb/loop.h>

#include "calls.h"

#define FAULT_CALLS_MAX 2000
#define NO_HANDLE 1		/* NULL came, and there is no place for an error */

struct scenario {
	const char *name;		/* GROUP.NAME */
	void (*begin)(void);		/* before the first, in the parent */
	/* The right result: KB_OK. An error: its code. Anything else: fault_wrong(). Ends with nothing held. */
	int (*play)(const struct scenario *scenario);
	void (*end)(void);		/* after the last */
	int which;			/* the scenario's own */
	int at_once;			/* played side by side; 0: as many as there are */
};

extern const struct scenario *const fault_groups[];	/* each ends with a name of NULL; so does this */

void fault_begin(void);				/* in play(): from here on calls are counted */
bool fault_goes_on(void);
bool fault_has_struck(void);
void fault_wrong(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
int fault_code(kb_ctx *kb);			/* of the context's last error, which there must be */

#endif
