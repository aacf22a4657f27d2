/* SPDX-License-Identifier: Apache-2.0 */
/* kubeadm.init and kubeadm.images. */
#include "judged.h"

#define PODS "pod-network-cidr=172.16.0.0/16\n"
#define HERE "apiserver-advertise-address=192.168.1.2\n"
#define HASH_OTHER "sha256:0000000000000000000000000000000000000000000000000000000000000000"

#define OWN_DIR "config={kind: ClusterConfiguration, certificatesDir: /srv/pki}\n"

/* The seed's hosts: the default route goes over the card that is the same on all of them. */
static const char two_cards[] =
	"1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever\n"
	"2: enp0s3    inet 10.0.2.15/24 brd 10.0.2.255 scope global dynamic enp0s3\\       valid_lft 80000sec preferred_lft 80000sec\n"
	"3: enp0s8    inet 192.168.1.2/24 brd 192.168.1.255 scope global enp0s8\\       valid_lft forever preferred_lft forever\n"
	"3: enp0s8    inet6 fe80::a00:27ff:fe4e:66a1/64 scope link \\       valid_lft forever preferred_lft forever";
static const char two_routes[] = "default via 10.0.2.2 dev enp0s3 proto dhcp src 10.0.2.15 metric 100\n"
	"10.0.2.0/24 dev enp0s3 proto kernel scope link src 10.0.2.15\n192.168.1.0/24 dev enp0s8 proto kernel scope link src 192.168.1.2";
static const char one_card[] =
	"1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever\n"
	"2: eth0    inet 192.168.1.2/24 brd 192.168.1.255 scope global eth0\\       valid_lft forever preferred_lft forever\n"
	"2: eth0    inet 192.168.1.20/24 brd 192.168.1.255 scope global secondary eth0\\       valid_lft forever preferred_lft forever\n"
	"3: docker0    inet 172.17.0.1/16 brd 172.17.255.255 scope global docker0\\       valid_lft forever preferred_lft forever\n"
	"4: cali1234567890a    inet 169.254.1.1/32 scope global cali1234567890a\\       valid_lft forever preferred_lft forever";
static const char one_route[] = "default via 192.168.1.1 dev eth0";

static void
host(struct judged *j, const char *params, const char *addresses, const char *routes)
{
	judged_new(j, "kubeadm.init", params);
	assert_int_equal(j->status, KB_OK);
	judged_fact(j, "kubeadm", "v1.34.4");
	judged_fact(j, "ca.type", "absent");
	judged_fact(j, "addresses", addresses);
	judged_fact(j, "addresses.status", "0");
	judged_fact(j, "routes", routes);
	judged_fact(j, "routes.status", "0");
}

static void
fails(struct judged *j, kb_status code, const char *id)
{
	int is = judged_run(j);

	if (is != (int)code || !kbi_str_is(j->judge.err.id, id))
		fail_msg("%d with %s (%s), not %s", is, j->judge.err.id, j->judge.err.cause, id);
}

/* -- parameters alone */

static void
a_pod_network_is_asked_for_or_said_to_be_left_out(void **state)
{
	struct judged j;

	(void)state;
	judged_refuses("kubeadm.init", HERE, KB_EINVAL, "init.pod-network-cidr-missing", "pod-network-cidr is not given");
	judged_refuses("kubeadm.init", HERE "without-pod-network-cidr=no\n", KB_EINVAL, "init.pod-network-cidr-missing", "");
	judged_new(&j, "kubeadm.init", HERE "without-pod-network-cidr=yes\n");
	assert_int_equal(j.status, KB_OK);
	judged_free(&j);
	judged_new(&j, "kubeadm.init", HERE "config={kind: ClusterConfiguration, networking: {podSubnet: 10.244.0.0/16}}\n");
	assert_int_equal(j.status, KB_OK);
	judged_free(&j);
}

static void
networks_that_kubeadm_would_refuse_are_refused_first(void **state)
{
	(void)state;
	judged_refuses("kubeadm.init", "pod-network-cidr=172.16.0.0/25\n", KB_EINVAL, "init.pod-network-too-small", "/24");
	judged_refuses("kubeadm.init", "pod-network-cidr=10.0.0.0/7\n", KB_EINVAL, "init.pod-network-too-large", "/8");
	judged_refuses("kubeadm.init", "pod-network-cidr=10.96.0.0/16\n", KB_EINVAL, "init.networks-overlap", "10.96.0.0/12");
	judged_refuses("kubeadm.init", PODS "service-cidr=172.16.0.0/20\n", KB_EINVAL, "init.networks-overlap", "172.16.0.0/20");
	judged_refuses("kubeadm.init", PODS "service-cidr=10.0.0.0/8\n", KB_EINVAL, "init.service-network-too-large", "/12");
	judged_refuses("kubeadm.init", "pod-network-cidr=172.16.0.1/16\n", KB_EINVAL, "init.network-wrong", "172.16.0.0/16");
	judged_refuses("kubeadm.init", "pod-network-cidr=172.16.0.0/16,172.20.0.0/16\n", KB_EINVAL, "init.network-wrong", "one family");
	judged_refuses("kubeadm.init", "pod-network-cidr=pods\n", KB_EINVAL, "init.network-wrong", "pods");
}

static void
other_parameters_are_looked_at_before_anything_runs(void **state)
{
	(void)state;
	judged_refuses("kubeadm.init", PODS "node-name=Master_1\n", KB_EINVAL, NULL, "Master_1");
	judged_refuses("kubeadm.init", PODS "kubernetes-version=latest\n", KB_EINVAL, NULL, "latest");
	judged_refuses("kubeadm.init", PODS "ca-cert-hash=sha256:12\n", KB_EINVAL, NULL, "sha256");
	judged_refuses("kubeadm.images", "kubernetes-version=1.34\n", KB_EINVAL, NULL, "1.34");
}

/* -- which address */

static void
two_cards_and_no_choice_are_refused_with_the_nat_address_named(void **state)
{
	struct judged j;

	(void)state;
	host(&j, PODS, two_cards, two_routes);
	fails(&j, KB_EINVAL, "init.advertise-address-ambiguous");
	assert_non_null(strstr(j.judge.err.cause, "10.0.2.15 on enp0s3"));
	assert_int_equal(j.judge.err.evidence_count, 2);
	assert_string_equal(j.judge.err.evidence[0], "10.0.2.15 on enp0s3 holds the default route");
	assert_string_equal(j.judge.err.evidence[1], "192.168.1.2 on enp0s8");
	assert_string_equal(j.judge.err.fix, "kb_step_set(step, \"apiserver-advertise-address\", \"192.168.1.2\")");
	judged_free(&j);
}

static void
another_nat_network_is_the_same_mistake(void **state)
{
	struct judged j;

	(void)state;
	host(&j, PODS, "2: eth0    inet 10.11.12.15/24 scope global eth0\n3: eth1    inet 192.168.56.2/24 scope global eth1", "default via 10.11.12.2 dev eth0");
	fails(&j, KB_EINVAL, "init.advertise-address-ambiguous");
	assert_string_equal(j.judge.err.evidence[0], "10.11.12.15 on eth0 holds the default route");
	judged_free(&j);
}

static void
a_host_with_one_card_has_no_choice_to_make(void **state)
{
	struct judged j;

	(void)state;
	host(&j, PODS, one_card, one_route);
	assert_int_equal(judged_run(&j), KB_ABSENT);
	assert_null(strstr(judged_want(&j, "config"), "advertiseAddress"));
	assert_null(strstr(judged_want(&j, "config"), "node-ip"));
	judged_free(&j);
}

static void
one_given_address_is_used_for_both(void **state)
{
	static const char *const params[] = { PODS HERE, PODS "node-ip=192.168.1.2\n", PODS "kubelet-extra-args=node-ip=192.168.1.2\n" };

	(void)state;
	for (size_t i = 0; i < COUNT(params); i++) {
		struct judged j;
		host(&j, params[i], two_cards, two_routes);
		assert_int_equal(judged_run(&j), KB_ABSENT);
		assert_non_null(strstr(judged_want(&j, "config"), "advertiseAddress: \"192.168.1.2\""));
		assert_non_null(strstr(judged_want(&j, "config"), "- name: node-ip\n    value: \"192.168.1.2\""));
		judged_free(&j);
	}
}

static void
an_address_in_the_callers_own_documents_counts(void **state)
{
	struct judged j;

	(void)state;
	host(&j, PODS "config={kind: InitConfiguration, localAPIEndpoint: {advertiseAddress: 192.168.1.2}}\n", two_cards, two_routes);
	assert_int_equal(judged_run(&j), KB_ABSENT);
	assert_non_null(strstr(judged_want(&j, "config"), "value: \"192.168.1.2\""));
	judged_free(&j);
	host(&j, PODS "config={kind: InitConfiguration, localAPIEndpoint: {advertiseAddress: 192.168.1.99}}\n", two_cards, two_routes);
	fails(&j, KB_EINVAL, "init.advertise-address-not-here");
	judged_free(&j);
}

static void
an_address_that_is_not_on_the_host_is_refused(void **state)
{
	struct judged j;

	(void)state;
	host(&j, PODS "apiserver-advertise-address=192.168.1.3\n", two_cards, two_routes);
	fails(&j, KB_EINVAL, "init.advertise-address-not-here");
	assert_int_equal(j.judge.err.evidence_count, 2);
	judged_free(&j);
	host(&j, PODS HERE "node-ip=192.168.1.3\n", two_cards, two_routes);
	fails(&j, KB_EINVAL, "init.node-ip-not-here");
	judged_free(&j);
	host(&j, PODS "apiserver-advertise-address=-v\n", two_cards, two_routes);
	fails(&j, KB_EINVAL, "init.advertise-address-not-here");
	judged_free(&j);
}

static void
the_first_address_of_a_network_is_warned_of(void **state)
{
	struct judged j;

	(void)state;
	host(&j, PODS, "2: eth0    inet 192.168.1.1/24 scope global eth0", "default via 192.168.1.254 dev eth0");
	assert_int_equal(judged_run(&j), KB_ABSENT);
	judged_free(&j);
	host(&j, PODS "node-ip=192.168.1.1\n", "2: eth0    inet 192.168.1.1/24 scope global eth0", "default via 192.168.1.254 dev eth0");
	assert_int_equal(judged_run(&j), KB_ABSENT);
	assert_non_null(judged_note(&j, "node.address-is-first"));
	judged_free(&j);
}

static void
the_hosts_own_network_may_not_be_the_pods(void **state)
{
	struct judged j;

	(void)state;
	host(&j, "pod-network-cidr=192.168.0.0/16\n" HERE, two_cards, two_routes);
	fails(&j, KB_EINVAL, "init.network-overlaps-host");
	assert_non_null(strstr(j.judge.err.cause, "192.168.1.2/24 on enp0s8"));
	judged_free(&j);
	/* what a pod network has made is no network of the host's */
	host(&j, PODS HERE, "3: enp0s8    inet 192.168.1.2/24 scope global enp0s8\n5: vxlan.calico    inet 172.16.23.0/32 scope global vxlan.calico", "");
	assert_int_equal(judged_run(&j), KB_ABSENT);
	judged_free(&j);
}

/* Certificates would be made where the script neither looks for them nor mends them. */
static void
certificates_have_one_folder(void **state)
{
	struct judged j;

	(void)state;
	judged_refuses("kubeadm.init", PODS OWN_DIR, KB_EINVAL, NULL, "certificatesDir /srv/pki: the parameter cert-dir says /etc/kubernetes/pki");
	judged_refuses("kubeadm.init", PODS OWN_DIR "cert-dir=/srv/other\n", KB_EINVAL, NULL, "cert-dir says /srv/other");
	judged_new(&j, "kubeadm.init", PODS OWN_DIR "cert-dir=/srv/pki\n");
	assert_int_equal(j.status, KB_OK);
	judged_free(&j);
}

/* -- the configuration */

static void
kubeadm_is_told_its_version_so_that_it_asks_nobody(void **state)
{
	struct judged j;

	(void)state;
	host(&j, PODS, one_card, one_route);
	assert_int_equal(judged_run(&j), KB_ABSENT);
	assert_non_null(strstr(judged_want(&j, "config"), "kubernetesVersion: v1.34.4"));
	assert_non_null(judged_change(&j, "kubeadm configuration"));
	judged_free(&j);
}

static void
a_bare_host_is_absent_and_not_an_error(void **state)
{
	struct judged j;

	(void)state;
	judged_new(&j, "kubeadm.init", PODS);
	judged_fact(&j, "ca.type", "absent");
	assert_int_equal(judged_run(&j), KB_ABSENT);
	assert_null(judged_want(&j, "config"));
	judged_free(&j);
}

static void
a_token_is_in_the_configuration_and_not_in_the_diff(void **state)
{
	struct judged j;

	(void)state;
	host(&j, PODS, one_card, one_route);
	kbi_map_set_secret(&j.args, "token", "abcdef.0123456789abcdef", 23);
	kbi_map_set_secret(&j.args, "certificate-key", "0123456789012345678901234567890123456789012345678901234567890123", 64);
	assert_int_equal(judged_run(&j), KB_ABSENT);
	assert_non_null(strstr(judged_want(&j, "config"), "abcdef.0123456789abcdef"));
	assert_true(kbi_map_find(&j.judge.wants, "config")->secret);
	assert_null(strstr(judged_after(&j, "kubeadm configuration"), "0123456789"));
	judged_free(&j);
}

static void
the_callers_documents_are_merged_by_kind(void **state)
{
	struct judged j;

	(void)state;
	host(&j, PODS, one_card, one_route);
	kbi_map_set(&j.args, "config", "kind: KubeProxyConfiguration\nconntrack: {maxPerCore: 0}\n---\nkind: ClusterConfiguration\nclusterName: seed\n");
	assert_int_equal(judged_run(&j), KB_ABSENT);
	assert_non_null(strstr(judged_want(&j, "config"), "maxPerCore: 0"));
	assert_non_null(strstr(judged_want(&j, "config"), "clusterName: seed"));
	assert_non_null(strstr(judged_want(&j, "config"), "podSubnet: \"172.16.0.0/16\""));
	judged_free(&j);
	host(&j, PODS, one_card, one_route);
	kbi_map_set(&j.args, "config", "kind: [");
	assert_int_equal(judged_run(&j), KB_EINVAL);
	judged_free(&j);
}

/* -- a control plane that is there */

static const char running_config[] = "apiServer: {}\napiVersion: kubeadm.k8s.io/v1beta4\ncontrolPlaneEndpoint: 192.168.1.2:6443\n"
	"kind: ClusterConfiguration\nkubernetesVersion: v1.34.4\nnetworking:\n  dnsDomain: cluster.local\n  podSubnet: 172.16.0.0/16\n"
	"  serviceSubnet: 10.96.0.0/12\n";

static void
running(struct judged *j, const char *params)
{
	struct unit_file ca = unit_read("ca/rsa.pem");

	judged_new(j, "kubeadm.init", params);
	assert_int_equal(j->status, KB_OK);
	judged_facts(j, "kubeadm=v1.34.4\nfound=admin.conf\nfound=kubelet.conf\nfound=manifests/kube-apiserver.yaml\nfound=etcd\n"
		"advertised=192.168.1.2\nserver=https://192.168.1.2:6443\napi.status=0\nconfig.status=0\n");
	judged_file(j, "ca", ca.data, "0644");
	judged_fact(j, "config", running_config);
	judged_fact(j, "addresses", two_cards);
	judged_fact(j, "routes", two_routes);
	free(ca.data);
}

static void
a_running_control_plane_is_present_and_says_who_it_is(void **state)
{
	struct judged j;

	(void)state;
	running(&j, PODS);
	assert_int_equal(judged_run(&j), KB_PRESENT);
	assert_string_equal(judged_output(&j, "endpoint"), "192.168.1.2:6443");
	assert_string_equal(judged_output(&j, "version"), "v1.34.4");
	assert_true(kbi_str_starts(judged_output(&j, "ca-cert-hash"), "sha256:"));
	assert_true(kbi_str_starts(judged_output(&j, "ca.crt"), "-----BEGIN CERTIFICATE-----"));
	assert_int_equal(j.judge.change_count, 0);
	judged_free(&j);
}

static void
what_init_decided_for_good_cannot_be_asked_for_otherwise(void **state)
{
	static const char *const params[] = {
		PODS "apiserver-advertise-address=10.0.2.15\n", PODS "node-ip=10.0.2.15\n", "pod-network-cidr=172.20.0.0/16\n",
		PODS "service-cidr=10.97.0.0/16\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(params); i++) {
		struct judged j;
		running(&j, params[i]);
		fails(&j, KB_ECONFLICT, "init.differs");
		judged_free(&j);
	}
}

static void
another_version_of_a_running_control_plane_is_a_warning(void **state)
{
	struct judged j;

	(void)state;
	running(&j, PODS "kubernetes-version=1.34.5\n");
	assert_int_equal(judged_run(&j), KB_PRESENT);
	assert_non_null(judged_note(&j, "init.version-differs"));
	judged_free(&j);
	running(&j, PODS "kubernetes-version=v1.34.4\n");
	assert_int_equal(judged_run(&j), KB_PRESENT);
	assert_null(judged_note(&j, "init.version-differs"));
	judged_free(&j);
}

static void
an_api_server_that_does_not_answer_is_unknown_never_absent(void **state)
{
	struct judged j;

	(void)state;
	running(&j, PODS HERE);
	kbi_map_set(&j.facts, "api.status", "1");
	kbi_map_set(&j.facts, "api", "The connection to the server 192.168.1.2:6443 was refused");
	assert_int_equal(judged_run(&j), KB_UNKNOWN);
	kbi_map_remove(&j.facts, "api.status");		/* kubectl is not there */
	assert_int_equal(judged_run(&j), KB_UNKNOWN);
	kbi_map_set(&j.facts, "api.status", "0");
	kbi_map_set(&j.facts, "config.status", "1");
	assert_int_equal(judged_run(&j), KB_UNKNOWN);
	judged_free(&j);
}

static void
a_control_plane_of_another_authority_is_foreign(void **state)
{
	struct judged j;

	(void)state;
	running(&j, PODS "ca-cert-hash=" HASH_OTHER "\n");
	assert_int_equal(judged_run(&j), KB_FOREIGN);
	judged_free(&j);
}

static void
a_worker_is_foreign(void **state)
{
	struct judged j;

	(void)state;
	host(&j, PODS HERE, two_cards, two_routes);
	judged_fact(&j, "found", "kubelet.conf");
	assert_int_equal(judged_run(&j), KB_FOREIGN);
	judged_free(&j);
}

/* -- half of a control plane */

static void
half_of_a_control_plane_that_we_did_not_begin_is_left_alone(void **state)
{
	static const char *const found[] = { "admin.conf", "manifests/kube-apiserver.yaml", "etcd" };

	(void)state;
	for (size_t i = 0; i < COUNT(found); i++) {
		struct judged j;
		host(&j, PODS HERE, two_cards, two_routes);
		judged_fact(&j, "found", found[i]);
		fails(&j, KB_ECONFLICT, "init.half-done");
		assert_int_equal(j.judge.err.evidence_count, 1);
		judged_free(&j);
	}
}

static void
our_own_half_is_partial_and_names_the_phase(void **state)
{
	struct judged j;

	(void)state;
	host(&j, PODS HERE, two_cards, two_routes);
	judged_facts(&j, "found=admin.conf\nfound=kubelet.conf\nfound=manifests/kube-apiserver.yaml\nfound=etcd\nphase=upload-config\n"
		"begun.advertise=192.168.1.2\nbegun.name=\napi.status=0\nconfig=\nconfig.status=0\n");
	assert_int_equal(judged_run(&j), KB_PARTIAL);
	assert_non_null(strstr(j.judge.err.cause, "upload-config"));
	assert_non_null(judged_want(&j, "config"));
	judged_free(&j);
}

static void
etcd_that_began_with_another_address_is_not_gone_on_with(void **state)
{
	struct judged j;

	(void)state;
	host(&j, PODS HERE, two_cards, two_routes);
	judged_facts(&j, "found=etcd\nphase=kubelet-start\nbegun.advertise=10.0.2.15\n");
	fails(&j, KB_ECONFLICT, "init.half-done-differs");
	judged_free(&j);
	host(&j, PODS HERE, two_cards, two_routes);	/* nothing was stored yet */
	judged_facts(&j, "phase=certs\nbegun.advertise=10.0.2.15\n");
	assert_int_equal(judged_run(&j), KB_PARTIAL);
	judged_free(&j);
}

static void
certificates_of_the_callers_own_are_no_control_plane(void **state)
{
	struct unit_file ca = unit_read("ca/rsa.pem");
	struct judged j;

	(void)state;
	host(&j, PODS HERE, two_cards, two_routes);
	kbi_map_set(&j.facts, "ca.type", "file");
	judged_fact(&j, "ca", ca.data);
	assert_int_equal(judged_run(&j), KB_ABSENT);
	assert_true(kbi_str_starts(judged_output(&j, "ca-cert-hash"), "sha256:"));
	judged_free(&j);
	free(ca.data);
}

static void
hostile_facts_are_only_text(void **state)
{
	static const char *const texts[] = { "", "{", "\x1b[31m$(reboot)", "a: &a [*a]", "\xff\xfe" };

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct judged j;
		running(&j, PODS);
		kbi_map_set(&j.facts, "config", texts[i]);
		kbi_map_set(&j.facts, "ca", texts[i]);
		kbi_map_set(&j.facts, "server", texts[i]);
		kbi_map_set(&j.facts, "addresses", texts[i]);
		kbi_map_set(&j.facts, "routes", texts[i]);
		assert_int_not_equal(judged_run(&j), KB_ABSENT);
		assert_string_equal(judged_output(&j, "ca-cert-hash"), "");
		judged_free(&j);
	}
}

/* -- images */

static void
images_are_compared_by_name(void **state)
{
	struct judged j;

	(void)state;
	judged_new(&j, "kubeadm.images", "");
	assert_int_equal(judged_run(&j), KB_ABSENT);	/* no kubeadm yet */
	judged_facts(&j, "kubeadm=v1.34.4\nlist.status=0\npulled.status=0\nwanted=a/pause:3\nwanted=a/etcd:3\nthere=a/etcd:3\n");
	assert_int_equal(judged_run(&j), KB_ABSENT);
	assert_int_equal(j.judge.change_count, 1);
	assert_non_null(judged_change(&j, "a/pause:3"));
	judged_fact(&j, "there", "a/pause:3");
	assert_int_equal(judged_run(&j), KB_PRESENT);
	kbi_map_set(&j.facts, "pulled.status", "1");
	assert_int_equal(judged_run(&j), KB_UNKNOWN);
	kbi_map_set(&j.facts, "list.status", "1");
	assert_int_equal(judged_run(&j), KB_UNKNOWN);
	judged_free(&j);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pod_network_is_asked_for_or_said_to_be_left_out),
		cmocka_unit_test(networks_that_kubeadm_would_refuse_are_refused_first),
		cmocka_unit_test(other_parameters_are_looked_at_before_anything_runs),
		cmocka_unit_test(two_cards_and_no_choice_are_refused_with_the_nat_address_named),
		cmocka_unit_test(another_nat_network_is_the_same_mistake),
		cmocka_unit_test(a_host_with_one_card_has_no_choice_to_make),
		cmocka_unit_test(one_given_address_is_used_for_both),
		cmocka_unit_test(an_address_in_the_callers_own_documents_counts),
		cmocka_unit_test(an_address_that_is_not_on_the_host_is_refused),
		cmocka_unit_test(the_first_address_of_a_network_is_warned_of),
		cmocka_unit_test(the_hosts_own_network_may_not_be_the_pods),
		cmocka_unit_test(kubeadm_is_told_its_version_so_that_it_asks_nobody),
		cmocka_unit_test(a_bare_host_is_absent_and_not_an_error),
		cmocka_unit_test(certificates_have_one_folder),
		cmocka_unit_test(a_token_is_in_the_configuration_and_not_in_the_diff),
		cmocka_unit_test(the_callers_documents_are_merged_by_kind),
		cmocka_unit_test(a_running_control_plane_is_present_and_says_who_it_is),
		cmocka_unit_test(what_init_decided_for_good_cannot_be_asked_for_otherwise),
		cmocka_unit_test(another_version_of_a_running_control_plane_is_a_warning),
		cmocka_unit_test(an_api_server_that_does_not_answer_is_unknown_never_absent),
		cmocka_unit_test(a_control_plane_of_another_authority_is_foreign),
		cmocka_unit_test(a_worker_is_foreign),
		cmocka_unit_test(half_of_a_control_plane_that_we_did_not_begin_is_left_alone),
		cmocka_unit_test(our_own_half_is_partial_and_names_the_phase),
		cmocka_unit_test(etcd_that_began_with_another_address_is_not_gone_on_with),
		cmocka_unit_test(certificates_of_the_callers_own_are_no_control_plane),
		cmocka_unit_test(hostile_facts_are_only_text),
		cmocka_unit_test(images_are_compared_by_name),
	};

	return cmocka_run_group_tests_name("kubeadm.init", tests, NULL, NULL);
}
