/* SPDX-License-Identifier: Apache-2.0 */
/* The table of everything that a cluster's description can say. */
#ifndef KBI_SPEC_FIELD_H
#define KBI_SPEC_FIELD_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

#define KBI_FIELD_HOST_PREFIX "hosts[]."	/* of the paths of fields that only hosts have; hosts themselves leave it out */
#define KBI_SPEC_CALICO "v3.32.1"		/* for Kubernetes 1.34 and later, when cni.calico is not given */
#define KBI_FIELD_WORD_MAX 64			/* one word of a path */

enum kbi_field_type {
	KBI_FIELD_TEXT,
	KBI_FIELD_NAME,		/* DNS-1123 */
	KBI_FIELD_VERSION,	/* 1.34.4 or v1.34.4; kept without the v */
	KBI_FIELD_CHOICE,	/* one of range, parted by | */
	KBI_FIELD_YES_NO,	/* kept as yes or no */
	KBI_FIELD_NUMBER,	/* range is "MIN to MAX" */
	KBI_FIELD_NETWORK,	/* 10.0.0.0/8 */
	KBI_FIELD_IP,
	KBI_FIELD_ADDRESS,	/* a name or an IP address */
	KBI_FIELD_PATH,		/* a file; a relative one starts from the description's folder */
	KBI_FIELD_JUMP,		/* [user@]host[:port], several parted by commas, or none */
	KBI_FIELD_URL,
	KBI_FIELD_DURATION,	/* 90s, 30m, 24h, 0 */
	KBI_FIELD_CALICO,	/* v3.32.1, or none */
	KBI_FIELD_TAINT,	/* key[=value]:Effect */
	KBI_FIELD_FINGERPRINT,	/* 40 hex digits */
	KBI_FIELD_SHA256,	/* 64 hex digits */
	KBI_FIELD_DOCUMENTS,	/* YAML, kept as it is */
	KBI_FIELD_STEPS		/* parameters of steps by their names: steps.STEP.PARAM */
};

enum {				/* struct kbi_field.flags */
	KBI_FIELD_LIST = 1,	/* several values */
	KBI_FIELD_MAP = 2,	/* several values, NAME=VALUE: a map in the file */
	KBI_FIELD_OF_HOST = 4,	/* a host may have its own */
	KBI_FIELD_ONLY_HOST = 8	/* only hosts have it */
};

struct kbi_field {
	const char *path;
	enum kbi_field_type type;
	unsigned flags;
	const char *range;
	const char *fallback;	/* NULL: none, and the doc says what happens then */
	const char *doc;
};

const struct kbi_field *kbi_field_at(size_t index);		/* NULL past the end */
/* By path, or by the short form of it ("cni" is cni.calico, "kubernetes.repository" its flavour). NULL: there is none. */
const struct kbi_field *kbi_field_find(const char *path);
const struct kbi_field *kbi_field_find_host(const char *path);	/* of those that a host has, as a host calls it: "role", "ssh.port" */
bool kbi_field_is_section(const char *path, bool of_host);		/* some field lies below it */
/* Checks a value and appends it as it is kept. where: "cluster.yaml:7:3: " or "". */
kb_status kbi_field_check(const struct kbi_field *field, const char *where, const char *value, struct kbi_buf *kept, struct kb_err *err);
/* Fails for a key that is none, with the nearest one of its kind. parent: "network", or "" at the top. */
kb_status kbi_field_fail_unknown(const char *where, const char *parent, const char *key, bool of_host, struct kb_err *err);

#endif
