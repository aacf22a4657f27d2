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
 * | identity           | private key file; `~/` is the caller's home. With an agent also a public key file (`.pub`), or `SHA256:...` of a key that it holds | ~/.ssh/id_ed25519, id_ecdsa, id_rsa |
 * | agent              | yes: the SSH agent of `SSH_AUTH_SOCK` is asked for the identity first; no; or the path of an agent's socket | no |
 * | jump               | the jump hosts on the way, as ssh's ProxyJump has them: `[user@]host[:port]` or `ssh://[user@]host[:port]`, several parted by commas, the nearest to the caller first; or none | none |
 * | known_hosts        | file in OpenSSH's format; several are parted by colons, are read as if they were one, and a new key goes to the first | ~/.ssh/known_hosts |
 * | ssh_config         | yes: `~/.ssh/config` says what is not set here; or the file that does; no                  | no |
 * | host_key           | the only key that is trusted, as `SHA256:...` (ssh-keygen -l prints it); known_hosts is not read then | |
 * | accept_new         | yes: a host that known_hosts does not name is trusted, and its key written there            | no |
 * | become             | sudo, none, or auto: sudo unless the login is root's                                        | auto |
 * | record             | file that is emptied and gets what the host is asked and answers, without secrets               | |
 * | ask                | what may be asked for by an event when it is missing (kb_answer()): `passphrase`, `password`, `host_key`, `sudo_password`, with commas between them | |
 * | connect_timeout_ms | how long connecting, logging in and becoming root may take together                         | 30000 |
 *
 * Secrets, by kb_host_set_secret() only: `password` (the login's), `sudo_password`, `passphrase` (the key's), `identity_data` (a private key itself),
 * `answers` (to what the host asks in a keyboard-interactive login, one a line, in the order of its prompts).
 *
 * An agent is asked for the named identity alone, or for those of the default files of which it holds one; none of its other keys is ever
 * offered. Its key is known by the public key file beside the private one. A private key that it does not hold is read from its file. An agent
 * that was asked for and cannot be reached, does not answer in time or answers nonsense fails the login.
 *
 * Keys come first, then the password or the answers, whichever the host takes. Without `answers` the password answers a prompt that stands
 * alone and does not echo. A prompt that nothing answers ends the login with KB_EAUTH, and nothing is sent to it. What was refused once is not
 * tried again, neither in this login nor in this run.
 *
 * sudo's password is asked for by an event when `ask` lists it, none was given, and sudo itself prompts for one: no other text that a host prints
 * is ever answered with it. It is asked for three times at most; an answer that was right is kept for as long as the context lives. What is not
 * answered within connect_timeout_ms ends the connection ("question.unanswered").
 *
 * Jump hosts. Each is verified as strictly as the host behind it. What the text of `jump` does not say about them (user, identity, agent,
 * known_hosts, accept_new, ask, connect_timeout_ms, and the secrets passphrase and identity_data) is as this host has it; its password and its
 * `host_key` are for itself alone. A jump host that needs settings of its own is a kb_host: kb_host_set_jump(). All hosts of a context
 * that go through the same jump host with the same settings share one connection to it, at most 8 of them log in at once, and what a host waits
 * for its turn does not count to its connect_timeout_ms. A question of a jump host is an event whose host is the jump host. An error names it ("node-1: jump host bastion: its host key is not known");
 * one that dies is an error of every host behind it. A connection costs about 14 round trips to the jump host instead of 8, a step 1 as ever.
 *
 * A server that turns a login away before it says who it is (sshd does by MaxStartups and PerSourcePenalties) is tried again within
 * connect_timeout_ms, after pauses that grow, and by few of a context's hosts at a time.
 *
 * ssh_config. `address` is then what OpenSSH calls the host: Host and HostName, User (else the caller's own login name), Port, IdentityFile,
 * ProxyJump and UserKnownHostsFile are taken from there as ssh(1) takes them, with Include, with Match all, host, originalhost, user,
 * localuser and final, and with the tokens %%, %d, %h, %n, %p, %r and %u. What kb_host_set() sets wins. All other keywords are passed over; what
 * would run a program (Match exec, ProxyCommand) is an error by name, and nothing is run. The file must not be writable by others. The hosts of `jump`
 * and ProxyJump are looked up there too.
 *
 * There is no value that switches host keys off.
 *
 * A host can be recorded and played, to test an installer without hosts. With `record` set, each session is written to the file when it ends;
 * a host made from `replay:FILE` answers what was recorded, runs nothing and waits for nothing. A question is known by its step, its phase (probe, apply)
 * and its parameters, and gets the answer that was given when the same steps had been applied: its own as often as now, and others as far as
 * they were, in whatever order. A question that was not recorded ends its task
 * with KB_EUNSUPPORTED ("replay.not-recorded"), with the differing parameters or the nearest question as evidence. A script that was edited
 * since, or is given something else to write, is told by a warning of its step ("replay.changed") and played all the same. What the controller
 * makes anew in each run (a token's public part) is played as the playing run makes it. Each kb_host plays from the beginning. What steps do on the
 * controller (downloads) is not recorded. Secrets become zeros in a recording, and *** in what was printed; look through
 * a file before you publish it all the same: what the library was never told is secret, it cannot know.
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
 * @param uri   `ssh://[user@]address[:port]` (an IPv6 address in brackets), or `local:` for the machine of the caller, or
 *              `replay:FILE` for one that was recorded
 * Returns: a host to be freed by kb_host_free(); NULL on failure.
 * Errors: KB_EINVAL (also a file that is no recording, with the line), KB_EIO (it cannot be read), KB_ETOOBIG, KB_ENOMEM, KB_EBUSY.
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
 * @param key         `password`, `sudo_password`, `passphrase`, `identity_data` or `answers`
 * @param data        the secret's bytes; NULL forgets it
 * @param size_bytes  how many
 * Returns: KB_OK. Errors: KB_EINVAL, KB_ENOMEM, KB_EBUSY.
 * Since: 0.1
 */
KB_API kb_status kb_host_set_secret(kb_host *host, const char *key, const void *data, size_t size_bytes);

/**
 * Reaches a host through another one, which keeps its own settings and may have a jump host itself. Takes effect at the next connection.
 * @param host  reached by `ssh://`
 * @param jump  another host of the same context, reached by `ssh://`; kept alive by `host`. NULL: directly. Either way the key `jump` of
 *              `host` is forgotten, as kb_host_set(host, "jump", ...) forgets this.
 * Returns: KB_OK. Errors: KB_EINVAL (NULL host, of another context, local, or it would be reached through itself), KB_ENOMEM, KB_EBUSY.
 * Since: 0.1
 */
KB_API kb_status kb_host_set_jump(kb_host *host, kb_host *jump);

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
