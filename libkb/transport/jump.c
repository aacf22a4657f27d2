/* SPDX-License-Identifier: Apache-2.0 */
/* Jump hosts and who goes through them: found or made, queued, told when the jump host is lost. The bytes are
 * jump_carry.c's. */
#include "transport/jump.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"
#include "transport/jump_parts.h"
#include "transport/wire.h"

/* -- which connection may be shared: the same way, the same login, the same trust */

static int
by_name(const void *a, const void *b)
{
	const struct kbi_entry *const *one = a, *const *two = b;
	int order = strcmp((*one)->name, (*two)->name);

	return order ? order : (*one > *two) - (*one < *two);
}

/* Settings that make no other connection. */
static bool
is_part_of_key(const struct kbi_entry *entry)
{
	static const char *const others[] = {"connect_timeout_ms", "become", "sudo_password"};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (kbi_str_is(entry->name, others[i]))
			return false;
	return true;
}

static void
add_to_key(EVP_MD_CTX *digest, const void *data, size_t size_bytes)
{
	EVP_DigestUpdate(digest, &size_bytes, sizeof(size_bytes));
	EVP_DigestUpdate(digest, data, size_bytes);
}

static kb_status
add_settings(EVP_MD_CTX *digest, const struct kbi_map *settings)
{
	const struct kbi_entry **entries = calloc(settings->count + 1, sizeof(struct kbi_entry *));

	if (!entries)
		return KB_ENOMEM;
	for (size_t i = 0; i < settings->count; i++)
		entries[i] = &settings->entries[i];
	qsort(entries, settings->count, sizeof(entries[0]), by_name);
	for (size_t i = 0; i < settings->count; i++)
		if (is_part_of_key(entries[i])) {
			add_to_key(digest, entries[i]->name, strlen(entries[i]->name));
			add_to_key(digest, entries[i]->value, entries[i]->size_bytes);
		}
	free(entries);
	return KB_OK;
}

static kb_status
make_key(const struct kbi_hop *hop, unsigned char key[KBI_JUMP_KEY_BYTES])
{
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	unsigned key_bytes = 0;
	kb_status failed = digest && EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1 ? KB_OK : KB_ENOMEM;

	for (; hop && !failed; hop = hop->jump) {
		failed = add_settings(digest, hop->settings);
		add_to_key(digest, "", 0);	/* where the next one begins */
	}
	if (!failed && EVP_DigestFinal_ex(digest, key, &key_bytes) != 1)
		failed = KB_ENOMEM;
	EVP_MD_CTX_free(digest);
	return failed;
}

/* Who asks must not go before the answer has come. So one that may ask is shared by those of one asker, a run, until it is open. */
static bool
is_shared(const struct kbi_jump *jump, const struct kbi_asker *asker)
{
	return jump->way->state == KBI_OPEN || jump->asker == asker;
}

static struct kbi_jump *
find(struct kbi_loop *loop, const unsigned char key[KBI_JUMP_KEY_BYTES], const struct kbi_asker *asker)
{
	struct kbi_jump *jump = *kbi_loop_jumps(loop);

	while (jump && (memcmp(jump->key, key, KBI_JUMP_KEY_BYTES) != 0 || !is_shared(jump, asker)))
		jump = jump->next;
	return jump;
}

/* NULL when none of them has anything to ask. */
static struct kbi_asker *
asker_of(const struct kbi_passage_want *want)
{
	for (const struct kbi_hop *hop = want->hop; hop; hop = hop->jump)
		if (kbi_str_is_set(kbi_map_get(hop->settings, "ask")))
			return want->asker;
	return NULL;
}

/* From here on nobody new is let through it. */
static void
unlist(struct kbi_jump *jump)
{
	struct kbi_jump **at = kbi_loop_jumps(jump->loop);

	while (*at && *at != jump)
		at = &(*at)->next;
	if (*at)
		*at = jump->next;
	jump->next = NULL;
}

/* -- its life */

static void
free_passage(struct kbi_passage *p)
{
	if (p->near.fd >= 0)
		kbi_loop_watch(p->jump->loop, &p->near, 0);
	kbi_fd_close(&p->near.fd);
	kbi_fd_close(&p->far_fd);
	kbi_buf_free(&p->request);
	kbi_buf_free(&p->up);
	kbi_buf_free(&p->down);
	kbi_err_clear(&p->err);
	free(p->address);
	free(p);
}

static void
free_jump(struct kbi_jump *jump)
{
	struct kbi_passage *p;

	unlist(jump);
	kbi_loop_timer(jump->loop, &jump->patience, KBI_NEVER);
	if (jump->way)
		jump->way->ops->free(jump->way);	/* with its channels */
	while ((p = jump->passages)) {
		jump->passages = p->next;
		free_passage(p);
	}
	free(jump->name);
	free(jump);
}

void
kbi_jump_unlink(struct kbi_passage *passage)
{
	struct kbi_passage **at = &passage->jump->passages;

	while (*at != passage)
		at = &(*at)->next;
	*at = passage->next;
	free_passage(passage);
}

static void
lose_all(struct kbi_jump *jump)
{
	unlist(jump);
	kbi_loop_timer(jump->loop, &jump->patience, KBI_NEVER);
	jump->busy = jump->asked = NULL;
	for (struct kbi_passage *p = jump->passages; p; p = p->next) {
		p->channel = NULL;
		if (p->state == PASSAGE_LOST || p->state == PASSAGE_CLOSING)
			continue;
		kbi_err_copy(&p->err, &jump->way->err);
		kbi_jump_lose(p);
	}
}

static void
jump_changed(void *owner)
{
	struct kbi_jump *jump = owner;

	if (jump->way->state == KBI_OPEN)
		kbi_jump_carry(jump);
	if (jump->way->state == KBI_LOST)
		lose_all(jump);
	else if (jump->way->state == KBI_CONNECTING)	/* it waits for a place itself, or does no longer */
		for (struct kbi_passage *p = jump->passages; p; p = p->next)
			if (p->changed)
				p->changed(p->owner);
}

static kb_status
open_jump(struct kbi_jump *jump, const struct kbi_passage_want *want, struct kb_err *err)
{
	const struct kbi_hop *hop = want->hop;
	struct kbi_transport_want way = {
		.loop = want->loop,
		.host = hop->name,
		.settings = hop->settings,
		.jump = hop->jump,
		.depth = want->depth + 1,
		.keyring = want->keyring,
		.asker = asker_of(want),
		.changed = jump_changed,
		.owner = jump,
	};

	if (!kbi_str_to_int64(kbi_map_get(hop->settings, "connect_timeout_ms"), 1, INT64_MAX, &jump->own_ms))
		jump->own_ms = -1;
	jump->asker = way.asker;
	way.deadline_ms =
		kbi_clock_sooner(want->deadline_ms, kbi_clock_deadline(kbi_clock_ms(), jump->own_ms));
	jump->way = kbi_transport_ssh.open(&way, err);
	return jump->way ? KB_OK : KB_EIO;
}

static struct kbi_jump *
new_jump(const struct kbi_passage_want *want, const unsigned char key[KBI_JUMP_KEY_BYTES], struct kb_err *err)
{
	struct kbi_jump *jump = calloc(1, sizeof(*jump));

	if (!jump || !(jump->name = strdup(want->hop->name))) {
		free(jump);
		kbi_fail_memory(err);
		return NULL;
	}
	jump->loop = want->loop;
	memcpy(jump->key, key, KBI_JUMP_KEY_BYTES);
	jump->patience = (struct kbi_timer){
		.due_ms = KBI_NEVER, .due = kbi_jump_lose_patience, .owner = jump};
	if (open_jump(jump, want, err)) {
		free_jump(jump);
		return NULL;
	}
	jump->next = *kbi_loop_jumps(jump->loop);
	*kbi_loop_jumps(jump->loop) = jump;
	return jump;
}

/* Who began it may have less time than who comes later. */
static void
wait_longer(struct kbi_jump *jump, int64_t deadline_ms)
{
	struct kbi_ssh *ssh = (struct kbi_ssh *)jump->way;

	deadline_ms = kbi_clock_sooner(deadline_ms, kbi_clock_deadline(ssh->start_ms, jump->own_ms));
	kbi_ssh_wait_longer(ssh, deadline_ms);
	if (ssh->passage)
		wait_longer(ssh->passage->jump, deadline_ms);
}

/* -- passages */

/* RFC 4254, 7.2 */
static void
write_request(struct kbi_buf *request, const char *address, int port)
{
	*request = KBI_BUF(KBI_SIZE_TEXT);
	kbi_wire_add_text(request, address);
	kbi_wire_add_u32(request, (uint32_t)port);
	kbi_wire_add_text(request, "127.0.0.1");
	kbi_wire_add_u32(request, 65535);
}

static struct kbi_passage *
new_passage(const struct kbi_passage_want *want)
{
	struct kbi_passage *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->address = strdup(want->address);
	p->port = want->port;
	p->changed = want->changed;
	p->owner = want->owner;
	p->near.fd = p->far_fd = -1;
	p->up = p->down = KBI_BUF(KBI_JUMP_CHUNK);
	write_request(&p->request, want->address, want->port);
	if (p->address && !kbi_buf_failed(&p->request))
		return p;
	free_passage(p);
	return NULL;
}

static void
add_passage(struct kbi_jump *jump, struct kbi_passage *p)
{
	struct kbi_passage **at = &jump->passages;

	while (*at)
		at = &(*at)->next;
	*at = p;
	p->jump = jump;
	jump->owned++;
	kbi_jump_kick(jump);
}

struct kbi_passage *
kbi_passage_new(const struct kbi_passage_want *want, struct kb_err *err)
{
	unsigned char key[KBI_JUMP_KEY_BYTES];
	struct kbi_passage *p = new_passage(want);
	struct kbi_jump *jump = NULL;

	if (!p || make_key(want->hop, key))
		kbi_fail_memory(err);
	else if (!(jump = find(want->loop, key, asker_of(want))))
		jump = new_jump(want, key, err);
	if (jump) {
		wait_longer(jump, want->deadline_ms);
		add_passage(jump, p);
		return p;
	}
	if (p)
		free_passage(p);
	return NULL;
}

enum kbi_passage_state
kbi_passage_state(const struct kbi_passage *p)
{
	const struct kbi_transport *way = p->jump->way;

	if (p->state == PASSAGE_QUEUED && (way->state == KBI_OPEN || way->waits_since_ms))
		return KBI_PASSAGE_QUEUED;
	return p->state == PASSAGE_OPEN ? KBI_PASSAGE_OPEN
		: p->state == PASSAGE_LOST ? KBI_PASSAGE_LOST
					   : KBI_PASSAGE_OPENING;
}

int
kbi_passage_take_fd(struct kbi_passage *p)
{
	int fd = p->far_fd;

	p->far_fd = -1;
	return fd;
}

const struct kb_err *
kbi_passage_err(const struct kbi_passage *p)
{
	return &p->err;
}

const char *
kbi_passage_name(const struct kbi_passage *p)
{
	return p->jump->name;
}

const struct kbi_ssh *
kbi_passage_connecting(const struct kbi_passage *p)
{
	return p->jump->way->state == KBI_CONNECTING ? (const struct kbi_ssh *)p->jump->way : NULL;
}

void
kbi_passage_leave_queue(struct kbi_passage *p)
{
	if (!p->has_place)
		return;
	p->has_place = false;
	p->jump->places--;
	kbi_jump_kick(p->jump);
}

/* The last one shuts the door. Else its channel is closed in its turn. */
void
kbi_passage_free(struct kbi_passage *p)
{
	if (!p)
		return;
	struct kbi_jump *jump = p->jump;
	kbi_passage_leave_queue(p);
	p->changed = NULL;
	if (--jump->owned == 0) {
		free_jump(jump);
		return;
	}
	if (jump->way->state != KBI_OPEN || p->state == PASSAGE_QUEUED || (p->state == PASSAGE_LOST && !p->channel)) {
		kbi_jump_unlink(p);
		return;
	}
	p->state = p->state == PASSAGE_OPENING ? PASSAGE_GIVEN_UP : PASSAGE_CLOSING;
	kbi_jump_shut(p);
	kbi_jump_kick(jump);
}
