/* SPDX-License-Identifier: Apache-2.0 */
/* A recorded host: what was asked of it and what it answered, as text that people can read. Made by recorder.c, played by replay.c.
 *
 *     libkb-recording 1
 *     # comments and empty lines anywhere between entries
 *     host w1
 *
 *     login                      a session began
 *     err                        what the login printed on stderr before its shell answered; out: on stdout
 *     |Welcome to Debian
 *     user 0                     the shell's user id; or lost CODE ID, when there was no shell
 *
 *     probe swap.off             what was asked: probe or apply of a step, attach to an apply that a lost connection began; lock take, lock look
 *     arg fstab=/etc/fstab       its parameters; secret NAME for one that is secret
 *     text 1b2c3d4e5f607182      a digest of the step's script; want: of what else an apply was given
 *     ms 12                      how long the answer took. It is not waited for
 *     fact swaps=                a fact, as the script said it
 *     file fstab                 one that came in base64, decoded
 *     |UUID=1 / ext4 defaults 0 1
 *     data NAME BASE64           one that is no text
 *     facts                      anything else on the script's descriptor 3
 *     log                        a piece of what it printed
 *     |swapoff /dev/sda2
 *     exit 0                     how it ended; or lost CODE ID, when the connection broke; or end, when its streams did
 *
 * A line of a block begins with | and stands for itself and a newline, or with : and has none behind it. *N TEXT is TEXT N times. \xHH is
 * a byte, \\ a backslash. \{NAME} is what the controller made and is another one in each run (token-id, the public part of a token): it is
 * played as what the playing run made under that name. cause TEXT and evidence TEXT may stand before lost.
 *
 * For hosts that misbehave, made by hand: wire out and wire err are bytes as the session reads them, in which \N is its nonce and \R the
 * number of the request; with nomark an answer has no mark of its own. */
#ifndef KBI_RECORDING_H
#define KBI_RECORDING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"

enum kbi_recorded_end { KBI_RECORDED_EXIT, KBI_RECORDED_LOST, KBI_RECORDED_END };

enum kbi_piece_kind { KBI_PIECE_FACTS, KBI_PIECE_FILE, KBI_PIECE_LOG, KBI_PIECE_WIRE_OUT, KBI_PIECE_WIRE_ERR };

struct kbi_piece {
	enum kbi_piece_kind kind;
	char *name;			/* of a FILE: a fact that is encoded when the names in it are known */
	struct kbi_buf data;
};

struct kbi_recorded {
	char *key;			/* its first line and its parameters, a line each; NULL: a login */
	char *text, *want;		/* digests; NULL: none */
	struct kbi_piece *pieces;	/* of a login LOG is stderr and FACTS stdout */
	size_t piece_count;
	enum kbi_recorded_end end;
	int status;			/* exit status, or the login's user id */
	struct kb_err lost;
	bool has_no_mark;
	bool is_apply;
	size_t session;			/* which login it came behind, from 1 */
	size_t applies;			/* how many stand before it: the state that the host was in */
	/* how far it is played */
	bool is_played;			/* an apply: it was asked */
	size_t last_asker, groups_played;	/* of a key and state, kept at its first entry */
};

struct kbi_recording {
	char *host;			/* its name when it was recorded */
	struct kbi_recorded *entries;
	size_t count;
	size_t sessions_played;
	const struct kbi_map *named;	/* what \{NAME} stands for; NULL: nothing */
};

#define KBI_RECORDING_FIRST "libkb-recording 1"
#define KBI_RECORDING_MAX ((size_t)16 << 20)

/* name is what errors call it. */
struct kbi_recording *kbi_recording_parse(const char *name, const char *text, size_t size_bytes, struct kb_err *err);
struct kbi_recording *kbi_recording_load(const char *path, struct kb_err *err);
void kbi_recording_free(struct kbi_recording *recording);

/* recording_play.c. The next login; NULL with err when none was recorded. */
const struct kbi_recorded *kbi_recording_login(struct kbi_recording *recording, const char *host, struct kb_err *err);
/* The answer to a question: about is its key, and lines "text" and "want". NULL with err when there is none. *changed says what is other
 * than was recorded; NULL: nothing. */
const struct kbi_recorded *kbi_recording_answer(
	struct kbi_recording *recording, const char *host, const char *about, const char **changed, struct kb_err *err);

/* recording_text.c: text as a recording has it */
void kbi_recording_escape(struct kbi_buf *out, const char *data, size_t size_bytes);		/* on one line */
bool kbi_recording_unescape(struct kbi_buf *out, const char *text, size_t size_bytes);
void kbi_recording_block(struct kbi_buf *out, const char *data, size_t size_bytes);		/* lines of a block */
bool kbi_recording_unblock(struct kbi_buf *out, const char *line, size_t size_bytes);		/* one line of it */
/* Escaped text with \{NAME} in the place of each value of named that stands as a word of its own. */
void kbi_recording_name(struct kbi_buf *out, const struct kbi_map *named, const char *text, size_t size_bytes);
/* The other way, in what was unescaped. One that nothing has that name for stays {NAME}. */
void kbi_recording_unname(struct kbi_buf *out, const struct kbi_map *named, const char *data, size_t size_bytes);
bool kbi_recording_has_names(const struct kbi_buf *data);
/* Facts in their lines, secrets blanked. */
struct kbi_secrets;
void kbi_recording_facts(struct kbi_buf *out, struct kbi_secrets *secrets, const char *data, size_t size_bytes);
/* Those of secrets that nobody has named: private keys, client keys of a kubeconfig, bootstrap and service account tokens. Their letters
 * and digits become zeros. */
void kbi_recording_blank(struct kbi_buf *text);

#endif
