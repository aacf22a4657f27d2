/* SPDX-License-Identifier: Apache-2.0 */
#include "text/apt.h"

#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "text/bound.h"
#include "text/version.h"

/* apt.kubernetes.io served every Ubuntu and Debian from this one suite; focal or bionic were never there. It was frozen at 1.28.2 in
 * 2023-09 and taken away in 2024-03 (kubernetes/release#3485, kubernetes/website#45685), so only mirrors have newer ones. */
#define LEGACY_SUITE "kubernetes-xenial main"
#define LEGACY_LAST {1, 28, 2}
#define COMMUNITY_FIRST_MINOR 24	/* kubernetes/release#3497 */
#define URL_MAX_BYTES 1024

static kb_status
read_version(struct kbi_version *version, const char *text, struct kb_err *err)
{
	kb_status status = kbi_version_parse_minor(version, text, err);

	if (!status && version->major != 1)
		return kbi_fail(err, KB_EUNSUPPORTED, "version \"%.60s\": not 1.Y", text);
	return status;
}

const char *
kbi_apt_flavour(const char *version, struct kb_err *err)
{
	struct kbi_version parsed;

	if (read_version(&parsed, version, err))
		return NULL;
	return parsed.minor < COMMUNITY_FIRST_MINOR ? "legacy" : "community";
}

/* What a URL is made of, without the blanks and brackets that mean something in a source line. */
static bool
is_url_text(const char *text, size_t bytes)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~:/?#@!$&()*+,;=%";

	for (size_t i = 0; i < bytes; i++)
		if (!text[i] || !strchr(allowed, text[i]))
			return false;
	return true;
}

static const char *
authority_of(const char *url)
{
	const char *slashes = strstr(url, "://");

	return slashes ? slashes + 3 : url;
}

/* url_bytes of url, which may go on with a suite. */
static kb_status
check_url(const char *url, size_t url_bytes, struct kb_err *err)
{
	static const char *const schemes[] = {"https://", "http://", "file:/"};
	bool has_scheme = false;

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		has_scheme |= kbi_str_starts(url, schemes[i]) && url_bytes > strlen(schemes[i]);
	if (!has_scheme || url_bytes > URL_MAX_BYTES || !is_url_text(url, url_bytes))
		return kbi_fail(err, KB_EINVAL, "apt source: URL: not one of http, https or file");
	const char *authority = authority_of(url);
	size_t length = strcspn(authority, "/ ");
	if (memchr(authority, '@', length))	/* the file is world-readable, and so is the log; not even the error may show it */
		return kbi_fail(err, KB_EINVAL, "apt source: URL: holds a user or password");
	return KB_OK;
}

/* apt takes a keyring by absolute path, and tells its form by its name (sources.list(5), signed-by). */
static kb_status
check_keyring(const char *keyring, struct kb_err *err)
{
	bool has_form = kbi_str_ends(keyring, ".gpg") || kbi_str_ends(keyring, ".asc");

	if (!kbi_str_is_set(keyring) || *keyring != '/' || !has_form || strlen(keyring) > URL_MAX_BYTES
		|| !is_url_text(keyring, strlen(keyring)) || strchr(keyring, ','))
		return kbi_fail(err, KB_EINVAL,
			"apt source: keyring \"%.100s\": not an absolute path ending in .gpg or .asc",
			keyring ? keyring : "");
	return KB_OK;
}

static kb_status
add_legacy(const char *url, const char *version, struct kbi_buf *out, struct kb_err *err)
{
	static const struct kbi_version last = LEGACY_LAST;
	struct kbi_version wanted;

	if (!kbi_str_is_set(url)) {
		kb_status status = read_version(&wanted, version, err);
		if (status)
			return status;
		if (kbi_version_compare(&wanted, &last) > 0)
			return kbi_fail(err, KB_EUNSUPPORTED, "apt source: legacy: version %.60s: its last is 1.28.2",
				version);
		url = KBI_APT_LEGACY_URL;
	}
	if (strpbrk(url, " \t"))
		return kbi_fail(err, KB_EINVAL,
			"apt source: legacy: a suite in the URL: it is always kubernetes-xenial");
	kb_status status = check_url(url, strlen(url), err);
	if (!status)
		kbi_buf_add_format(out, "%s " LEGACY_SUITE, url);
	return status;
}

static kb_status
add_community(const char *url, const char *version, struct kbi_buf *out, struct kb_err *err)
{
	struct kbi_version wanted;
	kb_status status = read_version(&wanted, version, err);

	if (!status && wanted.minor < COMMUNITY_FIRST_MINOR)
		return kbi_fail(err, KB_EUNSUPPORTED,
			"apt source: community: version %.60s: its first minor is 1.24", version);
	if (!kbi_str_is_set(url))
		url = KBI_APT_COMMUNITY_URL;
	size_t url_bytes = strlen(url);
	if (!status)
		status = check_url(url, url_bytes, err);
	if (status)
		return status;
	while (url_bytes && url[url_bytes - 1] == '/')
		url_bytes--;
	kbi_buf_add_bytes(out, url, url_bytes);
	kbi_buf_add_format(out, "/core:/stable:/v1.%d/deb/ /", wanted.minor);
	return KB_OK;
}

/* The parts of the line as the caller gives them: URL, suite and components. */
static kb_status
add_custom(const char *url, const char *version, struct kbi_buf *out, struct kb_err *err)
{
	size_t url_bytes = url ? strcspn(url, " ") : 0;

	(void)version;
	kb_status status = check_url(url ? url : "", url_bytes, err);
	if (status)
		return status;
	const char *suite = url + url_bytes + strspn(url + url_bytes, " ");
	for (const char *at = suite; *at; at += strcspn(at, " "), at += strspn(at, " "))
		if (!is_url_text(at, strcspn(at, " ")))
			return kbi_fail(err, KB_EINVAL,
				"apt source: custom: the suite or a component has other characters than a name");
	if (!*suite || strlen(suite) > URL_MAX_BYTES)
		return kbi_fail(err, KB_EINVAL, "apt source: custom: no suite behind the URL");
	kbi_buf_add(out, url);
	return KB_OK;
}

kb_status
kbi_apt_source(const char *flavour, const char *url, const char *version, const char *keyring,
	struct kbi_buf *out, struct kb_err *err)
{
	static const struct {
		const char *flavour;
		kb_status (*add)(const char *url, const char *version, struct kbi_buf *out, struct kb_err *err);
	} table[] = {{"legacy", add_legacy}, {"community", add_community}, {"custom", add_custom}};

	kb_status status = check_keyring(keyring, err);
	if (status)
		return status;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (!kbi_str_is(flavour, table[i].flavour))
			continue;
		kbi_buf_add_format(out, "deb [signed-by=%s] ", keyring);
		status = table[i].add(url, version, out, err);
		kbi_buf_add_char(out, '\n');
		return status ? status : kbi_bound_out("apt source", out, err);
	}
	return kbi_fail(err, KB_EINVAL, "apt source: flavour \"%.60s\": not legacy, community or custom",
		flavour ? flavour : "");
}

/* A piece of a line. */
struct word {
	const char *text;
	size_t bytes;
};

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool
word_is(struct word word, const char *text)
{
	if (word.bytes != strlen(text))
		return false;
	for (size_t i = 0; i < word.bytes; i++)
		if (lower(word.text[i]) != text[i])
			return false;
	return true;
}

static bool
next_word(const char **at, const char *end, struct word *word)
{
	while (*at < end && (**at == ' ' || **at == '\t' || **at == '\r'))
		(*at)++;
	word->text = *at;
	while (*at < end && **at != ' ' && **at != '\t' && **at != '\r')
		(*at)++;
	word->bytes = (size_t)(*at - word->text);
	return word->bytes > 0;
}

/* Host and path without scheme, user and final slashes: http and https, with or without a slash, are the same repository. */
static struct word
core_of(struct word url)
{
	for (size_t i = 0; i + 2 < url.bytes; i++) {
		if (url.text[i] == ':' && url.text[i + 1] == '/' && url.text[i + 2] == '/') {
			url = (struct word){url.text + i + 3, url.bytes - i - 3};
			break;
		}
	}
	for (size_t i = 0; i < url.bytes && url.text[i] != '/'; i++) {
		if (url.text[i] == '@') {
			url = (struct word){url.text + i + 1, url.bytes - i - 1};
			break;
		}
	}
	while (url.bytes && url.text[url.bytes - 1] == '/')
		url.bytes--;
	return url;
}

/* Is `uri` the repository `core`, or below it? */
static bool
is_below(struct word uri, struct word core)
{
	uri = core_of(uri);
	if (!core.bytes || uri.bytes < core.bytes || (uri.bytes > core.bytes && uri.text[core.bytes] != '/'))
		return false;
	for (size_t i = 0; i < core.bytes; i++)
		if (lower(uri.text[i]) != lower(core.text[i]))
			return false;
	return true;
}

/* deb [option=value ...] URI SUITE ... (sources.list(5)) */
static bool
line_names(const char *at, const char *end, struct word core)
{
	struct word word;

	if (!next_word(&at, end, &word) || (!word_is(word, "deb") && !word_is(word, "deb-src"))
		|| !next_word(&at, end, &word))
		return false;
	if (*word.text == '[') {
		const char *close = memchr(word.text, ']', (size_t)(end - word.text));
		at = close ? close + 1 : end;
		if (!next_word(&at, end, &word))
			return false;
	}
	return is_below(word, core);
}

/* One stanza of a deb822 file, line by line. */
struct stanza {
	bool has_uri;
	bool is_off;
	bool in_uris;	/* the last field was URIs, and may go on */
};

static bool
any_word_below(const char *at, const char *end, struct word core)
{
	struct word word;

	while (next_word(&at, end, &word))
		if (is_below(word, core))
			return true;
	return false;
}

static void
read_field(struct stanza *stanza, const char *line, const char *end, struct word core)
{
	const char *colon = memchr(line, ':', (size_t)(end - line));

	if (*line == ' ' || *line == '\t') {
		stanza->has_uri |= stanza->in_uris && any_word_below(line, end, core);
		return;
	}
	if (!colon || *line == '#')
		return;
	struct word name = {line, (size_t)(colon - line)}, value;
	const char *at = colon + 1;
	stanza->in_uris = word_is(name, "uris");
	if (stanza->in_uris)
		stanza->has_uri |= any_word_below(at, end, core);
	else if (word_is(name, "enabled") && next_word(&at, end, &value))
		stanza->is_off = word_is(value, "no") || word_is(value, "false") || word_is(value, "0");
}

bool
kbi_apt_names_url(const char *text, size_t text_bytes, const char *url)
{
	struct word core = core_of((struct word){url, strlen(url)});
	const char *next = text ? text : "", *end = next + text_bytes, *line;
	struct stanza stanza = {0};
	size_t line_bytes;
	bool has_stanza = false;

	while ((next = kbi_str_line(next, end, &line, &line_bytes))) {
		if (line_names(line, line + line_bytes, core))
			return true;
		if (line_bytes) {
			read_field(&stanza, line, line + line_bytes, core);
			continue;
		}
		has_stanza |= stanza.has_uri && !stanza.is_off;
		stanza = (struct stanza){0};
	}
	return has_stanza || (stanza.has_uri && !stanza.is_off);
}

bool
kbi_apt_version_matches(const char *package_version, const char *version)
{
	if (!package_version || !kbi_str_is_set(version))
		return false;
	version += *version == 'v';
	size_t length = strlen(version);
	return strncmp(package_version, version, length) == 0
		&& (!package_version[length] || package_version[length] == '-');
}
