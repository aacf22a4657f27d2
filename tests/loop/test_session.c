/* SPDX-License-Identifier: Apache-2.0 */
/* A session with a real shell on this machine: what comes back is what the script said, and nothing else is
 * ever taken for it. */
#include "talk.h"

#include <signal.h>
#include <sys/wait.h>

#include "memcheck.h"
#include "session_parts.h"

static struct talk
open_local(void **state)
{
	struct talk talk = {.loop = *state};

	kbi_map_set(&talk.settings, "become", "none");
	return talk;
}

/* A talk has to stay where it is: the session points to it. */
#define OPEN(talk, state, prelude) \
	struct talk talk = open_local(state); \
	talk_start(&talk, "local", prelude, PATIENCE_MS); \
	talk_must_be_ready(&talk)

static void
facts_and_log_come_apart_with_the_exit_status(void **state)
{
	OPEN(talk, state, NULL);
	check_ask(&talk, "echo a=1 >&3; echo note; echo warning >&2; exit 7", "a=1\n", "note\nwarning\n", 7);
	check_ask(&talk, "", "", "", 0);
	check_ask(&talk, "printf 'no newline' >&3; printf here >&2", "no newline", "here", 0);
	check_ask(&talk, "printf '\\n\\n' >&3", "\n\n", "", 0);
	check_ask(&talk, "true", "", "", 0);
	check_ask(&talk, "kill -9 $(sh -c 'echo $PPID')", "", "Killed\n", 137);
	talk_end(&talk);
}

static void
a_syntax_error_or_an_exit_ends_only_its_script(void **state)
{
	OPEN(talk, state, NULL);
	struct reply reply = ask(&talk, "echo before >&3; if then fi ((( '");
	assert_int_not_equal(reply.exit_status, 0);
	assert_string_equal(reply.facts, "");		/* nothing of a script that cannot be read runs */
	assert_true(strlen(reply.log) > 0);
	reply_free(&reply);
	check_ask(&talk, "x=1; exit 3", "", "", 3);
	check_ask(&talk, "echo \"${x:-unset}\" >&3", "unset\n", "", 0);
	check_ask(&talk, "}; echo out >&3; {", "", "/bin/sh: 1: eval: Syntax error: \"}\" unexpected\n", 2);
	check_ask(&talk, "set -e; false; echo never >&3", "", "", 1);
	check_ask(&talk, "exec 1>&- 2>&- 3>&-; true", "", "", 0);
	check_ask(&talk, "echo alive >&3", "alive\n", "", 0);
	talk_end(&talk);
}

static void
the_shell_is_plain_whatever_surrounds_it(void **state)
{
	setenv("LC_ALL", "tr_TR.UTF-8", 1);
	setenv("LANG", "tr_TR.UTF-8", 1);
	setenv("HISTFILE", "/tmp/never", 1);
	setenv("PATH", "/nowhere", 1);
	mode_t old = umask(077);
	OPEN(talk, state, NULL);
	umask(old);
	setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
	check_ask(&talk, "echo \"$LC_ALL ${LANG-none} ${HISTFILE-none} $(umask) $(pwd) $#\" >&3",
		"C none none 0022 / 0\n", "", 0);
	check_ask(&talk, "echo \"$PATH\" >&3",
		"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n", "", 0);
	check_ask(&talk, "readlink /proc/self/fd/0 >&3; read x; echo $? >&3", "/dev/null\n1\n", "", 0);
	unsetenv("LC_ALL");
	unsetenv("LANG");
	unsetenv("HISTFILE");
	talk_end(&talk);
}

static void
ignored_signals_and_open_descriptors_are_not_inherited(void **state)
{
	sigset_t block, before;
	int leaky = open("/dev/null", O_RDONLY);	/* not close-on-exec, as careless programs have them */

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&block);
	sigaddset(&block, SIGTERM);
	sigprocmask(SIG_BLOCK, &block, &before);
	OPEN(talk, state, NULL);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	struct reply reply = ask(&talk, "grep -E '^Sig(Blk|Ign):' /proc/self/status | cut -f 2 >&3");
	/* glibc has the child ignore its own two, 32 and 33 */
	unsigned long long blocked = 1, ignored = 1, of_libc = 3ULL << 31;
	assert_int_equal(sscanf(reply.facts, "%llx %llx", &blocked, &ignored), 2);
	assert_int_equal(blocked, 0);
	assert_int_equal(ignored & ~of_libc, 0);
	reply_free(&reply);
	check_ask(&talk, "cd /proc/$$/fd && echo * >&3", "0 1 2\n", "", 0);
	check_ask(&talk, "[ \"$(ps -o sid= -p $$ | tr -d ' ')\" = $$ ] && echo own session >&3",
		"own session\n", "", 0);
	close(leaky);
	talk_end(&talk);
}

static void
the_prelude_serves_every_script(void **state)
{
	OPEN(talk, state,
		"fact() { printf '%s=%s\\n' \"$1\" \"$2\" >&3; }\nit=\"quote ' and \\\\ and $HOME\"\necho "
		"printed by the prelude\n");
	check_ask(&talk, "fact a \"it's\"", "a=it's\n", "", 0);
	check_ask(&talk, "fact b 2; fact() { :; }; it=gone", "b=2\n", "", 0);
	check_ask(&talk, "fact c \"${it%% *}\"", "c=quote\n", "", 0);
	talk_end(&talk);
}

static void
binary_and_large_answers_arrive_byte_for_byte(void **state)
{
	enum { LARGE = 10 << 20 };
	OPEN(talk, state, NULL);
	struct reply reply = ask(&talk,
		"i=0; while [ $i -lt 256 ]; do printf \"\\\\$(printf %03o $i)\"; i=$((i+1)); done >&3");
	assert_int_equal(reply.facts_bytes, 256);
	for (int i = 0; i < 256; i++)
		assert_int_equal((unsigned char)reply.facts[i], i);
	reply_free(&reply);
	reply = ask(&talk, "head -c 10485760 /dev/zero >&3; echo done >&2");
	assert_int_equal(reply.facts_bytes, LARGE);
	assert_int_equal(reply.facts[LARGE - 1], 0);
	assert_string_equal(reply.log, "done\n");
	reply_free(&reply);
	reply = ask(&talk, "yes '' | head -c 3000000 >&3");	/* every byte could begin a mark */
	assert_int_equal(reply.facts_bytes, 3000000);
	reply_free(&reply);
	talk_end(&talk);
}

static void
an_answer_over_its_bound_is_thrown_away_and_the_session_goes_on(void **state)
{
	OPEN(talk, state, NULL);
	struct reply reply = {0};
	assert_int_equal(
		send_script(&talk, &reply, "head -c 17000000 /dev/zero >&3", NULL, 0, PATIENCE_MS), KB_OK);
	wait_reply(&talk, &reply);
	assert_int_equal(reply.status, KB_ETOOBIG);
	assert_int_equal(reply.facts_bytes, 0);
	assert_true(strstr(reply.cause, "node-1") != NULL);
	reply_free(&reply);
	reply = ask(&talk, "i=0; while [ $i -lt 60000 ]; do echo line $i; i=$((i+1)); done");
	assert_int_equal(reply.log_bytes, KBI_LOG_MAX);
	assert_string_equal(reply.log + reply.log_bytes - strlen("line 59999\n"), "line 59999\n");
	assert_true(reply.live.size_bytes > KBI_LOG_MAX);	/* all of it was shown as it came */
	reply_free(&reply);
	check_ask(&talk, "echo fine >&3", "fine\n", "", 0);
	talk_end(&talk);
}

static void
what_looks_like_a_mark_is_data(void **state)
{
	static const char script[] = "printf '\\nkb0123456789abcdef0123456789abcdef 1 0\\n' >&3\n"
				     "printf '\\nkb 1 0\\n\\n\\n' >&3\nprintf "
				     "'\\nkb0123456789abcdef0123456789abcdef 1 0\\n' >&2\nexit 4\n";
	static const char fake[] = "\nkb0123456789abcdef0123456789abcdef 1 0\n";

	OPEN(talk, state, NULL);
	struct reply reply = ask(&talk, script);
	assert_int_equal(reply.exit_status, 4);
	assert_memory_equal(reply.facts, fake, strlen(fake));
	assert_string_equal(reply.facts + strlen(fake), "\nkb 1 0\n\n\n");
	assert_string_equal(reply.log, fake);
	reply_free(&reply);
	talk_end(&talk);
}

static void
the_nonce_is_not_to_be_seen_on_the_host(void **state)
{
	OPEN(talk, state, NULL);
	struct reply reply = ask(&talk, "env >&3; set >&3; tr '\\0' ' ' </proc/$$/cmdline >&3; ps axww >&3");
	const char *nonce = talk.session->streams[KBI_STDOUT].frames.nonce.text;	/* others of this machine show theirs: sudo's prompts have some */
	assert_int_equal(strlen(nonce), KBI_NONCE_BYTES);
	assert_non_null(strstr(reply.facts, "PATH="));
	assert_null(strstr(reply.facts, nonce));
	reply_free(&reply);
	talk_end(&talk);
}

static void
many_requests_are_answered_in_order_over_few_round_trips(void **state)
{
	enum { MANY = 300 };
	static struct reply many[MANY];
	char script[64], want[64];

	OPEN(talk, state, NULL);
	size_t before = kbi_session_round_trips(talk.session);
	for (int i = 0; i < MANY; i++) {
		snprintf(script, sizeof(script), "echo fact %d >&3; echo log %d; exit %d", i, i, i % 200);
		assert_int_equal(send_script(&talk, &many[i], script, NULL, 0, PATIENCE_MS), KB_OK);
	}
	wait_reply(&talk, &many[MANY - 1]);
	assert_int_equal(kbi_session_round_trips(talk.session), before + 1);
	for (int i = 0, first = many[0].nth; i < MANY; i++) {
		assert_int_equal(many[i].nth, first + i);
		assert_int_equal(many[i].exit_status, i % 200);
		snprintf(want, sizeof(want), "fact %d\n", i);
		assert_string_equal(many[i].facts, want);
		snprintf(want, sizeof(want), "log %d\n", i);
		assert_string_equal(many[i].log, want);
		assert_memory_equal(many[i].live.data, want, strlen(want));
		reply_free(&many[i]);
	}
	talk_end(&talk);
}

static void
requests_sent_while_it_opens_go_out_with_its_first_lines(void **state)
{
	struct talk talk = open_local(state);
	struct reply a = {0}, b = {0};

	talk_start(&talk, "local", "greeting=hello", PATIENCE_MS);
	assert_int_equal(send_script(&talk, &a, "echo $greeting >&3", NULL, 0, PATIENCE_MS), KB_OK);
	assert_int_equal(send_script(&talk, &b, "echo again >&3", NULL, 0, PATIENCE_MS), KB_OK);
	wait_reply(&talk, &b);
	assert_string_equal(a.facts, "hello\n");
	assert_int_equal(kbi_session_round_trips(talk.session), 1);
	reply_free(&a);
	reply_free(&b);
	talk_end(&talk);
}

static void
input_is_given_whole_and_ends(void **state)
{
	enum { LARGE = 3000001 };
	char *data = malloc(LARGE), want[64];
	struct reply a = {0}, b = {0}, c = {0};

	assert_non_null(data);
	for (size_t i = 0; i < LARGE; i++)
		data[i] = (char)(i * 7 + i / 251);
	OPEN(talk, state, NULL);
	assert_int_equal(send_script(&talk, &a, "cat >&3", data, LARGE, PATIENCE_MS), KB_OK);
	assert_int_equal(send_script(&talk, &b, "wc -c >&3; exit 9", data, 12345, PATIENCE_MS), KB_OK);
	assert_int_equal(send_script(&talk, &c, "cat >&3; echo and more >&3", "", 0, PATIENCE_MS), KB_OK);
	wait_reply(&talk, &c);
	assert_int_equal(a.facts_bytes, LARGE);
	assert_memory_equal(a.facts, data, LARGE);
	snprintf(want, sizeof(want), "%d\n", 12345);
	assert_string_equal(b.facts, want);
	assert_int_equal(b.exit_status, 9);
	assert_string_equal(c.facts, "and more\n");
	reply_free(&a);
	reply_free(&b);
	reply_free(&c);
	free(data);
	talk_end(&talk);
}

static void
input_that_a_script_leaves_unread_is_never_run_as_commands(void **state)
{
	static const char bomb[] = "echo RAN >/tmp/kb-test-ran\nkbs_mark 1 0\n'\"`$(\n";
	char *folder = make_folder(), *input = NULL;
	size_t size_bytes = 0;
	FILE *f = open_memstream(&input, &size_bytes);

	for (int i = 0; i < 20000; i++)
		fputs(bomb, f);
	fclose(f);
	OPEN(talk, state, NULL);
	static const char *const scripts[] = {
		"true", "head -c 10 >&3", "exec <&-; exit 3", "read x; exit 4", "if ((("};
	for (size_t i = 0; i < COUNT(scripts); i++) {
		struct reply reply = {0};
		assert_int_equal(send_script(&talk, &reply, scripts[i], input, size_bytes, PATIENCE_MS), KB_OK);
		wait_reply(&talk, &reply);
		assert_int_equal(reply.status, KB_OK);
		reply_free(&reply);
		check_ask(&talk, "echo alive >&3", "alive\n", "", 0);
	}
	assert_int_equal(access("/tmp/kb-test-ran", F_OK), -1);
	free(input);
	remove_folder(folder);
	talk_end(&talk);
}

/* The session goes while the input is on its way and the script has read none of it yet: it must not take the
 * rest for all. */
static void
input_cut_short_is_never_taken_for_the_whole(void **state)
{
	enum { LARGE = 8 << 20 };
	char *folder = make_folder(), *data = calloc(1, LARGE), script[512], path[64], started[64];
	struct reply reply = {0};

	assert_non_null(data);
	snprintf(path, sizeof(path), "%.40s/file", folder);
	snprintf(started, sizeof(started), "%.40s/started", folder);
	snprintf(script, sizeof(script), "touch %s; sleep 0.5; cat >%s.new && mv %s.new %s", started, path,
		path, path);
	OPEN(talk, state, NULL);
	assert_int_equal(send_script(&talk, &reply, script, data, LARGE, PATIENCE_MS), KB_OK);
	for (int i = 0; i < 500 && access(started, F_OK); i++)
		turn_for(talk.loop, 10);
	assert_int_equal(access(started, F_OK), 0);
	turn_for(talk.loop, 50);
	talk_end(&talk);
	usleep(1500000);
	assert_int_equal(access(path, F_OK), -1);
	assert_false(reply.is_done);
	free(data);
	remove_folder(folder);
}

static void
a_killed_shell_loses_the_session_and_is_never_a_success(void **state)
{
	struct reply a = {0}, b = {0};

	OPEN(talk, state, NULL);
	assert_int_equal(send_script(&talk, &a, "printf half >&3; echo last words; sleep 0.1; kill -9 $$",
				 NULL, 0, PATIENCE_MS),
		KB_OK);
	assert_int_equal(send_script(&talk, &b, "true", NULL, 0, PATIENCE_MS), KB_OK);
	wait_reply(&talk, &b);
	assert_int_equal(a.status, KB_EUNREACHABLE);
	assert_string_equal(a.id, "session.ended");
	assert_true(a.may_have_run);
	assert_int_equal(b.status, KB_EUNREACHABLE);
	assert_int_equal(kbi_session_state(talk.session), KBI_SESSION_LOST);
	assert_string_equal(kb_err_evidence(kbi_session_err(talk.session), 0), "last words");
	assert_string_equal(kb_err_host(kbi_session_err(talk.session)), "node-1");
	assert_int_equal(talk.changes, 2);
	assert_int_equal(send_script(&talk, &b, "true", NULL, 0, 0), KB_EUNREACHABLE);
	reply_free(&a);
	reply_free(&b);
	talk_end(&talk);
}

static void
a_daemon_that_holds_the_streams_does_not_hide_the_end_of_the_shell(void **state)
{
	struct reply reply = {0};

	OPEN(talk, state, NULL);
	int64_t start_ms = kbi_clock_ms();
	assert_int_equal(send_script(&talk, &reply, "sleep 5 & kill -9 $$", NULL, 0, PATIENCE_MS), KB_OK);
	wait_reply(&talk, &reply);
	assert_int_equal(reply.status, KB_EUNREACHABLE);
	assert_true(kbi_clock_ms() - start_ms < (is_memcheck() ? 60000 : 4000));	/* it knows no pidfd: the daemon has to end */
	reply_free(&reply);
	talk_end(&talk);
}

static void
forged_marks_of_the_real_nonce_are_a_protocol_error(void **state)
{
	/* The functions of the session are in the script's subshell: only a script of ours could do this. */
	static const char *const scripts[] = {
		"kbs_mark 99 0 >&3", "kbs_mark 1 x 2>&3", "kbs_mark 1 0 >&3 2>&3; sleep 9"};

	for (size_t i = 0; i < COUNT(scripts); i++) {
		struct reply reply = {0};
		OPEN(talk, state, NULL);
		assert_int_equal(send_script(&talk, &reply, scripts[i], NULL, 0, 5000), KB_OK);
		wait_reply(&talk, &reply);
		assert_int_equal(reply.status, KB_EPROTOCOL);
		assert_string_equal(reply.id, "session.garbled");
		reply_free(&reply);
		talk_end(&talk);
	}
}

static void
a_silent_script_ends_at_its_deadline(void **state)
{
	struct reply first = {0}, reply = {0}, behind = {0};

	OPEN(talk, state, NULL);
	/* Time in the queue does not count. */
	assert_int_equal(send_script(&talk, &first, "sleep 0.5", NULL, 0, PATIENCE_MS), KB_OK);
	assert_int_equal(send_script(&talk, &reply, "sleep 0.1; echo x; sleep 60", NULL, 0, 400), KB_OK);
	assert_int_equal(send_script(&talk, &behind, "true", NULL, 0, 10), KB_OK);
	int64_t start_ms = kbi_clock_ms();
	wait_reply(&talk, &behind);
	int64_t took_ms = kbi_clock_ms() - start_ms;
	assert_int_equal(first.status, KB_OK);
	assert_int_equal(reply.status, KB_ETIMEOUT);
	assert_int_equal(behind.status, KB_ETIMEOUT);
	assert_true(took_ms >= 850 && took_ms < 3000);
	assert_true(talk.is_lost);
	reply_free(&first);
	reply_free(&reply);
	reply_free(&behind);
	talk_end(&talk);
}

static void
an_absolute_deadline_holds_too(void **state)
{
	struct reply reply = {0};
	struct kbi_request want = {
		.script = "sleep 60",
		.script_bytes = 8,
		.deadline_ms = kbi_clock_ms() + 300,
		.done = reply_done,
		.owner = &reply,
	};

	OPEN(talk, state, NULL);
	assert_int_equal(kbi_session_send(talk.session, &want), KB_OK);
	wait_reply(&talk, &reply);
	assert_int_equal(reply.status, KB_ETIMEOUT);
	reply_free(&reply);
	talk_end(&talk);
}

static void
the_session_may_be_freed_from_inside_its_callbacks(void **state)
{
	struct reply reply = {.frees_session = true}, behind = {0};

	OPEN(talk, state, NULL);
	assert_int_equal(send_script(&talk, &reply, "echo x", NULL, 0, PATIENCE_MS), KB_OK);
	assert_int_equal(send_script(&talk, &behind, "true", NULL, 0, PATIENCE_MS), KB_OK);
	wait_reply(&talk, &reply);
	turn_for(talk.loop, 50);
	assert_false(behind.is_done);
	reply_free(&reply);
	talk_end(&talk);
}

static void
a_script_with_a_nul_is_refused(void **state)
{
	struct reply reply = {0};
	struct kbi_request want = {.script = "a\0b", .script_bytes = 3, .done = reply_done, .owner = &reply};

	OPEN(talk, state, NULL);
	assert_int_equal(kbi_session_send(talk.session, &want), KB_EINVAL);
	assert_false(reply.is_done);
	talk_end(&talk);
}

static long
count_of(const char *command)
{
	char *printed = run(command, getpid());
	long count = strtol(printed, NULL, 10);

	free(printed);
	return count;
}

static void
no_zombie_and_no_descriptor_stays(void **state)
{
	const char *descriptors = "ls /proc/%d/fd | wc -l";
	long before = count_of(descriptors);	/* with those of an earlier shell that is still ending, so one may go */
	long zombies = 0, after = 0;

	for (int i = 0; i < 20; i++) {
		OPEN(talk, state, NULL);
		check_ask(&talk, "echo $$ >/dev/null", "", "", 0);
		talk_end(&talk);
	}
	/* the shells end when they see their stdin close; on a busy machine that takes a while */
	for (int i = 0; i < 100; i++) {
		zombies = count_of("sleep 0.1; ps --ppid %d -o stat= | grep -c Z");
		after = count_of(descriptors);
		if (zombies == 0 && after <= before)
			break;
	}
	assert_int_equal(zombies, 0);
	assert_in_range(after, 0, before);
}

static void
wrong_settings_are_refused_before_anything_starts(void **state)
{
	struct talk talk = {.loop = *state};

	kbi_map_set(&talk.settings, "become", "su");
	talk_start(&talk, "local", NULL, PATIENCE_MS);
	assert_null(talk.session);
	assert_int_equal(talk.err.code, KB_EINVAL);
	kbi_map_set(&talk.settings, "become", "none");
	talk_start(&talk, "telnet", NULL, PATIENCE_MS);
	assert_null(talk.session);
	assert_int_equal(talk.err.code, KB_EINVAL);
	kbi_map_set(&talk.settings, "become", "sudo");
	kbi_map_set_secret(&talk.settings, "sudo_password", "two\nlines", 9);
	talk_start(&talk, "local", NULL, PATIENCE_MS);
	assert_null(talk.session);
	assert_int_equal(talk.err.code, KB_EINVAL);
	assert_null(strstr(kb_err_cause(&talk.err), "two"));
	talk_end(&talk);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(facts_and_log_come_apart_with_the_exit_status),
		cmocka_unit_test(a_syntax_error_or_an_exit_ends_only_its_script),
		cmocka_unit_test(the_shell_is_plain_whatever_surrounds_it),
		cmocka_unit_test(ignored_signals_and_open_descriptors_are_not_inherited),
		cmocka_unit_test(the_prelude_serves_every_script),
		cmocka_unit_test(binary_and_large_answers_arrive_byte_for_byte),
		cmocka_unit_test(an_answer_over_its_bound_is_thrown_away_and_the_session_goes_on),
		cmocka_unit_test(what_looks_like_a_mark_is_data),
		cmocka_unit_test(the_nonce_is_not_to_be_seen_on_the_host),
		cmocka_unit_test(many_requests_are_answered_in_order_over_few_round_trips),
		cmocka_unit_test(requests_sent_while_it_opens_go_out_with_its_first_lines),
		cmocka_unit_test(input_is_given_whole_and_ends),
		cmocka_unit_test(input_that_a_script_leaves_unread_is_never_run_as_commands),
		cmocka_unit_test(input_cut_short_is_never_taken_for_the_whole),
		cmocka_unit_test(a_killed_shell_loses_the_session_and_is_never_a_success),
		cmocka_unit_test(a_daemon_that_holds_the_streams_does_not_hide_the_end_of_the_shell),
		cmocka_unit_test(forged_marks_of_the_real_nonce_are_a_protocol_error),
		cmocka_unit_test(a_silent_script_ends_at_its_deadline),
		cmocka_unit_test(an_absolute_deadline_holds_too),
		cmocka_unit_test(the_session_may_be_freed_from_inside_its_callbacks),
		cmocka_unit_test(a_script_with_a_nul_is_refused),
		cmocka_unit_test(no_zombie_and_no_descriptor_stays),
		cmocka_unit_test(wrong_settings_are_refused_before_anything_starts),
	};

	return cmocka_run_group_tests_name("session", tests, make_loop, free_loop);
}
