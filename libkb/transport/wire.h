/* SPDX-License-Identifier: Apache-2.0 */
/* The data types of RFC 4251 section 5: what keys, signatures and known_hosts are made of. */
#ifndef KBI_WIRE_H
#define KBI_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct kbi_wire {		/* what is left to read, borrowed */
	const unsigned char *data;
	size_t size_bytes;
};

bool kbi_wire_u32(struct kbi_wire *wire, uint32_t *value);
bool kbi_wire_string(struct kbi_wire *wire, struct kbi_wire *string);	/* a piece of wire */
bool kbi_wire_is(const struct kbi_wire *string, const char *text);

void kbi_wire_add_u32(struct kbi_buf *buf, uint32_t value);
void kbi_wire_add_string(struct kbi_buf *buf, const void *data, size_t size_bytes);
void kbi_wire_add_text(struct kbi_buf *buf, const char *text);
/* mpint, from big-endian bytes, not negative */
void kbi_wire_add_number(struct kbi_buf *buf, const unsigned char *data, size_t size_bytes);

#endif
