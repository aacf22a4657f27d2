/* SPDX-License-Identifier: Apache-2.0 */
/* What kubeadm_init.sh does by itself, in the shells that may be a host's /bin/sh: what a killed kubeadm left is mended, and nothing else is
 * touched. */

#include "shells.h"

/* The script, a folder for it to work in, then the text; what it prints. */
static void
run(const char *shell, const char *text, struct kbi_buf *out)
{
	struct kbi_buf script = KBI_BUF(MIB);

	kbi_buf_add_format(&script, "%s\n%s\n%s\nd=$(mktemp -d)\nkb_home=$d\nkb_kubelet_config=$d/config.yaml\nkb_manifests=$d/manifests\ncert_dir=$d/pki\nkb_begun=$d/begun\nmkdir -p $d/pki/etcd\n"
		"whole() { for f; do printf -- '-----BEGIN X-----\\nAA==\\n-----END X-----\\n' >$d/pki/$f; done; }\n"
		"half() { for f; do printf -- '-----BEGIN X-----\\nAA' >$d/pki/$f; done; }\n"
		"left() { (cd $d/pki && find . -type f -printf '%%P\\n' | sort | tr '\\n' ' '); echo; }\n%s\nrm -r $d\n",
		kbi_script_prelude, kbi_script_kubeadm_library, kbi_script_kubeadm_init, text);
	run_script(shell, &script, NULL, NULL, true, out);
	kbi_buf_free(&script);
}

static void
ends_with(const char *text, const char *wanted)
{
	for (size_t i = 0; i < COUNT(shells); i++) {
		struct kbi_buf out = KBI_BUF(MIB);
		if (!is_there(shells[i]))
			continue;
		run(shells[i], text, &out);
		if (!kbi_str_ends(kbi_buf_text(&out), wanted))
			fail_msg("%s: %s\nsaid \"%s\", not \"%s\"", shells[i], text, kbi_buf_text(&out), wanted);
		kbi_buf_free(&out);
	}
}

static void
whole_pairs_stay(void **state)
{
	(void)state;
	ends_with("echo '# before: ' >$kb_begun; whole ca.crt ca.key sa.key sa.pub etcd/ca.crt etcd/ca.key; kb_mend; left",
		"ca.crt ca.key etcd/ca.crt etcd/ca.key sa.key sa.pub \n");
}

/* kubeadm writes the key first, and takes a pair whose one half is missing for a mistake of somebody's. */
static void
half_a_pair_goes(void **state)
{
	(void)state;
	ends_with("echo '# before: ' >$kb_begun; whole ca.crt ca.key apiserver.key sa.key etcd/server.key; kb_mend; left", "ca.crt ca.key \n");
}

static void
half_a_file_goes_with_its_pair(void **state)
{
	(void)state;
	ends_with("echo '# before: ' >$kb_begun; whole ca.crt ca.key apiserver.key; half apiserver.crt; kb_mend; left", "ca.crt ca.key \n");
	ends_with("echo '# before: ' >$kb_begun; whole ca.key; : >$d/pki/ca.crt; kb_mend; left", "\n");
}

static void
what_was_there_before_us_stays_as_it_was(void **state)
{
	(void)state;
	/* an authority whose key is elsewhere, as kubeadm allows */
	ends_with("echo '# before: ca.crt front-proxy-ca.crt ' >$kb_begun; whole ca.crt front-proxy-ca.crt apiserver.key; kb_mend; left",
		"ca.crt front-proxy-ca.crt \n");
}

static void
the_beginning_remembers_what_was_there(void **state)
{
	(void)state;
	ends_with("whole ca.crt etcd/ca.crt; want_config='kind: x'; kb_begin; head -n 1 $kb_begun | tr ' ' '\\n' | sort | tr '\\n' ' '; "
		"sed 1d $kb_begun; stat -c ' %a' $kb_begun", "# before: ca.crt etcd/ca.crt kind: x 600\n");
}

static void
another_configuration_makes_leaves_anew_and_keeps_authorities(void **state)
{
	(void)state;
	ends_with("whole ca.crt ca.key apiserver.crt apiserver.key etcd/ca.crt etcd/ca.key etcd/server.crt etcd/server.key etcd/peer.crt etcd/peer.key "
		"sa.key sa.pub; printf '# before: \\nkind: x\\n' >$kb_begun; want_config='kind: y'; kb_begin; left; sed 1d $kb_begun",
		"ca.crt ca.key etcd/ca.crt etcd/ca.key sa.key sa.pub \nkind: y");
}

static void
the_same_configuration_is_gone_on_with(void **state)
{
	(void)state;
	ends_with("whole ca.crt ca.key apiserver.crt apiserver.key; want_config='kind: x\n'; kb_begin; "
		"whole front-proxy-ca.crt front-proxy-ca.key; kb_begin; left; head -n 1 $kb_begun | grep -c front-proxy",
		"apiserver.crt apiserver.key ca.crt ca.key front-proxy-ca.crt front-proxy-ca.key \n0\n");
}

static void
the_phase_is_told_by_what_is_there(void **state)
{
	(void)state;
	ends_with("kb_phase", "preflight\n");
	ends_with("whole ca.key; kb_phase", "certs\n");
	ends_with("whole ca.key; : >$d/admin.conf; kubectl() { return 1; }; kb_phase", "kubeconfig\n");
	ends_with("mkdir $d/manifests; : >$d/manifests/etcd.yaml; kb_phase", "etcd\n");
	ends_with("mkdir $d/manifests; : >$d/manifests/etcd.yaml; : >$d/manifests/kube-apiserver.yaml; kb_phase", "control-plane\n");
}

static void
checks_to_ignore_are_one_word(void **state)
{
	(void)state;
	ends_with("printf '[%s]\n' \"$(kb_ignored '' '')\"", "[]\n");
	ends_with("kb_ignored ' Port-6443 NumCPU' 'Mem\nSwap'; echo", "Port-6443,NumCPU,Mem,Swap\n");
}

static void
an_exit_status_comes_with_the_words(void **state)
{
	(void)state;
	ends_with("said=$(kb_run sh -c 'echo one; echo two >&2; exit 3' 2>/dev/null); echo \"${said##* }\"; printf '%s' \"$said\" | head -n 2", "3\none\ntwo\n");
}

/* kubeadm itself does go through a proxy: what it warns of may be why it failed. */
static void
a_proxy_on_the_way_is_a_clue(void **state)
{
	static const char *const steps[] = { kbi_script_kubeadm_init, kbi_script_kubeadm_join };
	static const char text[] = "put() { :; }\nkb_phase() { echo certs; }\n(kb_words '[preflight] Running pre-flight checks\n"
		"\t[WARNING HTTPProxy]: Connection to \"https://192.168.1.2\" uses proxy \"http://proxy:3128\"\n"
		"\t[WARNING Swap]: swap is supported\nerror execution phase certs: x\n\nexit status 1')\n";

	(void)state;
	for (size_t i = 0; i < COUNT(shells) * COUNT(steps); i++) {
		struct kbi_buf script = KBI_BUF(MIB), out = KBI_BUF(MIB);
		if (!is_there(shells[i / COUNT(steps)]))
			continue;
		kbi_buf_add_format(&script, "%s\n%s\n%s\n%s", kbi_script_prelude, kbi_script_kubeadm_library, steps[i % COUNT(steps)], text);
		run_script(shells[i / COUNT(steps)], &script, NULL, NULL, true, &out);
		if (!kbi_str_starts(kbi_buf_text(&out), "error.evidence>\t[WARNING HTTPProxy]: Connection to \"https://192.168.1.2\" uses proxy \"http://proxy:3128\"\n"
			">error execution phase certs: x\nerror.code=STEP\n"))
			fail_msg("%s", kbi_buf_text(&out));
		kbi_buf_free(&script);
		kbi_buf_free(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_pairs_stay),
		cmocka_unit_test(half_a_pair_goes),
		cmocka_unit_test(half_a_file_goes_with_its_pair),
		cmocka_unit_test(what_was_there_before_us_stays_as_it_was),
		cmocka_unit_test(the_beginning_remembers_what_was_there),
		cmocka_unit_test(another_configuration_makes_leaves_anew_and_keeps_authorities),
		cmocka_unit_test(the_same_configuration_is_gone_on_with),
		cmocka_unit_test(the_phase_is_told_by_what_is_there),
		cmocka_unit_test(checks_to_ignore_are_one_word),
		cmocka_unit_test(an_exit_status_comes_with_the_words),
		cmocka_unit_test(a_proxy_on_the_way_is_a_clue),
	};

	return cmocka_run_group_tests_name("kubeadm_init.sh", tests, NULL, NULL);
}
