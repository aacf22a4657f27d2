/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a session, shared by the files that make it: session.c (its life), session_write.c,
 * session_read.c. */
#ifndef KBI_SESSION_PARTS_H
#define KBI_SESSION_PARTS_H

#include "session.h"
#include "session_frame.h"
#include "base/log.h"
#include "question.h"
#include "session_login.h"
#include "recorder.h"
#include "transport/transport.h"

#define KBI_SESSION_STREAMS 2		/* KBI_STDOUT and KBI_STDERR are indexes */
#define KBI_SESSION_CHUNK ((size_t)64 << 10)	/* written at once */
#define KBI_SESSION_NOISE ((size_t)4 << 10)	/* kept of what a login prints before its shell answers */

enum kbi_session_phase {
	WAIT_CHANNEL,		/* the transport connects */
	WAIT_PROMPT,		/* sudo's prompt, or the shell behind it; nothing was written */
	WAIT_ANSWER,		/* sudo's prompt is there, and its password is asked for */
	WAIT_SUDO,		/* the password was written, nothing else may be */
	WAIT_SHELL,		/* everything may be written; mark 0 has to come */
	RUNNING
};

struct kbi_session_request {
	struct kbi_session_request *next;
	uint64_t number;
	int64_t deadline_ms, timeout_ms;	/* as of kbi_request, likewise the next three */
	void (*output)(void *owner, const char *data, size_t size_bytes);
	void (*done)(void *owner, struct kbi_reply *reply);
	void *owner;
	struct kbi_buf frame, input;
	size_t frame_sent, input_sent;
	bool has_input, is_ready;	/* the script has started and waits for its input */
	bool may_have_run;		/* something of it was written */
	bool is_marked[KBI_SESSION_STREAMS];
	int64_t status[KBI_SESSION_STREAMS];
	kb_status failed;		/* its facts could not be kept: KB_ETOOBIG, KB_ENOMEM */
	char *about;			/* NULL: nobody wants to know */
	bool was_asked;			/* the transport was told what it is about */
	struct kb_err refused;		/* by the transport; code KB_OK: it was not */
	int64_t since_ms;		/* when it became the first; 0: not yet */
	int64_t due_ms;
	struct kbi_buf facts, log;
};

struct kbi_session_stream {
	struct kbi_frames frames;
	struct kbi_buf noise;			/* the last of what came before mark 0 */
	bool is_greeted;			/* mark 0 came */
	bool has_ended;
	struct kbi_session_request *at;		/* whose bytes come now; NULL: nobody's */
};

struct kbi_session {
	struct kbi_loop *loop;
	struct kbi_transport *transport;
	enum kbi_session_state state;
	enum kbi_session_phase phase;
	struct kb_err err;
	char *host;
	struct kbi_log *log;			/* NULL: none */
	struct kbi_recorder *recorder;		/* NULL: none */
	struct kbi_login login;
	struct kbi_buf password;		/* sudo's, and a newline */
	struct kbi_asker *asker;		/* who is asked for it when there is none; NULL: nobody */
	struct {
		struct kbi_question *question;
		char *subject, *text;
		int attempt;
		bool is_declined, has_tried_kept;
		struct kbi_buf given;		/* the answer that was written last, kept when it is right */
	} ask;
	int64_t deadline_ms;			/* until it is ready */
	void (*changed)(void *owner);
	void *owner;
	struct kbi_timer deadline, kick;
	struct kbi_session_stream streams[KBI_SESSION_STREAMS];
	struct kbi_session_request *first, *last;	/* not answered yet */
	struct kbi_session_request *writing;	/* the first of them that is not wholly written */
	uint64_t numbers;
	struct kbi_buf out;			/* being written */
	size_t out_sent;
	size_t boot_sent;
	size_t round_trips;
	bool has_written;			/* since the last bytes that came */
	int depth;				/* of our functions, around callbacks of the owner */
	bool is_freed;
};

/* The session is lost: every request is answered, then the owner told. The owner may free it from in there:
 * look at the state again. */
void kbi_session_lose(struct kbi_session *s);	/* s->err says why */
void kbi_session_lose_by(struct kbi_session *s, kb_status code, const char *id, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void kbi_session_lose_login(struct kbi_session *s, enum kbi_login_end end);
void kbi_session_answer(
	struct kbi_session *s, struct kbi_session_request *r, kb_status status, int exit_status);

void kbi_session_flush(struct kbi_session *s);	/* writes until there is nothing, or no room */
void kbi_session_drain(struct kbi_session *s);	/* reads until there is nothing */

/* session_sudo.c */
void kbi_session_watch_sudo(struct kbi_session *s);
/* Whom the password is of, by the settings that were settled. */
kb_status kbi_session_name_sudo(struct kbi_session *s, const struct kbi_session_want *want, const struct kbi_map *settings);
void kbi_session_keep_password(struct kbi_session *s);	/* there is a shell */
void kbi_session_forget_question(struct kbi_session *s);

#endif
