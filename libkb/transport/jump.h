/* SPDX-License-Identifier: Apache-2.0 */
/* Jump hosts: one connection to each, shared by all hosts of a loop that lie behind it, and a passage through
 * it for each of those. A passage ends in a socket, so that who goes through it need not know. */
#ifndef KBI_JUMP_H
#define KBI_JUMP_H

#include "transport/transport.h"

#define KBI_JUMP_LOGINS_MAX 8	/* at once through one: what a plain sshd bears (MaxStartups 10:30:100) */
#define KBI_JUMP_HOPS_MAX 16

struct kbi_passage;

enum kbi_passage_state {
	KBI_PASSAGE_QUEUED,	/* the jump host is ready, and too many others are before us */
	KBI_PASSAGE_OPENING,	/* it is being reached, or connects us */
	KBI_PASSAGE_OPEN,	/* its socket can be taken */
	KBI_PASSAGE_LOST
};

struct kbi_passage_want {
	struct kbi_loop *loop;
	const struct kbi_hop *hop;	/* through whom */
	size_t depth;			/* how many passages depend on this one */
	const char *address;		/* to whom, as the jump host calls it */
	int port;
	struct kbi_keyring *keyring;	/* as of kbi_transport_want */
	struct kbi_asker *asker;
	int64_t deadline_ms;		/* for reaching the jump host */
	void (*changed)(void *owner);	/* its state did; may free nothing */
	void *owner;
};

/* "[user@]host[:port]" or "ssh://..." each, several parted by commas, the nearest to us first; or "none". */
bool kbi_jump_is_valid(const char *text);
/* The settings of the last host that the text names, the others becoming its own jump hosts. What the text
 * does not say is as `settings`, those of the host behind it, have it. */
kb_status kbi_jump_settings(const char *text, const struct kbi_map *settings, struct kbi_map *out);

struct kbi_passage *kbi_passage_new(const struct kbi_passage_want *want, struct kb_err *err);
enum kbi_passage_state kbi_passage_state(const struct kbi_passage *passage);
int kbi_passage_take_fd(struct kbi_passage *passage);		/* once, when it is open */
/* why it is lost; its code is KB_OK when it is not */
const struct kb_err *kbi_passage_err(const struct kbi_passage *passage);
const char *kbi_passage_name(const struct kbi_passage *passage);	/* the jump host's */
/* its connection, while that is being made; NULL when it is made */
const struct kbi_ssh *kbi_passage_connecting(const struct kbi_passage *passage);
void kbi_passage_leave_queue(struct kbi_passage *passage);	/* logged in: the place is the next one's */
void kbi_passage_free(struct kbi_passage *passage);

#endif
