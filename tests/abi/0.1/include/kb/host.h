/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file host.h
 * A host: its name, how to reach it, and how to become root there.
 *
 * Keys that kb_host_set() takes (the list is kb_host_key()):
 *
 * | key                | value                                                                                       | default |
 * | ------------------ | ------------------------------------------------------------------------------------------- | ------- |
 * | address            | name or address to connect to; IPv6 without brackets                                        | of the URI |
 * | port               | TCP port                                                                                    | 22 |
 * | user               | who logs in                                                                                 | of the URI, else root |
 * | identity           | private key file; `~/` is the caller's home                                                 | ~/.ssh/id_ed25519, id_ecdsa, id_rsa |
 * | known_hosts        | file in OpenSSH's format                                                                    | ~/.ssh/known_hosts |
 * | host_key           | the only key that is trusted, as `SHA256:...` (ssh-keygen -l prints it); known_hosts is not read then | |
 * | accept_new         | yes: a host that known_hosts does not name is trusted, and its key written there            | no |
 * | become             | sudo, none, or auto: sudo unless the login is root's                                        | auto |
 * | connect_timeout_ms | how long connecting, logging in and becoming root may take together                         | 30000 |
 *
 * Secrets, by kb_host_set_secret() only: `password` (the login's), `sudo_password`, `passphrase` (the key's), `identity_data` (a private key itself).
 *
 * There is no value that switches host keys off.
 */
#ifndef KB_HOST_H
#define KB_HOST_H

#include <kb/common.h>

KB_BEGIN_DECLS

/** A host. Since: 0.1 */
typedef struct kb_host kb_host;

/**
 * Makes a host. Nothing is connected until a run needs it.
 * @param name  what events call it, and the Node's name; a DNS-1123 name (lower case)
 * @param uri   `ssh://[user@]address[:port]` (an IPv6 address in brackets), or `local:` for the machine of the caller
 * Returns: a host to be freed by kb_host_free(); NULL on failure.
 * Errors: KB_EINVAL, KB_ENOMEM, KB_EBUSY.
 * Since: 0.1
 */
KB_API kb_host *kb_host_new(kb_ctx *kb, const char *name, const char *uri);

/**
 * Sets how to reach it. Takes effect at the next connection.
 * @param key    one of the table above
 * @param value  copied; NULL puts the default back
 * Returns: KB_OK. Errors: KB_EINVAL (unknown key, or a value that it cannot have), KB_ENOMEM, KB_EBUSY.
 * Since: 0.1
 */
KB_API kb_status kb_host_set(kb_host *host, const char *key, const char *value);

/**
 * Sets a secret. It is copied, kept apart, never shown, and wiped when the host is freed.
 * @param key         `password`, `sudo_password`, `passphrase` or `identity_data`
 * @param data        the secret's bytes; NULL forgets it
 * @param size_bytes  how many
 * Returns: KB_OK. Errors: KB_EINVAL, KB_ENOMEM, KB_EBUSY.
 * Since: 0.1
 */
KB_API kb_status kb_host_set_secret(kb_host *host, const char *key, const void *data, size_t size_bytes);

/** The host's name. Returns: borrowed until kb_host_free(); "" for NULL. Since: 0.1 */
KB_API const char *kb_host_name(const kb_host *host);

/**
 * What a key is set to, or its default. Secrets cannot be asked for.
 * Returns: borrowed until the next kb_host_set() or kb_host_free() of this host; NULL when it has none or the key is unknown.
 * Since: 0.1
 */
KB_API const char *kb_host_get(const kb_host *host, const char *key);

/** The name of a key, by index from 0. Returns: a constant string; NULL past the end. Since: 0.1 */
KB_API const char *kb_host_key(size_t index);

/** Lets go of a host; a plan that uses it keeps it. Any thread. NULL is nothing. Since: 0.1 */
KB_API void kb_host_free(kb_host *host);

KB_END_DECLS

#endif
