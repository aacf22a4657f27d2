/* SPDX-License-Identifier: Apache-2.0 */
/* Logging in by an agent: the real one with keys of each type, locked, and one whose user says no; and one that
 * is silent, talks nonsense, or goes away. */
#include "agent_process.h"
#include "sshd.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/un.h>

#include "transport/agent.h"

/* -- the messages */

static void
read_messages(const char *data, size_t size_bytes)
{
	struct kbi_buf answer = KBI_BUF(KBI_AGENT_MAX);
	struct kbi_wire wire, one, two;
	int64_t left;

	kbi_buf_add_bytes(&answer, data, size_bytes);
	if (kbi_agent_read_list(&answer, &wire, &left))
		while (kbi_agent_read_key(&wire, &left, &one))
			kbi_agent_kind(one.data, one.size_bytes);
	kbi_agent_read_signature(&answer, &one, &two);
	kbi_agent_is_refusal(&answer);
	kbi_buf_free(&answer);
}

static void
a_list_cut_anywhere_is_garbage_and_never_a_key_more(void **state)
{
	static const char list[] = "\x0c\0\0\0\2\0\0\0\x3" "abc" "\0\0\0\1c" "\0\0\0\x2" "de" "\0\0\0\0";
	struct kbi_wire wire, blob;
	int64_t left;

	(void)state;
	for (size_t size_bytes = 0; size_bytes <= sizeof(list) - 1; size_bytes++) {
		struct kbi_buf answer = KBI_BUF(KBI_AGENT_MAX);
		int keys = 0;
		kbi_buf_add_bytes(&answer, list, size_bytes);
		bool is_list = kbi_agent_read_list(&answer, &wire, &left);
		assert_int_equal(is_list, size_bytes >= 5);
		while (is_list && kbi_agent_read_key(&wire, &left, &blob))
			keys++;
		if (is_list)
			assert_int_equal(left, size_bytes == sizeof(list) - 1 ? 0 : -1);
		assert_int_equal(keys, size_bytes == sizeof(list) - 1 ? 2 : size_bytes >= 17 ? 1 : 0);
		kbi_buf_free(&answer);
		read_messages(list, size_bytes);
	}
}

static void
a_request_to_sign_is_as_the_draft_has_it(void **state)
{
	static const char wanted[] = "\0\0\0\x16\x0d\0\0\0\3" "key" "\0\0\0\6" "to\0be!" "\0\0\0\2";
	struct kbi_buf message = KBI_BUF(KBI_AGENT_MAX), blob = KBI_BUF(KBI_AGENT_MAX);

	(void)state;
	kbi_buf_add(&blob, "key");
	kbi_agent_write_sign(&message, &blob, "to\0be!", 6, 2);
	assert_int_equal(message.size_bytes, sizeof(wanted) - 1);
	assert_memory_equal(message.data, wanted, sizeof(wanted) - 1);
	kbi_buf_free(&message);
	kbi_buf_free(&blob);
}

static void
a_signature_has_a_format_and_nothing_behind_it(void **state)
{
	static const char good[] = "\x0e\0\0\0\x0d\0\0\0\2" "ab" "\0\0\0\3" "sig";
	struct kbi_wire format, signature;

	(void)state;
	for (size_t size_bytes = 0; size_bytes <= sizeof(good); size_bytes++) {
		struct kbi_buf answer = KBI_BUF(KBI_AGENT_MAX);
		kbi_buf_add_bytes(&answer, good, size_bytes);	/* the last: a NUL more than it should have */
		bool is_good = kbi_agent_read_signature(&answer, &format, &signature);
		assert_int_equal(is_good, size_bytes == sizeof(good) - 1);
		if (is_good)
			assert_true(kbi_wire_is(&format, "ab") && kbi_wire_is(&signature, "sig"));
		kbi_buf_free(&answer);
	}
}

static void
a_public_key_file_says_twice_of_which_type_it_is(void **state)
{
	static const struct {
		const char *text;
		bool is_key;
	} cases[] = {
		{"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ me@here\n", true},
		{"ssh-ed25519\tAAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ", true},
		{"ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ", false},
		{"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZ", false},
		{"ssh-ed25519", false},
		{"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA", false},
		{"", false},
		{" \n", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct kbi_buf blob = KBI_BUF(KBI_AGENT_MAX);
		assert_int_equal(kbi_agent_public(&blob, cases[i].text, strlen(cases[i].text)), cases[i].is_key);
		if (cases[i].is_key)
			assert_string_equal(kbi_agent_kind(blob.data, blob.size_bytes)->algorithm, "ssh-ed25519");
		kbi_buf_free(&blob);
	}
}

/* -- the real agent */

struct real {
	struct sshd *sshd;
	pid_t pid;
};

static struct real
real_start(void **state)
{
	struct real real = {.sshd = need_sshd(state)};

	real.pid = agent_start(real.sshd);
	return real;
}

static void
real_stop(struct real *real)
{
	agent_stop(real->pid);
}

static void
add_key(const struct real *real, const char *options, const char *key)
{
	free(run("cd %s && SSH_AUTH_SOCK=agent ssh-add -q %s %s 2>&1", real->sshd->folder, options, key));
}

static struct talk
agent_talk(struct sshd *sshd, const char *identity)
{
	struct talk talk = ssh_talk(sshd, sshd->user);

	kbi_map_set(&talk.settings, "become", "none");
	kbi_map_set(&talk.settings, "agent", in_folder(sshd, "agent"));
	kbi_map_remove(&talk.settings, "identity");
	if (identity)
		kbi_map_set(&talk.settings, "identity", identity);
	return talk;
}

static void
check_in(struct sshd *sshd, const char *identity)
{
	struct talk talk = agent_talk(sshd, identity);

	talk_start(&talk, "ssh", NULL, PATIENCE_MS);
	talk_must_be_ready(&talk);
	check_ask(&talk, "echo fact >&3", "fact\n", "", 0);
	talk_end(&talk);
}

static void
check_out(struct sshd *sshd, const char *identity, int64_t timeout_ms, kb_status code, const char *id,
	const char *evidence)
{
	struct talk talk = agent_talk(sshd, identity);
	int64_t start_ms = kbi_clock_ms();

	talk_start(&talk, "ssh", NULL, timeout_ms);
	check_error(&talk, code, id);
	assert_true(kbi_clock_ms() - start_ms < timeout_ms + 2000);
	if (evidence)
		assert_true(has_evidence(talk_error(&talk), evidence));
	talk_end(&talk);
}

/* The private key files are out of the way, so that only the agent can have signed. */
static void
keys_of_each_type_log_in_by_the_agent(void **state)
{
	struct real real = real_start(state);
	static const char *const types[] = {"ed25519", "ecdsa", "rsa"};
	char name[64];

	free(run("cd %s && mkdir -p public && cp key_*.pub public/", real.sshd->folder));
	for (size_t i = 0; i < COUNT(types); i++) {
		snprintf(name, sizeof(name), "key_%s", types[i]);
		add_key(&real, "", name);
		snprintf(name, sizeof(name), "public/key_%s.pub", types[i]);
		check_in(real.sshd, in_folder(real.sshd, name));
		snprintf(name, sizeof(name), "public/key_%s", types[i]);	/* only its .pub is there */
		check_in(real.sshd, in_folder(real.sshd, name));
		char *line = run("ssh-keygen -lf %s/key_%s.pub | cut -d' ' -f2", real.sshd->folder, types[i]);
		line[strcspn(line, "\n")] = '\0';
		check_in(real.sshd, line);
		free(line);
	}
	real_stop(&real);
}

static void
the_agent_of_the_environment_is_asked_when_told_so(void **state)
{
	struct real real = real_start(state);
	struct talk talk = agent_talk(real.sshd, in_folder(real.sshd, "key_ecdsa.pub"));

	add_key(&real, "", "key_ecdsa");
	kbi_map_set(&talk.settings, "agent", "yes");
	setenv("SSH_AUTH_SOCK", in_folder(real.sshd, "agent"), 1);
	talk_start(&talk, "ssh", NULL, PATIENCE_MS);
	talk_must_be_ready(&talk);
	talk_end(&talk);
	unsetenv("SSH_AUTH_SOCK");
	talk = agent_talk(real.sshd, in_folder(real.sshd, "key_ecdsa.pub"));
	kbi_map_set(&talk.settings, "agent", "yes");
	talk_start(&talk, "ssh", NULL, PATIENCE_MS);
	check_error(&talk, KB_EAUTH, "agent.unset");
	talk_end(&talk);
	real_stop(&real);
}

/* sshd takes four tries here; the agent holds nine keys that it does not know. */
static void
only_the_key_that_was_named_is_offered(void **state)
{
	struct real real = real_start(state);

	for (int i = 0; i < 9; i++) {
		free(run("cd %s && rm -f other* && ssh-keygen -q -t ed25519 -N '' -f other", real.sshd->folder));
		add_key(&real, "", "other");
	}
	add_key(&real, "", "key_ed25519");
	free(run(": >%s/log", real.sshd->folder));
	check_in(real.sshd, in_folder(real.sshd, "key_ed25519.pub"));
	char *failed = run("grep -cE 'Failed|Too many' %s/log; grep -c 'method publickey' %s/log",
		real.sshd->folder, real.sshd->folder);
	assert_string_equal(failed, "0\n2\n");	/* may it, and here is the signature */
	free(failed);
	free(run("mkdir -p %s/empty; : >%s/log", real.sshd->folder, real.sshd->folder));
	char *home = strdup(getenv("HOME") ? getenv("HOME") : "/");
	setenv("HOME", in_folder(real.sshd, "empty"), 1);
	check_out(real.sshd, NULL, PATIENCE_MS, KB_EAUTH, "agent.unnamed", "the agent holds: SHA256:");
	setenv("HOME", home, 1);
	free(home);
	char *offered = run("grep -c 'method publickey' %s/log", real.sshd->folder);
	assert_string_equal(offered, "0\n");
	free(offered);
	real_stop(&real);
}

static void
a_key_that_the_agent_does_not_hold_is_read_or_named(void **state)
{
	struct real real = real_start(state);

	check_in(real.sshd, in_folder(real.sshd, "key_ed25519"));	/* from its file */
	check_out(real.sshd, in_folder(real.sshd, "key_ed25519.pub"), PATIENCE_MS, KB_EAUTH, "agent.no-key",
		"shows no keys");
	add_key(&real, "", "key_rsa");
	check_out(real.sshd, "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU", PATIENCE_MS, KB_EAUTH,
		"agent.no-key", "(ssh-rsa)");
	check_out(real.sshd, "SHA256:47DEQ", PATIENCE_MS, KB_EINVAL, "", NULL);
	check_out(real.sshd, in_folder(real.sshd, "nothing.pub"), PATIENCE_MS, KB_EINVAL, "", NULL);
	check_out(real.sshd, real.sshd->folder, PATIENCE_MS, KB_EINVAL, "key.not-a-file", NULL);
	real_stop(&real);
}

static void
a_locked_agent_and_a_user_who_says_no_are_named(void **state)
{
	struct real real = real_start(state);
	struct sshd *sshd = real.sshd;

	add_key(&real, "-c", "key_ecdsa");	/* asks, and /bin/false answers */
	check_out(sshd, in_folder(sshd, "key_ecdsa.pub"), PATIENCE_MS, KB_EAUTH, "agent.refused",
		"did not sign with");
	add_key(&real, "", "key_ed25519");
	check_in(sshd, in_folder(sshd, "key_ed25519.pub"));
	write_file(in_folder(sshd, "say"), "#!/bin/sh\necho horse\n", 21, 0755);
	free(run("cd %s && SSH_ASKPASS=./say SSH_ASKPASS_REQUIRE=force DISPLAY=: SSH_AUTH_SOCK=agent ssh-add -x "
		 "</dev/null 2>&1",
		sshd->folder));
	check_out(sshd, in_folder(sshd, "key_ed25519.pub"), PATIENCE_MS, KB_EAUTH, "agent.no-key", "locked");
	real_stop(&real);
}

static void
no_agent_is_named(void **state)
{
	struct sshd *sshd = need_sshd(state);
	char path[200];

	unlink(in_folder(sshd, "agent"));
	check_out(sshd, in_folder(sshd, "key_rsa"), PATIENCE_MS, KB_EAUTH, "agent.unreachable", NULL);
	write_file(in_folder(sshd, "agent"), "", 0, 0600);
	check_out(sshd, in_folder(sshd, "key_rsa"), PATIENCE_MS, KB_EAUTH, "agent.unreachable", NULL);
	unlink(in_folder(sshd, "agent"));
	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	struct talk talk = agent_talk(sshd, in_folder(sshd, "key_rsa"));
	kbi_map_set(&talk.settings, "agent", path);
	talk_start(&talk, "ssh", NULL, PATIENCE_MS);
	check_error(&talk, KB_EINVAL, "");
	talk_end(&talk);
}

/* -- one that is not what it should be */

struct fake {
	const char *list, *signature;	/* what it says to the first and the second request; NULL: nothing */
	size_t list_bytes, signature_bytes;
	bool hangs_up;			/* in place of an answer that is NULL */
	bool is_slow;			/* a byte at a time */
	bool lists_key;			/* the first answer is a true one, with our key */
	int fd;
	atomic_bool is_over;
	atomic_int requests;		/* that came */
	struct kbi_buf key;
	pthread_t thread;
};

static void
fake_say(struct fake *fake, int fd, const char *text, size_t size_bytes)
{
	for (size_t at = 0; at < size_bytes && !atomic_load(&fake->is_over);) {
		ssize_t count = send(fd, text + at, fake->is_slow ? 1 : size_bytes - at, MSG_NOSIGNAL);
		if (count < 0)
			return;
		at += (size_t)count;
		if (fake->is_slow)
			usleep(3000);
	}
}

static void
fake_list(struct fake *fake, int fd)
{
	struct kbi_buf body = KBI_BUF(KBI_AGENT_MAX), message = KBI_BUF(KBI_AGENT_MAX);

	kbi_buf_add_char(&body, 12);
	kbi_wire_add_u32(&body, 1);
	kbi_wire_add_string(&body, fake->key.data, fake->key.size_bytes);
	kbi_wire_add_text(&body, "a comment");
	kbi_wire_add_string(&message, body.data, body.size_bytes);
	fake_say(fake, fd, message.data, message.size_bytes);
	kbi_buf_free(&body);
	kbi_buf_free(&message);
}

static void *
fake_run(void *owner)
{
	struct fake *fake = owner;
	int fd = accept(fake->fd, NULL, NULL);
	char request[4096];
	bool goes_on = fd >= 0;

	for (int i = 0; goes_on && i < 2; i++) {
		const char *says = i ? fake->signature : fake->list;
		goes_on = recv(fd, request, sizeof(request), 0) > 0;
		atomic_fetch_add(&fake->requests, goes_on);
		if (goes_on && i == 0 && fake->lists_key)
			fake_list(fake, fd);
		else if (goes_on && says)
			fake_say(fake, fd, says, i ? fake->signature_bytes : fake->list_bytes);
		else if (fake->hangs_up)
			goes_on = false;
		else
			while (!atomic_load(&fake->is_over))
				usleep(10000);
	}
	close(fd);
	return NULL;
}

static void
fake_start(struct fake *fake, struct sshd *sshd)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char *text = read_all(in_folder(sshd, "key_ed25519.pub"));

	atomic_store(&fake->is_over, false);
	fake->key = KBI_BUF(KBI_AGENT_MAX);
	assert_true(kbi_agent_public(&fake->key, text, strlen(text)));
	free(text);
	snprintf(address.sun_path, sizeof(address.sun_path), "%.80s/agent", sshd->folder);
	unlink(address.sun_path);
	fake->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fake->fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fake->fd, 1), 0);
	assert_int_equal(pthread_create(&fake->thread, NULL, fake_run, fake), 0);
}

static void
fake_stop(struct fake *fake)
{
	atomic_store(&fake->is_over, true);
	shutdown(fake->fd, SHUT_RDWR);
	pthread_join(fake->thread, NULL);
	close(fake->fd);
	kbi_buf_free(&fake->key);
}

/* The wait is short, and longer where the machine is so busy that the handshake alone took all of it. */
static void
check_timeout(struct sshd *sshd, struct fake *fake)
{
	bool is_late = true;

	for (int64_t timeout_ms = 500; is_late; timeout_ms *= 3) {
		struct talk talk = agent_talk(sshd, in_folder(sshd, "key_ed25519.pub"));
		int64_t start_ms = kbi_clock_ms();
		if (fake)
			fake_start(fake, sshd);
		talk_start(&talk, "ssh", NULL, timeout_ms);
		is_late = strcmp(kb_err_id(talk_error(&talk)), "ssh.timeout") == 0 && timeout_ms < PATIENCE_MS;
		if (!is_late)
			check_error(&talk, KB_ETIMEOUT, "agent.timeout");
		assert_true(kbi_clock_ms() - start_ms < timeout_ms + 2000);
		talk_end(&talk);
		if (fake)
			fake_stop(fake);
	}
}

static void
an_agent_that_is_stopped_holds_nobody_up(void **state)
{
	struct real real = real_start(state);

	add_key(&real, "", "key_ed25519");
	kill(real.pid, SIGSTOP);
	check_timeout(real.sshd, NULL);
	kill(real.pid, SIGCONT);
	check_in(real.sshd, in_folder(real.sshd, "key_ed25519.pub"));
	real_stop(&real);
}

#define SAYS(text) text, .list_bytes = sizeof(text) - 1
#define SIGNS(text) text, .signature_bytes = sizeof(text) - 1

static void
hostile_agents_are_named_and_bounded(void **state)
{
	struct sshd *sshd = need_sshd(state);
	static const struct {
		struct fake fake;
		kb_status code;
		const char *id;
	} cases[] = {
		{{.list = NULL}, KB_ETIMEOUT, "agent.timeout"},
		{{.list = NULL, .hangs_up = true}, KB_EAUTH, "agent.closed"},
		{{.list = SAYS("\0\0\0\0")}, KB_EAUTH, "agent.garbled"},
		{{.list = SAYS("\xff\xff\xff\xff\x0c\0\0\0\1")}, KB_EAUTH, "agent.garbled"},
		{{.list = SAYS("\0\4\0\1\x0c\0\0\0\1")}, KB_EAUTH, "agent.garbled"},
		{{.list = SAYS("HTTP/1.1 400 Bad Request\r\n\r\n")}, KB_EAUTH, "agent.garbled"},
		{{.list = SAYS("\0\0\0\5\x0c\xff\xff\xff\xff")}, KB_EAUTH, "agent.garbled"},
		{{.list = SAYS("\0\0\0\5\x0c\0\0\0\0more than it said")}, KB_EAUTH, "agent.garbled"},
		{{.list = SAYS("\0\0\0\1\x05")}, KB_EAUTH, "agent.garbled"},
		{{.list = SAYS("\0\0\0\x09\x0c"), .hangs_up = true}, KB_ETIMEOUT, "agent.timeout"},
		{{.list = SAYS("\0\0\0\5\x0c\0\0\0\0"), .is_slow = true}, KB_EAUTH, "agent.no-key"},
		{{.lists_key = true}, KB_ETIMEOUT, "agent.timeout"},
		{{.lists_key = true, .hangs_up = true}, KB_EAUTH, "agent.closed"},
		{{.lists_key = true, .signature = SIGNS("\0\0\0\1\x05")}, KB_EAUTH, "agent.refused"},
		{{.lists_key = true, .signature = SIGNS("\0\0\0\1\x1e")}, KB_EAUTH, "agent.refused"},
		{{.lists_key = true, .signature = SIGNS("\0\0\0\1\x0e")}, KB_EAUTH, "agent.garbled"},
		{{.lists_key = true, .signature = SIGNS("\0\0\0\x0a\x0e\0\0\0\5ssh-d")}, KB_EAUTH, "agent.garbled"},
		{{.lists_key = true,
			 .signature = SIGNS("\0\0\0\x17\x0e\0\0\0\x12\0\0\0\7ssh-dss\0\0\0\3sig")},
			KB_EAUTH, "agent.garbled"},
		{{.lists_key = true,	/* well made, and wrong */
			 .signature = SIGNS("\0\0\0\x1b\x0e\0\0\0\x16\0\0\0\x0bssh-ed25519\0\0\0\3sig")},
			KB_EAUTH, "auth.refused"},
		{{.lists_key = true, .signature = SIGNS("\xff\xff\xff\xff\x0e")}, KB_EAUTH, "agent.garbled"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fake fake = {.list = cases[i].fake.list,
			.list_bytes = cases[i].fake.list_bytes,
			.signature = cases[i].fake.signature,
			.signature_bytes = cases[i].fake.signature_bytes,
			.hangs_up = cases[i].fake.hangs_up,
			.is_slow = cases[i].fake.is_slow,
			.lists_key = cases[i].fake.lists_key};
		print_message("case %zu\n", i);
		if (cases[i].code == KB_ETIMEOUT) {
			check_timeout(sshd, &fake);
			continue;
		}
		fake_start(&fake, sshd);
		check_out(sshd, in_folder(sshd, "key_ed25519.pub"), PATIENCE_MS, cases[i].code, cases[i].id, NULL);
		fake_stop(&fake);
	}
}

/* While an agent thinks, the loop sleeps: it does not ask the socket over and over. */
static void
waiting_for_an_agent_costs_no_turns(void **state)
{
	struct sshd *sshd = need_sshd(state);
	struct fake fake = {.lists_key = true};
	struct talk talk = agent_talk(sshd, in_folder(sshd, "key_ed25519.pub"));
	int turns = 0;

	fake_start(&fake, sshd);
	talk_start(&talk, "ssh", NULL, PATIENCE_MS);
	for (int i = 0; i < 500 && atomic_load(&fake.requests) < 2; i++)
		turn_for(sshd->loop, 20);
	turn_for(sshd->loop, 100);
	assert_int_equal(atomic_load(&fake.requests), 2);
	for (int64_t end_ms = kbi_clock_ms() + 500; kbi_clock_ms() < end_ms; turns++) {
		is_readable(sshd->loop, (int)(end_ms - kbi_clock_ms()));
		kbi_loop_dispatch(sshd->loop);
	}
	assert_true(turns < 5);
	assert_false(talk.is_settled);
	talk_end(&talk);
	fake_stop(&fake);
}

/* The host hangs up while the agent is asked: nobody waits for the agent any more. */
static void
a_host_that_hangs_up_meanwhile_is_heard(void **state)
{
	struct sshd *sshd = need_sshd(state);
	struct fake fake = {.lists_key = true};
	struct talk talk = agent_talk(sshd, in_folder(sshd, "key_ed25519.pub"));

	fake_start(&fake, sshd);
	free(run(": >%s/log", sshd->folder));
	talk_start(&talk, "ssh", NULL, PATIENCE_MS);
	for (int i = 0; i < 100; i++) {
		turn_for(sshd->loop, 50);
		char *asked = run("grep -c 'Postponed publickey\\|pkalg ssh-ed25519' %s/log", sshd->folder);
		bool is_asked = atoi(asked) > 0;
		free(asked);
		if (is_asked)
			break;
	}
	turn_for(sshd->loop, 200);
	free(run("for p in $(pgrep -P %d); do kill -9 $(pgrep -P $p) $p; done", (int)sshd->pid));
	const struct kb_err *err = talk_error(&talk);
	assert_int_equal(err->code, KB_EUNREACHABLE);
	assert_non_null(strstr(kb_err_cause(err), "agent"));
	talk_end(&talk);
	fake_stop(&fake);
}

static void
an_embedder_may_drop_it_while_the_agent_thinks(void **state)
{
	struct sshd *sshd = need_sshd(state);

	for (int64_t ms = 0; ms < 400; ms += 60) {
		struct fake fake = {.lists_key = true};
		struct talk talk = agent_talk(sshd, in_folder(sshd, "key_ed25519.pub"));
		fake_start(&fake, sshd);
		talk_start(&talk, "ssh", NULL, PATIENCE_MS);
		turn_for(sshd->loop, ms);
		talk_end(&talk);
		fake_stop(&fake);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_cut_anywhere_is_garbage_and_never_a_key_more),
		cmocka_unit_test(a_request_to_sign_is_as_the_draft_has_it),
		cmocka_unit_test(a_signature_has_a_format_and_nothing_behind_it),
		cmocka_unit_test(a_public_key_file_says_twice_of_which_type_it_is),
		cmocka_unit_test(keys_of_each_type_log_in_by_the_agent),
		cmocka_unit_test(the_agent_of_the_environment_is_asked_when_told_so),
		cmocka_unit_test(only_the_key_that_was_named_is_offered),
		cmocka_unit_test(a_key_that_the_agent_does_not_hold_is_read_or_named),
		cmocka_unit_test(a_locked_agent_and_a_user_who_says_no_are_named),
		cmocka_unit_test(an_agent_that_is_stopped_holds_nobody_up),
		cmocka_unit_test(no_agent_is_named),
		cmocka_unit_test(hostile_agents_are_named_and_bounded),
		cmocka_unit_test(waiting_for_an_agent_costs_no_turns),
		cmocka_unit_test(an_embedder_may_drop_it_while_the_agent_thinks),
		cmocka_unit_test(a_host_that_hangs_up_meanwhile_is_heard),
	};

	return cmocka_run_group_tests_name("agent", tests, sshd_group, sshd_ungroup);
}
