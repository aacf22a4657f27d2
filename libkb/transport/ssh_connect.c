/* SPDX-License-Identifier: Apache-2.0 */
/* From a name to a TCP connection: the name is looked up beside the loop, and its addresses are tried one
 * after the other. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"
#include "transport/jump.h"
#include "transport/ssh.h"

/* The error of a jump host, as the error of the host behind it. */
static void
say_jump(const struct kb_err *why, const char *host, struct kb_err *err)
{
	kbi_fail(err, why->code, "%s: jump host %s", host, kb_err_cause(why));
	kbi_err_id(err, kb_err_id(why));
	for (size_t i = 0; i < kb_err_evidence_count(why); i++)
		kbi_err_evidence(err, "%s", kb_err_evidence(why, i));
	if (*kb_err_fix(why))
		kbi_err_fix(err, "%s", kb_err_fix(why));
	kbi_err_where(err, host, NULL);
}

struct lookup {
	char *name;
	char port[8];
	int failed;		/* EAI_* */
	int saved_errno;	/* of EAI_SYSTEM */
	struct addrinfo *addresses;
};

static int
look_up(const char *name, const char *port, int flags, struct addrinfo **addresses)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | flags};

	*addresses = NULL;
	return getaddrinfo(name, port, &hints, addresses);
}

static void
look_up_work(void *data, const atomic_bool *is_cancelled)
{
	struct lookup *lookup = data;

	(void)is_cancelled;
	lookup->failed = look_up(lookup->name, lookup->port, 0, &lookup->addresses);
	lookup->saved_errno = errno;
}

static void
look_up_free(void *data)
{
	struct lookup *lookup = data;

	if (lookup->addresses)
		freeaddrinfo(lookup->addresses);
	free(lookup->name);
	free(lookup);
}

static void
look_up_done(void *owner, void *data)
{
	struct kbi_ssh *s = owner;
	struct lookup *lookup = data;

	s->lookup = NULL;
	s->addresses = s->next_address = lookup->addresses;
	lookup->addresses = NULL;
	if (lookup->failed) {
		kbi_ssh_fail(s, KB_EUNREACHABLE, "connect.name", "its name %s cannot be resolved: %s",
			s->address,
			lookup->failed == EAI_SYSTEM ? strerror(lookup->saved_errno)
						     : gai_strerror(lookup->failed));
		s->state = LOST;
	}
	look_up_free(lookup);
	kbi_loop_timer(s->loop, &s->retry, 0);
}

static kb_status
start_look_up(struct kbi_ssh *s, const char *port, struct kb_err *err)
{
	struct kbi_job job = {look_up_work, look_up_done, look_up_free, s, NULL};
	struct lookup *lookup = calloc(1, sizeof(*lookup));

	if (!lookup)
		return kbi_fail_memory(err);
	job.data = lookup;
	lookup->name = strdup(s->address);
	snprintf(lookup->port, sizeof(lookup->port), "%s", port);
	s->lookup = lookup->name ? kbi_loop_job(s->loop, &job) : NULL;
	if (s->lookup)
		return KB_OK;
	look_up_free(lookup);
	return kbi_fail(err, KB_ENOMEM, "%s: no thread to look its name up", s->host);
}

static void
passage_changed(void *owner)
{
	struct kbi_ssh *s = owner;

	if (s->state == WAIT_JUMP)	/* later, its socket tells */
		kbi_loop_timer(s->loop, &s->retry, 0);
}

static kb_status
enter_passage(struct kbi_ssh *s, const struct kbi_transport_want *from, const struct kbi_hop *hop, struct kb_err *err)
{
	const struct kbi_passage_want want = {
		.loop = s->loop,
		.hop = hop,
		.depth = from->depth,
		.address = s->address,
		.port = s->port,
		.deadline_ms = from->deadline_ms,
		.keyring = from->keyring,
		.asker = from->asker,
		.changed = passage_changed,
		.owner = s,
	};
	struct kb_err why = {0};

	if (from->depth >= KBI_JUMP_HOPS_MAX)
		return kbi_fail(err, KB_EINVAL, "%s: jump: more than %d jump hosts in a row, or it is its own",
			s->host, KBI_JUMP_HOPS_MAX);
	s->passage = kbi_passage_new(&want, &why);
	if (!s->passage)
		say_jump(&why, s->host, err);
	kbi_err_clear(&why);
	return s->passage ? KB_OK : err->code;
}

static kb_status
enter_named_passage(struct kbi_ssh *s, const struct kbi_transport_want *from, const char *jump, struct kb_err *err)
{
	struct kbi_map settings = {0};
	kb_status failed = kbi_jump_settings(jump, from->settings, &settings);

	if (failed == KB_EINVAL)
		kbi_fail(err, failed, "%s: jump: not [user@]host[:port], or several parted by commas", s->host);
	else if (failed)
		kbi_fail_memory(err);
	const struct kbi_hop hop = {kbi_map_get_or(&settings, "address", ""), &settings, NULL};
	if (!failed)
		failed = enter_passage(s, from, &hop, err);
	kbi_map_free(&settings);
	return failed;
}

kb_status
kbi_ssh_prepare_connect(struct kbi_ssh *s, const struct kbi_transport_want *want, struct kb_err *err)
{
	const char *jump = kbi_map_get(&s->settings, "jump");
	int64_t number;
	char port[8];

	s->address = kbi_map_get(&s->settings, "address");
	s->user = kbi_map_get_or(&s->settings, "user", "root");
	if (!kbi_str_is_set(s->address))
		return kbi_fail(err, KB_EINVAL, "%s: address: not set", s->host);
	if (!kbi_str_to_int64(kbi_map_get_or(&s->settings, "port", "22"), 1, 65535, &number))
		return kbi_fail(err, KB_EINVAL, "%s: port: not a number from 1 to 65535", s->host);
	s->port = (int)number;
	if (want->jump)
		return enter_passage(s, want, want->jump, err);
	if (kbi_str_is_set(jump) && !kbi_str_is(jump, "none"))
		return enter_named_passage(s, want, jump, err);
	snprintf(port, sizeof(port), "%d", s->port);
	if (look_up(s->address, port, AI_NUMERICHOST, &s->addresses) != 0)	/* asks nobody */
		return start_look_up(s, port, err);
	s->next_address = s->addresses;
	return KB_OK;
}

bool
kbi_ssh_has_lost_jump(const struct kbi_ssh *s)
{
	return s->passage && kbi_passage_err(s->passage)->code;
}

enum kbi_turn
kbi_ssh_fail_jump(struct kbi_ssh *s)
{
	say_jump(kbi_passage_err(s->passage), s->host, &s->base.err);
	return TURN_LOST;
}

enum kbi_turn
kbi_ssh_wait_jump(struct kbi_ssh *s)
{
	enum kbi_passage_state state = kbi_passage_state(s->passage);

	if (state == KBI_PASSAGE_LOST)
		return kbi_ssh_fail_jump(s);
	if (state != KBI_PASSAGE_OPEN)
		return TURN_WAIT;
	s->watch.fd = kbi_passage_take_fd(s->passage);
	return kbi_ssh_go(s, WAIT_HANDSHAKE);
}

enum kbi_turn
kbi_ssh_wait_name(struct kbi_ssh *s)
{
	return s->next_address ? kbi_ssh_go(s, WAIT_GATE) : TURN_WAIT;
}

static void
may_enter(void *owner)
{
	struct kbi_ssh *s = owner;

	kbi_loop_timer(s->loop, &s->retry, 0);
}

enum kbi_turn
kbi_ssh_wait_gate(struct kbi_ssh *s)
{
	int64_t due_ms;

	s->pass.may_enter = may_enter;
	s->pass.owner = s;
	if (!s->pass.gate && !kbi_gate_approach(s->loop, s->address, s->port, &s->pass)) {
		kbi_fail_memory(&s->base.err);
		return TURN_LOST;
	}
	if (kbi_gate_enter(&s->pass, kbi_clock_ms(), &due_ms))
		return kbi_ssh_go(s, DIAL);
	kbi_loop_timer(s->loop, &s->retry, due_ms);
	return TURN_WAIT;
}

enum kbi_turn
kbi_ssh_come_again(struct kbi_ssh *s, bool is_ban)
{
	enum kbi_gate_way way = is_ban ? KBI_GATE_BANNED : KBI_GATE_TURNED_AWAY;
	int64_t opens_ms = kbi_gate_leave(&s->pass, way, kbi_clock_ms());

	s->turned_away++;
	if (s->turned_away > 1)
		kbi_err_evidence(&s->base.err, "so it did %d times", s->turned_away);
	if (!s->pass.gate || opens_ms >= s->deadline_ms)
		return TURN_LOST;
	kbi_loop_watch(s->loop, &s->watch, 0);
	kbi_fd_close(&s->watch.fd);
	if (kbi_ssh_begin_anew(s)) {
		kbi_fail_memory(&s->base.err);
		return TURN_LOST;
	}
	s->next_address = s->addresses;
	return kbi_ssh_go(s, WAIT_GATE);
}

/* Small packets must not wait for acknowledgements. A peer that has gone without a word is noticed by the
 * kernel, since libssh2's own keepalive can jam a full socket. */
static void
set_options(int fd)
{
	const int on = 1, idle_s = 30, interval_s = 10, count = 6;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof(interval_s));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof(count));
}

static size_t
count_addresses(const struct addrinfo *address)
{
	size_t count = 0;

	for (; address; address = address->ai_next)
		count++;
	return count;
}

static const char *
print_address(const struct addrinfo *address, char out[NI_MAXHOST])
{
	if (getnameinfo(address->ai_addr, address->ai_addrlen, out, NI_MAXHOST, NULL, 0, NI_NUMERICHOST) != 0)
		snprintf(out, NI_MAXHOST, "?");
	return out;
}

static const char *
id_of(int error)
{
	return error == ECONNREFUSED ? "connect.refused"
		: error == ETIMEDOUT ? "connect.timeout"
				     : "connect.failed";
}

/* Each address that did not answer is a line of evidence; the last one says what the error is. */
static enum kbi_turn
next_address(struct kbi_ssh *s, int error)
{
	struct kb_err before = {0};
	char text[NI_MAXHOST];
	const struct addrinfo *address = s->next_address;

	if (s->watch.fd >= 0)
		kbi_loop_watch(s->loop, &s->watch, 0);
	kbi_fd_close(&s->watch.fd);
	kbi_err_copy(&before, &s->base.err);
	kbi_ssh_fail(s, KB_EUNREACHABLE, id_of(error), "no connection to %s port %d: %s", s->address, s->port,
		strerror(error));
	for (size_t i = 0; i < kb_err_evidence_count(&before); i++)
		kbi_err_evidence(&s->base.err, "%s", kb_err_evidence(&before, i));
	kbi_err_evidence(
		&s->base.err, "%s port %d: %s", print_address(address, text), s->port, strerror(error));
	kbi_err_clear(&before);
	s->next_address = address->ai_next;
	return s->next_address ? kbi_ssh_go(s, DIAL) : TURN_LOST;
}

enum kbi_turn
kbi_ssh_dial(struct kbi_ssh *s)
{
	const struct addrinfo *address = s->next_address;
	int64_t now_ms = kbi_clock_ms(), left_ms = kbi_clock_left_ms(s->deadline_ms, now_ms);

	s->watch.fd = kbi_fd_lift(socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
	if (s->watch.fd < 0)
		return next_address(s, errno);
	set_options(s->watch.fd);
	s->dial_due_ms = kbi_clock_deadline(
		now_ms, left_ms == KBI_NEVER ? -1 : left_ms / (int64_t)count_addresses(address));
	if (connect(s->watch.fd, address->ai_addr, address->ai_addrlen) < 0 && errno != EINPROGRESS)
		return next_address(s, errno);
	if (address->ai_next)
		kbi_loop_timer(s->loop, &s->retry, s->dial_due_ms);
	return kbi_ssh_go(s, WAIT_TCP);
}

enum kbi_turn
kbi_ssh_wait_tcp(struct kbi_ssh *s)
{
	struct sockaddr_storage peer;
	socklen_t peer_bytes = sizeof(peer), error_bytes = sizeof(int);
	int error = 0;

	if (getsockopt(s->watch.fd, SOL_SOCKET, SO_ERROR, &error, &error_bytes) < 0)
		error = errno;
	if (error)
		return next_address(s, error);
	if (getpeername(s->watch.fd, (struct sockaddr *)&peer, &peer_bytes) == 0) {
		kbi_loop_timer(s->loop, &s->retry, KBI_NEVER);
		kbi_err_clear(&s->base.err);	/* of addresses that did not answer */
		return kbi_ssh_go(s, WAIT_HANDSHAKE);
	}
	if (s->next_address->ai_next && kbi_clock_ms() >= s->dial_due_ms)
		return next_address(s, ETIMEDOUT);
	return TURN_WAIT;
}
