/* SPDX-License-Identifier: Apache-2.0 */
/* libssh2, as when it has no memory: what it says of its last error fits what was failed. It is given an allocator of ours, since it
 * lets go of signatures that libkb made. */
#include "calls.h"

#include <libssh2.h>
#include <stdlib.h>

static const LIBSSH2_SESSION *failed;		/* whose last call failed here */

static int
fail(const LIBSSH2_SESSION *session)
{
	failed = session;
	return LIBSSH2_ERROR_ALLOC;
}

static bool
ssh_now(const char *name, const LIBSSH2_SESSION *session, unsigned codes)
{
	failed = failed == session ? NULL : failed;
	if (!fault_now(name, codes))
		return false;
	failed = session;
	return true;
}

#define SESSION_CALL(type, name, params, args, codes, failure) \
	type fault_##name params; \
	type fault_##name params \
	{ \
		if (ssh_now(#name, session, codes)) \
			return failure; \
		return name args; \
	}

static void *
allocate(size_t size, void **abstract)
{
	(void)abstract;
	return malloc(size);
}

static void *
reallocate(void *old, size_t size, void **abstract)
{
	(void)abstract;
	return realloc(old, size);
}

static void
let_go(void *thing, void **abstract)
{
	(void)abstract;
	fault_drop(thing);
	free(thing);
}

FALLIBLE(int, libssh2_init, (int flags), (flags), CAN_MEMORY, LIBSSH2_ERROR_ALLOC)

LIBSSH2_SESSION *fault_libssh2_session_init_ex(LIBSSH2_ALLOC_FUNC((*alloc)), LIBSSH2_FREE_FUNC((*release)), LIBSSH2_REALLOC_FUNC((*again)), void *abstract);
LIBSSH2_SESSION *
fault_libssh2_session_init_ex(LIBSSH2_ALLOC_FUNC((*alloc)), LIBSSH2_FREE_FUNC((*release)), LIBSSH2_REALLOC_FUNC((*again)), void *abstract)
{
	if (alloc || again)
		abort();		/* then they are libkb's, and what stands here has to think again */
	if (fault_now("libssh2_session_init_ex", CAN_MEMORY))
		return NULL;
	/* libkb's own release ends in free(), which lets go, too */
	return fault_hold(libssh2_session_init_ex(allocate, release ? release : let_go, reallocate, abstract), "libssh2_session_init_ex");
}

int fault_libssh2_session_free(LIBSSH2_SESSION *session);
int
fault_libssh2_session_free(LIBSSH2_SESSION *session)
{
	/* it says EAGAIN alone, and that only of a socket that takes nothing now: libkb's own callbacks do not say so any more then */
	int rc = libssh2_session_free(session);
	if (rc != LIBSSH2_ERROR_EAGAIN)
		fault_drop(session);
	return rc;
}

int fault_libssh2_session_supported_algs(LIBSSH2_SESSION *session, int method, const char ***names);
int
fault_libssh2_session_supported_algs(LIBSSH2_SESSION *session, int method, const char ***names)
{
	if (ssh_now("libssh2_session_supported_algs", session, CAN_MEMORY))
		return LIBSSH2_ERROR_ALLOC;
	int count = libssh2_session_supported_algs(session, method, names);
	if (count > 0)
		fault_hold((void *)*names, "libssh2_session_supported_algs");
	return count;
}

void fault_libssh2_free(LIBSSH2_SESSION *session, void *thing);
void
fault_libssh2_free(LIBSSH2_SESSION *session, void *thing)
{
	libssh2_free(session, thing);	/* by let_go() */
}

int fault_libssh2_session_last_error(LIBSSH2_SESSION *session, char **text, int *length, int wants_copy);
int
fault_libssh2_session_last_error(LIBSSH2_SESSION *session, char **text, int *length, int wants_copy)
{
	static char no_memory[] = "no memory";

	if (failed != session)
		return libssh2_session_last_error(session, text, length, wants_copy);
	if (text)
		*text = no_memory;
	if (length)
		*length = (int)sizeof(no_memory) - 1;
	return LIBSSH2_ERROR_ALLOC;
}

int fault_libssh2_session_last_errno(LIBSSH2_SESSION *session);
int
fault_libssh2_session_last_errno(LIBSSH2_SESSION *session)
{
	return failed == session ? LIBSSH2_ERROR_ALLOC : libssh2_session_last_errno(session);
}

#define CAN_SSH (CAN_MEMORY)
SESSION_CALL(int, libssh2_session_handshake, (LIBSSH2_SESSION *session, libssh2_socket_t fd), (session, fd), CAN_SSH, LIBSSH2_ERROR_ALLOC)
SESSION_CALL(int, libssh2_session_method_pref, (LIBSSH2_SESSION *session, int method, const char *names), (session, method, names), CAN_SSH, LIBSSH2_ERROR_ALLOC)
SESSION_CALL(int, libssh2_session_disconnect_ex, (LIBSSH2_SESSION *session, int reason, const char *text, const char *language), (session, reason, text, language), 0, LIBSSH2_ERROR_ALLOC)
SESSION_CALL(const char *, libssh2_session_hostkey, (LIBSSH2_SESSION *session, size_t *size, int *type), (session, size, type), CAN(KB_ETRUST), NULL)
SESSION_CALL(char *, libssh2_userauth_list, (LIBSSH2_SESSION *session, const char *user, unsigned length), (session, user, length), CAN(KB_EAUTH) | CAN_SSH, NULL)
SESSION_CALL(int, libssh2_userauth_password_ex, (LIBSSH2_SESSION *session, const char *user, unsigned user_bytes, const char *password, unsigned bytes, LIBSSH2_PASSWD_CHANGEREQ_FUNC((*change))), (session, user, user_bytes, password, bytes, change), CAN_SSH, LIBSSH2_ERROR_ALLOC)
SESSION_CALL(int, libssh2_userauth_publickey, (LIBSSH2_SESSION *session, const char *user, const unsigned char *key, size_t bytes, LIBSSH2_USERAUTH_PUBLICKEY_SIGN_FUNC((*sign)), void **data), (session, user, key, bytes, sign, data), CAN_SSH, LIBSSH2_ERROR_ALLOC)
SESSION_CALL(LIBSSH2_CHANNEL *, libssh2_channel_open_ex, (LIBSSH2_SESSION *session, const char *type, unsigned length, unsigned window, unsigned packet, const char *text, unsigned text_bytes), (session, type, length, window, packet, text, text_bytes), CAN_SSH, (fail(session), NULL))

SESSION_CALL(int, libssh2_userauth_keyboard_interactive_ex, (LIBSSH2_SESSION *session, const char *user, unsigned bytes, LIBSSH2_USERAUTH_KBDINT_RESPONSE_FUNC((*answer))), (session, user, bytes, answer), CAN_SSH, LIBSSH2_ERROR_ALLOC)

FALLIBLE(int, libssh2_channel_free, (LIBSSH2_CHANNEL *channel), (channel), CAN_SSH, LIBSSH2_ERROR_ALLOC)

/* Of a channel there is no way to its session: its last error stays what it was. */
FALLIBLE(int, libssh2_channel_process_startup, (LIBSSH2_CHANNEL *channel, const char *what, unsigned length, const char *text, unsigned bytes), (channel, what, length, text, bytes), CAN_SSH, LIBSSH2_ERROR_ALLOC)
FALLIBLE(ssize_t, libssh2_channel_read_ex, (LIBSSH2_CHANNEL *channel, int stream, char *data, size_t bytes), (channel, stream, data, bytes), CAN_SSH | CAN_PEER, LIBSSH2_ERROR_ALLOC)
FALLIBLE(ssize_t, libssh2_channel_write_ex, (LIBSSH2_CHANNEL *channel, int stream, const char *data, size_t bytes), (channel, stream, data, bytes), CAN_SSH | CAN_PEER, LIBSSH2_ERROR_ALLOC)
