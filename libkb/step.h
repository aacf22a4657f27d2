/* SPDX-License-Identifier: Apache-2.0 */
/* A kb_step: a record of the catalogue (or a script of the caller's own) with its parameters. */
#ifndef KBI_STEP_HANDLE_H
#define KBI_STEP_HANDLE_H

#include <stdatomic.h>

#include <kb/step.h>

#include "base/map.h"
#include "steps/step.h"

struct kb_step {
	atomic_int refs;
	struct kb_ctx *kb;
	struct kb_step *original;	/* of a copy: whose name and scripts it has; they never change */
	const struct kbi_step_def *def;
	char *name;		/* of a script of the caller's own: its own name; else the record's */
	char *probe, *apply;	/* of a script of the caller's own; apply may be NULL */
	struct kbi_map args;	/* what was set */
};

extern const struct kbi_step_def kbi_step_own;		/* a script of the caller's own: probe and apply */
extern const struct kbi_step_def kbi_step_own_probe;	/* and one that only asks */

struct kb_step *kbi_step_copy(struct kb_step *step);		/* NULL: no memory */
bool kbi_step_is_own(const struct kb_step *step);
/* Parameters with their defaults; without those that are neither set nor have one. */
kb_status kbi_step_args(const struct kb_step *step, struct kbi_map *args);
/* What is wrong before anything runs: a required parameter that is neither set nor in `bound`, a value that it cannot have. */
kb_status kbi_step_check(const struct kb_step *step, const struct kbi_map *bound, struct kb_err *err);
bool kbi_step_has_param(const struct kb_step *step, const char *name);
bool kbi_step_has_output(const struct kb_step *step, const char *name);

#endif
