/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KBI_HOST_H
#define KBI_HOST_H

#include <stdatomic.h>
#include <stdbool.h>

#include <kb/host.h>

#include "base/map.h"
#include "transport/transport.h"

struct kbi_recording;
struct kbi_recorder;

struct kb_host {
	atomic_int refs;
	struct kb_ctx *kb;
	char *name;
	char *scheme;			/* "ssh", "local", "replay" */
	struct kb_host *jump;		/* set by kb_host_set_jump(), kept alive */
	struct kbi_hop hop;		/* what the transport is told of it, when it is a jump host itself */
	struct kbi_recording *recording;	/* of "replay", and how far it is played */
	struct kbi_recorder *recorder;		/* made when the setting "record" is first needed */
	struct kbi_map named;		/* what runs made anew, by the names that a recording has for it */
	struct kbi_map settings;	/* what was set, secrets too */
	struct kbi_map shown;		/* defaults filled in, for kb_host_get() and the transport; secrets too */
};

bool kbi_host_has_secret(const char *key);	/* is there a secret of that name? */
void kbi_host_ref(struct kb_host *host);

#endif
