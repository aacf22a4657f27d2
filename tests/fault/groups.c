/* SPDX-License-Identifier: Apache-2.0 */
#include "fault.h"

extern const struct scenario fault_text[], fault_cluster[], fault_local[], fault_ssh[], fault_fetch[], fault_judge[], fault_replay[], fault_config[],
	fault_way[], fault_long[];

const struct scenario *const fault_groups[] = {fault_text, fault_cluster, fault_local, fault_ssh, fault_fetch, fault_judge, fault_replay,
	fault_config, fault_way, fault_long, NULL};
