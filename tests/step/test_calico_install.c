/* SPDX-License-Identifier: Apache-2.0 */
/* calico.install and calico.remove. */
#include <sys/stat.h>
#include <unistd.h>

#include "judged.h"

#include "fetch.h"
#include "text/calico.h"

#define V332 "version=v3.32.1\npod-cidr=172.16.0.0/16\n"

static const char bare[] = "api=ok\noperator=\noperator.status=0\ncrds.status=0\n";
static const char installed[] =
	"api=ok\noperator=quay.io/tigera/operator:v1.42.3 v3.32.1\noperator.status=0\ncrds.status=0\n"
	"crd=installations.operator.tigera.io\ncrd=tigerastatuses.operator.tigera.io\ncrd=ippools.crd.projectcalico.org\n"
	"installation.status=0\npool=172.16.0.0/16 26 default-ipv4-ippool\ncomponent=calico\ncomponent=apiserver\n"
	"tigerastatus=apiserver Available=True Progressing=False Degraded=False\n"
	"tigerastatus=calico Available=True Progressing=False Degraded=False\n"
	"tigerastatus=ippools Available=True Progressing=False Degraded=False\n";
/* as the operator leaves it: with its own defaults beside what we set */
static const char spec[] = "{\"calicoNetwork\":{\"bgp\":\"Enabled\",\"ipPools\":[{\"allowedUses\":[\"Workload\",\"Tunnel\"],\"blockSize\":26,"
	"\"cidr\":\"172.16.0.0/16\",\"disableBGPExport\":false,\"encapsulation\":\"VXLANCrossSubnet\",\"name\":\"default-ipv4-ippool\","
	"\"natOutgoing\":\"Enabled\",\"nodeSelector\":\"all()\"}],\"nodeAddressAutodetectionV4\":{\"kubernetes\":\"NodeInternalIP\"}},"
	"\"cni\":{\"type\":\"Calico\"},\"variant\":\"Calico\"}";

static void
cluster(struct judged *j, const char *params, const char *facts, const char *installation)
{
	judged_new(j, "calico.install", params);
	assert_int_equal(j->status, KB_OK);
	judged_facts(j, facts);
	if (installation)
		judged_fact(j, "installation", installation);
}

static void
parameters_are_looked_at_before_anything_runs(void **state)
{
	(void)state;
	judged_refuses("calico.install", "version=v3.23.1\npod-cidr=172.16.0.0/16\n", KB_EUNSUPPORTED, "calico.version-unsupported", "v3.24");
	judged_refuses("calico.install", "version=latest\npod-cidr=172.16.0.0/16\n", KB_EINVAL, NULL, "latest");
	judged_refuses("calico.install", V332 "block-size=33\n", KB_EINVAL, NULL, "block-size");
	judged_refuses("calico.install", V332 "block-size=15\n", KB_EINVAL, NULL, "block-size");
	judged_refuses("calico.install", "version=v3.32.1\npod-cidr=172.16.0.0/28\n", KB_EINVAL, NULL, "/28");
	judged_refuses("calico.install", "version=v3.32.1\npod-cidr=fd00::/56\n", KB_EUNSUPPORTED, NULL, "IPv6");
	judged_refuses("calico.install", V332 "node-address-autodetection=interface=\n", KB_EINVAL, NULL, "interface=");
	judged_refuses("calico.install", V332 "timeout=soon\n", KB_EINVAL, NULL, "soon");
	judged_refuses("calico.install", V332 "sha256=calico.yaml=00\n", KB_EINVAL, NULL, "calico.yaml");
}

static void
a_cluster_without_a_network_is_absent(void **state)
{
	struct judged j;

	(void)state;
	cluster(&j, V332, bare, NULL);
	assert_int_equal(judged_run(&j), KB_ABSENT);
	assert_string_equal(judged_want(&j, "manifests"), "yes");
	assert_string_equal(judged_want(&j, "resources"), "yes");
	assert_string_equal(judged_after(&j, "Installation default ipPools cidr"), "172.16.0.0/16");
	judged_free(&j);
	cluster(&j, V332, "api=none\n", NULL);
	assert_int_equal(judged_run(&j), KB_ABSENT);
	judged_free(&j);
}

static void
what_the_operator_wrote_beside_ours_is_no_difference(void **state)
{
	struct judged j;

	(void)state;
	cluster(&j, V332, installed, spec);
	assert_int_equal(judged_run(&j), KB_PRESENT);
	judged_free(&j);
	cluster(&j, "version=3.32.1\npod-cidr=172.16.0.0/16\n", installed, spec);	/* however it is written */
	assert_int_equal(judged_run(&j), KB_PRESENT);
	judged_free(&j);
}

static void
one_field_that_we_set_is_one_difference(void **state)
{
	static const struct { const char *params, *change, *before; } cases[] = {
		{ V332 "encapsulation=IPIP\n", "Installation default ipPools encapsulation", "VXLANCrossSubnet" },
		{ V332 "node-address-autodetection=interface=eth1\n", "Installation default interface", NULL },
		{ V332 "image-registry=reg.example:5000\n", "Installation default registry", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct judged j;
		cluster(&j, cases[i].params, installed, spec);
		judged_run(&j);
		assert_int_equal(j.judge.change_count, 1);
		assert_string_equal(j.judge.changes[0].name, cases[i].change);
		assert_true(kbi_str_is(j.judge.changes[0].before, cases[i].before));
		assert_string_equal(judged_want(&j, "manifests"), "no");
		assert_string_equal(judged_want(&j, "resources"), "yes");
		judged_free(&j);
	}
}

static void
a_pool_that_differs_is_a_conflict(void **state)
{
	static const char *const params[] = {
		"version=v3.32.1\npod-cidr=172.16.0.0/17\n", "version=v3.32.1\npod-cidr=10.244.0.0/16\n", V332 "block-size=27\n",
	};
	struct judged j;

	(void)state;
	for (size_t i = 0; i < COUNT(params); i++) {
		cluster(&j, params[i], installed, spec);
		assert_int_equal(judged_run(&j), KB_ECONFLICT);
		assert_string_equal(j.judge.err.id, "calico.pool-differs");
		assert_non_null(strstr(j.judge.err.evidence[0], "172.16.0.0/16 26 default-ipv4-ippool"));
		judged_free(&j);
	}
	cluster(&j, V332, installed, spec);	/* one more beside ours is somebody's wish */
	judged_fact(&j, "pool", "10.99.0.0/16 26 more");
	assert_int_equal(judged_run(&j), KB_PRESENT);
	judged_free(&j);
}

static void
another_version_is_a_conflict(void **state)
{
	struct judged j;

	(void)state;
	cluster(&j, "version=v3.30.7\npod-cidr=172.16.0.0/16\n", installed, spec);
	assert_int_equal(judged_run(&j), KB_ECONFLICT);
	assert_string_equal(j.judge.err.id, "calico.version-differs");
	judged_free(&j);
	cluster(&j, V332, installed, spec);	/* by hand, without our note: the image says it */
	kbi_map_set(&j.facts, "operator", "mirror.example:5000/tigera/operator:v1.42.3 ");
	assert_int_equal(judged_run(&j), KB_PRESENT);
	kbi_map_set(&j.facts, "operator", "quay.io/tigera/operator:v1.42.30 ");
	assert_int_equal(judged_run(&j), KB_ECONFLICT);
	kbi_map_set(&j.facts, "operator", "quay.io/tigera/operator:xv1.42.3 ");
	assert_int_equal(judged_run(&j), KB_ECONFLICT);
	judged_free(&j);
}

static void
not_available_yet_is_partial(void **state)
{
	static const char *const states[] = {
		"calico Available=False Progressing=True Degraded=False", "calico Available=True Progressing=False Degraded=True", "other Available=True", "",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(states); i++) {
		struct judged j;
		cluster(&j, V332, installed, spec);
		kbi_map_set(&j.facts, "tigerastatus", states[i]);
		kbi_map_set(&j.facts, "component", "calico");
		assert_int_equal(judged_run(&j), KB_PARTIAL);
		assert_non_null(strstr(j.judge.err.cause, "calico"));
		assert_string_equal(judged_want(&j, "manifests"), "no");
		assert_string_equal(judged_want(&j, "resources"), "no");
		judged_free(&j);
	}
}

static void
an_answer_that_is_none_is_unknown(void **state)
{
	struct judged j;

	(void)state;
	cluster(&j, V332, "api=Unable to connect to the server: EOF\n", NULL);
	assert_int_equal(judged_run(&j), KB_UNKNOWN);
	judged_free(&j);
	cluster(&j, V332, "api=ok\noperator.status=1\ncrds.status=0\n", NULL);
	assert_int_equal(judged_run(&j), KB_UNKNOWN);
	judged_free(&j);
	cluster(&j, V332, "api=ok\noperator.status=0\ncrds.status=1\n", NULL);
	assert_int_equal(judged_run(&j), KB_UNKNOWN);
	judged_free(&j);
	cluster(&j, V332, installed, "{\"calicoNetwork\": [[[[");	/* what cannot be read is not there */
	assert_int_equal(judged_run(&j), KB_ABSENT);
	judged_free(&j);
}

/* -- what is fetched: from the published files, over file:// */

static kb_status
prepare(struct judged *j, struct kb_err *err)
{
	static atomic_bool is_cancelled;
	struct kbi_fetcher *fetcher = kbi_fetcher_new();
	struct kbi_prepare p = { .args = &j->args, .facts = &j->facts, .made = &j->made, .fetcher = fetcher, .is_cancelled = &is_cancelled, .err = err };

	kb_status status = j->step->def->prepare(&p);
	kbi_fetcher_unref(fetcher);
	return status;
}

/* tests/data/calico has VERSION/FILE; the step asks for VERSION/manifests/FILE. */
static char *
mirror(const char *version)
{
	static char folder[200];
	char from[400], to[400];

	snprintf(folder, sizeof(folder), "/tmp/kb-calico-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(to, sizeof(to), "%s/%s", folder, version);
	assert_int_equal(mkdir(to, 0700), 0);
	snprintf(from, sizeof(from), TEST_DATA "/calico/%s", version);
	snprintf(to, sizeof(to), "%s/%s/manifests", folder, version);
	assert_int_equal(symlink(from, to), 0);
	return folder;
}

static void
forget(const char *folder, const char *version)
{
	char path[400];

	snprintf(path, sizeof(path), "%s/%s/manifests", folder, version);
	unlink(path);
	snprintf(path, sizeof(path), "%s/%s", folder, version);
	rmdir(path);
	rmdir(folder);
}

static void
the_published_files_are_pinned_and_get_our_values(void **state)
{
	static const char *const versions[] = { "v3.24.6", "v3.29.7", "v3.30.7", "v3.32.1" };

	(void)state;
	for (size_t i = 0; i < COUNT(versions); i++) {
		char params[400];
		struct kb_err err = { 0 };
		struct kbi_buf cidr = KBI_BUF(MIB);
		struct judged j;
		char *folder = mirror(versions[i]);
		snprintf(params, sizeof(params), "version=%s\npod-cidr=172.16.0.0/20\nblock-size=28\nurl=file://%s\n", versions[i], folder);
		cluster(&j, params, bare, NULL);
		if (prepare(&j, &err))
			fail_msg("%s: %s", versions[i], err.cause);
		const char *resources = kbi_map_get(&j.made, "resources");
		assert_int_equal(kbi_calico_pod_cidr(resources, strlen(resources), &cidr, NULL), KB_OK);
		assert_string_equal(kbi_buf_text(&cidr), "172.16.0.0/20");
		assert_non_null(strstr(resources, "blockSize: 28"));
		assert_non_null(strstr(resources, "kubernetes: NodeInternalIP"));
		/* the CRDs come before the operator */
		const char *input = kbi_map_get(&j.made, "input"), *crd = strstr(input, "name: installations.operator.tigera.io");
		assert_non_null(crd);
		assert_true(crd < strstr(input, "kind: Deployment"));
		kbi_buf_free(&cidr);
		kbi_err_clear(&err);
		judged_free(&j);
		forget(folder, versions[i]);
	}
}

static void
a_registry_reaches_the_operator_and_its_resources(void **state)
{
	char params[400], *folder = mirror("v3.32.1");
	struct judged j;

	(void)state;
	snprintf(params, sizeof(params), V332 "image-registry=reg.example:5000\nurl=file://%s\n", folder);
	cluster(&j, params, bare, NULL);
	assert_int_equal(prepare(&j, NULL), KB_OK);
	assert_non_null(strstr(kbi_map_get(&j.made, "input"), "image: \"reg.example:5000/tigera/operator:v1.42.3\""));
	assert_null(strstr(kbi_map_get(&j.made, "input"), "quay.io/tigera/operator"));
	assert_non_null(strstr(kbi_map_get(&j.made, "resources"), "registry: \"reg.example:5000/\""));
	judged_free(&j);
	forget(folder, "v3.32.1");
}

static void
another_byte_is_refused(void **state)
{
	char params[400], *folder = mirror("v3.32.1");
	struct kb_err err = { 0 };
	struct judged j;

	(void)state;
	snprintf(params, sizeof(params), V332 "url=file://%s\n"
		"sha256=custom-resources.yaml=0000000000000000000000000000000000000000000000000000000000000000\n", folder);
	cluster(&j, params, bare, NULL);
	assert_int_equal(prepare(&j, &err), KB_EINTEGRITY);
	assert_null(kbi_map_get(&j.made, "input"));
	kbi_err_clear(&err);
	judged_free(&j);
	forget(folder, "v3.32.1");
}

static void
a_version_without_pins_is_refused_with_its_sums(void **state)
{
	char params[400], other[400], *folder = mirror("v3.32.1");
	struct kb_err err = { 0 };
	struct judged j;

	(void)state;
	snprintf(params, sizeof(params), "%s/v3.32.1", folder);
	snprintf(other, sizeof(other), "%s/v3.32.9", folder);
	assert_int_equal(rename(params, other), 0);
	snprintf(params, sizeof(params), "version=v3.32.9\npod-cidr=172.16.0.0/16\nurl=file://%s\n", folder);
	cluster(&j, params, bare, NULL);
	assert_int_equal(prepare(&j, &err), KB_EINTEGRITY);
	assert_string_equal(err.id, "calico.not-pinned");
	assert_int_equal(err.evidence_count, 3);
	assert_string_equal(err.evidence[2], "custom-resources.yaml=4fb598a7fce1ad1f8bbfb9004f5efcdb835082e92e06323cb7b8ce60260ed891");
	assert_null(kbi_map_get(&j.made, "input"));
	for (size_t i = 0; i < err.evidence_count; i++)	/* the sums, given back as pins */
		kbi_map_add(&j.args, "sha256", err.evidence[i]);
	assert_int_equal(prepare(&j, NULL), KB_OK);
	kbi_err_clear(&err);
	judged_free(&j);
	forget(folder, "v3.32.9");
}

static void
nothing_is_fetched_when_there_is_only_to_wait(void **state)
{
	struct judged j;

	(void)state;
	cluster(&j, V332 "url=file:///nowhere\n", installed, spec);
	kbi_map_set(&j.facts, "tigerastatus", "calico Available=False Progressing=True Degraded=False");
	assert_int_equal(prepare(&j, NULL), KB_OK);
	assert_null(kbi_map_get(&j.made, "input"));
	judged_free(&j);
}

/* -- calico.remove */

static void
what_is_left_of_calico_is_to_go(void **state)
{
	struct judged j;

	(void)state;
	judged_new(&j, "calico.remove", "");
	judged_facts(&j, "api=none\n");
	assert_int_equal(judged_run(&j), KB_PRESENT);
	kbi_map_set(&j.facts, "api", "ok");
	assert_int_equal(judged_run(&j), KB_UNKNOWN);	/* nothing was said of it */
	judged_facts(&j, "resources.status=0\nobjects.status=0\n");
	assert_int_equal(judged_run(&j), KB_PRESENT);
	judged_facts(&j, "resource=installation.operator.tigera.io/default\nobject=namespace/tigera-operator\ncrd=ippools.crd.projectcalico.org\n");
	assert_int_equal(judged_run(&j), KB_DIFFERS);
	assert_int_equal(j.judge.change_count, 3);
	judged_free(&j);
}

static void
a_broken_cluster_can_be_passed_over(void **state)
{
	struct judged j;

	(void)state;
	judged_new(&j, "calico.remove", "");
	judged_facts(&j, "api=refused\n");
	assert_int_equal(judged_run(&j), KB_UNKNOWN);
	judged_free(&j);
	judged_new(&j, "calico.remove", "skip-unreachable=yes\n");
	judged_facts(&j, "api=refused\n");
	assert_int_equal(judged_run(&j), KB_PRESENT);
	assert_non_null(judged_note(&j, "calico.remove-skipped"));
	judged_free(&j);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parameters_are_looked_at_before_anything_runs),
		cmocka_unit_test(a_cluster_without_a_network_is_absent),
		cmocka_unit_test(what_the_operator_wrote_beside_ours_is_no_difference),
		cmocka_unit_test(one_field_that_we_set_is_one_difference),
		cmocka_unit_test(a_pool_that_differs_is_a_conflict),
		cmocka_unit_test(another_version_is_a_conflict),
		cmocka_unit_test(not_available_yet_is_partial),
		cmocka_unit_test(an_answer_that_is_none_is_unknown),
		cmocka_unit_test(the_published_files_are_pinned_and_get_our_values),
		cmocka_unit_test(a_registry_reaches_the_operator_and_its_resources),
		cmocka_unit_test(another_byte_is_refused),
		cmocka_unit_test(a_version_without_pins_is_refused_with_its_sums),
		cmocka_unit_test(nothing_is_fetched_when_there_is_only_to_wait),
		cmocka_unit_test(what_is_left_of_calico_is_to_go),
		cmocka_unit_test(a_broken_cluster_can_be_passed_over),
	};

	return cmocka_run_group_tests_name("calico", tests, NULL, NULL);
}
