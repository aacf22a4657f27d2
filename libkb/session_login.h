/* SPDX-License-Identifier: Apache-2.0 */
/* How a login becomes a privileged shell: the command that starts it, the text that it reads first, and what
 * it means when it does not come. No descriptor, no clock. */
#ifndef KBI_SESSION_LOGIN_H
#define KBI_SESSION_LOGIN_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "session_frame.h"

struct kbi_login {
	bool has_sudo;
	bool wants_root;	/* a shell that is not root's is an error */
	bool may_prompt;	/* sudo may ask: then nothing but the password may be written before `hello` came */
	struct kbi_buf command;	/* for the login's shell, whichever that is */
	char prompt[64];	/* sudo's, and nobody else's: see kbi_login_make() */
	char hello[64];		/* the line on stdout by which the shell behind sudo says that it is there */
	/* what /bin/sh reads first; ends in mark 0 on both streams, with its user id as status */
	struct kbi_buf boot;
};

/* may_ask: where settings have no password of sudo's, it can be asked for. */
kb_status kbi_login_make(struct kbi_login *login, const char *scheme, const struct kbi_map *settings, bool may_ask,
	const char *prelude, const struct kbi_nonce *nonce, struct kb_err *err);
void kbi_login_free(struct kbi_login *login);

enum kbi_login_end {
	KBI_LOGIN_ENDED,	/* the streams ended */
	KBI_LOGIN_LATE,		/* the deadline passed */
	KBI_LOGIN_REFUSED,	/* sudo asked again */
	KBI_LOGIN_NOT_ROOT
};

/* Why there is no shell, from what was printed. */
kb_status kbi_login_explain(const struct kbi_login *login, enum kbi_login_end end, const char *host,
	const char *out, const char *error, struct kb_err *err);

/* One line, which is all that sudo reads. */
bool kbi_login_is_password(const char *data, size_t size_bytes);

/* What sudo printed after it got the password: that it has expired. From then on it waits for a new one. */
bool kbi_login_is_expired(const char *error);

/* One request as the shell reads it: runs script under that number. input_bytes below 0: none. is_here: in that shell itself. */
kb_status kbi_login_frame(
	struct kbi_buf *buf, uint64_t number, int64_t input_bytes, bool is_here, const char *script, size_t script_bytes);

#endif
