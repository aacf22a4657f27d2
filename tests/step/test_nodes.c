/* SPDX-License-Identifier: Apache-2.0 */
/* node.ready, node.configure, node.drain, node.delete, cluster.status. */
#include "judged.h"
#include "shells.h"

#include <kb/event.h>

#include "text/yaml.h"

/* -- node.ready */

#define TWO "nodes=m1 192.168.1.2\nnodes=w1 192.168.1.3\n"

static void
ready(struct judged *j, const char *params, const char *facts)
{
	judged_new(j, "node.ready", params);
	assert_int_equal(j->status, KB_OK);
	judged_facts(j, facts);
}

static void
all_named_nodes_are_to_be_ready_at_their_addresses(void **state)
{
	struct judged j;

	(void)state;
	ready(&j, TWO, "api=ok\nnodes.status=0\nnode=m1 True 192.168.1.2\nnode=w1 True 192.168.1.3\ndns=True\n");
	assert_int_equal(judged_run(&j), KB_PRESENT);
	judged_free(&j);
	ready(&j, TWO, "api=ok\nnodes.status=0\nnode=m1 True 192.168.1.2\nnode=w1 False 192.168.1.3\ndns=True\n");
	assert_int_equal(judged_run(&j), KB_DIFFERS);
	assert_string_equal(judged_change(&j, "Node w1")->before, "not Ready");
	judged_free(&j);
	ready(&j, TWO, "api=ok\nnodes.status=0\nnode=m1 True 192.168.1.2\nnode=w10 True 192.168.1.3\ndns=True\n");
	assert_int_equal(judged_run(&j), KB_ABSENT);
	assert_non_null(judged_note(&j, "node.not-named"));
	judged_free(&j);
}

static void
a_wrong_address_does_not_come_right_by_waiting(void **state)
{
	struct judged j;

	(void)state;
	ready(&j, TWO, "api=ok\nnodes.status=0\nnode=m1 True 192.168.1.2\nnode=w1 True 10.0.2.15\ndns=True\n");
	assert_int_equal(judged_run(&j), KB_ECONFLICT);
	assert_string_equal(j.judge.err.id, "node.address-differs");
	assert_non_null(strstr(j.judge.err.cause, "10.0.2.15"));
	judged_free(&j);
	ready(&j, "nodes=w1 fd00::3\n", "api=ok\nnodes.status=0\nnode=w1 True 192.168.1.3 fd00:0::3\ndns=True\n");	/* one of two */
	assert_int_equal(judged_run(&j), KB_PRESENT);
	judged_free(&j);
	ready(&j, "nodes=w1\n", "api=ok\nnodes.status=0\nnode=w1 True 10.0.2.15\ndns=True\n");	/* any will do */
	assert_int_equal(judged_run(&j), KB_PRESENT);
	judged_free(&j);
}

static void
dns_is_waited_for_unless_it_is_not_wanted(void **state)
{
	struct judged j;

	(void)state;
	ready(&j, "nodes=m1\n", "api=ok\nnodes.status=0\nnode=m1 True 192.168.1.2\ndns=False\n");
	assert_int_equal(judged_run(&j), KB_DIFFERS);
	judged_free(&j);
	ready(&j, "nodes=m1\n", "api=ok\nnodes.status=0\nnode=m1 True 192.168.1.2\ndns=\n");
	assert_int_equal(judged_run(&j), KB_ABSENT);
	judged_free(&j);
	ready(&j, "nodes=m1\ndns=no\n", "api=ok\nnodes.status=0\nnode=m1 True 192.168.1.2\n");
	assert_int_equal(judged_run(&j), KB_PRESENT);
	judged_free(&j);
}

static void
no_cluster_is_absent_and_a_silent_one_unknown(void **state)
{
	struct judged j;

	(void)state;
	ready(&j, TWO, "api=none\n");
	assert_int_equal(judged_run(&j), KB_ABSENT);
	judged_free(&j);
	ready(&j, TWO, "api=refused\n");
	assert_int_equal(judged_run(&j), KB_UNKNOWN);
	judged_free(&j);
	ready(&j, TWO, "api=ok\nnodes.status=1\n");
	assert_int_equal(judged_run(&j), KB_UNKNOWN);
	judged_free(&j);
	judged_refuses("node.ready", "nodes=m1 192.168.1.2 more\n", KB_EINVAL, NULL, "NAME ADDRESS");
	judged_refuses("node.ready", "nodes=M1\n", KB_EINVAL, NULL, "NAME ADDRESS");
	judged_refuses("node.ready", "nodes=m1 300.1.1.1\n", KB_EINVAL, NULL, "300.1.1.1");
}

/* -- node.configure */

#define LABELS "labels: {\"kubernetes.io/hostname\":\"w1\",\"disk\":\"hdd\"}\n"
#define CONTROL_PLANE "node-role.kubernetes.io/control-plane"

static void
configure(struct judged *j, const char *params, const char *node)
{
	judged_new(j, "node.configure", params);
	assert_int_equal(j->status, KB_OK);
	judged_facts(j, "api=ok\nnode.status=0\n");
	judged_fact(j, "node", node);
}

static void
labels_and_taints_are_set_and_others_stay(void **state)
{
	struct judged j;

	(void)state;
	configure(&j, "node-name=w1\nlabels=disk=ssd\nlabels=a.b/c=\ntaints=gpu=yes:NoSchedule\ntaints=old:NoExecute\n",
		LABELS "taints: [{\"effect\":\"NoExecute\",\"key\":\"old\"},{\"effect\":\"NoSchedule\",\"key\":\"mine\"}]\n");
	assert_int_equal(judged_run(&j), KB_DIFFERS);
	assert_int_equal(j.judge.change_count, 3);
	assert_string_equal(judged_want(&j, "labels"), "disk=ssd\na.b/c=\n");
	assert_string_equal(judged_want(&j, "taints"), "gpu=yes:NoSchedule\n");
	judged_free(&j);
}

static void
the_same_is_present(void **state)
{
	struct judged j;

	(void)state;
	configure(&j, "node-name=w1\nlabels=disk=hdd\ntaints=gpu=yes:NoSchedule\n",
		LABELS "taints: [{\"effect\":\"NoSchedule\",\"key\":\"gpu\",\"value\":\"yes\"}]\n");
	assert_int_equal(judged_run(&j), KB_PRESENT);
	judged_free(&j);
	configure(&j, "node-name=w1\n", LABELS "taints: \n");
	assert_int_equal(judged_run(&j), KB_PRESENT);
	judged_free(&j);
}

static void
schedulable_is_about_the_control_planes_own_taint(void **state)
{
	struct judged j;

	(void)state;
	configure(&j, "node-name=m1\nschedulable=yes\n", LABELS "taints: [{\"effect\":\"NoSchedule\",\"key\":\"" CONTROL_PLANE "\"}]\n");
	assert_int_equal(judged_run(&j), KB_DIFFERS);
	assert_string_equal(judged_want(&j, "taints"), CONTROL_PLANE ":NoSchedule-\n");
	judged_free(&j);
	configure(&j, "node-name=m1\nschedulable=no\n", LABELS "taints: \n");
	assert_int_equal(judged_run(&j), KB_ABSENT);
	assert_string_equal(judged_want(&j, "taints"), CONTROL_PLANE ":NoSchedule\n");
	judged_free(&j);
	configure(&j, "node-name=m1\n", LABELS "taints: [{\"effect\":\"NoSchedule\",\"key\":\"" CONTROL_PLANE "\"}]\n");
	assert_int_equal(judged_run(&j), KB_PRESENT);
	judged_free(&j);
}

static void
labels_that_are_options_or_worse_are_refused(void **state)
{
	static const char *const bad[] = { "labels=-x=y", "labels=a", "labels==b", "labels=a=b c", "labels=a=$(id)", "taints=a", "taints=-a:NoSchedule",
		"taints=a=b:Never", "taints=a=b c:NoSchedule", "taints=:NoSchedule", "node-name=../x" };

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		char params[200];
		snprintf(params, sizeof(params), "%s%s\n", kbi_str_starts(bad[i], "node-name") ? "" : "node-name=w1\n", bad[i]);
		judged_refuses("node.configure", params, KB_EINVAL, NULL, "node.configure");
	}
}

/* kubeadm join may end before its kubelet has made it. In a dry run an error stands for "known only when what comes before it is done". */
static void
a_node_that_is_not_there_yet_is_waited_for_and_then_an_error(void **state)
{
	struct judged j;

	(void)state;
	configure(&j, "node-name=w9\nlabels=a=b\n", "");
	assert_int_equal(judged_run(&j), KB_ABSENT);
	assert_string_equal(judged_want(&j, "labels"), "a=b\n");
	j.judge.is_after_apply = true;
	assert_int_equal(judged_run(&j), KB_ESTEP);
	assert_string_equal(j.judge.err.id, "node.missing");
	j.judge.is_after_apply = false;
	j.judge.is_dry = true;
	assert_int_equal(judged_run(&j), KB_ESTEP);
	assert_string_equal(j.judge.err.id, "node.missing");
	kbi_map_set(&j.facts, "node", "labels: {{{");
	assert_int_equal(judged_run(&j), KB_EINVAL);
	judged_free(&j);
	configure(&j, "node-name=w9\n", "");	/* nothing is to be set on it: that it is there is asked for all the same */
	assert_int_equal(judged_run(&j), KB_ABSENT);
	judged_free(&j);
}

/* Its apply, with kb_ask and kb_do for kubectl; what it says. */
static void
applies(const char *stand_ins, const char *wanted)
{
	for (size_t i = 0; i < COUNT(shells); i++) {
		struct kbi_buf script = KBI_BUF(MIB), out = KBI_BUF(MIB);
		if (!is_there(shells[i]))
			continue;
		kbi_buf_add_format(&script, "%s\n%s\n%s\nnode_name=w9 want_labels=a=b want_taints=''\nsleep() { :; }\nkb_do() { echo \"$*\"; }\n"
			"n=$(mktemp)\n%s\n(apply >$n.said)\ngrep -v NotFound $n.said\nrm $n $n.said\n", kbi_script_prelude, kbi_script_kubeadm_library,
			kbi_script_node_configure, stand_ins);
		run_script(shells[i], &script, NULL, NULL, true, &out);
		if (!kbi_str_is(kbi_buf_text(&out), wanted))
			fail_msg("%s: %s\nsaid \"%s\"", shells[i], stand_ins, kbi_buf_text(&out));
		kbi_buf_free(&script);
		kbi_buf_free(&out);
	}
}

static void
a_node_that_comes_late_is_configured_and_one_that_never_comes_is_missed(void **state)
{
	(void)state;
	applies("kb_ask() { echo x >>$n; [ \"$(wc -l <$n)\" -ge 3 ] || { echo NotFound; return 1; }; }", "label --overwrite node w9 -- a=b\n");
	applies("kb_ask() { echo NotFound; return 1; }",
		"error.code=STEP\nerror.id=node.missing\nerror.text=the cluster has no Node w9: NotFound\n");
}

/* -- node.drain, node.delete */

static void
drained_means_cordoned_and_empty(void **state)
{
	struct judged j;

	(void)state;
	judged_new(&j, "node.drain", "node-name=w1\n");
	judged_facts(&j, "api=ok\nnode.status=0\npods.status=0\nnode=w1 \n");
	assert_int_equal(judged_run(&j), KB_DIFFERS);
	kbi_map_set(&j.facts, "node", "w1 true");
	assert_int_equal(judged_run(&j), KB_PRESENT);
	judged_fact(&j, "pod", "default/web-0");
	assert_int_equal(judged_run(&j), KB_DIFFERS);
	j.judge.is_after_apply = true;	/* what is here now came after */
	assert_int_equal(judged_run(&j), KB_PRESENT);
	assert_non_null(judged_note(&j, "node.drain-came-back"));
	j.judge.is_after_apply = false;
	kbi_map_set(&j.facts, "node", " ");
	assert_int_equal(judged_run(&j), KB_PRESENT);	/* no such Node */
	kbi_map_set(&j.facts, "api", "none");
	assert_int_equal(judged_run(&j), KB_PRESENT);
	judged_free(&j);
}

static void
a_silent_api_server_is_unknown_unless_it_may_be_passed_over(void **state)
{
	static const char *const steps[] = { "node.drain", "node.delete" };

	(void)state;
	for (size_t i = 0; i < COUNT(steps); i++) {
		struct judged j;
		judged_new(&j, steps[i], "node-name=w1\n");
		judged_facts(&j, "api=refused\n");
		assert_int_equal(judged_run(&j), KB_UNKNOWN);
		judged_free(&j);
		judged_new(&j, steps[i], "node-name=w1\nskip-unreachable=yes\n");
		judged_facts(&j, "api=refused\n");
		assert_int_equal(judged_run(&j), KB_PRESENT);
		assert_int_equal(j.judge.note_count, 1);
		assert_int_equal(j.judge.notes[0].severity, KB_WARNING);
		judged_free(&j);
	}
}

static void
a_node_is_deleted_when_it_is_there(void **state)
{
	struct judged j;

	(void)state;
	judged_new(&j, "node.delete", "node-name=w1\n");
	judged_facts(&j, "api=ok\nnode.status=0\nnode=node/w1\n");
	assert_int_equal(judged_run(&j), KB_DIFFERS);
	kbi_map_set(&j.facts, "node", "");
	assert_int_equal(judged_run(&j), KB_PRESENT);
	judged_free(&j);
	judged_refuses("node.delete", "node-name=--all\n", KB_EINVAL, NULL, "--all");
	judged_refuses("node.drain", "node-name=-l\n", KB_EINVAL, NULL, "-l");
}

/* -- cluster.status */

static const char healthy[] = "api=ok\nnodes.status=0\nserver=https://192.168.1.2:6443\n"
	"node=m1\tTrue\t192.168.1.2\tv1.34.4\t\t{\"node-role.kubernetes.io/control-plane\":\"\",\"a\":\"b\"}\n"
	"node=w1\tTrue\t192.168.1.3\tv1.34.4\ttrue\t{\"kubernetes.io/os\":\"linux\"}\n"
	"tigerastatus=calico\tTrue\tFalse\t\npool=default\t172.16.0.0/16\t26\nversion={\"gitVersion\":\"v1.34.4\"}\n";

static void
status(struct judged *j, const char *facts, const char *config, const char *proxy)
{
	judged_new(j, "cluster.status", "");
	judged_facts(j, facts);
	judged_fact(j, "config", config);
	judged_fact(j, "proxy", proxy);
}

static void
the_status_is_json_that_says_all(void **state)
{
	struct kbi_yaml yaml;
	struct judged j;

	(void)state;
	status(&j, healthy, "kind: ClusterConfiguration\nnetworking: {podSubnet: 172.16.0.0/16}\n", "kind: KubeProxyConfiguration\nclusterCIDR: 172.16.0.0/16\n");
	assert_int_equal(judged_run(&j), KB_PRESENT);
	assert_int_equal(j.judge.note_count, 0);
	const char *text = judged_output(&j, "status");
	assert_int_equal(kbi_yaml_read(&yaml, "status", text, strlen(text), MIB, NULL), KB_OK);
	assert_string_equal(kbi_yaml_text(kbi_yaml_path(yaml.first, "version")), "v1.34.4");
	assert_string_equal(kbi_yaml_text(kbi_yaml_path(yaml.first, "nodes[0].roles[0]")), "control-plane");
	assert_string_equal(kbi_yaml_text(kbi_yaml_path(yaml.first, "nodes[1].cordoned")), "true");
	assert_int_equal(kbi_yaml_path(yaml.first, "nodes[1].roles")->count, 0);
	assert_string_equal(kbi_yaml_text(kbi_yaml_path(yaml.first, "pools[0].cidr")), "172.16.0.0/16");
	kbi_yaml_free(&yaml);
	judged_free(&j);
}

static void
what_is_not_right_is_noted(void **state)
{
	static const char *const ids[] = { "status.node-not-ready", "status.address-twice", "status.pod-not-ready", "status.calico-not-available",
		"status.pool-outside", "status.cluster-cidr-missing" };
	struct judged j;

	(void)state;
	status(&j, "api=ok\nnodes.status=0\nnode=m1\tTrue\t10.0.2.15\tv1.34.4\nnode=w1\tFalse\t10.0.2.15\tv1.34.4\n"
		"pod=kube-system\tcoredns-1\tPending\t\tContainerCreating\ntigerastatus=calico\tFalse\tTrue\tno \"disk\"\npool=p\t192.168.0.0/16\t26\n",
		"kind: ClusterConfiguration\nnetworking: {podSubnet: 172.16.0.0/16}\n", "kind: KubeProxyConfiguration\nclusterCIDR: \"\"\n");
	assert_int_equal(judged_run(&j), KB_PRESENT);
	for (size_t i = 0; i < COUNT(ids); i++)
		if (!judged_note(&j, ids[i]))
			fail_msg("nothing about %s", ids[i]);
	assert_non_null(strstr(judged_output(&j, "status"), "no \\\"disk\\\""));
	judged_free(&j);
}

static void
no_cluster_has_no_status(void **state)
{
	struct judged j;

	(void)state;
	status(&j, "api=none\n", "", "");
	assert_int_equal(judged_run(&j), KB_ESTEP);
	assert_string_equal(j.judge.err.id, "status.no-cluster");
	judged_free(&j);
	status(&j, "api=refused\n", "", "");
	assert_int_equal(judged_run(&j), KB_EUNREACHABLE);
	judged_free(&j);
	status(&j, "api=ok\nnodes.status=0\nnode=\nnode=\t\t\t\t\t\t\t\t\t\npod=\ntigerastatus=\npool=\nversion=[[\n", "{", "{");
	assert_int_equal(judged_run(&j), KB_PRESENT);
	judged_free(&j);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_named_nodes_are_to_be_ready_at_their_addresses),
		cmocka_unit_test(a_wrong_address_does_not_come_right_by_waiting),
		cmocka_unit_test(dns_is_waited_for_unless_it_is_not_wanted),
		cmocka_unit_test(no_cluster_is_absent_and_a_silent_one_unknown),
		cmocka_unit_test(labels_and_taints_are_set_and_others_stay),
		cmocka_unit_test(the_same_is_present),
		cmocka_unit_test(schedulable_is_about_the_control_planes_own_taint),
		cmocka_unit_test(labels_that_are_options_or_worse_are_refused),
		cmocka_unit_test(a_node_that_is_not_there_yet_is_waited_for_and_then_an_error),
		cmocka_unit_test(a_node_that_comes_late_is_configured_and_one_that_never_comes_is_missed),
		cmocka_unit_test(drained_means_cordoned_and_empty),
		cmocka_unit_test(a_silent_api_server_is_unknown_unless_it_may_be_passed_over),
		cmocka_unit_test(a_node_is_deleted_when_it_is_there),
		cmocka_unit_test(the_status_is_json_that_says_all),
		cmocka_unit_test(what_is_not_right_is_noted),
		cmocka_unit_test(no_cluster_has_no_status),
	};

	return cmocka_run_group_tests_name("nodes", tests, NULL, NULL);
}
