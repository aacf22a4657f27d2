/* SPDX-License-Identifier: Apache-2.0 */
/* A folder of key files that ssh-keygen made, for one test program. */
#ifndef KEY_FOLDER_H
#define KEY_FOLDER_H

#include "turn.h"

static char *folder;

static inline int
drop_keys(void **state)
{
	(void)state;
	remove_folder(folder);
	return 0;
}

static inline const char *
path_of(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%.64s/%.100s", folder, name);
	return path;
}

static inline void
need_key(const char *name)
{
	if (access(path_of(name), F_OK) == 0)
		return;
	print_message("skipped: ssh-keygen is not installed\n");
	skip();
}

#endif
