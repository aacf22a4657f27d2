/* SPDX-License-Identifier: Apache-2.0 */
/* Real files with bytes changed at random (the same ones each time): whatever comes out, nothing crashes, and an edit that succeeds is one
 * that done again changes nothing. KB_TEST_ROUNDS sets how many rounds there are. */
#include "unit.h"

#include <kb/text.h>

#include "text/apt.h"
#include "text/yaml.h"

#define ROUNDS 300

static unsigned seed;

static size_t
any(size_t below)
{
	return below ? (size_t)rand_r(&seed) % below : 0;
}

/* Bytes that mean something to one of the languages, and some that mean nothing to any. */
static char
any_byte(void)
{
	static const char bytes[] = "\n\r\t \"'#:-[]{},.=\\&*!|>%@`?0a~/\x01\x7f\xc3\xa4\xff";

	return any(8) ? bytes[any(sizeof(bytes))] : (char)any(256);
}

/* A changed copy: bytes replaced, inserted, taken out, a piece doubled, the end cut off. Always followed by a NUL. */
static struct unit_file
mutated(const struct unit_file *file)
{
	struct unit_file copy = {malloc(2 * file->size_bytes + 64), file->size_bytes};

	assert_non_null(copy.data);
	memcpy(copy.data, file->data, file->size_bytes);
	for (size_t changes = 1 + any(6); changes; changes--) {
		size_t at = any(copy.size_bytes), length = any(1 + (copy.size_bytes - at) / 4);
		switch (any(5)) {
		case 0:
			copy.data[at] = copy.size_bytes ? any_byte() : '\0';
			break;
		case 1:
			memmove(copy.data + at + 1, copy.data + at, copy.size_bytes - at);
			copy.data[at] = any_byte();
			copy.size_bytes++;
			break;
		case 2:
			memmove(copy.data + at, copy.data + at + length, copy.size_bytes - at - length);
			copy.size_bytes -= length;
			break;
		case 3:
			if (copy.size_bytes + length > 2 * file->size_bytes)
				break;
			memmove(copy.data + at + length, copy.data + at, copy.size_bytes - at);
			copy.size_bytes += length;
			break;
		default:
			copy.size_bytes = any(4) ? copy.size_bytes : at;
		}
	}
	copy.data[copy.size_bytes] = '\0';
	return copy;
}

typedef kb_bytes *(*edit)(kb_ctx *kb, const void *data, size_t size_bytes);

static kb_bytes *
set_cidr(kb_ctx *kb, const void *data, size_t size_bytes)
{
	return kb_calico_set_pod_cidr(kb, data, size_bytes, "172.16.0.0/16");
}

static kb_bytes *
set_block_size(kb_ctx *kb, const void *data, size_t size_bytes)
{
	return kb_calico_set_block_size(kb, data, size_bytes, 24);
}

static kb_bytes *
set_encapsulation(kb_ctx *kb, const void *data, size_t size_bytes)
{
	return kb_calico_set_encapsulation(kb, data, size_bytes, "IPIP");
}

static kb_bytes *
set_cgroup(kb_ctx *kb, const void *data, size_t size_bytes)
{
	return kb_toml_set(kb, data, size_bytes,
		"plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options", "SystemdCgroup", "true");
}

static kb_bytes *
set_imports(kb_ctx *kb, const void *data, size_t size_bytes)
{
	return kb_toml_set(kb, data, size_bytes, "", "imports", "[\"/x\"]");
}

static kb_bytes *
set_hosts(kb_ctx *kb, const void *data, size_t size_bytes)
{
	return kb_hosts_block(kb, data, size_bytes, "192.168.1.2 cluster1-master1\n192.168.1.3 cluster1-worker1\n");
}

static kb_bytes *
merge(kb_ctx *kb, const void *data, size_t size_bytes)
{
	return kb_kubeadm_merge(kb, data, size_bytes,
		"kind: ClusterConfiguration\nnetworking: {podSubnet: 172.16.0.0/16}\n");
}

static const struct {
	const char *file;
	edit edit;
} edits[] = {
	{"calico/v3.23.1/custom-resources.yaml", set_cidr}, {"calico/v3.32.1/custom-resources.yaml", set_cidr},
	{"calico/v3.30.7/custom-resources.yaml", set_block_size},
	{"calico/v3.29.7/custom-resources.yaml", set_encapsulation},
	{"containerd/1.6.20-default.toml", set_cgroup}, {"containerd/2.1.9-default.toml", set_cgroup},
	{"containerd/2.3.7-default.toml", set_imports},
	{"containerd/1.6.20-debian.toml", set_cgroup}, {"fstab/ubuntu-20.04", kb_fstab_swap_off},
	{"fstab/ubuntu-20.04", kb_fstab_swap_on},
	{"hosts/vagrant", set_hosts}, {"kubeadm/init-v1beta4.yaml", merge},
};

static int
rounds(void)
{
	const char *text = getenv("KB_TEST_ROUNDS");

	return text ? atoi(text) : ROUNDS;
}

static void
an_edit_that_succeeds_is_done(void **state)
{
	for (size_t i = 0; i < COUNT(edits); i++) {
		struct unit_file file = unit_read(edits[i].file);
		size_t succeeded = 0;
		seed = 1;
		for (int round = 0; round < rounds(); round++) {
			struct unit_file copy = mutated(&file);
			kb_bytes *once = edits[i].edit(*state, copy.data, copy.size_bytes);
			kb_bytes *twice = once ? edits[i].edit(*state, kb_bytes_data(once), kb_bytes_size(once)) : NULL;
			if (once && (!twice || kb_bytes_size(once) != kb_bytes_size(twice)
				|| memcmp(kb_bytes_data(once), kb_bytes_data(twice), kb_bytes_size(once)) != 0))
				fail_msg("%s, round %d: the second edit is not the first one", edits[i].file, round);
			succeeded += once != NULL;
			kb_bytes_free(once);
			kb_bytes_free(twice);
			free(copy.data);
		}
		assert_true(succeeded > 0);	/* or this test would test nothing */
		free(file.data);
	}
}

/* Readers without an edit: there is nothing to compare, but everything to survive. */
static void
readers_survive(void **state)
{
	static const char *const files[] = {"ca/text.pem", "ca/chain.pem",
		"calico/v3.32.1/custom-resources.yaml", "hosts/vagrant", "containerd/1.6.20-debian.toml"};

	for (size_t i = 0; i < COUNT(files); i++) {
		struct unit_file file = unit_read(files[i]);
		seed = 2;
		for (int round = 0; round < rounds(); round++) {
			struct unit_file copy = mutated(&file), other = mutated(&file);
			struct kbi_yaml yaml;
			kb_bytes_free(kb_ca_hash(*state, copy.data, copy.size_bytes));
			kb_bytes_free(kb_join_parse(*state, copy.data));
			kb_bytes_free(kb_kubeadm_config(*state, "init", copy.data));
			kb_bytes_free(kb_diff(*state, "x", copy.data, copy.size_bytes, other.data, other.size_bytes));
			kb_bytes_free(kb_cidr_suggest(*state, 24, copy.data));
			kbi_apt_names_url(copy.data, copy.size_bytes, "https://pkgs.k8s.io");
			if (!kbi_yaml_read(&yaml, "t", copy.data, copy.size_bytes, MIB, NULL))
				kbi_yaml_free(&yaml);
			free(copy.data);
			free(other.data);
		}
		free(file.data);
	}
}

/* What is read and written reads the same again. */
static void
written_yaml_reads_the_same(void **state)
{
	struct unit_file file = unit_read("calico/v3.30.7/custom-resources.yaml");
	size_t read = 0;

	(void)state;
	seed = 3;
	for (int round = 0; round < rounds(); round++) {
		struct unit_file copy = mutated(&file);
		struct kbi_buf once = KBI_BUF(MIB), twice = KBI_BUF(MIB);
		struct kbi_yaml yaml;
		if (!kbi_yaml_read(&yaml, "t", copy.data, copy.size_bytes, MIB, NULL)) {
			read++;
			kbi_yaml_write(&once, &yaml);
			kbi_yaml_free(&yaml);
			assert_int_equal(kbi_yaml_read(&yaml, "t", kbi_buf_text(&once), once.size_bytes, MIB, NULL), KB_OK);
			kbi_yaml_write(&twice, &yaml);
			kbi_yaml_free(&yaml);
			assert_string_equal(kbi_buf_text(&once), kbi_buf_text(&twice));
		}
		kbi_buf_free(&once);
		kbi_buf_free(&twice);
		free(copy.data);
	}
	assert_true(read > 0);
	free(file.data);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_edit_that_succeeds_is_done),
		cmocka_unit_test(readers_survive),
		cmocka_unit_test(written_yaml_reads_the_same),
	};

	return cmocka_run_group_tests_name("mutation", tests, unit_make_context, unit_free_context);
}
