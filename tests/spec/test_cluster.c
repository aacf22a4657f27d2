/* SPDX-License-Identifier: Apache-2.0 */
/* A description as a handle, and the order of the plans made from it. All by the public calls. */
#include "unit.h"

#include <malloc.h>

#include <libkb.h>
#include <sys/stat.h>
#include <unistd.h>

static kb_cluster *
cluster_by_calls(kb_ctx *kb)
{
	kb_cluster *cluster = kb_cluster_new(kb);

	assert_non_null(cluster);
	assert_int_equal(kb_cluster_set(cluster, "kubernetes.version", "1.34.4"), KB_OK);
	assert_int_equal(kb_cluster_set(cluster, "network.nodes", "192.168.1.0/24"), KB_OK);
	assert_int_equal(kb_cluster_set(cluster, "network.pods", "172.16.0.0/16"), KB_OK);
	assert_int_equal(kb_cluster_add_host(cluster, "cp", "192.168.1.2", "control-plane"), KB_OK);
	assert_int_equal(kb_cluster_add_host(cluster, "w1", "192.168.1.3", "worker"), KB_OK);
	assert_int_equal(kb_cluster_add_host(cluster, "w2", "192.168.1.4", "worker"), KB_OK);
	return cluster;
}

static void
check_failed(kb_ctx *kb, const char *id, const char *cause)
{
	kb_err *err = kb_error(kb);

	assert_non_null(err);
	if (cause)
		assert_string_equal(kb_err_cause(err), cause);
	if (id)
		assert_string_equal(kb_err_id(err), id);
	kb_err_free(err);
}

/* Where a step of a host stands in the plan; -1 when it is not there. */
static int
place(const kb_plan *plan, const char *host, const char *step)
{
	for (size_t i = 0; i < kb_plan_task_count(plan); i++) {
		kb_task *task = kb_plan_task(plan, i);
		if (strcmp(kb_task_host(task), host) == 0 && strcmp(kb_task_step(task), step) == 0)
			return (int)i;
	}
	return -1;
}

static size_t
count_of(const kb_plan *plan, const char *step)
{
	size_t count = 0;

	for (size_t i = 0; i < kb_plan_task_count(plan); i++)
		count += strcmp(kb_task_step(kb_plan_task(plan, i)), step) == 0;
	return count;
}

static void
check_order(const kb_plan *plan, const char *host, const char *const *steps, size_t count)
{
	int last = -1;

	for (size_t i = 0; i < count; i++) {
		int at = place(plan, host, steps[i]);
		if (at <= last)
			fail_msg("%s: %s stands at %d, behind %d", host, steps[i], at, last);
		last = at;
	}
}

static void
a_description_can_be_made_by_calls(void **state)
{
	kb_cluster *cluster = cluster_by_calls(*state);

	assert_int_equal(kb_cluster_check(cluster), KB_OK);
	assert_int_equal(kb_cluster_host_count(cluster), 3);
	assert_string_equal(kb_cluster_host_name(cluster, 2), "w2");
	assert_null(kb_cluster_host_name(cluster, 3));
	assert_string_equal(kb_cluster_get(cluster, "network.services"), "10.96.0.0/12");
	assert_null(kb_cluster_get(cluster, "download.ca"));
	assert_null(kb_cluster_get(cluster, "no.such"));
	assert_int_equal(kb_cluster_set(cluster, "endpoint.sans", "a.example, b.example"), KB_OK);
	assert_string_equal(kb_cluster_get(cluster, "endpoint.sans"), "a.example,b.example");
	assert_string_equal(kb_cluster_get(cluster, "endpoint.sans"), "a.example,b.example");
	assert_int_equal(kb_cluster_set(cluster, "endpoint.sans", "c.example"), KB_OK);
	assert_string_equal(kb_cluster_get(cluster, "endpoint.sans"), "c.example");
	assert_int_equal(kb_cluster_set_host(cluster, "w1", "labels", "disk=ssd,zone=a"), KB_OK);
	assert_int_equal(kb_cluster_add_kubeadm(cluster, "kind: KubeletConfiguration\nmaxPods: 50\n", 39), KB_OK);
	assert_string_equal(kb_cluster_get(cluster, "kubeadm"), "kind: KubeletConfiguration\nmaxPods: 50\n");
	kb_cluster_free(cluster);
}

static void
wrong_calls_say_what_is_wrong(void **state)
{
	kb_cluster *cluster = cluster_by_calls(*state);

	assert_int_equal(kb_cluster_set(cluster, "kubernetes.versoin", "1.34.4"), KB_EINVAL);
	check_failed(*state, "cluster.unknown-key", "no such key: kubernetes.versoin; the nearest is kubernetes.version");
	assert_int_equal(kb_cluster_add_host(cluster, "w2", "192.168.1.5", "worker"), KB_EINVAL);
	check_failed(*state, "cluster.host-name-twice", "two hosts are called w2");
	assert_int_equal(kb_cluster_add_host(cluster, "w3", "192.168.1.5", "master"), KB_EINVAL);
	assert_int_equal(kb_cluster_host_count(cluster), 3);
	assert_int_equal(kb_cluster_set_host(cluster, "w9", "ssh.port", "23"), KB_EINVAL);
	check_failed(*state, NULL, "cluster: no host is called w9");
	assert_int_equal(kb_cluster_set_host(cluster, "w1", "name", "w8"), KB_EINVAL);
	assert_int_equal(kb_cluster_set_host(cluster, "w1", "network.pods", "1.0.0.0/8"), KB_EINVAL);
	assert_int_equal(kb_cluster_set_secret(cluster, NULL, "pasword", "x", 1), KB_EINVAL);
	assert_int_equal(kb_cluster_set_secret(cluster, "w9", "password", "x", 1), KB_EINVAL);
	assert_int_equal(kb_cluster_set_secret(cluster, "w1", "password", "x\0y", 3), KB_EINVAL);
	assert_int_equal(kb_cluster_set_secret(cluster, "w1", "password", "xyz", 3), KB_OK);
	assert_int_equal(kb_cluster_add_kubeadm(cluster, "kind: Pod", 9), KB_EINVAL);
	kb_cluster_free(cluster);
}

static void
nothing_is_harmless(void **state)
{
	assert_null(kb_cluster_new(NULL));
	assert_null(kb_cluster_load(NULL, "x"));
	assert_null(kb_cluster_load(*state, NULL));
	assert_null(kb_cluster_load(*state, "/no/such/file.yaml"));
	check_failed(*state, NULL, "/no/such/file.yaml: No such file or directory");
	assert_null(kb_cluster_parse(*state, NULL, NULL, NULL, 0));
	check_failed(*state, NULL, "cluster: the description is empty");
	assert_null(kb_cluster_parse(*state, "x", NULL, NULL, 5));
	assert_int_equal(kb_cluster_set(NULL, "a", "b"), KB_EINVAL);
	assert_int_equal(kb_cluster_set_host(NULL, "a", "b", "c"), KB_EINVAL);
	assert_int_equal(kb_cluster_add_host(NULL, "a", "b", "c"), KB_EINVAL);
	assert_int_equal(kb_cluster_set_secret(NULL, NULL, "password", "b", 1), KB_EINVAL);
	assert_int_equal(kb_cluster_add_kubeadm(NULL, "a", 1), KB_EINVAL);
	assert_int_equal(kb_cluster_check(NULL), KB_EINVAL);
	assert_null(kb_cluster_get(NULL, "ssh.user"));
	assert_null(kb_cluster_key_doc(NULL));
	assert_null(kb_cluster_up(NULL));
	assert_null(kb_cluster_reset(NULL));
	assert_null(kb_cluster_status(NULL));
	assert_int_equal(kb_cluster_host_count(NULL), 0);
	assert_null(kb_cluster_host_name(NULL, 0));
	kb_cluster_free(NULL);
	kb_cluster *cluster = cluster_by_calls(*state);
	assert_int_equal(kb_cluster_set(cluster, NULL, "x"), KB_EINVAL);
	assert_null(kb_cluster_get(cluster, NULL));
	assert_int_equal(kb_cluster_set_host(cluster, "w1", NULL, "x"), KB_EINVAL);
	assert_int_equal(kb_cluster_set_host(cluster, NULL, "role", "x"), KB_EINVAL);
	assert_int_equal(kb_cluster_add_host(cluster, NULL, "x", "worker"), KB_EINVAL);
	assert_int_equal(kb_cluster_set_secret(cluster, NULL, NULL, "x", 1), KB_EINVAL);
	assert_int_equal(kb_cluster_add_kubeadm(cluster, NULL, 1), KB_EINVAL);
	kb_cluster_free(cluster);
}

static void
what_is_wrong_is_found_before_a_plan_is_made(void **state)
{
	kb_cluster *cluster = cluster_by_calls(*state);

	assert_int_equal(kb_cluster_set(cluster, "network.pods", "192.168.0.0/16"), KB_OK);
	assert_null(kb_cluster_up(cluster));
	check_failed(*state, "cluster.networks-overlap", "network.pods 192.168.0.0/16 overlaps network.nodes 192.168.1.0/24");
	kb_cluster_free(cluster);
}

static void
up_goes_from_bare_to_ready(void **state)
{
	static const char *const control_plane[] = {
		"host.facts", "hosts.entries", "swap.off", "kernel.modules", "kernel.sysctl", "containerd.install", "apt.repo", "packages.install",
		"packages.hold", "kubeadm.images", "kubeadm.init", "kubeconfig.install", "token.create", "calico.install", "calicoctl.install",
		"token.delete", "node.configure", "node.ready",
	};
	static const char *const worker[] = {
		"host.facts", "hosts.entries", "swap.off", "kernel.modules", "kernel.sysctl", "containerd.install", "apt.repo", "packages.install",
		"packages.hold", "apiserver.reachable", "kubeadm.join",
	};
	kb_cluster *cluster = cluster_by_calls(*state);

	assert_int_equal(kb_cluster_set(cluster, "cni.calicoctl", "yes"), KB_OK);
	kb_plan *plan = kb_cluster_up(cluster);
	if (!plan) {
		check_failed(*state, "", "");
		fail();
	}
	kb_cluster_free(cluster);		/* the plan keeps what it needs */
	check_order(plan, "cp", control_plane, COUNT(control_plane));
	check_order(plan, "w1", worker, COUNT(worker));
	check_order(plan, "w2", worker, COUNT(worker));
	assert_int_equal(count_of(plan, "kubeadm.init"), 1);
	assert_int_equal(count_of(plan, "kubeadm.join"), 2);
	assert_int_equal(count_of(plan, "node.configure"), 3);
	assert_int_equal(count_of(plan, "node.ready"), 1);
	assert_true(place(plan, "w2", "host.facts") < place(plan, "cp", "hosts.entries"));
	kb_plan_free(plan);
}

static size_t
calicoctls(kb_ctx *kb, const char *calico, const char *sha256)
{
	kb_cluster *cluster = cluster_by_calls(kb);
	assert_int_equal(kb_cluster_set(cluster, "cni.calico", calico), KB_OK);
	assert_int_equal(kb_cluster_set(cluster, "cni.calicoctl.sha256", sha256), KB_OK);
	kb_plan *plan = kb_cluster_up(cluster);
	size_t count = count_of(plan, "calicoctl.install");
	kb_plan_free(plan);
	kb_cluster_free(cluster);
	return count;
}

static void
calicoctl_comes_by_itself_only_where_its_sum_is_known(void **state)
{
	assert_int_equal(calicoctls(*state, "v3.30.7", NULL), 1);
	assert_int_equal(calicoctls(*state, "v3.32.1", NULL), 0);
	assert_int_equal(calicoctls(*state, "v3.32.1", "087e1547878913587ebaa756686f38184a730e9af9b71f3d91b92f6c99b60c11"), 1);
}

static void
one_host_alone_is_a_cluster(void **state)
{
	kb_cluster *cluster = kb_cluster_new(*state);

	kb_cluster_set(cluster, "kubernetes.version", "1.34.4");
	kb_cluster_set(cluster, "network.nodes", "192.168.1.0/24");
	kb_cluster_set(cluster, "network.pods", "172.16.0.0/16");
	kb_cluster_set(cluster, "cni", "none");
	kb_cluster_add_host(cluster, "cp", "192.168.1.2", "control-plane");
	kb_plan *plan = kb_cluster_up(cluster);
	assert_non_null(plan);
	assert_int_equal(place(plan, "cp", "token.create"), -1);
	assert_int_equal(place(plan, "cp", "calico.install"), -1);
	assert_int_equal(place(plan, "cp", "node.ready"), -1);
	assert_int_not_equal(place(plan, "cp", "kubeadm.init"), -1);
	kb_plan_free(plan);
	kb_cluster_free(cluster);
}

static void
reset_goes_from_the_workers_to_the_control_plane(void **state)
{
	static const char *const control_plane[] = {
		"cluster.authority", "calico.remove", "node.drain", "node.delete", "kubeadm.reset", "net.clean",
	};
	static const char *const worker[] = {"cluster.authority", "kubeadm.reset", "net.clean"};
	kb_cluster *cluster = cluster_by_calls(*state);
	kb_plan *plan = kb_cluster_reset(cluster);

	assert_non_null(plan);
	assert_int_equal(place(plan, "cp", "calico.remove"), -1);
	check_order(plan, "cp", control_plane + 2, COUNT(control_plane) - 2);
	kb_plan_free(plan);
	kb_cluster_set(cluster, "reset.calico", "yes");
	plan = kb_cluster_reset(cluster);
	check_order(plan, "cp", control_plane, COUNT(control_plane));
	check_order(plan, "w1", worker, COUNT(worker));
	assert_int_equal(count_of(plan, "node.drain"), 2);
	assert_int_equal(count_of(plan, "node.delete"), 2);
	assert_int_equal(count_of(plan, "net.clean"), 3);
	kb_plan_free(plan);
	plan = kb_cluster_status(cluster);
	assert_int_equal(kb_plan_task_count(plan), 3);
	kb_plan_free(plan);
	kb_cluster_free(cluster);
}

/* All the same the workers' is bound to what the control plane says. */
static void
a_reset_can_be_told_which_cluster_is_meant(void **state)
{
	kb_cluster *cluster = cluster_by_calls(*state);

	assert_int_equal(kb_cluster_set(cluster, "steps.cluster.authority.ca-cert-hash",
		"sha256:0000000000000000000000000000000000000000000000000000000000000000"), KB_OK);
	kb_plan *plan = kb_cluster_reset(cluster);
	assert_non_null(plan);
	kb_plan_free(plan);
	kb_cluster_free(cluster);
}

static void
a_step_takes_what_the_description_says_of_it(void **state)
{
	kb_cluster *cluster = cluster_by_calls(*state);

	assert_int_equal(kb_cluster_set(cluster, "steps.kernel.sysctl.settings", "net.ipv4.ip_forward=1"), KB_OK);
	kb_plan *plan = kb_cluster_up(cluster);
	assert_non_null(plan);
	kb_plan_free(plan);
	assert_int_equal(kb_cluster_set(cluster, "steps.kubeadm.init.upload-certs", "maybe"), KB_OK);
	plan = kb_cluster_up(cluster);
	assert_true(!plan || kb_plan_start(plan, KB_CHECK, 1000) == KB_EINVAL);
	kb_plan_free(plan);
	kb_cluster_free(cluster);
}

/* Of a plan, as many workers as asked for */
static size_t
bytes_of_plan(kb_ctx *kb, size_t workers)
{
	kb_cluster *cluster = cluster_by_calls(kb);
	char name[32], address[32];

	for (size_t i = 0; i < workers; i++) {
		snprintf(name, sizeof(name), "worker-%zu", i);
		snprintf(address, sizeof(address), "192.168.%zu.%zu", 2 + i / 200, 10 + i % 200);
		assert_int_equal(kb_cluster_add_host(cluster, name, address, "worker"), KB_OK);
	}
	assert_int_equal(kb_cluster_set(cluster, "network.nodes", "192.168.0.0/16"), KB_OK);
	assert_int_equal(kb_cluster_set(cluster, "network.pods", "172.16.0.0/12"), KB_OK);
	size_t before = mallinfo2().uordblks;
	kb_plan *plan = kb_cluster_up(cluster);
	size_t bytes = mallinfo2().uordblks - before;
	assert_non_null(plan);
	kb_plan_free(plan);
	kb_cluster_free(cluster);
	return bytes;
}

/* Each host is told of all the others, in parameters that all of them share */
static void
a_plan_grows_with_its_hosts_and_not_with_their_square(void **state)
{
	enum { FEW = 40, MANY = 400 };
	bytes_of_plan(*state, FEW);
	double few = (double)bytes_of_plan(*state, FEW) / FEW, many = (double)bytes_of_plan(*state, MANY) / MANY;

	print_message("a plan of %d hosts: %.1f KiB a host; of %d: %.1f\n", FEW, few / 1024, MANY, many / 1024);
	if (few > 0)	/* a sanitizer's allocator counts nothing there */
		assert_true(many < 1.25 * few);
}

static void
secret_files_are_their_owners(void **state)
{
	char path[] = "/tmp/secret-XXXXXX";
	int fd = mkstemp(path);
	kb_cluster *cluster = cluster_by_calls(*state);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "s3cret\nmore\n", 12), 12);
	close(fd);
	assert_int_equal(kb_cluster_set(cluster, "ssh.sudo_password_file", path), KB_OK);
	kb_plan *plan = kb_cluster_status(cluster);
	assert_non_null(plan);
	kb_plan_free(plan);
	chmod(path, 0644);
	assert_null(kb_cluster_status(cluster));
	check_failed(*state, "cluster.secret-file-open", NULL);
	unlink(path);
	assert_null(kb_cluster_status(cluster));
	kb_cluster_free(cluster);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_description_can_be_made_by_calls),
		cmocka_unit_test(wrong_calls_say_what_is_wrong),
		cmocka_unit_test(nothing_is_harmless),
		cmocka_unit_test(what_is_wrong_is_found_before_a_plan_is_made),
		cmocka_unit_test(up_goes_from_bare_to_ready),
		cmocka_unit_test(calicoctl_comes_by_itself_only_where_its_sum_is_known),
		cmocka_unit_test(one_host_alone_is_a_cluster),
		cmocka_unit_test(reset_goes_from_the_workers_to_the_control_plane),
		cmocka_unit_test(a_reset_can_be_told_which_cluster_is_meant),
		cmocka_unit_test(a_step_takes_what_the_description_says_of_it),
		cmocka_unit_test(a_plan_grows_with_its_hosts_and_not_with_their_square),
		cmocka_unit_test(secret_files_are_their_owners),
	};

	return cmocka_run_group_tests_name("cluster", tests, unit_make_context, unit_free_context);
}
