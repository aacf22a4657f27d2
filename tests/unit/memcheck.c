/* SPDX-License-Identifier: Apache-2.0 */
/* Part of each test program: helper threads that are on their way out are waited for before memcheck counts what is left. */
#include <sys/stat.h>
#include <unistd.h>

#include "memcheck.h"

enum { ALONE = 3 };	/* links of /proc/self/task: itself twice, and a thread */

static void __attribute__((destructor))
wait_for_threads(void)
{
	struct stat task;
	for (int i = 0; is_memcheck() && i < 7000 && stat("/proc/self/task", &task) == 0 && task.st_nlink > ALONE; i++)
		usleep(10000);
}
