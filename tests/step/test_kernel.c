/* SPDX-License-Identifier: Apache-2.0 */
/* kernel.modules and kernel.sysctl. */
#include "judged.h"

#define CONF "/etc/sysctl.d/99-libkb.conf"

static void
missing_modules_are_loaded_and_named_for_the_next_boot(void **state)
{
	struct judged j;

	(void)state;
	judged_new(&j, "kernel.modules", "");
	judged_fact(&j, "loaded", "overlay");
	judged_file(&j, "conf", NULL, NULL);
	assert_int_equal(judged_run(&j), KB_ABSENT);
	assert_string_equal(judged_want(&j, "load"), "br_netfilter ");
	assert_string_equal(judged_want(&j, "conf"), "# written by libkb\noverlay\nbr_netfilter\n");
	judged_fact(&j, "loaded", "br_netfilter");
	kbi_map_set(&j.facts, "conf.type", "file");
	judged_file(&j, "conf", judged_want(&j, "conf"), "0644");
	kbi_map_set(&j.facts, "conf.type", "file");
	assert_int_equal(judged_run(&j), KB_PRESENT);
	judged_free(&j);
	judged_refuses("kernel.modules", "modules=overlay;reboot\n", KB_EINVAL, NULL, "overlay;reboot");
	judged_refuses("kernel.modules", "modules=-r\n", KB_EINVAL, NULL, "-r");
}

static void
sysctl(struct judged *j, const char *params, const char *conf)
{
	judged_new(j, "kernel.sysctl", params);
	assert_int_equal(j->status, KB_OK);
	judged_file(j, "conf", conf, "0644");
}

static void
settings_are_set_now_and_for_the_next_boot(void **state)
{
	struct judged j;

	(void)state;
	sysctl(&j, "", NULL);
	judged_fact(&j, "value", "net.ipv4.ip_forward=0 ");
	judged_fact(&j, "value", "net.bridge.bridge-nf-call-iptables=1 ");	/* the third is not there without br_netfilter */
	assert_int_equal(judged_run(&j), KB_DIFFERS);
	assert_string_equal(judged_want(&j, "set"), "net.ipv4.ip_forward=1\nnet.bridge.bridge-nf-call-ip6tables=1\n");
	assert_string_equal(judged_want(&j, "conf"), "# written by libkb\nnet.ipv4.ip_forward = 1\n"
		"net.bridge.bridge-nf-call-iptables = 1\nnet.bridge.bridge-nf-call-ip6tables = 1\n");
	assert_null(judged_change(&j, "net.bridge.bridge-nf-call-ip6tables")->before);
	judged_free(&j);
}

static void
blanks_in_a_value_are_the_kernels_own(void **state)
{
	struct judged j;

	(void)state;
	sysctl(&j, "settings=net.ipv4.ip_local_port_range=32768 60999\n", "# written by libkb\nnet.ipv4.ip_local_port_range = 32768 60999\n");
	judged_fact(&j, "value", "net.ipv4.ip_local_port_range=32768\t60999 ");
	assert_int_equal(judged_run(&j), KB_PRESENT);
	judged_free(&j);
}

static void
forward(struct judged *j)
{
	sysctl(j, "settings=net.ipv4.ip_forward=1\n", "# written by libkb\nnet.ipv4.ip_forward = 1\n");
	judged_fact(j, "value", "net.ipv4.ip_forward=1 ");
}

static void
check_undone(const char *facts, const char *by)
{
	struct judged j;

	forward(&j);
	judged_facts(&j, facts);
	assert_int_equal(judged_run(&j), KB_PRESENT);
	const char *note = judged_note(&j, "kernel.sysctl-undone");
	if (by ? !note || !kbi_str_starts(note, by) : note != NULL)
		fail_msg("%s: the note is \"%s\"", facts, note ? note : "none");
	judged_free(&j);
}

static void
a_later_file_that_undoes_a_setting_is_named(void **state)
{
	(void)state;
	check_undone("file=/etc/sysctl.d/99-sysctl.conf\nline=/etc/sysctl.d/99-sysctl.conf net.ipv4.ip_forward = 0\n", "/etc/sysctl.d/99-sysctl.conf");
	check_undone("file=/etc/ufw/sysctl.conf\nline=/etc/ufw/sysctl.conf net/ipv4/ip_forward=0\n", "/etc/ufw/sysctl.conf");
	check_undone("file=/usr/lib/sysctl.d/zz.conf\nline=/usr/lib/sysctl.d/zz.conf -net.ipv4.*=0\n", "/usr/lib/sysctl.d/zz.conf");
}

static void
what_is_read_before_or_overruled_or_agrees_is_not_named(void **state)
{
	(void)state;
	check_undone("file=/etc/sysctl.d/10-x.conf\nline=/etc/sysctl.d/10-x.conf net.ipv4.ip_forward = 0\n", NULL);
	check_undone("file=/etc/sysctl.d/99-sysctl.conf\nline=/etc/sysctl.d/99-sysctl.conf net.ipv4.ip_forward = 1\n", NULL);
	check_undone("file=/etc/sysctl.d/99-z.conf\nfile=/usr/lib/sysctl.d/99-z.conf\nline=/usr/lib/sysctl.d/99-z.conf net.ipv4.ip_forward = 0\n", NULL);
	check_undone("file=/etc/sysctl.d/99-m.conf\nfile=/etc/sysctl.d/99-n.conf\nline=/etc/sysctl.d/99-n.conf net.ipv4.ip_forward=1\n"
		"line=/etc/sysctl.d/99-m.conf net.ipv4.ip_forward=0\n", NULL);
	check_undone("line= \nline==\nline=/ \nline=x\nfile=\n", NULL);
}

static void
names_that_lead_elsewhere_are_refused(void **state)
{
	(void)state;
	judged_refuses("kernel.sysctl", "settings=../../etc/passwd=1\n", KB_EINVAL, NULL, "passwd");
	judged_refuses("kernel.sysctl", "settings=net.ipv4.ip_forward\n", KB_EINVAL, NULL, "ip_forward");
	judged_refuses("kernel.sysctl", "settings=a b=1\n", KB_EINVAL, NULL, "a b=1");
	judged_refuses("kernel.sysctl", "settings=/abs=1\n", KB_EINVAL, NULL, "/abs=1");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(missing_modules_are_loaded_and_named_for_the_next_boot),
		cmocka_unit_test(settings_are_set_now_and_for_the_next_boot),
		cmocka_unit_test(blanks_in_a_value_are_the_kernels_own),
		cmocka_unit_test(a_later_file_that_undoes_a_setting_is_named),
		cmocka_unit_test(what_is_read_before_or_overruled_or_agrees_is_not_named),
		cmocka_unit_test(names_that_lead_elsewhere_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
