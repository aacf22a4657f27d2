/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <kb/text.h>

#include "text/calico.h"
#include "text/yaml.h"

static const char *const versions[] = {"v3.23.1", "v3.24.6", "v3.29.7", "v3.30.7", "v3.32.1"};
static const char *const with_daemonset[] = {"v3.24.6", "v3.29.7", "v3.30.7", "v3.32.1"};

static const char installation[] =
	"apiVersion: operator.tigera.io/v1\n"
	"kind: Installation\n"
	"metadata: {name: default}\n"
	"spec:\n"
	"  # networking\n"
	"  calicoNetwork:\n"
	"    ipPools:\n"
	"    - blockSize: 26\n"
	"      cidr: 192.168.0.0/16 # the default\n"
	"      encapsulation: VXLANCrossSubnet\n"
	"---\n"
	"apiVersion: operator.tigera.io/v1\n"
	"kind: APIServer\n"
	"metadata: {name: default}\n"
	"spec: {}\n";

static struct unit_file
read_manifest(const char *version, const char *name, bool has_crlf)
{
	char path[128];

	snprintf(path, sizeof(path), "calico/%s/%s", version, name);
	struct unit_file file = unit_read(path);
	if (!has_crlf)
		return file;
	char *data = malloc(2 * file.size_bytes + 1);
	size_t size_bytes = 0;
	assert_non_null(data);
	for (size_t i = 0; i < file.size_bytes; i++) {
		if (file.data[i] == '\n')
			data[size_bytes++] = '\r';
		data[size_bytes++] = file.data[i];
	}
	data[size_bytes] = '\0';
	free(file.data);
	return (struct unit_file){data, size_bytes};
}

/* The text with `old`, which must be there once, replaced. */
static char *
replaced(const struct unit_file *file, const char *old, const char *new)
{
	char *at = strstr(file->data, old);

	assert_non_null(at);
	assert_null(strstr(at + 1, old));
	char *text = malloc(file->size_bytes + strlen(new) + 1);
	assert_non_null(text);
	size_t before = (size_t)(at - file->data);
	memcpy(text, file->data, before);
	snprintf(text + before, file->size_bytes + strlen(new) + 1 - before, "%s%s", new, at + strlen(old));
	return text;
}

static void
only_the_value_changes_in_every_custom_resources(void **state)
{
	for (size_t i = 0; i < COUNT(versions); i++) {
		for (int has_crlf = 0; has_crlf < 2; has_crlf++) {
			struct unit_file file = read_manifest(versions[i], "custom-resources.yaml", has_crlf);
			char *want = replaced(&file, "192.168.0.0/16", "172.16.0.0/16");
			unit_check_bytes(kb_calico_pod_cidr(*state, file.data, file.size_bytes), "192.168.0.0/16");
			unit_check_bytes(kb_calico_set_pod_cidr(*state, file.data, file.size_bytes, "172.16.0.0/16"), want);
			unit_check_bytes(kb_calico_set_pod_cidr(*state, want, strlen(want), "172.16.0.0/16"), want);
			unit_check_bytes(kb_calico_pod_cidr(*state, want, strlen(want)), "172.16.0.0/16");
			free(want);
			want = replaced(&file, "blockSize: 26", "blockSize: 24");
			unit_check_bytes(kb_calico_set_block_size(*state, file.data, file.size_bytes, 24), want);
			free(want);
			want = replaced(&file, "encapsulation: VXLANCrossSubnet", "encapsulation: IPIP");
			unit_check_bytes(kb_calico_set_encapsulation(*state, file.data, file.size_bytes, "IPIP"), want);
			free(want);
			free(file.data);
		}
	}
}

static void
the_commented_variable_of_every_calico_yaml_is_uncommented(void **state)
{
	for (size_t i = 0; i < COUNT(with_daemonset); i++) {
		for (int has_crlf = 0; has_crlf < 2; has_crlf++) {
			struct unit_file file = read_manifest(with_daemonset[i], "calico.yaml", has_crlf);
			const char *old = has_crlf ? "            # - name: CALICO_IPV4POOL_CIDR\r\n            #   value: \"192.168.0.0/16\"\r\n"
				: "            # - name: CALICO_IPV4POOL_CIDR\n            #   value: \"192.168.0.0/16\"\n";
			const char *new = has_crlf ? "            - name: CALICO_IPV4POOL_CIDR\r\n              value: \"172.16.0.0/16\"\r\n"
				: "            - name: CALICO_IPV4POOL_CIDR\n              value: \"172.16.0.0/16\"\n";
			char *want = replaced(&file, old, new);
			unit_check_bytes(kb_calico_pod_cidr(*state, file.data, file.size_bytes), "");
			unit_check_bytes(kb_calico_set_pod_cidr(*state, file.data, file.size_bytes, "172.16.0.0/16"), want);
			unit_check_bytes(kb_calico_set_pod_cidr(*state, want, strlen(want), "172.16.0.0/16"), want);
			unit_check_bytes(kb_calico_pod_cidr(*state, want, strlen(want)), "172.16.0.0/16");
			free(want);
			free(file.data);
		}
	}
}

/* What the container's environment is, as YAML reads it. */
static void
check_variable(const char *text, size_t size_bytes, const char *name, const char *want)
{
	struct kbi_yaml yaml;
	size_t found = 0;

	assert_int_equal(kbi_yaml_read(&yaml, "t", text, size_bytes, 8 * MIB, NULL), KB_OK);
	for (const struct kbi_yaml_node *d = yaml.first; d; d = d->next) {
		const struct kbi_yaml_node *c = kbi_yaml_path(d, "spec.template.spec.containers[0]");
		const struct kbi_yaml_node *env = kbi_yaml_get(c, "env");
		for (const struct kbi_yaml_node *item = env ? env->first : NULL; item; item = item->next) {
			if (strcmp(kbi_yaml_text(kbi_yaml_get(item, "name")), name) != 0)
				continue;
			found++;
			assert_string_equal(kbi_yaml_text(kbi_yaml_get(item, "value")), want);
		}
	}
	assert_int_equal(found, 1);
	kbi_yaml_free(&yaml);
}

static void
block_size_and_encapsulation_of_calico_yaml_are_variables(void **state)
{
	for (size_t i = 0; i < COUNT(with_daemonset); i++) {
		struct unit_file file = read_manifest(with_daemonset[i], "calico.yaml", false);
		kb_bytes *block = kb_calico_set_block_size(*state, file.data, file.size_bytes, 24);
		assert_non_null(block);
		check_variable(kb_bytes_data(block), kb_bytes_size(block), "CALICO_IPV4POOL_BLOCK_SIZE", "24");
		kb_bytes *again = kb_calico_set_block_size(*state, kb_bytes_data(block), kb_bytes_size(block), 24);
		assert_non_null(again);
		assert_string_equal(kb_bytes_data(again), kb_bytes_data(block));
		kb_bytes *ipip = kb_calico_set_encapsulation(*state, kb_bytes_data(block), kb_bytes_size(block),
			"IPIPCrossSubnet");
		assert_non_null(ipip);
		check_variable(kb_bytes_data(ipip), kb_bytes_size(ipip), "CALICO_IPV4POOL_IPIP", "CrossSubnet");
		check_variable(kb_bytes_data(ipip), kb_bytes_size(ipip), "CALICO_IPV4POOL_VXLAN", "Never");
		assert_null(kb_calico_set_encapsulation(*state, file.data, file.size_bytes, "VXLAN"));
		unit_check_cause(*state, "calico: encapsulation VXLAN: not by the DaemonSet's variables alone");
		assert_null(kb_calico_set_pod_cidr(*state, file.data, file.size_bytes, "fd00::/48"));
		kb_bytes_free(ipip);
		kb_bytes_free(again);
		kb_bytes_free(block);
		free(file.data);
	}
}

static void
quotes_and_comments_stay(void **state)
{
	static const char *const cases[][2] = {
		{"cidr: \"192.168.0.0/16\"   # c", "cidr: \"10.1.0.0/16\"   # c"},
		{"cidr: '192.168.0.0/16'", "cidr: '10.1.0.0/16'"},
		{"cidr:    192.168.0.0/16", "cidr:    10.1.0.0/16"},
		{"\"cidr\" : 192.168.0.0/16", "\"cidr\" : 10.1.0.0/16"}, {"cidr:", "cidr: 10.1.0.0/16"},
		{"cidr: # none yet", "cidr: 10.1.0.0/16 # none yet"},
		{"cidr:\n          192.168.0.0/16", "cidr:\n          10.1.0.0/16"},
	};
	char text[512], want[512];
	static const char head[] = "kind: Installation\napiVersion: operator.tigera.io/v1\nspec:\n  calicoNetwork:\n    ipPools:\n      - ";

	for (size_t i = 0; i < COUNT(cases); i++) {
		snprintf(text, sizeof(text), "%s%s\n", head, cases[i][0]);
		snprintf(want, sizeof(want), "%s%s\n", head, cases[i][1]);
		unit_check_bytes(kb_calico_set_pod_cidr(*state, text, strlen(text), "10.1.0.0/16"), want);
	}
	snprintf(text, sizeof(text), "%scidr: 192.168.0.0/16", head);
	snprintf(want, sizeof(want), "%scidr: \"fd00:10::/48\"", head);
	unit_check_bytes(kb_calico_set_pod_cidr(*state, text, strlen(text), "fd00:10::/48"), want);
}

static void
what_is_not_there_is_inserted_where_it_belongs(void **state)
{
	const char *pool = "kind: Installation\napiVersion: operator.tigera.io/v1\nspec: {calicoNetwork: {ipPools: [{name: a}]}}\n";
	const char *want = "kind: Installation\napiVersion: operator.tigera.io/v1\nspec: {calicoNetwork: {ipPools: [{name: a, cidr: 10.1.0.0/16}]}}\n";

	unit_check_bytes(kb_calico_set_pod_cidr(*state, pool, strlen(pool), "10.1.0.0/16"), want);
	pool = "{\"kind\":\"Installation\",\"apiVersion\":\"operator.tigera.io/v1\",\"spec\":{\"calicoNetwork\":{\"ipPools\":[{\"cidr\":\"10.0.0.0/8\"}]}}}";
	want = "{\"kind\":\"Installation\",\"apiVersion\":\"operator.tigera.io/v1\",\"spec\":{\"calicoNetwork\":{\"ipPools\":[{\"cidr\":\"10.1.0.0/16\"}]}}}";
	unit_check_bytes(kb_calico_set_pod_cidr(*state, pool, strlen(pool), "10.1.0.0/16"), want);
}

static void
a_manifest_that_leaves_a_choice_is_refused(void **state)
{
	static const struct {
		const char *text, *cause;
	} cases[] = {
		{"", "calico manifest: neither an Installation nor a calico-node DaemonSet"},
		{"kind: Installation\napiVersion: other.io/v1\n",
			"calico manifest: neither an Installation nor a calico-node DaemonSet"},
		{"kind: Installation\napiVersion: operator.tigera.io/v1\nspec: {}\n",
		"calico manifest:1:1: Installation: no spec.calicoNetwork.ipPools"},
		{"kind: Installation\napiVersion: operator.tigera.io/v1\nspec: {calicoNetwork: {ipPools: []}}\n",
			"calico manifest:3:33: Installation: no spec.calicoNetwork.ipPools"},
		{"kind: Installation\napiVersion: operator.tigera.io/v1\nspec: {calicoNetwork: {ipPools: [{cidr: 10.0.0.0/8}, {cidr: fd00::/48}]}}\n",
			"calico manifest:3:33: Installation: more than one pool in spec.calicoNetwork.ipPools"},
		{"kind: Installation\napiVersion: operator.tigera.io/v1\n---\nkind: Installation\napiVersion: operator.tigera.io/v1\n",
			"calico manifest:4:1: a second Installation"},
		{"kind: Installation\napiVersion: operator.tigera.io/v1\nspec: {calicoNetwork: {ipPools: [x]}}\n",
			"calico manifest:3:34: Installation: the pool is not a mapping"},
		{"kind: Installation\napiVersion: operator.tigera.io/v1\nspec: {calicoNetwork: {ipPools: [{cidr: [1]}]}}\n",
			"calico manifest:3:41: not a value of one line"},
		{"kind: [\n", "calico manifest:2:1: did not find expected node content"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_null(kb_calico_pod_cidr(*state, cases[i].text, strlen(cases[i].text)));
		assert_null(kb_calico_set_pod_cidr(*state, cases[i].text, strlen(cases[i].text), "10.1.0.0/16"));
		unit_check_cause(*state, cases[i].cause);
	}
}

static void
a_key_without_a_colon_takes_no_value(void **state)
{
	static const char *const pools[] = {"{\"cidr\"}", "{cidr}", "{a: b, cidr}", "{? cidr}", "{cidr # c: d\n  }"};
	char text[300];

	for (size_t i = 0; i < COUNT(pools); i++) {
		snprintf(text, sizeof(text), "kind: Installation\napiVersion: operator.tigera.io/v1\nspec: {calicoNetwork: {ipPools: [%s]}}\n", pools[i]);
		assert_null(kb_calico_set_pod_cidr(*state, text, strlen(text), "10.1.0.0/16"));
		kb_err *err = kb_error(*state);
		assert_non_null(strstr(kb_err_cause(err), ": a key without a colon"));
		kb_err_free(err);
	}
}

static void
two_comments_or_two_daemonsets_are_a_choice_too(void **state)
{
	static const char env[] = "kind: DaemonSet\napiVersion: apps/v1\nspec:\n  template:\n    spec:\n      containers:\n      - name: calico-node\n        env:\n";
	char text[1024];

	snprintf(text, sizeof(text), "%s%s%s", env,
		"        # - name: CALICO_IPV4POOL_CIDR\n        #   value: \"1\"\n        - name: A\n          value: b\n",
		"        # - name: CALICO_IPV4POOL_CIDR\n        #   value: \"2\"\n        securityContext: {}\n");
	assert_null(kb_calico_set_pod_cidr(*state, text, strlen(text), "10.1.0.0/16"));
	unit_check_cause(*state, "calico manifest:11:9: CALICO_IPV4POOL_CIDR is there twice in comments");
	snprintf(text, sizeof(text), "%s        - name: A\n---\n%s        - name: A\n", env, env);
	assert_null(kb_calico_set_pod_cidr(*state, text, strlen(text), "10.1.0.0/16"));
	unit_check_cause(*state, "calico manifest:11:1: a second DaemonSet with a container calico-node");
	snprintf(text, sizeof(text), "%s        - name: CALICO_IPV4POOL_CIDR\n          valueFrom: {}\n", env);
	assert_null(kb_calico_set_pod_cidr(*state, text, strlen(text), "10.1.0.0/16"));
	unit_check_cause(*state, "calico manifest:9:9: CALICO_IPV4POOL_CIDR has no value of its own");
	snprintf(text, sizeof(text), "%s        - name: A\n---\n%s", env, installation);
	assert_null(kb_calico_set_pod_cidr(*state, text, strlen(text), "10.1.0.0/16"));
	unit_check_cause(*state, "calico manifest:11:1: both an Installation and a calico-node DaemonSet");
}

static void
a_comment_in_another_column_is_no_candidate(void **state)
{
	const char *text = "kind: DaemonSet\nspec:\n  template:\n    spec:\n      containers:\n      - name: calico-node\n        env:\n"
		"          # - name: CALICO_IPV4POOL_CIDR\n          #   value: \"1\"\n        - name: A\n          value: b";
	const char *want = "kind: DaemonSet\nspec:\n  template:\n    spec:\n      containers:\n      - name: calico-node\n        env:\n"
		"          # - name: CALICO_IPV4POOL_CIDR\n          #   value: \"1\"\n        - name: A\n          value: b\n"
		"        - name: CALICO_IPV4POOL_CIDR\n          value: \"10.1.0.0/16\"\n";

	unit_check_bytes(kb_calico_set_pod_cidr(*state, text, strlen(text), "10.1.0.0/16"), want);
}

static void
sizes_are_checked_against_each_other(void **state)
{
	size_t size_bytes = strlen(installation);

	assert_null(kb_calico_set_pod_cidr(*state, installation, size_bytes, "172.16.0.0/27"));
	unit_check_cause(*state, "calico: block size /26: larger than the pool, a /27");
	assert_null(kb_calico_set_pod_cidr(*state, installation, size_bytes, "172.16.0.1/16"));
	assert_null(kb_calico_set_pod_cidr(*state, installation, size_bytes, "nonsense"));
	assert_null(kb_calico_set_block_size(*state, installation, size_bytes, 19));
	assert_null(kb_calico_set_block_size(*state, installation, size_bytes, 33));
	assert_null(kb_calico_set_block_size(*state, installation, size_bytes, -1));
	assert_null(kb_calico_set_encapsulation(*state, installation, size_bytes, "Geneve"));
	unit_check_cause(*state, "calico: encapsulation \"Geneve\": not IPIP, IPIPCrossSubnet, VXLAN, VXLANCrossSubnet or None");
}

static void
check_field(const char *text, const char *path, const char *value, const char *want)
{
	struct kbi_buf out = KBI_BUF(MIB);
	struct kb_err err = {0};

	kb_status status = kbi_calico_set_field(text, strlen(text), path, value, &out, &err);
	if (want) {
		assert_string_equal(kb_err_cause(&err), "");
		assert_int_equal(status, KB_OK);
		assert_string_equal(kbi_buf_text(&out), want);
	} else {
		assert_int_equal(status, KB_EINVAL);
	}
	kbi_err_clear(&err);
	kbi_buf_free(&out);
}

#define HEAD "kind: Installation\napiVersion: operator.tigera.io/v1\n"

static void
a_field_is_replaced_or_inserted_with_the_indentation_that_is_there(void **state)
{
	(void)state;
	check_field(HEAD "spec:\n  registry: quay.io/\n", "registry", "lab:5000/",
		HEAD "spec:\n  registry: \"lab:5000/\"\n");
	check_field(HEAD "spec:\n  a: 1\n", "registry", "quay.lab/", HEAD "spec:\n  a: 1\n  registry: quay.lab/\n");
	check_field(HEAD "spec:\n  a: 1", "registry", "quay.lab/", HEAD "spec:\n  a: 1\n  registry: quay.lab/\n");
	check_field(HEAD "spec:\n    a: 1 # c\n\n# d\n", "b", "2", HEAD "spec:\n    a: 1 # c\n    b: 2\n\n# d\n");
	check_field(HEAD "spec: {}\n", "b.c", "true", HEAD "spec: {b: {c: true}}\n");
	check_field(HEAD "spec: {a: 1}\n", "b", "x y", HEAD "spec: {a: 1, b: \"x y\"}\n");
	check_field(HEAD "spec:\n", "b.c", "no", HEAD "spec:\n  b:\n    c: \"no\"\n");
	check_field(HEAD "metadata: {}\n", "b", "007", HEAD "metadata: {}\nspec:\n  b: \"007\"\n");
	check_field(HEAD "spec:\n  t: |\n    block\n---\na: 1\n", "b", "2",
		HEAD "spec:\n  t: |\n    block\n  b: 2\n---\na: 1\n");
	check_field(HEAD "spec: {a: [1]}\n", "a", "2", NULL);
	check_field(HEAD "spec: {a: 1}\n", "a.b", "2", NULL);
	check_field(HEAD "spec: {a: 1}\n", "a..b", "2", NULL);
	check_field(HEAD "spec: {a: [1]}\n", "a[0]", "2", NULL);
	check_field("kind: Other\n", "a", "2", NULL);
	check_field("kind: Installation\r\napiVersion: operator.tigera.io/v1\r\nspec:\r\n  a: 1\r\n", "b.c", "2",
		"kind: Installation\r\napiVersion: operator.tigera.io/v1\r\nspec:\r\n  a: 1\r\n  b:\r\n    c: 2\r\n");
}

static void
autodetection_goes_into_every_custom_resources(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(versions); i++) {
		struct unit_file file = read_manifest(versions[i], "custom-resources.yaml", false);
		char *want = replaced(&file, "nodeSelector: all()\n",
			"nodeSelector: all()\n    nodeAddressAutodetectionV4:\n      kubernetes: NodeInternalIP\n");
		check_field(file.data, "calicoNetwork.nodeAddressAutodetectionV4.kubernetes", "NodeInternalIP", want);
		free(want);
		free(file.data);
	}
}

static void
check_registry(const char *text, const char *registry, const char *want)
{
	struct kbi_buf out = KBI_BUF(8 * MIB);
	struct kb_err err = {0};

	kb_status status = kbi_calico_set_registry(text, strlen(text), registry, &out, &err);
	assert_int_equal(status, want ? KB_OK : KB_EINVAL);
	if (want)
		assert_string_equal(kbi_buf_text(&out), want);
	kbi_err_clear(&err);
	kbi_buf_free(&out);
}

static void
a_registry_is_for_the_installation_and_for_the_operator_itself(void **state)
{
	struct unit_file operator = read_manifest("v3.32.1", "tigera-operator.yaml", false);
	char *image = strstr(operator.data, "image: quay.io/tigera/operator:"), *want;

	(void)state;
	assert_non_null(image);
	want = replaced(&operator, "image: quay.io/tigera/operator:", "image: \"lab:5000/tigera/operator:");
	char *end = strchr(strstr(want, "\"lab:5000"), '\n');
	memmove(end + 1, end, strlen(end) + 1);
	*end = '"';
	check_registry(operator.data, "lab:5000", want);
	check_registry(HEAD "spec:\n  a: 1\n", "quay.lab", HEAD "spec:\n  a: 1\n  registry: quay.lab/\n");
	check_registry(HEAD "spec:\n  a: 1\n", "quay.lab/sub/", HEAD "spec:\n  a: 1\n  registry: quay.lab/sub/\n");
	check_registry("kind: ConfigMap\n", "quay.lab", NULL);
	check_registry(HEAD "spec:\n  a: 1\n", "", NULL);
	check_registry(HEAD "spec:\n  a: 1\n", "a b", NULL);
	check_registry(HEAD "spec:\n  a: 1\n", "/a", NULL);
	check_registry(HEAD "spec:\n  a: 1\n", NULL, NULL);
	free(want);
	free(operator.data);
}

static void
the_largest_manifest_is_read_in_time(void **state)
{
	struct unit_file crds = read_manifest("v3.32.1", "operator-crds.yaml", false);

	double before = unit_cpu_ms();
	assert_null(kb_calico_set_pod_cidr(*state, crds.data, crds.size_bytes, "10.1.0.0/16"));
	double ms = unit_cpu_ms() - before;
	unit_check_cause(*state, "calico manifest: neither an Installation nor a calico-node DaemonSet");
	assert_true(unit_is_in_time(ms, (double)crds.size_bytes / (double)MIB));
	free(crds.data);
}

static void
hostile_input_ends_within_its_bounds(void **state)
{
	static const char env[] = "kind: DaemonSet\nspec:\n  template:\n    spec:\n      containers:\n      - name: calico-node\n        env:\n"
		"        - name: A\n";
	static const char *const units[] = {
		"\n", "#\n", "        #\n", "        # - name: CALICO_IPV4POOL_CIDR\n", "        - name: A\n",
		"        - {}\n", "        - \n", "      - a\n",
		"---\nkind: DaemonSet\n", "          value: b\n",
	};
	static const char *const heads[] = {env, "kind: Installation\napiVersion: operator.tigera.io/v1\nspec:\n"};

	for (size_t h = 0; h < COUNT(heads); h++) {
		for (size_t i = 0; i < COUNT(units); i++) {
			char *text = unit_repeat(units[i], LARGE);
			struct kbi_buf whole = KBI_BUF(2 * MIB);
			kbi_buf_add(&whole, heads[h]);
			kbi_buf_add(&whole, text);
			double before = unit_cpu_ms();
			kb_bytes_free(kb_calico_set_pod_cidr(*state, whole.data, whole.size_bytes, "10.1.0.0/16"));
			double ms = unit_cpu_ms() - before;
			if (!unit_is_in_time(ms, 1))
				fail_msg("%s: %.0f ms", units[i], ms);
			kbi_buf_free(&whole);
			free(text);
		}
	}
}

static void
misuse_is_an_error_and_no_crash(void **state)
{
	char *large = unit_repeat("a: b\n", 8 * MIB + 1);

	assert_null(kb_calico_pod_cidr(NULL, "", 0));
	assert_null(kb_calico_set_pod_cidr(NULL, "", 0, "10.1.0.0/16"));
	assert_null(kb_calico_set_block_size(NULL, "", 0, 26));
	assert_null(kb_calico_set_encapsulation(NULL, "", 0, "None"));
	assert_null(kb_calico_pod_cidr(*state, NULL, 0));
	assert_null(kb_calico_pod_cidr(*state, NULL, 5));
	unit_check_cause(*state, "calico manifest: NULL with a size of 5");
	assert_null(kb_calico_set_pod_cidr(*state, installation, strlen(installation), NULL));
	assert_null(kb_calico_set_encapsulation(*state, installation, strlen(installation), NULL));
	assert_null(kb_calico_pod_cidr(*state, large, 8 * MIB + 1));
	unit_check_cause(*state, "calico manifest: 8388609 bytes: over the limit of 8388608");
	assert_null(kb_calico_pod_cidr(*state, "kind: a\0b", 9));
	check_field(installation, NULL, "a", NULL);
	check_field(installation, "a", NULL, NULL);
	free(large);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_value_changes_in_every_custom_resources),
		cmocka_unit_test(the_commented_variable_of_every_calico_yaml_is_uncommented),
		cmocka_unit_test(block_size_and_encapsulation_of_calico_yaml_are_variables),
		cmocka_unit_test(quotes_and_comments_stay),
		cmocka_unit_test(what_is_not_there_is_inserted_where_it_belongs),
		cmocka_unit_test(a_manifest_that_leaves_a_choice_is_refused),
		cmocka_unit_test(a_key_without_a_colon_takes_no_value),
		cmocka_unit_test(two_comments_or_two_daemonsets_are_a_choice_too),
		cmocka_unit_test(a_comment_in_another_column_is_no_candidate),
		cmocka_unit_test(sizes_are_checked_against_each_other),
		cmocka_unit_test(a_field_is_replaced_or_inserted_with_the_indentation_that_is_there),
		cmocka_unit_test(autodetection_goes_into_every_custom_resources),
		cmocka_unit_test(a_registry_is_for_the_installation_and_for_the_operator_itself),
		cmocka_unit_test(the_largest_manifest_is_read_in_time),
		cmocka_unit_test(hostile_input_ends_within_its_bounds),
		cmocka_unit_test(misuse_is_an_error_and_no_crash),
	};

	return cmocka_run_group_tests_name("calico", tests, unit_make_context, unit_free_context);
}
