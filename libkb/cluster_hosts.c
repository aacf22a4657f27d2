/* SPDX-License-Identifier: Apache-2.0 */
/* The hosts of a description as handles: how to reach them, and their addresses in the node network. */
#include <ifaddrs.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cluster_build.h"
#include "text/cidr.h"

/* Where else a setting of kb_host_set() comes from than ssh.KEY: files start from the description's folder. */
static bool
is_file(const char *key, const char *value)
{
	if (kbi_str_is(key, "identity"))
		return !kbi_str_starts(value, "SHA256:");	/* a key of an agent */
	if (kbi_str_is(key, "ssh_config"))
		return !kbi_str_is(value, "yes") && !kbi_str_is(value, "no");
	return kbi_str_is(key, "known_hosts");
}

/* Each of a list of files, which colons part. */
static char *
file_paths(const struct kbi_spec *spec, const char *value)
{
	struct kbi_buf paths = KBI_BUF(KBI_SIZE_TEXT);

	while (*value) {
		size_t length = strcspn(value, ":");
		char *file = strndup(value, length), *path = kbi_spec_path(spec, file);
		kbi_buf_add_format(&paths, "%s%s", paths.size_bytes ? ":" : "", path ? path : "");
		if (!path)
			paths.failed = KB_ENOMEM;
		free(file);
		free(path);
		value += length + (value[length] == ':');
	}
	return kbi_buf_take(&paths);
}

static void
set_one(struct kbi_builder *b, kb_host *host, const char *key, const char *value)
{
	char *path = !is_file(key, value)        ? NULL
		: kbi_str_is(key, "known_hosts") ? file_paths(b->spec, value)
						 : kbi_spec_path(b->spec, value);

	if (is_file(key, value) && !path)
		kbi_builder_fail(b, KB_ENOMEM, NULL, "out of memory");
	else
		kbi_builder_ask(b, kb_host_set(host, key, path ? path : value));
	free(path);
}

static void
set_all(struct kbi_builder *b, kb_host *host, const struct kbi_spec_host *from)
{
	const char *key;

	for (size_t i = 0; !b->has_failed && (key = kb_host_key(i)); i++) {
		struct kbi_buf path = KBI_BUF(KBI_SIZE_TEXT);
		kbi_buf_add_format(&path, "ssh.%s", key);
		if (kbi_buf_failed(&path))
			kbi_builder_fail(b, KB_ENOMEM, NULL, "out of memory");
		/* the defaults are the host's own, and may give way to what ssh_config says */
		const struct kbi_entry *given = kbi_spec_next(b->spec, from, kbi_buf_text(&path), NULL);
		if (given && !kbi_str_is(key, "address"))
			set_one(b, host, key, given->value);
		kbi_buf_free(&path);
	}
}

static void
set_secrets(struct kbi_builder *b, kb_host *host, const struct kbi_map *secrets)
{
	for (size_t i = 0; i < secrets->count && !b->has_failed; i++) {
		const struct kbi_entry *secret = &secrets->entries[i];
		kbi_builder_ask(b, kb_host_set_secret(host, secret->name, secret->value, secret->size_bytes));
	}
}

static void
read_secret(struct kbi_builder *b, kb_host *host, const char *key, const char *file)
{
	struct kbi_buf secret = KBI_BUF(KBI_SIZE_TEXT);
	struct kb_err err = {0};
	char *path = kbi_spec_path(b->spec, file);

	kb_status status = path ? kbi_file_secret(path, &secret, &err) : KB_ENOMEM;
	if (status)
		kbi_builder_fail(b, status, err.id, "%s", err.cause ? err.cause : "out of memory");
	else
		kbi_builder_ask(b, kb_host_set_secret(host, key, kbi_buf_text(&secret), secret.size_bytes));
	kbi_err_clear(&err);
	kbi_buf_free(&secret);
	free(path);
}

static void
read_secrets(struct kbi_builder *b, kb_host *host, const struct kbi_spec_host *from)
{
	static const char *const files[][2] = {
		{"ssh.password_file", "password"}, {"ssh.sudo_password_file", "sudo_password"}, {"ssh.passphrase_file", "passphrase"},
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(*files) && !b->has_failed; i++) {
		const char *file = kbi_spec_host_get(b->spec, from, files[i][0]);
		if (file)
			read_secret(b, host, files[i][1], file);
	}
}

/* FOLDER/NAME.rec; "" when the description names no folder. */
static void
recording_of(struct kbi_builder *b, const char *field, const struct kbi_spec_host *host, struct kbi_buf *out)
{
	const char *folder = kbi_spec_get(b->spec, field);
	char *path = folder ? kbi_spec_path(b->spec, folder) : NULL;

	if (path)
		kbi_buf_add_format(out, "%s/%s.rec", path, host->name);
	else if (folder)
		kbi_builder_fail(b, KB_ENOMEM, NULL, "out of memory");
	free(path);
}

static void
set_record(struct kbi_builder *b, kb_host *host, const struct kbi_spec_host *from)
{
	struct kbi_buf path = KBI_BUF(KBI_SIZE_TEXT);

	recording_of(b, "record", from, &path);
	if (path.size_bytes)
		kbi_builder_ask(b, kb_host_set(host, "record", path.data));
	kbi_buf_free(&path);
}

static kb_host *
new_host(struct kbi_builder *b, const struct kbi_spec_host *from)
{
	const char *other = kbi_spec_host_get(b->spec, from, "ssh.address");
	const char *address = other ? other : kbi_spec_host_get(b->spec, from, "address");
	struct kbi_buf uri = KBI_BUF(KBI_SIZE_TEXT);

	if (kbi_spec_get(b->spec, "replay")) {
		kbi_buf_add(&uri, "replay:");
		recording_of(b, "replay", from, &uri);
	} else if (kbi_spec_is_local(b->spec, from))
		kbi_buf_add(&uri, "local:");
	else
		kbi_buf_add_format(&uri, strchr(address, ':') ? "ssh://[%s]" : "ssh://%s", address);
	kb_host *host = NULL;
	if (kbi_buf_failed(&uri))
		kbi_builder_fail(b, KB_ENOMEM, NULL, "out of memory");
	else
		host = kb_host_new(b->kb, from->name, kbi_buf_text(&uri));
	kbi_buf_free(&uri);
	return host;
}

/* -- the addresses of the machine itself */

static bool
sockaddr_ip(const struct sockaddr *address, char *text, size_t room)
{
	if (address && address->sa_family == AF_INET)
		return inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr, text, (socklen_t)room);
	if (address && address->sa_family == AF_INET6)
		return inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, text, (socklen_t)room);
	return false;
}

/* Counts the addresses in the network, and keeps the first. */
static size_t
count_inside(const struct ifaddrs *all, const struct kbi_cidr *network, char **first)
{
	char text[INET6_ADDRSTRLEN];
	struct kbi_ip ip;
	size_t count = 0;

	for (const struct ifaddrs *at = all; at; at = at->ifa_next) {
		if (!sockaddr_ip(at->ifa_addr, text, sizeof(text)) || kbi_ip_parse(&ip, text, NULL) || !kbi_ip_in(&ip, network))
			continue;
		if (!count++)
			*first = strdup(text);
	}
	return count;
}

static char *
local_address(struct kbi_builder *b, const char *host)
{
	const char *text = kbi_spec_get(b->spec, "network.nodes");
	struct ifaddrs *all = NULL;
	struct kbi_cidr network;
	char *address = NULL;

	if (kbi_cidr_parse(&network, text, NULL) || getifaddrs(&all)) {
		kbi_builder_fail(b, KB_EIO, NULL, "host %s: this machine's addresses can't be read", host);
		return NULL;
	}
	size_t count = count_inside(all, &network, &address);
	freeifaddrs(all);
	if (count != 1)
		kbi_builder_fail(b, KB_EINVAL, "cluster.local-address", "host %s: this machine has %s address in network.nodes %s", host,
			count ? "more than one" : "no", text);
	return address;
}

static char *
address_of(struct kbi_builder *b, const struct kbi_spec_host *host)
{
	const char *address = kbi_spec_address(b->spec, host);
	char *copy = address ? strdup(address) : local_address(b, host->name);

	if (!copy)
		kbi_builder_fail(b, KB_ENOMEM, NULL, "out of memory");
	return copy;
}

void
kbi_builder_hosts(struct kbi_builder *b)
{
	for (size_t i = 0; i < b->spec->host_count && !b->has_failed; i++) {
		const struct kbi_spec_host *from = &b->spec->hosts[i];
		b->addresses[i] = address_of(b, from);
		b->hosts[i] = b->has_failed ? NULL : new_host(b, from);
		b->has_failed |= !b->hosts[i];
		if (b->has_failed)
			return;
		set_all(b, b->hosts[i], from);
		set_record(b, b->hosts[i], from);
		set_secrets(b, b->hosts[i], &b->spec->secrets);
		if (!kbi_spec_get(b->spec, "replay"))	/* then nobody logs in */
			read_secrets(b, b->hosts[i], from);
		set_secrets(b, b->hosts[i], &from->secrets);
	}
}
