/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to the program: a passphrase, a password, whether a host is the right one. Whoever needs an answer opens a question
 * with an asker (a run, which makes an event of it); the answer comes by kb_answer(), or never. What was answered and turned out
 * right can be kept, so that a connection that is made again does not ask again. */
#ifndef KBI_QUESTION_H
#define KBI_QUESTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/map.h"

#define KBI_ASK_ATTEMPTS 3

struct kbi_question_want {
	const char *what;	/* a setting of the host: passphrase, password, host_key, sudo_password */
	const char *subject;	/* what it is for: a key's file, user@address, a fingerprint */
	const char *text;	/* the same for a person, one line */
	const char *host;	/* the first that asks */
	int attempt;		/* from 1 */
	/* once, from inside kb_answer(): only writes down what it learnt. NULL: declined. The question is gone. */
	void (*answered)(void *owner, const struct kbi_entry *answer);
	void *owner;
};

struct kbi_questions {		/* of a context */
	struct kbi_question *first;
	int64_t last_id;
	struct kbi_map kept;	/* "WHAT SUBJECT" to the answer */
};

struct kbi_asker {
	struct kbi_questions *questions;
	int64_t id;		/* of the run; differs from that of any other asker of the context */
	void (*tell)(struct kbi_asker *asker, int64_t question, const struct kbi_question_want *want);
};

/* Whether this host's settings let it be asked for: its `ask` lists it, and there is somebody to ask. */
bool kbi_may_ask(const struct kbi_asker *asker, const struct kbi_map *settings, const char *what);
bool kbi_is_ask_list(const char *text);		/* of those words, with commas between them */

struct kbi_question *kbi_question_open(struct kbi_asker *asker, const struct kbi_question_want *want);	/* NULL: no memory */
void kbi_question_withdraw(struct kbi_question *question);	/* not asked any more; NULL is nothing */
bool kbi_question_is_secret(const struct kbi_questions *questions, int64_t id);
/* KB_EINVAL: it is not open */
kb_status kbi_question_answer(struct kbi_questions *questions, int64_t id, const void *data, size_t size_bytes);

const struct kbi_entry *kbi_question_kept(const struct kbi_questions *questions, const char *what, const char *subject);
void kbi_question_keep(struct kbi_questions *questions, const char *what, const char *subject, const void *data,
	size_t size_bytes);
void kbi_questions_free(struct kbi_questions *questions);

#endif
