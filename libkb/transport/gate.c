/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/gate.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/str.h"

#define PAUSE_MS 250		/* the first; each doubles */
#define PAUSE_MAX_MS 8000
#define BAN_MS 4000		/* the shortest ban of sshd is 15 s, and it may be under way already */

struct kbi_gate {
	struct kbi_gate *next;
	struct kbi_loop *loop;
	char *address;
	int port;
	int limit;		/* of logins at once; INT_MAX: it never turned anybody away */
	int in, since_limit;	/* logins that ended well since the limit changed */
	int pauses;		/* in a row */
	int64_t opens_ms;
	struct kbi_gate_pass *passes;
};

static struct kbi_gate *
find(struct kbi_loop *loop, const char *address, int port)
{
	struct kbi_gate *gate = *kbi_loop_gates(loop);

	while (gate && (gate->port != port || !kbi_str_is(gate->address, address)))
		gate = gate->next;
	return gate;
}

static struct kbi_gate *
make(struct kbi_loop *loop, const char *address, int port)
{
	struct kbi_gate *gate = calloc(1, sizeof(*gate));

	if (!gate || !(gate->address = strdup(address))) {
		free(gate);
		return NULL;
	}
	gate->loop = loop;
	gate->port = port;
	gate->limit = INT_MAX;
	gate->next = *kbi_loop_gates(loop);
	*kbi_loop_gates(loop) = gate;
	return gate;
}

static void
drop(struct kbi_gate *gate)	/* nobody stands before it */
{
	struct kbi_gate **at = kbi_loop_gates(gate->loop);

	while (*at != gate)
		at = &(*at)->next;
	*at = gate->next;
	free(gate->address);
	free(gate);
}

bool
kbi_gate_approach(struct kbi_loop *loop, const char *address, int port, struct kbi_gate_pass *pass)
{
	struct kbi_gate *gate = find(loop, address, port);

	if (!gate)
		gate = make(loop, address, port);
	if (!gate)
		return false;
	pass->gate = gate;
	pass->next = gate->passes;
	gate->passes = pass;
	return true;
}

bool
kbi_gate_enter(struct kbi_gate_pass *pass, int64_t now_ms, int64_t *due_ms)
{
	struct kbi_gate *gate = pass->gate;

	*due_ms = now_ms < gate->opens_ms ? gate->opens_ms : KBI_NEVER;
	if (!pass->is_in && (now_ms < gate->opens_ms || gate->in >= gate->limit))
		return false;
	gate->in += !pass->is_in;
	pass->is_in = true;
	return true;
}

static int64_t
jitter_ms(int64_t most_ms)
{
	uint32_t random = 0;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != sizeof(random))
		return most_ms / 2;
	return (int64_t)random % most_ms;
}

/* All that a crowd is turned away at once is one pause. OpenSSH 10 says the same words for a crowd as for a ban:
 * it is a ban when nobody got in since the last pause. */
static void
turn_away(struct kbi_gate *gate, bool is_ban, int64_t now_ms)
{
	int64_t pause_ms = is_ban && gate->pauses ? BAN_MS : PAUSE_MS;
	int crowd = gate->limit < gate->in ? gate->limit : gate->in;

	gate->limit = crowd > 1 ? crowd / 2 : 1;
	gate->since_limit = 0;
	if (now_ms < gate->opens_ms)
		return;
	for (int i = 0; i < gate->pauses && pause_ms < PAUSE_MAX_MS; i++)
		pause_ms *= 2;
	gate->pauses++;
	gate->opens_ms = now_ms + pause_ms + jitter_ms(pause_ms);
}

static void
let_one_more(struct kbi_gate *gate)
{
	gate->pauses = 0;
	if (gate->limit == INT_MAX || ++gate->since_limit < gate->limit)
		return;
	gate->limit++;
	gate->since_limit = 0;
}

static void
step_away(struct kbi_gate_pass *pass)
{
	struct kbi_gate_pass **at = &pass->gate->passes;

	while (*at != pass)
		at = &(*at)->next;
	*at = pass->next;
	pass->next = NULL;
	pass->gate = NULL;
}

int64_t
kbi_gate_leave(struct kbi_gate_pass *pass, enum kbi_gate_way way, int64_t now_ms)
{
	struct kbi_gate *gate = pass->gate;

	if (!gate)
		return now_ms;
	bool is_turned_away = way == KBI_GATE_TURNED_AWAY || way == KBI_GATE_BANNED;
	if (is_turned_away)
		turn_away(gate, way == KBI_GATE_BANNED, now_ms);
	else if (way == KBI_GATE_LOGGED_IN)
		let_one_more(gate);
	gate->in -= pass->is_in;
	pass->is_in = false;
	int64_t opens_ms = gate->opens_ms;
	if (!is_turned_away)
		step_away(pass);
	for (struct kbi_gate_pass *other = gate->passes; other; other = other->next)
		if (!other->is_in)
			other->may_enter(other->owner);
	if (!gate->passes)
		drop(gate);
	return opens_ms;
}
