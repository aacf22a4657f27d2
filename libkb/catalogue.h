/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KBI_CATALOGUE_H
#define KBI_CATALOGUE_H

#include "steps/step.h"

extern const struct kbi_step_def *const kbi_step_defs[];	/* generated; ended by NULL */

const char *kbi_step_def_nearest(const char *name);	/* the name meant, probably; NULL: none is near */
const char *kbi_step_param_nearest(const struct kbi_step_def *def, const char *name);

#endif
