/* SPDX-License-Identifier: Apache-2.0 */
/* What jump.c and jump_carry.c share. */
#ifndef KBI_JUMP_PARTS_H
#define KBI_JUMP_PARTS_H

#include "transport/jump.h"
#include "transport/ssh.h"

#define KBI_JUMP_KEY_BYTES 32
#define KBI_JUMP_CHUNK KBI_SSH_OUT_BYTES

enum passage_state {
	PASSAGE_QUEUED,
	PASSAGE_OPENING,	/* libssh2 has asked for its channel, and for no other one */
	PASSAGE_OPEN,
	PASSAGE_LOST,
	PASSAGE_GIVEN_UP,	/* nobody waits any more for the channel that was asked for */
	PASSAGE_CLOSING		/* nobody uses it; its channel is being closed */
};

enum jump_op { JUMP_READ, JUMP_WRITE, JUMP_ASK, JUMP_CLOSE };

struct kbi_passage {
	struct kbi_jump *jump;
	struct kbi_passage *next;
	enum passage_state state;
	char *address;
	int port;
	struct kbi_buf request;		/* for a channel to there */
	void (*changed)(void *owner);	/* NULL: nobody's any more */
	void *owner;
	bool has_place;			/* is one of those that log in */
	int failures;			/* of libssh2 to ask, which say nothing about the host */
	bool knows_queue;		/* was told that it waits for a place */
	LIBSSH2_CHANNEL *channel;
	struct kbi_watch near;		/* our end of the socket */
	int far_fd;			/* the other end, until it is taken */
	/* up: the same bytes at the same place until libssh2 took them */
	struct kbi_buf up, down;
	size_t up_sent, down_sent;
	bool has_ended;			/* the channel gives nothing any more, and the owner was told */
	bool is_left;			/* the owner writes nothing any more */
	struct kb_err err;
};

struct kbi_jump {
	struct kbi_jump *next;		/* of the loop */
	struct kbi_loop *loop;
	char *name;
	unsigned char key[KBI_JUMP_KEY_BYTES];
	struct kbi_transport *way;	/* a kbi_ssh without a command */
	int64_t own_ms;			/* its own connect_timeout_ms; -1: it has none */
	struct kbi_asker *asker;	/* who is asked until it is open; NULL: nobody */
	struct kbi_passage *passages;	/* in the order in which they came */
	size_t owned;			/* those that somebody uses */
	size_t places;			/* taken, of KBI_JUMP_LOGINS_MAX */
	struct kbi_passage *asked;	/* OPENING or GIVEN_UP: its channel is asked for */
	int64_t asked_ms, rest_until_ms;	/* since when it is; before when nobody is asked for */
	struct kbi_timer patience;	/* with the one that is asked for, when others wait; or the end of a rest */
	/* whose packet is half sent, and by what: nobody else may send, and nothing else */
	struct kbi_passage *busy;
	enum jump_op busy_op;
};

void kbi_jump_carry(struct kbi_jump *jump);		/* all that can be done now */
void kbi_jump_kick(struct kbi_jump *jump);		/* the same, soon, from the loop */
void kbi_jump_lose_patience(void *owner);
void kbi_jump_lose(struct kbi_passage *passage);	/* its err says why, and is the error of who goes through it */
void kbi_jump_shut(struct kbi_passage *passage);	/* its sockets */
void kbi_jump_unlink(struct kbi_passage *passage);	/* and frees it */

#endif
