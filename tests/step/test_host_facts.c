/* SPDX-License-Identifier: Apache-2.0 */
/* host.facts: which address a host has in the cluster, and what in it speaks against the cluster. */
#include "judged.h"

#define VAGRANT_ADDRESSES \
	"1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever\n" \
	"1: lo    inet6 ::1/128 scope host \\       valid_lft forever preferred_lft forever\n" \
	"2: enp0s3    inet 10.0.2.15/24 brd 10.0.2.255 scope global dynamic enp0s3\\       valid_lft 85000sec preferred_lft 85000sec\n" \
	"2: enp0s3    inet6 fe80::a00:27ff:fe4e:66a1/64 scope link \\       valid_lft forever preferred_lft forever\n" \
	"3: enp0s8    inet 192.168.1.2/24 brd 192.168.1.255 scope global enp0s8\\       valid_lft forever preferred_lft forever"
#define VAGRANT_ROUTES \
	"default via 10.0.2.2 dev enp0s3 proto dhcp src 10.0.2.15 metric 100 \n" \
	"10.0.2.0/24 dev enp0s3 proto kernel scope link src 10.0.2.15 metric 100 \n" \
	"10.0.2.2 dev enp0s3 proto dhcp scope link src 10.0.2.15 metric 100 \n" \
	"192.168.1.0/24 dev enp0s8 proto kernel scope link src 192.168.1.2 "
#define FOCAL "NAME=\"Ubuntu\"\nVERSION_ID=\"20.04\"\nID=ubuntu\nID_LIKE=debian\nPRETTY_NAME=\"Ubuntu 20.04.6 LTS\"\nVERSION_CODENAME=focal\n"
#define CLUSTER "network=192.168.1.0/24\npods=172.16.0.0/16\nservices=10.96.0.0/12\nnode-name=cluster1-master1\n"

static void
host(struct judged *j, const char *params, const char *addresses, const char *routes)
{
	judged_new(j, "host.facts", params);
	assert_int_equal(j->status, KB_OK);
	judged_file(j, "os_release", FOCAL, "0644");
	judged_fact(j, "kernel", "5.4.0-216-generic");
	judged_fact(j, "machine", "x86_64");
	judged_fact(j, "arch", "amd64");
	judged_fact(j, "hostname", "cluster1-master1");
	judged_fact(j, "machine_id", "f6ded3a90828474b9058c464769e7cbe");
	judged_fact(j, "memory_kib", "2035416");
	judged_fact(j, "cpus", "2");
	judged_fact(j, "cgroup_fs", "tmpfs");
	judged_fact(j, "container", "none");
	judged_fact(j, "clock", "1653004800");
	judged_fact(j, "addresses", addresses);
	judged_fact(j, "addresses.status", "0");
	judged_fact(j, "routes", routes);
	judged_fact(j, "routes6", "");
}

static void
a_vagrant_host_gets_the_address_of_its_cluster_network(void **state)
{
	struct judged j;

	(void)state;
	host(&j, CLUSTER, VAGRANT_ADDRESSES, VAGRANT_ROUTES);
	assert_int_equal(judged_run(&j), KB_PRESENT);
	assert_string_equal(judged_output(&j, "address"), "192.168.1.2");
	assert_string_equal(judged_output(&j, "interface"), "enp0s8");
	assert_string_equal(judged_output(&j, "default-route-address"), "10.0.2.15");
	assert_string_equal(judged_output(&j, "default-route-interface"), "enp0s3");
	assert_string_equal(judged_output(&j, "os"), "ubuntu");
	assert_string_equal(judged_output(&j, "os-version"), "20.04");
	assert_string_equal(judged_output(&j, "codename"), "focal");
	assert_string_equal(judged_output(&j, "memory-mib"), "1987");
	assert_string_equal(judged_output(&j, "cgroup"), "1");
	assert_int_equal(j.judge.note_count, 0);
	judged_free(&j);
}

static void
check_refused(const char *params, const char *addresses, const char *routes, const char *id, const char *evidence)
{
	struct judged j;

	host(&j, params, addresses, routes);
	assert_int_equal(judged_run(&j), KB_EINVAL);
	assert_string_equal(j.judge.err.id, id);
	for (size_t i = 0; i < j.judge.err.evidence_count; i++)
		if (strstr(j.judge.err.evidence[i], evidence))
			evidence = "";
	if (*evidence)
		fail_msg("%s: no evidence holds \"%s\"", id, evidence);
	judged_free(&j);
}

static void
a_host_without_the_address_is_refused_with_the_addresses_it_has(void **state)
{
	(void)state;
	check_refused("network=192.168.7.0/24\n", VAGRANT_ADDRESSES, VAGRANT_ROUTES, "host.address-missing", "enp0s3: 10.0.2.15/24");
	check_refused("address=192.168.1.3\n", VAGRANT_ADDRESSES, VAGRANT_ROUTES, "host.address-not-here", "enp0s8: 192.168.1.2/24");
	check_refused("network=192.168.1.0/24\n",
		VAGRANT_ADDRESSES "\n4: eth9    inet 192.168.1.77/24 scope global secondary eth9\\ valid_lft forever", VAGRANT_ROUTES,
		"host.address-ambiguous", "eth9: 192.168.1.77/24");
}

static void
an_address_that_is_given_decides_among_two(void **state)
{
	struct judged j;

	(void)state;
	host(&j, "network=192.168.1.0/24\naddress=192.168.1.77\n",
		VAGRANT_ADDRESSES "\n4: eth9    inet 192.168.1.77/24 scope global secondary eth9\\ valid_lft forever", VAGRANT_ROUTES);
	assert_int_equal(judged_run(&j), KB_PRESENT);
	assert_string_equal(judged_output(&j, "interface"), "eth9");
	judged_free(&j);
}

static void
an_address_of_short_life_is_not_chosen(void **state)
{
	struct judged j;

	(void)state;
	host(&j, "network=fd00::/64\n", "2: eth0    inet6 fd00::99/64 scope global temporary dynamic \\ valid_lft 1sec\n"
		"2: eth0    inet6 fd00::2/64 scope global \\ valid_lft forever", "");
	assert_int_equal(judged_run(&j), KB_PRESENT);
	assert_string_equal(judged_output(&j, "address"), "fd00::2");
	judged_free(&j);
}

static void
networks_of_the_cluster_may_not_be_the_hosts_own(void **state)
{
	(void)state;
	check_refused("network=192.168.1.0/24\npods=192.168.0.0/16\n", VAGRANT_ADDRESSES, VAGRANT_ROUTES, "host.network-overlap",
		"address 192.168.1.2/24 on enp0s8");
	check_refused("network=192.168.1.0/24\nservices=172.17.0.0/16\n", VAGRANT_ADDRESSES,
		VAGRANT_ROUTES "\n172.17.0.0/16 dev docker0 proto kernel scope link src 172.17.0.1 linkdown ", "host.network-overlap",
		"route to 172.17.0.0/16 by docker0");
	check_refused("network=192.168.1.0/24\npods=10.0.0.0/8\n", VAGRANT_ADDRESSES, VAGRANT_ROUTES, "host.network-overlap", "10.0.2.15/24");
	check_refused("pods=172.16.0.0/16\n", VAGRANT_ADDRESSES, VAGRANT_ROUTES "\nblackhole 172.16.5.0/24 ", "host.network-overlap",
		"172.16.5.0/24");
}

static void
a_wide_route_by_a_router_is_a_warning(void **state)
{
	struct judged j;

	(void)state;
	host(&j, CLUSTER, VAGRANT_ADDRESSES, VAGRANT_ROUTES "\n10.64.0.0/10 via 192.168.1.1 dev enp0s8 proto static ");
	assert_int_equal(judged_run(&j), KB_PRESENT);
	assert_non_null(strstr(judged_note(&j, "host.network-overlap"), "10.64.0.0/10"));
	judged_free(&j);
}

static void
a_node_has_its_cluster_in_its_routes(void **state)
{
	struct judged j;

	(void)state;
	host(&j, CLUSTER, VAGRANT_ADDRESSES "\n9: cni0    inet 172.16.0.1/24 brd 172.16.0.255 scope global cni0\\ valid_lft forever",
		VAGRANT_ROUTES "\n172.16.1.0/26 via 192.168.1.3 dev enp0s8 proto 80 onlink \nblackhole 172.16.0.0/26 proto 80 ");
	judged_fact(&j, "is_node", "yes");
	assert_int_equal(judged_run(&j), KB_PRESENT);
	assert_int_equal(j.judge.note_count, 0);
	judged_free(&j);
}

static void
a_nodes_own_network_is_not_taken_for_its_pods(void **state)
{
	struct judged j;

	(void)state;
	host(&j, "network=192.168.1.0/24\npods=192.168.0.0/16\n", VAGRANT_ADDRESSES, VAGRANT_ROUTES);
	judged_fact(&j, "is_node", "yes");
	assert_int_equal(judged_run(&j), KB_EINVAL);
	judged_free(&j);
	host(&j, "network=192.168.1.0/24\npods=172.20.0.0/16\n",	/* wider than the pods' network: not the pods' */
		VAGRANT_ADDRESSES "\n9: br0    inet 172.20.0.1/12 scope global br0\\ valid_lft forever", VAGRANT_ROUTES);
	judged_fact(&j, "is_node", "yes");
	assert_int_equal(judged_run(&j), KB_EINVAL);
	judged_free(&j);
}

static void
another_hostname_is_a_warning_and_case_is_not(void **state)
{
	struct judged j;

	(void)state;
	host(&j, "node-name=other\n", VAGRANT_ADDRESSES, VAGRANT_ROUTES);
	assert_int_equal(judged_run(&j), KB_PRESENT);
	assert_non_null(judged_note(&j, "host.name-differs"));
	judged_free(&j);
	host(&j, CLUSTER, VAGRANT_ADDRESSES, VAGRANT_ROUTES);
	kbi_map_set(&j.facts, "hostname", "Cluster1-Master1");
	assert_int_equal(judged_run(&j), KB_PRESENT);
	assert_null(judged_note(&j, "host.name-differs"));
	judged_free(&j);
}

static void
cgroup_v1_is_a_warning_from_1_35_on(void **state)
{
	struct judged j;

	(void)state;
	host(&j, "kubernetes-version=1.35.0\n", VAGRANT_ADDRESSES, VAGRANT_ROUTES);
	assert_int_equal(judged_run(&j), KB_PRESENT);
	assert_non_null(judged_note(&j, "host.cgroup-v1"));
	kbi_map_set(&j.facts, "cgroup_fs", "cgroup2fs");
	assert_int_equal(judged_run(&j), KB_PRESENT);
	assert_null(judged_note(&j, "host.cgroup-v1"));
	judged_free(&j);
}

static void
other_systems_and_architectures_are_refused(void **state)
{
	struct judged j;

	(void)state;
	host(&j, CLUSTER, VAGRANT_ADDRESSES, VAGRANT_ROUTES);
	kbi_map_set(&j.facts, "os_release", "ID=\"rocky\"\nID_LIKE=\"rhel debian\"\nPRETTY_NAME=\"Rocky Linux 9\"\n");
	assert_int_equal(judged_run(&j), KB_EUNSUPPORTED);
	assert_string_equal(j.judge.err.id, "host.os-unsupported");
	assert_non_null(strstr(j.judge.err.cause, "Rocky Linux 9"));
	kbi_map_set(&j.facts, "os_release", "ID=debian\n");
	kbi_map_set(&j.facts, "arch", "armhf");
	assert_int_equal(judged_run(&j), KB_EUNSUPPORTED);
	assert_string_equal(j.judge.err.id, "host.arch-unsupported");
	judged_free(&j);
}

static void
no_answer_about_addresses_is_no_verdict(void **state)
{
	struct judged j;

	(void)state;
	host(&j, CLUSTER, "", "");
	kbi_map_set(&j.facts, "addresses.status", "255");
	assert_int_equal(judged_run(&j), KB_UNKNOWN);
	kbi_map_remove(&j.facts, "addresses");
	assert_int_equal(judged_run(&j), KB_EUNSUPPORTED);
	assert_string_equal(j.judge.err.id, "host.ip-missing");
	judged_free(&j);
}

static void
hostile_facts_are_read_as_far_as_they_make_sense(void **state)
{
	static const char *const texts[] = {
		"", "\n\n\n", "1:", "1: eth0 inet", "1: eth0 inet 300.1.1.1/24 scope global", "1: eth0 inet 1.2.3.4/99 scope global",
		"1: eth0 inet6 192.168.1.2/24 scope", "1: eth0 inet 192.168.1.2 peer 10.0.0.1/32 scope global eth0",
		"\x1b[31m 1: eth0 inet \xff\xfe/8", "default", "default via", "blackhole", "dev dev dev dev", "throw 0.0.0.0/0",
	};
	char *many = unit_repeat("1: eth0 inet 172.30.0.1/24 scope global x\n", LARGE);
	struct judged j;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		for (size_t k = 0; k < COUNT(texts); k++) {
			host(&j, CLUSTER, texts[i], texts[k]);
			int answer = judged_run(&j);
			assert_true(answer == KB_EINVAL || answer == KB_PRESENT);
			judged_free(&j);
		}
	}
	host(&j, CLUSTER, many, VAGRANT_ROUTES);
	assert_int_equal(judged_run(&j), KB_EINVAL);
	judged_free(&j);
	free(many);
}

static void
wrong_parameters_are_refused_by_name(void **state)
{
	(void)state;
	judged_refuses("host.facts", "network=192.168.1.5/24\n", KB_EINVAL, NULL, "192.168.1.0/24");
	judged_refuses("host.facts", "pods=nonsense\n", KB_EINVAL, NULL, "nonsense");
	judged_refuses("host.facts", "address=192.168.1.0/24\n", KB_EINVAL, NULL, "192.168.1.0/24");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_vagrant_host_gets_the_address_of_its_cluster_network),
		cmocka_unit_test(a_host_without_the_address_is_refused_with_the_addresses_it_has),
		cmocka_unit_test(an_address_that_is_given_decides_among_two),
		cmocka_unit_test(an_address_of_short_life_is_not_chosen),
		cmocka_unit_test(networks_of_the_cluster_may_not_be_the_hosts_own),
		cmocka_unit_test(a_wide_route_by_a_router_is_a_warning),
		cmocka_unit_test(a_node_has_its_cluster_in_its_routes),
		cmocka_unit_test(a_nodes_own_network_is_not_taken_for_its_pods),
		cmocka_unit_test(another_hostname_is_a_warning_and_case_is_not),
		cmocka_unit_test(cgroup_v1_is_a_warning_from_1_35_on),
		cmocka_unit_test(other_systems_and_architectures_are_refused),
		cmocka_unit_test(no_answer_about_addresses_is_no_verdict),
		cmocka_unit_test(hostile_facts_are_read_as_far_as_they_make_sense),
		cmocka_unit_test(wrong_parameters_are_refused_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
