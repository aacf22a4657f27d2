/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSH's ssh_config, as far as it says how to reach a host: Host, HostName, User, Port, IdentityFile, ProxyJump,
 * UserKnownHostsFile, Include, and Match where it needs nobody to be asked (ssh_config(5)). Other keywords are passed
 * over. */
#ifndef KBI_SSH_CONFIG_H
#define KBI_SSH_CONFIG_H

#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"

#define KBI_SSH_CONFIG_DEPTH 16			/* of Include, as ssh has it */
#define KBI_SSH_CONFIG_MAX ((size_t)8 << 20)	/* of all files together */

struct kbi_ssh_config;

/* Calls kbi_ssh_config_text() for each file that an Include names; files that are not there are none. */
typedef kb_status kbi_ssh_include(
	void *owner, const char *pattern, struct kbi_ssh_config *config, struct kb_err *err);

struct kbi_ssh_config {
	const char *host;		/* as the caller calls it */
	const char *user;		/* that the caller set, or NULL */
	const char *local_user;		/* who we are */
	kbi_ssh_include *include;	/* NULL: there are no other files */
	void *owner;
	/* what was found, as it stands there: hostname, user, port, proxyjump, proxycommand; identityfile and
	 * userknownhostsfile several times */
	struct kbi_map *found;

	/* its own */
	const char *now;		/* what Host matches: in the second reading it is the name that was found */
	int depth;
	size_t size_bytes;
	bool is_active, is_final, wants_final;
	bool is_passed_by;		/* a file that a block of another host includes: nothing in it is for us */
};

/* Pure, but for what include does. path: for errors. */
kb_status kbi_ssh_config_text(struct kbi_ssh_config *config, const char *path, const char *text, size_t text_bytes,
	struct kb_err *err);
/* The same text once more, where "Match final" was met; what is set stays. */
kb_status kbi_ssh_config_read(struct kbi_ssh_config *config, const char *path, const char *text, size_t text_bytes,
	struct kb_err *err);

/* HostName as it is found, or NULL, with %h and %%, which are all that it may have. */
void kbi_ssh_config_hostname(struct kbi_buf *out, const char *text, const char *host);

kbi_ssh_include kbi_ssh_config_include;		/* from the disk */

/* Adds to a host's settings what its ssh_config says and its caller did not. Nothing without the setting. */
kb_status kbi_ssh_config_settle(struct kbi_map *settings, struct kb_err *err);

#endif
