/* SPDX-License-Identifier: Apache-2.0 */
/* Time: a monotonic clock for deadlines, the wall clock for stamps. Pure code takes "now" as an argument and never calls these. */
#ifndef KBI_CLOCK_H
#define KBI_CLOCK_H

#include <stdint.h>

#define KBI_NEVER INT64_MAX

int64_t kbi_clock_ms(void);			/* monotonic */
int64_t kbi_clock_wall_ms(void);		/* since 1970 */
int64_t kbi_clock_deadline(int64_t now_ms, int64_t timeout_ms);	/* a negative timeout is KBI_NEVER */
int64_t kbi_clock_left_ms(int64_t deadline_ms, int64_t now_ms);		/* 0 when it has passed */
int64_t kbi_clock_sooner(int64_t a_ms, int64_t b_ms);

#endif
