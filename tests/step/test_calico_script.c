/* SPDX-License-Identifier: Apache-2.0 */
/* How calico_install.sh parts the manifests of Calico's operator: what it is to be applied last, and nothing is lost or changed by it. */
#include "shells.h"

static void
says(const char *text, const char *first, const char *wanted)
{
	for (size_t i = 0; i < COUNT(shells); i++) {
		struct kbi_buf script = KBI_BUF(MIB), out = KBI_BUF(MIB);
		if (!is_there(shells[i]))
			continue;
		kbi_buf_add_format(&script, "%s\n%s\n%s\nd=$(mktemp -d)\n%s\nrm -r $d\n", kbi_script_prelude, kbi_script_kubeadm_library,
			kbi_script_calico_install, text);
		run_script(shells[i], &script, first, NULL, true, &out);
		if (!kbi_str_is(kbi_buf_text(&out), wanted))
			fail_msg("%s: %s: %s\nsaid \"%s\", not \"%s\"", shells[i], first, text, kbi_buf_text(&out), wanted);
		kbi_buf_free(&script);
		kbi_buf_free(&out);
	}
}

static void
the_operator_is_parted_from_its_kinds_and_rights(void **state)
{
	static const char *const versions[] = { "v3.23.2", "v3.24.6", "v3.29.7", "v3.30.7", "v3.32.1" };

	(void)state;
	for (size_t i = 0; i < COUNT(versions); i++) {
		char path[300];
		snprintf(path, sizeof(path), "%s/calico/%s/tigera-operator.yaml", TEST_DATA, versions[i]);
		says("cat \"$1\" >$d/all; kb_part_deployments $d/all; grep -c '^kind: Deployment' $d/all.late; grep -c '^kind:' $d/all.late; "
		     "grep -c '^kind: Deployment' $d/all.soon; sort $d/all >$d/a; sort $d/all.soon $d/all.late | cmp - $d/a && echo whole", path, "1\n1\n0\nwhole\n");
	}
}

static void
documents_may_end_and_begin_as_yaml_has_it(void **state)
{
	(void)state;
	says("printf 'kind: Namespace\\n---\\nkind: Deployment\\nspec:\\n  kind: x\\n--- # next\\nkind: ConfigMap\\ndata:\\n  a: |\\n    kind: Deployment\\n---\\nkind: Deployment \\r\\n' >$d/all; "
	     "kb_part_deployments $d/all; echo soon; cat $d/all.soon; echo late; tr -d '\\r' <$d/all.late", NULL,
		"soon\nkind: Namespace\n--- # next\nkind: ConfigMap\ndata:\n  a: |\n    kind: Deployment\n"
		"late\n---\nkind: Deployment\nspec:\n  kind: x\n---\nkind: Deployment \n");
}

/* kb_ask stands for kubectl: what the DaemonSet says of kube-proxy. */
static void
services_run_where_each_kube_proxy_is_ready(void **state)
{
	(void)state;
	says("for said in '3 3' '3 1' '3' '' '1 1'; do kb_ask() { echo \"$said\"; }; kb_services_run && echo yes || echo no; done", NULL,
		"yes\nno\nno\nyes\nyes\n");
}

/* kb_do stands for kubectl: what it is asked to do, and of what is applied the first line. */
static void
the_operator_is_never_there_without_the_note_of_its_version(void **state)
{
	(void)state;
	says("kb_do() { for last; do :; done; case $1 in annotate) echo 'annotations: {libkb-calico-version: v9.9.9}'; cat \"$d/all.late\" ;;\n"
	     "*) echo \"$1 ${last##*/}: $(sed 1q \"$last\" 2>/dev/null)\" >>$d/log ;; esac; }\n"
	     "kb_ask() { :; }; want_version=v9.9.9 want_resources=no made_resources='kind: Installation'\n"
	     "printf 'kind: Namespace\n---\nkind: Deployment\n' >$d/all; kb_apply_parts $d/all; cat $d/log", NULL,
		"apply all.soon: kind: Namespace\nwait installations.operator.tigera.io: \n"
		"apply all.noted: annotations: {libkb-calico-version: v9.9.9}\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_operator_is_parted_from_its_kinds_and_rights),
		cmocka_unit_test(documents_may_end_and_begin_as_yaml_has_it),
		cmocka_unit_test(the_operator_is_never_there_without_the_note_of_its_version),
		cmocka_unit_test(services_run_where_each_kube_proxy_is_ready),
	};

	return cmocka_run_group_tests_name("calico_install.sh", tests, NULL, NULL);
}
