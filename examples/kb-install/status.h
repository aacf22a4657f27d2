/* SPDX-License-Identifier: Apache-2.0 */
/* What cluster.status found: a JSON output of the step, shown as lines. */
#ifndef KB_INSTALL_STATUS_H
#define KB_INSTALL_STATUS_H

#include <libkb.h>

#include "args.h"

void status_show(const kb_plan *plan, const struct args *args);

#endif
