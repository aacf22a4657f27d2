/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <time.h>

static int64_t
read_ms(clockid_t id)
{
	struct timespec t = {0};

	clock_gettime(id, &t);	/* cannot fail for the two clocks used here */
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t
kbi_clock_ms(void)
{
	return read_ms(CLOCK_MONOTONIC);
}

int64_t
kbi_clock_wall_ms(void)
{
	return read_ms(CLOCK_REALTIME);
}

int64_t
kbi_clock_deadline(int64_t now_ms, int64_t timeout_ms)
{
	if (timeout_ms < 0 || timeout_ms >= KBI_NEVER - now_ms)
		return KBI_NEVER;
	return now_ms + timeout_ms;
}

int64_t
kbi_clock_left_ms(int64_t deadline_ms, int64_t now_ms)
{
	if (deadline_ms == KBI_NEVER)
		return KBI_NEVER;
	return deadline_ms > now_ms ? deadline_ms - now_ms : 0;
}

int64_t
kbi_clock_sooner(int64_t a_ms, int64_t b_ms)
{
	return a_ms < b_ms ? a_ms : b_ms;
}
