/* SPDX-License-Identifier: Apache-2.0 */
/* A cluster's file: read, checked, made into plans, and a plan's order told. No host is touched. */
#include "fault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libkb.h>

#include "plan.h"

#define FILE_OF_ONE TEST_FAULT "/cluster.yaml"

typedef kb_plan *maker(kb_cluster *cluster);
static maker *const makers[] = {NULL, kb_cluster_up, kb_cluster_reset, kb_cluster_status};

/* All that a plan is: its tasks in their order with all their parameters, what is before them, and how their hosts are reached. The
 * public calls show less. */
static size_t
explain(kb_plan *plan, char *out, size_t room)
{
	FILE *file = fmemopen(out, room, "w");

	for (size_t i = 0; plan && i < plan->tasks.count; i++) {
		const struct kb_task *task = plan->tasks.at[i];
		const struct kbi_map *const maps[] = {&task->step->args, &task->host->shown};
		fprintf(file, "%s %s after %zu binds %zu wave %d demand %d\n", task->host->name, task->step->name, task->before.count,
			task->bind_count, task->wave ? task->wave->limit : 0, task->is_on_demand);
		for (size_t m = 0; m < 2; m++)
			for (size_t e = 0; e < maps[m]->count; e++)
				fprintf(file, "\t%s=%s\n", maps[m]->entries[e].name, maps[m]->entries[e].value);
	}
	long length = ftell(file);
	fclose(file);
	if (length < 0 || (size_t)length + 1 >= room)
		fault_wrong("a plan too long to be compared");
	return (size_t)length;
}

static kb_cluster *
load(kb_ctx *kb)
{
	kb_cluster *cluster = kb_cluster_load(kb, FILE_OF_ONE);

	if (cluster && kb_cluster_host_count(cluster) != 2)
		fault_wrong("%zu hosts were read", kb_cluster_host_count(cluster));
	return cluster;
}

static kb_plan *
make(kb_ctx *kb, kb_cluster *cluster, int which, int *status)
{
	if (!makers[which]) {
		*status = kb_cluster_check(cluster);
		return NULL;
	}
	kb_plan *plan = makers[which](cluster);
	*status = plan ? KB_OK : fault_code(kb);
	return plan;
}

/* Loading alone is the first scenario; in the others it is over before anything fails. */
static int
play(const struct scenario *scenario)
{
	static char right[1 << 18], now[1 << 18];
	kb_ctx *kb = kb_new();
	int status;
	kb_cluster *cluster = load(kb);
	kb_plan *plan = makers[scenario->which] ? makers[scenario->which](cluster) : NULL;
	size_t length = explain(plan, right, sizeof(right));

	if (!cluster || (makers[scenario->which] && !length))
		fault_wrong("it works not even when nothing fails");
	kb_plan_free(plan);
	if (!makers[scenario->which]) {
		kb_cluster_free(cluster);
		fault_begin();
		cluster = load(kb);
	} else {
		fault_begin();
	}
	status = cluster ? KB_OK : fault_code(kb);
	plan = cluster ? make(kb, cluster, scenario->which, &status) : NULL;
	if (status && !fault_goes_on()) {
		kb_plan_free(plan);
		kb_cluster *again = cluster ? cluster : load(kb);
		int second = KB_OK;
		plan = make(kb, again, scenario->which, &second);
		if (second)
			fault_wrong("the second time it ended with %s", kb_err_name(second));
		cluster = again;
	}
	if (plan && (explain(plan, now, sizeof(now)) != length || memcmp(right, now, length) != 0))
		fault_wrong("the plan is another one");
	kb_plan_free(plan);
	kb_cluster_free(cluster);
	kb_free(kb);
	return status;
}

const struct scenario fault_cluster[] = {
	{"cluster.load", NULL, play, NULL, 0, 0},
	{"cluster.up", NULL, play, NULL, 1, 0},
	{"cluster.reset", NULL, play, NULL, 2, 0},
	{"cluster.status", NULL, play, NULL, 3, 0},
	{0},
};
