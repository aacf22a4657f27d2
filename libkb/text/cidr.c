/* SPDX-License-Identifier: Apache-2.0 */
#include "text/cidr.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "text/bound.h"

#define TEXT_MAX_BYTES 64	/* the longest address has 45 characters */

static int
family_of(int bits)
{
	return bits == 32 ? AF_INET : AF_INET6;
}

static bool
is_mapped(const struct kbi_ip *ip)
{
	static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};

	return ip->bits == 128 && memcmp(ip->bytes, prefix, sizeof(prefix)) == 0;
}

/* inet_pton() is strict: no octal, no short forms, no zone. What it knows as IPv6 and the kernel as IPv4 is refused, since it would
 * be neither here. */
static bool
read_ip(struct kbi_ip *ip, const char *text)
{
	*ip = (struct kbi_ip){.bits = strchr(text, ':') ? 128 : 32};
	return inet_pton(family_of(ip->bits), text, ip->bytes) == 1 && !is_mapped(ip);
}

kb_status
kbi_ip_parse(struct kbi_ip *ip, const char *text, struct kb_err *err)
{
	if (!text || !read_ip(ip, text))
		return kbi_fail(err, KB_EINVAL, "\"%.64s\": not an IP address", text ? text : "");
	return KB_OK;
}

static void
clear_host_bits(struct kbi_cidr *cidr)
{
	for (int bit = cidr->prefix; bit < cidr->ip.bits; bit++)
		cidr->ip.bytes[bit / 8] &= (uint8_t)~(0x80 >> bit % 8);
}

/* ADDRESS/PREFIX, or an address alone when that may be. */
static bool
read_cidr(struct kbi_cidr *cidr, const char *text, bool may_be_address)
{
	char address[TEXT_MAX_BYTES];
	size_t length = strcspn(text, "/");
	int64_t prefix;

	if (length >= sizeof(address))
		return false;
	memcpy(address, text, length);
	address[length] = '\0';
	if (!read_ip(&cidr->ip, address))
		return false;
	cidr->prefix = cidr->ip.bits;
	if (!text[length])
		return may_be_address;
	const char *digits = text + length + 1;
	if (strlen(digits) > 3 || (digits[0] == '0' && digits[1])
		|| !kbi_str_to_int64(digits, 0, cidr->ip.bits, &prefix))
		return false;
	cidr->prefix = (int)prefix;
	return true;
}

kb_status
kbi_cidr_parse_any(struct kbi_cidr *cidr, const char *text, struct kb_err *err)
{
	if (!text || !read_cidr(cidr, text, true))
		return kbi_fail(err, KB_EINVAL, "\"%.64s\": not an address or network such as 172.16.0.0/16",
			text ? text : "");
	clear_host_bits(cidr);
	return KB_OK;
}

kb_status
kbi_cidr_parse(struct kbi_cidr *cidr, const char *text, struct kb_err *err)
{
	if (!text || !read_cidr(cidr, text, false))
		return kbi_fail(err, KB_EINVAL, "\"%.64s\": not a network such as 172.16.0.0/16", text ? text : "");
	struct kbi_ip written = cidr->ip;
	clear_host_bits(cidr);
	if (kbi_ip_is(&written, &cidr->ip))
		return KB_OK;
	struct kbi_buf meant = KBI_BUF(TEXT_MAX_BYTES);
	kbi_cidr_print(&meant, cidr);
	kbi_fail(err, KB_EINVAL, "\"%.64s\": an address inside the network %s", text, kbi_buf_text(&meant));
	kbi_err_fix(err, "%s", kbi_buf_text(&meant));
	kbi_buf_free(&meant);
	return KB_EINVAL;
}

void
kbi_ip_print(struct kbi_buf *out, const struct kbi_ip *ip)
{
	char text[INET6_ADDRSTRLEN];

	kbi_buf_add(out, inet_ntop(family_of(ip->bits), ip->bytes, text, sizeof(text)));
}

void
kbi_cidr_print(struct kbi_buf *out, const struct kbi_cidr *cidr)
{
	kbi_ip_print(out, &cidr->ip);
	kbi_buf_add_format(out, "/%d", cidr->prefix);
}

bool
kbi_ip_is(const struct kbi_ip *a, const struct kbi_ip *b)
{
	return a->bits == b->bits && memcmp(a->bytes, b->bytes, (size_t)a->bits / 8) == 0;
}

static bool
same_prefix(const struct kbi_ip *a, const struct kbi_ip *b, int prefix)
{
	size_t whole = (size_t)prefix / 8;
	int rest = prefix % 8;

	if (a->bits != b->bits || memcmp(a->bytes, b->bytes, whole) != 0)
		return false;
	return !rest || ((a->bytes[whole] ^ b->bytes[whole]) >> (8 - rest)) == 0;
}

bool
kbi_ip_in(const struct kbi_ip *ip, const struct kbi_cidr *cidr)
{
	return same_prefix(ip, &cidr->ip, cidr->prefix);
}

bool
kbi_cidr_in(const struct kbi_cidr *inner, const struct kbi_cidr *outer)
{
	return inner->prefix >= outer->prefix && same_prefix(&inner->ip, &outer->ip, outer->prefix);
}

bool
kbi_cidr_overlaps(const struct kbi_cidr *a, const struct kbi_cidr *b)
{
	return kbi_cidr_in(a, b) || kbi_cidr_in(b, a);
}

struct kbi_ip
kbi_cidr_first_usable(const struct kbi_cidr *cidr)
{
	struct kbi_ip first = cidr->ip;

	if (cidr->prefix < cidr->ip.bits - 1)
		first.bytes[first.bits / 8 - 1] |= 1;
	return first;
}

kb_status
kbi_cidr_block_count(const struct kbi_cidr *cidr, int block_size, int64_t *count, struct kb_err *err)
{
	if (block_size < 0 || block_size > cidr->ip.bits)
		return kbi_fail(err, KB_EINVAL, "block size /%d: not 0 to %d", block_size, cidr->ip.bits);
	if (block_size < cidr->prefix)
		return kbi_fail(err, KB_EINVAL, "block size /%d: larger than the network, a /%d", block_size,
			cidr->prefix);
	if (block_size - cidr->prefix > 62)
		return kbi_fail(err, KB_ETOOBIG, "block size /%d: more than 2^62 blocks in a /%d", block_size,
			cidr->prefix);
	*count = (int64_t)1 << (block_size - cidr->prefix);
	return KB_OK;
}

/* IPv4 only from here: a range as its first and last address. */
struct span {
	uint64_t first;
	uint64_t last;
};

struct spans {
	struct span *spans;
	size_t count;
	size_t room;
};

static struct span
span_of(const struct kbi_cidr *cidr)
{
	const uint8_t *b = cidr->ip.bytes;
	uint64_t first = (uint64_t)b[0] << 24 | (uint64_t)b[1] << 16 | (uint64_t)b[2] << 8 | b[3];

	return (struct span){first, first + ((uint64_t)1 << (32 - cidr->prefix)) - 1};
}

static kb_status
add_span(struct spans *list, struct span span, struct kb_err *err)
{
	if (list->count == list->room) {
		size_t room = list->room ? list->room * 2 : 16;
		struct span *more = realloc(list->spans, room * sizeof(*more));
		if (!more)
			return kbi_fail_memory(err);
		list->spans = more;
		list->room = room;
	}
	list->spans[list->count++] = span;
	return KB_OK;
}

static kb_status
read_taken(struct spans *list, const char *taken, struct kb_err *err)
{
	static const char blanks[] = " \t\r\n,";
	char word[TEXT_MAX_BYTES];
	struct kbi_cidr cidr;
	kb_status status = KB_OK;

	for (taken += strspn(taken, blanks); *taken && !status; taken += strspn(taken, blanks)) {
		size_t length = strcspn(taken, blanks), kept = length < sizeof(word) ? length : sizeof(word) - 1;
		memcpy(word, taken, kept);
		word[kept] = '\0';
		status = kbi_cidr_parse_any(&cidr, word, err);
		if (!status && cidr.ip.bits == 32)
			status = add_span(list, span_of(&cidr), err);
		taken += length;
	}
	return status;
}

static int
compare_spans(const void *a, const void *b)
{
	const struct span *one = a, *two = b;

	return (one->first > two->first) - (one->first < two->first);
}

/* The first aligned block of this size in the range that touches no taken span: one walk over them, in order. */
static bool
find_free(const struct spans *taken, const struct span *range, uint64_t size, uint64_t *found)
{
	uint64_t first = range->first;

	for (size_t i = 0; i < taken->count && taken->spans[i].first < first + size; i++)
		if (taken->spans[i].last >= first)
			first = (taken->spans[i].last / size + 1) * size;
	*found = first;
	return first + size - 1 <= range->last;
}

static kb_status
suggest(const struct spans *taken, int prefix, struct kbi_buf *out, struct kb_err *err)
{
	static const char *const private_ranges[] = {"172.16.0.0/12", "10.0.0.0/8", "192.168.0.0/16"};	/* RFC 1918 */
	uint64_t first, size = (uint64_t)1 << (32 - prefix);
	struct kbi_cidr cidr;

	for (size_t i = 0; i < sizeof(private_ranges) / sizeof(private_ranges[0]); i++) {
		kbi_cidr_parse(&cidr, private_ranges[i], NULL);
		struct span range = span_of(&cidr);
		if (cidr.prefix > prefix || !find_free(taken, &range, size, &first))
			continue;
		for (int byte = 0; byte < 4; byte++)
			cidr.ip.bytes[byte] = (uint8_t)(first >> (24 - 8 * byte));
		cidr.prefix = prefix;
		kbi_cidr_print(out, &cidr);
		return kbi_bound_out("suggestion", out, err);
	}
	return kbi_fail(err, KB_EINVAL, "suggestion: no private /%d is free of the networks taken", prefix);
}

kb_status
kbi_cidr_suggest(int prefix, const char *taken, struct kbi_buf *out, struct kb_err *err)
{
	struct spans list = {0};

	if (prefix < 8 || prefix > 30)
		return kbi_fail(err, KB_EINVAL, "prefix length %d: not 8 to 30", prefix);
	taken = taken ? taken : "";
	kb_status status = kbi_bound_in("networks taken", taken, strlen(taken), KBI_SIZE_TEXT, err);
	if (!status)
		status = read_taken(&list, taken, err);
	if (!status && list.count)
		qsort(list.spans, list.count, sizeof(*list.spans), compare_spans);
	if (!status)
		status = suggest(&list, prefix, out, err);
	free(list.spans);
	return status;
}
