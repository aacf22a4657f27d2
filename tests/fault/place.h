/* SPDX-License-Identifier: Apache-2.0 */
/* Where a scenario writes: a folder that is gone afterwards, and for each player a machine of its own. */
#ifndef FAULT_PLACE_H
#define FAULT_PLACE_H

#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

static char place_folder[64];

static inline void
place_make_folder(void)
{
	memcpy(place_folder, "/tmp/kb-fault-XXXXXX", 21);
	if (!mkdtemp(place_folder))
		exit(2);
}

static inline void
place_remove_folder(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf -- %s", place_folder);
	if (system(command) != 0)
		exit(2);
}

/* The lock of the machine and its journals are files: each player has its own, so that they do not wait for each other. */
static inline void
place_leave_machine(void)
{
	static const char *const places[] = {"/run", "/root", "/var/lib"};

	if (geteuid() != 0 || unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return;		/* then they do */
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (mount("tmpfs", places[i], "tmpfs", 0, NULL))
			return;
}

#endif
