/* SPDX-License-Identifier: Apache-2.0 */
/* What apt.sh, apt_repo.sh (whose apply it is) and containerd_install.sh do by themselves, in the shells that may be a host's /bin/sh. */
#include <fcntl.h>
#include <sys/prctl.h>

#include "shells.h"

/* Runs the scripts and then `text`; stdout and facts together go to out. Returns the exit status. */
static int
run(const char *shell, const char *text, struct kbi_buf *out)
{
	struct kbi_buf script = KBI_BUF(MIB);

	kbi_buf_add_format(&script, "%s\n%s\n%s\n%s\n%s", kbi_script_prelude, kbi_script_apt, kbi_script_containerd_install, kbi_script_apt_repo, text);
	int status = run_script(shell, &script, NULL, NULL, true, out);
	kbi_buf_free(&script);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
check(const char *text, int status, const char *words)
{
	for (size_t i = 0; i < COUNT(shells); i++) {
		struct kbi_buf out = KBI_BUF(MIB);
		if (!is_there(shells[i]))
			continue;
		int code = run(shells[i], text, &out);
		if (code != status || !strstr(kbi_buf_text(&out), words))
			fail_msg("%s: %s\nended with %d and said \"%s\"", shells[i], text, code, kbi_buf_text(&out));
		kbi_buf_free(&out);
	}
}

/* It ends well, and what it prints is this and no more. */
static void
says(const char *text, const char *wanted)
{
	for (size_t i = 0; i < COUNT(shells); i++) {
		struct kbi_buf out = KBI_BUF(MIB);
		if (!is_there(shells[i]))
			continue;
		int code = run(shells[i], text, &out);
		if (code != 0 || !kbi_str_is(kbi_buf_text(&out), wanted))
			fail_msg("%s: %s\nended with %d and said \"%s\"", shells[i], text, code, kbi_buf_text(&out));
		kbi_buf_free(&out);
	}
}

/* A function cannot have this name in every shell, so it is a program on the way. */
static void
with_apt_cache(const char *says, const char *text, int status, const char *words)
{
	char script[2000];

	snprintf(script, sizeof(script), "d=$(mktemp -d)\nprintf '#!/bin/sh\\nprintf %%%%b \"%s\"\\n' >\"$d/apt-cache\"\nchmod +x \"$d/apt-cache\"\n"
		"PATH=$d:$PATH\n%s\nrm -r \"$d\"", says, text);
	check(script, status, words);
}

static void
a_version_is_found_whatever_its_revision(void **state)
{
	static const char offers[] = " kubeadm | 1.34.40-1.1 | u\\\\n kubeadm | 1.34.4-2.1 | u\\\\n kubeadm | 1.34.4-1.1 | u\\\\n"
		" kubeadm | 1:1.6.20~ds1-1+deb12u3 | u\\\\n";

	(void)state;
	with_apt_cache(offers, "kb_apt_version kubeadm 1.34.4", 0, "1.34.4-2.1");
	with_apt_cache(offers, "kb_apt_version kubeadm 1.6.20", 0, "1:1.6.20~ds1-1+deb12u3");
	with_apt_cache(offers, "kb_apt_version kubeadm 1.34 || echo none", 0, "none");
	with_apt_cache("x:\\\\n  Installed: (none)\\\\n  Candidate: 1.2-3\\\\n", "kb_apt_candidate x", 0, "1.2-3");
	with_apt_cache("x:\\\\n  Installed: (none)\\\\n  Candidate: (none)\\\\n", "kb_apt_candidate x || echo none", 0, "none");
}

/* dpkg --configure -a passes over them, and apt-get install says that they are the newest version. */
static void
what_was_being_unpacked_is_unpacked_again(void **state)
{
	(void)state;
	check("d=$(mktemp -d)\nprintf '#!/bin/sh\\nprintf \"ii  dash\\\\niHR kubeadm\\\\niU  conntrack\\\\nhiR kubelet\\\\nrc  old\\\\niH  socat\\\\n\"\\n' >\"$d/dpkg-query\"\n"
	      "chmod +x \"$d/dpkg-query\"\nPATH=$d:$PATH\necho $(kb_apt_half)\nrm -r \"$d\"", 0, "kubeadm kubelet socat\n");
}

static void
a_containerd_is_judged_by_its_series(void **state)
{
	(void)state;
	check("want_oldest='1.7.28 2.0.6 2.1.3'\nfor v in 1.7.28-1 1.7.30 2.0.6 2.1.4-1~debian.12~bookworm 2.2.0 1:2.3.1-1; do "
		"kb_is_enough \"$v\" || echo \"$v is not\"; done; echo end", 0, "end");
	check("want_oldest='1.7.28 2.0.6 2.1.3'\nfor v in 1.6.20~ds1-1+deb12u3 1.7.24~ds1-6 2.0.5 2.1.2; do kb_is_enough \"$v\" && echo \"$v is\"; done; "
		"echo end", 0, "end");
	check("want_oldest='1.7.28 2.0.6 2.1.3'\nkb_is_enough 1.7.27-1 || echo refused", 0, "refused");
	check("want_oldest=\nkb_is_enough 0.1 && echo taken", 0, "taken");
}

static void
what_another_package_needs_is_not_taken_away(void **state)
{
	static const char apt[] = "d=$(mktemp -d)\nprintf '#!/bin/sh\\nprintf \"%s\"\\n' >\"$d/apt-get\"\nchmod +x \"$d/apt-get\"\nPATH=$d:$PATH source=docker\n"
		"kb_spare containerd.io=1 && echo fine\nrm -r \"$d\"";
	char text[1000];

	(void)state;
	snprintf(text, sizeof(text), apt, "Remv docker.io [20.10]\\\\nRemv containerd [1.6.20]\\\\nRemv runc [1.1]\\\\nInst containerd.io (1)\\\\n");
	check(text, 1, "error.code=CONFLICT\nerror.id=containerd.removes\nerror.text=containerd.io=1 would remove docker.io (source: docker)\n");
	snprintf(text, sizeof(text), apt, "Remv containerd [1.6.20]\\\\nRemv runc [1.1]\\\\nInst containerd.io (1)\\\\n");
	check(text, 0, "fine");
}

static void
the_holder_of_a_lock_is_named_and_waited_for(void **state)
{
	char path[] = "/tmp/kb-lock-XXXXXX", text[700];
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = mkstemp(path);

	(void)state;
	assert_int_equal(fcntl(fd, F_SETLK, &lock), 0);
	snprintf(text, sizeof(text), "kb_apt_locks='/nonexistent %s'\nkb_lock_holder", path);
	char words[200], name[20];
	assert_int_equal(prctl(PR_GET_NAME, name), 0);
	snprintf(words, sizeof(words), "%s is held by process %d (%s)", path, (int)getpid(), name);
	check(text, 0, words);
	snprintf(text, sizeof(text), "kb_apt_locks=%s kb_apt_patience=1\nkb_locked true\necho \"status $?\"", path);
	check(text, 1, "error.code=LOCKED\nerror.id=apt.locked\n");
	check(text, 1, words);
	close(fd);
	check(text, 0, "status 0");
	unlink(path);
}

static void
a_command_that_found_a_lock_is_run_again(void **state)
{
	(void)state;
	check("kb_apt_locks= kb_apt_patience=20\nn=$(mktemp)\ntry() { echo x >>\"$n\"; [ \"$(wc -l <\"$n\")\" -ge 3 ] && { echo got it; return 0; }; "
		"echo 'E: Could not get lock /x. It is held by process 1 (y)'; return 100; }\nkb_locked try; echo \"status $?\"; rm \"$n\"", 0, "status 0");
	check("kb_apt_locks=\nfailing() { echo 'E: Unable to locate package x'; return 100; }\nkb_locked failing; echo \"status $?: $(kb_apt_words)\"", 0,
		"status 100: Unable to locate package x");
}

static void
errors_are_told_in_apts_own_words(void **state)
{
	(void)state;
	check("kb_said='Get:1 x\nE: one\nE: Some index files failed to download. They have been ignored\nE: two\nkb_code=100'\nkb_apt_words", 0, "one two");
	check("kb_said='dpkg: error processing package x (--configure):\n broken\nkb_code=1'\nkb_apt_words", 0, "broken");
	check("kb_said='last words\n\nkb_code=1'\nkb_apt_words", 0, "last words");
}

static void
what_no_list_has_is_not_known_when_no_list_came(void **state)
{
	(void)state;
	check("kb_apt_none x.missing 'x 1: no source has it'", 1, "error.code=UNSUPPORTED\nerror.id=x.missing\n");
	check("kb_apt_locks= kb_apt_stamp=/nonexistent/stamp\nkb_apt_get() { kb_said='E: Could not resolve host'; return 100; }\nkb_apt_update\n"
		"kb_apt_none x.missing 'x 1: no source has it'", 1, "error.code=UNREACHABLE\nerror.id=apt.update\n"
		"error.text=x 1: no source has it, and the lists could not be fetched: Could not resolve host\n");
}

/* Newer systems have no sources.list, only its folder. */
static void
lists_are_fresh_until_a_source_changes(void **state)
{
	(void)state;
	says("d=$(mktemp -d)\nkb_apt_stamp=$d/stamp kb_apt_sources=$d/list\n"
		"fresh() { if kb_apt_is_fresh; then echo fresh; else echo old; fi; }\n"
		"fresh; mkdir \"$d/list.d\"; touch -d '1 minute ago' \"$d/list.d\"; : >\"$d/stamp\"; fresh\n"
		": >\"$d/list\"; touch -d '1 minute' \"$d/list\"; fresh; touch -d '1 minute ago' \"$d/list\"; fresh\n"
		"touch -d '1 minute' \"$d/list.d\"; fresh; touch -d '1 hour ago' \"$d/list.d\" \"$d/list\"; touch -d '11 minutes ago' \"$d/stamp\"; fresh\nrm -r \"$d\"",
		"old\nfresh\nold\nfresh\nold\nold\n");
}

#define SAYS "kb_apt_get() { echo \"apt: $*\"; }\nkb_apt_ready() { :; }\nkb_docker_update() { echo ask; }\nfolder() { :; }\nput() { :; }\n"

/* A minimal Debian has none: then Docker's repository would be taken for one that cannot be reached, and the distribution's old containerd for all there is. */
static void
authorities_are_there_before_a_repository_is_asked_by_https(void **state)
{
	static const char docker[] = SAYS "source=auto made_docker_key=k want_docker_url=https://docker.test/linux\n"
		"want_docker_source=\"deb [signed-by=k] $want_docker_url x stable\" kb_apt_authorities=%s\nkb_docker\necho \"status $?\"";
	static const char repo[] = SAYS "want_key='' want_no_ca='' want_others='' want_source='deb [signed-by=k] %s/core /'\n"
		"kb_source=/nonexistent/list kb_apt_stamp=/nonexistent/stamp kb_apt_authorities=/nonexistent/crt\napply";
	char text[1000];

	(void)state;
	snprintf(text, sizeof(text), docker, "/nonexistent/crt");
	says(text, "apt: install ca-certificates\nask\nstatus 0\n");
	snprintf(text, sizeof(text), docker, "/etc/passwd");	/* whatever is there and not empty */
	says(text, "ask\nstatus 0\n");
	snprintf(text, sizeof(text), repo, "https://pkgs.test");
	says(text, "apt: install ca-certificates\napt: -o Dir::Etc::sourcelist=/nonexistent/list -o Dir::Etc::sourceparts=- -o APT::Get::List-Cleanup=0 "
		"-o APT::Update::Error-Mode=any update\n");
	snprintf(text, sizeof(text), repo, "http://mirror.test");
	says(text, "apt: -o Dir::Etc::sourcelist=/nonexistent/list -o Dir::Etc::sourceparts=- -o APT::Get::List-Cleanup=0 -o APT::Update::Error-Mode=any update\n");
}

static void
authorities_that_no_list_offers_are_looked_for_in_new_ones(void **state)
{
	(void)state;
	says("kb_apt_get() { echo \"apt: $*\"; [ -n \"$new\" ]; }\nkb_apt_update() { echo update; new=yes; }\nnew=\n"
		"kb_apt_authorities=/nonexistent/crt\nkb_apt_trust 'deb https://a.test /'\necho \"status $?\"",
		"apt: install ca-certificates\nupdate\napt: install ca-certificates\nstatus 0\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_version_is_found_whatever_its_revision),
		cmocka_unit_test(what_was_being_unpacked_is_unpacked_again),
		cmocka_unit_test(a_containerd_is_judged_by_its_series),
		cmocka_unit_test(what_another_package_needs_is_not_taken_away),
		cmocka_unit_test(the_holder_of_a_lock_is_named_and_waited_for),
		cmocka_unit_test(a_command_that_found_a_lock_is_run_again),
		cmocka_unit_test(errors_are_told_in_apts_own_words),
		cmocka_unit_test(what_no_list_has_is_not_known_when_no_list_came),
		cmocka_unit_test(lists_are_fresh_until_a_source_changes),
		cmocka_unit_test(authorities_are_there_before_a_repository_is_asked_by_https),
		cmocka_unit_test(authorities_that_no_list_offers_are_looked_for_in_new_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
