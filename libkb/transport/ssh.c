/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/ssh.h"

#include <errno.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"
#include "transport/jump.h"
#include "transport/ssh_agent.h"
#include "transport/ssh_config.h"

#define BANNER_MAX ((size_t)64 << 10)	/* lines that a server may say before its version */
#define ROUNDS_MAX 8
#define RETRY_MS 20

static const struct state {
	enum kbi_turn (*step)(struct kbi_ssh *s);
	const char *waits_for;
	const char *late;	/* the name of the error when it waited too long; NULL: ssh.timeout */
} states[] = {
	[WAIT_KEYS] = {kbi_ssh_wait_keys, "its key was not opened", "key.timeout"},
	[ASK_PASSWORD] = {kbi_ssh_ask_password, "its password was not asked for", NULL},
	[WAIT_ANSWER] = {kbi_ssh_wait_answer, "a question was not answered", "question.unanswered"},
	[WAIT_JUMP] = {kbi_ssh_wait_jump, "its jump host gave no connection", "connect.timeout"},
	[WAIT_NAME] = {kbi_ssh_wait_name, "its name was not resolved", "connect.timeout"},
	[WAIT_GATE] = {kbi_ssh_wait_gate, "it turns logins away, and no place came free", "connect.turned-away"},
	[DIAL] = {kbi_ssh_dial, "no connection", "connect.timeout"},
	[WAIT_TCP] = {kbi_ssh_wait_tcp, "no connection", "connect.timeout"},
	[WAIT_HANDSHAKE] = {kbi_ssh_wait_handshake, "the SSH handshake was not finished"},
	[CHECK_HOST_KEY] = {kbi_ssh_check_host_key, "the SSH handshake was not finished"},
	[WAIT_AGENT] = {kbi_ssh_wait_agent, "no answer from the agent", "agent.timeout"},
	[WAIT_AGENT_LOGIN] = {kbi_ssh_wait_agent_login, "no answer to the login"},
	[WAIT_KEY_LOGIN] = {kbi_ssh_wait_key_login, "no answer to the login"},
	[WAIT_PASSWORD_LOGIN] = {kbi_ssh_wait_password_login, "no answer to the login"},
	[WAIT_PROMPTS_LOGIN] = {kbi_ssh_wait_prompts_login, "no answer to the login"},
	[WAIT_METHODS] = {kbi_ssh_wait_methods, "no answer to the login"},
	[WAIT_CHANNEL] = {kbi_ssh_wait_channel, "logged in, but no channel was given"},
	[WAIT_EXEC] = {kbi_ssh_wait_exec, "logged in, but no command was started"},
};

enum kbi_turn
kbi_ssh_go(struct kbi_ssh *s, enum kbi_ssh_state state)
{
	s->state = state;
	kbi_ssh_log_state(s);
	if (state >= WAIT_CHANNEL && s->passage)
		kbi_passage_leave_queue(s->passage);
	if (state >= WAIT_CHANNEL && state < LOST)
		kbi_gate_leave(&s->pass, KBI_GATE_LOGGED_IN, kbi_clock_ms());
	return TURN_GO;
}

enum kbi_turn
kbi_ssh_fail(struct kbi_ssh *s, kb_status code, const char *id, const char *format, ...)
{
	struct kbi_buf cause = KBI_BUF(KBI_SIZE_TEXT);
	va_list args;

	va_start(args, format);
	kbi_buf_add_vformat(&cause, format, args);
	va_end(args);
	kbi_fail(&s->base.err, code, "%s: %s", s->host, kbi_buf_text(&cause));
	kbi_buf_free(&cause);
	kbi_err_id(&s->base.err, id);
	kbi_err_where(&s->base.err, s->host, NULL);
	return TURN_LOST;
}

bool
kbi_ssh_is_broken(const struct kbi_ssh *s, int rc)
{
	return s->has_peer_closed || s->socket_errno || rc == LIBSSH2_ERROR_SOCKET_DISCONNECT
		|| rc == LIBSSH2_ERROR_SOCKET_SEND || rc == LIBSSH2_ERROR_SOCKET_RECV;
}

enum kbi_turn
kbi_ssh_fail_socket(struct kbi_ssh *s, const char *when)
{
	char *why = NULL;

	s->state = LOST;
	s->base.state = KBI_LOST;
	if (kbi_ssh_has_lost_jump(s))
		return kbi_ssh_fail_jump(s);
	if (s->socket_errno)
		return kbi_ssh_fail(s, KB_EUNREACHABLE, "connection.lost", "the connection broke %s: %s",
			when, strerror(s->socket_errno));
	if (s->has_peer_closed)
		return kbi_ssh_fail(s, KB_EUNREACHABLE, "connection.closed",
			"the other side closed the connection %s", when);
	int rc = libssh2_session_last_error(s->session, &why, NULL, 0);
	if (rc == LIBSSH2_ERROR_ALLOC)
		return kbi_ssh_fail_memory(s, when);
	if (rc == LIBSSH2_ERROR_SOCKET_DISCONNECT)
		return kbi_ssh_fail(s, KB_EUNREACHABLE, "connection.closed",
			"the other side ended the connection %s", when);
	return kbi_ssh_fail(
		s, KB_EPROTOCOL, "ssh.protocol", "SSH failed %s: %s (%d)", when, why ? why : "no reason", rc);
}

enum kbi_turn
kbi_ssh_fail_memory(struct kbi_ssh *s, const char *when)
{
	s->state = LOST;
	s->base.state = KBI_LOST;
	return kbi_ssh_fail(s, KB_ENOMEM, "ssh.memory", "out of memory %s", when);
}

static void
remember_first(struct kbi_ssh *s, const char *data, size_t size_bytes)
{
	for (size_t i = 0; i < size_bytes && s->first_bytes < KBI_SSH_FIRST_BYTES; i++)
		s->first[s->first_bytes++] = data[i];
}

/* libssh2's recv(). It reads the peer's first lines byte by byte, and everything else as long as more comes:
 * both without a bound. */
static ssize_t
receive(libssh2_socket_t fd, void *data, size_t size_bytes, int flags, void **abstract)
{
	struct kbi_ssh *s = *abstract;
	ssize_t count;

	if (s->is_closing)
		return 0;
	if (s->is_deaf)
		return -ECANCELED;
	if (s->turn_bytes <= 0)
		return -EAGAIN;
	if (s->state == WAIT_HANDSHAKE && size_bytes == 1 && ++s->banner_bytes > BANNER_MAX)
		return -EPROTO;
	do
		count = recv(fd, data, size_bytes, flags);
	while (count < 0 && errno == EINTR);
	if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
		s->turn_bytes = 0;	/* what comes from here on makes a turn of its own */
		return -EAGAIN;
	}
	if (count < 0)
		s->socket_errno = errno;
	s->has_peer_closed = s->has_peer_closed || count == 0;
	if (count <= 0)
		s->turn_bytes = 0;
	if (count <= 0 && s->state == OPEN)
		/* or libssh2 would keep from us what it has received before; kbi_ssh_read() sees the end */
		return -EAGAIN;
	if (count < 0)
		return -s->socket_errno;
	s->turn_bytes -= count;
	if (s->state == WAIT_HANDSHAKE)
		remember_first(s, data, (size_t)count);
	return count;
}

static ssize_t
transmit(libssh2_socket_t fd, const void *data, size_t size_bytes, int flags, void **abstract)
{
	struct kbi_ssh *s = *abstract;
	ssize_t count;

	if (s->is_closing)
		return -EPIPE;
	do
		count = send(fd, data, size_bytes, flags | MSG_NOSIGNAL);
	while (count < 0 && errno == EINTR);
	if (count >= 0)
		return count;
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		return -EAGAIN;
	s->socket_errno = errno;
	return -s->socket_errno;
}

static void
set_callback(LIBSSH2_SESSION *session, int which, void (*callback)(void))
{
#if LIBSSH2_VERSION_NUM >= 0x010b01
	libssh2_session_callback_set2(session, which, (libssh2_cb_generic *)callback);
#else
	void *pointer;

	/* the older call takes a function as a void pointer, which ISO C has no cast for */
	memcpy(&pointer, &callback, sizeof(pointer));
	libssh2_session_callback_set(session, which, pointer);
#endif
}

/* Once; when there was no memory for it, the next one tries again. */
static bool
initialise(void)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static bool is_initialised;

	pthread_mutex_lock(&lock);
	is_initialised = is_initialised || libssh2_init(0) == 0;
	bool is_ready = is_initialised;
	pthread_mutex_unlock(&lock);
	return is_ready;
}

/* What libssh2 frees may be a packet with a secret in it: what a host printed, or what it was asked. */
static void
wipe_and_free(void *data, void **abstract)
{
	(void)abstract;
	if (data)
		kbi_wipe(data, malloc_usable_size(data));
	free(data);
}

static kb_status
make_session(struct kbi_ssh *s)
{
	s->session = initialise() ? libssh2_session_init_ex(NULL, wipe_and_free, NULL, s) : NULL;
	if (!s->session)
		return KB_ENOMEM;
	libssh2_session_set_blocking(s->session, 0);
	set_callback(s->session, LIBSSH2_CALLBACK_RECV, (void (*)(void))receive);
	set_callback(s->session, LIBSSH2_CALLBACK_SEND, (void (*)(void))transmit);
	return kbi_ssh_prefer_methods(s);
}

static void
lose(struct kbi_ssh *s)
{
	s->state = LOST;
	s->base.state = KBI_LOST;
	kbi_gate_leave(&s->pass, KBI_GATE_GAVE_UP, kbi_clock_ms());
	kbi_loop_timer(s->loop, &s->deadline, KBI_NEVER);
	kbi_loop_timer(s->loop, &s->retry, KBI_NEVER);
	if (s->watch.fd >= 0)
		kbi_loop_watch(s->loop, &s->watch, 0);
}

/* What a login needed is not kept for the hours that a session may last. */
static void
open_up(struct kbi_ssh *s)
{
	s->base.state = KBI_OPEN;
	kbi_loop_timer(s->loop, &s->deadline, KBI_NEVER);
	kbi_ssh_keep_password(s);
	kbi_ssh_forget_login(s);
	kbi_buf_free(&s->known_name);
	kbi_map_free(&s->settings);
	s->address = s->user = NULL;
	freeaddrinfo(s->addresses);
	s->addresses = s->next_address = NULL;
}

/* Directions of 0 after EAGAIN mean both; but a socket is nearly always writable, so that asks again after a
 * while. Where our own packet is half sent nothing is read (see ssh_channel.c), and waiting to read would
 * only spin. */
static unsigned
wanted(struct kbi_ssh *s)
{
	if (s->state == WAIT_KEYS || s->state == WAIT_ANSWER)	/* the host has to wait as well */
		return 0;
	if (s->state <= WAIT_TCP)
		return KBI_OUT;
	if (s->state == WAIT_AGENT)
		return kbi_ssh_agent_is_beside(s) ? 0 : KBI_IN;
	int directions = libssh2_session_block_directions(s->session);
	bool is_sending = s->state < OPEN || s->op != OP_NONE;
	if (s->state < OPEN && !directions)
		kbi_loop_timer(s->loop, &s->retry, kbi_clock_ms() + RETRY_MS);
	if (is_sending && directions & LIBSSH2_SESSION_BLOCK_OUTBOUND)
		return KBI_OUT
			| (s->state < OPEN && directions & LIBSSH2_SESSION_BLOCK_INBOUND ? (unsigned)KBI_IN
											 : 0);
	return KBI_IN;
}

void
kbi_ssh_watch(struct kbi_ssh *s)
{
	if (s->watch.fd < 0 || s->state == LOST || !kbi_loop_watch(s->loop, &s->watch, wanted(s)))
		return;
	kbi_ssh_fail(s, KB_EIO, "connect.watch", "its socket cannot be watched");
	lose(s);
	kbi_loop_timer(s->loop, &s->retry, 0);	/* the owner is told from there */
}

/* False when the owner freed us. */
static bool
tell(struct kbi_ssh *s)
{
	bool is_gone = false;

	s->is_gone = &is_gone;
	s->base.changed(s->base.owner);
	if (!is_gone)
		s->is_gone = NULL;
	return !is_gone;
}

/* How long it waits for others does not count, so its deadline stands still. True when that began or ended. */
static bool
keep_time(struct kbi_ssh *s)
{
	bool has_to_wait = s->state == WAIT_JUMP && kbi_passage_state(s->passage) == KBI_PASSAGE_QUEUED;
	int64_t now_ms = kbi_clock_ms(), waited_ms = now_ms - s->base.waits_since_ms;

	if (has_to_wait == (s->base.waits_since_ms != 0))
		return false;
	s->base.waits_since_ms = has_to_wait ? now_ms : 0;
	if (has_to_wait) {
		kbi_loop_timer(s->loop, &s->deadline, KBI_NEVER);
		return true;
	}
	s->base.waited_ms += waited_ms;
	if (s->deadline_ms != KBI_NEVER)
		s->deadline_ms += waited_ms;
	if (s->state < OPEN)
		kbi_loop_timer(s->loop, &s->deadline, s->deadline_ms);
	return true;
}

void
kbi_ssh_wait_longer(struct kbi_ssh *s, int64_t deadline_ms)
{
	if (s->state >= OPEN || deadline_ms <= s->deadline_ms)
		return;
	s->deadline_ms = deadline_ms;
	if (!s->base.waits_since_ms)
		kbi_loop_timer(s->loop, &s->deadline, deadline_ms);
}

static void
advance(struct kbi_ssh *s)
{
	enum kbi_turn turn = TURN_GO;

	while (s->state < OPEN && turn == TURN_GO)
		turn = states[s->state].step(s);
	if (turn == TURN_LOST || s->state == LOST)
		lose(s);
	else if (s->state == OPEN)
		open_up(s);
}

/* The owner reads in changed(). What libssh2 took from the socket meanwhile makes no event, so it is told
 * again. */
static void
serve(struct kbi_ssh *s)
{
	int rounds = 0;

	do {
		kbi_ssh_flush(s);
		if (s->state == LOST)
			lose(s);
		if (!tell(s))
			return;
	} while (kbi_ssh_has_more(s) && ++rounds < ROUNDS_MAX);
	if (s->state == LOST)
		lose(s);
	else if (kbi_ssh_has_more(s))
		kbi_loop_timer(s->loop, &s->retry, 0);
	kbi_ssh_watch(s);
}

static void
turn(struct kbi_ssh *s)
{
	const int on = 1;

	s->turn_bytes = KBI_SSH_TURN_BYTES;
	if (s->is_quick && s->watch.fd >= 0 && !s->passage)	/* the kernel forgets it after a while */
		setsockopt(s->watch.fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
	bool is_other_time = s->state < OPEN && keep_time(s);
	if (s->state < OPEN)
		advance(s);
	if (s->state < OPEN)
		kbi_ssh_watch(s);
	if (s->state >= OPEN)
		serve(s);
	else if (is_other_time)
		tell(s);
}

static void
socket_ready(void *owner, unsigned what)
{
	(void)what;
	turn(owner);
}

static void
pass_retry(void *owner)
{
	turn(owner);
}

/* Whose fault it is: its own, or that of a jump host that is not yet reached; way says which. */
static const struct kbi_ssh *
find_late(const struct kbi_ssh *s, struct kbi_buf *way)
{
	const struct kbi_ssh *before;

	for (; s->state == WAIT_JUMP; s = before) {
		kbi_buf_add_format(way, "jump host %s: ", kbi_passage_name(s->passage));
		if (!(before = kbi_passage_connecting(s->passage)))
			break;
	}
	return s;
}

static void
fail_deadline(struct kbi_ssh *s)
{
	struct kbi_buf way = KBI_BUF(KBI_SIZE_TEXT);
	const struct kbi_ssh *late = find_late(s, &way);
	bool is_asking = late->state == WAIT_KEYS && kbi_ssh_is_asking_passphrase(late);
	const char *id = is_asking ? "question.unanswered" : states[late->state].late;

	kbi_ssh_fail(s, KB_ETIMEOUT, id ? id : "ssh.timeout",
		"%s%s port %d: %s in %lld ms", kbi_buf_text(&way), late->address, late->port,
		is_asking ? "the passphrase of its key was asked for, and not answered" : states[late->state].waits_for,
		(long long)(kbi_clock_ms() - s->start_ms - s->base.waited_ms));
	if (late->turned_away)
		kbi_err_evidence(&s->base.err, "it turned us away before: %d times", late->turned_away);
	if (late->first_bytes && late->state == WAIT_HANDSHAKE)
		kbi_err_evidence(&s->base.err, "it said: %.*s", (int)late->first_bytes, late->first);
	kbi_buf_free(&way);
}

static void
pass_deadline(void *owner)
{
	struct kbi_ssh *s = owner;

	if (kbi_ssh_has_lost_jump(s))	/* its deadline was ours */
		kbi_ssh_fail_jump(s);
	else if (s->state != WAIT_GATE || !s->turned_away)	/* or the error is that of the last time */
		fail_deadline(s);
	lose(s);
	tell(s);
}

static kb_status
prepare(struct kbi_ssh *s, const struct kbi_transport_want *want, struct kb_err *err)
{
	s->log = want->log;
	s->host = strdup(want->host);
	s->command = want->command ? strdup(want->command) : NULL;
	if (!s->host || !s->keyring || (want->command && !s->command) || kbi_map_copy(&s->settings, want->settings))
		return kbi_fail_memory(err);
	kb_status failed = kbi_ssh_config_settle(&s->settings, err);
	if (!failed)
		failed = kbi_ssh_prepare_connect(s, want, err);
	if (!failed)
		failed = kbi_ssh_prepare_trust(s, err);
	if (!failed)
		failed = kbi_ssh_prepare_login(s, err);
	if (!failed && make_session(s))
		failed = kbi_fail_memory(err);
	return failed;
}

static void
free_session(struct kbi_ssh *s);

kb_status
kbi_ssh_begin_anew(struct kbi_ssh *s)
{
	free_session(s);
	s->session = NULL;
	s->channel = NULL;
	s->is_closing = s->has_peer_closed = s->has_signed = s->is_opening_ahead = false;
	s->is_quick = true;
	s->socket_errno = 0;
	s->banner_bytes = s->first_bytes = 0;
	return make_session(s);
}

static void ssh_free(struct kbi_transport *t);

static struct kbi_transport *
ssh_open(const struct kbi_transport_want *want, struct kb_err *err)
{
	struct kbi_ssh *s = calloc(1, sizeof(*s));

	if (!s) {
		kbi_fail_memory(err);
		return NULL;
	}
	s->base = (struct kbi_transport){
		.ops = &kbi_transport_ssh, .state = KBI_CONNECTING, .changed = want->changed, .owner = want->owner};
	s->loop = want->loop;
	s->asker = want->asker;
	s->keyring = want->keyring ? want->keyring : kbi_keyring_new(s->loop);
	s->has_own_keyring = !want->keyring;
	s->watch = (struct kbi_watch){-1, 0, socket_ready, s};
	s->deadline = (struct kbi_timer){.due_ms = KBI_NEVER, .due = pass_deadline, .owner = s};
	s->retry = (struct kbi_timer){.due_ms = KBI_NEVER, .due = pass_retry, .owner = s};
	s->known_name = KBI_BUF(KBI_SIZE_TEXT);
	s->out = (struct kbi_buf){.max_bytes = KBI_SSH_OUT_BYTES, .secret = true};
	s->is_quick = true;
	s->start_ms = kbi_clock_ms();
	s->deadline_ms = want->deadline_ms;
	if (prepare(s, want, err)) {
		kbi_err_where(err, want->host, NULL);
		ssh_free(&s->base);
		return NULL;
	}
	kbi_loop_timer(s->loop, &s->deadline, s->deadline_ms);
	kbi_ssh_log_state(s);
	kbi_loop_timer(s->loop, &s->retry, 0);	/* begins from the loop */
	return &s->base;
}

/* Never waits: the farewell is sent if there is room for it, and after that libssh2 finds a socket that takes
 * nothing. */
static void
free_session(struct kbi_ssh *s)
{
	if (!s->session)
		return;
	if (s->state == OPEN && s->op == OP_NONE)
		libssh2_session_disconnect_ex(s->session, SSH_DISCONNECT_BY_APPLICATION, "", "");
	s->is_closing = true;
	for (int i = 0; i < 16 && libssh2_session_free(s->session) == LIBSSH2_ERROR_EAGAIN; i++)
		;
}

static void
ssh_free(struct kbi_transport *t)
{
	struct kbi_ssh *s = (struct kbi_ssh *)t;

	if (!s)
		return;
	if (s->is_gone)
		*s->is_gone = true;
	kbi_job_cancel(s->lookup);
	kbi_gate_leave(&s->pass, KBI_GATE_GAVE_UP, kbi_clock_ms());
	kbi_loop_timer(s->loop, &s->deadline, KBI_NEVER);
	kbi_loop_timer(s->loop, &s->retry, KBI_NEVER);
	if (s->watch.fd >= 0)
		kbi_loop_watch(s->loop, &s->watch, 0);
	free_session(s);
	kbi_fd_close(&s->watch.fd);
	kbi_passage_free(s->passage);
	if (s->addresses)
		freeaddrinfo(s->addresses);
	kbi_ssh_forget_login(s);
	kbi_buf_free(&s->known_name);
	kbi_buf_free(&s->out);
	if (s->has_own_keyring)
		kbi_keyring_free(s->keyring);
	kbi_map_free(&s->settings);
	kbi_err_clear(&t->err);
	free(s->command);
	free(s->host);
	free(s);
}

const struct kbi_transport_ops kbi_transport_ssh = {
	.scheme = "ssh", .settle = kbi_ssh_config_settle, .open = ssh_open, .read = kbi_ssh_read, .write = kbi_ssh_write, .free = ssh_free,
};
