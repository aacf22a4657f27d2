/* SPDX-License-Identifier: Apache-2.0 */
/* What kb_cluster_check() finds before any host is touched. */
#include "unit.h"

#include "base/str.h"
#include "spec.h"

#define VERSION "kubernetes: {version: 1.34.4}\n"
#define NETWORK "network: {nodes: 192.168.1.0/24, pods: 172.16.0.0/16}\n"
#define HOSTS "hosts: [{name: a, address: 192.168.1.2, role: control-plane}, {name: b, address: 192.168.1.3}]\n"

static void
check(const char *text, kb_status want, const char *id, const char *cause)
{
	struct kbi_spec spec = {0};
	struct kb_err err = {0};

	if (kbi_spec_read(&spec, "c.yaml", NULL, text, strlen(text), &err))
		fail_msg("%s: %s", text, err.cause);
	kb_status status = kbi_spec_check(&spec, &err);
	if (status != want || (want && !kbi_str_is(err.id, id)) || (want && cause && !kbi_str_is(err.cause, cause)))
		fail_msg("%s: %s, %s, \"%s\"", text, kb_err_name(status), err.id ? err.id : "no id", err.cause ? err.cause : "");
	kbi_err_clear(&err);
	kbi_spec_free(&spec);
}

struct wrong {
	const char *text;
	const char *id;
	const char *cause;	/* NULL: not compared */
	kb_status status;	/* 0: KB_EINVAL */
};

static void
check_all(const struct wrong *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check(cases[i].text, cases[i].status ? cases[i].status : KB_EINVAL, cases[i].id, cases[i].cause);
}

static void
good_descriptions_pass(void **state)
{
	static const char *const good[] = {
		VERSION NETWORK HOSTS,
		VERSION NETWORK "hosts: [{name: a, address: 192.168.1.2, role: control-plane}]\n",
		VERSION NETWORK "hosts: [{name: a, address: local, role: control-plane}]\n",
		VERSION NETWORK "hosts: [{name: a, address: a.example, node_ip: 192.168.1.2, role: control-plane}]\n",
		VERSION NETWORK HOSTS "cni: none\nendpoint: {address: api.example}\n",
		VERSION NETWORK HOSTS "endpoint: {address: 192.168.1.100}\n",
		"kubernetes: {version: 1.23.6, repository: {url: https://mirror.example/apt}}\ncni: {calico: v3.23.1}\n" NETWORK HOSTS,
		"kubernetes: {version: 1.34.4, repository: {flavour: legacy, url: https://mirror.example/apt}}\n" NETWORK HOSTS,
		"kubernetes: {version: 1.28.2}\ncni: {calico: v3.29.7}\n" NETWORK HOSTS,
		VERSION "network: {nodes: 10.0.0.0/31, pods: 172.16.0.0/24, services: 10.96.0.0/28}\ncni: {block_size: 25}\n"
			"hosts: [{name: a, address: 10.0.0.0, role: control-plane}, {name: b, address: 10.0.0.1}]\n",
		VERSION "network: {nodes: \"fd00::/64\", pods: \"fd01::/48\", services: \"fd02::/112\"}\ncni: none\n"
			"hosts: [{name: a, address: \"fd00::2\", role: control-plane}]\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		check(good[i], KB_OK, NULL, NULL);
}

static void
versions_and_repositories_fit_together(void **state)
{
	static const struct wrong cases[] = {
		{"ssh: {}\n", "cluster.version-missing", "kubernetes.version is not given", 0},
		{"kubernetes: {version: 1.5.0}\n" NETWORK HOSTS, "cluster.version-unsupported", NULL, KB_EUNSUPPORTED},
		{"kubernetes: {version: 1.23.6}\n" NETWORK HOSTS, "cluster.repository-gone",
			"kubernetes.version 1.23.6: apt.kubernetes.io was removed on 2024-03-04, and no kubernetes.repository.url of a mirror is given",
			KB_EUNSUPPORTED},
		{"kubernetes: {version: 1.23.6, repository: community}\n" NETWORK HOSTS, "cluster.repository-version",
			"c.yaml:1:43: the community repository begins with 1.24: kubernetes.version is 1.23.6", KB_EUNSUPPORTED},
		{"kubernetes: {version: 1.34.4, repository: legacy}\n" NETWORK HOSTS, "cluster.repository-version", NULL, KB_EUNSUPPORTED},
		{"kubernetes: {version: 1.28.2, repository: legacy}\n" NETWORK HOSTS, "cluster.repository-gone", NULL, KB_EUNSUPPORTED},
		{"kubernetes: {version: 1.34.4, repository: custom}\n" NETWORK HOSTS, "cluster.repository-url-missing", NULL, 0},
		{"kubernetes: {version: 1.34.4, repository: {flavour: custom, url: https://m}}\n" NETWORK HOSTS, "cluster.repository-key-missing",
			NULL, 0},
		{"kubernetes: {version: 1.34.4, repository: {flavour: legacy, url: https://m, suite: focal}}\n" NETWORK HOSTS,
			"cluster.repository-suite",
			"c.yaml:1:84: kubernetes.repository.suite: only a custom repository has one of its own; "
			"that of legacy is kubernetes-xenial main, whatever the host's release", 0},
		{"kubernetes: {version: 1.28.2}\n" NETWORK HOSTS, "cluster.cni-missing", NULL, 0},
	};

	(void)state;
	check_all(cases, COUNT(cases));
}

static void
hosts_are_told_apart(void **state)
{
	static const struct wrong cases[] = {
		{VERSION NETWORK, "cluster.hosts-missing", "there are no hosts", 0},
		{VERSION NETWORK "hosts: [{name: a, address: 192.168.1.2}]", "cluster.control-plane-missing",
			"no host has the role control-plane", 0},
		{VERSION NETWORK "hosts: [{name: a, role: control-plane}]", "cluster.address-missing", "c.yaml:3:16: host a: no address is given", 0},
		{VERSION NETWORK "hosts:\n- {name: a, address: 192.168.1.2, role: control-plane}\n- {name: b, address: 192.168.1.3, role: control-plane}\n",
			"cluster.control-plane-many",
			"c.yaml:5:41: host b: a second control plane; this version makes clusters with exactly one", KB_EUNSUPPORTED},
		{VERSION NETWORK "hosts: [{name: a, address: 192.168.1.2, role: control-plane}, {name: b, address: 192.168.1.2}]",
			"cluster.address-twice", "c.yaml:3:82: hosts a and b have the same address 192.168.1.2", 0},
		{VERSION NETWORK "hosts: [{name: a, address: local, role: control-plane}, {name: b, address: local}]", "cluster.local-many", NULL, 0},
		{VERSION NETWORK "hosts: [{name: a, address: a.example, role: control-plane}]", "cluster.node-ip-missing",
			"c.yaml:3:28: host a: its address a.example is a name, and no node_ip is given", 0},
		{VERSION NETWORK "hosts: [{name: a, address: 10.0.2.15, role: control-plane}]", "cluster.address-outside",
			"c.yaml:3:28: host a: 10.0.2.15 is not in network.nodes 192.168.1.0/24", 0},
		{VERSION NETWORK "hosts: [{name: a, address: 192.168.1.0, role: control-plane}]", "cluster.address-reserved",
			"c.yaml:3:28: host a: 192.168.1.0 is the network address of network.nodes 192.168.1.0/24", 0},
		{VERSION NETWORK "hosts: [{name: a, address: x, node_ip: 192.168.1.255, role: control-plane}]", "cluster.address-reserved",
			"c.yaml:3:40: host a: 192.168.1.255 is the broadcast address of network.nodes 192.168.1.0/24", 0},
		{VERSION NETWORK HOSTS "endpoint: {address: 192.168.1.3}", "cluster.endpoint-worker",
			"c.yaml:4:21: endpoint.address 192.168.1.3 is the address of the worker b", 0},
		{VERSION NETWORK HOSTS "endpoint: {address: 172.16.3.4}", "cluster.endpoint-inside",
			"c.yaml:4:21: endpoint.address 172.16.3.4 is in network.pods 172.16.0.0/16", 0},
		{VERSION NETWORK "hosts: [{name: a, address: 192.168.1.2, role: control-plane}, {name: b, address: 192.168.1.3, schedulable: no}]",
			"cluster.worker-not-schedulable", NULL, 0},
	};

	(void)state;
	check_all(cases, COUNT(cases));
}

static void
networks_are_apart_and_large_enough(void **state)
{
	static const struct wrong cases[] = {
		{VERSION HOSTS, "cluster.nodes-missing", "network.nodes is not given", 0},
		{VERSION "network: {nodes: 192.168.1.0/24}\n" HOSTS, "cluster.pods-missing", "network.pods is not given", 0},
		{VERSION "network: {nodes: 192.168.1.0/24, pods: 192.168.0.0/16}\n" HOSTS, "cluster.networks-overlap",
			"c.yaml:2:40: network.pods 192.168.0.0/16 overlaps network.nodes 192.168.1.0/24", 0},
		{VERSION "network: {nodes: 192.168.1.0/24, pods: 10.96.0.0/16}\n" HOSTS, "cluster.networks-overlap",
			"network.services 10.96.0.0/12 overlaps network.pods 10.96.0.0/16", 0},
		{VERSION "network: {nodes: 192.168.1.0/24, pods: 172.16.0.0/16, services: 192.168.0.0/20}\n" HOSTS, "cluster.networks-overlap", NULL, 0},
		{VERSION "network: {nodes: 192.168.1.0/24, pods: 172.16.0.0/25}\n" HOSTS, "cluster.pods-too-small",
			"c.yaml:2:40: network.pods 172.16.0.0/25: kubeadm gives each node a /24 of it, so it can't be smaller than that", 0},
		{VERSION "network: {nodes: 192.168.1.0/24, pods: 11.0.0.0/8, services: 10.0.0.0/11}\n" HOSTS, "cluster.services-too-large",
			"c.yaml:2:62: network.services 10.0.0.0/11: kubeadm takes a /12 to a /28", 0},
		{VERSION "network: {nodes: 192.168.1.0/24, pods: 4.0.0.0/7}\n" HOSTS, "cluster.pods-too-large", NULL, 0},
		{VERSION "network: {nodes: 192.168.1.0/24, pods: 172.16.0.0/16, services: 10.0.0.0/29}\n" HOSTS, "cluster.services-too-small", NULL, 0},
		{VERSION "network: {nodes: 192.168.1.0/24, pods: 172.16.0.0/24}\ncni: {block_size: 24}\n" HOSTS, "cluster.blocks-too-few",
			"c.yaml:3:19: network.pods 172.16.0.0/24 has 1 blocks of /24, fewer than the 2 nodes", 0},
		{VERSION "network: {nodes: 192.168.1.0/24, pods: 172.16.0.0/24}\ncni: {block_size: 23}\n" HOSTS, "cluster.block-too-large", NULL, 0},
		{VERSION "network: {nodes: 192.168.1.0/24, pods: \"fd00::/56\"}\n" HOSTS, "cluster.family-mixed", NULL, KB_EUNSUPPORTED},
		{VERSION "network: {nodes: \"fd00::/64\", pods: \"fd01::/48\", services: \"fd02::/112\"}\n"
			"hosts: [{name: a, address: \"fd00::2\", role: control-plane}]\n", "cluster.calico-ipv6", NULL, KB_EUNSUPPORTED},
	};

	(void)state;
	check_all(cases, COUNT(cases));
}

static void
five_thousand_hosts_are_checked_in_a_moment(void **state)
{
	struct kbi_buf text = KBI_BUF(KBI_SIZE_TEXT);
	struct kbi_spec spec = {0};

	(void)state;
	kbi_buf_add(&text, VERSION "network: {nodes: 10.0.0.0/16, pods: 172.16.0.0/12}\nhosts:\n");
	for (int i = 0; i < KBI_SPEC_HOSTS_MAX; i++)
		kbi_buf_add_format(&text, "- {name: n%d, address: 10.0.%d.%d, role: %s}\n", i, i / 200 + 1, i % 200 + 1, i ? "worker" : "control-plane");
	double before = unit_cpu_ms();
	assert_int_equal(kbi_spec_read(&spec, "c.yaml", NULL, kbi_buf_text(&text), text.size_bytes, NULL), KB_OK);
	assert_int_equal(kbi_spec_check(&spec, NULL), KB_OK);
	assert_true(unit_cpu_ms() - before < 10 * BOUND_MS);
	assert_int_equal(spec.host_count, KBI_SPEC_HOSTS_MAX);
	kbi_spec_free(&spec);
	kbi_buf_add(&text, "- {name: more, address: 10.0.250.1}\n");
	assert_int_equal(kbi_spec_read(&spec, "c.yaml", NULL, kbi_buf_text(&text), text.size_bytes, NULL), KB_ETOOBIG);
	kbi_spec_free(&spec);
	kbi_buf_free(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_descriptions_pass),
		cmocka_unit_test(versions_and_repositories_fit_together),
		cmocka_unit_test(hosts_are_told_apart),
		cmocka_unit_test(networks_are_apart_and_large_enough),
		cmocka_unit_test(five_thousand_hosts_are_checked_in_a_moment),
	};

	return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
