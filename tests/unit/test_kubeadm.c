/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <kb/text.h>

#include "base/map.h"
#include "text/kubeadm.h"

#define HASH "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define TOKEN "abcdef.0123456789abcdef"
#define KEY "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define KUBELET "---\napiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\ncgroupDriver: systemd\n"

static void
gives(kb_ctx *kb, const char *kind, const char *options, const char *want)
{
	kb_bytes *bytes = kb_kubeadm_config(kb, kind, options);

	if (!bytes) {
		kb_err *err = kb_error(kb);
		fail_msg("%s", kb_err_cause(err));
	}
	unit_check_bytes(bytes, want);
}

static void
refused(kb_ctx *kb, const char *kind, const char *options, const char *cause)
{
	assert_null(kb_kubeadm_config(kb, kind, options));
	unit_check_cause(kb, cause);
}

/* The seed's own options, and what its hosts needed besides. */
static void
init_says_what_the_flags_said(void **state)
{
	gives(*state, "init",
		"kubernetes-version: 1.34.4\n"
		"apiserver-advertise-address: 192.168.1.2\n"
		"node-ip: 192.168.1.2\n"
		"control-plane-endpoint: 192.168.1.2:6443\n"
		"apiserver-cert-extra-sans: [192.168.1.2, cluster1-master1]\n"
		"pod-network-cidr: 172.16.0.0/16\n",
		"apiVersion: kubeadm.k8s.io/v1beta4\n"
		"kind: InitConfiguration\n"
		"localAPIEndpoint:\n"
		"  advertiseAddress: \"192.168.1.2\"\n"
		"nodeRegistration:\n"
		"  kubeletExtraArgs:\n"
		"  - name: node-ip\n"
		"    value: \"192.168.1.2\"\n"
		"---\n"
		"apiVersion: kubeadm.k8s.io/v1beta4\n"
		"kind: ClusterConfiguration\n"
		"kubernetesVersion: v1.34.4\n"
		"controlPlaneEndpoint: \"192.168.1.2:6443\"\n"
		"networking:\n"
		"  podSubnet: \"172.16.0.0/16\"\n"
		"apiServer:\n"
		"  certSANs:\n"
		"  - \"192.168.1.2\"\n"
		"  - cluster1-master1\n"
		KUBELET);
}

static void
older_versions_have_maps_where_newer_ones_have_lists(void **state)
{
	static const char *const versions[][2] = {{"1.23.6", "v1beta3"}, {"v1.30.14", "v1beta3"},
		{"1.21.14", "v1beta2"}};
	char options[256], want[1024];

	for (size_t i = 0; i < COUNT(versions); i++) {
		snprintf(options, sizeof(options),
			"{kubernetes-version: %s, node-ip: 10.0.0.1, kubelet-extra-args: {v: 4}, apiserver-extra-args: [a=b,c]}",
			versions[i][0]);
		snprintf(want, sizeof(want), "apiVersion: kubeadm.k8s.io/%s\nkind: InitConfiguration\nnodeRegistration:\n  kubeletExtraArgs:\n"
			"    node-ip: \"10.0.0.1\"\n    v: \"4\"\n---\napiVersion: kubeadm.k8s.io/%s\nkind: ClusterConfiguration\nkubernetesVersion: v%s\n"
			"apiServer:\n  extraArgs:\n    a: b\n" KUBELET, versions[i][1], versions[i][1],
			versions[i][0] + (*versions[i][0] == 'v'));
		if (i == 0)	/* the list above is two items in YAML: the second is no assignment */
			refused(*state, "init", options, "kubeadm: apiserver-extra-args \"c\": not NAME=VALUE");
		char *comma = strstr(options, "a=b,c");
		memcpy(comma, "a=b  ", 5);
		gives(*state, "init", options, want);
	}
}

static void
every_option_of_init_has_its_place(void **state)
{
	gives(*state, "init",
		"{kubernetes-version: 1.34.4, token: " TOKEN ", token-ttl: 30m, certificate-key: " KEY ", apiserver-bind-port: 6444, node-name: n1, "
		"cri-socket: unix:///run/containerd/containerd.sock, node-labels: {a: b, c.d/e: f}, taints: [k=v:NoSchedule, 'x:NoExecute'], "
		"ignore-preflight-errors: 'NumCPU,Mem', patches: /etc/p, skip-phases: [addon/kube-proxy], dry-run: false, image-repository: lab:5000/k8s, "
		"cert-dir: /etc/kubernetes/pki, service-cidr: '10.96.0.0/12,fd00:10::/112', service-dns-domain: cluster.local, "
		"controller-manager-extra-args: {node-cidr-mask-size: 24}, scheduler-extra-args: [v=2], feature-gates: 'A=true, B=false', skip-token-print: yes}",
		"apiVersion: kubeadm.k8s.io/v1beta4\n"
		"kind: InitConfiguration\n"
		"bootstrapTokens:\n"
		"- token: " TOKEN "\n"
		"  ttl: \"30m\"\n"
		"certificateKey: \"" KEY "\"\n"
		"localAPIEndpoint:\n"
		"  bindPort: 6444\n"
		"nodeRegistration:\n"
		"  name: n1\n"
		"  criSocket: \"unix:///run/containerd/containerd.sock\"\n"
		"  kubeletExtraArgs:\n"
		"  - name: node-labels\n"
		"    value: \"a=b,c.d/e=f\"\n"
		"  taints:\n"
		"  - key: k\n"
		"    value: v\n"
		"    effect: NoSchedule\n"
		"  - key: x\n"
		"    effect: NoExecute\n"
		"  ignorePreflightErrors:\n"
		"  - NumCPU\n"
		"  - Mem\n"
		"patches:\n"
		"  directory: /etc/p\n"
		"skipPhases:\n"
		"- addon/kube-proxy\n"
		"dryRun: false\n"
		"---\n"
		"apiVersion: kubeadm.k8s.io/v1beta4\n"
		"kind: ClusterConfiguration\n"
		"kubernetesVersion: v1.34.4\n"
		"imageRepository: \"lab:5000/k8s\"\n"
		"certificatesDir: /etc/kubernetes/pki\n"
		"networking:\n"
		"  serviceSubnet: \"10.96.0.0/12,fd00:10::/112\"\n"
		"  dnsDomain: cluster.local\n"
		"controllerManager:\n"
		"  extraArgs:\n"
		"  - name: node-cidr-mask-size\n"
		"    value: \"24\"\n"
		"scheduler:\n"
		"  extraArgs:\n"
		"  - name: v\n"
		"    value: \"2\"\n"
		"featureGates:\n"
		"  A: true\n"
		"  B: false\n"
		KUBELET);
}

static void
a_schedulable_control_plane_has_an_empty_list_of_taints(void **state)
{
	static const char *const options[] = {"{taints: none}", "{taints: [none]}", "{schedulable: true}"};

	for (size_t i = 0; i < COUNT(options); i++)
		gives(*state, "init", options[i],
			"apiVersion: kubeadm.k8s.io/v1beta4\nkind: InitConfiguration\nnodeRegistration:\n  taints: []\n---\n"
			"apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\n" KUBELET);
	refused(*state, "init", "{taints: [none, 'a:NoSchedule']}",
		"kubeadm: taints \"none\": beside other taints");
}

static void
join_pins_the_authority(void **state)
{
	const char *worker = "{kubernetes-version: 1.34.4, endpoint: '192.168.1.2:6443', token: " TOKEN ", discovery-token-ca-cert-hash: " HASH
		", node-ip: 192.168.1.3, apiserver-advertise-address: 192.168.1.3}";

	gives(*state, "join", worker,
		"apiVersion: kubeadm.k8s.io/v1beta4\nkind: JoinConfiguration\ndiscovery:\n  bootstrapToken:\n    apiServerEndpoint: \"192.168.1.2:6443\"\n"
		"    token: " TOKEN "\n    caCertHashes:\n    - \"" HASH "\"\nnodeRegistration:\n  kubeletExtraArgs:\n  - name: node-ip\n"
		"    value: \"192.168.1.3\"\n");
	gives(*state, "join", "{kubernetes-version: 1.23.6, endpoint: 'cp:6443', token: " TOKEN ", ca-cert-hash: [" HASH ", " HASH "], control-plane: yes, "
		"certificate-key: " KEY ", apiserver-advertise-address: fd00::3}",
		"apiVersion: kubeadm.k8s.io/v1beta3\nkind: JoinConfiguration\ndiscovery:\n  bootstrapToken:\n    apiServerEndpoint: \"cp:6443\"\n"
		"    token: " TOKEN "\n    caCertHashes:\n    - \"" HASH "\"\n    - \"" HASH "\"\ncontrolPlane:\n  certificateKey: \"" KEY "\"\n"
		"  localAPIEndpoint:\n    advertiseAddress: \"fd00::3\"\n");
	refused(*state, "join", "{token: " TOKEN ", discovery-token-ca-cert-hash: " HASH "}",
		"kubeadm: join: no endpoint");
	refused(*state, "join", "{endpoint: 'a:1', discovery-token-ca-cert-hash: " HASH "}",
		"kubeadm: join: no token");
	refused(*state, "join", "{endpoint: 'a:1', token: " TOKEN "}",
		"kubeadm: join: no discovery-token-ca-cert-hash");
	refused(*state, "join", "{}", "kubeadm: join: neither token nor discovery-file");
	refused(*state, "join", "{discovery-token-unsafe-skip-ca-verification: true}",
		"kubeadm: discovery-token-unsafe-skip-ca-verification: not supported");
	refused(*state, "join", "{certificate-key: " KEY "}", "kubeadm: certificate-key: without control-plane");
}

static void
reset_has_a_configuration_from_1_31(void **state)
{
	gives(*state, "reset", "{kubernetes-version: 1.34.4, force: true, cri-socket: 'unix:///x', cleanup-tmp-dir: yes, skip-phases: a}",
		"apiVersion: kubeadm.k8s.io/v1beta4\nkind: ResetConfiguration\ncleanupTmpDir: true\ncriSocket: \"unix:///x\"\nforce: true\nskipPhases:\n- a\n");
	refused(*state, "reset", "{kubernetes-version: 1.30.0, force: true}",
		"kubeadm: ResetConfiguration: not in v1beta3");
}

static void
what_is_wrong_is_said_and_no_secret_is(void **state)
{
	static const struct {
		const char *kind, *options, *cause;
	} cases[] = {
		{"init", "{pod-network-cdir: 1}",
		"kubeadm: no option \"pod-network-cdir\" (the nearest is pod-network-cidr)"},
		{"init", "{xyzzyxyzzyxyzzy: 1}", "kubeadm: no option \"xyzzyxyzzyxyzzy\""},
		{"init", "{endpoint: 'a:1'}", "kubeadm: no option \"endpoint\""},
		{"upgrade", "{}", "kubeadm: kind \"upgrade\": not init, join or reset"},
		{"init", "{pod-network-cidr: 172.16.5.0/16}",
		"\"172.16.5.0/16\": an address inside the network 172.16.0.0/16"},
		{"init", "{pod-network-cidr: '10.0.0.0/8,11.0.0.0/8'}",
		"kubeadm: pod-network-cidr \"11.0.0.0/8\": a second network of the same family"},
		{"init", "{apiserver-bind-port: 65536}", "kubeadm: apiserver-bind-port \"65536\": not a port"},
		{"init", "{apiserver-advertise-address: 10.0.2}",
		"kubeadm: apiserver-advertise-address \"10.0.2\": not an IP address"},
		{"init", "{node-ip: x}", "kubeadm: node-ip \"x\": not an IP address"},
		{"init", "{control-plane-endpoint: 'a b:1'}",
		"kubeadm: control-plane-endpoint \"a b:1\": not HOST:PORT"},
		{"init", "{token: SECRET}", "token: not of the form [a-z0-9]{6}.[a-z0-9]{16}"},
		{"init", "{certificate-key: SECRET}", "kubeadm: certificate-key: not 64 hexadecimal digits"},
		{"init", "{token-ttl: 30}", "kubeadm: token-ttl \"30\": not a duration such as 30m"},
		{"init", "{kubernetes-version: '1.34'}", "version \"1.34\": not X.Y.Z"},
		{"init", "{kubernetes-version: 1.18.0}", "kubeadm: version 1.18.0: too old"},
		{"init", "{node-name: A_b}", "kubeadm: node-name \"A_b\": not a DNS-1123 name"},
		{"init", "{taints: 'a=b:Sometimes'}", "kubeadm: taints \"a=b:Sometimes\": not KEY=VALUE:EFFECT"},
		{"init", "{feature-gates: A=maybe}", "kubeadm: feature-gates \"A=maybe\": not NAME=true or NAME=false"},
		{"init", "{cert-dir: pki}", "kubeadm: cert-dir \"pki\": not an absolute path"},
		{"init", "{image-repository: 'a b'}",
		"kubeadm: image-repository \"a b\": holds blanks or control characters"},
		{"init", "{node-labels: a}", "kubeadm: node-labels \"a\": not NAME=VALUE"},
		{"init", "{node-ip: 1.2.3.4, kubelet-extra-args: {node-ip: 4.3.2.1}}",
		"kubeadm: kubelet-extra-args \"node-ip\": given twice, with two values"},
		{"init", "{kubernetes-version: 1.21.0, patches: /x}", "kubeadm: patches: not in v1beta2"},
		{"init", "{kubernetes-version: 1.30.0, dry-run: true}", "kubeadm: dry-run: not in v1beta3"},
		{"init", "[a]", "options:1:1: not one mapping"},
		{"init", "a: {b: {c: d}}", "options:1:8: a: nested deeper than a list"},
		{"init", "a: 1\na: 2\n", "options:2:1: key \"a\" is there twice"},
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		refused(*state, cases[i].kind, cases[i].options, cases[i].cause);
}

static void
the_same_argument_twice_is_taken_once(void **state)
{
	gives(*state, "init", "{node-ip: 1.2.3.4, kubelet-extra-args: [node-ip=1.2.3.4, --v=4]}",
		"apiVersion: kubeadm.k8s.io/v1beta4\nkind: InitConfiguration\nnodeRegistration:\n  kubeletExtraArgs:\n  - name: node-ip\n    value: \"1.2.3.4\"\n"
		"  - name: v\n    value: \"4\"\n---\napiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\n" KUBELET);
	gives(*state, "init", "{pod-network-cidr: null, token: ''}",
		"apiVersion: kubeadm.k8s.io/v1beta4\nkind: InitConfiguration\n---\napiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\n" KUBELET);
}

static void
a_secret_option_makes_the_result_secret(void **state)
{
	struct kbi_map options = {0};
	struct kbi_buf out = KBI_BUF(MIB);

	(void)state;
	assert_int_equal(kbi_kubeadm_config("init", &options, &out, NULL), KB_OK);
	assert_false(out.secret);
	kbi_buf_free(&out);
	assert_int_equal(kbi_map_set_secret(&options, "token", TOKEN, strlen(TOKEN)), KB_OK);
	assert_int_equal(kbi_kubeadm_config("init", &options, &out, NULL), KB_OK);
	assert_true(out.secret);
	kbi_buf_free(&out);
	kbi_map_free(&options);
}

static void
merges(kb_ctx *kb, const char *ours, const char *theirs, const char *want)
{
	kb_bytes *bytes = kb_kubeadm_merge(kb, ours, strlen(ours), theirs);

	if (!bytes) {
		kb_err *err = kb_error(kb);
		fail_msg("%s", kb_err_cause(err));
	}
	unit_check_bytes(bytes, want);
}

#define OURS "apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\nnetworking:\n  podSubnet: \"172.16.0.0/16\"\n"

static void
documents_are_merged_by_kind(void **state)
{
	merges(*state, OURS, "kind: ClusterConfiguration\nnetworking: {dnsDomain: a.b}\netcd: {local: {dataDir: /x}}\n",
		OURS "  dnsDomain: a.b\netcd:\n  local:\n    dataDir: /x\n");
	merges(*state, OURS, "kind: ClusterConfiguration\nnetworking: {podSubnet: 10.1.0.0/16}\n",
		"apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\nnetworking:\n  podSubnet: 10.1.0.0/16\n");
	merges(*state, OURS, "{kind: KubeProxyConfiguration, conntrack: {maxPerCore: 0}}",
		OURS "---\napiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nconntrack:\n  maxPerCore: 0\n");
	merges(*state, OURS, "kind: InitConfiguration\nskipPhases: [a]\n---\nkind: InitConfiguration\nskipPhases: [b]\n",
		OURS "---\napiVersion: kubeadm.k8s.io/v1beta4\nkind: InitConfiguration\nskipPhases:\n- b\n");
	merges(*state, OURS, "apiVersion: example.org/v1\nkind: ClusterConfiguration\nx: no\n",
		OURS "---\napiVersion: example.org/v1\nkind: ClusterConfiguration\nx: no\n");
	merges(*state, OURS, "", OURS);
	merges(*state, OURS, "kind: ClusterConfiguration\nnetworking: null\n",
		"apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\nnetworking: null\n");
}

static void
extra_arguments_are_merged_by_name_in_lists_too(void **state)
{
	merges(*state,
		"apiVersion: kubeadm.k8s.io/v1beta4\nkind: InitConfiguration\nnodeRegistration:\n  kubeletExtraArgs:\n  - name: node-ip\n    value: \"1.2.3.4\"\n"
		"  - name: v\n    value: \"2\"\n",
		"kind: InitConfiguration\nnodeRegistration: {kubeletExtraArgs: [{name: v, value: \"9\"}, {name: w, value: \"1\"}]}\n",
		"apiVersion: kubeadm.k8s.io/v1beta4\nkind: InitConfiguration\nnodeRegistration:\n  kubeletExtraArgs:\n  - name: node-ip\n    value: \"1.2.3.4\"\n"
		"  - name: v\n    value: \"9\"\n  - name: w\n    value: \"1\"\n");
	merges(*state,
		"apiVersion: kubeadm.k8s.io/v1beta3\nkind: ClusterConfiguration\napiServer:\n  extraArgs:\n    a: b\n",
		"kind: ClusterConfiguration\napiServer: {extraArgs: {c: d}}\n",
		"apiVersion: kubeadm.k8s.io/v1beta3\nkind: ClusterConfiguration\napiServer:\n  extraArgs:\n    a: b\n    c: d\n");
}

static void
a_document_that_cannot_be_merged_is_refused(void **state)
{
	static const struct {
		const char *documents, *cause;
	} cases[] = {
		{"kind: ClusterConfiguration\napiVersion: kubeadm.k8s.io/v1beta3\n",
			"kubeadm documents:1:1: ClusterConfiguration is kubeadm.k8s.io/v1beta3 here and kubeadm.k8s.io/v1beta4 in what it is merged into"},
		{"a: 1\n", "kubeadm documents:1:1: a document without kind"},
		{"- a\n", "kubeadm documents:1:1: a document that is no mapping"},
		{"kind: Unheard\n", "kubeadm documents:1:1: Unheard without apiVersion"},
		{"kind: [\n", "kubeadm documents:2:1: did not find expected node content"},
		{"kind: ClusterConfiguration\napiServer: {extraArgs: [{name: , -v value: \"4\"}]}\n", "kubeadm documents:2:25: extraArgs: an argument without a name"},
		{"kind: InitConfiguration\nnodeRegistration:\n  kubeletExtraArgs:\n  - v=4\n",
			"kubeadm documents:4:5: kubeletExtraArgs: an argument without a name"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_null(kb_kubeadm_merge(*state, OURS, strlen(OURS), cases[i].documents));
		unit_check_cause(*state, cases[i].cause);
	}
}

static void
hostile_input_ends_within_its_bounds(void **state)
{
	static const char *const units[] = {"[", "{", "a: b\n", "---\nkind: a\n", "- ", "token: a\n", "&a ",
		"\"", "k: [a,a,a,a]\n"};

	for (size_t i = 0; i < COUNT(units); i++) {
		char *text = unit_repeat(units[i], LARGE);
		double before = unit_cpu_ms();
		assert_null(kb_kubeadm_config(*state, "init", text));
		assert_null(kb_kubeadm_merge(*state, OURS, strlen(OURS), text));
		assert_null(kb_kubeadm_merge(*state, text, LARGE, "kind: a"));
		double ms = unit_cpu_ms() - before;
		if (!unit_is_in_time(ms, 3))
			fail_msg("%s: %.0f ms", units[i], ms);
		free(text);
	}
	struct kbi_buf wide = KBI_BUF(MIB);
	kbi_buf_add(&wide, "kind: ClusterConfiguration\napiVersion: x/v1\n");
	for (int i = 0; wide.size_bytes < LARGE - 40; i++)
		kbi_buf_add_format(&wide, "k%d: v\n", i);
	double before = unit_cpu_ms();
	kb_bytes *merged = kb_kubeadm_merge(*state, wide.data, wide.size_bytes, wide.data);
	assert_non_null(merged);
	assert_true(unit_is_in_time(unit_cpu_ms() - before, 4));	/* two inputs, and a result of the same size */
	assert_int_equal(kb_bytes_size(merged), wide.size_bytes);
	kb_bytes_free(merged);
	kbi_buf_free(&wide);
}

static void
misuse_is_an_error_and_no_crash(void **state)
{
	assert_null(kb_kubeadm_config(NULL, "init", "{}"));
	assert_null(kb_kubeadm_config(*state, NULL, "{}"));
	assert_null(kb_kubeadm_config(*state, "init", NULL));
	unit_check_cause(*state, "options: NULL");
	assert_null(kb_kubeadm_merge(NULL, "", 0, ""));
	assert_null(kb_kubeadm_merge(*state, NULL, 1, ""));
	assert_null(kb_kubeadm_merge(*state, "", 0, NULL));
	unit_check_bytes(kb_kubeadm_merge(*state, NULL, 0, ""), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(init_says_what_the_flags_said),
		cmocka_unit_test(older_versions_have_maps_where_newer_ones_have_lists),
		cmocka_unit_test(every_option_of_init_has_its_place),
		cmocka_unit_test(a_schedulable_control_plane_has_an_empty_list_of_taints),
		cmocka_unit_test(join_pins_the_authority),
		cmocka_unit_test(reset_has_a_configuration_from_1_31),
		cmocka_unit_test(what_is_wrong_is_said_and_no_secret_is),
		cmocka_unit_test(the_same_argument_twice_is_taken_once),
		cmocka_unit_test(a_secret_option_makes_the_result_secret),
		cmocka_unit_test(documents_are_merged_by_kind),
		cmocka_unit_test(extra_arguments_are_merged_by_name_in_lists_too),
		cmocka_unit_test(a_document_that_cannot_be_merged_is_refused),
		cmocka_unit_test(hostile_input_ends_within_its_bounds),
		cmocka_unit_test(misuse_is_an_error_and_no_crash),
	};

	return cmocka_run_group_tests_name("kubeadm", tests, unit_make_context, unit_free_context);
}
