/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of a login that an agent may hold. Only those that were named are offered: by a public key file, by
 * a private key file beside which its public one lies, or by a fingerprint. */
#ifndef KBI_SSH_AGENT_H
#define KBI_SSH_AGENT_H

#include "transport/agent.h"
#include "transport/ssh.h"

struct kbi_ssh_wish {
	char *name;
	struct kbi_buf blob;	/* empty until it is known, when it was named by its fingerprint */
	char fingerprint[KBI_FINGERPRINT_BYTES];
	const struct kbi_agent_kind *kind;
	bool is_named;		/* by the caller, not one of the default files */
	bool has_file;		/* the name is that of a private key, which will do as well */
	bool is_held;		/* the agent has it */
	bool has_refused;	/* the agent, to sign */
};

struct kbi_ssh_agent {
	struct kbi_agent *client;
	struct kbi_ssh_wish wishes[KBI_SSH_KEYS_MAX];
	size_t wish_count, at;
	struct kbi_buf offer;	/* the public key as the login says it */
	bool is_listed;
	bool is_signing;	/* the agent was asked for this login's signature */
	bool has_unread;	/* the host said something meanwhile; it is read when the agent has answered */
};

/* KB_OK without an agent when none is wanted. */
kb_status kbi_ssh_agent_prepare(struct kbi_ssh *s, struct kb_err *err);
/* Notes a key to ask the agent for. *is_wished is false when its public key is not known. */
kb_status kbi_ssh_agent_wish(
	struct kbi_ssh *s, const char *path, bool is_named, bool *is_wished, struct kb_err *err);
bool kbi_ssh_agent_is_fingerprint(const char *identity);
void kbi_ssh_agent_ask(struct kbi_ssh *s);	/* for what it holds */
size_t kbi_ssh_agent_keys(const struct kbi_ssh *s);		/* how many were not tried yet */
bool kbi_ssh_agent_has_key(const struct kbi_ssh *s);
bool kbi_ssh_agent_is_beside(const struct kbi_ssh *s);		/* the socket has to wait for the agent */
bool kbi_ssh_agent_has_refused(const struct kbi_ssh *s);	/* to sign for the last key that was tried */
void kbi_ssh_agent_explain(struct kbi_ssh *s);			/* evidence for a login that was refused */
void kbi_ssh_agent_free(struct kbi_ssh *s);

#endif
