/* SPDX-License-Identifier: Apache-2.0 */
#include "text/endpoint.h"

#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "text/cidr.h"

static bool
read_port(struct kbi_endpoint *endpoint, const char *text)
{
	int64_t port;

	if (*text != ':' || strlen(text) > 6 || !kbi_str_to_int64(text + 1, 1, 65535, &port))
		return false;
	endpoint->port = (int)port;
	return true;
}

static bool
read_endpoint(struct kbi_endpoint *endpoint, const char *text)
{
	bool has_brackets = *text == '[';
	const char *host = text + has_brackets;
	size_t length = strcspn(host, has_brackets ? "]" : ":");
	struct kbi_ip ip;

	*endpoint = (struct kbi_endpoint){0};
	if (!length || length >= sizeof(endpoint->host) || (has_brackets && !host[length]))
		return false;
	memcpy(endpoint->host, host, length);
	endpoint->is_ip = !kbi_ip_parse(&ip, endpoint->host, NULL);
	bool is_host = has_brackets ? endpoint->is_ip && ip.bits == 128
		: endpoint->is_ip || kbi_str_is_name(endpoint->host);
	if (!is_host)
		return false;
	const char *rest = host + length + has_brackets;
	return !*rest || read_port(endpoint, rest);
}

/* 192.168.1.300 is a well-formed DNS name, and never meant as one. */
static bool
looks_like_ip(const char *host)
{
	const char *last = strrchr(host, '.');

	last = last ? last + 1 : host;
	return !last[strspn(last, "0123456789")];
}

kb_status
kbi_endpoint_parse(struct kbi_endpoint *endpoint, const char *text, struct kb_err *err)
{
	if (!text || !read_endpoint(endpoint, text) || (!endpoint->is_ip && looks_like_ip(endpoint->host)))
		return kbi_fail(err, KB_EINVAL, "endpoint \"%.300s\": not HOST:PORT", text ? text : "");
	return KB_OK;
}

void
kbi_endpoint_print(struct kbi_buf *out, const struct kbi_endpoint *endpoint)
{
	bool needs_brackets = strchr(endpoint->host, ':');

	kbi_buf_add_format(out, needs_brackets ? "[%s]" : "%s", endpoint->host);
	if (endpoint->port)
		kbi_buf_add_format(out, ":%d", endpoint->port);
}
