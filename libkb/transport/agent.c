/* SPDX-License-Identifier: Apache-2.0 */
/* The socket of an agent. */
#include "transport/agent.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"

#define LENGTH_BYTES 4
#define FULL_MS 20	/* until the agent is asked again when its queue is full */

struct kbi_agent {
	struct kbi_loop *loop;
	struct sockaddr_un address;
	struct kbi_watch watch;
	struct kbi_timer timer;
	struct kbi_buf out, in, answer;
	size_t out_sent;
	bool is_connected;
	bool is_asked;
	struct kb_err err;	/* it is of no use any more */
	void (*answered)(void *owner);
	void *owner;
};

static void
tell(struct kbi_agent *agent)
{
	agent->is_asked = false;
	if (agent->watch.fd >= 0)
		kbi_loop_watch(agent->loop, &agent->watch, 0);
	agent->answered(agent->owner);
}

static void
give_up(struct kbi_agent *agent, const char *id, const char *how)
{
	kbi_fail(&agent->err, KB_EAUTH, "the agent at %s: %s", agent->address.sun_path, how);
	kbi_err_id(&agent->err, id);
	tell(agent);
}

/* False when it is not connected, for now or for good. */
static bool
connect_to(struct kbi_agent *agent)
{
	const struct sockaddr *address = (const struct sockaddr *)&agent->address;

	if (agent->is_connected || agent->err.code)
		return agent->is_connected;
	agent->watch.fd = kbi_fd_lift(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
	if (agent->watch.fd >= 0 && connect(agent->watch.fd, address, sizeof(agent->address)) == 0) {
		agent->is_connected = true;
		return true;
	}
	int error = errno;
	bool is_full = agent->watch.fd >= 0 && (error == EAGAIN || error == EINTR);	/* unix(7) */
	kbi_fd_close(&agent->watch.fd);
	if (is_full)
		kbi_loop_timer(agent->loop, &agent->timer, kbi_clock_ms() + FULL_MS);
	else
		give_up(agent, "agent.unreachable", strerror(error));
	return false;
}

/* False when it is over. */
static bool
send_out(struct kbi_agent *agent)
{
	while (agent->out_sent < agent->out.size_bytes) {
		ssize_t count = send(agent->watch.fd, agent->out.data + agent->out_sent,
			agent->out.size_bytes - agent->out_sent, MSG_NOSIGNAL);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return true;
		if (count < 0) {
			give_up(agent, "agent.closed", "it hung up before it was asked");
			return false;
		}
		agent->out_sent += (size_t)count;
	}
	return true;
}

/* True when a whole answer is there. */
static bool
take_answer(struct kbi_agent *agent)
{
	struct kbi_wire wire = {(const unsigned char *)kbi_buf_text(&agent->in), agent->in.size_bytes};
	uint32_t size_bytes;

	if (!kbi_wire_u32(&wire, &size_bytes))
		return false;
	if (!size_bytes || size_bytes > KBI_AGENT_MAX || wire.size_bytes > size_bytes) {
		give_up(agent, "agent.garbled", "what it says is no answer of an agent");
		return false;
	}
	if (wire.size_bytes < size_bytes)
		return false;
	kbi_buf_add_bytes(&agent->answer, wire.data, size_bytes);
	kbi_buf_truncate(&agent->in, 0);
	return true;
}

static void
receive(struct kbi_agent *agent)
{
	char part[4096];
	ssize_t count;

	do
		count = recv(agent->watch.fd, part, sizeof(part), 0);
	while (count < 0 && errno == EINTR);
	if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return;
	if (count <= 0) {
		give_up(agent, "agent.closed", "it hung up without an answer");
		return;
	}
	kbi_buf_add_bytes(&agent->in, part, (size_t)count);
	if (take_answer(agent) || kbi_buf_failed(&agent->in))
		tell(agent);
}

static void
watch(struct kbi_agent *agent)
{
	unsigned want = KBI_IN | (agent->out_sent < agent->out.size_bytes ? (unsigned)KBI_OUT : 0);

	if (agent->is_asked && kbi_loop_watch(agent->loop, &agent->watch, want))
		give_up(agent, "agent.unreachable", "its socket cannot be watched");
}

static void
ready(void *owner, unsigned what)
{
	struct kbi_agent *agent = owner;

	if (what & KBI_OUT && !send_out(agent))
		return;
	if (agent->out_sent < agent->out.size_bytes || !(what & KBI_IN))
		watch(agent);
	else
		receive(agent);
}

static void
begin(void *owner)
{
	struct kbi_agent *agent = owner;

	if (kbi_buf_failed(&agent->out))	/* half a message is another one */
		tell(agent);
	else if (connect_to(agent) && send_out(agent))
		watch(agent);
}

struct kbi_agent *
kbi_agent_new(struct kbi_loop *loop, const char *path, void (*answered)(void *owner), void *owner,
	struct kb_err *err)
{
	struct kbi_agent *agent;

	if (strlen(path) >= sizeof(agent->address.sun_path)) {
		kbi_fail(err, KB_EINVAL, "agent: a path of %zu bytes, longer than any socket's", strlen(path));
		return NULL;
	}
	agent = calloc(1, sizeof(*agent));
	if (!agent) {
		kbi_fail_memory(err);
		return NULL;
	}
	agent->loop = loop;
	agent->answered = answered;
	agent->owner = owner;
	agent->address.sun_family = AF_UNIX;
	memcpy(agent->address.sun_path, path, strlen(path));
	agent->watch = (struct kbi_watch){-1, 0, ready, agent};
	agent->timer = (struct kbi_timer){.due_ms = KBI_NEVER, .due = begin, .owner = agent};
	agent->out = agent->in = agent->answer = KBI_BUF(LENGTH_BYTES + 2 * KBI_AGENT_MAX);
	return agent;
}

void
kbi_agent_ask(struct kbi_agent *agent, struct kbi_buf *message)
{
	kbi_buf_free(&agent->out);
	kbi_buf_truncate(&agent->answer, 0);
	agent->out = *message;
	*message = KBI_BUF(message->max_bytes);
	agent->out_sent = 0;
	agent->is_asked = !agent->err.code;
	kbi_loop_timer(agent->loop, &agent->timer, 0);	/* the owner hears of it from the loop */
}

bool
kbi_agent_is_asked(const struct kbi_agent *agent)
{
	return agent->is_asked;
}

const struct kbi_buf *
kbi_agent_answer(const struct kbi_agent *agent, struct kb_err *err)
{
	if (agent->err.code)
		kbi_err_copy(err, &agent->err);
	else if (kbi_buf_failed(&agent->out) || kbi_buf_failed(&agent->in) || kbi_buf_failed(&agent->answer))
		kbi_fail_memory(err);
	else
		return &agent->answer;
	return NULL;
}

const char *
kbi_agent_path(const struct kbi_agent *agent)
{
	return agent->address.sun_path;
}

void
kbi_agent_free(struct kbi_agent *agent)
{
	if (!agent)
		return;
	kbi_loop_timer(agent->loop, &agent->timer, KBI_NEVER);
	if (agent->watch.fd >= 0)
		kbi_loop_watch(agent->loop, &agent->watch, 0);
	kbi_fd_close(&agent->watch.fd);
	kbi_buf_free(&agent->out);
	kbi_buf_free(&agent->in);
	kbi_buf_free(&agent->answer);
	kbi_err_clear(&agent->err);
	free(agent);
}
