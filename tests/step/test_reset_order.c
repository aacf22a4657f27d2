/* SPDX-License-Identifier: Apache-2.0 */
/* The order of a reset. */
#include "unit.h"

#include "base/err.h"
#include "text/reset.h"

static void
prints(const char *order, const char *hosts, const char *wanted)
{
	struct kbi_buf out = KBI_BUF(MIB);
	struct kb_err err = { 0 };

	if (kbi_reset_order(order, hosts, &out, &err))
		fail_msg("%s: %s", hosts, err.cause);
	assert_string_equal(kbi_buf_text(&out), wanted);
	kbi_buf_free(&out);
}

static void
workers_go_first_and_their_nodes_when_they_cannot_come_back(void **state)
{
	(void)state;
	prints("default", "m1 control-plane\nw1 worker\nw2 worker\n",
		"node.drain m1 w1\nnode.drain m1 w2\n"
		"kubeadm.reset w1 w1\nnet.clean w1 w1\nkubeadm.reset w2 w2\nnet.clean w2 w2\n"
		"node.delete m1 w1\nnode.delete m1 w2\n"
		"kubeadm.reset m1 m1\nnet.clean m1 m1\n");
}

static void
control_planes_leave_one_by_one_and_the_first_last(void **state)
{
	(void)state;
	prints("default", "w1 worker\nm1 control-plane\nm2 control-plane\nm3 control-plane",
		"node.drain m1 w1\nkubeadm.reset w1 w1\nnet.clean w1 w1\nnode.delete m1 w1\n"
		"node.drain m1 m3\nkubeadm.reset m3 m3\nnet.clean m3 m3\nnode.delete m1 m3\n"
		"node.drain m1 m2\nkubeadm.reset m2 m2\nnet.clean m2 m2\nnode.delete m1 m2\n"
		"kubeadm.reset m1 m1\nnet.clean m1 m1\n");
}

static void
the_seeds_order_is_there_by_name(void **state)
{
	(void)state;
	prints("seed", "cluster1-master1 control-plane\ncluster1-worker1 worker\ncluster1-worker2 worker\n",
		"node.drain cluster1-master1 cluster1-worker1\nnode.drain cluster1-master1 cluster1-worker2\n"
		"kubeadm.reset cluster1-worker1 cluster1-worker1\nkubeadm.reset cluster1-worker2 cluster1-worker2\n"
		"net.clean cluster1-worker1 cluster1-worker1\nnet.clean cluster1-worker2 cluster1-worker2\nnet.clean cluster1-master1 cluster1-master1\n"
		"node.delete cluster1-master1 cluster1-worker1\nnode.delete cluster1-master1 cluster1-worker2\nnode.delete cluster1-master1 cluster1-master1\n"
		"kubeadm.reset cluster1-master1 cluster1-master1\n");
}

static void
without_a_control_plane_nobody_is_told(void **state)
{
	(void)state;
	prints("default", "w1 worker\n", "kubeadm.reset w1 w1\nnet.clean w1 w1\n");
	prints("default", "", "");
	prints("default", "\r\n  m1\tcontrol-plane \r\n", "kubeadm.reset m1 m1\nnet.clean m1 m1\n");
}

static void
fails(const char *order, const char *hosts, kb_status code, const char *words)
{
	struct kbi_buf out = KBI_BUF(MIB);
	struct kb_err err = { 0 };

	assert_int_equal(kbi_reset_order(order, hosts, &out, &err), code);
	if (!strstr(err.cause, words))
		fail_msg("%s", err.cause);
	assert_int_equal(out.size_bytes, 0);
	kbi_err_clear(&err);
	kbi_buf_free(&out);
}

static void
what_is_no_host_is_refused_by_its_line(void **state)
{
	(void)state;
	fails("default", "m1 control-plane\nM2 worker\n", KB_EINVAL, "line 2");
	fails("default", "m1 master\n", KB_EINVAL, "line 1");
	fails("default", "m1\n", KB_EINVAL, "role");
	fails("default", NULL, KB_EINVAL, "NULL");
	fails("backwards", "m1 worker\n", KB_EINVAL, "backwards");
	fails(NULL, "m1 worker\n", KB_EINVAL, "neither");
}

static void
many_hosts_are_bounded(void **state)
{
	char *most = unit_repeat("a worker\n", 9 * 5000), *more = unit_repeat("a worker\n", 9 * 5001), *large = unit_repeat("a worker\n", 2 * MIB);
	struct kbi_buf out = KBI_BUF(MIB);
	double began = unit_cpu_ms();

	(void)state;
	assert_int_equal(kbi_reset_order("default", most, &out, NULL), KB_OK);
	assert_true(unit_cpu_ms() - began < BOUND_MS);
	kbi_buf_free(&out);
	fails("default", more, KB_ETOOBIG, "5000");
	fails("default", large, KB_ETOOBIG, "");
	free(most);
	free(more);
	free(large);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(workers_go_first_and_their_nodes_when_they_cannot_come_back),
		cmocka_unit_test(control_planes_leave_one_by_one_and_the_first_last),
		cmocka_unit_test(the_seeds_order_is_there_by_name),
		cmocka_unit_test(without_a_control_plane_nobody_is_told),
		cmocka_unit_test(what_is_no_host_is_refused_by_its_line),
		cmocka_unit_test(many_hosts_are_bounded),
	};

	return cmocka_run_group_tests_name("reset order", tests, NULL, NULL);
}
