/* SPDX-License-Identifier: Apache-2.0 */
/* An embedder with a loop of its own, as it was built long ago: a plan of two steps in order, checked and never applied, on a host that is
 * not there. What it sees of events, errors and verdicts is what it was told they are. */
#include <libkb.h>

#include <stdio.h>
#include <string.h>

#define CHECK(claim)                                                               \
	do {                                                                       \
		if (!(claim)) {                                                    \
			fprintf(stderr, "line %d: not so: %s\n", __LINE__, #claim); \
			return 1;                                                  \
		}                                                                  \
	} while (0)

int
main(void)
{
	kb_ctx *kb = kb_new();
	kb_host *host = kb_host_new(kb, "nobody", "ssh://nobody@127.0.0.1:1");
	kb_plan *plan = kb_plan_new(kb);
	kb_step *swap = kb_step_swap_off(kb), *modules = kb_step_new(kb, "kernel.modules");
	kb_task *first, *second;
	kb_event *event;
	int last = 0, told = 0;

	CHECK(host && plan && swap && modules);
	CHECK(kb_step_new(kb, "no.such") == NULL);
	first = kb_plan_add(plan, host, swap);
	second = kb_plan_add(plan, host, modules);
	CHECK(first && second && kb_plan_after(plan, second, first) == KB_OK);
	CHECK(kb_plan_start(plan, KB_CHECK, 20000) > 0);
	while (!last) {
		CHECK(kb_wait(kb, 1000) >= 0);
		while ((event = kb_plan_next_event(plan))) {
			told++;
			if (kb_event_kind(event) == KB_EVENT_PLAN_DONE)
				last = kb_event_status(event);
			kb_event_free(event);
		}
		CHECK(told < 1000);
	}
	CHECK(last < 0 && told > 1);
	kb_plan_free(plan);
	kb_step_free(swap);
	kb_step_free(modules);
	kb_host_free(host);
	kb_free(kb);
	return 0;
}
