/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of all who go through one jump host, between their sockets and its channels.
 * One session of libssh2 asks for one channel at a time, and has room for one outbound packet: a call that left
 * one half sent (busy) is repeated until it is through, before anybody else may send. Every call may take packets
 * of all channels from the wire, which makes no event: so everybody is asked again until a round began with
 * nothing left to take. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "transport/jump_parts.h"

#define WINDOW_BYTES (512u << 10)
#define PACKET_BYTES (32u << 10)
#define ROUNDS_MAX 16
#define FAILURES_MAX 5
#define PATIENCE_MS 3000	/* with a host that does not answer the jump host, when others wait behind it */
#define REST_MS 100		/* after the first failure; then twice as long each time */

static struct kbi_ssh *
ssh_of(const struct kbi_jump *jump)
{
	return (struct kbi_ssh *)jump->way;
}

static bool
is_open(const struct kbi_jump *jump)
{
	return ssh_of(jump)->state == OPEN && jump->way->state == KBI_OPEN;
}

void
kbi_jump_kick(struct kbi_jump *jump)
{
	if (is_open(jump))
		kbi_loop_timer(jump->loop, &ssh_of(jump)->retry, 0);
}

static void
tell(struct kbi_passage *p)
{
	if (p->changed)
		p->changed(p->owner);
}

static bool
may(const struct kbi_passage *p, enum jump_op op)
{
	const struct kbi_jump *jump = p->jump;

	return is_open(jump) && (!jump->busy || (jump->busy == p && jump->busy_op == op));
}

/* After each call of libssh2. */
static void
note(struct kbi_passage *p, enum jump_op op, bool is_again)
{
	struct kbi_jump *jump = p->jump;
	struct kbi_ssh *ssh = ssh_of(jump);
	bool is_half = is_again && libssh2_session_block_directions(ssh->session) & LIBSSH2_SESSION_BLOCK_OUTBOUND;

	jump->busy = is_half ? p : NULL;
	jump->busy_op = op;
	ssh->op = is_half ? OP_JUMP : OP_NONE;
}

/* Who goes through it is told from the loop: jump.c's lose_all(). */
static void
break_jump(struct kbi_jump *jump, ssize_t rc)
{
	static const char when[] = "while hosts were reached through it";

	if (rc == LIBSSH2_ERROR_ALLOC)
		kbi_ssh_fail_memory(ssh_of(jump), when);
	else
		kbi_ssh_fail_socket(ssh_of(jump), when);
	kbi_loop_timer(jump->loop, &ssh_of(jump)->retry, 0);
}

/* -- the socket of a passage */

/* A byte that is lost here would be another one to its owner: a broken packet, or no answer. */
static void
fail(struct kbi_passage *p, kb_status code, const char *how)
{
	kbi_fail(&p->err, code, "%s: the socket of what goes through it to %s port %d: %s", p->jump->name, p->address, p->port, how);
	kbi_err_id(&p->err, "jump.socket");
	kbi_jump_lose(p);
}

static void
watch(struct kbi_passage *p)
{
	unsigned wanted = (p->up.size_bytes || p->is_left ? 0u : (unsigned)KBI_IN)
		| (p->down_sent < p->down.size_bytes ? (unsigned)KBI_OUT : 0u);

	if (p->near.fd >= 0 && kbi_loop_watch(p->jump->loop, &p->near, wanted))
		fail(p, KB_EIO, "cannot be watched");
}

void
kbi_jump_shut(struct kbi_passage *p)
{
	if (p->near.fd >= 0)
		kbi_loop_watch(p->jump->loop, &p->near, 0);
	kbi_fd_close(&p->near.fd);
	kbi_fd_close(&p->far_fd);
	kbi_buf_free(&p->down);
	p->down_sent = 0;
	p->is_left = true;
}

void
kbi_jump_lose(struct kbi_passage *p)
{
	struct kbi_jump *jump = p->jump;

	if (p->has_place)
		jump->places--;
	p->has_place = false;
	if (jump->asked == p)
		jump->asked = NULL;
	p->state = PASSAGE_LOST;
	kbi_jump_shut(p);
	tell(p);
}

static void
take_up(struct kbi_passage *p)
{
	char part[KBI_JUMP_CHUNK];

	if (p->near.fd < 0 || p->is_left || p->up.size_bytes)
		return;
	ssize_t count = recv(p->near.fd, part, sizeof(part), 0);
	if (count > 0)
		kbi_buf_add_bytes(&p->up, part, (size_t)count);
	p->is_left = count == 0;
	if (kbi_buf_failed(&p->up))
		fail(p, KB_ENOMEM, "out of memory");
	else if (count < 0 && errno != EAGAIN && errno != EINTR)
		fail(p, KB_EUNREACHABLE, strerror(errno));
}

static void
give_down(struct kbi_passage *p)
{
	while (p->down_sent < p->down.size_bytes && p->near.fd >= 0) {
		ssize_t count = send(p->near.fd, p->down.data + p->down_sent, p->down.size_bytes - p->down_sent,
			MSG_NOSIGNAL);
		if (count < 0 && errno == EAGAIN)
			return;
		if (count < 0 && errno != EINTR) {
			fail(p, KB_EUNREACHABLE, strerror(errno));
			return;
		}
		p->down_sent += count > 0 ? (size_t)count : 0;
	}
	kbi_buf_free(&p->down);
	p->down_sent = 0;
}

static void
near_ready(void *owner, unsigned what)
{
	struct kbi_passage *p = owner;

	if (what & KBI_OUT)
		give_down(p);
	if (what & KBI_IN)
		take_up(p);
	watch(p);
	kbi_jump_kick(p->jump);
}

/* -- its channel */

static void
add_down(struct kbi_passage *p, const char *data, size_t size_bytes)
{
	if (p->near.fd < 0)
		return;
	kbi_buf_add_bytes(&p->down, data, size_bytes);
	if (kbi_buf_failed(&p->down))
		fail(p, KB_ENOMEM, "out of memory");
	else
		give_down(p);
}

static void
end_down(struct kbi_passage *p)
{
	p->has_ended = true;
	if (p->near.fd >= 0 && shutdown(p->near.fd, SHUT_WR) < 0)
		fail(p, KB_EUNREACHABLE, strerror(errno));
}

static bool
read_channel(struct kbi_passage *p)
{
	char part[16384];

	if (p->down.size_bytes || p->has_ended || !may(p, JUMP_READ))
		return false;
	ssize_t count = libssh2_channel_read_ex(p->channel, 0, part, sizeof(part));
	note(p, JUMP_READ, count == LIBSSH2_ERROR_EAGAIN);
	if (count > 0)
		add_down(p, part, (size_t)count);
	else if (count < 0 && count != LIBSSH2_ERROR_EAGAIN)
		break_jump(p->jump, count);	/* the packet that could not be read may have been anybody's */
	else if (!p->jump->busy && libssh2_channel_eof(p->channel) == 1)
		end_down(p);
	return count > 0;
}

static bool
write_channel(struct kbi_passage *p)
{
	take_up(p);
	if (p->up_sent == p->up.size_bytes || !may(p, JUMP_WRITE))
		return false;
	ssize_t count = libssh2_channel_write_ex(
		p->channel, 0, p->up.data + p->up_sent, p->up.size_bytes - p->up_sent);
	note(p, JUMP_WRITE, count == LIBSSH2_ERROR_EAGAIN);
	if (count == LIBSSH2_ERROR_EAGAIN || count == 0)
		return false;	/* or the window is closed, and a packet that comes in will open it */
	if (count < 0 && !kbi_ssh_has_ended(count)) {
		break_jump(p->jump, count);
		return false;
	}
	/* what a channel does not take that has ended is of no use */
	p->up_sent += count < 0 ? p->up.size_bytes - p->up_sent : (size_t)count;
	if (p->up_sent == p->up.size_bytes) {
		kbi_buf_free(&p->up);
		p->up_sent = 0;
	}
	return true;
}

static void
close_channel(struct kbi_passage *p)
{
	int rc = 0;

	if (p->channel && !may(p, JUMP_CLOSE))
		return;
	if (p->channel) {
		rc = libssh2_channel_free(p->channel);
		note(p, JUMP_CLOSE, rc == LIBSSH2_ERROR_EAGAIN);
	}
	if (rc != LIBSSH2_ERROR_EAGAIN)
		kbi_jump_unlink(p);
}

/* True when something moved. It may be gone after that. */
static bool
serve(struct kbi_passage *p)
{
	if (p->state == PASSAGE_OPEN) {
		bool has_moved = write_channel(p);
		has_moved = read_channel(p) || has_moved;
		watch(p);
		return has_moved;
	}
	/* a half sent packet of its data goes first, lost or not */
	if (p->jump->busy == p && p->jump->busy_op == JUMP_WRITE)
		write_channel(p);
	if (p->jump->busy == p && p->jump->busy_op == JUMP_READ)
		read_channel(p);
	if (p->state == PASSAGE_CLOSING)
		close_channel(p);
	return false;
}

/* -- asking for channels */

static LIBSSH2_CHANNEL *
call_open(struct kbi_passage *p)
{
	return libssh2_channel_open_ex(ssh_of(p->jump)->session, "direct-tcpip", strlen("direct-tcpip"), WINDOW_BYTES, PACKET_BYTES,
		p->request.data, (unsigned)p->request.size_bytes);
}

static void
refuse(struct kbi_passage *p, const char *why)
{
	static const struct {
		const char *word, *id, *how;
		kb_status code;
	} reasons[] = {
		{"prohibited", "jump.forbidden", "does not allow connections through it", KB_EUNSUPPORTED},
		{"connect failed", "jump.connect", "has no connection", KB_EUNREACHABLE},
		{"", "jump.channel", "gives no connection", KB_EUNREACHABLE},
	};
	size_t i = 0;

	while (!strstr(why, reasons[i].word))
		i++;
	kbi_fail(&p->err, reasons[i].code, "%s: %s to %s port %d", p->jump->name, reasons[i].how, p->address, p->port);
	kbi_err_id(&p->err, reasons[i].id);
	kbi_err_evidence(&p->err, "it said: %s", why);
	if (reasons[i].code == KB_EUNSUPPORTED)
		kbi_err_fix(&p->err, "AllowTcpForwarding and PermitOpen in the sshd_config of %s", p->jump->name);
	kbi_jump_lose(p);
}

static bool
make_socket(struct kbi_passage *p)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
		return false;
	p->near = (struct kbi_watch){kbi_fd_lift(pair[0]), 0, near_ready, p};
	p->far_fd = kbi_fd_lift(pair[1]);
	return p->near.fd >= 0 && p->far_fd >= 0;
}

static void
use_channel(struct kbi_passage *p, LIBSSH2_CHANNEL *channel)
{
	p->channel = channel;
	p->jump->asked = NULL;
	if (p->state == PASSAGE_GIVEN_UP) {
		p->state = PASSAGE_CLOSING;
		return;
	}
	p->state = PASSAGE_OPEN;
	if (!make_socket(p)) {
		fail(p, KB_EIO, strerror(errno));
		return;
	}
	watch(p);
	tell(p);
}

static void
move_to_end(struct kbi_passage *p)
{
	struct kbi_passage **at = &p->jump->passages;

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	while (*at)
		at = &(*at)->next;
	*at = p;
	p->next = NULL;
}

/* Behind all that wait already. */
static void
ask_later(struct kbi_passage *p)
{
	p->state = PASSAGE_QUEUED;
	p->has_place = p->knows_queue = false;
	p->jump->places--;
	move_to_end(p);
}

/* libssh2 takes the answer to a channel that was given up for a broken answer to the one that is asked for, which is then given up as well: so
 * before the next one is asked for, that answer has to come. Those whose channels are open read it. */
static void
rest(struct kbi_jump *jump, int failures)
{
	const struct kbi_passage *p = jump->passages;

	while (p && p->state != PASSAGE_OPEN)
		p = p->next;
	if (!p)
		return;
	jump->rest_until_ms = kbi_clock_ms() + ((int64_t)REST_MS << (failures - 1));
	kbi_loop_timer(jump->loop, &jump->patience, jump->rest_until_ms);
}

static void
ask(struct kbi_passage *p)
{
	struct kbi_ssh *ssh = ssh_of(p->jump);
	char *why = NULL;

	if (!may(p, JUMP_ASK))
		return;
	LIBSSH2_CHANNEL *channel = call_open(p);
	int rc = channel ? 0 : libssh2_session_last_error(ssh->session, &why, NULL, 0);
	note(p, JUMP_ASK, rc == LIBSSH2_ERROR_EAGAIN);
	if (channel)
		use_channel(p, channel);
	else if (rc == LIBSSH2_ERROR_EAGAIN)
		return;
	else if (kbi_ssh_is_broken(ssh, rc) || rc == LIBSSH2_ERROR_ALLOC)
		break_jump(p->jump, rc);
	else if (p->state == PASSAGE_GIVEN_UP)
		p->state = PASSAGE_CLOSING;
	else if (rc != LIBSSH2_ERROR_CHANNEL_FAILURE && ++p->failures < FAILURES_MAX) {
		ask_later(p);
		rest(p->jump, p->failures);
	} else
		refuse(p, why ? why : "");
	if (p->jump->asked == p)
		p->jump->asked = NULL;
}

/* libssh2 cannot be told to ask no longer: but a receive that fails ends the call, and nothing else. If the
 * jump host gives the channel after all, its packets are for nobody, and it goes with the connection. */
static void
stop_asking(struct kbi_jump *jump)
{
	struct kbi_ssh *ssh = ssh_of(jump);
	struct kbi_passage *p = jump->asked;

	if (jump->busy || !is_open(jump))
		return;
	ssh->is_deaf = true;
	LIBSSH2_CHANNEL *channel = call_open(p);
	ssh->is_deaf = false;
	if (channel) {
		use_channel(p, channel);
		return;
	}
	int rc = libssh2_session_last_errno(ssh->session);
	note(p, JUMP_ASK, rc == LIBSSH2_ERROR_EAGAIN);
	if (rc == LIBSSH2_ERROR_ALLOC)
		break_jump(jump, rc);
	if (rc == LIBSSH2_ERROR_EAGAIN || rc == LIBSSH2_ERROR_ALLOC)
		return;
	jump->asked = NULL;
	if (p->state == PASSAGE_GIVEN_UP) {
		p->state = PASSAGE_CLOSING;
		return;
	}
	ask_later(p);
}

static struct kbi_passage *
first_queued(const struct kbi_jump *jump)
{
	struct kbi_passage *p = jump->passages;

	while (p && p->state != PASSAGE_QUEUED)
		p = p->next;
	return p;
}

/* Others wait, and the one that is asked for, wanted or not, has had its time. */
static bool
is_stuck(const struct kbi_jump *jump)
{
	return jump->asked && first_queued(jump) && kbi_clock_ms() - jump->asked_ms >= PATIENCE_MS;
}

void
kbi_jump_lose_patience(void *owner)
{
	struct kbi_jump *jump = owner;

	if (jump->asked)
		kbi_loop_timer(jump->loop, &jump->patience, kbi_clock_ms() + PATIENCE_MS);
	kbi_jump_kick(jump);
}

static bool
ask_next(struct kbi_jump *jump)
{
	struct kbi_passage *p = first_queued(jump);

	if (jump->asked || !p || jump->places >= KBI_JUMP_LOGINS_MAX || kbi_clock_ms() < jump->rest_until_ms)
		return false;
	p->state = PASSAGE_OPENING;
	p->has_place = true;
	jump->places++;
	jump->asked = p;
	jump->asked_ms = kbi_clock_ms();
	kbi_loop_timer(jump->loop, &jump->patience, jump->asked_ms + PATIENCE_MS);
	tell(p);
	return true;
}

static bool
ask_all(struct kbi_jump *jump)
{
	bool has_moved = false;

	do {
		if (jump->asked)
			ask(jump->asked);
		if (is_stuck(jump))
			stop_asking(jump);
		has_moved = has_moved || !jump->asked;
	} while (!jump->busy && is_open(jump) && ask_next(jump));
	return has_moved && jump->asked;
}

/* -- all of it */

static bool
carry_round(struct kbi_jump *jump)
{
	struct kbi_passage *next;
	bool has_moved = false;

	if (jump->busy && jump->busy != jump->asked)
		has_moved = serve(jump->busy);
	has_moved = ask_all(jump) || has_moved;
	for (struct kbi_passage *p = jump->passages; p && !jump->busy && is_open(jump); p = next) {
		next = p->next;
		has_moved = serve(p) || has_moved;
	}
	return has_moved;
}

void
kbi_jump_carry(struct kbi_jump *jump)
{
	struct kbi_ssh *ssh = ssh_of(jump);
	bool was_dry, has_moved;
	int rounds = 0;

	do {
		was_dry = ssh->turn_bytes <= 0;
		has_moved = carry_round(jump);
	} while ((has_moved || !was_dry) && !jump->busy && is_open(jump) && ++rounds < ROUNDS_MAX);
	if (rounds == ROUNDS_MAX)
		kbi_jump_kick(jump);
	for (struct kbi_passage *p = jump->passages; p; p = p->next)
		if (p->state == PASSAGE_QUEUED && !p->knows_queue) {
			p->knows_queue = true;
			tell(p);
		}
	if (is_open(jump) && (ssh->has_peer_closed || ssh->socket_errno))
		break_jump(jump, LIBSSH2_ERROR_SOCKET_RECV);
	kbi_ssh_watch(ssh);
}
