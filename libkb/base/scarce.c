/* SPDX-License-Identifier: Apache-2.0 */
#include "base/scarce.h"

static _Thread_local unsigned count;

void
kbi_scarce(void)
{
	count++;
}

unsigned
kbi_scarce_count(void)
{
	return count;
}
