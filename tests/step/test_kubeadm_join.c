/* SPDX-License-Identifier: Apache-2.0 */
/* kubeadm.join and kubeadm.reset. */
#include "judged.h"

#include "text/ca.h"

#define ENDPOINT "endpoint=192.168.1.2:6443\n"
#define TOKEN "abcdef.0123456789abcdef"
#define OTHER_HASH "sha256:0000000000000000000000000000000000000000000000000000000000000000"

static const char two_cards[] = "2: eth0    inet 10.0.2.15/24 scope global eth0\n3: eth1    inet 192.168.1.3/24 scope global eth1";
static const char two_routes[] = "default via 10.0.2.2 dev eth0";

static char *
ca_hash(void)
{
	struct unit_file ca = unit_read("ca/rsa.pem");
	struct kbi_buf hash = KBI_BUF(MIB);

	assert_int_equal(kbi_ca_hash(ca.data, ca.size_bytes, &hash, NULL), KB_OK);
	free(ca.data);
	return kbi_buf_take(&hash);
}

static void
host(struct judged *j, const char *params)
{
	judged_new(j, "kubeadm.join", params);
	judged_fact(j, "kubeadm", "v1.34.4");
	judged_fact(j, "addresses", two_cards);
	judged_fact(j, "routes", two_routes);
	judged_fact(j, "kubelet", "activating");
}

static void
node(struct judged *j, const char *params)
{
	struct unit_file ca = unit_read("ca/rsa.pem");

	host(j, params);
	judged_facts(j, "found=kubelet.conf\nfound=config.yaml\nfound=kubelet-client-current.pem\nserver=https://192.168.1.2:6443\n");
	judged_fact(j, "ca", ca.data);
	kbi_map_set(&j->facts, "kubelet", "active");
	free(ca.data);
}

static void
parameters_are_looked_at_before_anything_runs(void **state)
{
	(void)state;
	judged_refuses("kubeadm.join", ENDPOINT "ca-cert-hash=md5:00\ntoken=" TOKEN "\n", KB_EINVAL, NULL, "sha256");
	judged_refuses("kubeadm.join", ENDPOINT "ca-cert-hash=" OTHER_HASH "\ntoken=secret-that-is-none\n", KB_EINVAL, NULL, "");
	judged_refuses("kubeadm.join", ENDPOINT "ca-cert-hash=" OTHER_HASH "\ntoken=" TOKEN "\nnode-name=A\n", KB_EINVAL, NULL, "node-name");
	judged_refuses("kubeadm.join", ENDPOINT "token=" TOKEN "\n", KB_EINVAL, NULL, "ca-cert-hash");
}

static void
a_wrong_token_is_not_in_its_error(void **state)
{
	struct judged j;

	(void)state;
	judged_new(&j, "kubeadm.join", ENDPOINT "ca-cert-hash=" OTHER_HASH "\ntoken=secret-that-is-none\n");
	assert_int_equal(j.status, KB_EINVAL);
	assert_null(strstr(j.judge.err.cause, "secret-that"));
	judged_free(&j);
}

static void
two_cards_and_no_choice_are_refused(void **state)
{
	struct judged j;

	(void)state;
	host(&j, ENDPOINT);
	assert_int_equal(judged_run(&j), KB_EINVAL);
	assert_string_equal(j.judge.err.id, "join.node-ip-ambiguous");
	assert_string_equal(j.judge.err.evidence[0], "10.0.2.15 on eth0 holds the default route");
	assert_string_equal(j.judge.err.fix, "kb_step_set(step, \"node-ip\", \"192.168.1.3\")");
	judged_free(&j);
	host(&j, ENDPOINT "node-ip=192.168.1.9\n");
	assert_int_equal(judged_run(&j), KB_EINVAL);
	assert_string_equal(j.judge.err.id, "join.node-ip-not-here");
	judged_free(&j);
}

static void
a_choice_may_be_made_in_three_ways(void **state)
{
	static const char *const ways[] = {
		ENDPOINT "node-ip=192.168.1.3\n", ENDPOINT "kubelet-extra-args=v=2\nkubelet-extra-args=node-ip=192.168.1.3\n",
		ENDPOINT "config={kind: JoinConfiguration, nodeRegistration: {kubeletExtraArgs: [{name: node-ip, value: 192.168.1.3}]}}\n",
		ENDPOINT "config={kind: JoinConfiguration, nodeRegistration: {kubeletExtraArgs: {node-ip: 192.168.1.3}}}\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(ways); i++) {
		struct judged j;
		host(&j, ways[i]);
		assert_int_equal(judged_run(&j), KB_ABSENT);
		judged_free(&j);
	}
}

static void
a_node_of_this_cluster_is_present(void **state)
{
	char *hash = ca_hash(), params[300];
	struct judged j;

	(void)state;
	snprintf(params, sizeof(params), ENDPOINT "ca-cert-hash=" OTHER_HASH "\nca-cert-hash=%s\n", hash);
	node(&j, params);
	assert_int_equal(judged_run(&j), KB_PRESENT);
	judged_free(&j);
	free(hash);
}

static void
a_node_of_another_cluster_is_foreign(void **state)
{
	struct judged j;

	(void)state;
	node(&j, ENDPOINT "ca-cert-hash=" OTHER_HASH "\n");
	assert_int_equal(judged_run(&j), KB_FOREIGN);
	judged_free(&j);
	node(&j, ENDPOINT);	/* a plan whose control plane is not there yet */
	assert_int_equal(judged_run(&j), KB_FOREIGN);
	judged_free(&j);
}

static void
a_control_plane_is_no_worker_to_be(void **state)
{
	struct judged j;

	(void)state;
	host(&j, ENDPOINT "node-ip=192.168.1.3\n");
	judged_fact(&j, "found", "kube-apiserver.yaml");
	assert_int_equal(judged_run(&j), KB_FOREIGN);
	judged_free(&j);
}

static void
an_authority_that_cannot_be_read_is_unknown(void **state)
{
	struct judged j;

	(void)state;
	node(&j, ENDPOINT "ca-cert-hash=" OTHER_HASH "\n");
	kbi_map_set(&j.facts, "ca", "-----BEGIN CERTIFICATE-----\n$(reboot)\n-----END CERTIFICATE-----");
	assert_int_equal(judged_run(&j), KB_UNKNOWN);
	kbi_map_remove(&j.facts, "ca");
	assert_int_equal(judged_run(&j), KB_UNKNOWN);
	judged_free(&j);
}

static void
what_a_killed_join_left_is_partial(void **state)
{
	static const char *const left[] = { "libkb-join.yaml", "bootstrap-kubelet.conf", "config.yaml", "kubelet.conf" };

	(void)state;
	for (size_t i = 0; i < COUNT(left); i++) {
		struct judged j;
		host(&j, ENDPOINT "node-ip=192.168.1.3\nca-cert-hash=" OTHER_HASH "\n");
		judged_fact(&j, "found", left[i]);
		assert_int_equal(judged_run(&j), KB_PARTIAL);
		judged_free(&j);
	}
}

static void
a_token_left_on_disk_and_a_stopped_kubelet_are_differences(void **state)
{
	char *hash = ca_hash(), params[300];
	struct judged j;

	(void)state;
	snprintf(params, sizeof(params), ENDPOINT "ca-cert-hash=%s\n", hash);
	node(&j, params);
	kbi_map_set(&j.facts, "kubelet", "inactive");
	assert_int_equal(judged_run(&j), KB_DIFFERS);
	assert_string_equal(judged_after(&j, "kubelet.service"), "active");
	judged_fact(&j, "found", "bootstrap-kubelet.conf");
	kbi_map_set(&j.facts, "kubelet", "active");
	assert_int_equal(judged_run(&j), KB_DIFFERS);
	judged_free(&j);
	free(hash);
}

/* -- what is made on the controller */

static kb_status
prepare(struct judged *j, struct kb_err *err)
{
	struct kbi_prepare p = { .args = &j->args, .facts = &j->facts, .made = &j->made, .err = err };

	return j->step->def->prepare(&p);
}

static void
the_configuration_pins_the_authority_and_is_secret(void **state)
{
	struct judged j;

	(void)state;
	host(&j, ENDPOINT "node-ip=192.168.1.3\nnode-name=w1\nnode-labels=a=b\nca-cert-hash=" OTHER_HASH "\n");
	kbi_map_set_secret(&j.args, "token", TOKEN, strlen(TOKEN));
	assert_int_equal(prepare(&j, NULL), KB_OK);
	const char *config = kbi_map_get(&j.made, "config");
	assert_true(kbi_map_find(&j.made, "config")->secret);
	assert_non_null(strstr(config, "kind: JoinConfiguration"));
	assert_non_null(strstr(config, "kubeadm.k8s.io/v1beta4"));
	assert_non_null(strstr(config, OTHER_HASH));
	assert_non_null(strstr(config, TOKEN));
	assert_non_null(strstr(config, "192.168.1.2:6443"));
	assert_null(strstr(config, "unsafeSkip"));
	judged_free(&j);
}

/* Then nobody waits until the cluster has signed for the token. */
static void
an_authority_that_is_there_needs_no_discovery_by_token(void **state)
{
	struct unit_file ca = unit_read("ca/rsa.pem");
	struct judged j;

	(void)state;
	host(&j, ENDPOINT "node-ip=192.168.1.3\nca-cert-hash=" OTHER_HASH "\n");
	kbi_map_set_secret(&j.args, "token", TOKEN, strlen(TOKEN));
	kbi_map_set(&j.args, "ca-cert", ca.data);
	assert_int_equal(prepare(&j, NULL), KB_OK);
	const char *config = kbi_map_get(&j.made, "config");
	assert_true(kbi_map_find(&j.made, "config")->secret);
	assert_non_null(strstr(config, "kubeConfigPath: /etc/kubernetes/libkb-discovery.conf"));
	assert_non_null(strstr(config, "tlsBootstrapToken: " TOKEN));
	assert_null(strstr(config, "bootstrapToken:"));
	assert_null(strstr(config, "BEGIN CERTIFICATE"));
	judged_free(&j);
	free(ca.data);
}

static void
an_authority_is_the_pinned_one(void **state)
{
	struct unit_file ca = unit_read("ca/rsa.pem");
	struct kb_err err = {0};
	char *hash = ca_hash(), params[300];
	struct judged j;

	(void)state;
	host(&j, ENDPOINT "token=" TOKEN "\nca-cert-hash=" OTHER_HASH "\n");
	kbi_map_set(&j.args, "ca-cert", ca.data);
	assert_int_equal(j.step->def->check(&j.args, &err), KB_EINVAL);
	assert_non_null(strstr(err.cause, hash));
	kbi_err_clear(&err);
	kbi_map_set(&j.args, "ca-cert", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n");
	assert_int_equal(j.step->def->check(&j.args, &err), KB_EINVAL);
	kbi_err_clear(&err);
	judged_free(&j);
	snprintf(params, sizeof(params), ENDPOINT "token=" TOKEN "\nca-cert-hash=" OTHER_HASH "\nca-cert-hash=%s\n", hash);
	host(&j, params);
	kbi_map_set(&j.args, "ca-cert", ca.data);
	assert_int_equal(j.step->def->check(&j.args, NULL), KB_OK);
	kbi_map_set(&j.args, "ca-cert", "");	/* an output that is not known yet */
	assert_int_equal(j.step->def->check(&j.args, NULL), KB_OK);
	judged_free(&j);
	judged_refuses("kubeadm.join", "endpoint=192.168.1.300:6443\ntoken=" TOKEN "\nca-cert-hash=" OTHER_HASH "\n", KB_EINVAL, NULL, "192.168.1.300");
	free(hash);
	free(ca.data);
}

static void
the_form_follows_the_version_that_is_installed(void **state)
{
	struct judged j;

	(void)state;
	host(&j, ENDPOINT "node-ip=192.168.1.3\nca-cert-hash=" OTHER_HASH "\n");
	kbi_map_set_secret(&j.args, "token", TOKEN, strlen(TOKEN));
	kbi_map_set(&j.facts, "kubeadm", "v1.28.2");
	assert_int_equal(prepare(&j, NULL), KB_OK);
	assert_non_null(strstr(kbi_map_get(&j.made, "config"), "kubeadm.k8s.io/v1beta3"));
	judged_free(&j);
}

/* -- kubeadm.reset */

static void
a_host_without_state_is_reset(void **state)
{
	struct judged j;

	(void)state;
	judged_new(&j, "kubeadm.reset", "ca-cert-hash=" OTHER_HASH "\n");
	assert_int_equal(judged_run(&j), KB_PRESENT);
	judged_fact(&j, "left", "/etc/kubernetes/kubelet.conf");
	judged_fact(&j, "mounted", "/var/lib/kubelet/pods/x");
	assert_int_equal(judged_run(&j), KB_DIFFERS);
	assert_int_equal(j.judge.change_count, 2);
	judged_free(&j);
}

static void
a_host_of_another_cluster_is_not_reset(void **state)
{
	struct unit_file ca = unit_read("ca/rsa.pem");
	char *hash = ca_hash(), params[200];
	struct judged j;

	(void)state;
	judged_new(&j, "kubeadm.reset", "ca-cert-hash=" OTHER_HASH "\n");
	judged_fact(&j, "left", "/etc/kubernetes/kubelet.conf");
	judged_fact(&j, "ca", ca.data);
	assert_int_equal(judged_run(&j), KB_FOREIGN);
	judged_free(&j);
	snprintf(params, sizeof(params), "ca-cert-hash=%s\n", hash);
	judged_new(&j, "kubeadm.reset", params);
	judged_fact(&j, "left", "/etc/kubernetes/kubelet.conf");
	judged_fact(&j, "ca", ca.data);
	assert_int_equal(judged_run(&j), KB_DIFFERS);
	judged_free(&j);
	free(hash);
	free(ca.data);
}

static void
only_a_folder_of_its_own_can_be_emptied(void **state)
{
	static const char *const folders[] = { "/", "", "/etc", "pki", "/etc/", "/etc/../usr", "/etc/kubernetes/", "/etc/.." };

	(void)state;
	for (size_t i = 0; i < COUNT(folders); i++) {
		char params[100];
		snprintf(params, sizeof(params), "cert-dir=%s\n", folders[i]);
		judged_refuses("kubeadm.reset", params, KB_EINVAL, NULL, "cert-dir");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parameters_are_looked_at_before_anything_runs),
		cmocka_unit_test(a_wrong_token_is_not_in_its_error),
		cmocka_unit_test(two_cards_and_no_choice_are_refused),
		cmocka_unit_test(a_choice_may_be_made_in_three_ways),
		cmocka_unit_test(a_node_of_this_cluster_is_present),
		cmocka_unit_test(a_node_of_another_cluster_is_foreign),
		cmocka_unit_test(a_control_plane_is_no_worker_to_be),
		cmocka_unit_test(an_authority_that_cannot_be_read_is_unknown),
		cmocka_unit_test(what_a_killed_join_left_is_partial),
		cmocka_unit_test(a_token_left_on_disk_and_a_stopped_kubelet_are_differences),
		cmocka_unit_test(the_configuration_pins_the_authority_and_is_secret),
		cmocka_unit_test(an_authority_that_is_there_needs_no_discovery_by_token),
		cmocka_unit_test(an_authority_is_the_pinned_one),
		cmocka_unit_test(the_form_follows_the_version_that_is_installed),
		cmocka_unit_test(a_host_without_state_is_reset),
		cmocka_unit_test(a_host_of_another_cluster_is_not_reset),
		cmocka_unit_test(only_a_folder_of_its_own_can_be_emptied),
	};

	return cmocka_run_group_tests_name("kubeadm.join", tests, NULL, NULL);
}
