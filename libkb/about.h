/* SPDX-License-Identifier: Apache-2.0 */
/* What a recording calls a question: the step, the phase, the parameters that reach the host, and digests of the scripts, so that an edited
 * script still finds its recorded answers, and is told of. Pure. */
#ifndef KBI_ABOUT_H
#define KBI_ABOUT_H

#include "base/buf.h"
#include "script.h"

struct kbi_secrets;

struct kbi_about_known {
	struct kbi_secrets *secrets;	/* blanked where they stand in other values */
	const struct kbi_map *named;	/* values that are others in each run, by name */
};

/* verb: "probe", "apply", "attach" (to an apply that an earlier connection began), "forget" (its journal) */
void kbi_about_step(struct kbi_buf *out, const struct kbi_about_known *known, const struct kbi_script_call *call, const char *verb);

#endif
