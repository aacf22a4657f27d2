/* SPDX-License-Identifier: Apache-2.0 */
/* The private keys of a context: each file is read, parsed and opened once, for all hosts that log in with it. Opening an
 * encrypted one takes a while on purpose, and is done beside the loop; its passphrase is asked for once, whoever needs it. A
 * file that changed is another file. */
#ifndef KBI_KEYRING_H
#define KBI_KEYRING_H

#include "loop.h"
#include "question.h"
#include "transport/key.h"

struct kbi_keyring;
struct kbi_key_hold;		/* a connection's share of a key */

enum kbi_key_state { KBI_KEY_WAITING, KBI_KEY_READY, KBI_KEY_FAILED };

struct kbi_key_want {
	const char *host;			/* for questions */
	const char *path;			/* of its file; or of none, and then: */
	const char *name;
	const struct kbi_entry *data;		/* the key itself */
	const struct kbi_entry *passphrase;	/* NULL: none was given */
	struct kbi_asker *asker;		/* who may be asked for one; NULL: nobody. Outlives the hold */
	void (*changed)(void *owner);		/* it is not waiting any more: only writes that down */
	void *owner;
};

struct kbi_keyring *kbi_keyring_new(struct kbi_loop *loop);
void kbi_keyring_free(struct kbi_keyring *ring);	/* before its loop, after the last hold; wipes all keys */

/* NULL with err set: it can never be used. */
struct kbi_key_hold *kbi_keyring_hold(struct kbi_keyring *ring, const struct kbi_key_want *want, struct kb_err *err);
enum kbi_key_state kbi_key_hold_state(const struct kbi_key_hold *hold);
bool kbi_key_hold_is_asking(const struct kbi_key_hold *hold);	/* it waits for an answer */
const char *kbi_key_hold_name(const struct kbi_key_hold *hold);
const struct kbi_key *kbi_key_hold_key(const struct kbi_key_hold *hold);	/* when READY; borrowed from the hold */
const struct kb_err *kbi_key_hold_err(const struct kbi_key_hold *hold);	/* when FAILED */
void kbi_key_release(struct kbi_key_hold *hold);	/* NULL is nothing; what nobody waits for any more is stopped */

size_t kbi_keyring_parses(const struct kbi_keyring *ring);	/* how often a key was parsed, or a passphrase tried */

#endif
