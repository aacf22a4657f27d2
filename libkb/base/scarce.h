/* SPDX-License-Identifier: Apache-2.0 */
/* How often this thread could not have what it asked the system for: memory, mostly. Pure code writes texts and compares them in many places;
 * who calls it looks here whether one of them may have been cut, instead of each of them asking. */
#ifndef KBI_SCARCE_H
#define KBI_SCARCE_H

void kbi_scarce(void);			/* once more */
unsigned kbi_scarce_count(void);	/* only ever compared with what it was before */

#endif
