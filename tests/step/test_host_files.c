/* SPDX-License-Identifier: Apache-2.0 */
/* hosts.entries, swap.off and kubectl.shell: files of the host of which only a part is ours. */
#include <kb/event.h>

#include "judged.h"

#define VAGRANT_HOSTS "127.0.0.1\tlocalhost\n127.0.2.1 cluster1-master1 cluster1-master1\n# mine\n10.9.8.7 printer\n"
#define ENTRIES "entries=192.168.1.2 cluster1-master1\nentries=192.168.1.3 cluster1-worker1\n"

static void
names_are_written_once_and_nothing_shadows_them(void **state)
{
	struct judged j;

	(void)state;
	judged_new(&j, "hosts.entries", ENTRIES);
	judged_file(&j, "hosts", VAGRANT_HOSTS, "0644");
	assert_int_equal(judged_run(&j), KB_DIFFERS);
	const char *wanted = judged_want(&j, "hosts");
	assert_non_null(strstr(wanted, "\n192.168.1.2 cluster1-master1\n192.168.1.3 cluster1-worker1\n"));
	assert_null(strstr(wanted, "127.0.2.1 cluster1-master1"));
	assert_non_null(strstr(wanted, "# mine\n10.9.8.7 printer\n"));
	kbi_map_set(&j.facts, "hosts", wanted);
	assert_int_equal(judged_run(&j), KB_PRESENT);
	judged_free(&j);
}

static void
a_file_that_cloud_init_rewrites_is_a_warning(void **state)
{
	struct judged j;

	(void)state;
	judged_new(&j, "hosts.entries", ENTRIES);
	judged_file(&j, "hosts", NULL, NULL);
	judged_fact(&j, "rewritten_by", "/etc/cloud/cloud.cfg");
	assert_int_equal(judged_run(&j), KB_ABSENT);
	assert_non_null(strstr(judged_note(&j, "hosts.rewritten"), "/etc/cloud/cloud.cfg"));
	judged_free(&j);
	judged_refuses("hosts.entries", "entries=not-an-address name\n", KB_EINVAL, NULL, "");
	judged_refuses("hosts.entries", "entries=192.168.1.2\n", KB_EINVAL, NULL, "");
}

static void
swap_facts(struct judged *j, const char *container, const char *fstab)
{
	judged_new(j, "swap.off", "");
	judged_fact(j, "container", container);
	judged_file(j, "fstab", fstab, "0644");
}

static void
swap_goes_now_and_from_the_next_boot(void **state)
{
	struct judged j;

	(void)state;
	swap_facts(&j, "none", "UUID=1 / ext4 defaults 0 1\n/dev/sda2 none swap sw 0 0\n/swap /mnt/swap ext4 defaults 0 2\n");
	judged_fact(&j, "swap", "/dev/sda2 partition");
	judged_fact(&j, "swap", "/swap\\040file file");
	judged_fact(&j, "unit", "dev-sda2.swap generated");
	judged_fact(&j, "unit", "dev-zram0.swap generated");
	judged_fact(&j, "unit", "zramswap.service enabled");
	judged_fact(&j, "unit", "swap.target static");
	assert_int_equal(judged_run(&j), KB_DIFFERS);
	assert_string_equal(judged_want(&j, "off"), "yes");
	assert_string_equal(judged_after(&j, "/dev/sda2"), "swap off");
	assert_string_equal(judged_after(&j, "/swap\\040file"), "swap off");
	assert_string_equal(judged_after(&j, "dev-zram0.swap"), "off");
	assert_string_equal(judged_after(&j, "zramswap.service"), "off");
	assert_string_equal(judged_after(&j, "swap.target"), "off");
	assert_string_equal(judged_want(&j, "fstab"),
		"UUID=1 / ext4 defaults 0 1\n#kb# /dev/sda2 none swap sw 0 0\n/swap /mnt/swap ext4 defaults 0 2\n");
	judged_free(&j);
}

static void
a_host_without_swap_is_left_alone(void **state)
{
	struct judged j;

	(void)state;
	swap_facts(&j, "none", "UUID=1 / ext4 defaults 0 1\n#kb# /dev/sda2 none swap sw 0 0\n");
	judged_fact(&j, "unit", "swap.target masked");
	judged_fact(&j, "unit", "dev-sda2.swap disabled");
	judged_fact(&j, "unit", "dphys-swapfile.service masked");
	assert_int_equal(judged_run(&j), KB_PRESENT);
	judged_free(&j);
	swap_facts(&j, "none", NULL);	/* a container's image has no fstab, and may have no systemd */
	assert_int_equal(judged_run(&j), KB_PRESENT);
	judged_free(&j);
}

static void
a_mask_that_ends_with_the_boot_is_none(void **state)
{
	struct judged j;

	(void)state;
	swap_facts(&j, "none", NULL);
	judged_fact(&j, "unit", "swap.target masked-runtime");
	assert_int_equal(judged_run(&j), KB_DIFFERS);
	judged_free(&j);
}

static void
the_swap_of_the_machine_outside_is_not_a_containers_to_turn_off(void **state)
{
	struct judged j;

	(void)state;
	swap_facts(&j, "lxc", NULL);
	judged_fact(&j, "swap", "/dev/nvme0n1p3 partition");
	judged_fact(&j, "unit", "swap.target masked");
	assert_int_equal(judged_run(&j), KB_PRESENT);
	assert_string_equal(judged_want(&j, "off"), "");
	assert_non_null(strstr(judged_note(&j, "swap.outside"), "/dev/nvme0n1p3"));
	judged_free(&j);
}

static void
bashrc_facts(struct judged *j, const char *text)
{
	judged_new(j, "kubectl.shell", "");
	judged_fact(j, "bashrc_path", "/root/.bashrc");
	judged_file(j, "bashrc", text, "0644");
	judged_fact(j, "installed", "bash-completion 1:2.11-6 ii");
}

static void
the_block_in_bashrc_is_kept_where_it_is(void **state)
{
	struct judged j;
	char *again;

	(void)state;
	bashrc_facts(&j, "# mine\nPS1=x");
	assert_int_equal(judged_run(&j), KB_DIFFERS);
	assert_true(kbi_str_starts(judged_want(&j, "bashrc"), "# mine\nPS1=x\n# begin libkb"));
	assert_non_null(strstr(judged_want(&j, "bashrc"), "complete -o default -F __start_kubectl k\n"));
	assert_string_equal(judged_want(&j, "package"), "");
	again = strdup(judged_want(&j, "bashrc"));
	judged_free(&j);

	bashrc_facts(&j, again);
	assert_int_equal(judged_run(&j), KB_PRESENT);
	judged_free(&j);

	char *more = malloc(strlen(again) + 100);	/* the owner wrote on behind it, and into it */
	sprintf(more, "%salias ll='ls -l'\n", again);
	memcpy(strstr(more, "alias k="), "alias j=", 8);
	bashrc_facts(&j, more);
	assert_int_equal(judged_run(&j), KB_DIFFERS);
	assert_true(kbi_str_starts(judged_want(&j, "bashrc"), again));
	assert_true(kbi_str_ends(judged_want(&j, "bashrc"), "# end libkb\nalias ll='ls -l'\n"));
	judged_free(&j);
	free(more);
	free(again);
}

static void
a_block_that_lost_its_end_swallows_nothing(void **state)
{
	struct judged j;

	(void)state;
	bashrc_facts(&j, "# begin libkb: written by kubectl.shell, changes between these two lines are lost\nexport PRECIOUS=1\n");
	assert_int_equal(judged_run(&j), KB_DIFFERS);
	assert_non_null(strstr(judged_want(&j, "bashrc"), "export PRECIOUS=1\n"));
	judged_free(&j);
}

/* The bytes of a file over 1 MiB are not told, whether it lies there or a link leads to it; a link that leads nowhere is written through. */
static void
what_was_too_large_to_be_told_is_not_written_over(void **state)
{
	static const struct { const char *facts; int verdict; } cases[] = {
		{ "bashrc.type=file\nbashrc.owner=root:root\nbashrc.mode=0644\n", KB_UNKNOWN },
		{ "bashrc.type=link\nbashrc.target=dotfiles/bashrc\nbashrc.owner=root:root\nbashrc.mode=0644\n", KB_UNKNOWN },
		{ "bashrc.type=link\nbashrc.target=dotfiles/gone\n", KB_ABSENT },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct judged j;
		judged_new(&j, "kubectl.shell", "");
		judged_facts(&j, "bashrc_path=/root/.bashrc\ninstalled=bash-completion 1:2.11-6 ii\n");
		judged_facts(&j, cases[i].facts);
		assert_int_equal(judged_run(&j), cases[i].verdict);
		judged_free(&j);
	}
}

/* What a cluster says of itself may be long, and is worth no failure */
static void
a_long_note_is_cut(void **state)
{
	struct kbi_judge judge = { 0 };
	char text[6001];
	(void)state;
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	kbi_judge_note(&judge, KB_WARNING, "x.long", "it says: %s", text);
	assert_false(judge.has_failed);
	assert_int_equal(judge.note_count, 1);
	assert_int_equal(strlen(judge.notes[0].text), 4096);
	kbi_judge_evidence(&judge, "%s", text);
	kbi_judge_fail(&judge, KB_ESTEP, "x.failed", "failed");
	kbi_judge_free(&judge);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_written_once_and_nothing_shadows_them),
		cmocka_unit_test(a_file_that_cloud_init_rewrites_is_a_warning),
		cmocka_unit_test(swap_goes_now_and_from_the_next_boot),
		cmocka_unit_test(a_host_without_swap_is_left_alone),
		cmocka_unit_test(a_mask_that_ends_with_the_boot_is_none),
		cmocka_unit_test(the_swap_of_the_machine_outside_is_not_a_containers_to_turn_off),
		cmocka_unit_test(the_block_in_bashrc_is_kept_where_it_is),
		cmocka_unit_test(a_block_that_lost_its_end_swallows_nothing),
		cmocka_unit_test(what_was_too_large_to_be_told_is_not_written_over),
		cmocka_unit_test(a_long_note_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
