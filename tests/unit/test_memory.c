/* SPDX-License-Identifier: Apache-2.0 */
/* Each allocation of each text function fails once: the answer is then no answer, the code KB_ENOMEM, and nothing is lost or broken.
 * The linker sends malloc(), calloc() and realloc() of the library through here; those of other libraries stay as they are. */
#include "unit.h"

#include <kb/text.h>

#define HASH "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define TOKEN "abcdef.0123456789abcdef"

static long fails_at;	/* counts down; the allocation that finds 1 fails, and so do all behind it when `fails_on` */
static bool fails_on;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

static bool
is_failing(void)
{
	if (!fails_at)
		return false;
	if (fails_at > 1) {
		fails_at--;
		return false;
	}
	fails_at = fails_on;
	return true;
}

void *
__wrap_malloc(size_t size)
{
	return is_failing() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t count, size_t size)
{
	return is_failing() ? NULL : __real_calloc(count, size);
}

void *
__wrap_realloc(void *old, size_t size)
{
	return is_failing() ? NULL : __real_realloc(old, size);
}

#define INSTALLATION "kind: Installation\napiVersion: operator.tigera.io/v1\nspec: {calicoNetwork: {ipPools: [{cidr: 10.0.0.0/8}]}}\n"
#define DAEMONSET "kind: DaemonSet\nspec:\n  template:\n    spec:\n      containers:\n      - name: calico-node\n        env:\n        - name: A\n"

static struct unit_file ca;	/* read before anything may fail */

static kb_bytes *
call(kb_ctx *kb, int which)
{
	static const char toml[] = "a = [1]\n[t]\nk = {b = \"x\"}\n", hosts[] = "127.0.1.1 a b\n",
		swap[] = "/x none swap\n";
	static const char cluster[] = "kind: ClusterConfiguration\napiVersion: kubeadm.k8s.io/v1beta4\napiServer: {extraArgs: [{name: a, value: b}]}\n";
	switch (which) {
	case 0: return kb_cidr_suggest(kb, 16, "172.16.0.0/16 10.0.0.1");
	case 1: return kb_calico_pod_cidr(kb, INSTALLATION, strlen(INSTALLATION));
	case 2: return kb_calico_set_pod_cidr(kb, INSTALLATION, strlen(INSTALLATION), "172.16.0.0/16");
	case 3: return kb_calico_set_pod_cidr(kb, DAEMONSET, strlen(DAEMONSET), "172.16.0.0/16");
	case 4: return kb_calico_set_encapsulation(kb, DAEMONSET, strlen(DAEMONSET), "IPIP");
	case 5: return kb_kubeadm_config(kb, "init",
		"{node-ip: 1.2.3.4, taints: 'a=b:NoSchedule', feature-gates: A=true, token: " TOKEN
		", node-labels: {a: b}, pod-network-cidr: 10.0.0.0/8, skip-phases: [a, b], kubernetes-version: 1.34.4}");
	case 6: return kb_kubeadm_config(kb, "join",
		"{endpoint: 'a:1', token: " TOKEN ", ca-cert-hash: " HASH ", control-plane: yes}");
	case 7: return kb_kubeadm_merge(kb, cluster, strlen(cluster),
		"kind: ClusterConfiguration\napiServer: {extraArgs: [{name: c, value: d}]}\n"
		"---\nkind: KubeProxyConfiguration\na: {b: [c]}\n");
	case 8: return kb_token_make(kb);
	case 9: return kb_ca_hash(kb, ca.data, ca.size_bytes);
	case 10: return kb_join_parse(kb,
		"kubeadm join a:1 --token " TOKEN " --discovery-token-ca-cert-hash " HASH " --skip-phases a,b");
	case 11: return kb_join_print(kb, "a:1", TOKEN, HASH, NULL);
	case 12: return kb_fstab_swap_off(kb, swap, strlen(swap));
	case 13: return kb_hosts_block(kb, hosts, strlen(hosts), "1.2.3.4 a\n");
	case 14: return kb_apt_source(kb, "community", NULL, "1.34.4", "/k.gpg");
	case 15: return kb_toml_set(kb, toml, strlen(toml), "t.k", "c", "2");
	case 16: return kb_toml_set(kb, toml, strlen(toml), "u", "c", "2");
	case 17: return kb_diff(kb, "x", "a\nb\nc\n", 6, "a\nd\nc\n", 6);
	default: return NULL;
	}
}

static void
check_all(kb_ctx *kb, bool all_behind)
{
	for (int which = 0; which < 18; which++) {
		kb_bytes *bytes = NULL;
		long n = 1;
		for (; !bytes; n++) {
			if (n > 5000)
				fail_msg("call %d: 5000 allocations and no end", which);
			fails_on = all_behind;
			fails_at = n;
			bytes = call(kb, which);
			fails_at = 0;
			if (bytes)
				break;
			kb_err *err = kb_error(kb);
			if (kb_err_code(err) != KB_ENOMEM)
				fail_msg("call %d, allocation %ld: %s: %s", which, n, kb_err_name(kb_err_code(err)),
					kb_err_cause(err));
			kb_err_free(err);
		}
		kb_bytes_free(bytes);
		if (getenv("KB_TEST_TIMES"))
			print_message("call %d: %ld allocations\n", which, n - 1);
		assert_true(n > 1);	/* or the linker did not send them through here */
	}
}

static void
one_failed_allocation_is_an_error(void **state)
{
	check_all(*state, false);
}

static void
no_memory_from_some_point_on_is_an_error(void **state)
{
	check_all(*state, true);
}

static int
make_context(void **state)
{
	ca = unit_read("ca/ec.pem");
	return unit_make_context(state);
}

static int
free_context(void **state)
{
	free(ca.data);
	return unit_free_context(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_failed_allocation_is_an_error),
		cmocka_unit_test(no_memory_from_some_point_on_is_an_error),
	};

	return cmocka_run_group_tests_name("memory", tests, make_context, free_context);
}
