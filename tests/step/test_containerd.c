/* SPDX-License-Identifier: Apache-2.0 */
/* containerd.install: its configuration in every version, which package, mirrors, and the service. */
#include "judged.h"

#include "steps/containerd_config.h"
#include "text/toml.h"

#define CONFIG "/etc/containerd/config.toml"
#define K8S "kubernetes-version=1.34.4\n"
#define CRICTL "runtime-endpoint: unix:///run/containerd/containerd.sock\n"
#define V2 "plugins.\"io.containerd.grpc.v1.cri\""
#define V3_RUNTIME "plugins.\"io.containerd.cri.v1.runtime\""
#define V3_IMAGES "plugins.\"io.containerd.cri.v1.images\""

static const char installed_1_6[] = "containerd 1.6.20~ds1-1+deb12u3 hi\n";
static const char said_1_6[] = "containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+deb12u3";

/* -- the configuration */

static char *
merge(const char *text, const struct kbi_containerd_want *want)
{
	struct kbi_buf out = KBI_BUF(KBI_SIZE_TEXT);
	struct kb_err err = { 0 };

	if (kbi_containerd_merge(want, text, strlen(text), &out, &err))
		fail_msg("%s: %s", text, err.cause);
	return kbi_buf_take(&out);
}

static void
check_value(const char *toml, const char *table, const char *key, const char *wanted)
{
	struct kbi_buf raw = KBI_BUF(KBI_SIZE_TEXT);
	bool is_there = false;

	assert_int_equal(kbi_toml_get(toml, strlen(toml), table, key, &raw, &is_there, NULL), KB_OK);
	if (is_there != (wanted != NULL) || (wanted && !kbi_str_is(kbi_buf_text(&raw), wanted)))
		fail_msg("%s %s is %s, not %s, in\n%s", table, key, is_there ? kbi_buf_text(&raw) : "missing", wanted ? wanted : "missing", toml);
	kbi_buf_free(&raw);
}

static struct kbi_containerd_want
want_of(int major, int minor)
{
	return (struct kbi_containerd_want){
		.sandbox_image = "registry.k8s.io/pause:3.10.1", .bin_dir = "/opt/cni/bin",
		.is_known = major, .version = { major, minor, 0 },
	};
}

static void
no_file_becomes_a_small_one_of_its_containerds_version(void **state)
{
	static const struct { int major, minor; const char *version; } cases[] = {
		{ 0, 0, "2" }, { 1, 6, "2" }, { 1, 7, "2" }, { 2, 0, "3" }, { 2, 2, "3" }, { 2, 3, "4" }, { 3, 0, "4" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct kbi_containerd_want want = want_of(cases[i].major, cases[i].minor);
		char *toml = merge("", &want);
		bool is_2 = *cases[i].version == '2';
		check_value(toml, "", "version", cases[i].version);
		check_value(toml, is_2 ? V2 ".containerd.runtimes.runc.options" : V3_RUNTIME ".containerd.runtimes.runc.options", "SystemdCgroup", "true");
		check_value(toml, is_2 ? V2 ".containerd.runtimes.runc" : V3_RUNTIME ".containerd.runtimes.runc", "runtime_type",
			"\"io.containerd.runc.v2\"");
		check_value(toml, is_2 ? V2 : V3_IMAGES ".pinned_images", is_2 ? "sandbox_image" : "sandbox", "\"registry.k8s.io/pause:3.10.1\"");
		bool has_list = cases[i].major > 2 || (cases[i].major == 2 && cases[i].minor >= 1);
		check_value(toml, is_2 ? V2 ".cni" : V3_RUNTIME ".cni", "bin_dir", has_list ? NULL : "\"/opt/cni/bin\"");
		check_value(toml, is_2 ? V2 ".cni" : V3_RUNTIME ".cni", "bin_dirs", has_list ? "[\"/opt/cni/bin\"]" : NULL);
		char *again = merge(toml, &want);
		assert_string_equal(again, toml);
		free(again);
		free(toml);
	}
}

/* as Debian 12's package has it */
static const char debian[] =
	"version = 2\n\n[plugins]\n  [plugins.\"io.containerd.grpc.v1.cri\"]\n    [plugins.\"io.containerd.grpc.v1.cri\".cni]\n"
	"      bin_dir = \"/usr/lib/cni\"\n      conf_dir = \"/etc/cni/net.d\"\n  [plugins.\"io.containerd.internal.v1.opt\"]\n    path = \"/var/lib/containerd\"\n";

static void
debians_file_keeps_all_but_the_folder_of_plugins(void **state)
{
	struct kbi_containerd_want want = want_of(1, 6);
	char *toml = merge(debian, &want);

	(void)state;
	check_value(toml, V2 ".cni", "bin_dir", "\"/opt/cni/bin\"");
	check_value(toml, V2 ".cni", "conf_dir", "\"/etc/cni/net.d\"");
	check_value(toml, "plugins.\"io.containerd.internal.v1.opt\"", "path", "\"/var/lib/containerd\"");
	check_value(toml, V2 ".containerd.runtimes.runc.options", "SystemdCgroup", "true");
	free(toml);
}

static void
dockers_file_gets_cri_back(void **state)
{
	struct kbi_containerd_want want = want_of(1, 7);
	char *toml = merge("# Copyright\n\ndisabled_plugins = [\"cri\", \"io.containerd.snapshotter.v1.zfs\"]\n\n#root = \"/x\"\n\n#[grpc]\n#  uid = 0\n", &want);

	(void)state;
	check_value(toml, "", "disabled_plugins", "[\"io.containerd.snapshotter.v1.zfs\"]");
	check_value(toml, "", "version", "2");
	assert_non_null(strstr(toml, "# Copyright\n"));
	assert_non_null(strstr(toml, "#[grpc]\n#  uid = 0\n"));
	free(toml);
}

static void
every_key_that_is_not_ours_keeps_its_bytes(void **state)
{
	static const char before[] = "version = 3 # mine\nimports = ['/etc/containerd/conf.d/*.toml']\n"
		"[plugins.'io.containerd.cri.v1.runtime']\n  restrict_oom_score_adj = true\n  enable_selinux=false\n"
		"[plugins.'io.containerd.cri.v1.runtime'.cni]\n  bin_dirs = ['/usr/lib/cni']\n"
		"[plugins.'io.containerd.cri.v1.images'.registry]\n  config_path = '/etc/containerd/certs.d:/etc/docker/certs.d'\n";
	struct kbi_containerd_want want = want_of(2, 1);
	char *toml;

	(void)state;
	want.has_mirrors = true;
	toml = merge(before, &want);
	assert_true(kbi_str_starts(toml, "version = 3 # mine\nimports = ['/etc/containerd/conf.d/*.toml']\n"));
	assert_non_null(strstr(toml, "  restrict_oom_score_adj = true\n  enable_selinux=false\n"));
	check_value(toml, V3_RUNTIME ".cni", "bin_dirs", "[\"/opt/cni/bin\"]");
	check_value(toml, V3_RUNTIME ".cni", "bin_dir", NULL);	/* containerd refuses both */
	check_value(toml, V3_IMAGES ".registry", "config_path", "'/etc/containerd/certs.d:/etc/docker/certs.d'");	/* has ours */
	check_value(toml, V3_RUNTIME ".containerd.runtimes.runc.options", "SystemdCgroup", "true");
	free(toml);
}

static void
check_merge_refused(const char *text, bool has_mirrors, kb_status code, const char *id)
{
	struct kbi_containerd_want want = want_of(1, 7);
	struct kbi_buf out = KBI_BUF(KBI_SIZE_TEXT);
	struct kb_err err = { 0 };

	want.has_mirrors = has_mirrors;
	kb_status status = kbi_containerd_merge(&want, text, strlen(text), &out, &err);
	if (status != code || !kbi_str_is(err.id ? err.id : "", id))
		fail_msg("%s: %s %s", text, kb_err_name(status), err.id ? err.id : "");
	assert_int_equal(out.size_bytes, 0);
	kbi_err_clear(&err);
	kbi_buf_free(&out);
}

static void
what_cannot_be_merged_is_refused(void **state)
{
	(void)state;
	check_merge_refused("[plugins.cri]\n  stream_server_port = \"0\"\n", false, KB_ECONFLICT, "containerd.config-old");
	check_merge_refused("version = 9\n", false, KB_ECONFLICT, "containerd.config-new");
	check_merge_refused("version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".registry.mirrors.\"docker.io\"]\n  endpoint = [\"https://x\"]\n", true,
		KB_ECONFLICT, "containerd.mirrors-old");
	check_merge_refused("version = \n", false, KB_EINVAL, "");
	check_merge_refused("version = 2\nversion = 2\n", false, KB_EINVAL, "");
}

/* -- the host */

static void
containerd(struct judged *j, const char *params, const char *installed, const char *said, const char *config)
{
	judged_new(j, "containerd.install", params);
	assert_int_equal(j->status, KB_OK);
	judged_fact(j, "os_release", "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_CODENAME=bookworm\nID=debian\n");
	judged_fact(j, "installed", installed);
	judged_file(j, "config", config, "0644");
	judged_file(j, "crictl", said ? CRICTL : NULL, "0644");
	if (!said)
		return;
	judged_fact(j, "containerd", said);
	judged_fact(j, "enabled", "enabled");
	judged_fact(j, "active", "active");
	judged_fact(j, "cri", "ok");
}

static char *
good_config(void)
{
	struct kbi_containerd_want want = want_of(1, 6);

	return merge("version = 2\n", &want);
}

static void
a_bare_host_gets_all_of_it(void **state)
{
	struct judged j;

	(void)state;
	containerd(&j, K8S "registry-mirrors=registry.k8s.io=http://192.168.1.1:5000\n", "", NULL, NULL);
	judged_fact(&j, "offered", "containerd | 1.7.28~ds1-1 | http://mirror.example/debian trixie/main amd64 Packages");
	judged_file(&j, "hosts/registry.k8s.io", NULL, NULL);
	assert_int_equal(judged_run(&j), KB_ABSENT);
	assert_string_equal(judged_after(&j, "containerd"), "1.7.28~ds1-1");
	assert_string_equal(judged_after(&j, "/etc/containerd/certs.d/registry.k8s.io/hosts.toml"), "# written by libkb\n"
		"server = \"https://registry.k8s.io\"\n\n[host.\"http://192.168.1.1:5000\"]\n  capabilities = [\"pull\", \"resolve\"]\n");
	assert_string_equal(judged_after(&j, "containerd.service"), "enabled, active");
	assert_non_null(strstr(judged_after(&j, "/etc/crictl.yaml"), CRICTL));
	check_value(judged_want(&j, "config"), V2 ".registry", "config_path", "\"/etc/containerd/certs.d\"");
	assert_string_equal(judged_want(&j, "oldest"), "1.7.28 2.0.6 2.1.3");
	assert_string_equal(judged_want(&j, "docker_source"), "# written by libkb\n"
		"deb [signed-by=/etc/apt/keyrings/libkb-docker.asc] https://download.docker.com/linux/debian bookworm stable\n");
	judged_free(&j);
}

static void
what_runs_well_is_left_alone_and_too_old_is_a_warning(void **state)
{
	char *config = good_config();
	struct judged j;

	(void)state;
	containerd(&j, K8S, installed_1_6, said_1_6, config);
	assert_int_equal(judged_run(&j), KB_PRESENT);
	assert_string_equal(judged_output(&j, "version"), "1.6.20");
	assert_non_null(strstr(judged_note(&j, "containerd.too-old"), "1.6.20"));
	judged_free(&j);
	containerd(&j, "kubernetes-version=1.26.0\nsandbox-image=registry.k8s.io/pause:3.10.1\n", installed_1_6, said_1_6, config);
	assert_int_equal(judged_run(&j), KB_PRESENT);
	assert_null(judged_note(&j, "containerd.too-old"));
	judged_free(&j);
	free(config);
}

static void
check_differs(const char *fact, const char *value, const char *change, const char *after)
{
	char *config = good_config();
	struct judged j;

	containerd(&j, K8S, installed_1_6, said_1_6, config);
	kbi_map_set(&j.facts, fact, value);
	assert_int_equal(judged_run(&j), KB_DIFFERS);
	assert_string_equal(judged_after(&j, change), after);
	judged_free(&j);
	free(config);
}

static void
a_service_that_is_not_as_it_should_be_differs(void **state)
{
	(void)state;
	check_differs("active", "failed", "containerd.service", "enabled, active");
	check_differs("enabled", "disabled", "containerd.service", "enabled, active");
	check_differs("cri", "", "containerd's CRI plugin", "ok");
	check_differs("cri", "error", "containerd's CRI plugin", "ok");
	check_differs("stale", "yes", "containerd.service", "restarted");
	check_differs("installed", "containerd 1.6.20~ds1-1+deb12u3 ii", "containerd", "held");
}

static void
another_source_or_version_is_meant_but_not_on_a_node(void **state)
{
	char *config = good_config();
	struct judged j;

	(void)state;
	containerd(&j, K8S "version=1.7.28\n", installed_1_6, said_1_6, config);
	assert_int_equal(judged_run(&j), KB_DIFFERS);
	assert_string_equal(judged_after(&j, "containerd"), "1.7.28");
	assert_string_equal(judged_want(&j, "unhold"), "containerd");
	judged_fact(&j, "is_node", "yes");
	assert_int_equal(judged_run(&j), KB_ECONFLICT);
	assert_string_equal(j.judge.err.id, "containerd.node-version");
	judged_free(&j);
	containerd(&j, K8S "source=docker\n", installed_1_6, said_1_6, config);
	assert_int_equal(judged_run(&j), KB_DIFFERS);
	judged_free(&j);
	containerd(&j, K8S "version=1.6.20\nsource=distribution\n", installed_1_6, said_1_6, config);
	assert_int_equal(judged_run(&j), KB_PRESENT);
	judged_free(&j);
	free(config);
}

static void
a_containerd_that_no_package_brought_is_used(void **state)
{
	char *config = good_config();
	struct judged j;

	(void)state;
	containerd(&j, K8S, "", "containerd github.com/containerd/containerd/v2 v2.1.4 75cb2b7193e4e490", config);
	assert_int_equal(judged_run(&j), KB_PRESENT);
	assert_string_equal(judged_output(&j, "version"), "2.1.4");
	judged_free(&j);
	free(config);
}

static void
an_import_that_overrides_our_setting_is_found_out(void **state)
{
	char *config = good_config(), *dump = strdup(config);
	struct judged j;

	(void)state;
	containerd(&j, K8S, installed_1_6, said_1_6, config);
	judged_fact(&j, "dump.status", "0");
	judged_fact(&j, "dump", dump);
	assert_int_equal(judged_run(&j), KB_PRESENT);
	memcpy(strstr(dump, "SystemdCgroup = true"), "SystemdCgroup = fals", 20);
	dump = realloc(dump, strlen(dump) + 2);
	char *at = strstr(dump, "fals") + 4;
	memmove(at + 1, at, strlen(at) + 1);
	*at = 'e';
	kbi_map_set(&j.facts, "dump", dump);
	assert_int_equal(judged_run(&j), KB_ECONFLICT);
	assert_string_equal(j.judge.err.id, "containerd.config-overridden");
	judged_free(&j);
	free(config);
	free(dump);
}

static void
a_broken_configuration_says_where(void **state)
{
	struct judged j;

	(void)state;
	containerd(&j, K8S, installed_1_6, said_1_6, "version = 2\n[plugins\n");
	assert_int_equal(judged_run(&j), KB_EINVAL);
	assert_non_null(strstr(j.judge.err.cause, ":2:"));
	judged_free(&j);
}

static void
mirrors_of_one_registry_go_into_one_file_in_order(void **state)
{
	struct judged j;

	(void)state;
	containerd(&j, "registry-mirrors=docker.io=https://a.example\nregistry-mirrors=localhost:5000=http://b.example\n"
		"registry-mirrors=docker.io=https://c.example\nregistry-mirrors=_default=https://d.example\n", "", NULL, NULL);
	judged_file(&j, "hosts/localhost@5000", "# written by libkb\nserver = \"https://localhost:5000\"\n\n"
		"[host.\"http://b.example\"]\n  capabilities = [\"pull\", \"resolve\"]\n", "0644");
	judged_run(&j);
	assert_string_equal(judged_after(&j, "/etc/containerd/certs.d/docker.io/hosts.toml"), "# written by libkb\n"
		"server = \"https://registry-1.docker.io\"\n\n[host.\"https://a.example\"]\n  capabilities = [\"pull\", \"resolve\"]\n"
		"\n[host.\"https://c.example\"]\n  capabilities = [\"pull\", \"resolve\"]\n");
	assert_null(judged_change(&j, "/etc/containerd/certs.d/localhost:5000/hosts.toml"));
	assert_null(strstr(judged_after(&j, "/etc/containerd/certs.d/_default/hosts.toml"), "server"));
	judged_free(&j);
}

static void
wrong_parameters_are_refused(void **state)
{
	(void)state;
	judged_refuses("containerd.install", "source=snap\n", KB_EINVAL, NULL, "snap");
	judged_refuses("containerd.install", "registry-mirrors=../../etc=https://x\n", KB_EINVAL, NULL, "../../etc");
	judged_refuses("containerd.install", "registry-mirrors=a/b=https://x\n", KB_EINVAL, NULL, "a/b");
	judged_refuses("containerd.install", "registry-mirrors=registry.k8s.io\n", KB_EINVAL, NULL, "registry.k8s.io");
	judged_refuses("containerd.install", "registry-mirrors=x=https://y\"]\n", KB_EINVAL, NULL, "x=");
	judged_refuses("containerd.install", "bin-dir=cni\n", KB_EINVAL, NULL, "bin-dir");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_file_becomes_a_small_one_of_its_containerds_version),
		cmocka_unit_test(debians_file_keeps_all_but_the_folder_of_plugins),
		cmocka_unit_test(dockers_file_gets_cri_back),
		cmocka_unit_test(every_key_that_is_not_ours_keeps_its_bytes),
		cmocka_unit_test(what_cannot_be_merged_is_refused),
		cmocka_unit_test(a_bare_host_gets_all_of_it),
		cmocka_unit_test(what_runs_well_is_left_alone_and_too_old_is_a_warning),
		cmocka_unit_test(a_service_that_is_not_as_it_should_be_differs),
		cmocka_unit_test(another_source_or_version_is_meant_but_not_on_a_node),
		cmocka_unit_test(a_containerd_that_no_package_brought_is_used),
		cmocka_unit_test(an_import_that_overrides_our_setting_is_found_out),
		cmocka_unit_test(a_broken_configuration_says_where),
		cmocka_unit_test(mirrors_of_one_registry_go_into_one_file_in_order),
		cmocka_unit_test(wrong_parameters_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
