/* SPDX-License-Identifier: Apache-2.0 */
/* The calls that libkb makes of others, each of which can be made to fail. The library's archive is copied with every NAME in it turned
 * into fault_NAME (calls_*.c define those), so nobody's calls are touched but its own. */
#ifndef FAULT_CALLS_H
#define FAULT_CALLS_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <kb/common.h>

/* What a failed call may end in, as a set of codes; success with the right result always may. */
#define CAN(code) (1u << -(code))
#define CAN_MEMORY CAN(KB_ENOMEM)
#define CAN_IO CAN(KB_EIO)
#define CAN_PEER (CAN(KB_EUNREACHABLE) | CAN(KB_EPROTOCOL))

/* The next calls are counted; the one with this number fails, and all behind it too when goes_on. 0: none. */
void fault_arm(long number, bool goes_on);
void fault_disarm(void);
long fault_count(void);			/* of calls since fault_arm() */
const char *fault_name(void);		/* of the first call that failed; NULL: none did */
unsigned fault_codes(void);		/* what that one may end in */

/* What was made and not let go of yet: memory, and handles of other libraries. */
long fault_held(void);
void fault_tell_held(void);		/* on stderr */

/* For calls_*.c alone. */
bool fault_now(const char *name, unsigned codes);
void *fault_hold(void *thing, const char *name);	/* returns it */
void fault_drop(const void *thing);

/* A call that can fail: its type, name, parameters, arguments, codes, and what it says when it does. */
#define FALLIBLE(type, name, params, args, codes, failure) \
	type fault_##name params; \
	type fault_##name params \
	{ \
		if (fault_now(#name, codes)) \
			return failure; \
		return name args; \
	}
/* One that makes something, and one that lets go of it. */
#define MAKES(type, name, params, args, codes, failure) \
	type fault_##name params; \
	type fault_##name params \
	{ \
		if (fault_now(#name, codes)) \
			return failure; \
		return fault_hold(name args, #name); \
	}
#define FREES(name, type) \
	void fault_##name(type thing); \
	void fault_##name(type thing) \
	{ \
		fault_drop(thing); \
		name(thing); \
	}
#define FAIL(error, value) (errno = (error), (value))

#endif
