/* SPDX-License-Identifier: Apache-2.0 */
/* The small parsers: what was read and printed reads the same; what is escaped holds no control character; what is quoted for a shell is one
 * word of the shell with the same bytes. */
#include "fuzz.h"

#include "base/sh.h"
#include "base/str.h"
#include "base/utf8.h"
#include "text/ca.h"
#include "text/cidr.h"
#include "text/endpoint.h"
#include "text/version.h"

static void
check_cidr(const char *text)
{
	struct kbi_cidr cidr, again;
	struct kbi_ip ip, ip_again;
	struct kbi_buf out = KBI_BUF(200);

	if (kbi_cidr_parse(&cidr, text, NULL) == KB_OK) {
		kbi_cidr_print(&out, &cidr);
		FUZZ_CHECK(kbi_cidr_parse(&again, kbi_buf_text(&out), NULL) == KB_OK);
		FUZZ_CHECK(kbi_cidr_in(&cidr, &again) && kbi_cidr_in(&again, &cidr) && kbi_cidr_overlaps(&cidr, &again));
		struct kbi_ip first = kbi_cidr_first_usable(&cidr);
		FUZZ_CHECK(kbi_ip_in(&first, &cidr));
	}
	kbi_buf_truncate(&out, 0);
	if (kbi_ip_parse(&ip, text, NULL) == KB_OK) {
		kbi_ip_print(&out, &ip);
		FUZZ_CHECK(kbi_ip_parse(&ip_again, kbi_buf_text(&out), NULL) == KB_OK && kbi_ip_is(&ip, &ip_again));
	}
	kbi_buf_free(&out);
	kb_bytes_free(kb_cidr_suggest(fuzz_ctx(), 24, text));
}

static void
check_version(const char *text)
{
	struct kbi_version version, again;
	struct kbi_buf out = KBI_BUF(200);

	if (kbi_version_parse(&version, text, NULL) == KB_OK) {
		kbi_version_print(&out, &version);
		FUZZ_CHECK(kbi_version_parse(&again, kbi_buf_text(&out), NULL) == KB_OK && kbi_version_compare(&version, &again) == 0);
		FUZZ_CHECK(kbi_version_find(&again, text) && kbi_version_compare(&version, &again) == 0);
	}
	kbi_version_find(&version, text);
	kbi_buf_free(&out);
}

static void
check_endpoint(const char *text)
{
	struct kbi_endpoint endpoint, again;
	struct kbi_buf out = KBI_BUF(400);

	if (kbi_endpoint_parse(&endpoint, text, NULL) == KB_OK) {
		kbi_endpoint_print(&out, &endpoint);
		FUZZ_CHECK(kbi_endpoint_parse(&again, kbi_buf_text(&out), NULL) == KB_OK);
		FUZZ_CHECK(kbi_str_is(endpoint.host, again.host) && endpoint.port == again.port && endpoint.is_ip == again.is_ip);
	}
	kbi_buf_free(&out);
}

/* Reads back what a POSIX shell would make of a word in single quotes and backslashes. */
static void
check_quote(const char *data, size_t size_bytes)
{
	struct kbi_buf word = KBI_BUF(KBI_SIZE_LARGE), back = KBI_BUF(KBI_SIZE_LARGE);
	bool is_quoted = false, has_nul = size_bytes && memchr(data, '\0', size_bytes);

	FUZZ_CHECK((kbi_sh_quote(&word, data, size_bytes) == KB_OK) == !has_nul);
	for (size_t i = 0; i < word.size_bytes; i++) {
		char c = word.data[i];
		if (c == '\'')
			is_quoted = !is_quoted;
		else if (!is_quoted && c == '\\' && i + 1 < word.size_bytes)
			kbi_buf_add_char(&back, word.data[++i]);
		else {
			FUZZ_CHECK(is_quoted);
			kbi_buf_add_char(&back, c);
		}
	}
	FUZZ_CHECK(has_nul || (!is_quoted && back.size_bytes == size_bytes && memcmp(kbi_buf_text(&back), data, size_bytes) == 0));
	kbi_buf_free(&word);
	kbi_buf_free(&back);
}

static void
check_escape(const char *data, size_t size_bytes)
{
	struct kbi_buf out = KBI_BUF(KBI_SIZE_LARGE), code = KBI_BUF(KBI_SIZE_LARGE), back = KBI_BUF(KBI_SIZE_LARGE);

	kbi_str_escape(&out, data, size_bytes);
	FUZZ_CHECK(kbi_utf8_is(kbi_buf_text(&out), out.size_bytes));
	for (size_t i = 0; i < out.size_bytes; i++)
		FUZZ_CHECK((unsigned char)out.data[i] >= ' ' && out.data[i] != 127);
	kbi_str_base64(&code, data, size_bytes);
	FUZZ_CHECK(kbi_str_unbase64(&back, kbi_buf_text(&code), code.size_bytes));
	FUZZ_CHECK(back.size_bytes == size_bytes && memcmp(kbi_buf_text(&back), data, size_bytes) == 0);
	kbi_buf_truncate(&back, 0);
	kbi_str_unbase64(&back, data, size_bytes);
	kbi_buf_free(&out);
	kbi_buf_free(&code);
	kbi_buf_free(&back);
}

void
fuzz(const char *data, size_t size_bytes)
{
	struct kbi_buf hash = KBI_BUF(200);

	check_cidr(data);
	check_version(data);
	check_endpoint(data);
	check_quote(data, size_bytes);
	check_escape(data, size_bytes);
	kb_token_check(fuzz_ctx(), data);
	if (kbi_ca_hash(data, size_bytes, &hash, NULL) == KB_OK)
		FUZZ_CHECK(kbi_ca_hash_check(kbi_buf_text(&hash), NULL) == KB_OK);
	kbi_buf_free(&hash);
}
