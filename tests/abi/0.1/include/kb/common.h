/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file common.h
 * Status codes, versions, owned bytes: what every other header of libkb needs.
 */
#ifndef KB_COMMON_H
#define KB_COMMON_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define KB_BEGIN_DECLS extern "C" {
#define KB_END_DECLS }
#else
#define KB_BEGIN_DECLS
#define KB_END_DECLS
#endif

#if defined(SWIG)
#define KB_API
#elif defined(__GNUC__)
#define KB_API __attribute__((visibility("default")))
#else
#define KB_API
#endif

/** Version of these headers. kb_version() tells the version of the library that runs. */
#define KB_VERSION_MAJOR 0
#define KB_VERSION_MINOR 1
#define KB_VERSION_PATCH 0
#define KB_VERSION "0.1.0"

KB_BEGIN_DECLS

/**
 * The result of a call that can fail: KB_OK, or one of the negative KB_E* codes.
 * Since: 0.1
 */
typedef int kb_status;

/**
 * Codes, chosen by what a caller would do next. The values are fixed for ever.
 * Since: 0.1
 */
enum kb_code {
	KB_OK = 0,
	KB_EINVAL = -1,		/**< the input is wrong: mend the call or the file */
	KB_ETOOBIG = -2,	/**< an input or an answer is over its bound */
	KB_ENOMEM = -3,		/**< out of memory */
	KB_EIO = -4,		/**< a local file or descriptor failed */
	KB_EUNREACHABLE = -5,	/**< no connection, or it was lost: may be tried again */
	KB_ETRUST = -6,		/**< the host key is unknown, changed, revoked or not the pinned one */
	KB_EAUTH = -7,		/**< the host refused the login */
	KB_EPRIVILEGE = -8,	/**< logged in, but no way to become root */
	KB_EPROTOCOL = -9,	/**< the peer does not talk as it should */
	KB_ETIMEOUT = -10,	/**< the deadline passed */
	KB_ECANCELED = -11,	/**< the caller cancelled it */
	KB_EBUSY = -12,		/**< the context is in use by another thread; no detail is stored */
	KB_ELOCKED = -13,	/**< another controller or job holds the host, apt or dpkg */
	KB_ECONFLICT = -14,	/**< the host holds a state that is not ours to change */
	KB_ESTEP = -15,		/**< the step ran on the host and failed there */
	KB_EVERIFY = -16,	/**< the step ran, and the host still differs from what was asked */
	KB_EINTEGRITY = -17,	/**< a checksum, signature or fingerprint is not the pinned one */
	KB_EUNSUPPORTED = -18	/**< this combination cannot work (version, architecture, flavour) */
};

/**
 * The name of a code as a program would print it, such as "KB_ETIMEOUT".
 * Returns: a constant string, never NULL ("KB_E?" for a code that this version does not know).
 * Since: 0.1
 */
KB_API const char *kb_err_name(kb_status code);

/**
 * The version of the library that runs, such as "0.1.0".
 * Returns: a constant string.
 * Since: 0.1
 */
KB_API const char *kb_version(void);

/**
 * A context: where errors are kept and where the event loop lives. Everything else is made from one. See loop.h.
 * Since: 0.1
 */
typedef struct kb_ctx kb_ctx;

/**
 * Bytes that the caller owns. Always followed by a NUL that kb_bytes_size() does not count, so that text can be used as a string.
 * Since: 0.1
 */
typedef struct kb_bytes kb_bytes;

/**
 * The bytes themselves.
 * @param bytes  may be NULL
 * Returns: a pointer valid until kb_bytes_free(), or NULL for NULL.
 * Since: 0.1
 */
KB_API const void *kb_bytes_data(const kb_bytes *bytes);

/**
 * How many there are.
 * @param bytes  may be NULL, which has none
 * Returns: the size in bytes, without the final NUL.
 * Since: 0.1
 */
KB_API size_t kb_bytes_size(const kb_bytes *bytes);

/**
 * Wipes and frees.
 * @param bytes  may be NULL, which does nothing
 * Since: 0.1
 */
KB_API void kb_bytes_free(kb_bytes *bytes);

KB_END_DECLS

#endif
