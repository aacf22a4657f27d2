/* SPDX-License-Identifier: Apache-2.0 */
/* known_hosts as OpenSSH reads it (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"): which keys a host is known by,
 * and whether this is one of them. */
#ifndef KBI_KNOWN_HOSTS_H
#define KBI_KNOWN_HOSTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

#define KBI_KNOWN_HOSTS_MAX ((size_t)16 << 20)	/* a larger file is an error: nobody wrote that by hand */
#define KBI_FINGERPRINT_BYTES 64
#define KBI_KNOWN_FILES_MAX 32			/* as ssh has it (SSH_MAX_HOSTS_FILES) */

enum kbi_known {
	KBI_KNOWN_NOT,		/* no key of this type is known for this name */
	KBI_KNOWN_SAME,		/* this very key is */
	KBI_KNOWN_OTHER,	/* another key of this type is */
	KBI_KNOWN_REVOKED,	/* this very key is on a @revoked line for this name */
	KBI_KNOWN_AUTHORITY	/* no key, but a @cert-authority is: certificates are not supported */
};

enum kbi_key_type { /* bits: which types of keys a name is known by */
	KBI_KEY_ED25519 = 1,
	KBI_KEY_ECDSA256 = 2,
	KBI_KEY_ECDSA384 = 4,
	KBI_KEY_ECDSA521 = 8,
	KBI_KEY_RSA = 16,
	KBI_KEY_UNUSUAL = 32
};

struct kbi_known_host {
	enum kbi_known known;
	unsigned types;				/* of plain lines, enum kbi_key_type */
	size_t line;				/* the one that decided, from 1; 0: none */
	char fingerprint[KBI_FINGERPRINT_BYTES];	/* of the other key, when that was it */
	bool has_failed;	/* no memory to read a line, which may have been the one that revokes: nothing else counts */
};

/* The name to look for: lower case, [name]:port when the port is not 22. */
void kbi_known_hosts_name(struct kbi_buf *out, const char *address, int port);

/* Pure. key is the server's public key blob; NULL asks for types alone. Lines that nobody can read are passed
 * over, as ssh does. */
void kbi_known_hosts_look(const char *text, size_t text_bytes, const char *name, const void *key,
	size_t key_bytes, struct kbi_known_host *host);

/* A file that is not there is empty. Anything but a plain file of a sane size is an error, and never trust. */
kb_status kbi_known_hosts_read(const char *path, struct kbi_buf *text, struct kb_err *err);

/* Several files, looked through as if they were one. */
struct kbi_known_files {
	struct kbi_known_file {
		char *path;
		size_t lines_before;	/* in the files before it */
	} files[KBI_KNOWN_FILES_MAX];
	size_t count;
	size_t lines;
	struct kbi_buf text;
};

kb_status kbi_known_files_add(struct kbi_known_files *files, const char *path, struct kb_err *err);
/* The file in which a line of the whole is, and which line it is there (*line). */
const char *kbi_known_files_where(const struct kbi_known_files *files, size_t *line);
void kbi_known_files_free(struct kbi_known_files *files);

/* Adds a line, in one write, to a file that becomes 0600 if it is new. */
kb_status kbi_known_hosts_add(
	const char *path, const char *name, const void *key, size_t key_bytes, struct kb_err *err);

/* SHA256:..., as ssh-keygen -l prints it; "" when there is no memory */
void kbi_fingerprint(const void *key, size_t key_bytes, char out[KBI_FINGERPRINT_BYTES]);
bool kbi_is_fingerprint(const char *text);
/* escaped, cut */
const char *kbi_key_type_name(const void *key, size_t key_bytes, char out[KBI_FINGERPRINT_BYTES]);

#endif
