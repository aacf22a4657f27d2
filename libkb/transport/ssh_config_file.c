/* SPDX-License-Identifier: Apache-2.0 */
/* ssh_config from its files into a host's settings. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/scarce.h"
#include "base/str.h"
#include "transport/ssh.h"
#include "transport/ssh_config.h"

static kb_status
fail_file(struct kb_err *err, kb_status code, const char *path, const char *how)
{
	kbi_fail(err, code, "%s: %s", path, how);
	kbi_err_id(err, "ssh-config.file");
	return code;
}

/* Who may write it decides who is trusted: ssh wants the same. */
static kb_status
read_file(int fd, const char *path, struct kbi_buf *text, struct kb_err *err)
{
	char part[16384];
	struct stat st;
	ssize_t count;

	if (fstat(fd, &st) < 0)
		return fail_file(err, KB_EIO, path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return fail_file(err, KB_EINVAL, path, "not a plain file");
	if ((st.st_uid != 0 && st.st_uid != geteuid()) || st.st_mode & (S_IWGRP | S_IWOTH))
		return fail_file(err, KB_EINVAL, path, "others may write it");
	while ((count = read(fd, part, sizeof(part))) != 0) {
		if (count < 0 && errno != EINTR)
			return fail_file(err, KB_EIO, path, strerror(errno));
		if (count > 0)
			kbi_buf_add_bytes(text, part, (size_t)count);
		if (kbi_buf_failed(text))
			return fail_file(err, kbi_buf_failed(text), path, "larger than any ssh_config");
	}
	return KB_OK;
}

static kb_status
open_file(const char *path, struct kbi_buf *text, struct kb_err *err)
{
	int fd = kbi_fd_lift(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));

	if (fd < 0)
		return fail_file(err, KB_EIO, path, strerror(errno));
	kb_status failed = read_file(fd, path, text, err);
	kbi_fd_close(&fd);
	return failed;
}

static kb_status
include_one(const char *path, struct kbi_ssh_config *config, struct kb_err *err)
{
	struct kbi_buf text = KBI_BUF(KBI_SIZE_TEXT);
	kb_status failed = open_file(path, &text, err);

	if (!failed)
		failed = kbi_ssh_config_text(config, path, kbi_buf_text(&text), text.size_bytes, err);
	kbi_buf_free(&text);
	return failed;
}

/* A name that does not begin with / or ~ is one in ~/.ssh. */
kb_status
kbi_ssh_config_include(void *owner, const char *pattern, struct kbi_ssh_config *config, struct kb_err *err)
{
	struct kbi_buf name = KBI_BUF(KBI_SIZE_TEXT), full = KBI_BUF(KBI_SIZE_TEXT);
	glob_t found = {0};

	(void)owner;
	kbi_buf_add_format(&name, "%s%s", *pattern == '/' || *pattern == '~' ? "" : "~/.ssh/", pattern);
	kbi_ssh_home(&full, kbi_buf_text(&name));
	kb_status failed = kbi_buf_failed(&full) ? kbi_fail_memory(err) : KB_OK;
	int rc = failed ? GLOB_NOMATCH : glob(kbi_buf_text(&full), 0, NULL, &found);
	if (rc == GLOB_NOSPACE)
		failed = kbi_fail_memory(err);
	for (size_t i = 0; rc == 0 && i < found.gl_pathc && !failed; i++)
		failed = include_one(found.gl_pathv[i], config, err);
	if (rc == 0)
		globfree(&found);
	kbi_buf_free(&name);
	kbi_buf_free(&full);
	return failed;
}

/* -- into the settings */

struct tokens {			/* TOKENS of ssh_config(5) */
	const char *host, *hostname, *port, *user, *local_user;
};

static const char *
token(const struct tokens *tokens, char letter)
{
	switch (letter) {
	case '%':
		return "%";
	case 'd':
		return "~";
	case 'h':
		return tokens->hostname;
	case 'n':
		return tokens->host;
	case 'p':
		return tokens->port;
	case 'r':
		return tokens->user;
	case 'u':
		return tokens->local_user;
	default:
		return NULL;
	}
}

static kb_status
expand(struct kbi_buf *out, const char *text, const struct tokens *tokens, struct kb_err *err)
{
	struct kbi_buf plain = KBI_BUF(KBI_SIZE_TEXT);
	kb_status failed = strstr(text, "${") ? KB_EUNSUPPORTED : KB_OK;

	for (const char *at = text; *at && !failed; at++) {
		const char *value = *at == '%' ? token(tokens, at[1]) : NULL;
		if (*at == '%' && !value)
			failed = KB_EUNSUPPORTED;
		else if (value && at[1] == 'd' && at != text)
			failed = KB_EUNSUPPORTED;	/* a home in the middle of a path */
		else if (value)
			kbi_buf_add(&plain, value);
		else
			kbi_buf_add_char(&plain, *at);
		at += *at == '%' && value;
	}
	if (failed)
		fail_file(err, failed, text, "ssh_config: a token that is not supported");
	kbi_ssh_home(out, kbi_buf_text(&plain));
	failed = failed ? failed : kbi_buf_failed(out);
	kbi_buf_free(&plain);
	return failed;
}

static kb_status
add_paths(struct kbi_map *settings, const char *key, const struct kbi_map *found, const char *keyword,
	const struct tokens *tokens, bool must_exist, struct kb_err *err)
{
	const struct kbi_entry *entry = NULL;
	kb_status failed = KB_OK;

	while (!failed && (entry = kbi_map_next(found, keyword, entry))) {
		struct kbi_buf path = KBI_BUF(KBI_SIZE_TEXT);
		if (!kbi_str_is(entry->value, "none"))
			failed = expand(&path, entry->value, tokens, err);
		if (!failed && path.size_bytes && (!must_exist || access(path.data, F_OK) == 0))
			failed = kbi_map_add(settings, key, path.data);
		kbi_buf_free(&path);
	}
	return failed;
}

/* Keys that are not there are passed over, as by ssh; when none is there, the login says so. */
static kb_status
add_identities(struct kbi_map *settings, const struct kbi_map *found, const struct tokens *tokens, struct kb_err *err)
{
	if (kbi_map_has(settings, "identity") || kbi_map_has(settings, "identity_data"))
		return KB_OK;
	kb_status failed = add_paths(settings, "identity", found, "identityfile", tokens, true, err);
	if (failed || kbi_map_has(settings, "identity"))
		return failed;
	return add_paths(settings, "identity", found, "identityfile", tokens, false, err);
}

static kb_status
set_if_unset(struct kbi_map *settings, const char *key, const char *value)
{
	return value && !kbi_map_has(settings, key) ? kbi_map_set(settings, key, value) : KB_OK;
}

static kb_status
add_way(struct kbi_map *settings, const struct kbi_map *found, const char *host, struct kb_err *err)
{
	const char *command = kbi_map_get(found, "proxycommand");

	if (kbi_map_has(settings, "jump") || !command || strcasecmp(command, "none") == 0)
		return set_if_unset(settings, "jump", kbi_map_get(found, "proxyjump"));
	kbi_fail(err, KB_EUNSUPPORTED, "%s: its ssh_config has a ProxyCommand, and nothing was run", host);
	kbi_err_id(err, "ssh-config.unsupported");
	return KB_EUNSUPPORTED;
}

static kb_status
add_found(struct kbi_map *settings, const struct kbi_map *found, const char *host, const char *local_user,
	struct kb_err *err)
{
	struct kbi_buf hostname = KBI_BUF(KBI_SIZE_TEXT);
	kb_status failed = KB_OK;

	kbi_ssh_config_hostname(&hostname, kbi_map_get(found, "hostname"), host);
	failed = kbi_buf_failed(&hostname) ? KB_ENOMEM : set_if_unset(settings, "user", kbi_map_get_or(found, "user", local_user));
	if (!failed)
		failed = set_if_unset(settings, "port", kbi_map_get_or(found, "port", "22"));
	const struct tokens tokens = {host, kbi_buf_text(&hostname), kbi_map_get_or(settings, "port", "22"),
		kbi_map_get_or(settings, "user", ""), local_user};
	if (!failed)
		failed = add_identities(settings, found, &tokens, err);
	if (!failed && !kbi_map_has(settings, "known_hosts"))
		failed = add_paths(settings, "known_hosts", found, "userknownhostsfile", &tokens, false, err);
	if (!failed && !kbi_map_has(settings, "known_hosts") && kbi_map_has(found, "userknownhostsfile"))
		failed = kbi_map_set(settings, "known_hosts", "");	/* none */
	if (!failed)
		failed = add_way(settings, found, host, err);
	if (!failed)
		failed = kbi_map_set(settings, "address", kbi_buf_text(&hostname));
	kbi_buf_free(&hostname);
	return failed == KB_ENOMEM ? kbi_fail_memory(err) : failed;
}

/* Others say that there is no such user (getpwuid_r(3)). */
static bool
is_no_answer(int failure)
{
	static const int failures[] = {EINTR, EIO, EMFILE, ENFILE, ENOMEM, ERANGE};

	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++)
		if (failure == failures[i])
			return true;
	return false;
}

static kb_status
read_config(struct kbi_map *settings, const char *path, bool is_optional, const char *host, struct kb_err *err)
{
	struct kbi_buf text = KBI_BUF(KBI_SIZE_TEXT);
	struct kbi_map found = {0};
	struct passwd entry, *me = NULL;
	char room[4096];

	int failure = getpwuid_r(geteuid(), &entry, room, sizeof(room), &me);
	if (!me && is_no_answer(failure))
		return fail_file(err, KB_EIO, "who runs this", strerror(failure));
	struct kbi_ssh_config config = {.host = host, .user = kbi_map_get(settings, "user"),
		.local_user = me ? me->pw_name : "", .include = kbi_ssh_config_include, .found = &found};
	kb_status failed = is_optional && access(path, F_OK) != 0 ? KB_OK : open_file(path, &text, err);
	if (!failed)
		failed = kbi_ssh_config_read(&config, path, kbi_buf_text(&text), text.size_bytes, err);
	if (!failed)
		failed = add_found(settings, &found, host, me ? me->pw_name : "root", err);
	kbi_buf_free(&text);
	kbi_map_free(&found);
	return failed;
}

kb_status
kbi_ssh_config_settle(struct kbi_map *settings, struct kb_err *err)
{
	const char *path = kbi_map_get(settings, "ssh_config"), *address = kbi_map_get(settings, "address");
	struct kbi_buf full = KBI_BUF(KBI_SIZE_TEXT), host = KBI_BUF(KBI_SIZE_TEXT);

	if (!kbi_str_is_set(path) || kbi_str_is(path, "no") || !address)
		return KB_OK;
	unsigned before = kbi_scarce_count();
	kbi_ssh_home(&full, kbi_str_is(path, "yes") ? "~/.ssh/config" : path);
	kbi_buf_add(&host, address);	/* it is replaced */
	kb_status failed = kbi_buf_failed(&full) || kbi_buf_failed(&host)
		? kbi_fail_memory(err)
		: read_config(settings, kbi_buf_text(&full), kbi_str_is(path, "yes"), kbi_buf_text(&host), err);
	kbi_buf_free(&full);
	kbi_buf_free(&host);
	if (kbi_scarce_count() != before)	/* half of a way there, or of what is trusted, is another one */
		return kbi_fail_memory(err);
	return failed;
}
