/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a cluster's description: what comes out, and what every mistake is called. */
#include "unit.h"

#include <kb/cluster.h>

#include "base/str.h"
#include "spec.h"
#include "spec_field.h"

static void
read_good(struct kbi_spec *spec, const char *text)
{
	struct kb_err err = {0};

	*spec = (struct kbi_spec){0};
	if (kbi_spec_read(spec, "c.yaml", NULL, text, strlen(text), &err))
		fail_msg("%s", err.cause);
}

static void
check_refused(const char *text, const char *cause)
{
	struct kbi_spec spec = {0};
	struct kb_err err = {0};

	if (kbi_spec_read(&spec, "c.yaml", NULL, text, strlen(text), &err) == KB_OK)
		fail_msg("taken: %s", text);
	assert_string_equal(err.cause, cause);
	kbi_err_clear(&err);
	kbi_spec_free(&spec);
}

static const char *
value_at(const struct kbi_spec *spec, const struct kbi_spec_host *host, const char *path, size_t index)
{
	const struct kbi_entry *entry = kbi_spec_next(spec, host, path, NULL);

	while (entry && index--)
		entry = kbi_spec_next(spec, host, path, entry);
	return entry ? entry->value : NULL;
}

static void
the_file_of_the_readme_is_read(void **state)
{
	struct unit_file file = unit_read("../spec/cluster.yaml");
	struct kbi_spec spec;

	(void)state;
	read_good(&spec, file.data);
	assert_int_equal(kbi_spec_check(&spec, NULL), KB_OK);
	assert_string_equal(kbi_spec_get(&spec, "kubernetes.version"), "1.34.4");
	assert_string_equal(kbi_spec_get(&spec, "kubernetes.repository.flavour"), "community");
	assert_string_equal(kbi_spec_get(&spec, "cni.calico"), "v3.32.1");
	assert_string_equal(value_at(&spec, NULL, "endpoint.sans", 0), "api.example");
	assert_string_equal(value_at(&spec, NULL, "endpoint.sans", 1), "10.9.8.7");
	assert_null(value_at(&spec, NULL, "endpoint.sans", 2));
	assert_string_equal(value_at(&spec, NULL, "containerd.mirrors", 0), "registry.k8s.io=http://192.168.1.1:5000");
	assert_string_equal(value_at(&spec, NULL, "containerd.mirrors", 2), "docker.io=https://b.example");
	assert_int_equal(spec.host_count, 3);
	assert_string_equal(spec.hosts[0].name, "cluster1-master1");
	assert_true(kbi_spec_is_control_plane(&spec, &spec.hosts[0]));
	assert_false(kbi_spec_is_control_plane(&spec, &spec.hosts[2]));
	assert_string_equal(kbi_buf_text(&spec.documents), "kind: KubeProxyConfiguration\nconntrack:\n  maxPerCore: 0\n");
	kbi_spec_free(&spec);
	free(file.data);
}

static void
what_is_not_said_has_its_default(void **state)
{
	struct kbi_spec spec;

	(void)state;
	read_good(&spec, "download: {proxy: null}\nssh:\n");
	assert_string_equal(kbi_spec_get(&spec, "network.services"), "10.96.0.0/12");
	assert_string_equal(kbi_spec_get(&spec, "endpoint.port"), "6443");
	assert_string_equal(kbi_spec_get(&spec, "ssh.user"), "root");
	assert_null(kbi_spec_get(&spec, "download.proxy"));
	assert_null(kbi_spec_get(&spec, "network.pods"));
	kbi_spec_free(&spec);
}

static void
a_host_overrides_the_cluster(void **state)
{
	struct kbi_spec spec;

	(void)state;
	read_good(&spec, "ssh: {user: all, port: 22}\ncontainerd: {mirrors: {a: https://a}}\nhosts:\n- {name: one, address: 10.0.0.1}\n"
		"- {name: two, address: 10.0.0.2, ssh: {user: me}, containerd: {mirrors: {b: https://b}}}\n");
	assert_string_equal(kbi_spec_host_get(&spec, &spec.hosts[0], "ssh.user"), "all");
	assert_string_equal(kbi_spec_host_get(&spec, &spec.hosts[1], "ssh.user"), "me");
	assert_string_equal(kbi_spec_host_get(&spec, &spec.hosts[1], "ssh.port"), "22");
	assert_string_equal(value_at(&spec, &spec.hosts[0], "containerd.mirrors", 0), "a=https://a");
	assert_string_equal(value_at(&spec, &spec.hosts[1], "containerd.mirrors", 0), "b=https://b");
	assert_null(value_at(&spec, &spec.hosts[1], "containerd.mirrors", 1));
	kbi_spec_free(&spec);
}

static void
words_stay_what_was_written(void **state)
{
	struct unit_file file = unit_read("../spec/cluster.yaml");
	struct kbi_spec spec;

	(void)state;
	read_good(&spec, file.data);
	const struct kbi_spec_host *host = &spec.hosts[1];
	assert_string_equal(value_at(&spec, host, "labels", 0), "country=no");	/* Norway */
	assert_string_equal(value_at(&spec, host, "labels", 1), "disk=1.10");
	assert_string_equal(value_at(&spec, host, "labels", 2), "empty=");
	assert_string_equal(value_at(&spec, host, "taints", 0), "dedicated=gpu:NoSchedule");
	assert_string_equal(value_at(&spec, host, "taints", 1), "slow:PreferNoSchedule");
	kbi_spec_free(&spec);
	free(file.data);
}

static void
short_forms_mean_the_long_ones(void **state)
{
	struct kbi_spec spec;

	(void)state;
	read_good(&spec, "cni: none\nkubernetes: {repository: legacy, version: v1.23.6}\n");
	assert_string_equal(kbi_spec_get(&spec, "cni.calico"), "none");
	assert_string_equal(kbi_spec_get(&spec, "kubernetes.repository.flavour"), "legacy");
	assert_string_equal(kbi_spec_get(&spec, "kubernetes.version"), "1.23.6");
	kbi_spec_free(&spec);
	read_good(&spec, "cni: {calico: 3.30.7, calicoctl: no}\nkubernetes: {repository: {flavour: legacy, url: https://m/apt}}\n");
	assert_string_equal(kbi_spec_get(&spec, "cni.calico"), "v3.30.7");
	assert_string_equal(kbi_spec_get(&spec, "cni.calicoctl.install"), "no");
	assert_string_equal(kbi_spec_get(&spec, "kubernetes.repository.url"), "https://m/apt");
	kbi_spec_free(&spec);
}

static void
unknown_keys_are_refused_with_the_nearest(void **state)
{
	static const char *const cases[][2] = {
		{"kubernets: {}", "c.yaml:1:1: no such key: kubernets; the nearest is kubernetes"},
		{"network:\n  pod: 1.0.0.0/8", "c.yaml:2:3: no such key: network.pod; the nearest is network.pods"},
		{"network: {nodes: 10.0.0.0/8, zebra: 1}", "c.yaml:1:30: no such key: network.zebra"},
		{"host: []", "c.yaml:1:1: no such key: host; the nearest is hosts"},
		{"hosts: [{name: a, adress: 1.2.3.4}]", "c.yaml:1:19: no such key: adress; the nearest is address"},
		{"hosts: [{name: a, ssh: {usr: x}}]", "c.yaml:1:25: no such key: ssh.usr; the nearest is ssh.user"},
		{"hosts: [{name: a, network: {}}]", "c.yaml:1:19: no such key: network"},
		{"network.pods: 1.0.0.0/8", "c.yaml:1:1: no such key: network.pods; the nearest is network"},
		{"role: worker", "c.yaml:1:1: no such key: role"},
		{"\"hosts[]\": 1", "c.yaml:1:1: no such key: hosts[]; the nearest is hosts"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		check_refused(cases[i][0], cases[i][1]);
}

static void
values_are_refused_with_their_place(void **state)
{
	static const char *const cases[][2] = {
		{"network: {pods: 172.16.0.0/33}", "c.yaml:1:17: network.pods: \"172.16.0.0/33\" is not a network such as 172.16.0.0/16, its host bits 0"},
		{"network: {pods: 172.16.5.0/16}", "c.yaml:1:17: network.pods: \"172.16.5.0/16\" is not a network such as 172.16.0.0/16, its host bits 0"},
		{"network: {pods: [172.16.0.0/16]}", "c.yaml:1:17: network.pods: one line of text is needed here"},
		{"network: 1", "c.yaml:1:10: network: a map is needed here"},
		{"network: []", "c.yaml:1:10: network: a map is needed here"},
		{"kubernetes: {version: 1.34}", "c.yaml:1:23: kubernetes.version: \"1.34\" is not a version such as 1.34.4"},
		{"kubernetes: {repository: debian}", "c.yaml:1:26: kubernetes.repository.flavour: \"debian\" is none of community|legacy|custom"},
		{"endpoint: {port: 0}", "c.yaml:1:18: endpoint.port: \"0\" is not a number from 1 to 65535"},
		{"endpoint: {port: 6443x}", "c.yaml:1:18: endpoint.port: \"6443x\" is not a number from 1 to 65535"},
		{"endpoint: {address: 192.168.1.300}", "c.yaml:1:21: endpoint.address: \"192.168.1.300\" is not an IP address"},
		{"endpoint: {sans: [a.example, \"b c\"]}", "c.yaml:1:30: endpoint.sans: \"b c\" is not a name or an IP address"},
		{"ssh: {accept_new: maybe}", "c.yaml:1:19: ssh.accept_new: \"maybe\" is not yes or no"},
		{"ssh: {user: \"a\\nb\"}", "c.yaml:1:13: ssh.user: \"a\\nb\" is not one line of text"},
		{"ssh: {jump: \"a b\"}", "c.yaml:1:13: ssh.jump: \"a b\" is not [user@]host[:port], or several parted by commas"},
		{"ssh: {user: \"\"}", "c.yaml:1:13: ssh.user: \"\" is not one line of text"},
		{"token: {ttl: 30}", "c.yaml:1:14: token.ttl: \"30\" is not a time such as 90s, 30m, 24h, or 0"},
		{"cni: {url: ftp://a}", "c.yaml:1:12: cni.url: \"ftp://a\" is not an address that begins with https:// or http://"},
		{"cni: {sha256: {a.yaml: 12}}", "c.yaml:1:24: cni.sha256: \"a.yaml=12\" is not a SHA-256 sum of 64 hex digits"},
		{"containerd: {mirrors: https://a}", "c.yaml:1:23: containerd.mirrors: a map of names and values is needed here"},
		{"containerd: {mirrors: {a: {b: c}}}", "c.yaml:1:27: containerd.mirrors: one line of text is needed here"},
		{"hosts: {}", "c.yaml:1:8: hosts: a list of hosts is needed here"},
		{"hosts: [a]", "c.yaml:1:9: hosts: a host is a map: {name: ..., address: ..., role: ...}"},
		{"hosts: [{address: 1.2.3.4}]", "c.yaml:1:9: hosts: the host has no name"},
		{"hosts: [{name: A_b}]",
			"c.yaml:1:16: hosts[].name: \"A_b\" is not a name of lower-case letters, digits, hyphens and dots (RFC 1123)"},
		{"hosts: [{name: a}, {name: a}]", "c.yaml:1:27: two hosts are called a"},
		{"hosts: [{name: a, role: master}]", "c.yaml:1:25: hosts[].role: \"master\" is none of control-plane|worker"},
		{"hosts: [{name: a, taints: [x]}]", "c.yaml:1:28: hosts[].taints: \"x\" is not a taint such as key=value:NoSchedule"},
		{"hosts: [{name: a, taints: [{key: b}]}]", "c.yaml:1:28: taints: a taint has key, effect and perhaps value"},
		{"kubeadm: [{kind: KubeletConfigration}]", "c.yaml:1:18: kubeadm: init and join read no KubeletConfigration; the nearest is KubeletConfiguration"},
		{"kubeadm: [{a: b}]", "c.yaml:1:11: kubeadm: a document is a map that has a kind"},
		{"kubeadm: x", "c.yaml:1:10: kubeadm: a list of documents is needed here"},
		{"a: 1\na: 2", "c.yaml:2:1: key \"a\" is there twice"},
		{"- a", "c.yaml:1:1: a description is a map"},
		{"", "c.yaml: the description is empty"},
		{"ssh: {}\n---\nssh: {}", "c.yaml:3:1: a description is one document"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		check_refused(cases[i][0], cases[i][1]);
}

static void
steps_take_parameters_by_name(void **state)
{
	struct kbi_spec spec;
	struct kb_err err = {0};

	(void)state;
	read_good(&spec, "steps: {kernel.modules: {modules: [overlay, br_netfilter, nbd]}}");
	assert_int_equal(kbi_map_count(&spec.steps, "kernel.modules modules"), 3);
	assert_int_equal(kbi_spec_set(&spec, NULL, "steps.kernel.modules.modules", "overlay, br_netfilter", &err), KB_OK);
	assert_int_equal(kbi_map_count(&spec.steps, "kernel.modules modules"), 2);
	assert_int_equal(kbi_spec_set(&spec, NULL, "steps.kernel.modules.modules", NULL, &err), KB_OK);
	assert_int_equal(kbi_map_count(&spec.steps, "kernel.modules modules"), 0);
	kbi_spec_free(&spec);
	check_refused("steps: {kernel.module: {modules: a}}", "c.yaml:1:34: no such step: kernel.module; the nearest is kernel.modules");
	check_refused("steps: {kernel.modules: {module: a}}",
		"c.yaml:1:34: no such parameter of the step: module; the nearest is modules");
	check_refused("steps: {kernel.modules: a}", "c.yaml:1:25: kernel.modules: a map of the step's parameters is needed here");
	check_refused("steps: [a]", "c.yaml:1:8: steps: a map of steps is needed here");
}

/* The same by calls: set, replace, put back; a wrong value changes nothing. */
static void
a_field_is_set_by_its_path(void **state)
{
	struct kbi_spec spec = {0};
	struct kb_err err = {0};

	(void)state;
	assert_int_equal(kbi_spec_set(&spec, NULL, "network.services", "10.0.0.0/16", &err), KB_OK);
	assert_int_equal(kbi_spec_set(&spec, NULL, "network.services", "10.0.0.0/16x", &err), KB_EINVAL);
	assert_string_equal(err.cause, "network.services: \"10.0.0.0/16x\" is not a network such as 172.16.0.0/16, its host bits 0");
	assert_string_equal(kbi_spec_get(&spec, "network.services"), "10.0.0.0/16");
	assert_int_equal(kbi_spec_set(&spec, NULL, "network.services", NULL, &err), KB_OK);
	assert_string_equal(kbi_spec_get(&spec, "network.services"), "10.96.0.0/12");
	assert_int_equal(kbi_spec_set(&spec, NULL, "endpoint.sans", "a.example , b.example", &err), KB_OK);
	assert_string_equal(value_at(&spec, NULL, "endpoint.sans", 1), "b.example");
	assert_int_equal(kbi_spec_set(&spec, NULL, "endpoint.sans", "c.example, d e", &err), KB_EINVAL);
	assert_string_equal(value_at(&spec, NULL, "endpoint.sans", 0), "a.example");
	assert_int_equal(kbi_spec_set(&spec, NULL, "hosts[].role", "worker", &err), KB_EINVAL);
	assert_int_equal(kbi_spec_set(&spec, NULL, "network.pod", "worker", &err), KB_EINVAL);
	assert_string_equal(err.cause, "no such key: network.pod; the nearest is network.pods");
	assert_int_equal(kbi_spec_set(&spec, NULL, NULL, "x", &err), KB_EINVAL);
	kbi_err_clear(&err);
	kbi_spec_free(&spec);
}

static void
relative_paths_start_from_the_folder(void **state)
{
	static const char *const cases[][2] = {{"ca.pem", "/etc/kb/ca.pem"}, {"/ca.pem", "/ca.pem"}, {"~/ca.pem", "~/ca.pem"}};
	struct kbi_spec spec = {0};

	(void)state;
	assert_int_equal(kbi_spec_read(&spec, "c.yaml", "/etc/kb", "ssh: {}", 7, NULL), KB_OK);
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *path = kbi_spec_path(&spec, cases[i][0]);
		assert_string_equal(path, cases[i][1]);
		free(path);
	}
	kbi_spec_free(&spec);
}

/* The one table: each field has a doc that says its default, and is found by its path. */
static void
every_field_says_what_it_is(void **state)
{
	(void)state;
	for (size_t i = 0; kbi_field_at(i); i++) {
		const struct kbi_field *field = kbi_field_at(i);
		assert_ptr_equal(kbi_field_find(field->path), field);
		assert_string_equal(kb_cluster_key(i), field->path);
		assert_ptr_equal(kb_cluster_key_doc(field->path), field->doc);
		if (!strstr(field->doc, "Default: ") && !strstr(field->doc, "It must be given."))
			fail_msg("%s does not say its default", field->path);
		struct kbi_buf kept = KBI_BUF(KBI_SIZE_TEXT);
		if (field->fallback && (kbi_field_check(field, "", field->fallback, &kept, NULL) ||
			strcmp(kbi_buf_text(&kept), field->fallback) != 0))
			fail_msg("%s: its default %s is not a value of it", field->path, field->fallback);
		kbi_buf_free(&kept);
	}
	assert_null(kb_cluster_key_doc("no.such"));
	assert_null(kb_cluster_key(10000));
}

/* Every file that is cut off somewhere, and every file with one byte wrong, is read or refused, with a cause that names the file. */
static void
broken_files_are_refused_cleanly(void **state)
{
	struct unit_file file = unit_read("../spec/cluster.yaml");

	(void)state;
	for (size_t i = 0; i < file.size_bytes * 2; i++) {
		struct kbi_spec spec = {0};
		struct kb_err err = {0};
		size_t at = i / 2;
		char *text = malloc(file.size_bytes);
		assert_non_null(text);
		memcpy(text, file.data, file.size_bytes);
		if (i % 2)
			text[at] = (char)(text[at] ^ 0x2d);
		if (kbi_spec_read(&spec, "c.yaml", NULL, text, i % 2 ? file.size_bytes : at, &err) && !kbi_str_starts(err.cause, "c.yaml:"))
			fail_msg("at %zu: %s", at, err.cause);
		kbi_err_clear(&err);
		kbi_spec_free(&spec);
		free(text);
	}
	free(file.data);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_file_of_the_readme_is_read),
		cmocka_unit_test(what_is_not_said_has_its_default),
		cmocka_unit_test(a_host_overrides_the_cluster),
		cmocka_unit_test(words_stay_what_was_written),
		cmocka_unit_test(short_forms_mean_the_long_ones),
		cmocka_unit_test(unknown_keys_are_refused_with_the_nearest),
		cmocka_unit_test(values_are_refused_with_their_place),
		cmocka_unit_test(steps_take_parameters_by_name),
		cmocka_unit_test(a_field_is_set_by_its_path),
		cmocka_unit_test(relative_paths_start_from_the_folder),
		cmocka_unit_test(every_field_says_what_it_is),
		cmocka_unit_test(broken_files_are_refused_cleanly),
	};

	return cmocka_run_group_tests_name("spec", tests, NULL, NULL);
}
