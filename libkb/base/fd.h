/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors that a library makes must not land on 0, 1 or 2 of a program that closed those: its next printf() would go there. */
#ifndef KBI_FD_H
#define KBI_FD_H

int kbi_fd_lift(int fd);	/* the same, close-on-exec and above 2; -1 with errno when that fails (fd is closed then) or fd is -1 */
void kbi_fd_close(int *fd);	/* closes it, if it is one, and sets it to -1 */

#endif
