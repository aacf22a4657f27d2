/* SPDX-License-Identifier: Apache-2.0 */
#include "host.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/ctx.h"
#include "base/nearest.h"
#include "base/secrets.h"
#include "base/str.h"
#include "transport/jump.h"
#include "recorder.h"
#include "transport/recording.h"
#include "question.h"
#include "transport/transport.h"

struct key {
	const char *name;
	const char *fallback;
	bool (*is_valid)(const char *value);
	const char *wanted;	/* what a valid value is, for the error */
	bool is_of_config;	/* ssh_config says what it is by default, once it is asked */
};

static bool
is_any(const char *value)
{
	return kbi_str_is_set(value) && !strpbrk(value, "\n\r");
}

static bool
is_word(const char *value)	/* OpenSSH too refuses what a shell or an option parser could take for more */
{
	return kbi_str_is_set(value) && value[0] != '-' && !strpbrk(value, " \t\r\n'\"`$\\;&<>|(){}*?!#~");
}

static bool
is_port(const char *value)
{
	int64_t port;
	return kbi_str_to_int64(value, 1, 65535, &port);
}

static bool
is_timeout(const char *value)
{
	int64_t ms;
	return kbi_str_to_int64(value, 1, 86400000, &ms);
}

static bool
is_yes_no(const char *value)
{
	return kbi_str_is(value, "yes") || kbi_str_is(value, "no");
}

static bool
is_become(const char *value)
{
	return kbi_str_is(value, "auto") || kbi_str_is(value, "sudo") || kbi_str_is(value, "none");
}

static bool
is_agent(const char *value)
{
	return is_yes_no(value) || (is_any(value) && (value[0] == '/' || kbi_str_starts(value, "~/")));
}

static bool
is_jump(const char *value)
{
	return kbi_jump_is_valid(value);
}

static bool
is_pin(const char *value)
{
	return kbi_str_starts(value, "SHA256:") && strlen(value) >= 50 && is_word(value);
}

static const struct key keys[] = {
	{ "address", NULL, is_word, "a name or address" },
	{ "port", "22", is_port, "a TCP port", true },
	{ "user", "root", is_word, "a login name", true },
	{ "identity", NULL, is_any, "a file name" },
	{ "agent", "no", is_agent, "no, yes or a socket's path from / or ~/" },
	{ "jump", NULL, is_jump, "[user@]host[:port] or ssh://[user@]host[:port], several parted by commas, or none" },
	{ "known_hosts", "~/.ssh/known_hosts", is_any, "a file name, or several parted by colons", true },
	{ "ssh_config", NULL, is_any, "yes, no or a file name" },
	{ "host_key", NULL, is_pin, "SHA256: and 43 characters of base64" },
	{ "accept_new", "no", is_yes_no, "yes or no" },
	{ "become", "auto", is_become, "auto, sudo or none" },
	{ "record", NULL, is_any, "a file name" },
	{ "ask", NULL, kbi_is_ask_list, "passphrase, password, host_key or sudo_password, with commas between them" },
	{ "connect_timeout_ms", "30000", is_timeout, "milliseconds from 1 to 86400000" },
};

static const char *const secrets[] = { "password", "sudo_password", "passphrase", "identity_data", "answers" };

static const struct key *
find_key(const char *name)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (kbi_str_is(keys[i].name, name))
			return &keys[i];
	return NULL;
}

const char *
kb_host_key(size_t index)
{
	return index < sizeof(keys) / sizeof(keys[0]) ? keys[index].name : NULL;
}

/* What is set, and the defaults of what is not. */
static kb_status
show(struct kb_host *host)
{
	const char *config = kbi_map_get(&host->settings, "ssh_config");
	bool has_config = config && !kbi_str_is(config, "no");
	kb_status failed = KB_OK;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]) && !failed; i++) {
		const char *fallback = has_config && keys[i].is_of_config ? NULL : keys[i].fallback;
		const char *now = kbi_map_get_or(&host->settings, keys[i].name, fallback);
		failed = now ? kbi_map_set(&host->shown, keys[i].name, now) : kbi_map_remove(&host->shown, keys[i].name);
	}
	return failed;
}

static kb_status
fail_name(const struct kb_host *host, const char *what, const char *name, const char *nearest, struct kb_err *err)
{
	return kbi_fail(err, KB_EINVAL, "host %s: no such %s: %.100s%s%s%s", host->name, what, name ? name : "NULL",
			nearest ? " (the nearest is " : "", nearest ? nearest : "", nearest ? ")" : "");
}

static kb_status
fail_key(const struct kb_host *host, const char *name, struct kb_err *err)
{
	struct kbi_nearest nearest = kbi_nearest(name);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		kbi_nearest_try(&nearest, keys[i].name);
	return fail_name(host, "setting", name, nearest.best, err);
}

static kb_status
fail_secret(const struct kb_host *host, const char *name, struct kb_err *err)
{
	struct kbi_nearest nearest = kbi_nearest(name);
	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
		kbi_nearest_try(&nearest, secrets[i]);
	return fail_name(host, "secret", name, nearest.best, err);
}

static kb_status
set(struct kb_host *host, const char *name, const char *value, struct kb_err *err)
{
	const struct key *key = find_key(name);
	if (!key)
		return fail_key(host, name, err);
	if (!value)
		kbi_map_remove(&host->settings, name);
	else if (!key->is_valid(value))
		return kbi_fail(err, KB_EINVAL, "host %s: %s is \"%s\", and must be %s", host->name, name, value, key->wanted);
	else if (kbi_map_set(&host->settings, name, value))
		return kbi_fail_memory(err);
	return show(host) ? kbi_fail_memory(err) : KB_OK;
}

/* The authority of ssh://[user@]address[:port][/]; an IPv6 address stands in brackets (RFC 3986) */
static kb_status
set_from_authority(struct kb_host *host, char *text, struct kb_err *err)
{
	char *at = strrchr(text, '@'), *address = text, *port = NULL;
	size_t last = strlen(text);
	if (last > 0 && text[last - 1] == '/')
		text[last - 1] = '\0';
	if (at) {
		*at = '\0';
		address = at + 1;
		kb_status status = set(host, "user", text, err);
		if (status)
			return status;
	}
	char *bracket = address[0] == '[' ? strchr(address, ']') : NULL;
	if (bracket) {
		*bracket = '\0';
		address++;
		if (bracket[1] != '\0' && bracket[1] != ':')
			return kbi_fail(err, KB_EINVAL, "host %s: something stands behind the bracket of its address", host->name);
		port = bracket[1] == ':' ? bracket + 2 : NULL;
	} else if ((port = strchr(address, ':'))) {
		*port++ = '\0';
		if (strchr(port, ':'))
			return kbi_fail(err, KB_EINVAL, "host %s: an IPv6 address stands in brackets in a URI", host->name);
	}
	kb_status status = set(host, "address", address, err);
	return status || !port ? status : set(host, "port", port, err);
}

static kb_status
set_from_uri(struct kb_host *host, const char *uri, struct kb_err *err)
{
	if (kbi_str_is(uri, "local:")) {
		host->scheme = strdup("local");
		return host->scheme ? KB_OK : kbi_fail_memory(err);
	}
	if (kbi_str_starts(uri, "replay:")) {
		host->scheme = strdup("replay");
		host->recording = kbi_recording_load(uri + strlen("replay:"), err);
		if (!host->recording)
			return err->code;
		host->recording->named = &host->named;
		return host->scheme ? KB_OK : kbi_fail_memory(err);
	}
	if (!kbi_str_starts(uri, "ssh://"))
		return kbi_fail(err, KB_EINVAL, "host %s: \"%s\" is neither ssh://[user@]address[:port] nor local: nor replay:FILE",
				host->name, uri);
	char *authority = strdup(uri + strlen("ssh://"));
	host->scheme = strdup("ssh");
	kb_status status = authority && host->scheme ? set_from_authority(host, authority, err) : kbi_fail_memory(err);
	free(authority);
	return status;
}

static struct kb_host *
new_host(struct kb_ctx *kb, const char *name, const char *uri)
{
	if (!kbi_str_is_name(name) || !uri) {
		kbi_fail(&kb->error, KB_EINVAL, "host: \"%s\" is no name for a Node: lower-case letters, digits, '-' and '.' (RFC 1123)",
			 name ? name : "NULL");
		return NULL;
	}
	struct kb_host *host = calloc(1, sizeof(*host));
	if (!host || !(host->name = strdup(name)) || show(host)) {
		kbi_fail_memory(&kb->error);
		kb_host_free(host);
		return NULL;
	}
	atomic_init(&host->refs, 1);
	if (set_from_uri(host, uri, &kb->error)) {
		kb_host_free(host);
		return NULL;
	}
	host->hop = (struct kbi_hop){.name = host->name, .settings = &host->shown};
	host->kb = kb;
	kbi_ctx_ref(kb);
	return host;
}

kb_host *
kb_host_new(kb_ctx *kb, const char *name, const char *uri)
{
	if (kbi_enter(kb))
		return NULL;
	struct kb_host *host = new_host(kb, name, uri);
	kbi_leave(kb);
	return host;
}

static void
put_jump(struct kb_host *host, struct kb_host *jump)
{
	struct kb_host *before = host->jump;

	if (jump)
		kbi_host_ref(jump);
	host->jump = jump;
	host->hop.jump = jump ? &jump->hop : NULL;
	kb_host_free(before);
}

kb_status
kb_host_set(kb_host *host, const char *key, const char *value)
{
	kb_status status = kbi_enter(host ? host->kb : NULL);
	if (status)
		return status;
	status = set(host, key, value, &host->kb->error);
	if (!status && kbi_str_is(key, "jump"))
		put_jump(host, NULL);
	kbi_leave(host->kb);
	return status;
}

static kb_status
set_jump(struct kb_host *host, struct kb_host *jump, struct kb_err *err)
{
	size_t hops = 1;

	if (jump && (jump->kb != host->kb || !kbi_str_is(jump->scheme, "ssh") || !kbi_str_is(host->scheme, "ssh")))
		return kbi_fail(err, KB_EINVAL, "host %s: %s: not two hosts of one context that are reached by ssh", host->name, jump->name);
	for (const struct kb_host *at = jump; at; at = at->jump, hops++)
		if (at == host || hops > KBI_JUMP_HOPS_MAX)
			return kbi_fail(err, KB_EINVAL, "host %s: %s: would be reached through itself", host->name, jump->name);
	kb_status status = set(host, "jump", NULL, err);
	if (!status)
		put_jump(host, jump);
	return status;
}

kb_status
kb_host_set_jump(kb_host *host, kb_host *jump)
{
	kb_status status = kbi_enter(host ? host->kb : NULL);
	if (status)
		return status;
	status = set_jump(host, jump, &host->kb->error);
	kbi_leave(host->kb);
	return status;
}

bool
kbi_host_has_secret(const char *key)
{
	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
		if (kbi_str_is(secrets[i], key))
			return true;
	return false;
}

static kb_status
set_secret(struct kb_host *host, const char *key, const void *data, size_t size_bytes, struct kb_err *err)
{
	if (!kbi_host_has_secret(key))
		return fail_secret(host, key, err);
	if (data && (size_bytes > KBI_SIZE_TEXT || memchr(data, '\0', size_bytes)))
		return kbi_fail(err, KB_EINVAL, "host %s: %s holds a NUL or is over 1 MiB", host->name, key);
	if (data && kbi_secrets_add(host->kb->secrets, data, size_bytes))
		return kbi_fail_memory(err);
	const struct kbi_entry *was = kbi_map_find(&host->shown, key);
	if (was)
		kbi_secrets_drop(host->kb->secrets, was->value, was->size_bytes);
	if (!data)
		return kbi_map_remove(&host->shown, key);
	return kbi_map_set_secret(&host->shown, key, data, size_bytes) ? kbi_fail_memory(err) : KB_OK;
}

kb_status
kb_host_set_secret(kb_host *host, const char *key, const void *data, size_t size_bytes)
{
	kb_status status = kbi_enter(host ? host->kb : NULL);
	if (status)
		return status;
	status = set_secret(host, key, data, size_bytes, &host->kb->error);
	kbi_leave(host->kb);
	return status;
}

const char *
kb_host_name(const kb_host *host)
{
	return host ? host->name : "";
}

const char *
kb_host_get(const kb_host *host, const char *key)
{
	return host && find_key(key) ? kbi_map_get(&host->shown, key) : NULL;
}

void
kbi_host_ref(struct kb_host *host)
{
	atomic_fetch_add(&host->refs, 1);
}

void
kb_host_free(kb_host *host)
{
	if (!host || atomic_fetch_sub(&host->refs, 1) > 1)
		return;
	struct kb_ctx *kb = host->kb;
	kb_host_free(host->jump);
	if (kb)
		kbi_secrets_drop_map(kb->secrets, &host->shown);
	kbi_recording_free(host->recording);
	kbi_recorder_free(host->recorder);
	free(host->name);
	free(host->scheme);
	kbi_map_free(&host->named);
	kbi_map_free(&host->settings);
	kbi_map_free(&host->shown);
	free(host);
	kbi_ctx_unref(kb);
}
