/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KBI_CALICOCTL_INSTALL_H
#define KBI_CALICOCTL_INSTALL_H

#include <stdbool.h>

bool kbi_calicoctl_is_known(const char *version);	/* "v3.30.7": its sum is in the table, for one architecture at least */

#endif
