/* SPDX-License-Identifier: Apache-2.0 */
/* The description of a cluster: read or refused with a place in the file; what passes the check becomes plans, unless a plan says why not. */
#include "fuzz.h"

#include <kb/cluster.h>
#include <kb/plan.h>

#include "base/str.h"

static void
check_error(void)
{
	kb_err *err = kb_error(fuzz_ctx());

	FUZZ_CHECK(err && kb_err_code(err) < 0 && kbi_str_is_set(kb_err_cause(err)));
	kb_err_free(err);
}

static void
check_plan(kb_plan *plan)
{
	if (!plan)
		check_error();
	kb_plan_free(plan);
}

void
fuzz(const char *data, size_t size_bytes)
{
	kb_cluster *cluster = kb_cluster_parse(fuzz_ctx(), "cluster.yaml", "/nowhere", data, size_bytes);

	if (!cluster) {
		check_error();
		return;
	}
	for (size_t i = 0; kb_cluster_key(i); i++)
		kb_cluster_get(cluster, kb_cluster_key(i));
	for (size_t i = 0; i < kb_cluster_host_count(cluster); i++)
		FUZZ_CHECK(kbi_str_is_set(kb_cluster_host_name(cluster, i)));
	if (kb_cluster_check(cluster) != KB_OK) {
		check_error();
	} else {
		check_plan(kb_cluster_up(cluster));
		check_plan(kb_cluster_reset(cluster));
		check_plan(kb_cluster_status(cluster));
	}
	kb_cluster_free(cluster);
}
