/* SPDX-License-Identifier: Apache-2.0 */
/* The gate before each server of a loop: open wide, until the server turns a login away (MaxStartups and
 * PerSourcePenalties of sshd). Then only a few log in at a time, after a pause that grows as long as nobody gets
 * in, with jitter, since others may be in the same crowd. */
#ifndef KBI_GATE_H
#define KBI_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "loop.h"

struct kbi_gate;

struct kbi_gate_pass {		/* lives in its owner; leave before the owner goes */
	struct kbi_gate *gate;	/* NULL: at none */
	bool is_in;
	void (*may_enter)(void *owner);	/* whoever waits should try again */
	void *owner;
	struct kbi_gate_pass *next;
};

/* Stands before the gate of a server. False: no memory. */
bool kbi_gate_approach(struct kbi_loop *loop, const char *address, int port, struct kbi_gate_pass *pass);
/* True when it is in: may dial. Else *due_ms is when to try again, KBI_NEVER until may_enter(). */
bool kbi_gate_enter(struct kbi_gate_pass *pass, int64_t now_ms, int64_t *due_ms);

enum kbi_gate_way { KBI_GATE_LOGGED_IN, KBI_GATE_TURNED_AWAY, KBI_GATE_BANNED, KBI_GATE_GAVE_UP };

/* It is not logging in any more; who was turned away or banned stays before the gate. Returns when the gate
 * lets anybody in again. */
int64_t kbi_gate_leave(struct kbi_gate_pass *pass, enum kbi_gate_way way, int64_t now_ms);

#endif
