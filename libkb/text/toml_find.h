/* SPDX-License-Identifier: Apache-2.0 */
/* Walks a TOML document once and says where a key stands, or where it would have to. */
#ifndef KBI_TOML_FIND_H
#define KBI_TOML_FIND_H

#include "text/toml_scan.h"

/* What is looked for. Paths are decoded parts, each with a NUL behind it. */
struct kbi_toml_target {
	struct kbi_buf path;		/* table and key */
	size_t table_bytes;		/* how much of the path is the table */
};

struct kbi_toml_range {
	const char *begin;		/* NULL when there is none */
	const char *end;
};

struct kbi_toml_place {
	struct kbi_toml_range value;	/* the key's value */
	const char *section_end;	/* where a new line of the table's own section goes: behind its last key, or its header; or NULL */
	struct kbi_toml_range indent;	/* of a key in that section */
	bool is_indent_of_header;	/* the section has no key yet */
	struct kbi_toml_range brace;	/* the inline table that holds the table or is it, without its braces */
	const char *brace_last;		/* behind its last value; NULL when it is empty */
	size_t brace_bytes;		/* how much of the path it stands for */
	const char *dotted_end;		/* behind the last line that makes the table by dotted keys; or NULL */
	size_t dotted_bytes;		/* how much of the path the section of that line stands for */
	struct kbi_toml_range dotted_indent;
	bool indents_keys;		/* some key stands further in than its header, as containerd prints them */
	bool has_crlf;
};

kb_status kbi_toml_target(struct kbi_toml_target *target, const char *table, const char *key, struct kb_err *err);
void kbi_toml_target_free(struct kbi_toml_target *target);
kb_status kbi_toml_find(const void *data, size_t size_bytes, const struct kbi_toml_target *target, struct kbi_toml_place *place,
	struct kb_err *err);
/* One value, whatever it is; the scan stands behind it then. */
kb_status kbi_toml_skip_value(struct kbi_toml_scan *scan);

#endif
