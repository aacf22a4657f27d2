/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses and networks, IPv4 and IPv6. */
#ifndef KBI_CIDR_H
#define KBI_CIDR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct kbi_buf;

struct kbi_ip {
	uint8_t bytes[16];	/* network order; an IPv4 address has the first four */
	int bits;		/* 32 or 128 */
};

struct kbi_cidr {
	struct kbi_ip ip;	/* the network's address: host bits are 0 */
	int prefix;
};

kb_status kbi_ip_parse(struct kbi_ip *ip, const char *text, struct kb_err *err);
kb_status kbi_cidr_parse(struct kbi_cidr *cidr, const char *text, struct kb_err *err);	/* host bits set: KB_EINVAL, naming the network meant */
kb_status kbi_cidr_parse_any(struct kbi_cidr *cidr, const char *text, struct kb_err *err);	/* also an address, also with host bits set */
bool kbi_ip_is(const struct kbi_ip *a, const struct kbi_ip *b);
bool kbi_ip_in(const struct kbi_ip *ip, const struct kbi_cidr *cidr);		/* false when the families differ */
bool kbi_cidr_in(const struct kbi_cidr *inner, const struct kbi_cidr *outer);
bool kbi_cidr_overlaps(const struct kbi_cidr *a, const struct kbi_cidr *b);
struct kbi_ip kbi_cidr_first_usable(const struct kbi_cidr *cidr);	/* network + 1: often the router's; of /31, /32, /127, /128 the first */
kb_status kbi_cidr_block_count(const struct kbi_cidr *cidr, int block_size, int64_t *count, struct kb_err *err);
kb_status kbi_cidr_suggest(int prefix, const char *taken, struct kbi_buf *out, struct kb_err *err);
void kbi_ip_print(struct kbi_buf *out, const struct kbi_ip *ip);
void kbi_cidr_print(struct kbi_buf *out, const struct kbi_cidr *cidr);

#endif
