/* SPDX-License-Identifier: Apache-2.0 */
/* What a script says on its facts descriptor: lines of NAME=VALUE, of NAME:BASE64, or of NAME>LINE, each further line of that value behind a >. Anything else is a broken answer. */
#ifndef KBI_FACTS_H
#define KBI_FACTS_H

#include "base/err.h"
#include "base/map.h"

kb_status kbi_facts_parse(const char *text, size_t size_bytes, struct kbi_map *facts);	/* KB_EPROTOCOL, KB_ENOMEM */
/* The error that a script ended with: error.code, error.id, error.text, error.evidence. KB_OK when it named none. */
kb_status kbi_facts_error(const struct kbi_map *facts, const char *host, const char *step, struct kb_err *err);

#endif
