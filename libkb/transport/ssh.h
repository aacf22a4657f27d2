/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of the ssh transport: a state machine over libssh2 in non-blocking mode. Each state makes one
 * call and says how it went. ssh.c turns it; ssh_connect.c, ssh_trust.c, ssh_login.c and ssh_channel.c hold
 * the states, in the order in which they are passed. */
#ifndef KBI_SSH_H
#define KBI_SSH_H

#include <libssh2.h>
#include <netdb.h>

#include "base/buf.h"
#include "question.h"
#include "transport/gate.h"
#include "transport/keyring.h"
#include "transport/known_hosts.h"
#include "transport/transport.h"

#define KBI_SSH_KEYS_MAX 8
/* received in one turn of the loop, before other hosts get theirs */
#define KBI_SSH_TURN_BYTES ((ssize_t)256 << 10)
/* of what the peer said first, for an error that shows it */
#define KBI_SSH_FIRST_BYTES 128
#define KBI_SSH_OUT_BYTES ((size_t)32000)		/* one packet's worth: libssh2 cuts at 32,700 */

enum kbi_ssh_state {
	WAIT_KEYS,
	WAIT_JUMP,
	WAIT_NAME,
	WAIT_GATE,
	DIAL,
	WAIT_TCP,
	WAIT_HANDSHAKE,
	CHECK_HOST_KEY,
	ASK_PASSWORD,
	WAIT_ANSWER,
	WAIT_AGENT,
	WAIT_AGENT_LOGIN,
	WAIT_KEY_LOGIN,
	WAIT_PASSWORD_LOGIN,
	WAIT_PROMPTS_LOGIN,
	WAIT_METHODS,
	WAIT_CHANNEL,
	WAIT_EXEC,
	OPEN,
	LOST
};

/* the state changed; ask again when the socket is ready; s->base.err says why */
enum kbi_turn { TURN_GO, TURN_WAIT, TURN_LOST };

/* a packet of ours is half sent, and this call has to finish it */
enum kbi_ssh_op { OP_NONE, OP_WRITE, OP_READ_OUT, OP_READ_ERR, OP_JUMP };

struct kbi_ssh {
	struct kbi_transport base;
	struct kbi_loop *loop;
	struct kbi_log *log;			/* NULL: none */
	char *host;
	char *command;				/* NULL: it is a jump host */
	struct kbi_map settings;		/* gone when it is open */
	enum kbi_ssh_state state;
	int64_t start_ms, deadline_ms;
	struct kbi_timer deadline, retry;
	struct kbi_watch watch;
	bool *is_gone;				/* set when somebody frees us from inside changed() */

	const char *address;			/* of settings */
	int port;
	const char *user;
	struct kbi_job_handle *lookup;
	struct addrinfo *addresses, *next_address;
	int64_t dial_due_ms;			/* when the next address gets its chance */
	struct kbi_gate_pass pass;
	int turned_away;			/* how often, before it said who it is */

	LIBSSH2_SESSION *session;
	LIBSSH2_CHANNEL *channel;
	struct kbi_passage *passage;		/* through the jump host before it */
	bool is_closing;			/* nothing goes out any more */
	bool is_deaf;				/* receiving fails */
	/* Acknowledge at once: sshd lets a small packet wait for that until it has started a command, so until ours has answered; on the
	 * connection to a jump host it starts none. */
	bool is_quick;
	bool has_peer_closed;
	int socket_errno;			/* of the last recv() or send() that failed for good */
	ssize_t turn_bytes;			/* that may still be received in this turn */
	size_t banner_bytes;
	char first[KBI_SSH_FIRST_BYTES];	/* what the peer said first */
	size_t first_bytes;

	struct kbi_known_files known_files;	/* while they are looked at */
	unsigned known_types;			/* of keys that they have for this host, enum kbi_key_type */
	struct kbi_buf known_name;
	struct kbi_keyring *keyring;		/* the context's, or our own */
	bool has_own_keyring;
	struct kbi_asker *asker;		/* NULL: nobody can be asked for anything */
	struct {				/* a question to the program, and its answer */
		struct kbi_question *question;
		struct kbi_buf answer;
		bool is_declined;
		int attempt;			/* at the password */
		enum kbi_ssh_state login;	/* where it is given */
		bool has_tried_kept, was_key_asked;
		char fingerprint[KBI_FINGERPRINT_BYTES];
		enum kbi_turn (*resume)(struct kbi_ssh *s);
	} ask;
	struct kbi_key_hold *holds[KBI_SSH_KEYS_MAX];
	size_t hold_count;
	bool has_default_keys;			/* none was named */
	const char *locked_key;			/* the first of those that only a passphrase opens */
	struct kb_err key_err;			/* of the first of those that cannot be used */
	const struct kbi_key *keys[KBI_SSH_KEYS_MAX];	/* of holds, those that can log in */
	size_t key_count, key_at;
	void *signing;				/* the key that libssh2 asks to sign with */
	struct kbi_ssh_agent *agent;		/* NULL: none is asked */
	bool could_not_sign;
	bool has_signed;			/* for the key that is tried: the request that logs in goes out, or is out */
	bool is_opening_ahead;			/* the channel was asked for behind that */
	bool was_password_refused, were_answers_refused, has_answered_by_password;
	const char *next_answer;		/* of the `answers` that are not given yet */
	bool has_open_prompts;			/* something was asked that nobody has an answer to */

	enum kbi_ssh_op op;
	/* given to libssh2: the same bytes at the same place until it took them */
	struct kbi_buf out;
	size_t out_sent;
	bool has_seen_eof;			/* the owner was told */
};

/* the only way to another state */
enum kbi_turn kbi_ssh_go(struct kbi_ssh *s, enum kbi_ssh_state state);
enum kbi_turn kbi_ssh_fail(struct kbi_ssh *s, kb_status code, const char *id, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* the connection broke, or libssh2 says so */
enum kbi_turn kbi_ssh_fail_socket(struct kbi_ssh *s, const char *what);
/* for another connection: all that is of the one before is forgotten */
kb_status kbi_ssh_begin_anew(struct kbi_ssh *s);
/* of a call of libssh2 that says LIBSSH2_ERROR_ALLOC */
enum kbi_turn kbi_ssh_fail_memory(struct kbi_ssh *s, const char *when);
void kbi_ssh_wait_longer(struct kbi_ssh *s, int64_t deadline_ms);	/* or as long as before, if that is longer */
void kbi_ssh_log_state(const struct kbi_ssh *s);	/* ssh_log.c: that it came to this state */
void kbi_ssh_watch(struct kbi_ssh *s);		/* after any call of libssh2: what the socket has to do next */
/* the socket, not the peer's answer */
bool kbi_ssh_is_broken(const struct kbi_ssh *s, int rc);
void kbi_ssh_home(struct kbi_buf *out, const char *path);			/* ~/ is the caller's home */

/* the jump host on the way to it did not let us through: its error is ours */
enum kbi_turn kbi_ssh_fail_jump(struct kbi_ssh *s);
bool kbi_ssh_has_lost_jump(const struct kbi_ssh *s);

kb_status kbi_ssh_prepare_connect(
	struct kbi_ssh *s, const struct kbi_transport_want *want, struct kb_err *err);
enum kbi_turn kbi_ssh_wait_jump(struct kbi_ssh *s);
enum kbi_turn kbi_ssh_wait_name(struct kbi_ssh *s);
enum kbi_turn kbi_ssh_wait_gate(struct kbi_ssh *s);
/* base.err says how it turned us away: tries again, when there is time for it */
enum kbi_turn kbi_ssh_come_again(struct kbi_ssh *s, bool is_ban);
enum kbi_turn kbi_ssh_dial(struct kbi_ssh *s);
enum kbi_turn kbi_ssh_wait_tcp(struct kbi_ssh *s);

kb_status kbi_ssh_prepare_trust(struct kbi_ssh *s, struct kb_err *err);
kb_status kbi_ssh_prefer_methods(struct kbi_ssh *s);
enum kbi_turn kbi_ssh_wait_handshake(struct kbi_ssh *s);
enum kbi_turn kbi_ssh_check_host_key(struct kbi_ssh *s);

kb_status kbi_ssh_prepare_login(struct kbi_ssh *s, struct kb_err *err);
enum kbi_turn kbi_ssh_wait_keys(struct kbi_ssh *s);
bool kbi_ssh_may_ask_to_log_in(const struct kbi_ssh *s);	/* where no key can be used: for a passphrase, or the password */
bool kbi_ssh_is_asking_passphrase(const struct kbi_ssh *s);
void kbi_ssh_forget_login(struct kbi_ssh *s);

enum kbi_turn kbi_ssh_wait_answer(struct kbi_ssh *s);
void kbi_ssh_forget_question(struct kbi_ssh *s);
bool kbi_ssh_may_ask_password(const struct kbi_ssh *s);
enum kbi_turn kbi_ssh_ask_password(struct kbi_ssh *s);
void kbi_ssh_keep_password(struct kbi_ssh *s);
bool kbi_ssh_is_key_trusted(const struct kbi_ssh *s, const char *fingerprint);	/* by an answer */
bool kbi_ssh_may_ask_host_key(const struct kbi_ssh *s);
enum kbi_turn kbi_ssh_ask_host_key(struct kbi_ssh *s, const char *type, const char *fingerprint);

enum kbi_turn kbi_ssh_start_login(struct kbi_ssh *s);
/* What comes after a key or secret was refused; methods is what the host takes, NULL when it was not asked */
enum kbi_turn kbi_ssh_next_login(struct kbi_ssh *s, const char *methods);
bool kbi_ssh_is_refusal(int rc);
/* The host has not answered to a key */
enum kbi_turn kbi_ssh_wait_for_login(struct kbi_ssh *s);
/* A key that an agent does not hold after all: WAIT_KEYS goes on with the login then. One that was not named may be missing
 * or useless (s->key_err says why). */
kb_status kbi_ssh_load_key(struct kbi_ssh *s, const char *path, bool is_named, struct kb_err *err);
enum kbi_turn kbi_ssh_wait_agent(struct kbi_ssh *s);
enum kbi_turn kbi_ssh_wait_agent_login(struct kbi_ssh *s);
enum kbi_turn kbi_ssh_wait_key_login(struct kbi_ssh *s);
enum kbi_turn kbi_ssh_wait_password_login(struct kbi_ssh *s);
enum kbi_turn kbi_ssh_wait_prompts_login(struct kbi_ssh *s);
enum kbi_turn kbi_ssh_wait_methods(struct kbi_ssh *s);

bool kbi_ssh_open_ahead(struct kbi_ssh *s);	/* asks for the channel before the login is through; true: it is asked for now */
enum kbi_turn kbi_ssh_wait_channel(struct kbi_ssh *s);
enum kbi_turn kbi_ssh_wait_exec(struct kbi_ssh *s);
ssize_t kbi_ssh_read(struct kbi_transport *t, enum kbi_stream stream, void *data, size_t size_bytes);
ssize_t kbi_ssh_write(struct kbi_transport *t, const void *data, size_t size_bytes);
bool kbi_ssh_is_half_sent(const struct kbi_ssh *s);	/* a packet of ours */
bool kbi_ssh_has_ended(ssize_t rc);		/* of a write: the channel takes nothing any more */
void kbi_ssh_flush(struct kbi_ssh *s);
/* libssh2 holds bytes or an end that the owner has not read: no event will tell */
bool kbi_ssh_has_more(struct kbi_ssh *s);

#endif
