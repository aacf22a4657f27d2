/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_INSTALL_LIST_H
#define KB_INSTALL_LIST_H

/* pattern NULL: all. Return an exit code. */
int list_steps(const char *pattern);
int list_fields(const char *pattern);

#endif
