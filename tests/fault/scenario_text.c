/* SPDX-License-Identifier: Apache-2.0 */
/* Each text function alone. */
#include "fault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <kb/text.h>

#define HASH "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define TOKEN "abcdef.0123456789abcdef"
#define INSTALLATION "kind: Installation\napiVersion: operator.tigera.io/v1\nspec: {calicoNetwork: {ipPools: [{cidr: 10.0.0.0/8}]}}\n"
#define DAEMONSET "kind: DaemonSet\nspec:\n  template:\n    spec:\n      containers:\n      - name: calico-node\n        env:\n        - name: A\n"
#define CLUSTER "kind: ClusterConfiguration\napiVersion: kubeadm.k8s.io/v1beta4\napiServer: {extraArgs: [{name: a, value: b}]}\n"

static char certificate[8192];	/* read before anything may fail */

static kb_bytes *
cidr_suggest(kb_ctx *kb)
{
	return kb_cidr_suggest(kb, 16, "172.16.0.0/16 10.0.0.1");
}

static kb_bytes *
calico_pod_cidr(kb_ctx *kb)
{
	return kb_calico_pod_cidr(kb, INSTALLATION, strlen(INSTALLATION));
}

static kb_bytes *
calico_set_operator(kb_ctx *kb)
{
	return kb_calico_set_pod_cidr(kb, INSTALLATION, strlen(INSTALLATION), "172.16.0.0/16");
}

static kb_bytes *
calico_set_manifest(kb_ctx *kb)
{
	return kb_calico_set_pod_cidr(kb, DAEMONSET, strlen(DAEMONSET), "172.16.0.0/16");
}

static kb_bytes *
calico_block_size(kb_ctx *kb)
{
	return kb_calico_set_block_size(kb, INSTALLATION, strlen(INSTALLATION), 26);
}

static kb_bytes *
calico_encapsulation(kb_ctx *kb)
{
	return kb_calico_set_encapsulation(kb, DAEMONSET, strlen(DAEMONSET), "IPIP");
}

static kb_bytes *
kubeadm_init(kb_ctx *kb)
{
	return kb_kubeadm_config(kb, "init", "{node-ip: 1.2.3.4, taints: 'a=b:NoSchedule', feature-gates: A=true, token: " TOKEN
		", node-labels: {a: b}, pod-network-cidr: 10.0.0.0/8, skip-phases: [a, b], kubernetes-version: 1.34.4}");
}

static kb_bytes *
kubeadm_join(kb_ctx *kb)
{
	return kb_kubeadm_config(kb, "join", "{endpoint: 'a:1', token: " TOKEN ", ca-cert-hash: " HASH ", control-plane: yes}");
}

static kb_bytes *
kubeadm_merge(kb_ctx *kb)
{
	return kb_kubeadm_merge(kb, CLUSTER, strlen(CLUSTER),
		"kind: ClusterConfiguration\napiServer: {extraArgs: [{name: c, value: d}]}\n---\nkind: KubeProxyConfiguration\na: {b: [c]}\n");
}

static kb_bytes *
token_make(kb_ctx *kb)
{
	return kb_token_make(kb);
}

static kb_bytes *
ca_hash(kb_ctx *kb)
{
	return kb_ca_hash(kb, certificate, strlen(certificate));
}

static kb_bytes *
join_parse(kb_ctx *kb)
{
	return kb_join_parse(kb, "kubeadm join a:1 --token " TOKEN " --discovery-token-ca-cert-hash " HASH " --skip-phases a,b");
}

static kb_bytes *
join_print(kb_ctx *kb)
{
	return kb_join_print(kb, "a:1", TOKEN, HASH, NULL);
}

static kb_bytes *
fstab_off(kb_ctx *kb)
{
	return kb_fstab_swap_off(kb, "/x none swap\n", 13);
}

static kb_bytes *
fstab_on(kb_ctx *kb)
{
	return kb_fstab_swap_on(kb, "/x none swap\n", 13);
}

static kb_bytes *
hosts_block(kb_ctx *kb)
{
	return kb_hosts_block(kb, "127.0.1.1 a b\n", 14, "1.2.3.4 a\n");
}

static kb_bytes *
apt_source(kb_ctx *kb)
{
	return kb_apt_source(kb, "community", NULL, "1.34.4", "/k.gpg");
}

static kb_bytes *
toml_change(kb_ctx *kb)
{
	static const char toml[] = "a = [1]\n[t]\nk = {b = \"x\"}\n";

	return kb_toml_set(kb, toml, strlen(toml), "t.k", "c", "2");
}

static kb_bytes *
toml_table(kb_ctx *kb)
{
	static const char toml[] = "a = [1]\n[t]\nk = {b = \"x\"}\n";

	return kb_toml_set(kb, toml, strlen(toml), "u", "c", "2");
}

static kb_bytes *
diff(kb_ctx *kb)
{
	return kb_diff(kb, "x", "a\nb\nc\n", 6, "a\nd\nc\n", 6);
}

/* What has no bytes to give is asked for by a text that says so. */
static kb_bytes *
cidrs(kb_ctx *kb)
{
	bool is = kb_cidr_check(kb, "10.0.0.0/8") == 0 && kb_cidr_contains(kb, "10.0.0.0/8", "10.1.2.3") == 1
		&& kb_cidr_overlaps(kb, "fd00::/8", "fd00::/16") == 1 && kb_cidr_block_count(kb, "10.0.0.0/16", 26) == 1024
		&& kb_token_check(kb, TOKEN) == 0 && kb_apt_flavour(kb, "1.34.4");

	return is ? kb_diff(kb, "x", "a\n", 2, "b\n", 2) : NULL;
}

static kb_bytes *(*const calls[])(kb_ctx *kb) = {
	cidr_suggest, cidrs, calico_pod_cidr, calico_set_operator, calico_set_manifest, calico_block_size, calico_encapsulation, kubeadm_init,
	kubeadm_join, kubeadm_merge, token_make, ca_hash, join_parse, join_print, fstab_off, fstab_on, hosts_block, apt_source, toml_change,
	toml_table, diff,
};

static char right[1 << 16];	/* what it says when nothing fails */

static void
remember(void)
{
	FILE *file = fopen(TEST_DATA "/ca/ec.pem", "r");

	certificate[file ? fread(certificate, 1, sizeof(certificate) - 1, file) : 0] = '\0';
	if (file)
		fclose(file);
}

static bool
is_right(kb_bytes *bytes, int which)
{
	if (calls[which] == token_make)
		return kb_bytes_size(bytes) == strlen(TOKEN);
	return kb_bytes_size(bytes) == strlen(right) && memcmp(kb_bytes_data(bytes), right, strlen(right)) == 0;
}

static void
learn(kb_ctx *kb, int which)
{
	kb_bytes *bytes = calls[which](kb);

	if (!bytes || kb_bytes_size(bytes) >= sizeof(right))
		fault_wrong("it works not even when nothing fails");
	memcpy(right, kb_bytes_data(bytes), kb_bytes_size(bytes));
	kb_bytes_free(bytes);
}

static int
play(const struct scenario *scenario)
{
	kb_ctx *kb = kb_new();
	int status = KB_OK;

	learn(kb, scenario->which);
	fault_begin();
	kb_bytes *bytes = calls[scenario->which](kb);
	if (!bytes)
		status = fault_code(kb);
	if (!bytes && !fault_goes_on())		/* the context goes on to work */
		bytes = calls[scenario->which](kb);
	if ((bytes || !fault_goes_on()) && !is_right(bytes, scenario->which))
		fault_wrong("it says \"%.80s\"", bytes ? (const char *)kb_bytes_data(bytes) : "nothing");
	kb_bytes_free(bytes);
	kb_free(kb);
	return status;
}

const struct scenario fault_text[] = {
	{"text.cidr-suggest", remember, play, NULL, 0, 0},
	{"text.cidr-and-checks", remember, play, NULL, 1, 0},
	{"text.calico-pod-cidr", remember, play, NULL, 2, 0},
	{"text.calico-set-operator", remember, play, NULL, 3, 0},
	{"text.calico-set-manifest", remember, play, NULL, 4, 0},
	{"text.calico-block-size", remember, play, NULL, 5, 0},
	{"text.calico-encapsulation", remember, play, NULL, 6, 0},
	{"text.kubeadm-init", remember, play, NULL, 7, 0},
	{"text.kubeadm-join", remember, play, NULL, 8, 0},
	{"text.kubeadm-merge", remember, play, NULL, 9, 0},
	{"text.token-make", remember, play, NULL, 10, 0},
	{"text.ca-hash", remember, play, NULL, 11, 0},
	{"text.join-parse", remember, play, NULL, 12, 0},
	{"text.join-print", remember, play, NULL, 13, 0},
	{"text.fstab-off", remember, play, NULL, 14, 0},
	{"text.fstab-on", remember, play, NULL, 15, 0},
	{"text.hosts-block", remember, play, NULL, 16, 0},
	{"text.apt-source", remember, play, NULL, 17, 0},
	{"text.toml-change", remember, play, NULL, 18, 0},
	{"text.toml-table", remember, play, NULL, 19, 0},
	{"text.diff", remember, play, NULL, 20, 0},
	{0},
};
