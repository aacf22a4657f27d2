/* SPDX-License-Identifier: Apache-2.0 */
/* The cluster's kubeconfig as a file of the caller. */
#ifndef KB_INSTALL_KUBECONFIG_H
#define KB_INSTALL_KUBECONFIG_H

#include <libkb.h>

#include "args.h"

/* Writes what the plan's kubeconfig.install put out: whole or not at all, 0600 from the first byte, and only when it differs. A file that
 * names another server is left alone. Returns an exit code; says on stderr what went wrong. */
int kubeconfig_save(const kb_plan *plan, const struct args *args);

#endif
